import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { comparePositions } from '@shaoying/event-store';
import { openTasks, openWhistles, type IncidentState, type MergeIncident } from '@shaoying/incident-domain';
import {
  IncidentCommandService,
  type CommandBuilder,
  type CommandContext,
  type CommandOutcome,
} from './incident.command-service.js';
import {
  IncidentRefused,
  MergeTargetWithoutWhistle,
  PreconditionFailed,
  TooMuchContention,
  UnknownReference,
} from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { MergeIncidentCommand, UnmergeIncidentCommand } from './suspension.messages.js';

/**
 * A step of a merge or its undoing on the incident that goes on: another command, with an id that derives from the
 * first one's and from the revision it was decided at. So a retry repeats no step, and takes one again that was undone.
 */
function stepOf(context: CommandContext, step: string, revision: number): CommandContext {
  const { ifMatch: _, ...same } = context;
  const commandId = uuidV5(context.commandId, `${step}@${revision}`);
  return { ...same, commandId, causationId: context.commandId };
}

/** The two streams of a merge, as both handlers touch them. */
class Duplicates {
  constructor(private readonly incidents: IncidentCommandService) {}

  /** Makes `source` a duplicate of `target`; null where it is one. @throws IncidentRefused */
  async join(context: CommandContext, target: string, source: string): Promise<CommandOutcome | null> {
    const found = await this.incidents.find(target);
    if (found === null) throw new IncidentRefused({ code: 'INCIDENT_NOT_FOUND' });
    if (found.state.duplicates.includes(source)) return null;
    return this.incidents.execute(stepOf(context, 'join', found.revision), target, (_, origin) => ({
      kind: 'JoinDuplicate',
      origin,
      incidentId: source,
    }));
  }

  /** Undoes {@link join}, unless `source` has been merged into `target`, by whomever; null where nothing is undone. */
  async leave(context: CommandContext, target: string, source: string): Promise<CommandOutcome | null> {
    const duplicate = await this.incidents.find(source);
    if (duplicate?.state.mergedInto === target) return null;
    const found = await this.incidents.find(target);
    if (found?.state.duplicates.includes(source) !== true) return null;
    return this.incidents.execute(stepOf(context, 'leave', found.revision), target, (_, origin) => ({
      kind: 'LeaveDuplicate',
      origin,
      incidentId: source,
    }));
  }
}

/** What was answered, and where the last step of it lies: whoever reads up to there sees all of them. */
function upTo(outcome: CommandOutcome, steps: readonly (CommandOutcome | null)[]): CommandOutcome {
  const position = steps
    .flatMap((step) => step?.position ?? [])
    .reduce((last, next) => (comparePositions(next, last) > 0 ? next : last), outcome.position);
  return { ...outcome, position };
}

/**
 * Two streams and no transaction over both. First the incident that goes on learns of its duplicate, so that it cannot
 * itself be merged meanwhile; then the duplicate is merged. If that is refused, the first step is undone; if the process
 * dies between them, the same command again goes on where it stopped.
 */
@CommandHandler(MergeIncidentCommand)
export class MergeIncidentHandler implements ICommandHandler<MergeIncidentCommand> {
  private readonly duplicates: Duplicates;

  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {
    this.duplicates = new Duplicates(incidents);
  }

  async execute({ context, incidentId, request }: MergeIncidentCommand): Promise<CommandOutcome> {
    const { into } = request;
    const merge: CommandBuilder = async (state, origin) => {
      assertTheirs(state, request.keepDepartments ?? []);
      return { kind: 'MergeIncident', origin, ...request, target: await this.standing(into) };
    };
    const earlier = await this.incidents.weigh(context, incidentId, merge);
    if (earlier === null) {
      // Whatever would be refused at the last step is refused before the first.
      await this.eachKept(context, request, (step, add) => this.incidents.weigh(step, into, add));
      await this.duplicates.join(context, into, incidentId);
    }
    const outcome =
      earlier ??
      (await this.incidents.execute(context, incidentId, merge).catch(async (error: unknown) => {
        if (wasRefused(error)) await this.duplicates.leave(context, into, incidentId);
        throw error;
      }));
    // It may have been unmerged since the first attempt; and another attempt that failed may have undone the first step.
    const now = await this.incidents.find(incidentId);
    if (now?.state.mergedInto !== into) return outcome;
    const steps = [await this.duplicates.join(context, into, incidentId)];
    await this.eachKept(context, request, async (step, add) => {
      steps.push(await this.incidents.execute(step, into, add));
    });
    return upTo(outcome, steps);
  }

