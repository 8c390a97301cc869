import type { AnyDeadline, IncidentTimer } from '../incident.events.js';
import { everyDeadline, type IncidentState, type Supervision } from '../incident.state.js';
import { updateTask, updateWhistle, updateOrder } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const supervisionFolds: FoldsOf<
  | 'DeadlineWarned'
  | 'TaskOverdue'
  | 'IncidentOverdue'
  | 'SupervisionIssued'
  | 'SupervisionResponded'
  | 'SupervisionLifted'
> = {
  DeadlineWarned: (state, event) => ({ ...state, warned: [...state.warned, event.data.deadlineId] }),
  TaskOverdue: (state, event) => {
    const { taskId, deadlineId } = event.data;
    return updateTask(state, taskId, (task) => ({ breached: [...task.breached, deadlineId] }));
  },
  IncidentOverdue: (state, event) => withBreach(state, event.data.deadlineId),
  SupervisionIssued: (state, event) => {
    const { supervisionId, taskId, deadlineId, deadlines } = event.data;
    const order: Supervision = {
      ...{ supervisionId, deadlineId, timer: timerOf(state, deadlineId), taskId, deadlines },
      ...{ lifted: false, responded: false, breached: [] },
    };
    return { ...state, supervisions: [...state.supervisions, order] };
  },
  SupervisionResponded: (state, event) =>
    updateOrder(state, event.data.supervisionId, () => ({ responded: true })),
  SupervisionLifted: (state, event) => updateOrder(state, event.data.supervisionId, () => ({ lifted: true })),
};

function timerOf(state: IncidentState, deadlineId: string | null): IncidentTimer | null {
  if (deadlineId === null) return null;
  const known = everyDeadline(state).find((candidate) => candidate.deadlineId === deadlineId);
  return known?.timer ?? 'INCIDENT_TOTAL';
}

function withBreach(state: IncidentState, deadlineId: string): IncidentState {
  const of = (owner: { readonly deadlines: readonly AnyDeadline[] }): boolean =>
    owner.deadlines.some((deadline) => deadline.deadlineId === deadlineId);
  const whistle = state.whistles.find(of);
  if (whistle !== undefined)
    return updateWhistle(state, whistle.whistleId, ({ breached }) => ({
      breached: [...breached, deadlineId],
    }));
  const order = state.supervisions.find(of);
  if (order !== undefined)
    return updateOrder(state, order.supervisionId, ({ breached }) => ({
      breached: [...breached, deadlineId],
    }));
  return { ...state, breached: [...state.breached, deadlineId] };
}
