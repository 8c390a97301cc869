import { Command } from '@nestjs/cqrs';
import type {
  DecideReporterFlag,
  FlagReporter,
  Location,
  RejectIncident,
  Severity,
  VerifyIncident,
  VoidIncident,
} from '@shaoying/incident-domain';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';
import { IncidentMessage, IncidentRequest } from './incident.messages.js';

export interface ReportedOutcome extends CommandOutcome {
  readonly receiptCode: string;
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
      /** For whoever has the matter in hand, and sealed for everybody else. */
      readonly privateNote?: string | null;
      /** What of the report itself is personal: recorded sealed, where it lies coarsely; photos told like the reporter. */
      readonly personal?: readonly ('DESCRIPTION' | 'LOCATION' | 'PHOTOS')[];
      /** An earlier incident that it is a recurrence of. */
      readonly recurrenceOf?: string | null;
      /** SHA-256 of photos, sent before or after the report. */
      readonly evidence?: readonly string[];
      /** Files it in the same step. */
      readonly file: boolean;
    },
  ) {
    super();
  }
}

/** By the receipt code: nobody else adds to a report. */
export class SupplementReportCommand extends IncidentRequest<{
  readonly receiptCode: string;
  readonly sha256: string;
  /** Keeps the photo; done once it is known that it would be taken, and before it is recorded. */
  readonly keep: () => Promise<void>;
  /** Undoes that. */
  readonly takeBack: () => Promise<void>;
}> {}

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

export class LocateIncidentCommand extends IncidentRequest<{
  readonly location: Location | null;
  readonly gridId: string | null;
  readonly estateId: string | null;
  readonly reason: string | null;
}> {}

export class VerifyIncidentCommand extends IncidentRequest<Pick<VerifyIncident, 'note' | 'evidence'>> {}

export class RejectIncidentCommand extends IncidentRequest<
  Pick<RejectIncident, 'reasonCode' | 'reason' | 'notice'>
> {}

export class FileIncidentCommand extends IncidentMessage {}

export class WithdrawIncidentCommand extends IncidentRequest<{
  readonly reason: string | null;
  readonly receiptCode: string | null;
}> {}

export class VoidIncidentCommand extends IncidentRequest<Pick<VoidIncident, 'reason'>> {}

/** Many reports of the same hand, or made up ones; said, never a reason to drop a report. */
export class FlagReporterCommand extends IncidentRequest<Pick<FlagReporter, 'reason'>> {}

export class DecideReporterFlagCommand extends IncidentRequest<
  Pick<DecideReporterFlag, 'flagId' | 'approve' | 'reason'>
> {}
