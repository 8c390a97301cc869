import { isUuid, uuidV5, type Clock } from '@shaoying/config';
import {
  aheadOf,
  CLOCKS_APART_MS_MAX,
  recordedAfter,
  type Actor,
  type EventStore,
  type NewEvent,
  type Position,
  type RecordedEvent,
} from '@shaoying/event-store';
import {
  assertIncidentEventData,
  decodeIncidentEvent,
  incidentCatalogue,
  incidentStreamId,
} from '@shaoying/incident-contracts';
import {
  decide,
  foldIncident,
  NO_INCIDENT,
  type CommandOrigin,
  type IncidentCommand,
  type IncidentEvent,
  type IncidentState,
  type Refusal,
} from '@shaoying/incident-domain';
import {
  IdempotencyKeyReused,
  IncidentRefused,
  NothingToMatch,
  PreconditionFailed,
  TooMuchContention,
} from './incident.errors.js';

/**
 * What the caller may know of. What lies outside is refused exactly as if it did not exist, before anything else is said
 * about it, its revision included.
 */
export interface Sight {
  sees(state: IncidentState): boolean;
  /** How it is told, of what is not there and of what is not seen. */
  readonly refusal: Refusal;
}

/** What surrounds a command: who, and the identity that makes a retry the same command. */
export interface CommandContext {
  /** UUID; the same for every attempt of the same request. */
  readonly commandId: string;
  /** Fingerprint of the request; absent for the server's own commands. */
  readonly requestHash?: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** W3C Trace Context of the request; absent for the server's own commands. */
  readonly traceparent?: string;
  readonly actor: Actor;
  /** Revision the caller believes the incident to be at. */
  readonly ifMatch?: number;
  /** Absent for the server's own commands, which see everything. */
  readonly sight?: Sight;
}

/** What a command did, or had done when it came the first time. */
export interface CommandOutcome {
  readonly incidentId: string;
  /** State right after the command's last event. */
  readonly state: IncidentState;
  /** The command's own events; empty when it changed nothing. */
  readonly events: readonly IncidentEvent[];
  readonly revision: number;
  readonly position: Position;
  /** True when an earlier attempt had done it already. */
  readonly replayed: boolean;
}

/**
 * Makes the domain's command once the state is known; deadlines depend on what was filed. `history` is what the state
 * was folded from, for what it does not keep.
 */
export type CommandBuilder = (
  state: IncidentState,
  origin: CommandOrigin,
  history: readonly IncidentEvent[],
) => IncidentCommand | Promise<IncidentCommand>;

/** An incident as the log has it. */
export interface FoundIncident {
  readonly state: IncidentState;
  readonly revision: number;
  /** What it was folded from, with who caused each event. */
  readonly recorded: readonly RecordedEvent[];
}

/** Makes the domain's command for an incident that is not there yet; may look things up and seal personal data. */
export type OpeningBuilder = (origin: CommandOrigin) => Promise<IncidentCommand>;

/** An incident has an event that lies further ahead of this server's clock than the clocks of two servers may differ. */
export type ClocksApartListener = (apart: { readonly streamId: string; readonly aheadMs: number }) => void;

/** Attempts against concurrent writers. Ten dispatchers on one incident at once is more than any street office has. */
const attemptsMax = 10;

/**
 * Load → decide → append, for one incident. Idempotency needs no table of its own: events carry the id of their
 * command, so the stream itself says whether a command was carried out, and what it answered.
 */
