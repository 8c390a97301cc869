import { factsUntil, type Moment } from '../sql-reader.js';
import {
  formerHolders,
  givenOnAndOpenAfter,
  openAfter,
  tasksAmong,
  tasksAs,
  tasksAt,
  within,
} from './tasks-at.js';

/** States of a task that its department has. */
export const OPEN_TASK_STATES = [
  ...(['NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING'] as const),
  ...(['RETURN_REQUESTED', 'IN_ARBITRATION'] as const),
] as const;
export type OpenTaskState = (typeof OPEN_TASK_STATES)[number];

/** What somebody has to do, and how it went. */
export interface WorkloadFigures {
  readonly asOf: string;
  readonly knownAt: string;
  /** Start of the window of inflow, outflow, rates and times; `asOf` is its end. */
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
   * Of the tasks notified in the window whose deadline is decided (met, or past its due time) and that were its own when
   * that was decided; null where none is.
   */
  readonly acknowledgeOnTimeRate: number | null;
  readonly checkInOnTimeRate: number | null;
  readonly handlingOnTimeRate: number | null;
  /** From the whistle on, of the tasks notified in the window. Handling: to the first completion that stood. */
  readonly medianCheckInMinutes: number | null;
  readonly p90CheckInMinutes: number | null;
  readonly medianHandlingMinutes: number | null;
  readonly p90HandlingMinutes: number | null;
}

export interface Workload extends WorkloadFigures {
  readonly departmentId: string;
}

