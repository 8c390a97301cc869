import {
  InvalidArgument,
  LIMITS,
  Overloaded,
  readUpToUnreadable,
  START,
  StoreUnavailable,
  StreamNotFound,
} from '@shaoying/event-store';
import type { Position, RecordedEvent, StoredRecord } from '@shaoying/event-store';
import type { Connection, LogClient, ReadReq, ReadResp } from './eventstoredb.client.js';
import { isInvalidPosition, isStreamDeleted } from './log.errors.js';
import type { Warn } from './log.errors.js';
import {
  allRequest,
  bytesOf,
  envelopeOf,
  placeRequest,
  positionMax,
  recordedFrom,
  serverEventIn,
  storedFrom,
  streamRequest,
} from './log.messages.js';
import type { ServerEvent } from './log.messages.js';

/** Reads under way at once; HTTP/2 carries 100 streams of a connection at a time, the others wait in the client. */
const readsMax = 1_000;
const readAttemptsMax = 2;

/** `false`: that is enough, cancel the call. */
type Take = (event: ServerEvent) => boolean;

/** Collects events until the page is full, in number or in bytes; a single event is never held back. */
function pageTaker(page: ServerEvent[], limit: number, wanted?: (event: ServerEvent) => boolean): Take {
  let bytes = 0;
  return (event) => {
    if (wanted && !wanted(event)) return true;
    bytes += bytesOf(event);
    if (page.length > 0 && bytes > LIMITS.readBytesMax) return false;
    page.push(event);
    return page.length < limit;
  };
}

/** The server compared prefixes; a type is matched whole. */
export const isOfType = ({ type }: ServerEvent, types: ReadonlySet<string> | undefined): boolean =>
  types === undefined || types.has(type);

const unavailable = (cause: unknown): StoreUnavailable =>
  cause instanceof StoreUnavailable ? cause : new StoreUnavailable('the event log cannot be read', { cause });

export interface StreamPage {
  readonly events: RecordedEvent[];
  readonly bytes: number;
}

interface Bounds {
  readonly limit: number;
  readonly types?: ReadonlySet<string> | undefined;
}

/** Every read but subscriptions. Each is bounded in time, in events and in bytes. */
export class LogReader {
  private underWay = 0;
  private warnedOfForeign = false;

  constructor(
    private readonly client: LogClient,
    private readonly deadlineMs: number,
    private readonly warn: Warn,
    private readonly ended: AbortSignal,
  ) {}

  /**
   * One page of a stream as the server keeps it; `undefined` when there is no such stream. An empty page is the end.
   * @throws Overloaded, StoreUnavailable
   */
  async streamPage(
    streamId: string,
    fromRevision: number,
    limit: number,
  ): Promise<readonly ServerEvent[] | undefined> {
    const page: ServerEvent[] = [];
    const take = pageTaker(page, limit);
    try {
      const found = await this.read(streamRequest(streamId, fromRevision, { count: limit }), take);
      return found ? page : undefined;
    } catch (error) {
      if (error instanceof StoreUnavailable && isStreamDeleted(error.cause)) return undefined;
      throw error;
    }
  }

  /**
   * Revisions of the stream's last event, whoever wrote it, and of its last that is ours; -1 where there is none.
   * @throws Overloaded, StoreUnavailable
   */
  async lastRevisions(streamId: string): Promise<{ readonly ours: number; readonly last: number }> {
    let last = -1;
    let from: number | 'end' = 'end';
    for (let count = 1; ; count = 100) {
      let [ours, reached] = [-1, -1];
      await this.read(streamRequest(streamId, from, { count, backwards: true }), (event) => {
        reached = event.revision;
        last = Math.max(last, reached);
        if (envelopeOf(event)) ours = reached;
        return ours === -1;
      });
      if (ours !== -1 || reached <= 0) return { ours, last };
      from = reached - 1;
    }
  }

  /** @throws StreamNotFound, UnreadableEvent, Overloaded, StoreUnavailable */
  async stream(streamId: string, fromRevision: number, limit: number): Promise<StreamPage> {
    for (let from = fromRevision; ;) {
      const page = await this.streamPage(streamId, from, limit);
      if (!page) throw new StreamNotFound(streamId);
      const events = page.flatMap((event) => this.ours(event) ?? []);
      const last = page.at(-1);
      const bytes = page.reduce((sum, event) => sum + bytesOf(event), 0);
      if (events.length > 0 || !last) return { events, bytes };
      from = last.revision + 1;
    }
  }

  /** Of events that are not ours, also of those of the server itself. @throws Overloaded, StoreUnavailable */
  async foreignRevisions(streamId: string, limit: number): Promise<number[]> {
    const foreign: number[] = [];
    for (let from = 0; ;) {
      const page = await this.streamPage(streamId, from, limit);
      const last = page?.at(-1);
      if (page === undefined || last === undefined) return foreign;
      foreign.push(...page.filter((event) => !envelopeOf(event)).map(({ revision }) => revision));
      from = last.revision + 1;
    }
  }

  /** @throws UnreadableEvent, InvalidArgument when this log has no such place, Overloaded, StoreUnavailable */
  async page(after: Position, bounds: Bounds): Promise<RecordedEvent[]> {
    return this.pageOf(after, bounds, (event) => this.ours(event));
  }

