import { momentSql, momentValues, type Moment, type SqlReader } from '../sql-reader.js';

/** States of a task that its department has. */
export const OPEN_TASK_STATES = [
  ...(['NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING'] as const),
  ...(['RETURN_REQUESTED', 'IN_ARBITRATION'] as const),
] as const;
export type OpenTaskState = (typeof OPEN_TASK_STATES)[number];

export interface QueueItem {
  readonly taskId: string;
  readonly incidentId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: string;
  readonly kind: string;
  readonly state: OpenTaskState;
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
    /** Of staged handling; stages that are done are not listed. */
    stage?: string;
  }[];
}

export interface QueuePage {
  readonly items: readonly QueueItem[];
  readonly next: { readonly notifiedAt: string; readonly taskId: string } | null;
}

/** A task that its department has to answer for, whether or not its incident goes on at the moment. */
export interface TaskInHand {
  readonly taskId: string;
  readonly incidentId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: string;
  readonly kind: string;
  /** Why it stands still: its incident is suspended, or merged into another. Null where it does not. */
  readonly setAside: 'SUSPENDED' | 'MERGED' | null;
  readonly notifiedAt: string;
}

export interface TasksInHandPage {
  readonly items: readonly TaskInHand[];
  readonly next: QueuePage['next'];
}

export interface Workload {
  readonly departmentId: string;
  readonly asOf: string;
  readonly knownAt: string;
  /** Start of the window of inflow, outflow and rates; `asOf` is its end. */
  readonly from: string;
  /** Tasks of incidents that are suspended, or merged into another, are not among the open ones meanwhile. */
  readonly open: number;
  readonly byState: Readonly<Record<OpenTaskState, number>>;
  readonly overdue: number;
  readonly dueWithin24h: number;
  /** Tasks that came to the department: by a summons, or as the successor of another. */
  readonly inflow: number;
  /** Tasks that it did, or that went to its successor. */
  readonly outflow: number;
  /** Ended in the window: given back, and taken from the department. */
  readonly returned: number;
  readonly released: number;
  /** Time booked to the department in the window as lost before the right one had the matter. Milliseconds. */
  readonly lostMs: number;
  /** LEAD counts 1, ASSIST 0.5 (domain.md §4). */
  readonly weighted: number;
  /**
   * Of the tasks notified in the window whose check-in is decided (made, or past its due time) and that were its own when
   * that was decided; null where none is.
   */
  readonly checkInOnTimeRate: number | null;
  readonly medianCheckInMinutes: number | null;
  readonly p90CheckInMinutes: number | null;
}

/** Time lost, by who bears it. */
export interface LostTimeSum {
  readonly account: 'DISPATCH' | 'DEPARTMENT';
  /** Null for the dispatch. */
  readonly unitId: string | null;
  readonly ms: number;
  /** Of how many tasks. */
  readonly tasks: number;
}

/** A whistle on the same estate about the same category (domain.md §4, repeat whistles). */
export interface EarlierWhistle {
  readonly whistleId: string;
  readonly incidentId: string;
  readonly kind: string;
  readonly reverse: boolean;
  readonly blownAt: string;
}

/** Earlier whistles that are listed; there may be more. */
const whistlesMax = 50;

const within = (act: string): string => `${act}_at <= facts_until and ${act}_known_at <= known_at`;

/**
 * Tasks as they were at $1 as far as the log knew at $2, each by the terms that held then: an instant that was later, or
 * learnt later, is null, and so is its event. `unmet_due` is the soonest deadline that nothing had met by then.
 */
