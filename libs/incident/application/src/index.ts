import { CheckHandlingHandler, CloseIncidentHandler, RecordFeedbackHandler } from './closing.handlers.js';
import { FileIncidentHandler, ImportIncidentHandler, ReportIncidentHandler } from './intake.handlers.js';
import { CompleteSelfHandlingHandler, StartSelfHandlingHandler } from './self-handling.handlers.js';
import {
  AcknowledgeTaskHandler,
  BlowWhistleHandler,
  CheckInHandler,
  CompleteTaskHandler,
  MarkOverdueHandler,
} from './whistle.handlers.js';

export * from './closing.handlers.js';
export * from './intake.handlers.js';
export * from './self-handling.handlers.js';
export * from './whistle.handlers.js';
export * from './incident.command-service.js';
export * from './incident.jurisdiction.js';
export * from './incident.errors.js';
export * from './incident.messages.js';
export * from './receipt-codes.js';
export * from './reporter-vault.js';

/** Providers for the CqrsModule of whatever process carries out commands. */
export const incidentCommandHandlers = [
  ReportIncidentHandler,
  FileIncidentHandler,
  ImportIncidentHandler,
  StartSelfHandlingHandler,
  CompleteSelfHandlingHandler,
  BlowWhistleHandler,
  AcknowledgeTaskHandler,
  CheckInHandler,
  CompleteTaskHandler,
  MarkOverdueHandler,
  CheckHandlingHandler,
  RecordFeedbackHandler,
  CloseIncidentHandler,
];
