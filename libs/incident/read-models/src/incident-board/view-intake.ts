import { higherLevel } from '@shaoying/incident-domain';
import type { CycleView, IncidentView } from './incident-view.js';
import {
  kept,
  moved,
  opened,
  released,
  restarted,
  isWhistled,
  settle,
  type OneOf,
  type Reported,
} from './view-changes.js';
import { sealedFor } from './view-persons.js';

// An incident from its report to its filing, where it lies, and while it stands still.

export function newView(event: Reported): IncidentView {
  const { data } = event;
  const { category, severity, description, location, channel, anonymous, imported, externalId } = data;
  return {
    ...{ id: data.incidentId, state: 'REPORTED', before: null, revision: event.revision },
    ...{ category, severity, description, location, ...data.place, channel, anonymous, imported, externalId },
    ...{ recurrenceOf: data.recurrenceOf, reportedAt: event.occurredAt, verifiedAt: null, filedAt: null },
    ...{ dispatchedAt: null, contactedAt: null, contactedLate: null, ratedAt: null, closedAt: null },
    ...{ feedbackUntil: null, reopenUntil: null },
    ...{ appealUntil: null, mode: null, handlingUnitId: null, parties: [], cycle: 1, rework: 0 },
    ...{ level: null, resolutionLevel: null, pins: null, rejected: null, withdrawn: null, voided: null },
    ...{ suspension: null, mergedInto: null, duplicates: [], deadlines: data.deadlines.map(opened) },
    ...{ whistles: [], tasks: [], returns: [], arbitrations: [], extensions: [], supervisions: [] },
    ...{ cycles: [], checks: [], feedback: [], feedbackCorrections: [], escalations: [], locations: [] },
    ...{ appeals: [], reporterFlags: [], lostTime: [], reporter: sealedFor(null, data.reporter) },
  };
}

type IntakeEvent = OneOf<
  | 'IncidentLocated'
  | 'IncidentVerified'
  | 'IncidentRejected'
  | 'IncidentFiled'
  | 'SelfHandlingStarted'
  | 'ReporterContactedBySelfHandler'
  | 'IncidentEscalated'
  | 'IncidentWithdrawn'
  | 'IncidentVoided'
  | 'DuplicateJoined'
  | 'DuplicateLeft'
>;

export function afterIntake(view: IncidentView, event: IntakeEvent, at: string): IncidentView {
  switch (event.type) {
    case 'IncidentLocated': {
      const { location, place, method, gridMapId, gridMapVersion, suggestedDepartmentId, reason } =
        event.data;
      const found = { at, method, gridId: place.gridId, gridMapId, gridMapVersion, suggestedDepartmentId };
      return { ...view, location, ...place, locations: kept(view.locations, { ...found, reason }) };
    }
    case 'IncidentVerified':
      return { ...view, verifiedAt: at, deadlines: settle(view.deadlines, ['VERIFY'], at) };
    case 'IncidentRejected': {
      const { reasonCode, reason, notice } = event.data;
      const rejected = { at, reasonCode, reason, notice };
      return { ...view, rejected, deadlines: settle(view.deadlines, ['VERIFY'], at) };
    }
    case 'IncidentFiled': {
      const { cycle, pins, deadlines } = event.data;
      const entry: CycleView = {
        ...{ cycle, filedAt: at, handlingCompletedAt: null, closedAt: null, resolutionLevel: null },
        ...{ reopenedAt: null, reopenedBy: null },
      };
      const standing = restarted(settle(view.deadlines, ['VERIFY'], at), deadlines);
      return { ...view, filedAt: at, cycle, pins, deadlines: standing, cycles: kept(view.cycles, entry) };
    }
    case 'SelfHandlingStarted': {
      const { level, handlingUnitId, parties } = event.data;
      return dispatched(
        { ...view, mode: 'SELF', handlingUnitId, parties },
        at,
        higherLevel(view.level, level),
      );
    }
    case 'ReporterContactedBySelfHandler':
      if (!event.data.reached) return view;
      return {
        ...{ ...view, contactedAt: at, contactedLate: event.data.late },
        deadlines: isWhistled(view) ? view.deadlines : settle(view.deadlines, ['CONTACT'], at),
      };
    case 'IncidentEscalated': {
      const { from, to, unitId, reason } = event.data;
      const escalations = kept(view.escalations, { at, from, to, unitId, reason });
      return { ...view, mode: null, level: higherLevel(view.level, to), escalations };
    }
    case 'IncidentWithdrawn': {
      const { goesOn, taskIds } = event.data;
      if (goesOn) return { ...view, withdrawn: { at, goesOn } };
      const release = { reasonCode: 'WITHDRAWN', reason: null, counted: false } as const;
      const whistles = view.whistles.map((whistle) =>
        whistle.state === 'BLOWN' || whistle.state === 'PROPOSED'
          ? ({ ...whistle, state: 'CANCELLED', endedAt: at } as const)
          : whistle,
      );
      // It may have been suspended.
      const ended = { ...view, whistles, before: null, suspension: null };
      return { ...released(ended, taskIds, at, release), withdrawn: { at, goesOn } };
    }
    case 'IncidentVoided':
      return { ...view, voided: { at, reason: event.data.reason } };
    case 'DuplicateJoined':
      return { ...view, duplicates: kept(view.duplicates, event.data.incidentId) };
    case 'DuplicateLeft':
      return { ...view, duplicates: view.duplicates.filter((id) => id !== event.data.incidentId) };
  }
}

export function dispatched(view: IncidentView, at: string, level: IncidentView['level']): IncidentView {
  const deadlines = settle(view.deadlines, ['DISPATCH'], at);
  return { ...view, level, dispatchedAt: view.dispatchedAt ?? at, deadlines };
}

type PauseEvent = OneOf<
  'IncidentSuspended' | 'SuspensionRenewed' | 'IncidentResumed' | 'IncidentMerged' | 'IncidentUnmerged'
>;

export function afterPause(
  view: IncidentView,
  event: PauseEvent,
  before: IncidentView['state'],
): IncidentView {
  const at = event.occurredAt;
  switch (event.type) {
    case 'IncidentSuspended': {
      const { reasonCode, reason, reviewAt, usedPercent, deadlines } = event.data;
      const suspension = { reasonCode, reason, since: at, reviewAt, renewals: 0, usedPercent };
      return { ...view, before, suspension, deadlines: restarted(view.deadlines, deadlines) };
    }
    case 'SuspensionRenewed': {
      const { reason, reviewAt, deadlines } = event.data;
      const { suspension } = view;
      const renewed = suspension && { ...suspension, reason, reviewAt, renewals: suspension.renewals + 1 };
      return { ...view, suspension: renewed, deadlines: restarted(view.deadlines, deadlines) };
    }
    case 'IncidentMerged':
      return { ...view, before, mergedInto: event.data.into };
    case 'IncidentResumed':
    case 'IncidentUnmerged': {
      const deadlines = settle(
        view.deadlines,
        event.type === 'IncidentResumed' ? ['SUSPENSION_REVIEW'] : [],
        at,
      );
      const resumed = { ...view, state: view.before ?? view.state, before: null, deadlines };
      return moved({ ...resumed, suspension: null, mergedInto: null }, event.data.moves);
    }
  }
}