export const tasksAt = `
${momentSql},
  facts as (
    select t.*,
      case when ${within('acknowledged')} then acknowledged_at end as ack,
      case when ${within('acknowledged')} then acknowledged_event_id end as ack_event,
      case when ${within('checked_in')} then checked_in_at end as arrived,
      case when ${within('checked_in')} then checked_in_event_id end as arrived_event,
      ${within('contacted')} is true as contacted,
      case when ${within('contacted')} then contacted_at end as contact,
      case when ${within('contacted')} then contacted_event_id end as contact_event,
      ${within('working')} is true as working,
      case when ${within('completed')} then completed_at end as done,
      case when ${within('completed')} then completed_event_id end as done_event,
      coalesce(accepted_at, case when ${within('completed')} then completed_at end) as handled,
      case when accepted_at is not null then accepted_event_id when ${within('completed')} then completed_event_id end
        as handled_event,
      case when ${within('ended')} then ended_as end as ended,
      stands is not null and stands <> 'ACKNOWLEDGED' as undecided,
      as_of
    from department_tasks.tasks t cross join moment
    where ${within('since')} and (until_at is null or not (${within('until')}))
  ),
  at_moment as (
    select facts.*,
      done is null and ended is null and set_aside is null as is_open,
      case when done is not null then 'DONE' when ended is not null then ended when undecided then stands
           when working then 'WORKING' when arrived is not null then 'CHECKED_IN'
           when ack is not null or stands is not null then 'ACKNOWLEDGED' else 'NOTIFIED' end as state,
      case when done is null and ended is null and set_aside is null then least(
        case when ack is null and arrived is null and stands is null then acknowledge_due end,
        case when not undecided then least(
          case when arrived is null then check_in_due end, case when not contacted then contact_due end,
          case when not extending and accepted_at is null then stage_due end) end,
        rework_due) end as unmet_due
    from facts
  )`;

/** The former holders of a task as a table. */
const formerHolders = `json_to_recordset(former) as held ("departmentId" text, since timestamptz, until timestamptz)`;

/**
 * Who had the task of a row of {@link tasksAt} at an instant: from a transfer on it is the successor's, and what was due
 * or done before stays with whoever had it then.
 */
export const holderAt = (
  instant: string,
): string => `case when former is null then department_id else coalesce(
    (select held."departmentId" from ${formerHolders} where ${instant} < held.until order by held.until limit 1),
    department_id) end`;

/** {@link tasksAt}, and a row for each department that has or had the task; `held_until` is null of the one that has it. */
const holdings = `
${tasksAt},
  holdings as (
    select at_moment.*, holders.* from at_moment cross join lateral (
      select held."departmentId" as holder, held.since as held_since, held.until as held_until from ${formerHolders}
      union all
      select department_id, coalesce((select max(held.until) from ${formerHolders}), notified_at), null
    ) holders
  )`;

/**
 * True for every task that was open at some moment after `instant`, and for some more; the index on this expression
 * keeps what was over long ago out of sight. A task is over at a moment only if its end is known to be before.
 */
const openAfter = (instant: string): string =>
  `coalesce(least(greatest(completed_at, completed_known_at), greatest(ended_at, ended_known_at),
     greatest(until_at, until_known_at)), 'infinity') >= ${instant}`;

interface WorkloadRow {
  department_id: string;
  open: number;
  notified: number;
  acknowledged: number;
  checked_in: number;
  working: number;
  return_requested: number;
  in_arbitration: number;
  returned: number;
  released: number;
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

  /**
   * Open tasks of a department, oldest first.
   * @param streetIds of whoever sees no more than these streets' and what is in none; null sees all
   */
  async queue(
    departmentId: string,
    moment: Moment,
    page: { limit: number; after: { notifiedAt: string; taskId: string } | null },
    streetIds: readonly string[] | null = null,
  ): Promise<QueuePage> {
    const values: unknown[] = [...momentValues(moment), departmentId, streetIds];
    const after = page.after === null ? '' : `and (notified_at, task_id) > ($5::timestamptz, $6)`;
    if (page.after !== null) values.push(page.after.notifiedAt, page.after.taskId);
    const { rows } = await this.sql.query<{ item: QueueItem }>(
      `${tasksAt}
       select jsonb_build_object(
         'taskId', task_id, 'incidentId', incident_id, 'whistleId', whistle_id, 'departmentId', department_id,
         'role', role, 'kind', kind, 'state', state, 'category', category, 'severity', severity,
         'estateId', estate_id, 'communityId', community_id, 'streetId', street_id,
         'notifiedAt', ${isoUtc('notified_at')}, 'acknowledgedAt', ${isoUtc('ack')},
         'checkedInAt', ${isoUtc('arrived')}, 'overdue', coalesce(unmet_due < as_of, false), 'deadlines', ${toDo}
       ) as item
       from at_moment
       where department_id = $3 and is_open and ${openAfter('least($1::timestamptz, $2::timestamptz)')}
         and ($4::text[] is null or street_id is null or street_id = any($4)) ${after}
       order by notified_at, task_id limit ${page.limit + 1}`,
      values,
    );
    const items = rows.slice(0, page.limit).map((row) => row.item);
    const last = items.at(-1);
    const next =
      rows.length > page.limit && last ? { notifiedAt: last.notifiedAt, taskId: last.taskId } : null;
    return { items, next };
  }

