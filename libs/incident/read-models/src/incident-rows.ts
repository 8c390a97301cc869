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
    this.text = textOf(`unnest(${arrays.join(', ')}) as u (${namesOf(shape)})`);
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

/** The shape's columns, as a list of names. */
export const namesOf = <Row>(shape: RowShape<Row>): string =>
  columnsOf(shape)
    .map(([name]) => name)
    .join(', ');

/** The shape's columns of `u` as the table wants them. */
export const valuesOf = <Row>(shape: RowShape<Row>): string =>
  columnsOf(shape)
    .map(([name, type]) => (travelType(type) === type ? `u.${name}` : `u.${name}::${type}`))
    .join(', ');

/** `a = excluded.a, …` for every column of the shape. */
export const overwrite = <Row>(shape: RowShape<Row>): string =>
  columnsOf(shape)
    .map(([name]) => `${name} = excluded.${name}`)
    .join(', ');

/** Inserts rows. `onConflict` matters to a log that is delivered again: then it must lead to the same rows. */
export const insertion = <Row>(table: string, shape: RowShape<Row>, onConflict: string): RowStatement<Row> =>
  new RowStatement(
    shape,
    (rows) =>
      `insert into ${table} (${namesOf(shape)}) select ${valuesOf(shape)} from ${rows} on conflict ${onConflict}`,
  );

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
