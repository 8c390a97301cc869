import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import {
  openExtensionOf,
  openReturnOf,
  taskOf,
  type DeadlineMove,
  type IncidentEvent,
  type IncidentState,
  type Task,
  type TaskAssignment,
} from '@shaoying/incident-domain';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import {
  ArbitrateCommand,
  DecideExtensionCommand,
  DecideReturnCommand,
  OpenArbitrationCommand,
  RequestExtensionCommand,
  RequestReturnCommand,
} from './return.messages.js';

@CommandHandler(RequestReturnCommand)
export class RequestReturnHandler implements ICommandHandler<RequestReturnCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: RequestReturnCommand): Promise<CommandOutcome> {
    const { commandId } = context;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const { suggestedUnitId } = request;
      if (suggestedUnitId !== null) this.jurisdiction.departmentLevel(suggestedUnitId, origin.now, true);
      return {
        kind: 'RequestReturn',
        ...{ origin, taskId },
        ...request,
        returnId: uuidV5(commandId, 'return'),
        arbitrationId: uuidV5(commandId, 'arbitration'),
        rules: this.jurisdiction.rules(state),
        deadlines: this.jurisdiction.clocks.deciding(
          ['RETURN_DECISION', 'ARBITRATION'],
          state,
          taskId,
          origin.now,
          commandId,
        ),
      };
    });
  }
}

@CommandHandler(DecideReturnCommand)
export class DecideReturnHandler implements ICommandHandler<DecideReturnCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: DecideReturnCommand): Promise<CommandOutcome> {
    const { commandId } = context;
    const { accept, reason, newUnitId } = request;
    const { clocks } = this.jurisdiction;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const task = taskOf(state, taskId);
      const successor = newUnitId ?? (task?.role === 'LEAD' ? suggestedFor(state, taskId) : null);
      const newTask =
        accept && task !== undefined && successor !== null
          ? takeOver(this.jurisdiction, state, task, successor, commandId, origin.now)
          : null;
      return {
        kind: 'DecideReturn',
        ...{ origin, taskId, accept, reason, newTask },
        rules: this.jurisdiction.rules(state),
        arbitrationId: uuidV5(commandId, 'arbitration'),
        deadlines: [
          ...clocks.start('CHECK', { matter: state, at: origin.now }, commandId),
          ...clocks.deciding(['ARBITRATION'], state, taskId, origin.now, commandId),
        ],
      };
    });
  }
}

const suggestedFor = (state: IncidentState, taskId: string): string | null =>
  openReturnOf(state, taskId)?.suggestedUnitId ?? null;

function takeOver(
  jurisdiction: IncidentJurisdiction,
  state: IncidentState,
  task: Task,
  departmentId: string,
  commandId: string,
  start: string,
): TaskAssignment {
  const taskId = uuidV5(commandId, `task:${departmentId}`);
  return jurisdiction.takeOver(state, task, { taskId, departmentId, start });
}

@CommandHandler(OpenArbitrationCommand)
export class OpenArbitrationHandler implements ICommandHandler<OpenArbitrationCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId }: OpenArbitrationCommand): Promise<CommandOutcome> {
    const { commandId } = context;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'OpenArbitration',
      ...{ origin, taskId, arbitrationId: uuidV5(commandId, 'arbitration') },
      deadlines: this.jurisdiction.clocks.deciding(['ARBITRATION'], state, taskId, origin.now, commandId),
    }));
  }
}

@CommandHandler(ArbitrateCommand)
export class ArbitrateHandler implements ICommandHandler<ArbitrateCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: ArbitrateCommand): Promise<CommandOutcome> {
    const { responsibleUnitId } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const task = taskOf(state, taskId);
      const moves = task !== undefined && task.departmentId !== responsibleUnitId;
      return {
        kind: 'Arbitrate',
        ...{ origin, taskId },
        ...request,
        newTask: moves
          ? takeOver(this.jurisdiction, state, task, responsibleUnitId, context.commandId, origin.now)
          : null,
        rules: this.jurisdiction.rules(state),
      };
    });
  }
}

@CommandHandler(RequestExtensionCommand)
export class RequestExtensionHandler implements ICommandHandler<RequestExtensionCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: RequestExtensionCommand): Promise<CommandOutcome> {
    const extensionId = uuidV5(context.commandId, 'extension');
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const task = taskOf(state, taskId);
      // Asked of the calendar now: who cannot be granted it should not wait for a decision.
      if (task !== undefined) this.jurisdiction.clocks.extended(state, task, request.amount, request.unit);
      return {
        kind: 'RequestExtension',
        ...{ origin, taskId, extensionId },
        ...request,
        rules: this.jurisdiction.rules(state),
        deadlines: this.jurisdiction.clocks.deciding(
          ['EXTENSION_DECISION'],
          ...([state, taskId, origin.now, context.commandId] as const),
        ),
      };
    });
  }
}

@CommandHandler(DecideExtensionCommand)
export class DecideExtensionHandler implements ICommandHandler<DecideExtensionCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: DecideExtensionCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin, history) => ({
      kind: 'DecideExtension',
      ...{ origin, taskId },
      ...request,
      rules: this.jurisdiction.rules(state),
      moves: request.grant ? this.moves(state, taskId, history) : [],
    }));
  }

  private moves(
    state: IncidentState,
    taskId: string,
    history: readonly IncidentEvent[],
  ): readonly DeadlineMove[] {
    const task = taskOf(state, taskId);
    const extensionId = openExtensionOf(state, taskId)?.extensionId;
    const asked = history.find(
      (event) => event.type === 'ExtensionRequested' && event.data.extensionId === extensionId,
    );
    if (task === undefined || asked?.type !== 'ExtensionRequested') return [];
    return this.jurisdiction.clocks.extended(state, task, asked.data.amount, asked.data.unit);
  }
}
