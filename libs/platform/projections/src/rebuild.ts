import { isDeepStrictEqual } from 'node:util';
import { type Position, START, comparePositions } from '@shaoying/event-store';
import { type WriteBatch, isNoFaultOfEvents, writeIsolatingPoison } from './batch.js';
import {
  BEGINNING,
  type Checkpoint,
  type Place,
  checkpointIn,
  createTables,
  ensureControlSchema,
  moveShadow,
  noticeOf,
  type Shadow,
  clearShadowStop,
  placeOf,
  readCheckpoint,
  readShadow,
  recordShadowStop,
} from './checkpoints.js';
import { definitionOf } from './definition.js';
import { replacementOf } from './log-identity.js';
import { pause } from './pause.js';
import {
  afterRows,
  type PlacedEvent,
  type Projection,
  type ProjectionTransaction,
  schemaOf,
} from './projection.js';
import { PoisonEvent, RebuildAborted, RebuildUnderWay, messageOf } from './projections.errors.js';
import type { ProjectionLog } from './projection-engine.js';
import { isHeld, rebuildLockName } from './projection-locks.js';
import { type RebuildInput, type RebuildLog, inputOf } from './rebuild-input.js';
import { retire } from './retired-tables.js';
import { Session } from './session.js';
import { type SkippedEvent, skipsFor } from './skipped-events.js';
import { markVersion } from './version-mark.js';
import { compareTables, isSame, type TableComparison } from './table-comparison.js';

export interface RebuildProgress {
  readonly name: string;
  readonly position: Position;
  readonly head: Position;
  /** Events read by this run, handled or not. */
  readonly events: number;
}

/** What a rebuild is at: rows from the log, then indexes and what is made of all rows, then the comparison, then the swap. */
export type RebuildPhase = 'FILLING' | 'COMPLETING' | 'COMPARING' | 'SWAPPING';

/**
 * Why what was left of an earlier rebuild is not gone on with: it was asked for, it is of another version, filled by another
 * definition of the same version (other tables, say) or from a log since replaced, or it has what is now passed by.
 */
export type ThrownAwayFor =
  'ASKED_FOR' | 'OTHER_VERSION' | 'OTHER_DEFINITION' | 'OTHER_LOG' | 'OTHER_EVENTS_PASSED_BY';

/** How a rebuild begins. */
export interface RebuildBeginning {
  /** {@link START}, or behind the last event of an earlier run that was killed or has failed: it goes on from there. */
  readonly from: Position;
  /** What was left of an earlier run and is begun anew. */
  readonly thrownAway: {
    readonly version: number;
    readonly position: Position;
    readonly reason: ThrownAwayFor;
  } | null;
}

export interface RebuildOptions {
  /** Called once, before the first batch. */
  readonly onBeginning?: (beginning: RebuildBeginning) => void;
  /** Called after every batch. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Called whenever another phase begins; one may come again. */
  readonly onPhase?: (phase: RebuildPhase) => void;
  /** Ends the rebuild before the swap; the next one goes on from there. */
  readonly signal?: AbortSignal;
  /**
   * Starts over, whatever is left of an earlier run. Default: where nothing but a comparison is wanted, which is of all
   * events. What code has changed under an unchanged version nobody can see; who is in doubt says true.
   */
  readonly fromStart?: boolean;
  /** The serving tables stay: the new ones are compared with them and dropped. Default false. */
  readonly compareOnly?: boolean;
  /** Rows of each table and side that are compared one by one, about; null for all. Default 1,000. */
  readonly comparedRowsMax?: number | null;
}

/** What came of a rebuild. */
export interface RebuildOutcome extends RebuildBeginning {
  readonly name: string;
  readonly version: number;
  /** Events read by this run, handled or not. */
  readonly events: number;
  /** False where it was only compared. */
  readonly swapped: boolean;
  /**
   * The new tables beside the ones that served, at the same position of the log. Null where the two never were at one
   * position: none served, or they were left behind the position that an earlier run had come to, or by a log since replaced.
   */
  readonly comparison: readonly TableComparison[] | null;
  /** The tables that were compared with, and where both were then. Null without a comparison. */
  readonly comparedWith: { readonly version: number; readonly position: Position } | null;
  /**
   * What the new tables were told to pass by, up to where they were compared, and those that served were not, or did not say: they
   * may differ by it, and neither is at fault.
   */
  readonly leftOut: readonly SkippedEvent[];
}

