import { higherLevel, wordOf } from '../incident.state.js';
import { restarted, handledBy } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const handlingFolds: FoldsOf<
  | 'SelfHandlingStarted'
  | 'ReporterContactedBySelfHandler'
  | 'IncidentEscalated'
  | 'HandlingCompleted'
  | 'EvidenceFlagged'
> = {
  SelfHandlingStarted: (state, event) => {
    const { handlingUnitId, level } = event.data;
    return {
      ...state,
      lifecycle: 'HANDLING',
      mode: 'SELF',
      dispatched: true,
      level: higherLevel(state.level, level),
      ...handledBy(state, handlingUnitId === null ? [] : [handlingUnitId]),
    };
  },
  ReporterContactedBySelfHandler: (state, event) => ({
    ...state,
    contacted: state.contacted || event.data.reached,
    lastWord: wordOf(event),
  }),
  IncidentEscalated: (state, event) => ({
    ...state,
    lifecycle: 'FILED',
    mode: null,
    level: higherLevel(state.level, event.data.to),
    escalatedTo: event.data.to,
  }),
  HandlingCompleted: (state, event) => ({
    ...state,
    lifecycle: 'CHECKING',
    deadlines: restarted(state.deadlines, event.data.deadlines),
    whistles: state.whistles.map((whistle) =>
      whistle.state === 'BLOWN' ? { ...whistle, state: 'COMPLETED' } : whistle,
    ),
  }),
  /** A mark on a photo; what came of the act it was offered for stays as it is. */
  EvidenceFlagged: (state) => state,
};