/** Of several departments' tasks that lie in one street. */
export interface StreetWorkload extends WorkloadFigures {
  /** Null gathers what lies in none that is known. */
  readonly streetId: string | null;
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

/** Acts that have a deadline: the column of the act, the one it was due by, and what leaves it open whose time it is. */
const timedActs = {
  acknowledge: { done: 'ack', due: 'acknowledge_due', undecided: 'false' },
  check_in: { done: 'arrived', due: 'check_in_due', undecided: 'undecided' },
  handling: { done: 'handled', due: 'handling_due', undecided: '(undecided or extending)' },
} as const;
type TimedAct = keyof typeof timedActs;

export interface WorkloadRow extends Record<`${TimedAct}_met` | `${TimedAct}_decided`, number> {
  /** A department, or a street. */
  key: string | null;
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
  /** Minutes: the median, and what nine of ten took no longer than. */
  check_in_times: readonly [number, number] | null;
  handling_times: readonly [number, number] | null;
}

const windowBegin = 'least($1::timestamptz, $2::timestamptz, $4::timestamptz)';

/**
 * A row for each of the departments $3 that has or had a task of the window; `held_until` is null of the one that has it. All that
 * was ever given on, which is little, is asked whether they had it: of other tasks nothing is unpacked.
 */
const holdings = `
${tasksAs('theirs', openAfter(windowBegin, factsUntil, 'department_id = any($3::text[])'))},
${tasksAmong('given_on', givenOnAndOpenAfter(windowBegin, factsUntil))},
  holdings as (
    select * from (
      select theirs.*, department_id as holder, case when former is null then notified_at
        else coalesce((select max(held.until) from ${formerHolders}), notified_at) end as held_since, null::timestamptz as held_until
      from theirs offset 0
    ) own
    union all
    select given_on.*, held."departmentId", held.since, held.until
    from given_on cross join lateral ${formerHolders} where held."departmentId" = any($3::text[])
  )`;

/** Of a holding: it is the department that has the task, and answers for how it stands. */
const has = 'held_until is null';

/** Not by the name: a task may come back to a department that had it before. An offline check-in may be the first's. */
const heldAt = (instant: string): string =>
  `(${instant} >= held_since or held_since = notified_at) and (${has} or ${instant} < held_until)`;

/**
 * An act that is judged: done, or its time is over and nothing was undecided; what was given away is not. It is that of
 * whoever had the task when it was done, or should have been.
 */
const decided = ({ done, due, undecided }: (typeof timedActs)[TimedAct]): string =>
  `notified_at >= $4 and (ended is null or counted) and ${due} is not null
   and (${done} is not null or (${due} < as_of and not ${undecided} and set_aside is null))
   and ${heldAt(`least(${done}, ${due})`)}`;

/** What is asked of an act of each holding. */
const judged = (act: TimedAct): string => {
  const { done, due } = timedActs[act];
  return `(${decided(timedActs[act])}) is true as ${act}_is_decided, ${done} <= ${due} as ${act}_in_time,
    case when notified_at >= $4 and ${done} is not null and ${heldAt(done)}
      then date_part('epoch', ${done} - notified_at) / 60 end as ${act}_minutes`;
};

const ratesOf = (act: TimedAct): string =>
  `count(*) filter (where ${act}_is_decided and ${act}_in_time)::int as ${act}_met,
    count(*) filter (where ${act}_is_decided)::int as ${act}_decided`;

const timesOf = (act: TimedAct): string =>
  `percentile_cont(array[0.5, 0.9]) within group (order by ${act}_minutes)
    filter (where ${act}_minutes is not null) as ${act}_times`;

/**
 * The figures of the departments $3 from $4 to the moment $1, $2: a row for each of them, or for each street their tasks
 * lie in. What is asked of a task several times is made once: a table with an offset stays one.
 */
export const workloadSql = (by: 'holder' | 'street_id'): string =>
  `${holdings},
   chosen as (
     select ${by} as key, ${has} as has, is_open, state, ended, ended_at, unmet_due, as_of, held_since, held_until, done, role,
       ${judged('acknowledge')}, ${judged('check_in')}, ${judged('handling')}
     from holdings offset 0
   )
   select key,
     count(*) filter (where has and is_open)::int as open,
     ${OPEN_TASK_STATES.map(
       (state) =>
         `count(*) filter (where has and is_open and state = '${state}')::int as ${state.toLowerCase()},`,
     ).join(' ')}
     count(*) filter (where has and ended = 'RETURNED' and ended_at >= $4)::int as returned,
     count(*) filter (where has and ended = 'RELEASED' and ended_at >= $4)::int as released,
     count(*) filter (where has and unmet_due < as_of)::int as overdue,
     count(*) filter (where has and unmet_due >= as_of and unmet_due < as_of + interval '24 hours')::int
       as due_within_24h,
     count(*) filter (where held_since >= $4)::int as inflow,
     count(*) filter (where (has and done >= $4) or held_until >= $4)::int as outflow,
     coalesce(sum(case role when 'LEAD' then 2 else 1 end) filter (where has and is_open), 0)::int as half_weights,
     ${ratesOf('acknowledge')}, ${ratesOf('check_in')}, ${ratesOf('handling')},
     ${timesOf('check_in')}, ${timesOf('handling')}
   from chosen group by 1 order by 1 nulls last`;

/** Time booked to the departments $3 from $4 on, by the street their tasks lie in. */
export const streetLossSql = `${tasksAt}
   select at_moment.street_id as key, (sum(extract(epoch from to_at - from_at)) * 1000)::float8 as ms
   from department_tasks.lost_times lost cross join moment join at_moment on at_moment.task_id = lost.task_id
   where unit_id = any($3::text[]) and booked_at >= $4::timestamptz and ${within('booked')}
     and at_moment.incident_id = lost.incident_id
   group by 1`;

/** Of nobody's tasks: zeros and nulls. */
export function figuresOf(
  row: WorkloadRow | undefined,
  lostMs: number,
  { asOf, knownAt }: Moment,
  from: string,
): WorkloadFigures {
  const rate = (act: TimedAct): number | null => {
    const count = row?.[`${act}_decided`] ?? 0;
    return count === 0 ? null : (row?.[`${act}_met`] ?? 0) / count;
  };
  return {
    ...{ asOf, knownAt, from, open: row?.open ?? 0 },
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
    ...{ acknowledgeOnTimeRate: rate('acknowledge'), checkInOnTimeRate: rate('check_in') },
    handlingOnTimeRate: rate('handling'),
    medianCheckInMinutes: row?.check_in_times?.[0] ?? null,
    p90CheckInMinutes: row?.check_in_times?.[1] ?? null,
    medianHandlingMinutes: row?.handling_times?.[0] ?? null,
    p90HandlingMinutes: row?.handling_times?.[1] ?? null,
  };
}
