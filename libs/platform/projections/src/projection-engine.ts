import { type EventStore, type Position, comparePositions, tellsStoredTexts } from '@shaoying/event-store';
import {
  clearShadowStop,
  clearStop,
  ensureControlSchema,
  readCheckpoint,
  readCheckpoints,
  readShadow,
  readShadows,
} from './checkpoints.js';
import { KeptSession } from './kept-session.js';
import { eventOrUnreadableAt, replacementOf } from './log-identity.js';
import { LogTail } from './log-tail.js';
import { pause } from './pause.js';
import type { Projection } from './projection.js';
import { heldLocks, rebuildLockName } from './projection-locks.js';
import { ProjectionRunner } from './projection-runner.js';
import { type ProjectionStatus, distance, outcomeOf } from './projection-status.js';
import {
  InvalidProjection,
  NoneStoppedThere,
  NotStoppedThere,
  RebuildUnderWay,
  UnknownProjection,
  messageOf,
} from './projections.errors.js';
import { asPage, isUnreadable } from './read-event.js';
import { type RebuildOptions, type RebuildOutcome, rebuildProjection } from './rebuild.js';
import { dropRetired, readRetired, rollBack } from './retired-tables.js';
import { Session } from './session.js';
import { EVENT_TYPE_CHARS, type SkippedEvent, recordSkip, skippedEvents } from './skipped-events.js';

/** What the engine needs of a logger; pino's fits. */
export interface ProjectionLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProjectionEngineOptions {
  readonly store: EventStore;
  /** `postgres://…` of the read models. */
  readonly url: string;
  readonly projections: readonly Projection[];
  /** Events per transaction at the most. Default 1,000; 1 to 5,000. */
  readonly batchSize?: number;
  /** Events per transaction of a rebuild, about. Default 5,000. */
  readonly rebuildBatchSize?: number;
  readonly log: ProjectionLog;
  /** Default: the system's clock. */
  readonly now?: () => Date;
  /** How often it looks for replaced tables that are a day old. Default 10 min. */
  readonly lookForOutdatedMs?: number;
}

/** Who answers for a skip (an account, no name) and why. */
export interface Answering {
  readonly by: string;
  readonly reason: string;
}

/** What came of telling all to pass by an event. */
export interface SkippedByAll {
  readonly skipped: readonly SkippedEvent[];
  /** Stopped there, and to be rebuilt instead: a rebuild takes the event as it is stored. */
  readonly toRebuild: readonly string[];
  /** Will stop there by themselves. */
  readonly notThereYet: readonly string[];
}

/** `stop()` takes 2 s at the most: this long for the batches under way, the rest for cutting connections. */
const stopGraceMs = 1_500;
const stopMsMax = 1_900;
const readyPollMs = 100;
/** So long the tables are kept that a rebuild has replaced. */
const keepRetiredMs = 24 * 3_600_000;
const lookForOutdatedMs = 10 * 60_000;

/**
 * Fills read models from the log. Any number of engines may run on one database: each projection is active in one of
 * them. Without `start()` it answers `status`, `rebuild` and `retry` beside a running server (the CLI does that).
 */
export class ProjectionEngine {
  private readonly store: EventStore;
  private readonly url: string;
  private readonly log: ProjectionLog;
  private readonly now: () => Date;
  private readonly lookForOutdatedMs: number;
  private readonly batchSize: number;
  private readonly rebuildBatchSize: number;
  private readonly projections: ReadonlyMap<string, Projection>;
  private tail: LogTail;
  private runners: ProjectionRunner[] = [];
  /** Of an engine that has been started: its probes ask every few seconds. */
  private probing: KeptSession | null = null;
  private cleaning: NodeJS.Timeout | undefined;

  /** @throws InvalidProjection */
  constructor(options: ProjectionEngineOptions) {
    this.store = options.store;
    this.url = options.url;
    this.log = options.log;
    this.now = options.now ?? (() => new Date());
    this.lookForOutdatedMs = options.lookForOutdatedMs ?? lookForOutdatedMs;
    this.batchSize = options.batchSize ?? 1_000;
    if (!Number.isInteger(this.batchSize) || this.batchSize < 1 || this.batchSize > 5_000) {
      throw new RangeError(`batchSize ${options.batchSize} is not within 1 to 5000`);
    }
    this.rebuildBatchSize = options.rebuildBatchSize ?? 5_000;
    this.projections = registered(options.projections);
    this.tail = this.newTail();
  }

