import * as closing from './closing.handlers.js';
import * as handling from './handling.handlers.js';
import * as intake from './intake.handlers.js';
import * as merging from './merging.handlers.js';
import * as persons from './persons.handlers.js';
import * as rescheduling from './rescheduling.handlers.js';
import * as returns from './return.handlers.js';
import * as supervision from './supervision.handlers.js';
import * as suspension from './suspension.handlers.js';
import * as tasks from './task.handlers.js';
import * as transfer from './transfer.handlers.js';
import * as whistles from './whistle.handlers.js';

export * from './access/access-policy.js';
export * from './access/sight.js';
export * from './call-records.js';
export * from './closing.handlers.js';
export * from './closing.messages.js';
export * from './evidence-captures.js';
export * from './handling.handlers.js';
export * from './handling.messages.js';
export * from './incident.clocks.js';
export * from './incident.command-service.js';
export * from './incident.errors.js';
export * from './incident.jurisdiction.js';
export * from './incident.rescheduling.js';
export { evidenceTolerance } from './incident.tolerance.js';
export * from './intake.handlers.js';
export * from './intake.messages.js';
export * from './merge-watch.js';
export * from './merging.handlers.js';
export * from './persons.handlers.js';
export * from './persons.messages.js';
export * from './provisional-watch.js';
export * from './receipt-codes.js';
export * from './reporter-photos.js';
export * from './reporter-vault.js';
export * from './rescheduling.handlers.js';
export * from './rescheduling.messages.js';
export * from './return.handlers.js';
export * from './return.messages.js';
export * from './supervision.handlers.js';
export * from './supervision.messages.js';
export * from './suspension.handlers.js';
export * from './suspension.messages.js';
export * from './task.handlers.js';
export * from './task.messages.js';
export * from './transfer.handlers.js';
export * from './whistle.handlers.js';
export * from './what-if/index.js';
export * from './whistle.messages.js';

/** Providers for the CqrsModule of whatever process carries out commands. */
export const incidentCommandHandlers = [
  intake.ReportIncidentHandler,
  intake.SupplementReportHandler,
  intake.ImportIncidentHandler,
  intake.LocateIncidentHandler,
  intake.VerifyIncidentHandler,
  intake.RejectIncidentHandler,
  intake.FileIncidentHandler,
  intake.WithdrawIncidentHandler,
  intake.VoidIncidentHandler,
  intake.FlagReporterHandler,
  intake.DecideReporterFlagHandler,
  persons.RevealReporterHandler,
  persons.ForgetReporterHandler,
  handling.StartSelfHandlingHandler,
  handling.RecordSelfHandlerContactHandler,
  handling.CompleteSelfHandlingHandler,
  handling.EscalateLevelHandler,
  whistles.BlowWhistleHandler,
  whistles.ApproveWhistleHandler,
  whistles.CancelWhistleHandler,
  whistles.EvaluateTaskHandler,
  whistles.AddDepartmentHandler,
  whistles.ChangeLeadHandler,
  tasks.AcknowledgeTaskHandler,
  tasks.RecordContactHandler,
  tasks.CheckInHandler,
  tasks.ReportProgressHandler,
  tasks.CompleteTaskHandler,
  tasks.RequestReleaseHandler,
  tasks.ReleaseTaskHandler,
  tasks.BookWorkHandler,
  tasks.UrgeTaskHandler,
  transfer.TransferTaskHandler,
  transfer.TransferOpenTasksHandler,
  returns.RequestReturnHandler,
  returns.DecideReturnHandler,
  returns.OpenArbitrationHandler,
  returns.ArbitrateHandler,
  returns.RequestExtensionHandler,
  returns.DecideExtensionHandler,
  rescheduling.FixProvisionalDeadlinesHandler,
  rescheduling.MoveOpenDeadlinesHandler,
  closing.MarkOverdueHandler,
  closing.CheckHandlingHandler,
  closing.RecordFeedbackHandler,
  closing.CorrectFeedbackHandler,
  closing.CloseIncidentHandler,
  closing.ReopenIncidentHandler,
  suspension.SuspendIncidentHandler,
  suspension.ResumeIncidentHandler,
  merging.MergeIncidentHandler,
  merging.UnmergeIncidentHandler,
  merging.SettleMergeHandler,
  supervision.IssueSupervisionHandler,
  supervision.RespondToSupervisionHandler,
  supervision.LiftSupervisionHandler,
  supervision.FileAppealHandler,
  supervision.DecideAppealHandler,
];
