import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { comparePositions } from '@shaoying/event-store';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { openTasks, openWhistles, type IncidentState, type MergeIncident } from '@shaoying/incident-domain';
import {
  IncidentCommandService,
  type CommandBuilder,
  type CommandContext,
  type CommandOutcome,
  type FoundIncident,
} from './incident.command-service.js';
import {
  IncidentRefused,
  MergeTargetWithoutWhistle,
  PreconditionFailed,
  TooMuchContention,
  UnitEnded,
  UnknownReference,
} from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { MergeIncidentCommand, SettleMergeCommand, UnmergeIncidentCommand } from './suspension.messages.js';

/**
 * A step of a merge or its undoing on the incident that goes on: another command, with an id that derives from the
 * first one's and from the revision it was decided at. So a retry repeats no step, and takes one again that was undone.
 */
function stepOf(context: CommandContext, step: string, revision: number): CommandContext {
  const { ifMatch: _, sight: __, ...same } = context;
  const commandId = uuidV5(context.commandId, `${step}@${revision}`);
  return { ...same, commandId, causationId: context.commandId };
}

/** Given to departments that had joined for a merge which did not come about. */
const NOT_MERGED = '并案未完成 (the merge was not completed)';

/** The two streams of a merge, as the handlers touch them. */
class Duplicates {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  /** Whether `source` may become a duplicate of `target`; records nothing. @throws IncidentRefused */
  async weigh(context: CommandContext, target: string, source: string): Promise<void> {
    const step = stepOf(context, 'weigh', 0);
    await this.incidents.weigh(step, target, joining(source, false));
  }

  /**
   * Makes `source` a duplicate of `target`; null where it is one. `merged`: it says so itself.
   * @throws IncidentRefused
   */
  async join(
    context: CommandContext,
    target: string,
    source: string,
    merged: boolean,
  ): Promise<CommandOutcome | null> {
    const found = await this.incidents.find(target);
    if (found === null) throw new IncidentRefused({ code: 'INCIDENT_NOT_FOUND' });
    if (found.state.duplicates.includes(source)) return null;
    return this.incidents.execute(stepOf(context, 'join', found.revision), target, joining(source, merged));
  }

  /**
   * Undoes {@link join}, and what was done for it, unless `source` has been merged into `target`, by whomever; null
   * where nothing is undone.
   */
  async leave(context: CommandContext, target: string, source: string): Promise<CommandOutcome | null> {
    const duplicate = await this.incidents.find(source);
    if (duplicate?.state.mergedInto === target) return null;
    const found = await this.incidents.find(target);
    if (found?.state.duplicates.includes(source) !== true) return null;
    // Before it leaves: whoever dies in between is followed by one who finds that it has not left.
    for (const taskId of joinedInVain(found, source, duplicate)) {
      await this.release(stepOf(context, `release:${taskId}`, found.revision), target, taskId);
    }
    return this.incidents.execute(stepOf(context, 'leave', found.revision), target, (_, origin) => ({
      kind: 'LeaveDuplicate',
      origin,
      incidentId: source,
    }));
  }

  /** The last that this command has done to `target`, now or when it was first sent; null where it has done nothing. */
  async lastStep(context: CommandContext, target: string): Promise<Pick<CommandOutcome, 'position'> | null> {
    const found = await this.incidents.find(target);
    return found?.recorded.findLast(({ causationId }) => causationId === context.commandId) ?? null;
  }

  /**
   * Once `source` is merged into `target`: releases who joined for an earlier merge of the two that died, where the one
   * that was carried out does not keep them.
   */
  async releaseOthers(
    context: CommandContext,
    target: string,
    source: string,
    kept: readonly string[],
  ): Promise<void> {
    const [found, duplicate] = [await this.incidents.find(target), await this.incidents.find(source)];
    if (found === null || duplicate?.state.mergedInto !== target) return;
    const inVain = joinedInVain(found, source, duplicate);
    const others = openTasks(found.state).filter(({ departmentId }) => !kept.includes(departmentId));
    for (const { taskId } of others.filter((task) => inVain.includes(task.taskId)))
      await this.release(stepOf(context, `release:${taskId}`, found.revision), target, taskId);
  }

