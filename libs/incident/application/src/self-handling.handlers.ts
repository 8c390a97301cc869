import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { CompleteSelfHandlingCommand, StartSelfHandlingCommand } from './incident.messages.js';

@CommandHandler(StartSelfHandlingCommand)
export class StartSelfHandlingHandler implements ICommandHandler<StartSelfHandlingCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: StartSelfHandlingCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'StartSelfHandling',
      origin,
      level: this.jurisdiction.selfHandlingLevel(state, request.level),
      handlingUnitId: context.actor.orgUnitId,
      note: request.note,
    }));
  }
}

@CommandHandler(CompleteSelfHandlingCommand)
export class CompleteSelfHandlingHandler implements ICommandHandler<CompleteSelfHandlingCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: CompleteSelfHandlingCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'CompleteSelfHandling',
      origin,
      ...request,
    }));
  }
}
