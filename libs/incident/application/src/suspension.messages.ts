import { Command } from '@nestjs/cqrs';
import type { MergeIncident, ResumeIncident, SuspendIncident } from '@shaoying/incident-domain';
import type { CommandContext } from './incident.command-service.js';
import { IncidentRequest } from './incident.messages.js';

export class SuspendIncidentCommand extends IncidentRequest<
  Pick<SuspendIncident, 'reasonCode' | 'reason' | 'reviewAt'>
> {}

/** Resumes, or with another review date stays suspended until then. */
export class ResumeIncidentCommand extends IncidentRequest<Pick<ResumeIncident, 'reason' | 'renewUntil'>> {}

export class MergeIncidentCommand extends IncidentRequest<
  Pick<MergeIncident, 'into' | 'reason' | 'keepDepartments'>
> {}

export class UnmergeIncidentCommand extends IncidentRequest<{ readonly reason: string }> {}

/**
 * Makes a merge whole that stopped between its two streams: completed where the duplicate says that it is one, else
 * undone. Answers whether anything was missing.
 */
export class SettleMergeCommand extends Command<boolean> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly into: string,
  ) {
    super();
  }
}
