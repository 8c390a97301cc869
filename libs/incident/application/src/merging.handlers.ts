import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { openTasks, openWhistles, type IncidentState, type MergeIncident } from '@shaoying/incident-domain';
import {
  IncidentCommandService,
  type CommandBuilder,
  type CommandContext,
  type CommandOutcome,
} from './incident.command-service.js';
import { IncidentRefused, MergeTargetWithoutWhistle } from './incident.errors.js';
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

  /** Makes `source` a duplicate of `target`; nothing where it is one. @throws IncidentRefused */
  async join(context: CommandContext, target: string, source: string): Promise<void> {
    const found = await this.incidents.find(target);
    if (found === null) throw new IncidentRefused({ code: 'INCIDENT_NOT_FOUND' });
    if (found.state.duplicates.includes(source)) return;
    await this.incidents.execute(stepOf(context, 'join', found.revision), target, (_, origin) => ({
      kind: 'JoinDuplicate',
      origin,
      incidentId: source,
    }));
  }

  /** Undoes {@link join}, unless `source` has been merged into `target`, by whomever. */
  async leave(context: CommandContext, target: string, source: string): Promise<void> {
    const duplicate = await this.incidents.find(source);
    if (duplicate?.state.mergedInto === target) return;
    const found = await this.incidents.find(target);
    if (found?.state.duplicates.includes(source) !== true) return;
    await this.incidents.execute(stepOf(context, 'leave', found.revision), target, (_, origin) => ({
      kind: 'LeaveDuplicate',
      origin,
      incidentId: source,
    }));
  }
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
    const merge: CommandBuilder = async (_, origin) => ({
      kind: 'MergeIncident',
      origin,
      ...request,
      target: await this.standing(into),
    });
    const earlier = await this.incidents.weigh(context, incidentId, merge);
    if (earlier === null) {
      await this.assertRoomFor(request);
      await this.duplicates.join(context, into, incidentId);
    }
    const outcome =
      earlier ??
      (await this.incidents.execute(context, incidentId, merge).catch(async (error: unknown) => {
        await this.duplicates.leave(context, into, incidentId);
        throw error;
      }));
    // It may have been unmerged since the first attempt; and another attempt that failed may have undone the first step.
    const now = await this.incidents.find(incidentId);
    if (now?.state.mergedInto === into) {
      await this.duplicates.join(context, into, incidentId);
      await this.keepDepartments(context, request);
    }
    return outcome;
  }

  private async standing(incidentId: string): Promise<MergeIncident['target']> {
    const found = await this.incidents.find(incidentId);
    if (found === null) return { lifecycle: 'NONE', openTasks: 0 };
    return { lifecycle: found.state.lifecycle, openTasks: openTasks(found.state).length };
  }

  /** @throws MergeTargetWithoutWhistle */
  private async assertRoomFor({ into, keepDepartments }: MergeIncidentCommand['request']): Promise<void> {
    if (keepDepartments === null || keepDepartments.length === 0) return;
    const found = await this.incidents.find(into);
    if (found !== null && whistleToJoin(found.state) === null) throw new MergeTargetWithoutWhistle();
  }

  /** Departments that go on there join the whistle there; whoever takes part in it already, does. */
  private async keepDepartments(
    context: CommandContext,
    { into, keepDepartments, reason }: MergeIncidentCommand['request'],
  ): Promise<void> {
    for (const departmentId of keepDepartments ?? []) {
      const { ifMatch: _, ...same } = context;
      const commandId = uuidV5(context.commandId, `keep:${departmentId}`);
      const step = { ...same, commandId, causationId: context.commandId };
      const found = await this.incidents.find(into);
      const whistleId = found === null ? null : whistleToJoin(found.state);
      if (found === null || whistleId === null) return;
      if (openTasks(found.state).some((task) => task.departmentId === departmentId)) continue;
      const taskId = uuidV5(commandId, `task:${departmentId}`);
      await this.incidents.execute(step, into, (state, origin) => ({
        kind: 'AddDepartment',
        ...{ origin, whistleId, reason },
        task: this.jurisdiction.join(state, whistleId, {
          ...{ taskId, departmentId, role: 'ASSIST', start: origin.now },
        }),
      }));
    }
  }
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
    if (unmerged?.type === 'IncidentUnmerged') {
      await this.duplicates.leave(context, unmerged.data.from, incidentId);
    }
    return outcome;
  }
}
