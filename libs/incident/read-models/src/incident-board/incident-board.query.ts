import type { SqlReader } from '../sql-reader.js';
import { unlocated } from './incident-board.projection.js';
import { storySql, viewOf, type StoryRow } from './incident-story.js';
import type { IncidentView } from './incident-view.js';
import { foldText, wordsAsked } from './search-words.js';

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
  /** Part of the description, whatever its letters' case and width. */
  readonly q?: string;
}

/** What a caller may see at all, added to every filter: any one of these is enough. `null` sees everything, `{}` nothing. */
export interface BoardScope {
  /** Incidents in these streets, and in no street that is known. */
  readonly streetIds?: readonly string[];
  /** Incidents in this community, and in no street that is known. */
  readonly communityId?: string;
  /** Incidents in this estate, and in no street that is known. */
  readonly estateId?: string;
  /** Incidents in which this unit has had a task. */
  readonly departmentId?: string;
}

/** Whose incidents: a department's, by the tasks it has had, or a place's, by where they lie now. */
export type UnitPlace =
  | { readonly departmentId: string }
  | { readonly streetIds: readonly string[] }
  | { readonly communityId: string }
  | { readonly estateId: string };

/** How far what a device claims may lie before what was recorded ahead of it: a day is admitted, and room. */
const claimedLateDays = 3;

/** Where an incident stands in a listing, newest first. */
export interface BoardPlace {
  readonly reportedAt: string;
  readonly id: string;
}

interface PageOf {
  readonly limit: number;
  readonly after: BoardPlace | null;
  readonly now: string;
}

export interface BoardPage {
  readonly items: readonly IncidentView[];
  /** Of the last item, when there are more; of a listing at a moment, of the last incident that was looked at. */
  readonly next: BoardPlace | null;
}

const story = storySql('incident_board.');

/** Reads the incident board. */
export class IncidentBoardQuery {
  constructor(private readonly sql: SqlReader) {}

  async find(incidentId: string): Promise<IncidentView | null> {
    return this.one(`select ${story} from incident_board.reports r where r.incident_id = $1`, incidentId);
  }

