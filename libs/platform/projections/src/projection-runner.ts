import type { EventStore } from '@shaoying/event-store';
import { BatchPace } from './batch-pace.js';
import { isHandled, liveBatchWriter, writeIsolatingPoison } from './batch.js';
import {
  type Checkpoint,
  type Place,
  createProjection,
  ensureControlSchema,
  placeOf,
  markServing,
  readCheckpoint,
  recordStop,
} from './checkpoints.js';
import { replacementOf } from './log-identity.js';
import type { LogTail, TailReader } from './log-tail.js';
import { backOffMs, pause } from './pause.js';
import { lockName } from './projection-locks.js';
import type { Projection } from './projection.js';
import type { ProjectionLog } from './projection-engine.js';
import {
  CheckpointMoved,
  PoisonEvent,
  RebuildUnderWay,
  isTransient,
  messageOf,
} from './projections.errors.js';
import type { ReadEvent } from './read-event.js';
import { rebuildProjection } from './rebuild.js';
import { Session } from './session.js';
import { skipsOf } from './skipped-events.js';

/**
 * What this process does for one projection: `connecting` (also after a failure, with back-off), `standby` (another
 * process is active), `active`, `rebuilding`, `stopped` (poison; see the checkpoint), `superseded` (the tables are of
 * a newer version than this process knows), `ended`.
 */
export type Activity =
  'connecting' | 'standby' | 'active' | 'rebuilding' | 'stopped' | 'superseded' | 'ended';

export interface RunnerDependencies {
  readonly url: string;
  readonly tail: LogTail;
  readonly batchSize: number;
  readonly rebuildBatchSize: number;
  readonly log: ProjectionLog;
  readonly now: () => Date;
  readonly lookup: EventStore;
}

/** A dead instance is replaced after about this long. */
const lockRetryMs = 1_000;
const stoppedPollMs = 1_000;
const supersededPollMs = 5_000;
const refusedUpgradeRetryMs = 30_000;
/** How often a projection that follows makes sure that the log is still the one it reads, and the tables those it fills. */
const standingCheckMs = 5_000;

/** Keeps one projection going: takes its lock, follows the log, survives what can be survived. */
export class ProjectionRunner {
  activity: Activity = 'connecting';
  /** Why the last attempt failed; undefined once it works again. */
  failure: string | undefined;
  private readonly stopping = new AbortController();
  private session: Session | undefined;
  /** Aborts when the session is lost or this runner stops. One per session: signals remember what was made of them. */
  private over: AbortSignal = this.stopping.signal;
  private finished: Promise<void> | undefined;

  constructor(
    readonly projection: Projection,
    private readonly dependencies: RunnerDependencies,
  ) {}

  start(): void {
    this.finished ??= this.run();
  }

  /** Lets the batch under way finish for `graceMs`, then cuts the connection: the batch is rolled back. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    const cut = setTimeout(() => void this.session?.close(), graceMs);
    await this.finished;
    clearTimeout(cut);
  }

  private async run(): Promise<void> {
    const { log } = this.dependencies;
    let attempt = 0;
    while (!this.stopping.signal.aborted) {
      try {
        await this.runOneSession(() => (attempt = 0));
      } catch (error) {
        if (this.stopping.signal.aborted) break;
        this.activity = 'connecting';
        this.failure = messageOf(error);
        const fields = { projection: this.projection.name, error: this.failure, attempt };
        if (isTransient(error)) log.warn(fields, 'projection interrupted, trying again');
        else log.error(fields, 'projection failed, trying again');
        await pause(backOffMs(attempt), this.stopping.signal);
        attempt += 1;
      }
    }
    this.activity = 'ended';
  }

  private async runOneSession(onWorking: () => void): Promise<void> {
    const session = await Session.open(this.dependencies.url, `shaoying-projection-${this.projection.name}`);
    this.session = session;
    this.over = AbortSignal.any([this.stopping.signal, session.lost]);
    // Had the log been replaced since, this session would have been cut: where both are one database, as they mostly are.
    let sureOfLogSinceMs = performance.now();
    try {
      await ensureControlSchema(session);
      await this.becomeActive(session);
      while (!this.over.aborted) {
        const checkpoint = await this.openCheckpoint(session);
        if (checkpoint.version !== this.projection.version) return; // Gives the lock back; becomeActive() sorts it out.
        this.failure = undefined;
        onWorking();
        if (checkpoint.status === 'stopped') await this.waitStopped(checkpoint);
        else {
          this.dependencies.tail.forget(sureOfLogSinceMs);
          if (!(await this.stoppedAsReplaced(session, checkpoint))) await this.follow(session, checkpoint);
          sureOfLogSinceMs = performance.now();
        }
      }
    } finally {
      await session.close();
      this.session = undefined;
    }
  }

  /** Returns holding the lock, on tables of our version or none. */
  private async becomeActive(session: Session): Promise<void> {
    const { name, version } = this.projection;
    while (!this.over.aborted) {
      const checkpoint = await readCheckpoint(session, name);
      this.failure = undefined;
      if (checkpoint && checkpoint.version > version) {
        if (this.activity !== 'superseded') {
          const fields = { projection: name, version, recorded: checkpoint.version };
          this.dependencies.log.error(
            fields,
            'tables are of a newer version: this process leaves them alone',
          );
        }
        this.activity = 'superseded';
        await pause(supersededPollMs, this.over);
      } else if (checkpoint && checkpoint.version < version) {
        if (checkpoint.status === 'stopped') await this.waitStopped(checkpoint);
        else await this.upgrade(session);
      } else if (await session.tryLock(lockName(name))) {
        this.dependencies.log.info({ projection: name, version }, 'projection active');
        return;
      } else {
        this.activity = 'standby';
        await pause(lockRetryMs, this.over);
      }
    }
  }

