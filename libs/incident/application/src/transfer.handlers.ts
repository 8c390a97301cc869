import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { openTasksTransferred } from '@shaoying/incident-contracts';
import { isOpenTask, taskOf, type IncidentState } from '@shaoying/incident-domain';
import { CallRecords, ServerClock, withoutReason, type CommandTrace } from './call-records.js';
import {
  IncidentCommandService,
  type CommandContext,
  type CommandOutcome,
} from './incident.command-service.js';
import { TransferRefused } from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { atOnceMax, forEach } from './several-at-once.js';
import {
  TransferOpenTasksCommand,
  TransferTaskCommand,
  type MovedTask,
  type TaskPlace,
  type TransferOutcome,
} from './task.messages.js';

export type QueuedTask = MovedTask & TaskPlace;

/** Open tasks of a department, from whoever keeps its queue. An abstract class, so that it can be injected by its type. */
export abstract class OpenTasks {
  /** The oldest ones first, at most so many of those behind `after`; as far as the read model has got. */
  abstract of(departmentId: string, limit: number, after: TaskPlace | null): Promise<readonly QueuedTask[]>;
}

/** To the successor of a department that has ended, and to no other. */
@CommandHandler(TransferTaskCommand)
export class TransferTaskHandler implements ICommandHandler<TransferTaskCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: TransferTaskCommand): Promise<CommandOutcome> {
    const { to, reason } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const level = this.jurisdiction.departmentLevel(to, origin.now, true);
      this.assertSuccessor(state, taskId, to, origin.now);
      const matter = { matter: state, at: origin.now };
      const deadlines = this.jurisdiction.clocks.start('CHECK', matter, context.commandId);
      return { kind: 'TransferTask', origin, taskId, toDepartmentId: to, reason, level, deadlines };
    });
  }

  /** Of a task that is open still, and not where it should be. @throws TransferRefused */
  private assertSuccessor(state: IncidentState, taskId: string, to: string, at: string): void {
    const task = taskOf(state, taskId);
    if (task === undefined || !isOpenTask(task) || task.departmentId === to) return;
    this.jurisdiction.successor(task.departmentId, to, at);
  }
}

/** Tasks moved by one call, and tasks it may meet that cannot be. What is left is told. */
const transfersMax = 200;
const refusalsMax = 200;
/** Tasks asked for at once. */
const pageTasksMax = 100;

/** Moves the open tasks of a department that ended to its successor, one event for each (domain.md §6, 15). */
@CommandHandler(TransferOpenTasksCommand)
export class TransferOpenTasksHandler implements ICommandHandler<TransferOpenTasksCommand> {
  private readonly transfer: TransferTaskHandler;

  constructor(
    incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly queue: OpenTasks,
    private readonly clock: ServerClock,
    private readonly records: CallRecords,
  ) {
    this.transfer = new TransferTaskHandler(incidents, jurisdiction);
  }

  async execute({
    context,
    departmentId,
    request,
  }: TransferOpenTasksCommand): Promise<TransferOutcome & CommandTrace> {
    const earlier = await this.records.find(openTasksTransferred, context);
    if (earlier !== null) return withoutReason(earlier);
    const { reason, after } = request;
    const now = this.clock.now().toISOString();
    const to = this.jurisdiction.successor(departmentId, request.to, now);
    const outcome = await this.moveAll(context, departmentId, { to, reason, after });
    const data = { ...outcome, moved: [...outcome.moved], refused: [...outcome.refused], reason };
    return withoutReason(await this.records.keep(openTasksTransferred, context, data, now));
  }

  private async moveAll(
    context: CommandContext,
    departmentId: string,
    { to, reason, after }: { to: string; reason: string; after: TaskPlace | null },
  ): Promise<TransferOutcome> {
    const moved: MovedTask[] = [];
    const refused: (MovedTask & { code: string })[] = [];
    let next = after;
    for (;;) {
      const page = await this.queue.of(departmentId, pageTasksMax, next);
      const left = [...page];
      while (left.length > 0) {
        const room = Math.min(transfersMax - moved.length, refusalsMax - refused.length);
        // There is one more at least.
        if (room === 0) return { departmentId, to, moved, refused, next };
        const several = left.splice(0, Math.min(atOnceMax, room, leadingOfDifferentIncidents(left)));
        const codes = await forEach(several, (task) => this.move(context, task, { to, reason }));
        for (const [index, { incidentId, taskId, notifiedAt }] of several.entries()) {
          const code = codes[index] ?? null;
          if (code === null) moved.push({ incidentId, taskId });
          else refused.push({ incidentId, taskId, code });
          next = { notifiedAt, taskId };
        }
      }
      if (page.length < pageTasksMax) return { departmentId, to, moved, refused, next: null };
    }
  }

  /** Null, or the code of the refusal: one task that is in no state to be moved must not keep the others. */
  private async move(
    context: CommandContext,
    { incidentId, taskId }: MovedTask,
    request: TransferTaskCommand['request'],
  ): Promise<string | null> {
    try {
      await this.transfer.execute(
        new TransferTaskCommand(stepOf(context, taskId), incidentId, taskId, request),
      );
      return null;
    } catch (error) {
      return refusalCode(error);
    }
  }
}

/** Of two tasks of one incident, the older one is moved first: what becomes of the other may depend on it. */
function leadingOfDifferentIncidents(tasks: readonly QueuedTask[]): number {
  const seen = new Set<string>();
  for (const { incidentId } of tasks) {
    if (seen.has(incidentId)) break;
    seen.add(incidentId);
  }
  return seen.size;
}

/** Each task is a command of its own, the same for every attempt of the call. */
function stepOf(context: CommandContext, taskId: string): CommandContext {
  const { ifMatch: _, ...same } = context;
  const commandId = uuidV5(context.commandId, `transfer:${taskId}`);
  return { ...same, commandId, causationId: context.commandId };
}

/** @throws what is no refusal */
function refusalCode(error: unknown): string {
  if (error instanceof TransferRefused) return error.code;
  if (error instanceof Error && 'refusal' in error && 'code' in error) return String(error.code);
  throw error;
}
