import type { RecordedEvent } from '@shaoying/event-store';
import {
  decodeIncidentEvent,
  incidentIdOf,
  isIncidentEventType,
  type RecordedIncidentEvent,
} from '@shaoying/incident-contracts';
import type { ProjectionTransaction } from '@shaoying/projections';

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

/** Rows of one table of one batch: read once, folded in memory, written back once. */
export class RowBatch<Row extends { incident_id: string }> {
  private readonly rows = new Map<string, Row>();
  private readonly keysByIncident = new Map<string, Set<string>>();
  private readonly touched = new Set<string>();

  private constructor(
    private readonly tx: ProjectionTransaction,
    private readonly table: string,
    private readonly key: keyof Row & string,
  ) {}

  /** Loads the rows of the given incidents. `table` and `key` are literals of this library, never input. */
  static async load<Row extends { incident_id: string }>(
    tx: ProjectionTransaction,
    table: string,
    key: keyof Row & string,
    entries: readonly IncidentEntry[],
  ): Promise<RowBatch<Row>> {
    const batch = new RowBatch<Row>(tx, table, key);
    const ids = [...new Set(entries.map((entry) => entry.incidentId))];
    const found = await tx.query<{ row: Row }>(
      `select to_jsonb(t) as row from ${table} t where incident_id = any($1::text[])`,
      [ids],
    );
    for (const { row } of found) batch.keep(row);
    return batch;
  }

  get(key: string): Row | undefined {
    return this.rows.get(key);
  }

  ofIncident(incidentId: string): Row[] {
    return [...(this.keysByIncident.get(incidentId) ?? [])].flatMap((key) => this.rows.get(key) ?? []);
  }

  set(row: Row): void {
    this.touched.add(this.keep(row));
  }

  private keep(row: Row): string {
    const key = String(row[this.key]);
    this.rows.set(key, row);
    const keys = this.keysByIncident.get(row.incident_id);
    if (keys === undefined) this.keysByIncident.set(row.incident_id, new Set([key]));
    else keys.add(key);
    return key;
  }

  /** Changes a row where there is one. */
  patch(key: string, change: Partial<Row>): void {
    const row = this.rows.get(key);
    if (row !== undefined) this.set({ ...row, ...change });
  }

  /** Writes what was touched in one statement. */
  async save(columns: readonly (keyof Row & string)[]): Promise<void> {
    if (this.touched.size === 0) return;
    const rows = [...this.touched].map((key) => this.rows.get(key));
    const updates = columns
      .filter((column) => column !== this.key)
      .map((column) => `${column} = excluded.${column}`);
    await this.tx.query(
      `insert into ${this.table} (${columns.join(', ')})
       select ${columns.join(', ')} from jsonb_populate_recordset(null::${this.table}, $1::jsonb)
       on conflict (${this.key}) do update set ${updates.join(', ')}`,
      [JSON.stringify(rows)],
    );
  }
}
