import type { RecordedEvent } from '@shaoying/event-store';
import {
  decodeIncidentEvent,
  incidentIdOf,
  isIncidentEventType,
  type RecordedIncidentEvent,
} from '@shaoying/incident-contracts';
import type { ProjectionTransaction } from '@shaoying/projections';
import { columnArray, travelType, type ColumnType } from './row-columns.js';

/** An incident's event with the incident it belongs to. */
export type IncidentEntry = RecordedIncidentEvent & { readonly incidentId: string };

/**
 * A type of a release to come in an incident's stream: what it changed, this release cannot tell, so a read model that
 * went on would be wrong and not say so.
 */
export function isForeignToIncidents({ streamId, type }: RecordedEvent): boolean {
  return incidentIdOf(streamId) !== null && !isIncidentEventType(type);
}

/** The batch's incident events, decoded. @throws UnknownEvent, which stops the projection */
export function incidentEntries(events: readonly RecordedEvent[]): IncidentEntry[] {
  return events.flatMap((event) => {
    const incidentId = incidentIdOf(event.streamId);
    if (incidentId === null) return [];
    return [{ ...decodeIncidentEvent(event), incidentId }];
  });
}

/** Columns with their types, in the order in which they are sent. */
export type RowShape<Row> = { readonly [Column in keyof Row & string]: ColumnType };

type Columns<Row> = [keyof Row & string, ColumnType][];
const columnsOf = <Row>(shape: RowShape<Row>): Columns<Row> => Object.entries(shape) as Columns<Row>;

/** A statement over any number of rows of one shape, sent as arrays. Its text is a literal of this library, never input. */
export class RowStatement<Row> {
  private readonly columns: Columns<Row>;
  private readonly text: string;

  /** @param textOf the statement; `rows` is a table `u` of the rows, with the shape's columns */
  constructor(shape: RowShape<Row>, textOf: (rows: string) => string) {
    this.columns = columnsOf(shape);
    const arrays = this.columns.map(([, type], index) => `$${index + 1}::${travelType(type)}[]`);
    this.text = textOf(`unnest(${arrays.join(', ')}) as u (${namesOf(shape).join(', ')})`);
  }

  /** Runs it once for all rows; not at all for none. */
  async run(tx: ProjectionTransaction, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await tx.query(
      this.text,
      this.columns.map(([name, type]) => columnArray<Row>(type, rows, name)),
    );
  }
}

const namesOf = <Row>(shape: RowShape<Row>): string[] => columnsOf(shape).map(([name]) => name);

interface Merge<Row, Derived extends string> {
  readonly shape: RowShape<Row>;
  /** Of the source. No two rows of a batch may have the same. */
  readonly key: readonly string[];
  /** Columns that a row which is there takes over; none by default. */
  readonly overwritten?: readonly ((keyof Row & string) | Derived)[];
  /** What is merged, where that is not the rows as they are. */
  readonly source?: (rows: string) => string;
  /** Columns of the source that the shape does not have. */
  readonly derived?: readonly Derived[];
}

/**
 * Inserts the rows whose key is not there yet. The others matter to a log that is delivered again, which must lead to the
 * same rows.
 *
 * MERGE instead of INSERT … ON CONFLICT: that one inserts on trial and confirms, in the log too. Measured with the two
 * rows that a report is on the board: 34 µs instead of 42.
 */
export function merging<Row, Derived extends string = never>(
  table: string,
  merge: Merge<Row, Derived>,
): RowStatement<Row> {
  const { shape, key, overwritten = [], source = (rows) => `(select * from ${rows})`, derived = [] } = merge;
  const columns = [...namesOf(shape), ...derived];
  const types: Readonly<Record<string, ColumnType>> = shape;
  const valueOf = (name: string): string => {
    const type = types[name];
    return type === undefined || travelType(type) === type ? `u.${name}` : `u.${name}::${type}`;
  };
  const changes = overwritten.map((name) => `${name} = ${valueOf(name)}`);
  return new RowStatement(
    shape,
    (rows) =>
      `merge into ${table} t using ${source(rows)} u on ${key.map((name) => `t.${name} = u.${name}`).join(' and ')}
       ${changes.length === 0 ? '' : `when matched then update set ${changes.join(', ')}`}
       when not matched then insert (${columns.join(', ')}) values (${columns.map(valueOf).join(', ')})`,
  );
}

/** The columns of a shape, for a row that is overwritten whole. */
export const wholeRow = <Row>(shape: RowShape<Row>): (keyof Row & string)[] =>
  columnsOf(shape).map(([name]) => name);

/**
 * One batch's rows of a table: those that begin in it, whole, and what changes in those that were there before, so that
 * nothing has to be read to be written.
 */
export class Drafts<Row extends object, Change extends object> {
  private readonly begun = new Map<string, Row>();
  private readonly changed = new Map<string, Change>();

  begin(key: string, row: Row): void {
    this.begun.set(key, row);
    this.changed.delete(key);
  }

  /** @param unchanged what a row that was there before would be sent with if nothing else changed */
  change(key: string, change: Partial<Row> & Partial<Change>, unchanged: Change): void {
    const row = this.begun.get(key);
    if (row !== undefined) this.begun.set(key, { ...row, ...change });
    else this.changed.set(key, { ...(this.changed.get(key) ?? unchanged), ...change });
  }

  get rows(): Row[] {
    return [...this.begun.values()];
  }

  get changes(): Change[] {
    return [...this.changed.values()];
  }
}
