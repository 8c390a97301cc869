import { openWhistles, type IncidentState, type Whistle } from '../incident.state.js';
import { updateTask, updateWhistle, summoned, released, type DataOf } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const whistleFolds: FoldsOf<
  | 'WhistleProposed'
  | 'WhistleApproved'
  | 'WhistleRefused'
  | 'WhistleBlown'
  | 'WhistleRatified'
  | 'WhistleFlagged'
  | 'WhistleCancelled'
  | 'TaskEvaluated'
> = {
  WhistleProposed: (state, event) => {
    const { whistleId, kind, reason, origin, proposingUnitId, proposedBy, summons } = event.data;
    const whistle: Whistle = {
      ...{
        whistleId,
        kind,
        reason,
        origin,
        summons,
        state: 'PROPOSED',
        cycle: state.cycle,
        reverse: false,
      },
      ...{ whistlingUnitId: proposingUnitId, blownBy: proposedBy, blownAt: '', toBeRatified: false },
      ...{ deadlines: [], breached: [] },
    };
    return { ...state, whistles: [...state.whistles, whistle] };
  },
  WhistleApproved: (state) => state,
  WhistleRefused: (state, event) => updateWhistle(state, event.data.whistleId, () => ({ state: 'REFUSED' })),
  WhistleBlown: (state, event) => blown(state, event.data, event.occurredAt),
  WhistleRatified: (state, event) =>
    updateWhistle(state, event.data.whistleId, () => ({ toBeRatified: false })),
  WhistleFlagged: (state, event) => {
    // Flagged for being late, it may be ratified still.
    return event.data.reason === 'NOT_RATIFIED'
      ? state
      : updateWhistle(state, event.data.whistleId, () => ({ toBeRatified: false }));
  },
  WhistleCancelled: (state, event) => {
    const { whistleId, taskIds } = event.data;
    const next = updateWhistle(state, whistleId, () => ({ state: 'CANCELLED', toBeRatified: false }));
    const cancelled = { ...next, tasks: released(next, taskIds) };
    const { lifecycle, mode } = cancelled;
    // A proposal that is taken back ends nobody's work.
    const goesOn = lifecycle !== 'HANDLING' || mode === 'SELF' || openWhistles(cancelled).length > 0;
    return goesOn ? cancelled : { ...cancelled, lifecycle: 'FILED', mode: null };
  },
  TaskEvaluated: (state, event) => ({
    ...evaluated(state, event.data.taskId, event.data.whistleId),
    evaluations: [...state.evaluations, event.data.evaluationId],
  }),
};

function blown(state: IncidentState, data: DataOf<'WhistleBlown'>, at: string): IncidentState {
  const { whistleId, kind, reason, origin, whistlingUnitId, blownBy, reverse, approval } = data;
  const { tasks, deadlines } = data;
  const whistle: Whistle = {
    ...{ whistleId, kind, reason, origin, whistlingUnitId, blownBy, reverse, state: 'BLOWN' },
    cycle: state.cycle,
    ...{ summons: [], blownAt: at, toBeRatified: approval === 'TO_BE_RATIFIED', deadlines, breached: [] },
  };
  const others = state.whistles.filter((known) => known.whistleId !== whistleId);
  const handling: IncidentState = {
    ...{ ...state, lifecycle: 'HANDLING', mode: 'WHISTLE', dispatched: true },
    whistles: [...others, whistle],
  };
  return tasks.reduce((next, task) => summoned(next, task, whistleId, at), handling);
}

function evaluated(state: IncidentState, taskId: string, whistleId: string): IncidentState {
  const next = updateTask(state, taskId, () => ({ evaluated: true }));
  const done = next.tasks.filter((task) => task.whistleId === whistleId && task.state === 'DONE');
  return done.every((task) => task.evaluated)
    ? updateWhistle(next, whistleId, (whistle) =>
        whistle.state === 'COMPLETED' ? { state: 'EVALUATED' } : {},
      )
    : next;
}
