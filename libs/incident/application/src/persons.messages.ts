import type { Location, RevealReporter } from '@shaoying/incident-domain';
import type { CommandOutcome } from './incident.command-service.js';
import { IncidentMessage, IncidentRequest } from './incident.messages.js';

/** What is told of a reporter; null where it was not asked for, or never given. */
export interface RevealedReporter {
  readonly name: string | null;
  readonly phone: string | null;
  readonly description: string | null;
  readonly note: string | null;
  readonly location: Location | null;
  readonly comments: readonly string[];
}

export interface RevealedOutcome extends CommandOutcome {
  readonly reporter: RevealedReporter;
}

export class RevealReporterCommand extends IncidentRequest<
  Pick<RevealReporter, 'purpose' | 'reason' | 'fields'>,
  RevealedOutcome
> {}

export interface ForgottenOutcome extends CommandOutcome {
  /** Of whom nothing can be read any more. */
  readonly subjectIds: readonly string[];
}

export class ForgetReporterCommand extends IncidentMessage<ForgottenOutcome> {}
