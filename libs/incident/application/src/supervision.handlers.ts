import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import {
  DecideAppealCommand,
  FileAppealCommand,
  IssueSupervisionCommand,
  LiftSupervisionCommand,
  RespondToSupervisionCommand,
} from './supervision.messages.js';

@CommandHandler(IssueSupervisionCommand)
export class IssueSupervisionHandler implements ICommandHandler<IssueSupervisionCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: IssueSupervisionCommand): Promise<CommandOutcome> {
    const { commandId } = context;
    const { taskId, level, reason } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'IssueSupervision',
      ...{ origin, taskId, level, reason },
      supervisionId: uuidV5(commandId, 'supervision'),
      notify: request.notify ?? [taskId === null ? 'street-office' : 'department'],
      deadlines: this.jurisdiction.clocks.response(state, taskId, origin.now, commandId),
    }));
  }
}

@CommandHandler(RespondToSupervisionCommand)
export class RespondToSupervisionHandler implements ICommandHandler<RespondToSupervisionCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: RespondToSupervisionCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'RespondToSupervision',
      origin,
      ...request,
    }));
  }
}

@CommandHandler(LiftSupervisionCommand)
export class LiftSupervisionHandler implements ICommandHandler<LiftSupervisionCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: LiftSupervisionCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'LiftSupervision',
      origin,
      ...request,
    }));
  }
}

@CommandHandler(FileAppealCommand)
export class FileAppealHandler implements ICommandHandler<FileAppealCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: FileAppealCommand): Promise<CommandOutcome> {
    const appealId = uuidV5(context.commandId, 'appeal');
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'FileAppeal',
      ...{ origin, appealId },
      ...request,
    }));
  }
}

@CommandHandler(DecideAppealCommand)
export class DecideAppealHandler implements ICommandHandler<DecideAppealCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: DecideAppealCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'DecideAppeal',
      origin,
      ...request,
    }));
  }
}