export interface RebuildDependencies extends RebuildLog {
  readonly url: string;
  readonly log: ProjectionLog;
  readonly now: () => Date;
}

const comparedRowsMax = 1_000;
/** The serving tables may be a few events behind the new ones: so long they are waited for. */
const evenMsMax = 5_000;
const evenPollMs = 50;

/**
 * Fills `<schema>__shadow` from the log beside the serving tables, then swaps both schemas and the checkpoint in one
 * transaction. Needs no lock on the projection itself: the swap holds the checkpoint's row, on which every writer's
 * fence waits, so any process (the CLI beside a running server) may rebuild. Two rebuilds exclude each other. The tables
 * that served are kept: see `retired-tables.ts`.
 */
export async function rebuildProjection(
  projection: Projection,
  dependencies: RebuildDependencies,
  options: RebuildOptions = {},
): Promise<RebuildOutcome> {
  const session = await Session.open(dependencies.url, `shaoying-rebuild-${projection.name}`);
  try {
    await ensureControlSchema(session);
    // Nobody has read what a crash takes from a shadow: rows and place go together, and the swap waits for the disk.
    await session.query('set synchronous_commit = off');
    if (!(await session.tryLock(rebuildLockName(projection.name))))
      throw new RebuildUnderWay(projection.name);
    const skips = await skipsFor(dependencies.lookup, projection);
    const input = inputOf(projection, dependencies, new Set(skips.map(({ eventId }) => eventId)));
    return await new Rebuild(projection, dependencies, options, session, input, skips).run();
  } catch (error) {
    if (error instanceof PoisonEvent) await showStop(session, error, dependencies.log);
    throw error;
  } finally {
    await session.close();
  }
}

/** Where everybody sees it who asks how the projection stands. */
async function showStop(session: Session, error: PoisonEvent, log: ProjectionLog): Promise<void> {
  const { projectionName: projection, position } = error;
  await recordShadowStop(session, projection, error).catch((cause: unknown) =>
    log.warn(
      { projection, position, error: messageOf(cause) },
      'the stop of a rebuild could not be recorded',
    ),
  );
}

/** Thrown here when events that the serving tables have beyond the new ones cannot be applied: filling on says which. */
class NotCaughtUp extends Error {}

type Made = Pick<Checkpoint, 'generation' | 'position'>;
type Compared = Pick<RebuildOutcome, 'comparison' | 'comparedWith' | 'leftOut'>;

/** Releases from before event ids do not say which event is at their position. */
const isOnePlace = (a: Place, b: Place): boolean =>
  a.position === b.position && (a.eventId === null || b.eventId === null || a.eventId === b.eventId);

const countUpTo = (end: Position, events: readonly PlacedEvent[]): number =>
  events.findLastIndex(({ position }) => comparePositions(position, end) <= 0) + 1;

class Rebuild<Event extends PlacedEvent> {
  private readonly live: string;
  private readonly shadow: string;
  private events = 0;
  private isComplete = false;
  private compared: Compared = { comparison: null, comparedWith: null, leftOut: [] };

  constructor(
    private readonly projection: Projection,
    private readonly dependencies: RebuildDependencies,
    private readonly options: RebuildOptions,
    private readonly session: Session,
    private readonly input: RebuildInput<Event>,
    private readonly skips: readonly SkippedEvent[],
  ) {
    this.live = schemaOf(projection.name);
    this.shadow = `${this.live}__shadow`;
  }

  async run(): Promise<RebuildOutcome> {
    const { name, version } = this.projection;
    const startedMs = performance.now();
    const { place, ...beginning } = await this.begin();
    this.options.onBeginning?.(beginning);
    this.dependencies.log.info({ projection: name, version, ...beginning }, 'rebuild started');
    const swapped = await this.comeToAnEnd(place);
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const { comparison, comparedWith, leftOut } = this.compared;
    const different = comparison?.filter((table) => !isSame(table)) ?? null;
    this.dependencies.log.info(
      { projection: name, version, events: this.events, seconds, comparedWith, different, leftOut },
      swapped ? 'rebuild swapped in' : 'rebuild compared and dropped',
    );
    return { name, version, ...beginning, events: this.events, swapped, ...this.compared };
  }

