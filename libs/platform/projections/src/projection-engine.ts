import { type EventStore, type Position, comparePositions } from '@shaoying/event-store';
import {
  type Checkpoint,
  clearStop,
  ensureControlSchema,
  readCheckpoints,
  readShadows,
} from './checkpoints.js';
import { KeptSession } from './kept-session.js';
import { LogTail } from './log-tail.js';
import { pause } from './pause.js';
import type { Projection } from './projection.js';
import { type Activity, ProjectionRunner, lockName } from './projection-runner.js';
import { InvalidProjection, UnknownProjection } from './projections.errors.js';
import { type RebuildOptions, rebuildProjection } from './rebuild.js';
import { Session } from './session.js';

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
  readonly log: ProjectionLog;
  /** Default: the system's clock. */
  readonly now?: () => Date;
}

export interface ProjectionStatus {
  readonly name: string;
  /** Of the tables that serve; null before the first start. */
  readonly version: number | null;
  /** Of the code in this process. */
  readonly codeVersion: number;
  readonly position: Position;
  readonly head: Position;
  /** Events between position and head; on engines whose positions are not dense, an upper bound. */
  readonly lagEvents: number;
  /** Age of the oldest event not yet applied; 0 at the head. */
  readonly lagSeconds: number;
  readonly status: 'absent' | 'running' | 'stopped';
  readonly errorPosition: Position | null;
  readonly error: string | null;
  readonly updatedAt: Date | null;
  /** True when some process holds the projection's lock. */
  readonly held: boolean;
  /** What this process does for it; null when the engine was not started here. */
  readonly activity: Activity | null;
  /** Why this process's last attempt failed. */
  readonly failure: string | null;
  /** A rebuild begun and not yet swapped in. */
  readonly rebuild: {
    readonly version: number;
    readonly position: Position;
    readonly startedAt: Date;
  } | null;
}

/** `stop()` takes 2 s at the most: this long for the batches under way, the rest for cutting connections. */
const stopGraceMs = 1_500;
const stopMsMax = 1_900;
const readyPollMs = 100;

/**
 * Fills read models from the log. Any number of engines may run on one database: each projection is active in one of
 * them. Without `start()` it answers `status`, `rebuild` and `retry` beside a running server (the CLI does that).
 */
export class ProjectionEngine {
  private readonly store: EventStore;
  private readonly url: string;
  private readonly log: ProjectionLog;
  private readonly now: () => Date;
  private readonly batchSize: number;
  private readonly projections: ReadonlyMap<string, Projection>;
  private tail: LogTail;
  private runners: ProjectionRunner[] = [];
  /** Of an engine that has been started: its probes ask every few seconds. */
  private probing: KeptSession | null = null;

  /** @throws InvalidProjection */
  constructor(options: ProjectionEngineOptions) {
    this.store = options.store;
    this.url = options.url;
    this.log = options.log;
    this.now = options.now ?? (() => new Date());
    this.batchSize = options.batchSize ?? 1_000;
    if (!Number.isInteger(this.batchSize) || this.batchSize < 1 || this.batchSize > 5_000) {
      throw new RangeError(`batchSize ${options.batchSize} is not within 1 to 5000`);
    }
    this.projections = registered(options.projections);
    this.tail = this.newTail();
  }

  /** Starts all projections and returns; a database that is not there yet is waited for. See {@link ready}. */
  start(): void {
    if (this.runners.length > 0) return;
    const { url, tail, batchSize, log, now, store: lookup } = this;
    this.runners = [...this.projections.values()].map(
      (projection) => new ProjectionRunner(projection, { url, tail, batchSize, log, now, lookup }),
    );
    for (const runner of this.runners) runner.start();
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
      [await readCheckpoints(session), await readShadows(session), await this.heldLocks(session)] as const;
    const [head, [checkpoints, shadows, held]] = await Promise.all([
      this.store.head(),
      this.probing?.ask(asking) ?? this.withSession(asking),
    ]);
    const lags = new Map<Position, Promise<number>>();
    return Promise.all(
      [...this.projections.values()].map(async ({ name, version: codeVersion }) => {
        const row = checkpoints.find((checkpoint) => checkpoint.name === name);
        const shadow = shadows.find((candidate) => candidate.name === name);
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
            ? { version: shadow.version, position: shadow.position, startedAt: shadow.startedAt }
            : null,
        };
      }),
    );
  }

  /**
   * Fills shadow tables from the log while the present ones serve, then swaps. May run beside the process that serves.
   * @throws UnknownProjection, RebuildUnderWay, RebuildAborted, PoisonEvent; the present tables are then untouched
   */
  async rebuild(name: string, options: RebuildOptions = {}): Promise<void> {
    const projection = this.known(name);
    const { url, log, now, store: lookup } = this;
    const reader = this.tail.reader();
    try {
      await rebuildProjection(projection, { url, log, now, reader, lookup }, options);
    } finally {
      reader.close();
      // An engine that was never started has no other use for the tail's live subscription.
      if (this.runners.length === 0) await this.renewTail();
    }
  }

  /** Lets a stopped projection try its event again, in whichever process it is active. @returns false if not stopped */
  async retry(name: string): Promise<boolean> {
    this.known(name);
    return this.withSession((session) => clearStop(session, name, this.now()));
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
    const [oldest] = await this.store.readAll(position, { limit: 1 });
    return oldest ? Math.max(0, (this.now().getTime() - Date.parse(oldest.recordedAt)) / 1_000) : 0;
  }

  private async heldLocks(session: Session): Promise<Set<string>> {
    const names = [...this.projections.keys()];
    const rows = await session.query<{ name: string }>(
      `select n.name from unnest($1::text[], $2::text[]) as n (name, lock)
       where exists (
         select from pg_locks l
         where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
           and l.database = (select oid from pg_database where datname = current_database())
           and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(n.lock, 0))`,
      [names, names.map(lockName)],
    );
    return new Set(rows.map((row) => row.name));
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

function outcomeOf(row: Checkpoint | undefined) {
  return {
    version: row?.version ?? null,
    status: row?.status ?? ('absent' as const),
    errorPosition: row?.errorPosition ?? null,
    error: row?.error ?? null,
    updatedAt: row?.updatedAt ?? null,
  };
}

/** The one place that takes positions for numbers: right where they are dense, and only for people to look at. */
function distance(position: Position, head: Position): number {
  const events = BigInt(head) - BigInt(position);
  return events > 0n ? Number(events) : 0;
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