  /** Not one that has been given something else to do since: it leads by now, or has asked to give it back. */
  private async release(step: CommandContext, target: string, taskId: string): Promise<void> {
    const { clocks } = this.jurisdiction;
    const released = this.incidents.execute(step, target, (state, origin) => ({
      kind: 'ReleaseTask',
      ...{ origin, taskId, reasonCode: 'NOT_NEEDED', reason: NOT_MERGED },
      deadlines: clocks.start('CHECK', { matter: state, at: origin.now }, step.commandId),
    }));
    await released.catch((error: unknown) => {
      if (!(error instanceof IncidentRefused)) throw error;
    });
  }
}

const joining =
  (incidentId: string, merged: boolean): CommandBuilder =>
  (_, origin) => ({ kind: 'JoinDuplicate', origin, incidentId, merged });

/**
 * Tasks of departments that joined `target` for the merge by which `source` joined it, where that merge was never
 * carried out. Each step of a merge names its command as its cause.
 */
function joinedInVain(target: FoundIncident, source: string, duplicate: FoundIncident | null): string[] {
  const events = target.recorded.map((recorded) => ({ recorded, event: decodeIncidentEvent(recorded) }));
  const joined = events.findLast(
    ({ event }) => event.type === 'DuplicateJoined' && event.data.incidentId === source,
  );
  const merge = joined?.recorded.causationId;
  const carriedOut = duplicate?.recorded.some(
    ({ type, commandId }) => type === 'IncidentMerged' && commandId === merge,
  );
  if (merge === undefined || carriedOut === true) return [];
  const open = openTasks(target.state).map(({ taskId }) => taskId);
  return events
    .filter(({ recorded }) => recorded.causationId === merge)
    .flatMap(({ event }) => (event.type === 'DepartmentAdded' ? [event.data.task.taskId] : []))
    .filter((taskId) => open.includes(taskId));
}

/** What was answered, and where the last step of it lies: whoever reads up to there sees all of them. */
function upTo(
  outcome: CommandOutcome,
  steps: readonly (Pick<CommandOutcome, 'position'> | null)[],
): CommandOutcome {
  const position = steps
    .flatMap((step) => step?.position ?? [])
    .reduce((last, next) => (comparePositions(next, last) > 0 ? next : last), outcome.position);
  return { ...outcome, position };
}

/**
 * Two streams and no transaction over both. First the incident that goes on learns of its duplicate, so that it cannot
 * itself be merged meanwhile, and takes in the departments that go on with it; last the duplicate is merged, and with
 * that it is done. If that is refused, the steps before it are undone. If the process dies between them, the same command
 * again, or another merge of the two, goes on where it stopped; where none comes, {@link SettleMergeHandler} undoes it.
 */
@CommandHandler(MergeIncidentCommand)
export class MergeIncidentHandler implements ICommandHandler<MergeIncidentCommand> {
  private readonly duplicates: Duplicates;

  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {
    this.duplicates = new Duplicates(incidents, jurisdiction);
  }

  async execute({ context, incidentId, request }: MergeIncidentCommand): Promise<CommandOutcome> {
    const { into } = request;
    const kept = request.keepDepartments ?? [];
    const merge: CommandBuilder = async (state, origin) => {
      assertTheirs(state, kept);
      return { kind: 'MergeIncident', origin, ...request, target: await this.standing(into, context) };
    };
    const earlier = await this.incidents.weigh(context, incidentId, merge);
    if (earlier !== null) {
      await this.duplicates.releaseOthers(context, into, incidentId, kept);
      await this.affirm(context, incidentId, into);
      return upTo(earlier, [await this.duplicates.lastStep(context, into)]);
    }
    // Whatever would be refused at a later step is refused before the first.
    await this.duplicates.weigh(context, into, incidentId);
    await this.eachKept(context, request, (step, add) => this.incidents.weigh(step, into, add));
    try {
      await this.duplicates.join(context, into, incidentId, false);
      await this.keep(context, request);
      const outcome = await this.incidents.execute(context, incidentId, merge);
      await this.duplicates.releaseOthers(context, into, incidentId, kept);
      const joined = await this.affirm(context, incidentId, into);
      // Whoever took it for one that had died has undone the steps before the last.
      return upTo(outcome, joined === null ? [] : [joined, ...(await this.keep(context, request))]);
    } catch (error) {
      if (wasRefused(error)) await this.duplicates.leave(context, into, incidentId);
      throw error;
    }
  }

