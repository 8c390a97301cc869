import type { SqlReader } from '../sql-reader.js';
import type { IncidentView } from './incident-view.js';

export interface BoardFilter {
  readonly state?: string;
  readonly category?: string;
  readonly severity?: string;
  readonly streetId?: string;
  readonly communityId?: string;
  readonly estateId?: string;
  readonly departmentId?: string;
  /** Compared with `now`. */
  readonly overdue?: boolean;
  /** Reported in [from, to). ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  /** Part of the description. */
  readonly q?: string;
}

/** What a caller may see at all, added to every filter; `null` sees everything. */
export interface BoardScope {
  readonly streetId?: string;
  readonly communityId?: string;
  readonly departmentId?: string;
}

export interface BoardPage {
  readonly items: readonly IncidentView[];
  /** Of the last item, when there are more. */
  readonly next: { readonly reportedAt: string; readonly id: string } | null;
}

/** Reads the incident board. */
export class IncidentBoardQuery {
  constructor(private readonly sql: SqlReader) {}

  async find(incidentId: string): Promise<IncidentView | null> {
    const { rows } = await this.sql.query<{ doc: IncidentView }>(
      'select doc from incident_board.incidents where incident_id = $1',
      [incidentId],
    );
    return rows[0]?.doc ?? null;
  }

  async findByReceipt(receiptHash: string): Promise<IncidentView | null> {
    const { rows } = await this.sql.query<{ doc: IncidentView }>(
      'select doc from incident_board.incidents where receipt_hash = $1',
      [receiptHash],
    );
    return rows[0]?.doc ?? null;
  }

  /** Newest first. Pages by (reportedAt, id), so that new reports neither shift nor repeat a page. */
  async list(
    filter: BoardFilter,
    scope: BoardScope | null,
    page: { limit: number; after: { reportedAt: string; id: string } | null; now: string },
  ): Promise<BoardPage> {
    const conditions = new Conditions();
    for (const [column, value] of [
      ['state', filter.state],
      ['category', filter.category],
      ['severity', filter.severity],
      ['street_id', filter.streetId],
      ['community_id', filter.communityId],
      ['estate_id', filter.estateId],
    ] as const) {
      if (value !== undefined) conditions.add(`${column} = ?`, value);
    }
    if (filter.departmentId !== undefined) conditions.add('department_ids @> array[?]', filter.departmentId);
    if (filter.from !== undefined) conditions.add('reported_at >= ?::timestamptz', filter.from);
    if (filter.to !== undefined) conditions.add('reported_at < ?::timestamptz', filter.to);
    if (filter.q !== undefined) conditions.add("description like '%' || ? || '%'", likeLiteral(filter.q));
    if (filter.overdue === true) conditions.add('next_due_at < ?::timestamptz', page.now);
    if (filter.overdue === false)
      conditions.add('(next_due_at is null or next_due_at >= ?::timestamptz)', page.now);
    if (scope?.streetId !== undefined) conditions.add('(street_id = ? or street_id is null)', scope.streetId);
    if (scope?.communityId !== undefined) {
      conditions.add('(community_id = ? or community_id is null)', scope.communityId);
    }
    if (scope?.departmentId !== undefined) conditions.add('department_ids @> array[?]', scope.departmentId);
    if (page.after !== null) {
      conditions.add(
        '(reported_at, incident_id) < (?::timestamptz, ?)',
        page.after.reportedAt,
        page.after.id,
      );
    }
    const { rows } = await this.sql.query<{ doc: IncidentView }>(
      `select doc from incident_board.incidents ${conditions.where()}
       order by reported_at desc, incident_id desc limit ${page.limit + 1}`,
      conditions.values,
    );
    const items = rows.slice(0, page.limit).map((row) => row.doc);
    const last = items.at(-1);
    const next = rows.length > page.limit && last ? { reportedAt: last.reportedAt, id: last.id } : null;
    return { items, next };
  }
}

/** A where clause whose values never touch its text. */
class Conditions {
  readonly values: unknown[] = [];
  private readonly parts: string[] = [];

  add(text: string, ...values: unknown[]): void {
    this.parts.push(
      text.replaceAll('?', () => {
        this.values.push(values.shift());
        return `$${this.values.length}`;
      }),
    );
  }

  where(): string {
    return this.parts.length === 0 ? '' : `where ${this.parts.join(' and ')}`;
  }
}

const likeLiteral = (text: string): string => text.replace(/[\\%_]/g, (char) => `\\${char}`);