  /** Starts all projections and returns; a database that is not there yet is waited for. See {@link ready}. */
  start(): void {
    if (this.runners.length > 0) return;
    const { url, tail, batchSize, rebuildBatchSize, log, now, store: lookup } = this;
    const dependencies = { url, tail, batchSize, rebuildBatchSize, log, now, lookup };
    this.runners = [...this.projections.values()].map(
      (projection) => new ProjectionRunner(projection, dependencies),
    );
    for (const runner of this.runners) runner.start();
    this.cleaning = setInterval(() => void this.dropOutdated(), this.lookForOutdatedMs).unref();
    this.probing = new KeptSession(() => this.openSession());
  }

  /** Waits until the tables of every projection exist, here or by another process. @returns false after `timeoutMs` */
  async ready(timeoutMs = 30_000): Promise<boolean> {
    const signal = AbortSignal.timeout(timeoutMs);
    while (!signal.aborted) {
      const existing = await this.withSession(readCheckpoints).catch(() => []);
      if ([...this.projections.keys()].every((name) => existing.some((row) => row.name === name)))
        return true;
      await pause(readyPollMs, signal);
    }
    return false;
  }

  /** Ends within 2 s. Batches under way are committed or rolled back; the next start continues after them. */
  async stop(): Promise<void> {
    const { runners, tail, probing } = this;
    this.runners = [];
    clearInterval(this.cleaning);
    this.probing = null;
    this.tail = this.newTail();
    const over = new AbortController();
    const ends = [tail.stop(), probing?.close(), ...runners.map((runner) => runner.stop(stopGraceMs))];
    const stopped = Promise.all(ends);
    void stopped.finally(() => over.abort());
    await pause(stopMsMax, over.signal);
  }

  async status(): Promise<ProjectionStatus[]> {
    const asking = async (session: Session) =>
      [
        await readCheckpoints(session),
        await readShadows(session),
        await readRetired(session),
        await heldLocks(session, [...this.projections.keys()]),
      ] as const;
    const [head, [checkpoints, shadows, retired, held]] = await Promise.all([
      this.store.head(),
      this.probing?.ask(asking) ?? this.withSession(asking),
    ]);
    const lags = new Map<Position, Promise<number>>();
    return Promise.all(
      [...this.projections.values()].map(async ({ name, version: codeVersion }) => {
        const row = checkpoints.find((checkpoint) => checkpoint.name === name);
        const shadow = shadows.find((candidate) => candidate.name === name);
        const kept = retired.find((candidate) => candidate.name === name);
        const runner = this.runners.find((candidate) => candidate.projection.name === name);
        const position = row?.position ?? '0';
        const lagSeconds = lags.get(position) ?? this.lagSeconds(position, head);
        lags.set(position, lagSeconds);
        return {
          name,
          codeVersion,
          ...outcomeOf(row),
          position,
          head,
          lagEvents: distance(position, head),
          lagSeconds: await lagSeconds,
          held: held.has(name),
          activity: runner?.activity ?? null,
          failure: runner?.failure ?? null,
          rebuild: shadow
            ? {
                ...{ version: shadow.version, position: shadow.position, startedAt: shadow.startedAt },
                lagEvents: distance(shadow.position, head),
                ...{ errorPosition: shadow.errorPosition, error: shadow.error },
              }
            : null,
          retired: kept
            ? { version: kept.version, position: kept.position, retiredAt: kept.retiredAt }
            : null,
        };
      }),
    );
  }

  /**
   * Fills shadow tables from the log while the present ones serve, then swaps. May run beside the process that serves.
   * @throws UnknownProjection, RebuildUnderWay, RebuildAborted, PoisonEvent; the present tables are then untouched
   */
  async rebuild(name: string, options: RebuildOptions = {}): Promise<RebuildOutcome> {
    const projection = this.known(name);
    const { url, log, now, store: lookup, rebuildBatchSize: batchSize } = this;
    const reader = this.tail.reader();
    try {
      return await rebuildProjection(projection, { url, log, now, reader, lookup, batchSize }, options);
    } finally {
      reader.close();
      // An engine that was never started has no other use for the tail's live subscription.
      if (this.runners.length === 0) await this.renewTail();
    }
  }