  async findByReceipt(receiptHash: string): Promise<IncidentView | null> {
    return this.one(`select ${story} from incident_board.reports r where r.receipt_hash = $1`, receiptHash);
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
  async list(filter: BoardFilter, scope: BoardScope | null, page: PageOf): Promise<BoardPage> {
    const { text, values } = pageSql(filter, scope, page);
    // The page is found first: only its incidents' events are read.
    const { rows } = await this.sql.query<StoryRow>(
      `select ${story} from (${text}) r order by r.reported_at desc, r.incident_id desc`,
      values,
    );
    const items = rows.slice(0, page.limit).flatMap((row) => viewOf(row) ?? []);
    const last = items.at(-1);
    const next = rows.length > page.limit && last ? { reportedAt: last.reportedAt, id: last.id } : null;
    return { items, next };
  }

  /** The places of at most `limit` incidents in a listing, newest first, and nothing else of them. */
  async places(filter: BoardFilter, scope: BoardScope | null, page: PageOf): Promise<readonly BoardPlace[]> {
    const { text, values } = pageSql(filter, scope, page);
    const { rows } = await this.sql.query<{ incident_id: string; reported_at: Date }>(
      `select i.incident_id, i.reported_at from (${text}) i order by i.reported_at desc, i.incident_id desc
       limit ${page.limit}`,
      values,
    );
    return rows.map((row) => ({ id: row.incident_id, reportedAt: row.reported_at.toISOString() }));
  }

  /**
   * Ids of the incidents of a unit that something may have happened to in [from, to), at most `limit`; some of them may
   * have nothing in it, none that has is left out. ISO 8601.
   */
  async livedThrough(
    place: UnitPlace,
    { from, to }: { readonly from: string; readonly to: string },
    limit: number,
  ): Promise<readonly string[]> {
    const conditions = new Conditions();
    const isDepartment = 'departmentId' in place;
    const [lead, table] = isDepartment ? ['d', 'involvements'] : ['r', 'reports'];
    if ('departmentId' in place) conditions.add('d.department_id = ?', place.departmentId);
    else if ('streetIds' in place) conditions.add('r.street_id = any(?::text[])', place.streetIds);
    else if ('communityId' in place) conditions.add('r.community_id = ?', place.communityId);
    else conditions.add('r.estate_id = ?', place.estateId);
    conditions.add(`${lead}.reported_at < ?::timestamptz`, to);
    // What has ended before is told by its last event, the only one of its story that is looked at.
    const last = `select (e.event ->> 'occurredAt')::timestamptz from incident_board.events e
      where e.incident_id = ${lead}.incident_id order by e.revision desc limit 1`;
    conditions.add(
      `(${lead}.reported_at >= ?::timestamptz
        or (${last}) >= ?::timestamptz - interval '${claimedLateDays} days')`,
      ...[from, from],
    );
    const { rows } = await this.sql.query<{ incident_id: string }>(
      `select ${lead}.incident_id from incident_board.${table} ${lead} ${conditions.where()} limit ${limit}`,
      conditions.values,
    );
    return rows.map((row) => row.incident_id);
  }

  /** Which of the given incidents lie within a scope, as the board stands. */
  async visibleAmong(incidentIds: readonly string[], scope: BoardScope): Promise<ReadonlySet<string>> {
    const conditions = new Conditions();
    conditions.add('r.incident_id = any(?::text[])', incidentIds);
    addScope(conditions, scope);
    const { rows } = await this.sql.query<{ incident_id: string }>(
      `select r.incident_id from incident_board.reports r ${conditions.where()}`,
      conditions.values,
    );
    return new Set(rows.map((row) => row.incident_id));
  }

  private async one(text: string, value: string): Promise<IncidentView | null> {
    const { rows } = await this.sql.query<StoryRow>(text, [value]);
    return rows[0] ? viewOf(rows[0]) : null;
  }
}

/**
 * The incidents of a page, with what was reported: of several ways to see one each gives its own first, and the page is the
 * first of them all.
 */
function pageSql(
  filter: BoardFilter,
  scope: BoardScope | null,
  page: PageOf,
): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const [way = null, ...others] = scope === null ? [null] : waysOf(scope);
  const first = walkSql(filter, way, page, values);
  if (others.length === 0 && first.isOfReports)
    return { text: `select ${first.columns}, r.report ${first.from}`, values };
  const walks = [first, ...others.map((one) => walkSql(filter, one, page, values))];
  const found = walks.map(({ columns, from }) => `(select ${columns} ${from})`);
  const text = `select r.incident_id, page.reported_at, r.report from (${found.join(' union ')}) page
    join incident_board.reports r on r.incident_id = page.incident_id
    order by page.reported_at desc, page.incident_id desc limit ${page.limit + 1}`;
  return { text, values };
}

/** Places are looked up in one table, tasks in another: together no index would have the order of the page. */
function waysOf({ departmentId, ...places }: BoardScope): BoardScope[] {
  const ways: BoardScope[] = [];
  if (Object.values(places).some((place) => place !== undefined)) ways.push(places);
  if (departmentId !== undefined) ways.push({ departmentId });
  return ways.length === 0 ? [{}] : ways;
}

/**
 * The table that a page is led by has an index in the page's order, begun by what it is filtered by: it is walked from
 * the page's first incident to its last, and the others are asked for one row each.
 * @param scope one of {@link waysOf}
 * @returns id and time of the page's incidents and where they are found, in order; of reports `r` beside others, or not
 */
