import {
  comparePositions,
  type EventStore,
  type Position,
  type RecordedEvent,
  START,
  UnreadableEvent,
} from '@shaoying/event-store';
import {
  JURISDICTION_EVENT_TYPES,
  type JurisdictionEvent,
  type JurisdictionEventType,
  JurisdictionEventPoisoned,
  parseJurisdictionEvent,
} from '@shaoying/jurisdiction-contracts';
import { DirectoryBehind, DirectoryStopped } from './jurisdiction.errors.js';
import { PublishedJurisdiction } from './published-jurisdiction.js';

/** Some hundred grids and units are published at once; a batch of the largest events stays within the port's bytes. */
const BATCH_SIZE = 1_000;
const RETRY_DELAY_MS_MIN = 100;
const RETRY_DELAY_MS_MAX = 5_000;
/** How often the log is asked whether it has come to a position that somebody waits for. */
const LOOK_AGAIN_MS = 50;
const WAIT_MS_MAX = 5_000;

export interface DirectoryStatus {
  readonly state: 'IDLE' | 'STARTING' | 'LIVE' | 'FAILED' | 'STOPPED';
  /** Everything published up to here has been read; what else was appended since may lie beyond it. */
  readonly position: Position;
  /** The poison event, or the last trouble with the store while it is retried. */
  readonly error?: Error;
}

/** One version of one document, as the log has it. */
export interface PublishedDocument {
  readonly type: JurisdictionEventType;
  readonly documentId: string;
  readonly version: number;
}

/** What one command has published, by the log. */
export interface RecordedPublication {
  readonly requestHash: string;
  readonly published: readonly PublishedDocument[];
  readonly streamIds: ReadonlySet<string>;
  /** Of its last event. */
  readonly position: Position;
}

/** What the log held beyond what had been read. */
interface Ahead {
  readonly head: Position;
  /** Of the next event of ours; undefined where there is none up to the head. */
  readonly next: Position | undefined;
}

interface Waiter {
  readonly position: Position;
  readonly settle: (error?: Error) => void;
}

/**
 * The directory, read from the log and following it. An event it cannot understand, or not even read, stops it loudly (`FAILED`, seen by
 * readiness); trouble with the store is retried for ever with back-off. Until {@link start} has resolved it answers
 * from what it has read so far.
 */
export class EventSourcedJurisdictionDirectory extends PublishedJurisdiction {
  private readonly stopping = new AbortController();
  private readonly waiters = new Set<Waiter>();
  private readonly commands = new Map<string, RecordedPublication>();
  private reached: Position = START;
  private state: DirectoryStatus['state'] = 'IDLE';
  private error: Error | undefined;
  private following: Promise<void> | undefined;
  private looking: Promise<Ahead> | undefined;
  private lookingAgain: Promise<Ahead> | undefined;

  constructor(private readonly store: EventStore) {
    super();
  }

  /**
   * Reads the log as it is now, then follows it in the background.
   * @throws DirectoryStopped at a poison event, StoreUnavailable when the store cannot be asked at all
   */
  async start(): Promise<void> {
    if (this.following) throw new Error('the jurisdiction directory was started before');
    this.state = 'STARTING';
    const head = await this.store.head();
    this.following = this.follow();
    await this.caughtUpTo(head, Infinity);
    if (this.state === 'STARTING') this.state = 'LIVE';
  }

