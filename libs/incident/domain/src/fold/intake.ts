import { NO_INCIDENT, wordOf } from '../incident.state.js';
import { restarted, released } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const intakeFolds: FoldsOf<
  | 'IncidentReported'
  | 'ReportSupplemented'
  | 'IncidentLocated'
  | 'IncidentVerified'
  | 'IncidentRejected'
  | 'IncidentFiled'
  | 'IncidentWithdrawn'
  | 'IncidentVoided'
> = {
  IncidentReported: (state, event) => {
    const at = event.occurredAt;
    const { incidentId, category, severity, place, imported, receiptHash } = event.data;
    const { reportedBy, reporter, deadlines, evidence } = event.data;
    return {
      ...NO_INCIDENT,
      ...{ lifecycle: 'REPORTED', incidentId, category, severity, place, imported, receiptHash },
      ...{ reportedAt: at, reportedBy, reporterKnown: reporter !== null, cycle: 1, deadlines },
      ...{ subjects: reporter === null ? [] : [reporter.subjectId], photos: evidence },
    };
  },
  ReportSupplemented: (state, event) => ({ ...state, photos: [...state.photos, ...event.data.evidence] }),
  IncidentLocated: (state, event) => ({ ...state, place: event.data.place, lastWord: wordOf(event) }),
  IncidentVerified: (state) => ({ ...state, lifecycle: 'VERIFYING' }),
  IncidentRejected: (state) => ({ ...state, lifecycle: 'REJECTED' }),
  IncidentFiled: (state, event) => ({
    ...state,
    lifecycle: 'FILED',
    cycle: event.data.cycle,
    pins: event.data.pins,
    deadlines: restarted(state.deadlines, event.data.deadlines),
  }),
  IncidentWithdrawn: (state, event) =>
    event.data.goesOn
      ? { ...state, reporterWithdrew: true }
      : {
          ...state,
          // It may have been suspended: it goes back to nothing any more, and its clocks do not stand still should it be reopened.
          // No pause of what went on: nothing was moved by it.
          ...{ before: null, pausedAt: null },
          lifecycle: 'WITHDRAWN',
          reporterWithdrew: true,
          tasks: released(state, event.data.taskIds),
          whistles: state.whistles.map((whistle) =>
            whistle.state === 'BLOWN' || whistle.state === 'PROPOSED'
              ? { ...whistle, state: 'CANCELLED' }
              : whistle,
          ),
        },
  IncidentVoided: (state) => ({ ...state, lifecycle: 'VOIDED' }),
};
