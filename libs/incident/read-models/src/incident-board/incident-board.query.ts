import type { SqlReader } from '../sql-reader.js';
import { unlocated } from './incident-board.projection.js';
import { storySql, viewOf, type StoryRow } from './incident-story.js';
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
  /** Waiting for somebody to say where it is: no grid is known. */
  readonly unlocated?: boolean;
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

const story = storySql('incident_board.');

/** Reads the incident board. */
export class IncidentBoardQuery {
  constructor(private readonly sql: SqlReader) {}

  async find(incidentId: string): Promise<IncidentView | null> {
    return this.one(`select ${story} from incident_board.incidents i where i.incident_id = $1`, incidentId);
  }

  async findByReceipt(receiptHash: string): Promise<IncidentView | null> {
    return this.one(
      `select ${story} from incident_board.reports r
       join incident_board.incidents i on i.incident_id = r.incident_id where r.receipt_hash = $1`,
      receiptHash,
    );
  }

  /** The incident that holds something sealed for this subject. */
  async incidentOfSubject(subjectId: string): Promise<string | null> {
    const { rows } = await this.sql.query<{ incident_id: string }>(
      'select incident_id from incident_board.subjects where subject_id = $1',
      [subjectId],
    );
    return rows[0]?.incident_id ?? null;
  }

  /** Newest first. Pages by (reportedAt, id), so that new reports neither shift nor repeat a page. */
  async list(
    filter: BoardFilter,
    scope: BoardScope | null,
    page: { limit: number; after: { reportedAt: string; id: string } | null; now: string },
  ): Promise<BoardPage> {
    const { text, values } = pageSql(filter, scope, page);
    // The page is found first: only its incidents' events are read.
    const { rows } = await this.sql.query<StoryRow>(
      `select ${story} from (${text}) i order by i.reported_at desc, i.incident_id desc`,
      values,
    );
    const items = rows.slice(0, page.limit).flatMap((row) => viewOf(row) ?? []);
    const last = items.at(-1);
    const next = rows.length > page.limit && last ? { reportedAt: last.reportedAt, id: last.id } : null;
    return { items, next };
  }

  /** Which of the given incidents lie within a scope, as the board stands. */
  async visibleAmong(incidentIds: readonly string[], scope: BoardScope): Promise<ReadonlySet<string>> {
    const { streetId, communityId, departmentId } = scope;
    const { rows } = await this.sql.query<{ incident_id: string }>(
      `select r.incident_id from incident_board.reports r where r.incident_id = any($1::text[])
         and ($2::text is null or r.street_id is null or r.street_id = $2)
         and ($3::text is null or r.community_id is null or r.community_id = $3)
         and ($4::text is null or exists (
           select from incident_board.involvements d where d.incident_id = r.incident_id and d.department_id = $4))`,
      [incidentIds, streetId ?? null, communityId ?? null, departmentId ?? null],
    );
    return new Set(rows.map((row) => row.incident_id));
  }

  private async one(text: string, value: string): Promise<IncidentView | null> {
    const { rows } = await this.sql.query<StoryRow>(text, [value]);
    return rows[0] ? viewOf(rows[0]) : null;
  }
}

/**
 * The incidents of a page. The table that a page is led by has an index in the page's order, begun by what it is filtered
 * by: it is walked from the page's first incident to its last, and the others are asked for one row each.
 */
function pageSql(
  filter: BoardFilter,
  scope: BoardScope | null,
  page: { limit: number; after: { reportedAt: string; id: string } | null; now: string },
): { text: string; values: unknown[] } {
  const departments = [filter.departmentId, scope?.departmentId].filter((id) => id !== undefined);
  const tables = new Map(departments.map((_, index) => [`d${index}`, 'involvements']));
  const isPlaced = [filter, scope].some((by) => by?.streetId !== undefined || by?.communityId !== undefined);
  const isLedByIncidents = [filter.overdue, filter.unlocated].includes(true) || filter.state !== undefined;
  if (isPlaced || (departments.length === 0 && !isLedByIncidents)) tables.set('r', 'reports');
  const lead = [...tables.keys()][0] ?? 'i';

  const conditions = new Conditions();
  for (const [column, value] of [
    ['i.state', filter.state],
    ['i.category', filter.category],
    ['i.severity', filter.severity],
    ['i.estate_id', filter.estateId],
    ['r.street_id', filter.streetId],
    ['r.community_id', filter.communityId],
  ] as const) {
    if (value !== undefined) conditions.add(`${column} = ?`, value);
  }
  departments.forEach((id, index) => conditions.add(`d${index}.department_id = ?`, id));
  for (const [column, value] of [
    ['r.street_id', scope?.streetId],
    ['r.community_id', scope?.communityId],
  ] as const) {
    if (value !== undefined) conditions.add(`(${column} = ? or ${column} is null)`, value);
  }
  if (filter.from !== undefined) conditions.add(`${lead}.reported_at >= ?::timestamptz`, filter.from);
  if (filter.to !== undefined) conditions.add(`${lead}.reported_at < ?::timestamptz`, filter.to);
  if (filter.q !== undefined) {
    const description = `i.report -> 'data' ->> 'description'`;
    conditions.add(`${description} like '%' || ? || '%'`, likeLiteral(filter.q));
  }
  if (filter.overdue !== undefined) {
    const unmet = 'select from incident_board.deadlines d where d.incident_id = i.incident_id';
    conditions.add(
      `${filter.overdue ? '' : 'not '}exists (${unmet} and d.unmet_due < ?::timestamptz)`,
      page.now,
    );
  }
  if (filter.unlocated !== undefined)
    conditions.add(filter.unlocated ? unlocated('i.') : `not (${unlocated('i.')})`);
  if (page.after !== null) {
    const place = `(${lead}.reported_at, ${lead}.incident_id)`;
    conditions.add(`${place} < (?::timestamptz, ?)`, page.after.reportedAt, page.after.id);
  }
  const joins = [...tables].map(
    ([alias, table]) => `join incident_board.${table} ${alias} on ${alias}.incident_id = i.incident_id`,
  );
  const text = `select i.incident_id, i.reported_at, i.report from incident_board.incidents i ${joins.join(' ')}
    ${conditions.where()} order by ${lead}.reported_at desc, ${lead}.incident_id desc limit ${page.limit + 1}`;
  return { text, values: conditions.values };
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