  /**
   * Every task of a department that is neither done nor ended by now, oldest first. Unlike the queue it has those of
   * suspended and merged incidents too: they come back to whoever has them.
   */
  async tasksInHand(
    departmentId: string,
    limit: number,
    after: TasksInHandPage['next'],
  ): Promise<TasksInHandPage> {
    const { rows } = await this.sql.query<{ item: TaskInHand }>(
      `select jsonb_build_object(
         'taskId', task_id, 'incidentId', incident_id, 'whistleId', whistle_id, 'departmentId', department_id,
         'role', role, 'kind', kind, 'setAside', set_aside, 'notifiedAt', ${isoUtc('notified_at')}
       ) as item
       from department_tasks.tasks
       where department_id = $1 and ${openAfter("'infinity'")}
         ${after === null ? '' : 'and (notified_at, task_id) > ($2::timestamptz, $3)'}
       order by notified_at, task_id limit ${limit + 1}`,
      after === null ? [departmentId] : [departmentId, after.notifiedAt, after.taskId],
    );
    const items = rows.slice(0, limit).map((row) => row.item);
    const last = items.at(-1);
    return {
      items,
      next: rows.length > limit && last ? { notifiedAt: last.notifiedAt, taskId: last.taskId } : null,
    };
  }

  /** Workload of the given departments at a moment; one answer each, also for those without tasks. */
  async workload(departmentIds: readonly string[], moment: Moment, from: string): Promise<Workload[]> {
    const { rows } = await this.sql.query<WorkloadRow>(
      `${holdings}
       select holder as department_id,
         count(*) filter (where ${has} and is_open)::int as open,
         ${OPEN_TASK_STATES.map(
           (state) =>
             `count(*) filter (where ${has} and is_open and state = '${state}')::int as ${state.toLowerCase()},`,
         ).join(' ')}
         count(*) filter (where ${has} and ended = 'RETURNED' and ended_at >= $4)::int as returned,
         count(*) filter (where ${has} and ended = 'RELEASED' and ended_at >= $4)::int as released,
         count(*) filter (where ${has} and unmet_due < as_of)::int as overdue,
         count(*) filter (where ${has} and unmet_due >= as_of and unmet_due < as_of + interval '24 hours')::int
           as due_within_24h,
         count(*) filter (where held_since >= $4)::int as inflow,
         count(*) filter (where (${has} and done >= $4) or held_until >= $4)::int as outflow,
         coalesce(sum(case role when 'LEAD' then 2 else 1 end) filter (where ${has} and is_open), 0)::int
           as half_weights,
         count(*) filter (where ${checkInCounts} and arrived <= check_in_due)::int as check_in_on_time,
         count(*) filter (where ${checkInCounts})::int as check_in_due,
         ${minutesPercentile(0.5)} as median_minutes,
         ${minutesPercentile(0.9)} as p90_minutes
       from holdings where holder = any($3::text[]) and task_id in (
         select task_id from department_tasks.tasks where department_id = any($3::text[])
           and ${openAfter('least($1::timestamptz, $2::timestamptz, $4::timestamptz)')}
       )
       group by 1`,
      [...momentValues(moment), departmentIds, from],
    );
    const found = new Map(rows.map((row) => [row.department_id, row]));
    const lost = new Map(
      (await this.lostBy('unit_id = any($4::text[])', moment, from, departmentIds)).map((sum) => [
        sum.unitId,
        sum.ms,
      ]),
    );
    return departmentIds.map((id) => workloadOf(id, found.get(id), lost.get(id) ?? 0, moment, from));
  }

