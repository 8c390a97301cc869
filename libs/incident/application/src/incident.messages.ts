import type {
  Location,
  ResponsibilityLevel,
  Satisfaction,
  Severity,
  Solved,
  WhistleKind,
} from '@shaoying/incident-domain';
import { Command } from '@nestjs/cqrs';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';

// What travels on the CommandBus: the request as the door understood it. Handlers turn it into domain commands.

export interface ReportedOutcome extends CommandOutcome {
  readonly receiptCode: string;
}

export interface WhistleOutcome extends CommandOutcome {
  readonly whistleId: string;
}

export class ReportIncidentCommand extends Command<ReportedOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly request: {
      readonly category: string;
      readonly severity: Severity;
      readonly description: string;
      readonly location: Location | null;
      readonly gridId: string | null;
      readonly estateId: string | null;
      readonly occurredAt: string | null;
      readonly channel: string;
      readonly reporter: { readonly name: string | null; readonly phone: string | null } | null;
      readonly anonymous: boolean;
      /** Files it in the same step. */
      readonly file: boolean;
    },
  ) {
    super();
  }
}

export class ImportIncidentCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly request: {
      readonly externalId: string;
      readonly category: string;
      readonly severity: Severity;
      readonly description: string;
      readonly location: Location | null;
      /** Finest unit known: an estate, community or street. */
      readonly orgUnitId: string | null;
      readonly channel: string;
      readonly departmentId: string;
      readonly whistlingUnitId: string | null;
      /** ISO 8601, UTC. */
      readonly openedAt: string;
      readonly targetAt: string | null;
      readonly closedAt: string | null;
    },
  ) {
    super();
  }
}

export class FileIncidentCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
  ) {
    super();
  }
}

export class StartSelfHandlingCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly request: { readonly level: ResponsibilityLevel | null; readonly note: string | null },
  ) {
    super();
  }
}

export class CompleteSelfHandlingCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly request: { readonly note: string | null; readonly evidence: readonly string[] },
  ) {
    super();
  }
}

export class BlowWhistleCommand extends Command<WhistleOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly request: {
      readonly kind: WhistleKind;
      readonly lead: string;
      readonly assists: readonly string[];
      readonly reason: string;
    },
  ) {
    super();
  }
}

export class AcknowledgeTaskCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly taskId: string,
  ) {
    super();
  }
}

export class CheckInCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly taskId: string,
    readonly request: {
      readonly occurredAt: string | null;
      readonly location: Location | null;
      readonly note: string | null;
      readonly evidence: readonly string[];
    },
  ) {
    super();
  }
}

export class CompleteTaskCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly taskId: string,
    readonly request: { readonly note: string | null; readonly evidence: readonly string[] },
  ) {
    super();
  }
}

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

export class CheckHandlingCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly request: {
      readonly result: 'PASS' | 'FAIL';
      readonly note: string;
      readonly evidence: readonly string[];
    },
  ) {
    super();
  }
}

export class RecordFeedbackCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly request: {
      readonly solved: Solved;
      readonly satisfaction: Satisfaction;
      readonly comment: string | null;
      /** Null: recorded by a callback operator. */
      readonly receiptCode: string | null;
    },
  ) {
    super();
  }
}

export class CloseIncidentCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
  ) {
    super();
  }
}
