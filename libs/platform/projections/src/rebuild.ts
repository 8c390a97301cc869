import { type Position, type RecordedEvent, START, comparePositions } from '@shaoying/event-store';
import { type WriteBatch, applyHandled, writeIsolatingPoison } from './batch.js';
import { CHANNEL, type Shadow, createTables, ensureControlSchema } from './checkpoints.js';
import type { TailReader } from './log-tail.js';
import { pause } from './pause.js';
import { type Projection, type ProjectionTransaction, schemaOf } from './projection.js';
import { CheckpointMoved, RebuildAborted, RebuildUnderWay, messageOf } from './projections.errors.js';
import type { ProjectionLog } from './projection-engine.js';
import { Session } from './session.js';

export interface RebuildProgress {
  readonly name: string;
  readonly position: Position;
  readonly head: Position;
  /** Events read by this run, handled or not. */
  readonly events: number;
}

export interface RebuildOptions {
  /** Called after every batch. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Ends the rebuild before the swap; a later one can resume it. */
  readonly signal?: AbortSignal;
  /**
   * Continue a killed rebuild of the same version instead of starting over. Default false: code may have changed
   * under an unchanged version number, and a rebuild asked for by a person is there to be certain.
   */
  readonly resume?: boolean;
}

export interface RebuildDependencies {
  readonly url: string;
  readonly log: ProjectionLog;
  readonly now: () => Date;
  readonly reader: TailReader;
  readonly head: () => Promise<Position>;
}

/** Dropping the old tables waits this long for a reader in the middle of a query, then tries again. */
const dropLockTimeoutMs = 2_000;
const dropAttempts = 5;

/**
 * Fills `<schema>__shadow` from the log beside the serving tables, then swaps both schemas and the checkpoint in one
 * transaction. Needs no lock on the projection itself: the swap holds the checkpoint's row, on which every writer's
 * fence waits, so any process (the CLI beside a running server) may rebuild. Two rebuilds exclude each other.
 */
export async function rebuildProjection(
  projection: Projection,
  dependencies: RebuildDependencies,
  options: RebuildOptions = {},
): Promise<void> {
  const session = await Session.open(dependencies.url, `shaoying-rebuild-${projection.name}`);
  try {
    await ensureControlSchema(session);
    if (!(await session.tryLock(rebuildLockName(projection.name))))
      throw new RebuildUnderWay(projection.name);
    await new Rebuild(projection, dependencies, options, session).run();
  } finally {
    await session.close();
  }
}

export function rebuildLockName(projectionName: string): string {
  return `projections/${projectionName}/rebuild`;
}

class Rebuild {
  private readonly live: string;
  private readonly shadow: string;
  private readonly retired: string;
  private events = 0;

  constructor(
    private readonly projection: Projection,
    private readonly dependencies: RebuildDependencies,
    private readonly options: RebuildOptions,
    private readonly session: Session,
  ) {
    this.live = schemaOf(projection.name);
    this.shadow = `${this.live}__shadow`;
    this.retired = `${this.live}__retired`;
  }

  async run(): Promise<void> {
    const { name, version } = this.projection;
    const startedMs = performance.now();
    let position = await this.prepareShadow();
    this.dependencies.log.info({ projection: name, version, position }, 'rebuild started');
    for (;;) {
      position = await this.fill(position);
      const reached = await this.swap(position);
      if (reached !== undefined) {
        this.session.notify(CHANNEL, `${name} ${reached}`);
        break;
      }
    }
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    this.dependencies.log.info(
      { projection: name, version, events: this.events, seconds },
      'rebuild swapped in',
    );
    await this.dropRetired();
  }

  private async prepareShadow(): Promise<Position> {
    const { name, version } = this.projection;
    const rows = await this.session.query<Shadow>('select * from projections.shadows where name = $1', [
      name,
    ]);
    const resumable = this.options.resume && rows[0]?.version === version;
    if (resumable) return rows[0]?.position as Position;
    await this.session.inTransaction(this.shadow, async (tx) => {
      await tx.query(`drop schema if exists "${this.shadow}" cascade`);
      await createTables(tx, this.projection, this.shadow);
      await tx.query(
        `insert into projections.shadows (name, version, position, started_at, updated_at)
         values ($1, $2, $3, $4, $4)
         on conflict (name) do update set version = excluded.version, position = excluded.position,
           started_at = excluded.started_at, updated_at = excluded.updated_at`,
        [name, version, START, this.dependencies.now()],
      );
    });
    return START;
  }

