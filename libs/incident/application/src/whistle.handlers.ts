import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import {
  AcknowledgeTaskCommand,
  BlowWhistleCommand,
  CheckInCommand,
  CompleteTaskCommand,
  MarkOverdueCommand,
  type WhistleOutcome,
} from './incident.messages.js';
import { claimTolerance } from './incident.tolerance.js';

@CommandHandler(BlowWhistleCommand)
export class BlowWhistleHandler implements ICommandHandler<BlowWhistleCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  async execute({ context, incidentId, request }: BlowWhistleCommand): Promise<WhistleOutcome> {
    const { commandId } = context;
    const { kind, lead, assists, reason } = request;
    const whistleId = uuidV5(commandId, 'whistle');
    const summoned = [
      { departmentId: lead, role: 'LEAD' as const },
      ...assists.map((departmentId) => ({ departmentId, role: 'ASSIST' as const })),
    ];
    const outcome = await this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'BlowWhistle',
      ...{ origin, whistleId, whistle: kind, reason },
      tasks: summoned.map(({ departmentId, role }) =>
        this.jurisdiction.assign(state, {
          taskId: uuidV5(commandId, `task:${departmentId}`),
          ...{ departmentId, role, whistleKind: kind, start: origin.now },
        }),
      ),
    }));
    return { ...outcome, whistleId };
  }
}

@CommandHandler(AcknowledgeTaskCommand)
export class AcknowledgeTaskHandler implements ICommandHandler<AcknowledgeTaskCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId }: AcknowledgeTaskCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'AcknowledgeTask',
      origin,
      taskId,
    }));
  }
}

@CommandHandler(CheckInCommand)
export class CheckInHandler implements ICommandHandler<CheckInCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: CheckInCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'CheckIn',
      origin,
      taskId,
      ...request,
      tolerance: claimTolerance,
    }));
  }
}

@CommandHandler(CompleteTaskCommand)
export class CompleteTaskHandler implements ICommandHandler<CompleteTaskCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: CompleteTaskCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'CompleteTask',
      origin,
      taskId,
      ...request,
    }));
  }
}

@CommandHandler(MarkOverdueCommand)
export class MarkOverdueHandler implements ICommandHandler<MarkOverdueCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, deadlineId }: MarkOverdueCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'MarkOverdue',
      origin,
      deadlineId,
    }));
  }
}
