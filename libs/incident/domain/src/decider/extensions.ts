import type { DecideExtension, RequestExtension } from '../incident.commands.js';
import type { IncidentEvent } from '../incident.events.js';
import { evolve } from '../incident.evolve.js';
import {
  handlingDeadlineOf,
  isOpenTask,
  openExtensionOf,
  type Extension,
  type IncidentState,
  type Task,
} from '../incident.state.js';
import { aboutDeadlineOf, breachesBefore, lifted, ofTask } from './breaches.js';
import { type Decision, accept, refuse } from './decision.js';
import { dispatchedTask, isLate, ownTask, taskNotIn } from './guards.js';

/** Asked by the lead, before the time is over (domain.md §6, 28). While it is undecided, nothing is missed by it. */
export function requestExtension(state: IncidentState, command: RequestExtension): Decision {
  const { origin, extensionId, taskId, amount, unit, reason, rules, deadlines } = command;
  const own = ownTask(state, taskId, origin);
  if (own.refusal) return refuse(own.refusal);
  const { task } = own;
  const refusal = taskNotIn(task, 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING');
  if (refusal) return refuse(refusal);
  if (task.role !== 'LEAD') return refuse({ code: 'NOT_THE_LEAD' });
  if (openExtensionOf(state, taskId)) return refuse({ code: 'EXTENSION_UNDECIDED' });
  const deadline = task.accepted ? undefined : handlingDeadlineOf(task);
  if (deadline === undefined) return refuse({ code: 'EXTENSION_WITHOUT_DEADLINE' });
  if (isLate(origin.now, deadline)) return refuse({ code: 'EXTENSION_AFTER_DUE' });
  const { max } = rules.extensions;
  const ordinal = grantedOf(state, taskId).length + 1;
  if (ordinal > max) return refuse({ code: 'EXTENSIONS_USED_UP', max });
  return accept({
    type: 'ExtensionRequested',
    occurredAt: origin.now,
    data: { extensionId, taskId, departmentId: task.departmentId, ordinal, amount, unit, reason, deadlines },
  });
}

const grantedOf = (state: IncidentState, taskId: string): Extension[] =>
  state.extensions.filter((extension) => extension.taskId === taskId && extension.outcome === 'GRANTED');

/** Who decides depends on the how-manieth it is. */
export function decideExtension(state: IncidentState, command: DecideExtension): Decision {
  const { origin, taskId, grant, reason, rules } = command;
  const known = dispatchedTask(state, taskId, origin);
  if (known.refusal) return refuse(known.refusal);
  const { task } = known;
  // Of a task that was given away there is nothing left to extend.
  const extension = isOpenTask(task) ? openExtensionOf(state, taskId) : undefined;
  if (extension === undefined) return refuse({ code: 'EXTENSION_NOT_ASKED' });
  const { approvers } = rules.extensions;
  const roles = approvers[Math.min(extension.ordinal, approvers.length) - 1] ?? [];
  const isParty = origin.actor.orgUnitId === task.departmentId;
  if (!roles.includes(origin.actor.role) || isParty) return refuse({ code: 'EXTENSION_APPROVER', roles });
  if (!grant && reason === null) return refuse({ code: 'EXTENSION_NEEDS_REASON' });
  const decided = grant ? granted(task, extension, command) : refused(task, extension, command, reason ?? '');
  const { now } = origin;
  return accept(
    ...breachesBefore(state, now, ofTask(taskId, 'EXTENSION_DECISION')),
    decided,
    ...lifted(state, aboutDeadlineOf(task, 'EXTENSION_DECISION'), 'MET', now),
    ...breachesBefore(evolve(state, decided), now, ofTask(taskId, 'HANDLING')),
  );
}

function granted(task: Task, { extensionId, ordinal }: Extension, command: DecideExtension): IncidentEvent {
  const { origin, taskId, moves } = command;
  const handling = task.deadlines.filter(({ timer }) => timer === 'HANDLING');
  return {
    type: 'ExtensionGranted',
    occurredAt: origin.now,
    data: {
      ...{ extensionId, taskId, departmentId: task.departmentId, ordinal },
      approvingUnitId: origin.actor.orgUnitId,
      moves: moves.filter((move) =>
        handling.some(
          ({ deadlineId }) => deadlineId === move.deadlineId && !task.breached.includes(deadlineId),
        ),
      ),
    },
  };
}

function refused(
  task: Task,
  { extensionId, ordinal }: Extension,
  { origin, taskId }: DecideExtension,
  reason: string,
): IncidentEvent {
  return {
    type: 'ExtensionRefused',
    occurredAt: origin.now,
    data: {
      ...{ extensionId, taskId, departmentId: task.departmentId, ordinal },
      ...{ refusingUnitId: origin.actor.orgUnitId, reason },
    },
  };
}