export class IncidentCommandService {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly onClocksApart: ClocksApartListener = () => undefined,
  ) {}

  /**
   * Opens a new incident. The stream is not read first: the append itself tells whether it exists.
   * @throws IncidentRefused, IdempotencyKeyReused, NothingToMatch for any revision in If-Match, and what the store throws
   */
  async open(context: CommandContext, incidentId: string, build: OpeningBuilder): Promise<CommandOutcome> {
    const origin = this.originOf(context);
    const streamId = incidentStreamId(incidentId);
    if (context.ifMatch !== undefined) {
      const opened = replayOf(await this.load(streamId), context, incidentId);
      if (opened === null) throw new NothingToMatch();
      return opened;
    }
    let facts: readonly IncidentEvent[];
    try {
      facts = factsOf(NO_INCIDENT, await build(origin));
    } catch (error) {
      // What the first attempt named may be out of use by now; its retry gets its answer all the same.
      const earlier = replayOf(await this.load(streamId), context, incidentId);
      if (earlier === null) throw error;
      return earlier;
    }
    const events = envelop(facts, context, origin.now);
    try {
      const { revision, position, duplicate } = await this.store.append(streamId, 'none', events);
      if (!duplicate) {
        return { incidentId, state: foldIncident(facts), events: facts, revision, position, replayed: false };
      }
    } catch (error) {
      if (!cameLater(error)) throw error;
    }
    const earlier = replayOf(await this.load(streamId), context, incidentId);
    if (earlier === null) throw new IncidentRefused({ code: 'INCIDENT_EXISTS' });
    return earlier;
  }

  /**
   * Carries out a command on an existing incident, deciding again when another writer came first.
   * @throws IncidentRefused, IdempotencyKeyReused, PreconditionFailed, TooMuchContention, and what the store throws
   */
  async execute(context: CommandContext, incidentId: string, build: CommandBuilder): Promise<CommandOutcome> {
    // Ids come from addresses: what cannot be one names no incident, and must not reach the store as a stream's name.
    if (!isUuid(incidentId)) throw notThere(context);
    const streamId = incidentStreamId(incidentId);
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const outcome = await this.attempt(streamId, context, incidentId, build);
      if (outcome !== null) return outcome;
    }
    throw new TooMuchContention(`gave up after ${attemptsMax} attempts`);
  }

  /** As it stands; null where there is none. */
  async find(incidentId: string): Promise<FoundIncident | null> {
    if (!isUuid(incidentId)) return null;
    const recorded = await this.load(incidentStreamId(incidentId));
    const last = recorded.at(-1);
    if (last === undefined) return null;
    return { state: foldIncident(recorded.map(decodeIncidentEvent)), revision: last.revision, recorded };
  }

  /**
   * Decides on a command and records nothing: for the first of several steps, so that a command that would be refused
   * leaves no trace elsewhere. @returns what it did, if it has been carried out already
   * @throws what {@link execute} throws
   */
  async weigh(
    context: CommandContext,
    incidentId: string,
    build: CommandBuilder,
  ): Promise<CommandOutcome | null> {
    if (!isUuid(incidentId)) throw notThere(context);
    const history = await this.load(incidentStreamId(incidentId));
    const earlier = replayOf(history, context, incidentId);
    if (earlier === null) await this.factsFor(history, context, build);
    return earlier;
  }

  /** @returns null when another writer came first */
  private async attempt(
    streamId: string,
    context: CommandContext,
    incidentId: string,
    build: CommandBuilder,
  ): Promise<CommandOutcome | null> {
    const history = await this.load(streamId);
    // A retry gets its first answer, whatever has happened since: so before If-Match and before any rule.
    const earlier = replayOf(history, context, incidentId);
    if (earlier !== null) return earlier;
    const { facts, before, last, origin } = await this.factsFor(history, context, build);
    if (facts.length === 0) {
      const { revision, position } = last;
      return { incidentId, state: before, events: [], revision, position, replayed: false };
    }
    try {
      const { revision, position, duplicate } = await this.store.append(
        streamId,
        last.revision,
        envelop(facts, context, this.recordedAfter(last, origin)),
      );
      // Another attempt of this very command came first, and may have decided at another moment: its events count.
      if (duplicate) return null;
      const state = foldIncident(facts, before);
      return { incidentId, state, events: facts, revision, position, replayed: false };
    } catch (error) {
      if (cameLater(error)) return null;
      throw error;
    }
  }

  /** @throws IncidentRefused, PreconditionFailed */
  private async factsFor(
    history: readonly RecordedEvent[],
    context: CommandContext,
    build: CommandBuilder,
  ): Promise<{
    facts: readonly IncidentEvent[];
    before: IncidentState;
    last: RecordedEvent;
    origin: CommandOrigin;
  }> {
    const last = history.at(-1);
    if (last === undefined) throw notThere(context);
    const events = history.map(decodeIncidentEvent);
    const before = foldIncident(events);
    if (!(await this.isSeen(before, context))) throw notThere(context);
    if (context.ifMatch !== undefined && context.ifMatch !== last.revision)
      throw new PreconditionFailed(last.revision);
    const origin = this.originOf(context);
    return { facts: factsOf(before, await build(before, origin, events)), before, last, origin };
  }

  /** What was merged into an incident is seen by whoever sees that one. */
  async isSeen(state: IncidentState, { sight }: CommandContext): Promise<boolean> {
    if (sight === undefined || sight.sees(state)) return true;
    const target = state.mergedInto === null ? null : await this.find(state.mergedInto);
    return target !== null && sight.sees(target.state);
  }

  private originOf({ actor }: CommandContext): CommandOrigin {
    return { now: this.clock.now().toISOString(), actor };
  }

  /**
   * What was decided is judged by the clock of who decided (ADR 45); when the log learnt of it is never before what it
   * follows, or `knownAt` would show it without that.
   */
  private recordedAfter({ streamId, recordedAt }: RecordedEvent, { now }: CommandOrigin): string {
    const aheadMs = aheadOf(now, recordedAt);
    if (aheadMs > CLOCKS_APART_MS_MAX) this.onClocksApart({ streamId, aheadMs });
    return recordedAfter(now, recordedAt);
  }

  private async load(streamId: string): Promise<RecordedEvent[]> {
    try {
      return await this.store.readStream(streamId);
    } catch (error) {
      if (codeOf(error) === 'STREAM_NOT_FOUND') return [];
      throw error;
    }
  }
}

