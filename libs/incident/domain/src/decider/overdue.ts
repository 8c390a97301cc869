import { ownedDeadlines, type OwnedDeadline } from '../incident.clocks.js';
import type { MarkOverdue } from '../incident.commands.js';
import type { Deadline, IncidentEvent } from '../incident.events.js';
import { cameWithImport, type IncidentState } from '../incident.state.js';
import { acknowledgedAtWindowEnd } from './acknowledging.js';
import { breachOf, owingTask, warningOf } from './breaches.js';
import { type Decision, accept } from './decision.js';
import { closedAtWindowEnd } from './ending.js';
import { isLate } from './guards.js';

/** Counted from 0 here: so it was before orders carried their step, and the orders of open incidents keep their names. */
const supervisionIdOf = ({ deadlineId }: Deadline, step: number): string => `${deadlineId}-${step - 1}`;

export function markOverdue(state: IncidentState, command: MarkOverdue): Decision {
  const { origin, deadlineId } = command;
  const owned = ownedDeadlines(state).find(({ deadline }) => deadline.deadlineId === deadlineId);
  if (owned === undefined || !owned.pending || cameWithImport(owned.deadline)) return accept();
  // Whoever wakes after the due time has nothing to warn of any more.
  if (!isLate(origin.now, owned.deadline)) return accept(...warningDue(state, owned, origin.now));
  if (owned.deadline.timer === 'RETURN_WINDOW' && owned.owner.kind === 'TASK')
    return accept(...acknowledgedAtWindowEnd(state, owned.owner.task, owned.deadline, origin.now));
  if (owned.deadline.timer === 'FEEDBACK_WINDOW')
    return accept(...closedAtWindowEnd(state, owned.deadline, command));
  return accept(...(owned.breached ? [] : breachOf(state, owned)), ...supervisionOf(state, owned, command));
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
