import {
  comparePositions,
  LIMITS,
  StreamNotFound,
  type EventStore,
  type Position,
  type RecordedEvent,
} from '@shaoying/event-store';
import { incidentStreamId } from '@shaoying/incident-contracts';
import type { NameOf, PlainLine } from '../plain-lines.js';
import { logLineOf } from './log-lines.js';

/** Which events of the log are asked for; every part that is given must fit. */
export interface LogFilter {
  /** Account as the envelope has it. */
  readonly actorId: string | null;
  /** Units of the actor, any of them. */
  readonly orgUnitIds: ReadonlySet<string> | null;
  readonly incidentId: string | null;
  /** Wire names; none: all. */
  readonly types: readonly string[];
  /** When it was so: from, included, to, excluded. */
  readonly from: string | null;
  readonly to: string | null;
}

/** An event as the trail tells it: as it is stored, without the fingerprint of its request, and a sentence. */
export type LoggedEvent = Omit<RecordedEvent, 'requestHash'> & { readonly line: PlainLine };

export interface LogPage {
  readonly items: readonly LoggedEvent[];
  /** Where to go on: behind everything that was looked through. */
  readonly position: Position;
  /** Whether the log had no more. */
  readonly isEnd: boolean;
}

/** Events that one page looks through: some 0.2 s of the log. A page may be short of items, and not be the last. */
const scannedMax = 20_000;
const scannedAtOnce = 2_000;

/** Reads the log by filter, straight from the store. */
export class LogQuery {
  constructor(
    private readonly store: EventStore,
    private readonly nameOf: NameOf,
  ) {}

  /** @throws what the store throws */
  async page(filter: LogFilter, after: Position, limit: number): Promise<LogPage> {
    const found: RecordedEvent[] = [];
    let position = after;
    for (let scanned = 0; scanned < scannedMax;) {
      const read = await this.read(filter, position, scannedAtOnce);
      scanned += read.length;
      for (const event of read) {
        if (fits(event, filter)) found.push(event);
        position = event.position;
        if (found.length >= limit) return this.told(found, position, false);
      }
      if (read.length === 0) return this.told(found, position, true);
    }
    return this.told(found, position, false);
  }

  /** Everything that fits behind `after` and up to `upTo`, page by page; memory does not grow. @throws as the store */
  async *matching(filter: LogFilter, after: Position, upTo: Position): AsyncGenerator<RecordedEvent[]> {
    for (let position = after; ;) {
      const read = await this.read(filter, position, LIMITS.readEventsDefault);
      const within = read.filter((event) => comparePositions(event.position, upTo) <= 0);
      const last = within.at(-1);
      if (last === undefined) return;
      position = last.position;
      const found = within.filter((event) => fits(event, filter));
      if (found.length > 0) yield found;
    }
  }

  lineOf(event: RecordedEvent): PlainLine {
    return logLineOf(event, this.nameOf);
  }

  private async read(
    { incidentId, types }: LogFilter,
    after: Position,
    limit: number,
  ): Promise<RecordedEvent[]> {
    if (incidentId !== null) return this.ofIncident(incidentId, after);
    return this.store.readAll(after, { limit, ...(types.length === 0 ? {} : { types }) });
  }

  /** Its whole stream: some hundreds at the most. */
  private async ofIncident(incidentId: string, after: Position): Promise<RecordedEvent[]> {
    try {
      const events = await this.store.readStream(incidentStreamId(incidentId));
      return events.filter(({ position }) => comparePositions(position, after) > 0);
    } catch (error) {
      if (error instanceof StreamNotFound) return [];
      throw error;
    }
  }

  private told(found: readonly RecordedEvent[], position: Position, isEnd: boolean): LogPage {
    const items = found.map((event) => {
      const { requestHash: _, ...logged } = event;
      return { ...logged, line: this.lineOf(event) };
    });
    return { items, position, isEnd };
  }
}

function fits(event: RecordedEvent, { actorId, orgUnitIds, types, from, to }: LogFilter): boolean {
  const { actor, type, occurredAt } = event;
  if (actorId !== null && actor.id !== actorId) return false;
  if (orgUnitIds !== null && (actor.orgUnitId === null || !orgUnitIds.has(actor.orgUnitId))) return false;
  if (types.length > 0 && !types.includes(type)) return false;
  const at = Date.parse(occurredAt);
  return (from === null || at >= Date.parse(from)) && (to === null || at < Date.parse(to));
}