  /** The same, of each event what `take` makes of its texts as they are stored. */
  async storedPage<Taken extends object>(
    after: Position,
    bounds: Bounds,
    take: (record: StoredRecord) => Taken,
  ): Promise<Taken[]> {
    return this.pageOf(after, bounds, (event) => {
      const record = storedFrom(event);
      return record && take(record);
    });
  }

  private async pageOf<Taken extends object>(
    after: Position,
    { limit, types }: Bounds,
    take: (event: ServerEvent) => Taken | undefined,
  ): Promise<Taken[]> {
    if (BigInt(after) > positionMax) return [];
    for (let from = after; ;) {
      const page: ServerEvent[] = [];
      const takePage = pageTaker(page, limit, (event) => BigInt(event.position) > BigInt(from));
      // One more than asked for: the read begins with the event at `from` itself.
      await this.read(allRequest(from, { count: limit + 1 }, types), takePage);
      const events = readUpToUnreadable(page, (event) => (isOfType(event, types) ? take(event) : undefined));
      const last = page.at(-1);
      if (events.length > 0 || !last) return events;
      from = last.position;
    }
  }

  /** @throws UnreadableEvent, Overloaded, StoreUnavailable */
  async at(position: Position): Promise<RecordedEvent | undefined> {
    if (position === START || BigInt(position) > positionMax) return undefined;
    let found: ServerEvent | undefined;
    try {
      await this.read(placeRequest(position), (event) => {
        found = event;
        return false;
      });
    } catch (error) {
      if (error instanceof InvalidArgument) return undefined;
      throw error;
    }
    return found && BigInt(found.position) === BigInt(position) ? this.ours(found) : undefined;
  }

  /** Position of the last event that is ours. @throws Overloaded, StoreUnavailable */
  async head(): Promise<Position> {
    let head: Position | undefined;
    let from: Position | 'end' = 'end';
    for (let count = 1; ; count = 100) {
      let last: ServerEvent | undefined;
      await this.read(allRequest(from, { count, backwards: true }), (event) => {
        last = event;
        if (this.isOurs(event)) head = event.position;
        return head === undefined;
      });
      if (head !== undefined) return head;
      if (!last) return START;
      from = last.position;
    }
  }

  /** The event as the port gives it; undefined when it is not ours. @throws UnreadableEvent */
  ours(event: ServerEvent): RecordedEvent | undefined {
    const recorded = recordedFrom(event);
    if (!recorded) this.tellOfForeign(event);
    return recorded;
  }

  private isOurs(event: ServerEvent): boolean {
    const isOurs = envelopeOf(event) !== undefined;
    if (!isOurs) this.tellOfForeign(event);
    return isOurs;
  }

  /** Once, when somebody else writes into the same cluster. */
  private tellOfForeign({ type, streamId }: ServerEvent): void {
    if (this.warnedOfForeign || type.startsWith('$') || streamId.startsWith('$')) return;
    this.warnedOfForeign = true;
    this.warn(
      `the event log holds events that are not ours and passes them by, such as ${type} in ${streamId}`,
    );
  }

  /** False when the server says that there is no such stream. @throws InvalidArgument, Overloaded, StoreUnavailable */
  private async read(request: ReadReq, take: Take): Promise<boolean> {
    if (this.underWay >= readsMax) throw new Overloaded();
    this.underWay += 1;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const result = await this.attempt(request, take);
        if (typeof result === 'boolean') return result;
        if (isInvalidPosition(result.cause)) {
          throw new InvalidArgument('the event log has no such position', { cause: result.cause });
        }
        // Repeated only where nothing was taken yet; nobody is told an event twice.
        if (result.taken || attempt >= readAttemptsMax || this.ended.aborted) throw unavailable(result.cause);
      }
    } finally {
      this.underWay -= 1;
    }
  }

  private async attempt(request: ReadReq, take: Take): Promise<boolean | { cause: unknown; taken: boolean }> {
    let taken = false;
    try {
      const connection = await this.client.connection();
      return await this.collect(connection, request, (event) => {
        taken = true;
        return take(event);
      });
    } catch (cause) {
      return { cause, taken };
    }
  }

  private async collect(connection: Connection, request: ReadReq, take: Take): Promise<boolean> {
    const call = connection.streams.read(request, ...this.client.callArguments(this.deadlineMs, true));
    const cancel = (): void => call.cancel();
    this.ended.addEventListener('abort', cancel);
    let exists = true;
    try {
      await new Promise<void>((resolve, reject) => {
        call.on('data', (answer: ReadResp) => {
          try {
            if (answer.hasStreamNotFound()) exists = false;
            const event = serverEventIn(answer);
            if (!event || take(event)) return;
            resolve();
          } catch (error) {
            reject(error);
          }
          call.cancel();
        });
        call.on('end', resolve);
        // Also after our own cancel, which is no failure: the promise is settled by then.
        call.on('error', (error) => {
          void this.client.noteFailure(connection, error);
          reject(error);
        });
      });
      return exists;
    } finally {
      this.ended.removeEventListener('abort', cancel);
    }
  }
}