  /** @returns whether the new tables serve now */
  private async comeToAnEnd(from: Place): Promise<boolean> {
    let place = from;
    for (;;) {
      place = await this.fill(place);
      await this.complete();
      try {
        if (!this.isCompared) {
          await this.untilEven(place);
          const reached = await this.compare(place);
          if (reached === undefined) continue;
          place = reached;
        }
        if (this.options.compareOnly === true) {
          await this.session.inTransaction(this.shadow, (tx) => this.dropShadow(tx));
          return false;
        }
        if ((await this.swap(place)) !== undefined) return true;
      } catch (error) {
        if (!(error instanceof NotCaughtUp)) throw error;
      }
    }
  }

  private get isCompared(): boolean {
    return this.compared.comparison !== null;
  }

  /** Goes on with what is left of an earlier run, where that is what this one would have made of the same events. */
  private async begin(): Promise<RebuildBeginning & { readonly place: Place }> {
    const { name } = this.projection;
    const left = await readShadow(this.session, name);
    const reason = left && (await this.reasonAgainst(left));
    if (left && reason === undefined) {
      await clearShadowStop(this.session, name);
      return { place: left, from: left.position, thrownAway: null };
    }
    await this.createShadow();
    const { version, position = START } = left ?? {};
    const isWorthTelling = version !== undefined && reason !== undefined && position !== START;
    return {
      place: BEGINNING,
      from: START,
      thrownAway: isWorthTelling ? { version, position, reason } : null,
    };
  }

  private async createShadow(): Promise<void> {
    const { name, version } = this.projection;
    const startedAt = this.dependencies.now();
    await this.session.inTransaction(this.shadow, async (tx) => {
      await tx.query(`drop schema if exists "${this.shadow}" cascade`);
      await createTables(tx, this.projection, this.shadow);
      await tx.query(
        `insert into projections.shadows (name, version, position, started_at, updated_at, definition, passed_by)
         values ($1, $2, $3, $4, $4, $5, '{}')
         on conflict (name) do update set version = excluded.version, position = excluded.position,
           started_at = excluded.started_at, updated_at = excluded.updated_at, definition = excluded.definition,
           passed_by = excluded.passed_by, error_position = null, error = null`,
        [name, version, START, startedAt, definitionOf(this.projection, startedAt)],
      );
    });
  }

  /** Nobody reads a shadow, so unlike tables that serve it need not stop and be asked about: it is begun anew. */
  private async reasonAgainst(left: Shadow): Promise<ThrownAwayFor | undefined> {
    const { compareOnly = false, fromStart = compareOnly } = this.options;
    if (fromStart) return 'ASKED_FOR';
    if (left.version !== this.projection.version) return 'OTHER_VERSION';
    if (left.definition !== definitionOf(this.projection, left.startedAt)) return 'OTHER_DEFINITION';
    const replacement = await replacementOf(this.dependencies.lookup, left);
    if (replacement !== undefined) {
      const fields = { projection: this.projection.name, position: left.position };
      this.dependencies.log.warn(
        fields,
        `the log was replaced: the shadow is ${replacement}; it is begun anew`,
      );
      return 'OTHER_LOG';
    }
    // Told since of an event that it has, or no more of one that it lacks.
    const passedBy = [...new Set(left.passedBy)].sort();
    const wanted = [...new Set(this.skipsUpTo(left.position).map(({ eventId }) => eventId))].sort();
    return isDeepStrictEqual(passedBy, wanted) ? undefined : 'OTHER_EVENTS_PASSED_BY';
  }

  private skipsUpTo(end: Position): SkippedEvent[] {
    return this.skips.filter(({ position }) => comparePositions(position, end) <= 0);
  }

