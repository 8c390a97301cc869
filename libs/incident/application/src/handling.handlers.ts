import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { capturedBy, EvidenceCaptures } from './evidence-captures.js';
import {
  CompleteSelfHandlingCommand,
  EscalateLevelCommand,
  RecordSelfHandlerContactCommand,
  StartSelfHandlingCommand,
} from './handling.messages.js';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';

@CommandHandler(StartSelfHandlingCommand)
export class StartSelfHandlingHandler implements ICommandHandler<StartSelfHandlingCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: StartSelfHandlingCommand): Promise<CommandOutcome> {
    const { note, parties = [] } = request;
    const { actor } = context;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'StartSelfHandling',
      ...{ origin, parties, note },
      level: this.jurisdiction.selfHandlingLevel(state, actor, request),
      handlingUnitId: actor.orgUnitId,
    }));
  }
}

@CommandHandler(RecordSelfHandlerContactCommand)
export class RecordSelfHandlerContactHandler implements ICommandHandler<RecordSelfHandlerContactCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: RecordSelfHandlerContactCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'RecordSelfHandlerContact',
      origin,
      ...request,
    }));
  }
}

@CommandHandler(CompleteSelfHandlingCommand)
export class CompleteSelfHandlingHandler implements ICommandHandler<CompleteSelfHandlingCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly captures: EvidenceCaptures,
  ) {}

  async execute({ context, incidentId, request }: CompleteSelfHandlingCommand): Promise<CommandOutcome> {
    const { clocks } = this.jurisdiction;
    const captured = await capturedBy(this.captures, request.evidence, context.actor);
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'CompleteSelfHandling',
      origin,
      ...request,
      ...captured,
      deadlines: clocks.start('CHECK', { matter: state, at: origin.now }, context.commandId),
    }));
  }
}

@CommandHandler(EscalateLevelCommand)
export class EscalateLevelHandler implements ICommandHandler<EscalateLevelCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: EscalateLevelCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'EscalateLevel',
      origin,
      ...request,
    }));
  }
}