  /** To the end of the log as it is when we get there. */
  private async fill(from: Position): Promise<Position> {
    let position = from;
    const { reader, head } = this.dependencies;
    for (;;) {
      if (this.options.signal?.aborted)
        throw new RebuildAborted(`rebuild of ${this.projection.name} aborted`);
      const events = await reader.read(position);
      if (events.length === 0) return position;
      position = await writeIsolatingPoison(
        this.projection.name,
        position,
        events,
        this.writer,
        () => undefined,
      );
      this.events += events.length;
      this.options.onProgress?.({
        name: this.projection.name,
        position,
        head: await head(),
        events: this.events,
      });
    }
  }

  private readonly writer: WriteBatch = async (from, to, events) => {
    await this.session.inTransaction(this.shadow, async (tx) => {
      await this.moveShadow(tx, from, to);
      await applyHandled(this.projection, events, tx);
    });
  };

  private async moveShadow(tx: ProjectionTransaction, from: Position, to: Position): Promise<void> {
    const moved = await tx.query(
      `update projections.shadows set position = $3, updated_at = $4
       where name = $1 and position = $2 returning name`,
      [this.projection.name, from, to, this.dependencies.now()],
    );
    if (moved.length !== 1) throw new CheckpointMoved(this.projection.name);
  }

  /**
   * Readers never see a position go back: with the live row locked, nothing moves, and the few events the live tables
   * have beyond ours are applied in the same transaction. Where the log itself ends before the live tables, as after it
   * was restored from an older copy, the log is right. @returns undefined when they are more than one page.
   */
  private async swap(filledTo: Position): Promise<Position | undefined> {
    return this.session.inTransaction(this.shadow, async (tx) => {
      const rows = await tx.query<{ position: Position }>(
        'select position from projections.checkpoints where name = $1 for update',
        [this.projection.name],
      );
      const served = rows[0]?.position ?? START;
      let position = filledTo;
      if (comparePositions(position, served) < 0) {
        const missing = await this.dependencies.reader.read(position);
        position = missing.at(-1)?.position ?? position;
        if (missing.length > 0) {
          if (comparePositions(position, served) < 0) return undefined;
          await this.applyRemainder(tx, filledTo, position, missing);
        }
      }
      await this.exchange(tx, rows.length > 0, position);
      return position;
    });
  }

  private async applyRemainder(
    tx: ProjectionTransaction,
    from: Position,
    to: Position,
    events: readonly RecordedEvent[],
  ): Promise<void> {
    await this.moveShadow(tx, from, to);
    await applyHandled(this.projection, events, tx);
    this.events += events.length;
  }

  private async exchange(tx: ProjectionTransaction, serving: boolean, position: Position): Promise<void> {
    const { name, version } = this.projection;
    await tx.query(`drop schema if exists "${this.retired}" cascade`);
    if (serving) await tx.query(`alter schema "${this.live}" rename to "${this.retired}"`);
    await tx.query(`alter schema "${this.shadow}" rename to "${this.live}"`);
    await tx.query(
      `insert into projections.checkpoints (name, version, position, updated_at, status)
       values ($1, $2, $3, $4, 'running')
       on conflict (name) do update set version = excluded.version, position = excluded.position,
         updated_at = excluded.updated_at, status = 'running', error_position = null, error = null`,
      [name, version, position, this.dependencies.now()],
    );
    await tx.query('delete from projections.shadows where name = $1', [name]);
  }

  /** Apart from the swap: dropping waits for readers in mid-query, and must not make all others wait behind it. */
  private async dropRetired(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.session.inTransaction(this.retired, async (tx) => {
          await tx.query(`set local lock_timeout = ${dropLockTimeoutMs}`);
          await tx.query(`drop schema if exists "${this.retired}" cascade`);
        });
        return;
      } catch (error) {
        this.dependencies.log.warn(
          { projection: this.projection.name, error: messageOf(error) },
          'old tables still in use',
        );
        if (attempt >= dropAttempts) return; // The next rebuild drops them.
        await pause(dropLockTimeoutMs, this.session.lost);
      }
    }
  }
}
