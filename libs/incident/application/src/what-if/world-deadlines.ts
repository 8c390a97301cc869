import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { AnyDeadline, IncidentState } from '@shaoying/incident-domain';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import { IncidentClocks } from '../incident.clocks.js';

/** The deadlines of one incident in one world. */
export interface WorldDeadlines {
  /** The event with the moves that it brings to the deadlines of `state`, which is this world's. */
  moved(state: IncidentState, event: RecordedIncidentEvent): RecordedIncidentEvent;
  /** `state` after an event, with what began in it as this world counts it. */
  restated(state: IncidentState): IncidentState;
  /** Takes what this world's own clock has begun as it is. */
  know(deadlines: readonly AnyDeadline[]): void;
}

/**
 * As they were recorded, in a world whose clock is never late. Of an order that it issued at another instant than was
 * recorded, or that never was, no move is on record that would fit: a pause moves the time to answer it by the calculation
 * that moves all others.
 */
export class RecordedDeadlines implements WorldDeadlines {
  private readonly clocks: IncidentClocks;
  private readonly begunHere = new Set<string>();

  constructor(directory: JurisdictionDirectory) {
    this.clocks = new IncidentClocks(directory);
  }

  moved(state: IncidentState, event: RecordedIncidentEvent): RecordedIncidentEvent {
    if (event.type !== 'IncidentResumed' && event.type !== 'IncidentUnmerged') return event;
    const isOfHere = ({ deadlineId }: { readonly deadlineId: string }): boolean =>
      this.begunHere.has(deadlineId);
    const moves = [
      ...event.data.moves.filter((move) => !isOfHere(move)),
      ...this.clocks.afterPause(state, event.occurredAt).filter(isOfHere),
    ];
    return { ...event, data: { ...event.data, moves } } as RecordedIncidentEvent;
  }

  restated(state: IncidentState): IncidentState {
    return state;
  }

  know(deadlines: readonly AnyDeadline[]): void {
    for (const { deadlineId } of deadlines) this.begunHere.add(deadlineId);
  }
}