  /** @throws UnknownReference */
  private async standing(incidentId: string): Promise<MergeIncident['target']> {
    const found = await this.incidents.find(incidentId);
    if (found === null) throw new UnknownReference('UNKNOWN_INCIDENT', incidentId);
    return { lifecycle: found.state.lifecycle, openTasks: openTasks(found.state).length };
  }

  /**
   * For each department that goes on there and takes no part there yet: its joining of the whistle there.
   * @throws MergeTargetWithoutWhistle
   */
  private async eachKept(
    context: CommandContext,
    { into, keepDepartments, reason }: MergeIncidentCommand['request'],
    act: (step: CommandContext, add: CommandBuilder) => Promise<unknown>,
  ): Promise<void> {
    for (const departmentId of keepDepartments ?? []) {
      const found = await this.incidents.find(into);
      if (found === null || openTasks(found.state).some((task) => task.departmentId === departmentId))
        continue;
      const whistleId = whistleToJoin(found.state);
      if (whistleId === null) throw new MergeTargetWithoutWhistle();
      const { ifMatch: _, ...same } = context;
      const commandId = uuidV5(context.commandId, `keep:${departmentId}`);
      const taskId = uuidV5(commandId, `task:${departmentId}`);
      await act({ ...same, commandId, causationId: context.commandId }, (state, origin) => ({
        kind: 'AddDepartment',
        ...{ origin, whistleId, reason },
        task: this.jurisdiction.join(state, whistleId, {
          ...{ taskId, departmentId, role: 'ASSIST', start: origin.now },
        }),
      }));
    }
  }
}

/** Whether it is certain that nothing was written: of an append in doubt the first step is what a retry needs. */
const wasRefused = (error: unknown): boolean =>
  error instanceof IncidentRefused ||
  error instanceof PreconditionFailed ||
  error instanceof TooMuchContention ||
  error instanceof UnknownReference;

/** Only whoever has an open task of the duplicate can go on with it elsewhere. @throws IncidentRefused */
function assertTheirs(state: IncidentState, departmentIds: readonly string[]): void {
  const own = openTasks(state).map(({ departmentId }) => departmentId);
  if (departmentIds.some((id) => !own.includes(id)))
    throw new IncidentRefused({ code: 'DEPARTMENT_NOT_SUMMONED' });
}

const whistleToJoin = (state: IncidentState): string | null =>
  openWhistles(state).find(({ reverse }) => !reverse)?.whistleId ?? null;

/** The duplicate first: from then on it stands for itself again, whatever becomes of the second step. */
@CommandHandler(UnmergeIncidentCommand)
export class UnmergeIncidentHandler implements ICommandHandler<UnmergeIncidentCommand> {
  private readonly duplicates: Duplicates;

  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {
    this.duplicates = new Duplicates(incidents);
  }

  async execute({ context, incidentId, request }: UnmergeIncidentCommand): Promise<CommandOutcome> {
    const outcome = await this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'UnmergeIncident',
      origin,
      ...request,
      moves: this.jurisdiction.clocks.afterPause(state, origin.now),
    }));
    const unmerged = outcome.events.find((event) => event.type === 'IncidentUnmerged');
    if (unmerged?.type !== 'IncidentUnmerged') return outcome;
    return upTo(outcome, [await this.duplicates.leave(context, unmerged.data.from, incidentId)]);
  }
}
