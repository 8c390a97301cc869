import { ownedDeadlines, type OwnedDeadline } from '../incident.clocks.js';
import type { MarkOverdue } from '../incident.commands.js';
import { RESPONSIBILITY_LEVELS, type AnyDeadline, type IncidentEvent } from '../incident.events.js';
import { evolve } from '../incident.evolve.js';
import { cameWithImport, higherLevel, levelRank, type IncidentState } from '../incident.state.js';
import { acknowledgedAtWindowEnd } from './acknowledging.js';
import { breachOf, owingTask, warningOf } from './breaches.js';
import { type Decision, accept } from './decision.js';
import { closedAtWindowEnd } from './ending.js';
import { isLate } from './guards.js';
import { disputed } from './returns.js';

/** Counted from 0 here: so it was before orders carried their step, and the orders of open incidents keep their names. */
const supervisionIdOf = ({ deadlineId }: AnyDeadline, step: number): string => `${deadlineId}-${step - 1}`;

export function markOverdue(state: IncidentState, command: MarkOverdue): Decision {
  const { deadlineId } = command;
  const owned = ownedDeadlines(state).find(({ deadline }) => deadline.deadlineId === deadlineId);
  return owned === undefined ? accept() : comesOfAlarm(state, owned, command);
}

/** What comes of an alarm about a deadline, for whoever has found it. */
export function comesOfAlarm(state: IncidentState, owned: OwnedDeadline, command: MarkOverdue): Decision {
  const { origin } = command;
  if (!owned.pending || cameWithImport(owned.deadline)) return accept();
  // Whoever wakes after the due time has nothing to warn of any more.
  if (!isLate(origin.now, owned.deadline))
    return accept(...(command.warning ? warningDue(state, owned, origin.now) : []));
  if (owned.deadline.timer === 'RETURN_WINDOW' && owned.owner.kind === 'TASK')
    return accept(...acknowledgedAtWindowEnd(state, owned.owner.task, owned.deadline, origin.now));
  if (owned.deadline.timer === 'FEEDBACK_WINDOW')
    return accept(...closedAtWindowEnd(state, owned.deadline, command));
  const missed = owned.breached ? [] : breachOf(state, owned);
  const orders = supervisionOf(state, owned, command);
  const next = [...missed, ...orders].reduce(evolve, state);
  return accept(...missed, ...orders, ...(orders.length > 0 ? broughtBy(next, owned, command) : []));
}

/** What a step of the ladder brings, where it can be: a whistle is not handed up, and what is decided stays so. */
function broughtBy(
  state: IncidentState,
  { owner }: OwnedDeadline,
  { consequence, origin }: MarkOverdue,
): readonly IncidentEvent[] {
  if (!consequence) return [];
  if (consequence.kind === 'RAISE_LEVEL') return raised(state, origin.now);
  if (owner.kind !== 'TASK') return [];
  return disputed(state, owner.task.taskId, { ...consequence, origin });
}

/** Nobody hands it up in person: whoever is above takes it. */
function raised(state: IncidentState, occurredAt: string): IncidentEvent[] {
  const from = state.level;
  const to = RESPONSIBILITY_LEVELS[levelRank(higherLevel(state.escalatedTo, from ?? 'ESTATE')) + 1];
  const free = state.lifecycle === 'FILED' || (state.lifecycle === 'HANDLING' && state.mode === 'SELF');
  if (!free || to === undefined) return [];
  const reason = '督办升级 (a step of the ladder)';
  return [{ type: 'IncidentEscalated', occurredAt, data: { from, to, unitId: null, reason } }];
}

const warningDue = (state: IncidentState, owned: OwnedDeadline, now: string): IncidentEvent[] =>
  !owned.warned && isLate(now, { dueAt: owned.deadline.warnAt }) ? [warningOf(state, owned)] : [];

/**
 * The highest step of the ladder that is due, unless it was taken. What an alarm clock that slept has passed over is not
 * made up for: one order, the one that fits the time that has passed (domain.md §6, 35).
 */
function supervisionOf(
  state: IncidentState,
  owned: OwnedDeadline,
  { origin, deadlines }: MarkOverdue,
): IncidentEvent[] {
  const { deadline } = owned;
  const due = deadline.steps.findLast(({ at }) => isLate(origin.now, { dueAt: at }));
  if (due === undefined) return [];
  const supervisionId = supervisionIdOf(deadline, due.step);
  if (state.supervisions.some((order) => order.supervisionId === supervisionId)) return [];
  const task = owingTask(owned);
  const { step, level, notify } = due;
  return [
    {
      type: 'SupervisionIssued',
      occurredAt: origin.now,
      data: {
        ...{ supervisionId, taskId: task?.taskId ?? null, departmentId: task?.departmentId ?? null },
        ...{ deadlineId: deadline.deadlineId, dueAt: deadline.dueAt, step, level, notify },
        ...{ issuedBy: 'LADDER', reason: null },
        deadlines: deadlines.filter(({ timer }) => timer === 'SUPERVISION_RESPONSE'),
      },
    },
  ];
}