  private async openCheckpoint(session: Session): Promise<Checkpoint> {
    const { name } = this.projection;
    const existing = await readCheckpoint(session, name);
    if (existing) {
      await markServing(session, this.projection);
      return existing;
    }
    await createProjection(session, this.projection, this.dependencies.now());
    return (await readCheckpoint(session, name)) as Checkpoint;
  }

  private async follow(session: Session, from: Checkpoint): Promise<void> {
    const { tail, batchSize, now, lookup } = this.dependencies;
    const { name } = this.projection;
    // What is told later is told while it is stopped, and it comes here again after that.
    const skipped = await skipsOf(lookup, this.projection);
    const doubt = new AbortController();
    const over = AbortSignal.any([this.over, doubt.signal]);
    const write = liveBatchWriter(session, this.projection, from.generation, now, skipped);
    const reader = tail.reader();
    const { longestIntervalMs, longestPassingMs } = this.projection;
    const pace = new BatchPace(() => performance.now(), longestIntervalMs, longestPassingMs);
    this.activity = 'active';
    let place: Place = from;
    const watch = setInterval(() => {
      void this.doubtLog(place, doubt);
      void this.doubtTables(session, from, doubt);
    }, standingCheckMs).unref();
    const onCommitted = (last: ReadEvent) => (place = placeOf(last));
    try {
      for (;;) {
        const events = await this.nextBatch(reader, place, pace, over);
        if (events.length === 0) return;
        await writeIsolatingPoison(name, place.position, events, write, onCommitted);
        if (events.length < batchSize) await pause(pace.leftMs(), over);
      }
    } catch (error) {
      if (error instanceof CheckpointMoved) {
        const fields = { projection: name, position: place.position };
        this.dependencies.log.info(fields, 'checkpoint moved, reading it again');
      } else if (error instanceof PoisonEvent) {
        await this.stopAt(session, error, { ...from, ...place });
      } else {
        throw error;
      }
    } finally {
      clearInterval(watch);
      reader.close();
    }
  }

  /** Waits for events; where none of them is this projection's, takes what came meanwhile with them. */
  private async nextBatch(
    reader: TailReader,
    { position }: Place,
    pace: BatchPace,
    over: AbortSignal,
  ): Promise<ReadEvent[]> {
    const events = await reader.next(position, over);
    if (events.length === 0) return events;
    pace.start(events.length);
    if (events.some((event) => isHandled(this.projection, event))) return events;
    const passingMs = events.length < this.dependencies.batchSize ? pace.passingMs() : 0;
    if (passingMs === 0) return events;
    await pause(passingMs, over);
    const more = await reader.next(position, over);
    pace.start(Math.max(0, more.length - events.length));
    return more;
  }

