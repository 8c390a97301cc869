import type { Buffer } from 'node:buffer';
import type { RecordedEvent, StoredRecord } from '@shaoying/event-store';

/** Inside one transaction; `search_path` is set to the projection's own PG schema, so SQL names tables unqualified. */
export interface ProjectionTransaction {
  query<Row = Record<string, unknown>>(
    sql: string | { name: string; text: string },
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** `copy <table> from stdin (format binary)`, for rows by the thousand: a third of what their insert takes of PostgreSQL. */
  copy(sql: string, rows: Buffer): Promise<void>;
}

/** What the engine needs to know of what it has read. */
export type PlacedEvent = Pick<RecordedEvent, 'position' | 'eventId' | 'type'>;

/**
 * How a projection that is about texts, not about what they say, is rebuilt where the engine of the log tells stored texts:
 * nobody else reads along in a rebuild, so that nothing need be parsed. Must give the same tables as `apply`.
 */
export interface StoredRebuild<Taken extends PlacedEvent = PlacedEvent> {
  /** What is kept of an event, of any type, until its batch is written. The record's texts hold only as long as this call. */
  take(record: StoredRecord): Taken;
  /** As {@link Projection.apply}. */
  apply(events: readonly Taken[], tx: ProjectionTransaction): Promise<void>;
}

/** One read model, filled from the log by {@link ProjectionEngine}. */
export interface Projection {
  /** kebab-case; its PG schema is the same in snake_case (`incident-board` → `incident_board`). */
  readonly name: string;
  /** Raised when tables or meaning change: the engine then rebuilds into a shadow schema and swaps. */
  readonly version: number;
  /**
   * The oldest version whose tables the queries of this release answer rightly too: they are asked until the rebuild of this
   * version is swapped in. Default: none but {@link version}.
   */
  readonly readableFrom?: number;
  /** Idempotence is not needed: runs once in an empty schema. Unqualified names. */
  readonly schema: string;
  /**
   * Indexes by which `apply` finds nothing: a rebuild makes them after its rows, for half the price of keeping them meanwhile.
   * `create index if not exists` with a name: a rebuild that goes on may have made them.
   */
  readonly indexes?: string;
  /**
   * Tables that are made of the rows of the others, all at once, where those are there: after the rows of a rebuild or of a replay,
   * and on the first start, of none. Before that `apply` must do without them, and keep them from then on; both must come
   * to the same rows. May be run again, like {@link indexes}.
   */
  readonly completion?: string;
  /** Wire names it handles; others only move the checkpoint. */
  readonly eventTypes: readonly string[];
  /**
   * Events of other types that it must not pass by all the same, such as a type of a release to come in a stream of its
   * own: `apply` gets them, and throws. Default: none.
   */
  readonly alsoHandles?: (event: RecordedEvent) => boolean;
  /** The longest time between two starts of its batches under load. Default: 200 ms; 390 at the most, see `BatchPace`. */
  readonly longestIntervalMs?: number;
  /** What else its rows are made by, such as a setting: a rebuild goes on only with rows that were made by the same. */
  readonly madeBy?: string;
  /** Only for one that handles every event. */
  readonly stored?: StoredRebuild;
  /**
   * How long it may wait under load before it moves its place past events that are none of its own: for a read model that
   * hardly any event concerns, each such move is a transaction with nothing in it. Default: not at all.
   */
  readonly longestPassingMs?: number;
  /** Folds the batch in memory and writes it set-based. Must give the same tables for any batching. */
  apply(events: readonly RecordedEvent[], tx: ProjectionTransaction): Promise<void>;
}

/** What is made once the rows are there, in one text. Empty where there is nothing. */
export const afterRows = ({ completion, indexes }: Projection): string =>
  [completion, indexes].filter((text) => text !== undefined).join(';\n');

/** The PG schema a projection's tables live in: `incident-board` → `incident_board`. */
export function schemaOf(projectionName: string): string {
  return projectionName.replaceAll('-', '_');
}
