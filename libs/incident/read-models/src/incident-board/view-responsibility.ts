import { higherLevel, type TaskAssignment } from '@shaoying/incident-domain';
import type { ExtensionView, IncidentView, ReturnView } from './incident-view.js';
import {
  booked,
  isOpen,
  kept,
  moved,
  opened,
  released,
  restarted,
  settle,
  summoned,
  withTask,
  type OneOf,
} from './view-changes.js';
import type { ViewEventOf } from './view-events.js';

// Who has a task: returns, arbitration, another department, another lead, more time.

type DisputeEvent = OneOf<
  'ReturnRequested' | 'ReturnAccepted' | 'ReturnRejected' | 'ArbitrationOpened' | 'ResponsibilityDecided'
>;

function decidedReturn(
  view: IncidentView,
  concerns: (request: ReturnView) => boolean,
  change: Partial<ReturnView>,
): IncidentView {
  return {
    ...view,
    returns: view.returns.map((request) =>
      request.outcome === 'OPEN' && concerns(request) ? { ...request, ...change } : request,
    ),
  };
}

export function afterDispute(view: IncidentView, event: DisputeEvent, at: string): IncidentView {
  const { taskId } = event.data;
  switch (event.type) {
    case 'ReturnRequested': {
      const { returnId, departmentId, reasonCode, basis, suggestedUnitId, ordinal, late } = event.data;
      const request: ReturnView = {
        ...{ returnId, taskId, departmentId, reasonCode, basis, suggestedUnitId, ordinal, requestedAt: at },
        ...{ outcome: 'OPEN', decidedAt: null, decidingUnitId: null, decisionReason: null },
      };
      // Asking is an answer; it does not sign.
      const asked = withTask(view, taskId, (task) => ({
        state: 'RETURN_REQUESTED',
        ...(task.state === 'NOTIFIED' ? { acknowledgedAt: at, acknowledgedLate: late } : {}),
        deadlines: restarted(
          settle(task.deadlines, ['ACKNOWLEDGE', 'RETURN_WINDOW'], at),
          event.data.deadlines,
        ),
      }));
      return { ...asked, returns: kept(view.returns, request) };
    }
    case 'ReturnAccepted': {
      const { returnId, decidingUnitId, note, newTask, lostTime } = event.data;
      const decision = { decidedAt: at, decidingUnitId, decisionReason: note };
      const decided = decidedReturn(view, (request) => request.returnId === returnId, {
        ...{ outcome: 'ACCEPTED', ...decision },
      });
      return booked(givenAway(decided, taskId, newTask, at, 'RETURN_DECISION'), lostTime);
    }
    case 'ReturnRejected': {
      const { returnId, decidingUnitId, reason, lostTime } = event.data;
      const decision = { decidedAt: at, decidingUnitId, decisionReason: reason };
      const decided = decidedReturn(view, (request) => request.returnId === returnId, {
        ...{ outcome: 'REJECTED', ...decision },
      });
      const stays = withTask(decided, taskId, ({ deadlines }) => ({
        state: 'ACKNOWLEDGED',
        deadlines: settle(deadlines, ['RETURN_DECISION'], at),
      }));
      return booked(stays, lostTime);
    }
    case 'ArbitrationOpened': {
      const { arbitrationId, cause, parties, deadlines } = event.data;
      const arbitration = {
        ...{ arbitrationId, taskId, cause, parties, openedAt: at, decidedAt: null, arbitratingUnitId: null },
        ...{ responsibleUnitId: null, rule: null, reason: null, catalogueProposal: null },
      };
      const decided = decidedReturn(view, (request) => request.taskId === taskId, {
        ...{ outcome: 'ARBITRATED', decidedAt: at },
      });
      const disputed = withTask(decided, taskId, (task) => ({
        state: 'IN_ARBITRATION',
        deadlines: restarted(settle(task.deadlines, ['RETURN_DECISION'], at), deadlines),
      }));
      return { ...disputed, arbitrations: kept(view.arbitrations, arbitration) };
    }
    case 'ResponsibilityDecided':
      return arbitrated(view, event, at);
  }
}

function givenAway(
  view: IncidentView,
  taskId: string,
  newTask: TaskAssignment | null,
  at: string,
  decision: 'RETURN_DECISION' | 'ARBITRATION',
): IncidentView {
  const whistleId = view.tasks.find((task) => task.taskId === taskId)?.whistleId ?? '';
  const next = withTask(view, taskId, ({ deadlines }) => ({
    ...{ state: 'RETURNED', endedAt: at, deadlines: settle(deadlines, [decision], at) },
  }));
  return newTask === null ? next : summoned(next, newTask, whistleId, at);
}

function arbitrated(
  view: IncidentView,
  { data }: ViewEventOf<'ResponsibilityDecided'>,
  at: string,
): IncidentView {
  const { arbitrationId, taskId, arbitratingUnitId, responsibleUnitId, rule, reason } = data;
  const { newTask, lostTime, catalogueProposal } = data;
  const ruling = { arbitratingUnitId, responsibleUnitId, rule, reason, catalogueProposal };
  const decided: IncidentView = {
    ...view,
    arbitrations: view.arbitrations.map((arbitration) =>
      arbitration.arbitrationId === arbitrationId
        ? { ...arbitration, ...ruling, decidedAt: at }
        : arbitration,
    ),
  };
  const task = view.tasks.find((known) => known.taskId === taskId);
  if (task?.departmentId === responsibleUnitId) {
    const stays = withTask(decided, taskId, ({ checkedInAt, deadlines }) => ({
      ...{ state: checkedInAt === null ? 'ACKNOWLEDGED' : 'CHECKED_IN', final: true },
      deadlines: settle(deadlines, ['ARBITRATION'], at),
    }));
    return booked(stays, lostTime);
  }
  const given = givenAway(decided, taskId, newTask, at, 'ARBITRATION');
  // It is as final for a department that was in the whistle already.
  const final = given.tasks.filter(
    (known) =>
      known.whistleId === task?.whistleId && known.departmentId === responsibleUnitId && isOpen(known),
  );
  const ids = newTask === null ? final.map((known) => known.taskId) : [newTask.taskId];
  return booked(
    ids.reduce((next, id) => withTask(next, id, () => ({ final: true })), given),
    lostTime,
  );
}

