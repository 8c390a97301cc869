import { isDeepStrictEqual } from 'node:util';
import { reschedulableDeadlines, reschedulingFrontier } from '../incident.clocks.js';
import type { RescheduleDeadlines } from '../incident.commands.js';
import type { RescheduledDeadline } from '../incident.events.js';
import type { IncidentState } from '../incident.state.js';
import { type Decision, accept } from './decision.js';

/** Moves what can be moved; where nothing changes, nothing happens: it is sent to many, and more than once. */
export function rescheduleDeadlines(state: IncidentState, command: RescheduleDeadlines): Decision {
  const { origin, cause, reason } = command;
  const moves = admittedReschedulings(state, command);
  const pins = isGoverned(state) && !isDeepStrictEqual(command.pins, state.pins) ? command.pins : null;
  if (moves.length === 0 && pins === null) return accept();
  const data = { cause, reason, pins, moves };
  return accept({ type: 'DeadlinesRescheduled', occurredAt: origin.now, data });
}

/** What is over is governed by nothing any more; what was not filed yet is not pinned. */
const isGoverned = ({ lifecycle, before, pins }: IncidentState): boolean =>
  pins !== null && ['FILED', 'HANDLING', 'CHECKING', 'FEEDBACK'].includes(before ?? lifecycle);

function admittedReschedulings(
  state: IncidentState,
  { origin, moves }: RescheduleDeadlines,
): RescheduledDeadline[] {
  const known = new Map(
    reschedulableDeadlines(state, origin.now).map((owned) => [owned.deadline.deadlineId, owned]),
  );
  const frontier = Date.parse(reschedulingFrontier(state, origin.now));
  return moves.flatMap((move) => {
    const owned = known.get(move.deadlineId);
    if (owned === undefined) return [];
    const { owner, deadline } = owned;
    const isThere = isDeepStrictEqual({ ...deadline, ...move }, deadline);
    const isLate = move.dueAt !== deadline.dueAt && Date.parse(move.dueAt) <= frontier;
    if (isThere || isLate) return [];
    const taskId = owner.kind === 'TASK' ? owner.task.taskId : null;
    return [{ ...move, taskId, formerDueAt: deadline.dueAt }];
  });
}
