import { wordOf, type IncidentState } from '../incident.state.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const flagFolds: FoldsOf<
  'ReporterFlagProposed' | 'ReporterFlagApproved' | 'ReporterFlagRefused' | 'ReporterFlagged'
> = {
  ReporterFlagProposed: (state, { data: { flagId, proposingUnitId, proposingRole, proposedBy } }) => ({
    ...state,
    reporterFlags: [
      ...state.reporterFlags,
      { flagId, proposingUnitId, proposingRole, proposedBy, decided: false },
    ],
  }),
  ReporterFlagApproved: (state, { data }) => decided(state, data.flagId),
  ReporterFlagRefused: (state, { data }) => decided(state, data.flagId),
  ReporterFlagged: (state, event) => ({ ...state, lastWord: wordOf(event) }),
};

const decided = (state: IncidentState, flagId: string): IncidentState => ({
  ...state,
  reporterFlags: state.reporterFlags.map((flag) =>
    flag.flagId === flagId ? { ...flag, decided: true } : flag,
  ),
});