  /** To the end of the log as it is when we get there; where nothing but a comparison is wanted, no further than to that. */
  private async fill(from: Place): Promise<Place> {
    const { name } = this.projection;
    const { lookup } = this.dependencies;
    let place = from;
    this.options.onPhase?.('FILLING');
    let reading = this.input.batch(place.position);
    for (;;) {
      const events = await reading;
      if (this.options.signal?.aborted) throw new RebuildAborted(`rebuild of ${name} aborted`);
      const last = events.at(-1);
      if (!last) return place;
      // The next batch comes while this one is written. Heard with the next turn; whoever stops before it does not ask.
      reading = this.input.batch(last.position);
      reading.catch(() => undefined);
      const stand = await this.standOfServing();
      const split = stand === undefined ? 0 : countUpTo(stand, events);
      place = await this.append(place, events.slice(0, split));
      if (place.position === stand) {
        await this.complete();
        await this.compare(place, { stays: true });
        if (this.isCompared && this.options.compareOnly === true) return place;
        this.options.onPhase?.('FILLING');
      }
      place = await this.append(place, events.slice(split));
      const { position } = place;
      this.options.onProgress?.({ name, position, head: await lookup.head(), events: this.events });
    }
  }

  /** @returns where the shadow is then */
  private async append(from: Place, events: readonly Event[]): Promise<Place> {
    let place = from;
    const onCommitted = (last: Event) => (place = placeOf(last));
    await writeIsolatingPoison(this.projection.name, from.position, events, this.writer, onCommitted);
    this.events += events.length;
    return place;
  }

  /**
   * Where the serving tables stand, when nobody fills them: those of the version before, after a server was replaced, or
   * those of a stopped one. They will never come to where the new ones end, so these are held once where those are.
   */
  private async standOfServing(): Promise<Position | undefined> {
    if (this.isCompared) return undefined;
    const { name } = this.projection;
    const serving = await readCheckpoint(this.session, name);
    // Nothing to compare with, and indexes are for after the rows.
    if (serving === undefined || serving.position === START) return undefined;
    const isFilled = serving.status === 'running' && (await isHeld(this.session, name));
    return isFilled ? undefined : serving.position;
  }

  /** With what comes after the rows, once: later rows find it there. Whoever has it end cuts it off; the next run begins again with that. */
  private async complete(): Promise<void> {
    if (this.isComplete) return;
    this.options.onPhase?.('COMPLETING');
    await this.cutOff(() => this.session.inLongTransaction(this.shadow, afterRows(this.projection)));
    this.isComplete = true;
  }

