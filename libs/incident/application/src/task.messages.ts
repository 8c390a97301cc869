import { Command } from '@nestjs/cqrs';
import type {
  BookWork,
  Location,
  RecordContact,
  ReleaseTask,
  ReportProgress,
} from '@shaoying/incident-domain';
import type { CommandTrace } from './call-records.js';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';
import { TaskRequest } from './incident.messages.js';

export class AcknowledgeTaskCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly taskId: string,
  ) {
    super();
  }
}

export class RecordContactCommand extends TaskRequest<Pick<RecordContact, 'reached' | 'note'>> {}

export class CheckInCommand extends TaskRequest<{
  readonly occurredAt: string | null;
  readonly location: Location | null;
  readonly note: string | null;
  readonly evidence: readonly string[];
}> {}

export class ReportProgressCommand extends TaskRequest<
  Pick<ReportProgress, 'note' | 'stage' | 'evidence'> & Partial<Pick<ReportProgress, 'workedMinutes'>>
> {}

export class CompleteTaskCommand extends TaskRequest<{
  readonly note: string | null;
  readonly evidence: readonly string[];
  readonly workedMinutes?: number | null;
}> {}

export class BookWorkCommand extends TaskRequest<Pick<BookWork, 'workedMinutes' | 'note'>> {}

export class RequestReleaseCommand extends TaskRequest<{ readonly reason: string }> {}

export class ReleaseTaskCommand extends TaskRequest<Pick<ReleaseTask, 'reasonCode' | 'reason'>> {}

export class UrgeTaskCommand extends TaskRequest<{ readonly note: string | null }> {}

/** Moves one task to the unit that has taken over from its department. */
export class TransferTaskCommand extends TaskRequest<{ readonly to: string; readonly reason: string }> {}

/** What moving the open tasks of a department that ended has done. */
export interface TransferOutcome {
  readonly departmentId: string;
  readonly to: string;
  readonly moved: readonly MovedTask[];
  /** Tasks that could not be moved, each with the code of the refusal. */
  readonly refused: readonly (MovedTask & { readonly code: string })[];
  /** The last task that was looked at, where there are more behind it: the next call goes on from there. */
  readonly next: TaskPlace | null;
}

/** Where a task stands in the queue of its department. */
export interface TaskPlace {
  readonly notifiedAt: string;
  readonly taskId: string;
}

export interface MovedTask {
  readonly incidentId: string;
  readonly taskId: string;
}

export class TransferOpenTasksCommand extends Command<TransferOutcome & CommandTrace> {
  constructor(
    readonly context: CommandContext,
    readonly departmentId: string,
    /** `after`: goes on behind what an earlier call has looked at. */
    readonly request: {
      readonly to: string | null;
      readonly reason: string;
      readonly after: TaskPlace | null;
    },
  ) {
    super();
  }
}
