import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { ReviewTooFar } from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { ResumeIncidentCommand, SuspendIncidentCommand } from './suspension.messages.js';

/** A matter that nobody looks at for more than a year is not suspended but forgotten. */
const reviewMsMax = 366 * 24 * 3_600_000;

function assertReviewable(reviewAt: string, now: string): void {
  if (Date.parse(reviewAt) - Date.parse(now) > reviewMsMax) throw new ReviewTooFar();
}

@CommandHandler(SuspendIncidentCommand)
export class SuspendIncidentHandler implements ICommandHandler<SuspendIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: SuspendIncidentCommand): Promise<CommandOutcome> {
    const { clocks } = this.jurisdiction;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      assertReviewable(request.reviewAt, origin.now);
      return {
        kind: 'SuspendIncident',
        origin,
        ...request,
        ...clocks.usedOfTotal(state, origin.now),
        deadlines: [clocks.review(state, origin.now, request.reviewAt, context.commandId)],
      };
    });
  }
}

@CommandHandler(ResumeIncidentCommand)
export class ResumeIncidentHandler implements ICommandHandler<ResumeIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: ResumeIncidentCommand): Promise<CommandOutcome> {
    const { clocks } = this.jurisdiction;
    const { renewUntil } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      if (renewUntil !== null) assertReviewable(renewUntil, origin.now);
      return {
        kind: 'ResumeIncident',
        origin,
        ...request,
        deadlines:
          renewUntil === null ? [] : [clocks.review(state, origin.now, renewUntil, context.commandId)],
        moves: renewUntil === null ? clocks.afterPause(state, origin.now) : [],
      };
    });
  }
}
