import type { IncidentView, ReporterFlagView } from './incident-view.js';
import { kept, type OneOf } from './view-changes.js';

// What offices say of the reporter, and whether others agree.

type FlagEvent = OneOf<
  'ReporterFlagProposed' | 'ReporterFlagApproved' | 'ReporterFlagRefused' | 'ReporterFlagged'
>;

const UNDECIDED = { decidedAt: null, decidingUnitId: null, decisionReason: null };

export function afterFlag(view: IncidentView, event: FlagEvent, at: string): IncidentView {
  switch (event.type) {
    case 'ReporterFlagProposed': {
      const { flagId, proposingUnitId, reason } = event.data;
      const flag = {
        flagId,
        proposingUnitId,
        reason,
        proposedAt: at,
        outcome: 'OPEN',
        ...UNDECIDED,
      } as const;
      return { ...view, reporterFlags: kept(view.reporterFlags, flag) };
    }
    case 'ReporterFlagApproved': {
      const { flagId, approvingUnitId, reason } = event.data;
      const decision = { decidedAt: at, decidingUnitId: approvingUnitId, decisionReason: reason };
      return withFlag(view, flagId, { outcome: 'APPROVED', ...decision });
    }
    case 'ReporterFlagRefused': {
      const { flagId, refusingUnitId, reason } = event.data;
      const decision = { decidedAt: at, decidingUnitId: refusingUnitId, decisionReason: reason };
      return withFlag(view, flagId, { outcome: 'REFUSED', ...decision });
    }
    case 'ReporterFlagged': {
      const { unitId, reason } = event.data;
      const flag = { flagId: null, proposingUnitId: unitId, reason, proposedAt: at } as const;
      return {
        ...view,
        reporterFlags: kept(view.reporterFlags, { ...flag, outcome: 'NOT_NEEDED', ...UNDECIDED }),
      };
    }
  }
}

const withFlag = (view: IncidentView, flagId: string, decision: Partial<ReporterFlagView>): IncidentView => ({
  ...view,
  reporterFlags: view.reporterFlags.map((flag) => (flag.flagId === flagId ? { ...flag, ...decision } : flag)),
});
