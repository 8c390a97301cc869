import type { BookWork } from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import { minutesBookedBy, taskOf, wordOf, type IncidentState, type Task } from '../incident.state.js';
import { type Decision, accept, refuse } from './decision.js';
import { unlessSaid } from './guards.js';

/** White space, and what is not seen at all, such as a zero-width space: no reason is given by it. */
const unseen = /[\s\p{Z}\p{Cc}\p{Cf}]/gu;

/**
 * Whatever has become of task and incident: what was worked was worked, and a mistake is most often seen once all is over.
 */
export function bookWork(state: IncidentState, command: BookWork): Decision {
  const { origin, taskId, workedMinutes, note } = command;
  const task = taskOf(state, taskId);
  if (task === undefined) return refuse({ code: 'TASK_NOT_FOUND' });
  const unitId = origin.actor.orgUnitId ?? '';
  const bookedMinutes = minutesBookedBy(task, unitId);
  const takesBack = workedMinutes < 0;
  // Whoever had it before its successor answers for its own books still, and books no more.
  if (task.departmentId !== unitId && !(takesBack && task.booked.some((known) => known.unitId === unitId)))
    return refuse({ code: 'TASK_NOT_YOURS' });
  if (!task.checkedIn) return refuse({ code: 'WORK_BEFORE_CHECK_IN' });
  if (takesBack && (note ?? '').replace(unseen, '') === '') return refuse({ code: 'CORRECTION_NEEDS_NOTE' });
  const event = booking({ taskId, departmentId: unitId, workedMinutes, note }, origin.now);
  // Before what was booked is looked at: the same word again asks for nothing.
  if (unlessSaid(task.lastBooking, event).length === 0) return accept();
  if (bookedMinutes + workedMinutes < 0) return refuse({ code: 'MORE_THAN_BOOKED', bookedMinutes });
  return accept(event);
}

/** Work that a department tells of with what else it says; none where it names none. */
export const bookedWith = (task: Task, workedMinutes: number | null, occurredAt: string): IncidentEvent[] =>
  workedMinutes === null
    ? []
    : [
        booking(
          { taskId: task.taskId, departmentId: task.departmentId, workedMinutes, note: null },
          occurredAt,
        ),
      ];

/** Nothing, where a word and the work told with it were both said at the same moment before. */
export const unlessSaidWith = (task: Task, word: IncidentEvent, work: IncidentEvent[]): IncidentEvent[] =>
  task.lastWord === wordOf(word) && work.every((event) => task.lastBooking === wordOf(event))
    ? []
    : [word, ...work];

type BookedData = Extract<IncidentEvent, { type: 'WorkBooked' }>['data'];

const booking = (data: BookedData, occurredAt: string): IncidentEvent => ({
  type: 'WorkBooked',
  occurredAt,
  data,
});
