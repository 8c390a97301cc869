import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import { openDeadlinesMoved } from '@shaoying/incident-contracts';
import { everyDeadline, type IncidentState, type IncidentTimer } from '@shaoying/incident-domain';
import { CallRecords, ServerClock, withoutReason, type CommandTrace } from './call-records.js';
import {
  IncidentCommandService,
  type CommandContext,
  type CommandOutcome,
} from './incident.command-service.js';
import { UnknownReference } from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import type { PolicyVersion, Reschedulings } from './incident.rescheduling.js';
import { atOnceMax, forEach } from './several-at-once.js';
import {
  FixProvisionalDeadlinesCommand,
  MoveOpenDeadlinesCommand,
  type DeadlinesMoved,
} from './rescheduling.messages.js';

@CommandHandler(FixProvisionalDeadlinesCommand)
export class FixProvisionalDeadlinesHandler implements ICommandHandler<FixProvisionalDeadlinesCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId }: FixProvisionalDeadlinesCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'RescheduleDeadlines',
      ...{ origin, cause: 'CALENDAR_PUBLISHED', reason: null, pins: null },
      moves: this.jurisdiction.reschedulings.asPublished(state, origin.now),
    }));
  }
}

/** Incidents in which something is owed, from whoever keeps the deadlines. An abstract class, so that it can be injected. */
export abstract class IncidentsWithDeadlines {
  /** In one fixed order, at most so many of those behind `after`; as far as the read model has got. */
  abstract page(after: string | null, limit: number): Promise<readonly string[]>;
}

/** Incidents that one call looks at, and deadlines after which it stops. What is left is told. */
const incidentsMax = 100;
const deadlinesMax = 2_000;

/** Moves open deadlines under another version of a policy, one event for each incident (domain.md §3.4 e). */
@CommandHandler(MoveOpenDeadlinesCommand)
export class MoveOpenDeadlinesHandler implements ICommandHandler<MoveOpenDeadlinesCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly open: IncidentsWithDeadlines,
    private readonly clock: ServerClock,
    private readonly records: CallRecords,
  ) {}

  async execute({
    context,
    policyId,
    request,
  }: MoveOpenDeadlinesCommand): Promise<DeadlinesMoved & CommandTrace> {
    const earlier = await this.records.find(openDeadlinesMoved, context);
    if (earlier !== null) return withoutReason(earlier);
    const { reason, after } = request;
    const policy = this.policy(policyId, request.policyVersion);
    const outcome = await this.overIncidents(policy, after, (incidentId) =>
      this.move(context, incidentId, policy, reason),
    );
    const data = { ...outcome, moved: [...outcome.moved], stayed: [...outcome.stayed], reason };
    const now = this.clock.now().toISOString();
    return withoutReason(await this.records.keep(openDeadlinesMoved, context, data, now));
  }

  /** What {@link execute} would do now; changes nothing. @throws UnknownReference */
  async preview(
    policyId: string,
    { policyVersion, after }: Pick<MoveOpenDeadlinesCommand['request'], 'policyVersion' | 'after'>,
  ): Promise<DeadlinesMoved> {
    const policy = this.policy(policyId, policyVersion);
    return this.overIncidents(policy, after, async (incidentId) => {
      const found = await this.incidents.find(incidentId);
      return found === null ? nothing : this.told(found.state, this.plan(found.state, policy));
    });
  }

  private policy(policyId: string, version: number | null): PolicyVersion {
    const policy = this.jurisdiction.policy(policyId, version);
    if (policy === undefined)
      throw new UnknownReference('UNKNOWN_POLICY', version === null ? policyId : `${policyId} ${version}`);
    return { policyId, policyVersion: policy.version };
  }

  private async overIncidents(
    policy: PolicyVersion,
    after: string | null,
    one: (incidentId: string) => Promise<Pick<DeadlinesMoved, 'moved' | 'stayed'>>,
  ): Promise<DeadlinesMoved> {
    const moved: DeadlinesMoved['moved'][number][] = [];
    const stayed: DeadlinesMoved['stayed'][number][] = [];
    const page = await this.open.page(after, incidentsMax + 1);
    const within = page.slice(0, incidentsMax);
    let next = after;
    while (within.length > 0) {
      if (moved.length + stayed.length >= deadlinesMax) return { ...policy, moved, stayed, next };
      const several = within.splice(0, atOnceMax);
      for (const of of await forEach(several, one)) {
        moved.push(...of.moved);
        stayed.push(...of.stayed);
      }
      next = several.at(-1) ?? next;
    }
    return { ...policy, moved, stayed, next: page.length > incidentsMax ? next : null };
  }

  private async move(
    context: CommandContext,
    incidentId: string,
    policy: PolicyVersion,
    reason: string,
  ): Promise<Pick<DeadlinesMoved, 'moved' | 'stayed'>> {
    const { state, events } = await this.incidents.execute(
      stepOf(context, incidentId),
      incidentId,
      (found, origin) => ({
        kind: 'RescheduleDeadlines',
        ...{ origin, cause: 'POLICY_MOVED', reason },
        pins: this.jurisdiction.reschedulings.pinsUnder(found, policy),
        moves: this.jurisdiction.reschedulings.underPolicy(found, origin.now, policy).moves,
      }),
    );
    const timers = timersOf(state);
    const moved = events.flatMap((event) =>
      event.type !== 'DeadlinesRescheduled'
        ? []
        : event.data.moves.map(({ deadlineId, formerDueAt, dueAt, provisional }) => ({
            ...{ incidentId, deadlineId, timer: timers.get(deadlineId) ?? 'INCIDENT_TOTAL' },
            ...{ formerDueAt, dueAt, provisional },
          })),
    );
    // Of the state it leaves: also where an earlier attempt had moved it.
    const { stays } = this.plan(state, policy);
    return { moved, stayed: stays.map((deadline) => ({ incidentId, ...deadline })) };
  }

  private plan(state: IncidentState, policy: PolicyVersion): Reschedulings {
    return this.jurisdiction.reschedulings.underPolicy(state, this.clock.now().toISOString(), policy);
  }

  private told(
    state: IncidentState,
    { moves, stays }: Reschedulings,
  ): Pick<DeadlinesMoved, 'moved' | 'stayed'> {
    const { incidentId } = state;
    const known = new Map(everyDeadline(state).map((deadline) => [deadline.deadlineId, deadline]));
    const moved = moves.flatMap(({ deadlineId, dueAt, provisional }) => {
      const deadline = known.get(deadlineId);
      if (deadline === undefined) return [];
      const { timer, dueAt: formerDueAt } = deadline;
      return [{ incidentId, deadlineId, timer, formerDueAt, dueAt, provisional }];
    });
    return { moved, stayed: stays.map((deadline) => ({ incidentId, ...deadline })) };
  }
}

const nothing = { moved: [], stayed: [] };

const timersOf = (state: IncidentState): Map<string, IncidentTimer> =>
  new Map(everyDeadline(state).map(({ deadlineId, timer }) => [deadlineId, timer]));

/** Each incident is a command of its own, the same for every attempt of the call. */
function stepOf(context: CommandContext, incidentId: string): CommandContext {
  const { ifMatch: _, ...same } = context;
  const commandId = uuidV5(context.commandId, `rescheduling:${incidentId}`);
  return { ...same, commandId, causationId: context.commandId };
}
