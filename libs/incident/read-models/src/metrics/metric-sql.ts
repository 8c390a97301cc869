import { cohortOf } from './cohorts.js';
import type { MetricDefinition, MetricDimension } from './metric-definition.js';

/** What a dimension is of a row. */
export function keyOf({ department, units }: MetricDefinition, by: MetricDimension): string {
  if (by === 'department') return department ?? 'null::text';
  return by === 'category' ? 'category' : (units?.[by] ?? `${by}_id`);
}

/** The same with units that others have taken over counted as those ($7, see {@link TakenOver}). */
const keyNow = (metric: MetricDefinition, by: MetricDimension): string =>
  `coalesce($7::jsonb ->> ${keyOf(metric, by)}, ${keyOf(metric, by)})`;

/**
 * `judged`: the rows of the window, each with the reason it does not count for, and with what it counts. The text is a
 * literal of this library; $1 to $6 are the moment, the window, and the days and the percent of the terms.
 */
function judged(metric: MetricDefinition): string {
  const { windowColumn, exclusions, numerator, partial, amount } = metric;
  const reasons = exclusions.map(([condition, reason]) => `when ${condition} then '${reason}'`).join(' ');
  return `in_window as (
      select judged_of.*, window_days, threshold_percent, ${reasons === '' ? 'null::text' : `case ${reasons} end`} as reason
      from at_moment judged_of cross join (select $5::int as window_days, $6::int as threshold_percent) terms
      where ${windowColumn} >= $3::timestamptz and ${windowColumn} < $4::timestamptz
    ),
    judged as (
      select *, reason is null as counts, (reason is null and (${numerator})) is true as is_full,
        (reason is null and (${partial?.condition ?? 'false'})) is true as is_partial,
        case when reason is null then ${amount ?? 'null::int'} end as counted_amount
      from in_window
    )`;
}

/** One row per key and reason. */
export function tallySql(metric: MetricDefinition, by: MetricDimension | null): string {
  return `${cohortOf(metric).sql}, ${judged(metric)}
   select ${by === null ? `'total'::text` : keyNow(metric, by)} as key, reason,
     count(*)::int as cases, count(*) filter (where is_full)::int as full,
     count(*) filter (where is_partial)::int as partial, coalesce(sum(counted_amount), 0)::float8 as amount,
     ${spread(metric, 0.5)} as median, ${spread(metric, 0.9)} as p90
   from judged group by 1, 2 order by 1 nulls last, 2 nulls first`;
}

const spread = ({ measure, amount }: MetricDefinition, fraction: number): string =>
  amount === undefined || measure === 'INDEX'
    ? 'null::float8'
    : `percentile_cont(${fraction}) within group (order by counted_amount::float8 / 60000)`;

/** Where the next page of an explanation goes on, in the order of the list. Names no incident that was not listed. */
export interface ExplainedPlace {
  readonly isExcluded: boolean;
  /** The window's instant of the last case, to the microsecond. UTC. */
  readonly at: string;
  readonly incidentId: string;
  /** Tells the cases of one incident and instant apart. */
  readonly caseHash: string;
}

/** Which of the cases are wanted. */
export interface ExplainedCut {
  /** Behind it; null from the first on. */
  readonly after: ExplainedPlace | null;
  readonly limit: number;
  /** Selects the ids of the incidents that may be named; null: all. Its values are among the query's already. */
  readonly seen: string | null;
  /** Whether the sums are wanted too: they cost a look at all of the window. */
  readonly isSummed: boolean;
}

const microseconds = (instant: string): string =>
  `to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * The cases of a key ($8) that may be named, those that count first, then those that do not, each oldest first; with the sums over all
 * of the window, and over those of it that may not be named. A row of sums alone where there is nothing to list.
 * @param values of the query so far; what it needs more is added
 */
export function explainSql(
  metric: MetricDefinition,
  by: MetricDimension | null,
  { after, limit, seen, isSummed }: ExplainedCut,
  values: unknown[],
): string {
  const lists = (metric.eventLists ?? []).map((list) => ` || coalesce(${list}, '{}')`).join('');
  const value = (one: unknown): string => `$${values.push(one)}`;
  const at = after && `(${value(after.isExcluded)}::boolean, ${value(after.at)}::timestamptz)`;
  const behind = after && `(${value(after.incidentId)}::text, ${value(after.caseHash)}::text)`;
  const wanted = [
    ...(by === null ? [] : [`${keyNow(metric, by)} is not distinct from $8`]),
    // What lies before the place is looked at for the sums alone.
    ...(isSummed || at === null ? [] : [`(not counts, ${metric.windowColumn}) >= ${at}`]),
  ];
  return `${cohortOf(metric).sql}, ${judged(metric)},
   listed as materialized (
     select incident_id, task_id, reason, not counts as is_excluded, is_full, is_partial, counted_amount,
       ${metric.windowColumn} as window_at, array[${metric.events.join(', ')}]${lists} as events,
       ${seen === null ? 'true' : `incident_id in (${seen})`} as is_seen
     from judged ${wanted.length === 0 ? '' : `where ${wanted.join(' and ')}`}
   ),
   ${isSummed ? `sums as (select ${sumsOf('true', '')}, ${sumsOf('not is_seen', 'hidden_')} from listed),` : ''}
   ends as (
     select is_excluded, window_at from listed where is_seen ${at === null ? '' : `and (is_excluded, window_at) > ${at}`}
     order by 1, 2 offset ${Math.max(limit, 1) - 1} limit 1
   ),
   near as (
     select * from listed where is_seen ${at === null ? '' : `and (is_excluded, window_at) >= ${at}`}
       and coalesce((is_excluded, window_at) <= (select is_excluded, window_at from ends), true)
   ),
   page as (
     select * from (select *, md5(concat_ws(' ', task_id, events::text)) as case_hash from near) hashed
     ${at === null || behind === null ? '' : `where (is_excluded, window_at) > ${at} or (${ofOneInstant}) > ${behind}`}
     order by is_excluded, window_at, ${ofOneInstant} limit ${limit}
   )
   select ${isSummed ? 'sums.*, ' : ''}incident_id as "incidentId", task_id as "taskId", reason, is_full as "isFull",
     is_partial as "isPartial", counted_amount::float8 as amount, events, is_excluded as "isExcluded",
     ${microseconds('window_at')} as at, case_hash as "caseHash"
   from ${isSummed ? 'sums left join page on true' : 'page'} order by is_excluded, window_at, ${ofOneInstant}`;
}

/**
 * What tells the cases of one instant apart. Hashed are those alone that come into question: up to the instant at which the page is full,
 * which is found by itself, since PostgreSQL sorts everything, and whole rows, for `fetch first … with ties`.
 */
const ofOneInstant = 'incident_id collate "C", case_hash collate "C"';

/** Cases, and what they come to, of those rows that are so. */
const sumsOf = (which: string, prefix: string): string => `
     count(*) filter (where ${which} and not is_excluded)::int as ${prefix}cases,
     count(*) filter (where ${which} and is_excluded)::int as ${prefix}excluded,
     count(*) filter (where ${which} and is_full)::int as ${prefix}full,
     count(*) filter (where ${which} and is_partial)::int as ${prefix}partial,
     coalesce(sum(counted_amount) filter (where ${which}), 0)::float8 as ${prefix}total`;
