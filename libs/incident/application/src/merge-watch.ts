import { uuidV5, type Clock } from '@shaoying/config';
import { comparePositions, START, type EventStore, type RecordedEvent } from '@shaoying/event-store';
import { decodeIncidentEvent, incidentIdOf } from '@shaoying/incident-contracts';
import type { IncidentEvent } from '@shaoying/incident-domain';
import { SettleMergeCommand } from './suspension.messages.js';

/** Namespace of the commands this watch sends; the same pair of incidents always gets the same command. */
const MERGES = '5c1d9a70-3b1e-5e53-9c64-1f0e8b7a2d46';

const EVENTS = ['DuplicateJoined', 'DuplicateLeft', 'IncidentMerged', 'IncidentUnmerged'] as const;

/** Events of one page: a merge is two of them, and one incident in some dozens is merged. */
const pageEventsMax = 500;
/** Pairs settled in one sweep; there are none, but for what died since the last one. */
const settledMax = 100;

export interface MergeWatchOptions {
  readonly store: Pick<EventStore, 'readAll' | 'head'>;
  readonly clock: Clock;
  readonly settle: (command: SettleMergeCommand) => Promise<boolean>;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** How long a merge may be under way before it counts as died. Default 60,000. */
  readonly patienceMs?: number;
  /** Pause between two sweeps. Default 10,000. */
  readonly intervalMs?: number;
}

/** A pair of incidents of which one says that they are merged, and the other does not. */
interface Half {
  readonly incidentId: string;
  readonly into: string;
  /** How often more the one that goes on has said so than the duplicate has. */
  readonly surplus: number;
  readonly sinceMs: number;
}

/**
 * Finds merges that stopped between their two streams, without being asked, and has them settled. Reads the log itself:
 * what the two streams say of each other is counted up and down, and whoever stands at zero is forgotten. So only what
 * is not whole is held in memory, and a start counts anew from the beginning of the log. Any number may run at once: what
 * they send is the same command.
 */
export class MergeWatch {
  private readonly halves = new Map<string, Half>();
  private readonly patienceMs: number;
  private readonly intervalMs: number;
  private after = START;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: MergeWatchOptions) {
    this.patienceMs = options.patienceMs ?? 60_000;
    this.intervalMs = options.intervalMs ?? 10_000;
  }

  /** Sweeps for ever, in the background. */
  start(): void {
    if (this.stopped) return;
    this.sweeping = this.sweepLogged().then(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.start(), this.intervalMs);
    });
  }

  /** Waits for the sweep that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  /** Reads on to the end of the log, and settles what has been half for too long. Answers how much was missing. */
  async sweep(): Promise<number> {
    await this.readOn();
    const nowMs = this.options.clock.now().getTime();
    // By a clock that is ahead of ours, or was: its patience begins now.
    for (const [pair, half] of this.halves)
      if (half.sinceMs > nowMs) this.halves.set(pair, { ...half, sinceMs: nowMs });
    const died = [...this.halves].filter(([, { sinceMs }]) => nowMs - sinceMs >= this.patienceMs);
    let settled = 0;
    for (const [pair, half] of died.slice(0, settledMax)) {
      if (this.stopped) break;
      // What cannot be settled now is not asked about again at once.
      this.halves.set(pair, { ...half, sinceMs: nowMs });
      if (await this.settle(half)) settled += 1;
    }
    return settled;
  }

  private async sweepLogged(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.options.log.error({ err: error }, 'merges cannot be watched, and are looked at again later');
    }
  }

  private async readOn(): Promise<void> {
    const { store } = this.options;
    const head = await store.head();
    // A log that ends before what was read is another one.
    if (comparePositions(head, this.after) < 0) {
      this.halves.clear();
      this.after = START;
    }
    for (;;) {
      const page = await store.readAll(this.after, { limit: pageEventsMax, types: EVENTS });
      for (const event of page) this.note(event);
      this.after = page.at(-1)?.position ?? this.after;
      if (page.length === 0 || this.stopped) break;
    }
    // Nothing of these types lies between the last of them and where the log ended before they were read.
    if (!this.stopped && comparePositions(head, this.after) > 0) this.after = head;
  }

  private note(recorded: RecordedEvent): void {
    const streamOf = incidentIdOf(recorded.streamId);
    const said = streamOf === null ? null : saidBy(decodeIncidentEvent(recorded), streamOf);
    if (said === null) return;
    const { incidentId, into, surplus } = said;
    const pair = `${incidentId} ${into}`;
    const total = (this.halves.get(pair)?.surplus ?? 0) + surplus;
    const sinceMs = Date.parse(recorded.recordedAt);
    if (total === 0) this.halves.delete(pair);
    else this.halves.set(pair, { incidentId, into, surplus: total, sinceMs });
  }

  private async settle({ incidentId, into }: Half): Promise<boolean> {
    const commandId = uuidV5(MERGES, `${incidentId} ${into}`);
    const actor = { id: 'system:timers', role: 'system', orgUnitId: null };
    const context = { commandId, correlationId: commandId, causationId: commandId, actor };
    const { log, settle } = this.options;
    try {
      const missing = await settle(new SettleMergeCommand(context, incidentId, into));
      if (missing) log.warn({ incidentId, into }, 'a merge that had stopped in the middle is whole again');
      return missing;
    } catch (error) {
      log.error({ err: error, incidentId, into }, 'a merge that stopped in the middle cannot be settled yet');
      return false;
    }
  }
}

/** What an event says of a pair, by the side it is on; null for every other event. */
function saidBy(
  event: IncidentEvent,
  streamOf: string,
): Pick<Half, 'incidentId' | 'into' | 'surplus'> | null {
  switch (event.type) {
    case 'DuplicateJoined':
      return { incidentId: event.data.incidentId, into: streamOf, surplus: 1 };
    case 'DuplicateLeft':
      return { incidentId: event.data.incidentId, into: streamOf, surplus: -1 };
    case 'IncidentMerged':
      return { incidentId: streamOf, into: event.data.into, surplus: -1 };
    case 'IncidentUnmerged':
      return { incidentId: streamOf, into: event.data.from, surplus: 1 };
    default:
      return null;
  }
}
