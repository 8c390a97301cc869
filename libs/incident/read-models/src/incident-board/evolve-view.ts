import type { IncidentView } from './incident-view.js';
import { breach, changedDeadlines, moved, type Later, withTask } from './view-changes.js';
import { withStatuses } from './view-clocks.js';
import { afterHandling } from './view-closing.js';
import { stateAfter, type ViewEvent } from './view-events.js';
import { afterFlag } from './view-flags.js';
import { afterIntake, afterPause, newView } from './view-intake.js';
import { afterWordOfPerson } from './view-persons.js';
import { afterDispute, afterReassignment, lapsed } from './view-responsibility.js';
import { afterOrder } from './view-supervision.js';
import { afterAct, afterWhistle } from './view-whistles.js';

/** What everyone may see of an incident after one more event; null before it was reported. */
export function evolveView(view: IncidentView | null, event: ViewEvent): IncidentView | null {
  const next = evolved(view, event);
  return next && withStatuses(next);
}

/** The view after all of the given events. */
export function foldView(events: Iterable<ViewEvent>): IncidentView | null {
  let view: IncidentView | null = null;
  for (const event of events) view = evolved(view, event);
  // Once for all: nothing asks how a deadline stands in between.
  return view && withStatuses(view);
}

function evolved(view: IncidentView | null, event: ViewEvent): IncidentView | null {
  if (event.type === 'IncidentReported') return newView(event);
  if (view === null) return null;
  const standing = { ...view, state: stateAfter(event) ?? view.state, revision: event.revision };
  return afterDecision(standing, event, view.state);
}

function afterDecision(view: IncidentView, event: Later, before: IncidentView['state']): IncidentView {
  const at = event.occurredAt;
  switch (event.type) {
    case 'IncidentLocated':
    case 'IncidentVerified':
    case 'IncidentRejected':
    case 'IncidentFiled':
    case 'SelfHandlingStarted':
    case 'ReporterContactedBySelfHandler':
    case 'IncidentEscalated':
    case 'IncidentWithdrawn':
    case 'IncidentVoided':
    case 'DuplicateJoined':
    case 'DuplicateLeft':
      return afterIntake(view, event, at);
    case 'IncidentSuspended':
    case 'SuspensionRenewed':
    case 'IncidentResumed':
    case 'IncidentMerged':
    case 'IncidentUnmerged':
      return afterPause(view, event, before);
    case 'WhistleProposed':
    case 'WhistleApproved':
    case 'WhistleRefused':
    case 'WhistleBlown':
    case 'WhistleRatified':
    case 'WhistleFlagged':
    case 'WhistleCancelled':
    case 'TaskEvaluated':
      return afterWhistle(view, event, at);
    case 'ReturnRequested':
    case 'ReturnAccepted':
    case 'ReturnRejected':
    case 'ArbitrationOpened':
    case 'ResponsibilityDecided':
      return afterDispute(view, event, at);
    case 'DepartmentAdded':
    case 'LeadChanged':
    case 'ReleaseRequested':
    case 'TaskReleased':
    case 'TaskTransferred':
    case 'ExtensionRequested':
    case 'ExtensionGranted':
    case 'ExtensionRefused':
      return afterReassignment(view, event, at);
    case 'TaskAcknowledged':
    case 'DepartmentCheckedIn':
    case 'ReporterContacted':
    case 'ProgressReported':
    case 'TaskStageCompleted':
    case 'TaskUrged':
    case 'WorkBooked':
      return withTask(view, event.data.taskId, (task) => afterAct(task, event, at));
    case 'TaskCompleted':
      return withTask(lapsed(view, event.data.taskId), event.data.taskId, (task) =>
        afterAct(task, event, at),
      );
    case 'TaskOverdue':
    case 'IncidentOverdue':
      return changedDeadlines(view, (deadlines) => breach(deadlines, event.data.deadlineId));
    case 'SupervisionIssued':
    case 'SupervisionResponded':
    case 'SupervisionLifted':
      return afterOrder(view, event, at);
    case 'DeadlinesRescheduled':
      return moved({ ...view, pins: event.data.pins ?? view.pins }, event.data.moves);
    case 'PersonalDataSealed':
    case 'ReporterIdentityRevealed':
    case 'ReporterForgotten':
      return afterWordOfPerson(view, event, at);
    case 'DeadlineWarned':
    case 'EvidenceFlagged':
    case 'ReportSupplemented':
      return view;
    case 'ReporterFlagProposed':
    case 'ReporterFlagApproved':
    case 'ReporterFlagRefused':
    case 'ReporterFlagged':
      return afterFlag(view, event, at);
    default:
      return afterHandling(view, event, at);
  }
}
