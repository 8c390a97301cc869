import { momentSql, momentValues, type Moment, type SqlReader } from '../sql-reader.js';

export interface QueueItem {
  readonly taskId: string;
  readonly incidentId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: string;
  readonly kind: string;
  readonly state: 'NOTIFIED' | 'ACKNOWLEDGED' | 'CHECKED_IN';
  readonly category: string;
  readonly severity: string;
  readonly estateId: string | null;
  readonly communityId: string | null;
  readonly streetId: string | null;
  readonly notifiedAt: string;
  readonly acknowledgedAt: string | null;
  readonly checkedInAt: string | null;
  readonly overdue: boolean;
  readonly deadlines: readonly {
    deadlineId: string;
    timer: string;
    dueAt: string;
    warnAt: string;
    provisional: boolean;
  }[];
}

export interface QueuePage {
  readonly items: readonly QueueItem[];
  readonly next: { readonly notifiedAt: string; readonly taskId: string } | null;
}

export interface Workload {
  readonly departmentId: string;
  readonly asOf: string;
  readonly knownAt: string;
  /** Start of the window of inflow, outflow and rates; `asOf` is its end. */
  readonly from: string;
  readonly open: number;
  readonly byState: { readonly NOTIFIED: number; readonly ACKNOWLEDGED: number; readonly CHECKED_IN: number };
  readonly overdue: number;
  readonly dueWithin24h: number;
  readonly inflow: number;
  readonly outflow: number;
  /** LEAD counts 1, ASSIST 0.5 (domain.md §4). */
  readonly weighted: number;
  /** Of the tasks notified in the window whose check-in is decided (made, or past its due time); null where none is. */
  readonly checkInOnTimeRate: number | null;
  readonly medianCheckInMinutes: number | null;
  readonly p90CheckInMinutes: number | null;
}

const within = (at: string, knownAt: string): string => `${at} <= facts_until and ${knownAt} <= known_at`;
const ofRejected = (field: string): string => `(rejection ->> '${field}')::timestamptz`;

/**
 * Tasks as they were at $1 as far as the log knew at $2: an instant that was later, or learnt later, is null, and so
 * is its event. A completion that was sent back later still stood then. `unmet_due` is the soonest deadline that
 * nothing had met by then.
 */
export const tasksAt = `
${momentSql},
  facts as (
    select t.*,
      case when ${within('acknowledged_at', 'acknowledged_known_at')} then acknowledged_at end as ack,
      case when ${within('acknowledged_at', 'acknowledged_known_at')} then acknowledged_event_id end as ack_event,
      case when ${within('checked_in_at', 'checked_in_known_at')} then checked_in_at end as arrived,
      case when ${within('checked_in_at', 'checked_in_known_at')} then checked_in_event_id end as arrived_event,
      case when ${within('completed_at', 'completed_known_at')} then completed_at else stood.at end as done,
      case when ${within('completed_at', 'completed_known_at')} then completed_event_id else stood.event end as done_event,
      as_of
    from department_tasks.tasks t cross join moment left join lateral (
      select ${ofRejected('at')} as at, rejection ->> 'eventId' as event
      from jsonb_array_elements(t.rejected) rejection
      where ${within(ofRejected('at'), ofRejected('knownAt'))}
        and not (${within(ofRejected('backAt'), ofRejected('backKnownAt'))})
      order by 1 desc limit 1
    ) stood on true
    where notified_at <= facts_until and notified_known_at <= known_at
  ),
  at_moment as (
    select facts.*,
      case when done is not null then 'DONE' when arrived is not null then 'CHECKED_IN'
           when ack is not null then 'ACKNOWLEDGED' else 'NOTIFIED' end as state,
      case when done is null then least(
        case when ack is null and arrived is null then acknowledge_due end,
        case when arrived is null then check_in_due end,
        handling_due) end as unmet_due
    from facts
  )`;

/**
 * True for every task that was open at some moment after `instant`, and for some more; the index on this expression
 * keeps what was done long ago out of sight. A task is done at a moment only if it is completed and known to be before.
 */
const openAfter = (instant: string): string =>
  `coalesce(greatest(completed_at, completed_known_at), 'infinity') >= ${instant}`;

interface WorkloadRow {
  department_id: string;
  open: number;
  notified: number;
  acknowledged: number;
  checked_in: number;
  overdue: number;
  due_within_24h: number;
  inflow: number;
  outflow: number;
  half_weights: number;
  check_in_on_time: number;
  check_in_due: number;
  median_minutes: number | null;
  p90_minutes: number | null;
}

/** Reads queues and workloads of departments. */
export class DepartmentTasksQuery {
  constructor(private readonly sql: SqlReader) {}

