import { type Position, type RecordedEvent, START, comparePositions } from '@shaoying/event-store';
import { type WriteBatch, applyHandled, writeIsolatingPoison } from './batch.js';
import {
  BEGINNING,
  type Checkpoint,
  type Place,
  createTables,
  ensureControlSchema,
  moveShadow,
  noticeOf,
  placeOf,
  readShadow,
} from './checkpoints.js';
import { type LogLookup, replacementOf } from './log-identity.js';
import type { TailReader } from './log-tail.js';
import { pause } from './pause.js';
import { type Projection, type ProjectionTransaction, schemaOf } from './projection.js';
import { RebuildAborted, RebuildUnderWay, messageOf } from './projections.errors.js';
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
  readonly lookup: LogLookup;
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
    let place = await this.prepareShadow();
    this.dependencies.log.info({ projection: name, version, position: place.position }, 'rebuild started');
    do place = await this.fill(place);
    while (!(await this.swap(place)));
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    this.dependencies.log.info(
      { projection: name, version, events: this.events, seconds },
      'rebuild swapped in',
    );
    await this.dropRetired();
  }

  private async prepareShadow(): Promise<Place> {
    const { name, version } = this.projection;
    if (this.options.resume) {
      const left = await readShadow(this.session, name);
      if (left?.version === version && !(await this.isOfAnotherLog(left))) return left;
    }
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
    return BEGINNING;
  }

  /** Nobody reads a shadow, so unlike tables that serve it need not stop and be asked about: it is begun anew. */
  private async isOfAnotherLog(left: Place): Promise<boolean> {
    const reason = await replacementOf(this.dependencies.lookup, left);
    if (reason === undefined) return false;
    const fields = { projection: this.projection.name, position: left.position };
    this.dependencies.log.warn(fields, `the log was replaced: the shadow is ${reason}; it is begun anew`);
    return true;
  }

  /** To the end of the log as it is when we get there. */
  private async fill(from: Place): Promise<Place> {
    const { name } = this.projection;
    const { reader, lookup } = this.dependencies;
    let place = from;
    const onCommitted = (last: RecordedEvent) => (place = placeOf(last));
    let reading = reader.read(place.position);
    for (;;) {
      const events = await reading;
      if (this.options.signal?.aborted) throw new RebuildAborted(`rebuild of ${name} aborted`);
      const last = events.at(-1);
      if (!last) return place;
      // The next page comes while this one is written. Heard with the next turn; whoever stops before it does not ask.
      reading = reader.read(last.position);
      reading.catch(() => undefined);
      await writeIsolatingPoison(name, place.position, events, this.writer, onCommitted);
      this.events += events.length;
      const { position } = place;
      this.options.onProgress?.({ name, position, head: await lookup.head(), events: this.events });
    }
  }

  private readonly writer: WriteBatch = async (from, _to, events) => {
    await this.session.inTransaction(this.shadow, (tx) => this.write(tx, from, events));
  };

  private async write(
    tx: ProjectionTransaction,
    from: Position,
    events: readonly RecordedEvent[],
  ): Promise<void> {
    const last = placeOf(events.at(-1) as RecordedEvent);
    await moveShadow(tx, this.projection.name, from, last, this.dependencies.now());
    await applyHandled(this.projection, events, tx);
  }

  /**
   * Readers never see a position go back: with the live row locked, nothing moves, and the few events the live tables
   * have beyond ours are applied in the same transaction. Where the log itself ends before the live tables, as after it
   * was restored from an older copy, the log is right. @returns false when they are more than one page.
   */
  private async swap(filledTo: Place): Promise<boolean> {
    const { name } = this.projection;
    const swapped = await this.session.inTransaction(
      this.shadow,
      async (tx) => {
        const rows = await tx.query<{ position: Position }>(
          'select position from projections.checkpoints where name = $1 for update',
          [name],
        );
        const reached = await this.catchUp(tx, filledTo, rows[0]?.position ?? START);
        return reached && this.exchange(tx, rows.length > 0, reached);
      },
      (made) => made && noticeOf(name, made),
    );
    return swapped !== undefined;
  }

  /** @returns where the shadow is then; undefined when it cannot get to `served` in one page. */
  private async catchUp(
    tx: ProjectionTransaction,
    filledTo: Place,
    served: Position,
  ): Promise<Place | undefined> {
    if (comparePositions(filledTo.position, served) >= 0) return filledTo;
    const missing = await this.dependencies.reader.read(filledTo.position);
    const last = missing.at(-1);
    if (last === undefined) return filledTo;
    if (comparePositions(last.position, served) < 0) return undefined;
    await this.write(tx, filledTo.position, missing);
    this.events += missing.length;
    return placeOf(last);
  }

  private async exchange(
    tx: ProjectionTransaction,
    serving: boolean,
    { position, eventId }: Place,
  ): Promise<Pick<Checkpoint, 'generation' | 'position'>> {
    const { name, version } = this.projection;
    await tx.query(`drop schema if exists "${this.retired}" cascade`);
    if (serving) await tx.query(`alter schema "${this.live}" rename to "${this.retired}"`);
    await tx.query(`alter schema "${this.shadow}" rename to "${this.live}"`);
    const [made] = await tx.query<{ generation: string }>(
      `insert into projections.checkpoints (name, version, position, event_position, event_id, updated_at, status)
       values ($1, $2, $3, $3, $4, $5, 'running')
       on conflict (name) do update set version = excluded.version, generation = excluded.generation,
         position = excluded.position, event_position = excluded.event_position, event_id = excluded.event_id,
         updated_at = excluded.updated_at, status = 'running', error_position = null, error = null
       returning generation`,
      [name, version, position, eventId, this.dependencies.now()],
    );
    await tx.query('delete from projections.shadows where name = $1', [name]);
    return { generation: made?.generation as string, position };
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