type ReassignmentEvent = OneOf<
  | 'DepartmentAdded'
  | 'LeadChanged'
  | 'ReleaseRequested'
  | 'TaskReleased'
  | 'TaskTransferred'
  | 'ExtensionRequested'
  | 'ExtensionGranted'
  | 'ExtensionRefused'
>;

export function afterReassignment(view: IncidentView, event: ReassignmentEvent, at: string): IncidentView {
  switch (event.type) {
    case 'DepartmentAdded':
      return summoned(view, event.data.task, event.data.whistleId, at);
    case 'LeadChanged':
      return ledBy(view, event, at);
    case 'ReleaseRequested': {
      const { taskId, reason } = event.data;
      return withTask(view, taskId, () => ({ releaseRequested: { at, reason } }));
    }
    case 'TaskReleased': {
      const { taskId, reasonCode, reason, counted } = event.data;
      return released(view, [taskId], at, { reasonCode, reason, counted });
    }
    case 'TaskTransferred': {
      const { taskId, fromDepartmentId, toDepartmentId, level, reason } = event.data;
      const transfer = { at, fromDepartmentId, toDepartmentId, reason };
      const next = withTask(view, taskId, ({ transfers }) => ({
        ...{ departmentId: toDepartmentId, level, transfers: kept(transfers, transfer) },
      }));
      return { ...next, level: higherLevel(view.level, level) };
    }
    case 'ExtensionRequested': {
      const { extensionId, taskId, departmentId, ordinal, amount, unit, reason } = event.data;
      const extension: ExtensionView = {
        ...{ extensionId, taskId, departmentId, ordinal, amount, unit, reason, requestedAt: at },
        ...{ outcome: 'OPEN', decidedAt: null, decidingUnitId: null, decisionReason: null },
      };
      return withTask({ ...view, extensions: kept(view.extensions, extension) }, taskId, (task) => ({
        // Also where none is started: that of an earlier one was about that one.
        deadlines: [
          ...task.deadlines.filter(({ timer }) => timer !== 'EXTENSION_DECISION'),
          ...event.data.deadlines.map(opened),
        ],
      }));
    }
    case 'ExtensionGranted': {
      const { extensionId, approvingUnitId: decidingUnitId, moves } = event.data;
      const decision = { outcome: 'GRANTED', decidedAt: at, decidingUnitId } as const;
      return moved(decidedExtension(view, extensionId, decision, at), moves);
    }
    case 'ExtensionRefused': {
      const { extensionId, refusingUnitId: decidingUnitId, reason: decisionReason } = event.data;
      const decision = { outcome: 'REFUSED', decidedAt: at, decidingUnitId, decisionReason } as const;
      return decidedExtension(view, extensionId, decision, at);
    }
  }
}

/** What was asked for and not decided until the task was done. */
export function lapsed(view: IncidentView, taskId: string): IncidentView {
  if (!view.extensions.some((asked) => asked.taskId === taskId && asked.outcome === 'OPEN')) return view;
  return {
    ...view,
    extensions: view.extensions.map((asked) =>
      asked.taskId === taskId && asked.outcome === 'OPEN' ? { ...asked, outcome: 'LAPSED' } : asked,
    ),
  };
}

function decidedExtension(
  view: IncidentView,
  extensionId: string,
  decision: Partial<ExtensionView>,
  at: string,
): IncidentView {
  const asked = view.extensions.find((extension) => extension.extensionId === extensionId);
  const extensions = view.extensions.map((extension) =>
    extension === asked ? { ...extension, ...decision } : extension,
  );
  return withTask({ ...view, extensions }, asked?.taskId ?? '', ({ deadlines }) => ({
    deadlines: settle(deadlines, ['EXTENSION_DECISION'], at),
  }));
}

function ledBy(view: IncidentView, event: ViewEventOf<'LeadChanged'>, at: string): IncidentView {
  const { whistleId, fromTaskId, toTaskId, newTask, formerLead, reason, lostTime } = event.data;
  const release = { reasonCode: 'LEAD_CHANGED', reason, counted: false } as const;
  const stepped = withTask(view, fromTaskId, (former) => ({
    ...{ role: 'ASSIST', roleChanges: kept(former.roleChanges, { at, role: 'ASSIST', reason }) },
    ...(formerLead === 'RELEASED' && isOpen(former)
      ? { state: 'RELEASED' as const, endedAt: at, release }
      : {}),
  }));
  if (newTask !== null) {
    const next = summoned(stepped, newTask, whistleId, at);
    return booked(
      withTask(next, toTaskId, () => ({ role: 'LEAD' })),
      lostTime,
    );
  }
  const next = withTask(stepped, toTaskId, ({ roleChanges }) => ({
    ...{ role: 'LEAD', roleChanges: kept(roleChanges, { at, role: 'LEAD', reason }) },
  }));
  return booked(next, lostTime);
}