  /** Time booked in the window as lost, by who bears it, most first (domain.md §3.4 a). */
  lostTime(moment: Moment, from: string): Promise<LostTimeSum[]> {
    return this.lostBy('true', moment, from);
  }

  private async lostBy(
    condition: string,
    moment: Moment,
    from: string,
    ...values: unknown[]
  ): Promise<LostTimeSum[]> {
    const { rows } = await this.sql.query<LostTimeSum>(
      `${momentSql}
       select account, unit_id as "unitId", (sum(extract(epoch from to_at - from_at)) * 1000)::float8 as ms,
         count(distinct task_id)::int as tasks
       from department_tasks.lost_times, moment
       where booked_at >= $3::timestamptz and ${within('booked')} and ${condition}
       group by 1, 2 order by 3 desc, 2`,
      [...momentValues(moment), from, ...values],
    );
    return rows;
  }

  /** Whistles that were blown on an estate about a category since an instant and not taken back, latest first. */
  async whistlesOn(estateId: string, category: string, since: string): Promise<EarlierWhistle[]> {
    const { rows } = await this.sql.query<Omit<EarlierWhistle, 'blownAt'> & { blown_at: Date }>(
      `select whistle_id as "whistleId", incident_id as "incidentId", kind, reverse, blown_at
       from department_tasks.whistles
       where estate_id = $1 and category = $2 and blown_at >= $3::timestamptz
       order by department_tasks.whistles.blown_at desc, whistle_id limit ${whistlesMax}`,
      [estateId, category, since],
    );
    return rows.map(({ blown_at, ...whistle }) => ({ ...whistle, blownAt: blown_at.toISOString() }));
  }
}

/** Of a holding: it is the department that has the task, and answers for how it stands. */
const has = 'held_until is null';

/** Not by the name: a task may come back to a department that had it before. An offline check-in may be the first's. */
const heldAt = (instant: string): string =>
  `(${instant} >= held_since or held_since = notified_at) and (${has} or ${instant} < held_until)`;

/**
 * A check-in that is judged: made, or its time is over and nothing was undecided; what was given away is not. It is that
 * of whoever had the task when it was made, or should have been.
 */
const checkInCounts = `notified_at >= $4 and (ended is null or counted) and check_in_due is not null
  and (arrived is not null or (check_in_due < as_of and not undecided and set_aside is null))
  and ${heldAt('least(arrived, check_in_due)')}`;

/** Deadlines without those of stages that are done. */
const toDo = `(select coalesce(jsonb_agg(deadline order by place), '[]')
  from jsonb_array_elements(deadlines::jsonb) with ordinality as listed (deadline, place)
  where not deadline ? 'done')`;

const isoUtc = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const minutesPercentile = (fraction: number): string =>
  `percentile_cont(${fraction}) within group (order by extract(epoch from arrived - notified_at) / 60)
   filter (where notified_at >= $4 and arrived is not null and ${heldAt('arrived')})`;

function workloadOf(
  departmentId: string,
  row: WorkloadRow | undefined,
  lostMs: number,
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
      WORKING: row?.working ?? 0,
      RETURN_REQUESTED: row?.return_requested ?? 0,
      IN_ARBITRATION: row?.in_arbitration ?? 0,
    },
    ...{ overdue: row?.overdue ?? 0, dueWithin24h: row?.due_within_24h ?? 0 },
    ...{ inflow: row?.inflow ?? 0, outflow: row?.outflow ?? 0, returned: row?.returned ?? 0 },
    ...{ released: row?.released ?? 0, lostMs, weighted: (row?.half_weights ?? 0) / 2 },
    checkInOnTimeRate: dueCount === 0 ? null : (row?.check_in_on_time ?? 0) / dueCount,
    medianCheckInMinutes: row?.median_minutes ?? null,
    p90CheckInMinutes: row?.p90_minutes ?? null,
  };
}
