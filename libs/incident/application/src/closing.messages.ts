import { Command } from '@nestjs/cqrs';
import type { CheckHandling, RecordFeedback } from '@shaoying/incident-domain';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';
import { IncidentMessage, IncidentRequest } from './incident.messages.js';

/** Sent by the timers role when a deadline's alarm fires, and again by its sweeper. */
export class MarkOverdueCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly deadlineId: string,
  ) {
    super();
  }
}

export class CheckHandlingCommand extends IncidentRequest<
  Pick<CheckHandling, 'result' | 'note' | 'evidence'>
> {}

type Feedback = Pick<RecordFeedback, 'solved' | 'satisfaction' | 'comment'> & {
  /** Null: recorded by a callback operator. */
  readonly receiptCode: string | null;
};

export class RecordFeedbackCommand extends IncidentRequest<Feedback> {}

export class CorrectFeedbackCommand extends IncidentRequest<Feedback & { readonly reason: string }> {}

export class CloseIncidentCommand extends IncidentMessage {}

/** A department that handled the incident before and no longer exists. */
export interface EndedDepartment {
  readonly departmentId: string;
  readonly successors: readonly string[];
}

export interface ReopenedOutcome extends CommandOutcome {
  /** For whoever blows the next whistle. */
  readonly endedDepartments: readonly EndedDepartment[];
}

export class ReopenIncidentCommand extends IncidentRequest<
  {
    readonly reason: string;
    /** Null: reopened by an office. */
    readonly receiptCode: string | null;
  },
  ReopenedOutcome
> {}