  /** Those whose tables were filled from another log than this: one that was restored from an older copy since. */
  async ofAnotherLog(): Promise<string[]> {
    const checkpoints = await this.withSession(readCheckpoints);
    const names: string[] = [];
    for (const checkpoint of checkpoints.filter(({ name }) => this.projections.has(name)))
      if ((await replacementOf(this.store, checkpoint)) !== undefined) names.push(checkpoint.name);
    return names;
  }

  /** Lets a stopped projection try its event again, in whichever process it is active. @returns false if not stopped */
  async retry(name: string): Promise<boolean> {
    this.known(name);
    return this.withSession((session) => clearStop(session, name, this.now()));
  }

  /**
   * Has a projection pass by the event that it, or a rebuild of it, is stopped at, and go on; a rebuild does so when it is run
   * again. It holds for the version of the code that has stopped there and for those that come after it, in every rebuild. An
   * event of the log says who answers for it (an account, no name) and why.
   * @param position of that event, so that nobody skips another one than they have seen
   * @throws UnknownProjection, NotStoppedThere, InvalidSkip
   */
  async skip(name: string, position: Position, why: Answering): Promise<SkippedEvent> {
    this.known(name);
    return this.withSession((session) => this.skipStopped(session, name, position, why));
  }

  /**
   * The same for every projection that is stopped there, or whose rebuild is: an event that nobody can read stops all that come
   * to it. Those that have not come to it yet will stop there by themselves, and have to be told then. Where it cannot be read, one
   * that is filled from stored texts is not told: a rebuild takes the event as it is.
   * @throws NoneStoppedThere, InvalidSkip
   */
  async skipAll(position: Position, why: Answering): Promise<SkippedByAll> {
    return this.withSession(async (session) => {
      const canStoreTell =
        isUnreadable(await eventOrUnreadableAt(this.store, position)) && tellsStoredTexts(this.store);
      const skipped: SkippedEvent[] = [];
      const toRebuild: string[] = [];
      for (const { name, stored } of this.projections.values()) {
        const { live, shadow } = await stopsOf(session, name);
        if (live?.position !== position && shadow?.position !== position) continue;
        if (canStoreTell && stored !== undefined) toRebuild.push(name);
        else skipped.push(await this.skipStopped(session, name, position, why));
      }
      if (skipped.length + toRebuild.length === 0) throw new NoneStoppedThere(position);
      const told = new Set([...skipped.map(({ projection }) => projection), ...toRebuild]);
      const before = (await readCheckpoints(session)).filter(
        (row) => comparePositions(row.position, position) < 0,
      );
      const notThereYet = before.map(({ name }) => name).filter((name) => !told.has(name));
      return { skipped, toRebuild, notThereYet: notThereYet.filter((name) => this.projections.has(name)) };
    });
  }

  private async skipStopped(
    session: Session,
    name: string,
    position: Position,
    why: Answering,
  ): Promise<SkippedEvent> {
    const { live, shadow } = await stopsOf(session, name);
    const there = [live, shadow].filter((stop) => stop?.position === position);
    const event = there.length > 0 ? await eventOrUnreadableAt(this.store, position) : undefined;
    if (event === undefined)
      throw new NotStoppedThere(name, live?.position ?? null, shadow?.position ?? null);
    const now = this.now();
    const projectionVersion = Math.min(...there.map((stop) => stop?.version ?? Infinity));
    const { eventId, type } = event;
    const eventType = type.slice(0, EVENT_TYPE_CHARS);
    const skipped = { projection: name, projectionVersion, position, eventId, eventType, ...why };
    await recordSkip(this.store, skipped, now);
    if (live?.position === position) await clearStop(session, name, now);
    if (shadow?.position === position) await clearShadowStop(session, name);
    return { ...skipped, skippedAt: now.toISOString() };
  }

  /** The events that a projection passes by, first ones first. @throws UnknownProjection */
  async skipped(name: string): Promise<SkippedEvent[]> {
    this.known(name);
    return skippedEvents(this.store, name);
  }