const notThere = ({ sight }: CommandContext): IncidentRefused =>
  new IncidentRefused(sight?.refusal ?? { code: 'INCIDENT_NOT_FOUND' });

function factsOf(state: IncidentState, command: IncidentCommand): readonly IncidentEvent[] {
  const decision = decide(state, command);
  if (decision.refusal) throw new IncidentRefused(decision.refusal);
  return decision.events;
}

function envelop(facts: readonly IncidentEvent[], context: CommandContext, recordedAt: string): NewEvent[] {
  const { commandId, requestHash, correlationId, causationId, traceparent, actor } = context;
  return facts.map((fact, index) => {
    assertIncidentEventData(fact.type, fact.data);
    return {
      eventId: uuidV5(commandId, String(index)),
      type: fact.type,
      schemaVersion: incidentCatalogue[fact.type].version,
      occurredAt: fact.occurredAt,
      recordedAt,
      actor,
      correlationId,
      causationId,
      commandId,
      ...(requestHash === undefined ? {} : { requestHash }),
      ...(traceparent === undefined ? {} : { traceparent }),
      data: fact.data,
    };
  });
}

function replayOf(
  history: readonly RecordedEvent[],
  context: CommandContext,
  incidentId: string,
): CommandOutcome | null {
  const last = history.findLast((event) => event.commandId === context.commandId);
  if (last === undefined) return null;
  if (last.requestHash !== context.requestHash) {
    throw new IdempotencyKeyReused('this Idempotency-Key was used with another body');
  }
  const until = history.slice(0, history.indexOf(last) + 1).map(decodeIncidentEvent);
  const { revision, position } = last;
  const events = until.filter((event) => event.commandId === context.commandId);
  return { incidentId, state: foldIncident(until), events, revision, position, replayed: true };
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/**
 * Another writer came first. Event ids that are only partly new are such a case too: they derive from the command, so
 * the other writer was another attempt of it that decided on more or fewer events.
 */
const cameLater = (error: unknown): boolean =>
  codeOf(error) === 'REVISION_CONFLICT' || codeOf(error) === 'EVENT_ID_TAKEN';
