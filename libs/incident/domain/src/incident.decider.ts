import type { IncidentCommand } from './incident.commands.js';
import type { IncidentState } from './incident.state.js';
import { acknowledge } from './decider/acknowledging.js';
import { unansweredBefore } from './decider/breaches.js';
import { checkHandling, close, correctFeedback, recordFeedback, reopen } from './decider/closing.js';
import { type Decision, accept, refuse } from './decider/decision.js';
import {
  addDepartment,
  changeLead,
  releaseTask,
  requestRelease,
  transferTask,
  urge,
} from './decider/departments.js';
import { decideExtension, requestExtension } from './decider/extensions.js';
import { decideReporterFlag, flagReporter } from './decider/flags.js';
import {
  file,
  importCase,
  locate,
  reject,
  report,
  supplementReport,
  verify,
  voidIncident,
  withdraw,
} from './decider/intake.js';
import { markOverdue } from './decider/overdue.js';
import { joinDuplicate, leaveDuplicate, merge, resume, suspend, unmerge } from './decider/pausing.js';
import { forgetReporter, revealReporter } from './decider/persons.js';
import { rescheduleDeadlines } from './decider/rescheduling.js';
import { arbitrate, decideReturn, openArbitration, requestReturn } from './decider/returns.js';
import {
  completeSelfHandling,
  escalate,
  recordSelfHandlerContact,
  startSelfHandling,
} from './decider/self-handling.js';
import {
  decideAppeal,
  fileAppeal,
  issueSupervision,
  liftSupervision,
  respondToSupervision,
} from './decider/supervision.js';
import { checkIn, completeTask, recordContact, reportProgress } from './decider/tasks.js';
import { bookWork } from './decider/work-bookings.js';
import { approveWhistle, blowWhistle, cancelWhistle, evaluateTask } from './decider/whistles.js';

type Commands = { readonly [Command in IncidentCommand as Command['kind']]: Command };
type Deciders = {
  readonly [Kind in keyof Commands]: (state: IncidentState, command: Commands[Kind]) => Decision;
};

/** One decider for each command; the compiler asks for a new command's. */
const deciders: Deciders = {
  ReportIncident: report,
  ImportIncident: importCase,
  LocateIncident: locate,
  VerifyIncident: verify,
  SupplementReport: supplementReport,
  RejectIncident: reject,
  FileIncident: file,
  StartSelfHandling: startSelfHandling,
  RecordSelfHandlerContact: recordSelfHandlerContact,
  CompleteSelfHandling: completeSelfHandling,
  EscalateLevel: escalate,
  BlowWhistle: blowWhistle,
  ApproveWhistle: approveWhistle,
  CancelWhistle: cancelWhistle,
  EvaluateTask: evaluateTask,
  AcknowledgeTask: acknowledge,
  RecordContact: recordContact,
  CheckIn: checkIn,
  ReportProgress: reportProgress,
  CompleteTask: completeTask,
  BookWork: bookWork,
  RequestReturn: requestReturn,
  DecideReturn: decideReturn,
  OpenArbitration: openArbitration,
  Arbitrate: arbitrate,
  AddDepartment: addDepartment,
  ChangeLead: changeLead,
  RequestRelease: requestRelease,
  ReleaseTask: releaseTask,
  TransferTask: transferTask,
  UrgeTask: urge,
  RequestExtension: requestExtension,
  DecideExtension: decideExtension,
  MarkOverdue: markOverdue,
  RescheduleDeadlines: rescheduleDeadlines,
  CheckHandling: checkHandling,
  RecordFeedback: recordFeedback,
  CorrectFeedback: correctFeedback,
  CloseIncident: close,
  ReopenIncident: reopen,
  SuspendIncident: suspend,
  ResumeIncident: resume,
  MergeIncident: merge,
  UnmergeIncident: unmerge,
  JoinDuplicate: joinDuplicate,
  LeaveDuplicate: leaveDuplicate,
  WithdrawIncident: withdraw,
  VoidIncident: voidIncident,
  IssueSupervision: issueSupervision,
  RespondToSupervision: respondToSupervision,
  LiftSupervision: liftSupervision,
  FileAppeal: fileAppeal,
  DecideAppeal: decideAppeal,
  FlagReporter: flagReporter,
  DecideReporterFlag: decideReporterFlag,
  RevealReporter: revealReporter,
  ForgetReporter: forgetReporter,
};

/**
 * What a command means for an incident: events, none when nothing changes, or a refusal. Pure and total; sees its own
 * stream only. Rules: domain.md §3.2 and §3.3.
 */
export function decide(state: IncidentState, command: IncidentCommand): Decision {
  const opens = command.kind === 'ReportIncident' || command.kind === 'ImportIncident';
  if (state.lifecycle === 'NONE' && !opens) return refuse({ code: 'INCIDENT_NOT_FOUND' });
  // The table is exhaustive by type; TypeScript cannot relate the kind to its own decider's parameter.
  const decider = deciders[command.kind] as (state: IncidentState, command: IncidentCommand) => Decision;
  const decision = decider(state, command);
  return decision.refusal
    ? decision
    : accept(...unansweredBefore(state, decision.events), ...decision.events);
}