  /**
   * Has the tables serve again that a rebuild has replaced, from where they were; those that served are kept instead.
   * @returns version and position that serve now. @throws UnknownProjection, NothingRetired, RebuildUnderWay
   */
  async rollBack(name: string): Promise<{ version: number; position: Position }> {
    this.known(name);
    return this.withoutRebuild(name, (session) => rollBack(session, name, this.now()));
  }

  /**
   * Drops the tables that a rebuild has replaced.
   * @returns false when there were none @throws UnknownProjection, RebuildUnderWay
   */
  async dropRetired(name: string): Promise<boolean> {
    this.known(name);
    return this.withoutRebuild(name, (session) => dropRetired(session, name, this.now()));
  }

  private async dropOutdated(): Promise<void> {
    const before = new Date(this.now().getTime() - keepRetiredMs);
    try {
      const kept = await this.withSession(readRetired);
      for (const { name } of kept.filter(({ retiredAt }) => retiredAt <= before)) {
        const dropped = this.withoutRebuild(name, (session) => dropRetired(session, name, before));
        if (await dropped.catch(unlessRebuilding))
          this.log.info({ projection: name }, 'tables that served before are dropped');
      }
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'tables that served before could not be dropped');
    }
  }

  private async withoutRebuild<T>(name: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.withSession(async (session) => {
      if (!(await session.tryLock(rebuildLockName(name)))) throw new RebuildUnderWay(name);
      return work(session);
    });
  }

  private known(name: string): Projection {
    const projection = this.projections.get(name);
    if (!projection) throw new UnknownProjection(name);
    return projection;
  }

  private newTail(): LogTail {
    return new LogTail(this.store, this.batchSize, (error) =>
      this.log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'tail of the log interrupted',
      ),
    );
  }

  private async renewTail(): Promise<void> {
    const { tail } = this;
    this.tail = this.newTail();
    await tail.stop();
  }

  private async lagSeconds(position: Position, head: Position): Promise<number> {
    if (comparePositions(position, head) >= 0) return 0;
    // One that cannot be read is where a projection stops, and waits as any other event does.
    const [oldest] = await this.store.readAll(position, { limit: 1 }).catch(asPage);
    return oldest ? Math.max(0, (this.now().getTime() - Date.parse(oldest.recordedAt)) / 1_000) : 0;
  }

  private async withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.openSession();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  private async openSession(): Promise<Session> {
    const session = await Session.open(this.url, 'shaoying-projections');
    try {
      await ensureControlSchema(session);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}

interface Stop {
  readonly position: Position;
  /** Of the code that cannot apply the event. */
  readonly version: number;
}

/** Events at which a projection is stopped, and a rebuild of it. */
async function stopsOf(session: Session, name: string): Promise<{ live: Stop | null; shadow: Stop | null }> {
  const checkpoint = await readCheckpoint(session, name);
  const shadow = await readShadow(session, name);
  return {
    live:
      checkpoint?.status === 'stopped' && checkpoint.errorPosition !== null
        ? { position: checkpoint.errorPosition, version: checkpoint.errorVersion ?? checkpoint.version }
        : null,
    shadow:
      shadow?.errorPosition == null ? null : { position: shadow.errorPosition, version: shadow.version },
  };
}

// Leaves room for `__shadow` within PostgreSQL's 63 bytes.
const nameCharsMax = 48;
const reservedSchemas = new Set(['public', 'projections', 'information_schema']);

function registered(projections: readonly Projection[]): ReadonlyMap<string, Projection> {
  const byName = new Map<string, Projection>();
  for (const projection of projections) {
    const { name, version } = projection;
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > nameCharsMax) {
      throw new InvalidProjection(`"${name}" is not kebab-case of at most ${nameCharsMax} characters`);
    }
    if (reservedSchemas.has(name.replaceAll('-', '_')) || name.startsWith('pg-')) {
      throw new InvalidProjection(`"${name}" would use a reserved schema`);
    }
    if (!Number.isInteger(version) || version < 1) {
      throw new InvalidProjection(`${name} has version ${version}; versions are whole numbers from 1`);
    }
    if (byName.has(name)) throw new InvalidProjection(`two projections are called ${name}`);
    byName.set(name, projection);
  }
  return byName;
}

/** What is being rebuilt, or looked after by another process, is left to the next time. */
function unlessRebuilding(error: unknown): false {
  if (error instanceof RebuildUnderWay) return false;
  throw error;
}
