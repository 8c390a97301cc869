import { cohorts } from './cohorts.js';
import type { MetricDefinition, MetricDimension } from './metric-definition.js';

/** What a dimension is of a row. */
export function keyOf({ department }: MetricDefinition, by: MetricDimension): string {
  if (by === 'department') return department ?? 'null::text';
  return by === 'category' ? 'category' : `${by}_id`;
}

/** The same with units that others have taken over counted as those ($6, see {@link TakenOver}). */
const keyNow = (metric: MetricDefinition, by: MetricDimension): string =>
  `coalesce($6::jsonb ->> ${keyOf(metric, by)}, ${keyOf(metric, by)})`;

/**
 * `judged`: the rows of the window, each with the reason it does not count for, and with what it counts. The text is a
 * literal of this library; $1 to $5 are the moment, the window and the days of the terms.
 */
function judged(metric: MetricDefinition): string {
  const { windowColumn, exclusions, numerator, partial, amount } = metric;
  const reasons = exclusions.map(([condition, reason]) => `when ${condition} then '${reason}'`).join(' ');
  return `in_window as (
      select judged_of.*, window_days, ${reasons === '' ? 'null::text' : `case ${reasons} end`} as reason
      from at_moment judged_of cross join (select $5::int as window_days) days
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
  return `${cohorts[metric.cohort].sql}, ${judged(metric)}
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

/** The rows of a key ($7), oldest first, with the sums over all of them; no more than `max`. */
export function explainSql(metric: MetricDefinition, by: MetricDimension | null, max: number): string {
  const lists = (metric.eventLists ?? []).map((list) => ` || coalesce(${list}, '{}')`).join('');
  return `${cohorts[metric.cohort].sql}, ${judged(metric)}
   select incident_id as "incidentId", task_id as "taskId", reason, is_full as "isFull", is_partial as "isPartial",
     counted_amount::float8 as amount, array[${metric.events.join(', ')}]${lists} as events,
     (count(*) filter (where counts) over ())::int as cases, (count(*) filter (where is_full) over ())::int as full,
     (count(*) filter (where is_partial) over ())::int as partial,
     coalesce(sum(counted_amount) over (), 0)::float8 as total
   from judged ${by === null ? '' : `where ${keyNow(metric, by)} is not distinct from $7`}
   order by ${metric.windowColumn}, incident_id, task_id limit ${max}`;
}