  /** Open tasks of a department, oldest first. */
  async queue(
    departmentId: string,
    moment: Moment,
    page: { limit: number; after: { notifiedAt: string; taskId: string } | null },
  ): Promise<QueuePage> {
    const values: unknown[] = [...momentValues(moment), departmentId];
    const after = page.after === null ? '' : `and (notified_at, task_id) > ($4::timestamptz, $5)`;
    if (page.after !== null) values.push(page.after.notifiedAt, page.after.taskId);
    const { rows } = await this.sql.query<{ item: QueueItem }>(
      `${tasksAt}
       select jsonb_build_object(
         'taskId', task_id, 'incidentId', incident_id, 'whistleId', whistle_id, 'departmentId', department_id,
         'role', role, 'kind', kind, 'state', state, 'category', category, 'severity', severity,
         'estateId', estate_id, 'communityId', community_id, 'streetId', street_id,
         'notifiedAt', ${isoUtc('notified_at')}, 'acknowledgedAt', ${isoUtc('ack')},
         'checkedInAt', ${isoUtc('arrived')}, 'overdue', coalesce(unmet_due < as_of, false), 'deadlines', deadlines
       ) as item
       from at_moment
       where department_id = $3 and done is null and ${openAfter('least($1::timestamptz, $2::timestamptz)')} ${after}
       order by notified_at, task_id limit ${page.limit + 1}`,
      values,
    );
    const items = rows.slice(0, page.limit).map((row) => row.item);
    const last = items.at(-1);
    const next =
      rows.length > page.limit && last ? { notifiedAt: last.notifiedAt, taskId: last.taskId } : null;
    return { items, next };
  }

  /** Workload of the given departments at a moment; one answer each, also for those without tasks. */
  async workload(departmentIds: readonly string[], moment: Moment, from: string): Promise<Workload[]> {
    const { rows } = await this.sql.query<WorkloadRow>(
      `${tasksAt}
       select department_id,
         count(*) filter (where done is null)::int as open,
         count(*) filter (where state = 'NOTIFIED')::int as notified,
         count(*) filter (where state = 'ACKNOWLEDGED')::int as acknowledged,
         count(*) filter (where state = 'CHECKED_IN')::int as checked_in,
         count(*) filter (where unmet_due < as_of)::int as overdue,
         count(*) filter (where unmet_due >= as_of and unmet_due < as_of + interval '24 hours')::int as due_within_24h,
         count(*) filter (where notified_at >= $4)::int as inflow,
         count(*) filter (where done >= $4)::int as outflow,
         coalesce(sum(case role when 'LEAD' then 2 else 1 end) filter (where done is null), 0)::int as half_weights,
         count(*) filter (where notified_at >= $4 and arrived <= check_in_due)::int as check_in_on_time,
         count(*) filter (where notified_at >= $4 and check_in_due is not null
           and (arrived is not null or check_in_due < as_of))::int as check_in_due,
         ${minutesPercentile(0.5)} as median_minutes,
         ${minutesPercentile(0.9)} as p90_minutes
       from at_moment where department_id = any($3::text[])
         and ${openAfter('least($1::timestamptz, $2::timestamptz, $4::timestamptz)')}
       group by department_id`,
      [...momentValues(moment), departmentIds, from],
    );
    const found = new Map(rows.map((row) => [row.department_id, row]));
    return departmentIds.map((id) => workloadOf(id, found.get(id), moment, from));
  }
}

const isoUtc = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const minutesPercentile = (fraction: number): string =>
  `percentile_cont(${fraction}) within group (order by extract(epoch from arrived - notified_at) / 60)
   filter (where notified_at >= $4 and arrived is not null)`;

function workloadOf(
  departmentId: string,
  row: WorkloadRow | undefined,
  moment: Moment,
  from: string,
): Workload {
  const dueCount = row?.check_in_due ?? 0;
  return {
    ...{ departmentId, asOf: moment.asOf, knownAt: moment.knownAt, from, open: row?.open ?? 0 },
    byState: {
      NOTIFIED: row?.notified ?? 0,
      ACKNOWLEDGED: row?.acknowledged ?? 0,
      CHECKED_IN: row?.checked_in ?? 0,
    },
    ...{ overdue: row?.overdue ?? 0, dueWithin24h: row?.due_within_24h ?? 0 },
    ...{ inflow: row?.inflow ?? 0, outflow: row?.outflow ?? 0, weighted: (row?.half_weights ?? 0) / 2 },
    checkInOnTimeRate: dueCount === 0 ? null : (row?.check_in_on_time ?? 0) / dueCount,
    medianCheckInMinutes: row?.median_minutes ?? null,
    p90CheckInMinutes: row?.p90_minutes ?? null,
  };
}