  /**
   * Resolves when what was published up to `position` has been read; `position` is one that a publication was answered
   * with.
   * @param timeoutMs default 5,000
   * @throws DirectoryBehind after the time-out, DirectoryStopped
   */
  caughtUpTo(position: Position, timeoutMs = WAIT_MS_MAX): Promise<void> {
    if (comparePositions(this.reached, position) >= 0) return Promise.resolve();
    if (this.state === 'FAILED' || this.state === 'STOPPED') return Promise.reject(this.stopped());
    return new Promise((resolve, reject) => {
      const timer = Number.isFinite(timeoutMs)
        ? setTimeout(() => waiter.settle(new DirectoryBehind(this.reached, position)), timeoutMs)
        : undefined;
      const waiter: Waiter = {
        position,
        settle: (error) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          if (error) reject(error);
          else resolve();
        },
      };
      this.waiters.add(waiter);
    });
  }

  /**
   * Resolves when everything published up to `position` has been read; unlike {@link caughtUpTo} of an event of any room. What
   * follows the log hears of its own events only, so the log is asked whether one of them lies between: once for all who ask at once.
   * @param timeoutMs default 5,000
   * @throws DirectoryBehind after the time-out, also where the log has not come to `position`; DirectoryStopped, StoreUnavailable
   */
  async hasReadUpTo(position: Position, timeoutMs = WAIT_MS_MAX): Promise<void> {
    if (comparePositions(this.reached, position) >= 0) return;
    const untilMs = performance.now() + timeoutMs;
    // A look that had begun before may not have seen what is asked for: after it the log is asked at once, after one of ours with a pause.
    let isOwn = this.looking === undefined;
    let look = this.ahead();
    for (;;) {
      const { head, next } = await look;
      if (next !== undefined) {
        if (comparePositions(next, position) > 0) return;
        await this.caughtUpTo(next, Math.max(untilMs - performance.now(), 0));
      } else if (comparePositions(head, position) < 0 && performance.now() >= untilMs) {
        throw new DirectoryBehind(this.reached, position);
      }
      if (this.state === 'FAILED' || this.state === 'STOPPED') throw this.stopped();
      if (comparePositions(this.reached, position) >= 0) return;
      look = isOwn && next === undefined ? this.aheadAfterPause() : this.ahead();
      isOwn = true;
    }
  }

  status(): DirectoryStatus {
    return { state: this.state, position: this.reached, ...(this.error && { error: this.error }) };
  }

  /** What a command has published so far, of what has been read; undefined when nothing. */
  publicationOf(commandId: string): RecordedPublication | undefined {
    return this.commands.get(commandId);
  }

  /** Ends the subscription; what has been read stays readable. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following;
    if (this.state !== 'FAILED') this.state = 'STOPPED';
    this.rejectWaiters();
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    const options = { types: JURISDICTION_EVENT_TYPES, batchSize: BATCH_SIZE, signal };
    let delayMs = RETRY_DELAY_MS_MIN;
    while (!signal.aborted) {
      try {
        await this.catchUp(signal);
        for await (const batch of this.store.subscribe(this.reached, options)) {
          this.read(batch);
          delayMs = RETRY_DELAY_MS_MIN;
          this.error = undefined;
        }
        // The contract ends the iterator on abort alone; an engine that ends it otherwise must not make us spin.
      } catch (error) {
        this.error = error instanceof Error ? error : new Error(String(error));
        if (error instanceof JurisdictionEventPoisoned || error instanceof UnreadableEvent) {
          this.state = 'FAILED';
          this.rejectWaiters();
          return;
        }
      }
      await pause(delayMs, signal);
      delayMs = Math.min(delayMs * 2, RETRY_DELAY_MS_MAX);
    }
  }

  private ahead(): Promise<Ahead> {
    this.looking ??= this.lookAhead().finally(() => (this.looking = undefined));
    return this.looking;
  }

  /** However many wait for what the log has not come to, it is asked once in that time. */
  private aheadAfterPause(): Promise<Ahead> {
    this.lookingAgain ??= pause(LOOK_AGAIN_MS, this.stopping.signal)
      .then(() => this.ahead())
      .finally(() => (this.lookingAgain = undefined));
    return this.lookingAgain;
  }

  private async lookAhead(): Promise<Ahead> {
    const head = await this.store.head();
    const options = { types: JURISDICTION_EVENT_TYPES, limit: 1 };
    const [event] = await this.store.readAll(this.reached, options);
    if (event === undefined && comparePositions(head, this.reached) > 0) this.reach(head);
    return { head, next: event?.position };
  }

  /** The log holds a thousand events of incidents for one of ours: it is asked for ours only, and told where it ended. */
  private async catchUp(signal: AbortSignal): Promise<void> {
    const head = await this.store.head();
    while (!signal.aborted) {
      const options = { types: JURISDICTION_EVENT_TYPES, limit: BATCH_SIZE };
      const page = await this.store.readAll(this.reached, options);
      if (page.length === 0) break;
      this.read(page);
    }
    if (comparePositions(head, this.reached) > 0) this.reach(head);
  }

  private read(batch: readonly RecordedEvent[]): void {
    for (const event of batch) {
      const read = parseJurisdictionEvent(event);
      this.apply(read, event.recordedAt);
      this.remember(event, read);
      this.reached = event.position;
    }
    this.reach(this.reached);
  }

  /** Commands with a hash came with a key of the caller's, who may send them again. */
  private remember(
    { commandId, requestHash, streamId, position }: RecordedEvent,
    read: JurisdictionEvent,
  ): void {
    if (requestHash === undefined) return;
    const known = this.commands.get(commandId);
    this.commands.set(commandId, {
      requestHash,
      published: [...(known?.published ?? []), { type: read.type, ...identityOf(read) }],
      streamIds: new Set(known?.streamIds).add(streamId),
      position,
    });
  }

  private reach(position: Position): void {
    this.reached = position;
    for (const waiter of [...this.waiters]) {
      if (comparePositions(this.reached, waiter.position) >= 0) waiter.settle();
    }
  }

  private rejectWaiters(): void {
    for (const waiter of [...this.waiters]) waiter.settle(this.stopped());
  }

  private stopped(): DirectoryStopped {
    return new DirectoryStopped(this.reached, this.state === 'FAILED' ? this.error : undefined);
  }
}

function identityOf(event: JurisdictionEvent): Pick<PublishedDocument, 'documentId' | 'version'> {
  switch (event.type) {
    case 'OrgUnitEstablished':
    case 'OrgUnitRevised':
      return { documentId: event.data.orgUnit.id, version: event.data.version };
    case 'GridMapPublished':
      return { documentId: event.data.gridMap.gridMapId, version: event.data.gridMap.version };
    case 'DispatchCataloguePublished':
      return { documentId: event.data.catalogue.catalogueId, version: event.data.catalogue.version };
    case 'DeadlinePolicyPublished':
      return { documentId: event.data.policy.policyId, version: event.data.policy.version };
    case 'EscalationLadderPublished':
      return { documentId: event.data.ladder.ladderId, version: event.data.ladder.version };
    case 'WorkingCalendarPublished':
      return { documentId: event.data.calendar.calendarId, version: event.data.calendar.version };
    case 'MetricDefinitionPublished':
      return { documentId: event.data.metric.metricId, version: event.data.metric.version };
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}
