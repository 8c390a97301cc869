import type { CheckIn, CompleteTask, RecordContact, ReportProgress } from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import {
  deadlineOf,
  handlingDeadlineOf,
  whistleOf,
  withoutOpenExtensions,
  type IncidentState,
  type Task,
} from '../incident.state.js';
import { acknowledged } from './acknowledging.js';
import { aboutDeadlineOf, breachesBefore, lifted, ofTask, onTask } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { flagged } from './evidence.js';
import { settled } from './ending.js';
import { admitClaim, isLate, ownTask, taskNotIn, unlessSaid } from './guards.js';
import { recordedPlace } from './persons.js';
import { bookedWith, unlessSaidWith } from './work-bookings.js';

export function recordContact(state: IncidentState, command: RecordContact): Decision {
  const { origin, taskId, reached, note } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  if (task.contacted) return refuse({ code: 'CONTACT_RECORDED' });
  const { now } = origin;
  const deadline = deadlineOf(task.deadlines, 'CONTACT');
  const contact: IncidentEvent = {
    type: 'ReporterContacted',
    occurredAt: now,
    data: {
      ...{ taskId, departmentId: task.departmentId, reached, note },
      ...{ dueAt: deadline?.dueAt ?? null, late: reached && isLate(now, deadline) },
    },
  };
  if (!reached) return accept(...unlessSaid(task.lastWord, contact));
  return accept(
    ...breachesBefore(state, now, ofTask(taskId, 'CONTACT')),
    contact,
    ...lifted(state, onTask(taskId, 'CONTACT'), 'MET', now),
  );
}

export function checkIn(state: IncidentState, command: CheckIn): Decision {
  const { origin, taskId, location, note, evidence, tolerance } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'NOTIFIED', 'ACKNOWLEDGED');
  if (refusal) return refuse(refusal);
  const afterTheSummons =
    command.occurredAt === null || Date.parse(command.occurredAt) >= Date.parse(summonedAt(state, task));
  const admitted = admitClaim(
    command.occurredAt,
    origin.now,
    tolerance,
    (ageMs) => ageMs <= tolerance.syncMs && evidence.length > 0 && afterTheSummons,
  );
  if (admitted === null) return refuse({ code: 'OCCURRED_AT_IN_FUTURE' });
  const { occurredAt, claimedAt, disputed } = admitted;
  const deadline = deadlineOf(task.deadlines, 'CHECK_IN');
  const claim = { of: 'CHECK_IN', taskId, unitId: task.departmentId, occurredAt } as const;
  return accept(
    ...breachesBefore(state, occurredAt, ofTask(taskId, 'ACKNOWLEDGE', 'CHECK_IN')),
    // Appearing is an answer: no department is late at both ends for one act (domain.md §3.3).
    ...(task.state === 'NOTIFIED' ? [acknowledged(task, occurredAt, true)] : []),
    {
      type: 'DepartmentCheckedIn',
      occurredAt,
      data: {
        ...{ taskId, departmentId: task.departmentId, dueAt: deadline?.dueAt ?? null },
        ...{ late: isLate(occurredAt, deadline), claimedAt, disputed },
        ...{ location: recordedPlace(state, location), note, evidence },
      },
    },
    ...flagged({ ...claim, from: claimedAt ?? occurredAt, to: claimedAt ?? occurredAt }, command.captured),
    ...lifted(state, onTask(taskId, 'ACKNOWLEDGE', 'CHECK_IN'), 'CHECKED_IN', origin.now),
  );
}

/** A department that was summoned later than the whistle was blown cannot have come before that. */
function summonedAt(state: IncidentState, task: Task): string {
  const blownAt = whistleOf(state, task.whistleId)?.blownAt ?? '';
  return task.notifiedAt > blownAt ? task.notifiedAt : blownAt;
}

export function reportProgress(state: IncidentState, command: ReportProgress): Decision {
  const { origin, taskId, note, stage, evidence, workedMinutes } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  if (stage !== null) return completeStage(state, task, stage, command);
  const { departmentId } = task;
  const said: IncidentEvent = {
    type: 'ProgressReported',
    occurredAt: origin.now,
    data: { taskId, departmentId, note, evidence },
  };
  return accept(...unlessSaidWith(task, said, bookedWith(task, workedMinutes, origin.now)));
}

function completeStage(state: IncidentState, task: Task, stage: string, command: ReportProgress): Decision {
  const { origin, taskId, note, evidence } = command;
  const deadline = task.deadlines.find((known) => known.timer === 'HANDLING' && known.stage === stage);
  if (deadline === undefined) return refuse({ code: 'STAGE_UNKNOWN' });
  if (task.stagesDone.includes(stage)) return refuse({ code: 'STAGE_DONE' });
  const { now } = origin;
  // After the first accepted completion nothing of the handling is timed any more (domain.md §6, 29).
  const due = task.accepted ? undefined : deadline;
  return accept(
    // Late is late, whatever becomes of an extension that was asked for.
    ...breachesBefore(
      withoutOpenExtensions(state, taskId),
      now,
      (owned) => owned.deadline.deadlineId === deadline.deadlineId,
    ),
    {
      type: 'TaskStageCompleted',
      occurredAt: now,
      data: {
        ...{ taskId, departmentId: task.departmentId, stage, note, evidence },
        ...{ dueAt: due?.dueAt ?? null, late: isLate(now, due) },
      },
    },
    ...bookedWith(task, command.workedMinutes, now),
    ...lifted(state, ({ deadlineId }) => deadlineId === deadline.deadlineId, 'MET', now),
  );
}

export function completeTask(state: IncidentState, command: CompleteTask): Decision {
  const { origin, taskId, note, evidence, workedMinutes, deadlines } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  const { now } = origin;
  const deadline = task.accepted
    ? task.deadlines.findLast(({ timer }) => timer === 'REWORK')
    : handlingDeadlineOf(task);
  const events: IncidentEvent[] = [
    // What is done waits for no extension: late is late, and there is nothing left to extend.
    ...breachesBefore(withoutOpenExtensions(state, taskId), now, ofTask(taskId)),
    // And whoever should have decided about it by now has not.
    ...breachesBefore(state, now, ofTask(taskId, 'EXTENSION_DECISION')),
    {
      type: 'TaskCompleted',
      occurredAt: now,
      data: {
        ...{ taskId, departmentId: task.departmentId, dueAt: deadline?.dueAt ?? null },
        ...{ late: isLate(now, deadline), note, evidence },
      },
    },
    ...bookedWith(task, workedMinutes, now),
    ...flagged(
      {
        ...{ of: 'TASK', taskId, unitId: task.departmentId, occurredAt: now },
        ...{ from: task.notifiedAt, to: now },
      },
      command.captured,
    ),
    ...lifted(state, onTask(taskId), 'COMPLETED', now),
    ...lifted(state, aboutDeadlineOf(task, 'EXTENSION_DECISION'), 'ENDED', now),
  ];
  return accept(...events, ...settled(state, events, { occurredAt: now, note, evidence, deadlines }));
}
