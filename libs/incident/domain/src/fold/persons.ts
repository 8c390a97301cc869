import { wordOf } from '../incident.state.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const personFolds: FoldsOf<'PersonalDataSealed' | 'ReporterIdentityRevealed' | 'ReporterForgotten'> = {
  PersonalDataSealed: (state, { data: { fields, sealed } }) => ({
    ...state,
    subjects: state.subjects.includes(sealed.subjectId)
      ? state.subjects
      : [...state.subjects, sealed.subjectId],
    homeSealed: state.homeSealed || fields.includes('LOCATION'),
  }),
  ReporterIdentityRevealed: (state, event) => ({ ...state, lastWord: wordOf(event) }),
  ReporterForgotten: (state, { data: { subjectIds } }) => ({
    ...state,
    // Nobody is left who could be told or called.
    reporterKnown: false,
    reporterForgotten: true,
    subjects: state.subjects.filter((subjectId) => !subjectIds.includes(subjectId)),
  }),
};
