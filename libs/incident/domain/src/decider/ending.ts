import type { ClosingWindows, MarkOverdue } from '../incident.commands.js';
import type { AnyDeadline, Deadline, IncidentEvent } from '../incident.events.js';
import { evolve } from '../incident.evolve.js';
import { deadlineOf, isOpenTask, openWhistles, type IncidentState } from '../incident.state.js';
import { isLate, leadOf, startedOf } from './guards.js';
import { breachesBefore, lifted, ofIncident } from './breaches.js';

// How handling ends, and how the case does: reached by more than one way.

interface Ending {
  readonly occurredAt: string;
  readonly note: string | null;
  readonly evidence: readonly string[];
  /** CHECK, among others that a command may bring. */
  readonly deadlines: readonly Deadline[];
}

export function handlingCompleted(state: IncidentState, ending: Ending): IncidentEvent[] {
  const { occurredAt, note, evidence, deadlines } = ending;
  const total = deadlineOf(state.deadlines, 'INCIDENT_TOTAL');
  return [
    ...breachesBefore(state, occurredAt, ofIncident('INCIDENT_TOTAL', 'CONTACT')),
    {
      type: 'HandlingCompleted',
      occurredAt,
      data: {
        ...{ mode: state.mode ?? 'SELF', cycle: state.cycle, level: state.level ?? 'COMMUNITY' },
        ...{ note, evidence, dueAt: total?.dueAt ?? null, late: isLate(occurredAt, total) },
        deadlines: startedOf(deadlines, 'CHECK'),
      },
    },
    // A whistle that acted first is to be ratified still.
    ...lifted(state, ({ timer }) => timer !== 'RATIFICATION', 'COMPLETED', occurredAt),
  ];
}

/**
 * What follows where the given events leave nothing to wait for: the lead is done, and every other department is done,
 * released, or has given its task back (domain.md §3.3).
 */
export function settled(
  state: IncidentState,
  events: readonly IncidentEvent[],
  ending: Ending,
): IncidentEvent[] {
  const next = events.reduce(evolve, state);
  if (next.lifecycle !== 'HANDLING' || next.mode !== 'WHISTLE') return [];
  const whistles = openWhistles(next);
  const done = whistles.every(
    ({ whistleId }) =>
      leadOf(next, whistleId)?.state === 'DONE' &&
      !next.tasks.some((task) => task.whistleId === whistleId && isOpenTask(task)),
  );
  return whistles.length > 0 && done ? handlingCompleted(next, ending) : [];
}

export function closed(state: IncidentState, occurredAt: string, closing: ClosingWindows): IncidentEvent[] {
  return [
    {
      type: 'IncidentClosed',
      occurredAt,
      data: { cycle: state.cycle, resolutionLevel: state.level ?? 'COMMUNITY', ...closing },
    },
    ...lifted(state, ({ timer }) => timer !== 'RATIFICATION', 'ENDED', occurredAt),
  ];
}

/** In all the time there was nobody rated it, or nobody closed it once it was rated: it closes as of the end of that time. */
export function closedAtWindowEnd(
  state: IncidentState,
  { dueAt }: AnyDeadline,
  { closing }: MarkOverdue,
): IncidentEvent[] {
  return [...breachesBefore(state, dueAt, ofIncident('CALLBACK')), ...closed(state, dueAt, closing)];
}