function walkSql(
  filter: BoardFilter,
  scope: BoardScope | null,
  page: PageOf,
  values: unknown[],
): { columns: string; from: string; isOfReports: boolean } {
  const departments = [filter.departmentId, scope?.departmentId].filter((id) => id !== undefined);
  const tables = new Map<string, string>();
  const reports = 'incident_board.reports';
  // Few have a rare word, and a frequent one is soon met in the page's order: which it is, PostgreSQL knows.
  if (filter.q !== undefined) tables.set('r', reports);
  departments.forEach((_, index) => tables.set(`d${index}`, 'incident_board.involvements'));
  const isLedByOverdue = filter.overdue === true && tables.size === 0;
  if (isLedByOverdue) tables.set('o', overdueSql(page, values));
  const isPlaced =
    [filter.streetId, filter.communityId, filter.estateId].some((place) => place !== undefined) ||
    (scope !== null && scope.departmentId === undefined);
  const { state, category, severity } = filter;
  const isOfKind = category !== undefined || severity !== undefined;
  const isLedByIncidents = filter.unlocated === true || state !== undefined;
  if (isPlaced || isOfKind || (tables.size === 0 && !isLedByIncidents)) tables.set('r', reports);
  if (state !== undefined || filter.unlocated !== undefined) tables.set('i', 'incident_board.incidents');
  const [[lead, led] = ['r', reports], ...others] = tables;

  const conditions = new Conditions(values);
  for (const [column, value] of [
    ['i.state', state],
    ['r.category', category],
    ['r.severity', severity],
    ['r.estate_id', filter.estateId],
    ['r.street_id', filter.streetId],
    ['r.community_id', filter.communityId],
  ] as const) {
    if (value !== undefined) conditions.add(`${column} = ?`, value);
  }
  departments.forEach((id, index) => conditions.add(`d${index}.department_id = ?`, id));
  if (scope !== null && scope.departmentId === undefined) addScope(conditions, scope);
  if (filter.from !== undefined) conditions.add(`${lead}.reported_at >= ?::timestamptz`, filter.from);
  if (filter.to !== undefined) conditions.add(`${lead}.reported_at < ?::timestamptz`, filter.to);
  if (filter.q !== undefined) {
    const folded = foldText(filter.q);
    conditions.add('r.words @> ?::integer[]', wordsAsked(folded));
    conditions.add(`r.folded like '%' || ? || '%'`, likeLiteral(folded));
  }
  if (filter.overdue !== undefined && !isLedByOverdue) {
    const unmet = `select from incident_board.deadlines d where d.incident_id = ${lead}.incident_id`;
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
  const joins = others.map(
    ([alias, table]) => `join ${table} ${alias} on ${alias}.incident_id = ${lead}.incident_id`,
  );
  const from = `from ${led} ${lead} ${joins.join(' ')}
    ${conditions.where()} order by ${lead}.reported_at desc, ${lead}.incident_id desc limit ${page.limit + 1}`;
  const columns = `${lead}.incident_id, ${lead}.reported_at`;
  return { columns, from, isOfReports: tables.has('r') };
}

/** What is overdue, once each, in the order of the page: by index, as far as the page goes. */
function overdueSql(page: PageOf, values: unknown[]): string {
  const conditions = new Conditions(values);
  conditions.add('d.unmet_due < ?::timestamptz', page.now);
  if (page.after !== null)
    conditions.add(
      '(d.reported_at, d.incident_id) < (?::timestamptz, ?)',
      ...[page.after.reportedAt, page.after.id],
    );
  return `(select distinct d.reported_at, d.incident_id from incident_board.deadlines d ${conditions.where()}
    order by d.reported_at desc, d.incident_id desc)`;
}

/** Needs `r` reports. */
/**
 * Selects the ids of the incidents of a scope.
 * @param values of the query that it becomes a part of; its own are added
 */
export function seenIn(scope: BoardScope, values: unknown[]): string {
  const conditions = new Conditions(values);
  addScope(conditions, scope);
  return `select r.incident_id from incident_board.reports r ${conditions.where()}`;
}

function addScope(conditions: Conditions, scope: BoardScope): void {
  const { streetIds, communityId, estateId, departmentId } = scope;
  const ways: string[] = [];
  const values: unknown[] = [];
  const way = (text: string, value: unknown): void => {
    if (value === undefined) return;
    ways.push(text);
    values.push(value);
  };
  if ([streetIds, communityId, estateId].some((place) => place !== undefined))
    ways.push(
      streetIds === undefined ? '(r.street_id is null and r.community_id is null)' : 'r.street_id is null',
    );
  way('r.street_id = any(?::text[])', streetIds);
  way('r.community_id = ?', communityId);
  way('r.estate_id = ?', estateId);
  way(
    'r.incident_id in (select d.incident_id from incident_board.involvements d where d.department_id = ?)',
    departmentId,
  );
  conditions.add(ways.length === 0 ? 'false' : `(${ways.join(' or ')})`, ...values);
}

/** A where clause whose values never touch its text. */
class Conditions {
  private readonly parts: string[] = [];

  constructor(readonly values: unknown[] = []) {}

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