  /** Where the incident stands merged, the other one says so too. Null where it did, or nothing is to be said. */
  private async affirm(
    context: CommandContext,
    incidentId: string,
    into: string,
  ): Promise<CommandOutcome | null> {
    const now = await this.incidents.find(incidentId);
    return now?.state.mergedInto === into ? this.duplicates.join(context, into, incidentId, true) : null;
  }

  /** What the caller does not see is told like what does not exist. @throws UnknownReference */
  private async standing(incidentId: string, context: CommandContext): Promise<MergeIncident['target']> {
    const found = await this.incidents.find(incidentId);
    if (found === null || !(await this.incidents.isSeen(found.state, context)))
      throw new UnknownReference('UNKNOWN_INCIDENT', incidentId);
    return { lifecycle: found.state.lifecycle, openTasks: openTasks(found.state).length };
  }

  private async keep(
    context: CommandContext,
    request: MergeIncidentCommand['request'],
  ): Promise<CommandOutcome[]> {
    const steps: CommandOutcome[] = [];
    await this.eachKept(context, request, async (step, add) => {
      steps.push(await this.incidents.execute(step, request.into, add));
    });
    return steps;
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
      const step = stepOf(context, `keep:${departmentId}`, found.revision);
      const taskId = uuidV5(step.commandId, `task:${departmentId}`);
      await act(step, (state, origin) => ({
        kind: 'AddDepartment',
        ...{ origin, whistleId, reason },
        task: this.jurisdiction.join(state, whistleId, {
          ...{ taskId, departmentId, role: 'ASSIST', start: origin.now },
        }),
      }));
    }
  }
}

/** Whether it is certain that nothing was written: of an append in doubt the steps before it are what a retry needs. */
const wasRefused = (error: unknown): boolean =>
  error instanceof IncidentRefused ||
  error instanceof MergeTargetWithoutWhistle ||
  error instanceof PreconditionFailed ||
  error instanceof TooMuchContention ||
  error instanceof UnitEnded ||
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
    this.duplicates = new Duplicates(incidents, jurisdiction);
  }

  async execute({ context, incidentId, request }: UnmergeIncidentCommand): Promise<CommandOutcome> {
    const outcome = await this.incidents.execute(context, incidentId, async (state, origin) => ({
      kind: 'UnmergeIncident',
      origin,
      ...request,
      targetStreetId: await this.streetOf(state.mergedInto),
      moves: this.jurisdiction.clocks.afterPause(state, origin.now),
    }));
    const unmerged = outcome.events.find((event) => event.type === 'IncidentUnmerged');
    if (unmerged?.type !== 'IncidentUnmerged') return outcome;
    const { from } = unmerged.data;
    await this.duplicates.leave(context, from, incidentId);
    return upTo(outcome, [await this.duplicates.lastStep(context, from)]);
  }

  private async streetOf(incidentId: string | null): Promise<string | null> {
    const found = incidentId === null ? null : await this.incidents.find(incidentId);
    return found?.state.place.streetId ?? null;
  }
}

/** What the duplicate says decides: it is the last to be written when it is merged, and the first when that is undone. */
@CommandHandler(SettleMergeCommand)
export class SettleMergeHandler implements ICommandHandler<SettleMergeCommand> {
  private readonly duplicates: Duplicates;

  constructor(
    private readonly incidents: IncidentCommandService,
    jurisdiction: IncidentJurisdiction,
  ) {
    this.duplicates = new Duplicates(incidents, jurisdiction);
  }

  async execute({ context, incidentId, into }: SettleMergeCommand): Promise<boolean> {
    const duplicate = await this.incidents.find(incidentId);
    const merged = duplicate?.state.mergedInto === into;
    const settled = merged
      ? await this.duplicates.join(context, into, incidentId, true)
      : await this.duplicates.leave(context, into, incidentId);
    return settled !== null;
  }
}