  /** What takes long in one statement ends with the connection where it is told to. @throws RebuildAborted */
  private async cutOff<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.options;
    const aborted = (): Error => new RebuildAborted(`rebuild of ${this.projection.name} aborted`);
    if (signal?.aborted) throw aborted();
    const cut = (): void => void this.session.close();
    signal?.addEventListener('abort', cut, { once: true });
    try {
      return await work();
    } catch (error) {
      throw signal?.aborted ? aborted() : error;
    } finally {
      signal?.removeEventListener('abort', cut);
    }
  }

  private readonly writer: WriteBatch<Event> = async (from, _to, events) => {
    await this.session.inTransaction(this.shadow, (tx) => this.write(tx, from, events));
  };

  private async write(tx: ProjectionTransaction, from: Position, events: readonly Event[]): Promise<void> {
    const last = placeOf(events.at(-1) as Event);
    await moveShadow(tx, this.projection.name, from, last, this.dependencies.now());
    await this.input.apply(events, tx);
  }

  /** Waits until the serving tables have what the new ones have, as long as somebody fills them. */
  private async untilEven({ position }: Place): Promise<void> {
    const { name } = this.projection;
    const patience = AbortSignal.any([AbortSignal.timeout(evenMsMax), this.session.lost]);
    while (!patience.aborted) {
      const serving = await readCheckpoint(this.session, name);
      if (serving === undefined || serving.status === 'stopped') return;
      if (comparePositions(serving.position, position) >= 0) return;
      if (!(await isHeld(this.session, name))) return;
      await pause(evenPollMs, patience);
    }
  }

  /**
   * The rows of the serving tables and their checkpoint are committed together, so that one snapshot has them at one
   * position; nobody else writes the new ones, which are brought to it in the same transaction. Whoever fills the serving
   * tables goes on meanwhile: comparing all rows of a city takes minutes.
   * @param stays the new ones are not brought there, and only compared where they are there already
   * @returns where the shadow is then; undefined when it is more than one page behind what serves
   */
  private compare(filledTo: Place, { stays = false } = {}): Promise<Place | undefined> {
    const { comparedRowsMax: rowsMax = comparedRowsMax } = this.options;
    this.options.onPhase?.('COMPARING');
    return this.cutOff(() =>
      this.session.inLongSnapshot(this.shadow, async (tx) => {
        const serving = await checkpointIn(tx, this.projection.name);
        if (serving === undefined) return filledTo;
        const reached = stays ? filledTo : await this.catchUp(tx, filledTo, serving.position);
        if (reached !== undefined && isOnePlace(serving, reached)) {
          const comparison = await compareTables(tx, this.live, this.shadow, rowsMax);
          const { version, position, passedBy } = serving;
          const leftOut = this.skipsUpTo(position).filter(({ eventId }) => !passedBy?.includes(eventId));
          this.compared = { comparison, comparedWith: { version, position }, leftOut };
        }
        return reached;
      }),
    );
  }

  /**
   * Readers never see a position go back: with the live row locked, nothing moves, and the few events the live tables
   * have beyond ours are applied in the same transaction. Where the log itself ends before the live tables, as after it was
   * restored from an older copy, the log is right.
   * @returns undefined when they are more than one page
   */
  private async swap(filledTo: Place): Promise<Made | undefined> {
    const { name } = this.projection;
    this.options.onPhase?.('SWAPPING');
    return this.session.inTransaction(
      this.shadow,
      async (tx) => {
        await tx.query('set local synchronous_commit = on');
        const [serving] = await tx.query<Pick<Checkpoint, 'position'>>(
          'select position from projections.checkpoints where name = $1 for update',
          [name],
        );
        const reached = await this.catchUp(tx, filledTo, serving?.position ?? START);
        return reached && (await this.exchange(tx, serving !== undefined, reached));
      },
      (made) => made && noticeOf(name, made),
    );
  }

  private async dropShadow(tx: ProjectionTransaction): Promise<void> {
    await tx.query(`drop schema "${this.shadow}" cascade`);
    await tx.query('delete from projections.shadows where name = $1', [this.projection.name]);
  }

  /** @returns where the shadow is then; undefined when it cannot get to `served` in one page. */
  private async catchUp(
    tx: ProjectionTransaction,
    filledTo: Place,
    served: Position,
  ): Promise<Place | undefined> {
    if (comparePositions(filledTo.position, served) >= 0) return filledTo;
    const page = await this.input.page(filledTo.position);
    const missing = page.filter(({ position }) => comparePositions(position, served) <= 0);
    const last = missing.at(-1);
    if (last === undefined) return filledTo;
    if (comparePositions(last.position, served) < 0 && missing.length === page.length) return undefined;
    try {
      await this.write(tx, filledTo.position, missing);
    } catch (error) {
      throw isNoFaultOfEvents(error) ? error : new NotCaughtUp(messageOf(error), { cause: error });
    }
    this.events += missing.length;
    return placeOf(last);
  }

  private async exchange(
    tx: ProjectionTransaction,
    serving: boolean,
    { position, eventId }: Place,
  ): Promise<Made> {
    const { name, version } = this.projection;
    // A release before may have begun it.
    await markVersion(tx, this.shadow, version);
    if (serving) await retire(tx, name, this.dependencies.now());
    await tx.query(`alter schema "${this.shadow}" rename to "${this.live}"`);
    const [made] = await tx.query<{ generation: string }>(
      `insert into projections.checkpoints
         (name, version, position, event_position, event_id, updated_at, status, passed_by)
       values ($1, $2, $3, $3, $4, $5, 'running', (select passed_by from projections.shadows where name = $1))
       on conflict (name) do update set version = excluded.version, generation = excluded.generation,
         position = excluded.position, event_position = excluded.event_position, event_id = excluded.event_id,
         updated_at = excluded.updated_at, status = 'running', error_position = null, error = null,
         error_version = null, passed_by = excluded.passed_by
       returning generation`,
      [name, version, position, eventId, this.dependencies.now()],
    );
    await tx.query('delete from projections.shadows where name = $1', [name]);
    return { generation: made?.generation as string, position };
  }
}