  /**
   * The log may be replaced under us without any connection of ours being cut. Found here it is only doubted: going back
   * to the checkpoint asks again, and after a failure on a new session.
   */
  private async doubtLog(place: Place, doubt: AbortController): Promise<void> {
    const reason = await replacementOf(this.dependencies.lookup, place).catch(messageOf);
    if (reason === undefined) return;
    const fields = { projection: this.projection.name, position: place.position, reason };
    if (!doubt.signal.aborted) this.dependencies.log.warn(fields, 'log in doubt, checking it');
    doubt.abort();
  }

  /** A batch would find out by itself; but whoever waits for events has none, and tables of before may have come back. */
  private async doubtTables(
    session: Session,
    { generation }: Checkpoint,
    doubt: AbortController,
  ): Promise<void> {
    const { name } = this.projection;
    const serving = await readCheckpoint(session, name).catch(() => undefined);
    if (serving === undefined || serving.generation === generation || doubt.signal.aborted) return;
    this.dependencies.log.info({ projection: name }, 'other tables serve, going on with them');
    doubt.abort();
  }

  private async stopAt(session: Session, error: PoisonEvent, at: Checkpoint): Promise<void> {
    this.activity = 'stopped';
    this.dependencies.log.error(
      {
        projection: error.projectionName,
        position: error.position,
        eventType: error.eventType,
        err: error.cause,
      },
      'projection stopped at an event it cannot apply; the others go on',
    );
    const { position: errorPosition, message } = error;
    const { version: errorVersion } = this.projection;
    const now = this.dependencies.now();
    await recordStop(session, at, { errorPosition, error: message, errorVersion, now });
  }

  /** Where the log was replaced, nothing but a rebuild helps. */
  private async stoppedAsReplaced(session: Session, checkpoint: Checkpoint): Promise<boolean> {
    const { lookup, now } = this.dependencies;
    const reason = await replacementOf(lookup, checkpoint);
    if (reason === undefined) return false;
    const error = `the log was replaced: the read model is ${reason}; rebuild it`;
    const { version: errorVersion } = this.projection;
    await recordStop(session, checkpoint, { errorPosition: null, error, errorVersion, now: now() });
    return true;
  }

  /** Keeps the lock: the row is where `retry` comes from, whoever asks for it. */
  private async waitStopped(checkpoint: Checkpoint): Promise<void> {
    if (this.activity !== 'stopped') {
      const fields = {
        projection: checkpoint.name,
        position: checkpoint.errorPosition,
        error: checkpoint.error,
      };
      this.dependencies.log.error(fields, 'projection is stopped; retry or rebuild it, or skip the event');
    }
    this.activity = 'stopped';
    await pause(stoppedPollMs, this.over);
  }

  /** Old tables go on serving, and an older process may go on filling them, until the swap. */
  private async upgrade(session: Session): Promise<void> {
    const { url, tail, log, now, lookup, rebuildBatchSize: batchSize } = this.dependencies;
    const { name } = this.projection;
    // Held where an upgrade was refused before. It says that somebody fills the old tables, and nobody does.
    await session.unlock(lockName(name));
    tail.forget(performance.now());
    const reader = tail.reader();
    this.activity = 'rebuilding';
    try {
      const signal = this.over;
      const dependencies = { url, log, now, lookup, reader, batchSize };
      await rebuildProjection(this.projection, dependencies, { signal });
    } catch (error) {
      if (error instanceof RebuildUnderWay) return await pause(lockRetryMs, this.over);
      if (!(error instanceof PoisonEvent)) throw error;
      await this.refuseUpgrade(session, error);
    } finally {
      reader.close();
    }
  }

  /** An older process that goes on filling the old tables must not be stopped by what the new code cannot do. */
  private async refuseUpgrade(session: Session, error: PoisonEvent): Promise<void> {
    const { name } = this.projection;
    if (await session.tryLock(lockName(name))) {
      const checkpoint = await readCheckpoint(session, name);
      if (checkpoint) await this.stopAt(session, error, checkpoint);
      return;
    }
    this.failure = error.message;
    const fields = {
      projection: name,
      position: error.position,
      eventType: error.eventType,
      err: error.cause,
    };
    this.dependencies.log.error(fields, 'new version cannot apply an event; the older process goes on');
    await pause(refusedUpgradeRetryMs, this.over);
  }
}
