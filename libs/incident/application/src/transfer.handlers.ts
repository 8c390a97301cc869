import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5, type Clock } from '@shaoying/config';
import {
  IncidentCommandService,
  type CommandContext,
  type CommandOutcome,
} from './incident.command-service.js';
import { TransferRefused } from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import {
  TransferOpenTasksCommand,
  TransferTaskCommand,
  type CommandTrace,
  type MovedTask,
  type TransferOutcome,
} from './task.messages.js';

/** Open tasks of a department, from whoever keeps its queue. An abstract class, so that it can be injected by its type. */
export abstract class OpenTasks {
  /** The oldest ones first, at most so many; as far as the read model has got. */
  abstract of(departmentId: string, limit: number): Promise<readonly MovedTask[]>;
}

/** What the server's clock says, for handlers that act at no incident. */
export abstract class ServerClock implements Clock {
  abstract now(): Date;
}

@CommandHandler(TransferTaskCommand)
export class TransferTaskHandler implements ICommandHandler<TransferTaskCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: TransferTaskCommand): Promise<CommandOutcome> {
    const { to, reason } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'TransferTask',
      ...{ origin, taskId, toDepartmentId: to, reason },
      level: this.jurisdiction.departmentLevel(to, origin.now, true),
      deadlines: this.jurisdiction.clocks.start(
        'CHECK',
        { matter: state, at: origin.now },
        context.commandId,
      ),
    }));
  }
}

/** Tasks moved by one call: some seconds of work. What is left is told, and moved by the next call. */
const transfersMax = 200;

/** Moves the open tasks of a department that ended to its successor, one event for each (domain.md §6, 15). */
@CommandHandler(TransferOpenTasksCommand)
export class TransferOpenTasksHandler implements ICommandHandler<TransferOpenTasksCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly queue: OpenTasks,
    private readonly clock: ServerClock,
  ) {}

  async execute({
    context,
    departmentId,
    request,
  }: TransferOpenTasksCommand): Promise<TransferOutcome & CommandTrace> {
    const { reason } = request;
    const now = this.clock.now().toISOString();
    const to = this.successor(departmentId, request.to, now);
    const transfer = new TransferTaskHandler(this.incidents, this.jurisdiction);
    const open = await this.queue.of(departmentId, transfersMax + 1);
    const moved: MovedTask[] = [];
    const refused: (MovedTask & { code: string })[] = [];
    let trace: CommandTrace = { revision: 0, position: '0', replayed: false };
    for (const { incidentId, taskId } of open.slice(0, transfersMax)) {
      try {
        const step = stepOf(context, taskId);
        trace = await transfer.execute(new TransferTaskCommand(step, incidentId, taskId, { to, reason }));
        moved.push({ incidentId, taskId });
      } catch (error) {
        refused.push({ incidentId, taskId, code: refusalCode(error) });
      }
    }
    const { revision, position } = trace;
    const more = open.length > transfersMax;
    return { departmentId, to, moved, refused, more, revision, position, replayed: false };
  }

  /** @throws TransferRefused */
  private successor(departmentId: string, wanted: string | null, at: string): string {
    const { directory } = this.jurisdiction;
    const successors = directory.successors(departmentId, at);
    if (directory.isActive(departmentId, at)) throw new TransferRefused('UNIT_NOT_ENDED', departmentId, []);
    if (successors.length === 0) throw new TransferRefused('NO_SUCCESSOR', departmentId, []);
    const [only] = successors;
    const chosen = wanted ?? (successors.length === 1 ? only : undefined);
    if (chosen === undefined || !successors.includes(chosen))
      throw new TransferRefused('SUCCESSOR_NOT_NAMED', departmentId, successors);
    return chosen;
  }
}

/** Each task is a command of its own, the same for every attempt of the call. */
function stepOf(context: CommandContext, taskId: string): CommandContext {
  const { ifMatch: _, ...same } = context;
  const commandId = uuidV5(context.commandId, `transfer:${taskId}`);
  return { ...same, commandId, causationId: context.commandId };
}

/** One task that is in no state to be moved must not keep the others. @throws what is no refusal */
function refusalCode(error: unknown): string {
  if (error instanceof Error && 'refusal' in error && 'code' in error) return String(error.code);
  throw error;
}
