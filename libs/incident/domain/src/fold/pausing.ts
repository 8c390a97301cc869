import type { IncidentEventOf } from '../incident.events.js';
import { wordOf, type IncidentState } from '../incident.state.js';
import { afterMoves, restarted, unpaused } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const pausingFolds: FoldsOf<
  | 'IncidentSuspended'
  | 'SuspensionRenewed'
  | 'IncidentResumed'
  | 'IncidentMerged'
  | 'IncidentUnmerged'
  | 'DuplicateJoined'
  | 'DuplicateLeft'
> = {
  IncidentSuspended: (state, event) => ({
    ...paused(state, 'SUSPENDED', event.occurredAt),
    deadlines: restarted(state.deadlines, event.data.deadlines),
  }),
  SuspensionRenewed: (state, event) => ({
    ...state,
    deadlines: restarted(state.deadlines, event.data.deadlines),
    lastWord: wordOf(event),
  }),
  IncidentResumed: (state, event) => resumed(state, event),
  IncidentMerged: (state, event) => ({
    ...paused(state, 'MERGED', event.occurredAt),
    mergedInto: event.data.into,
  }),
  IncidentUnmerged: (state, event) => ({ ...resumed(state, event), mergedInto: null }),
  DuplicateJoined: (state, event) => ({ ...state, duplicates: [...state.duplicates, event.data.incidentId] }),
  DuplicateLeft: (state, event) => ({
    ...state,
    duplicates: state.duplicates.filter((id) => id !== event.data.incidentId),
  }),
};

function paused(state: IncidentState, lifecycle: 'SUSPENDED' | 'MERGED', at: string): IncidentState {
  const before = state.lifecycle === 'NONE' ? null : state.lifecycle;
  return { ...state, lifecycle, before, pausedAt: at };
}

function resumed(
  state: IncidentState,
  event: IncidentEventOf<'IncidentResumed' | 'IncidentUnmerged'>,
): IncidentState {
  const lifecycle = state.before ?? state.lifecycle;
  const { occurredAt } = event;
  return afterMoves({ ...state, ...unpaused(state, occurredAt), lifecycle }, event.data.moves, occurredAt);
}
