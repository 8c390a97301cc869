import { tasksAt } from '../department-tasks/department-tasks.query.js';
import { momentSql, momentValues, type Moment, type SqlReader } from '../sql-reader.js';
import { metricDefinitions, type MetricDefinition, type MetricDimension } from './metric-definitions.js';

export interface MetricWindow {
  /** [from, to) over the metric's window instant. ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
}

export interface MetricRow {
  /** Null gathers what has no such dimension; `total` without `by`. */
  readonly key: string | null;
  readonly numerator: number;
  readonly denominator: number;
  /** Null where the denominator is 0. */
  readonly value: number | null;
  /** Too few cases to be ranked by (domain.md §4). */
  readonly insufficient?: boolean;
}

export interface MetricAnswer extends MetricWindow, Omit<Moment, 'live'> {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly version: number;
  readonly by: MetricDimension | null;
  readonly rows: readonly MetricRow[];
}

export interface ExplainedCase {
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly inNumerator: boolean;
  /** Ids of the events that decided. */
  readonly events: readonly string[];
}

export interface MetricExplanation extends MetricWindow, Omit<Moment, 'live'> {
  readonly name: string;
  readonly formula: string;
  readonly version: number;
  readonly key: string | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly cases: readonly ExplainedCase[];
  readonly excluded: readonly { incidentId: string; taskId: string | null; reason: string }[];
  /** True when there are more cases than are listed. */
  readonly truncated: boolean;
}

/** domain.md §4: rankings need a minimum sample. */
const minimumSample = 20;

/** Cases an explanation lists; a month of a street office is below it. */
const explainedMax = 5_000;

/** What a dimension is of a row. */
function keyOf({ department }: MetricDefinition, by: MetricDimension): string {
  if (by === 'department') return department ?? 'null::text';
  return by === 'category' ? 'category' : `${by}_id`;
}

const closuresAt = `
${momentSql},
  at_moment as (
    select closures.*, null::text as task_id, as_of from containment.closures, moment
    where closed_at <= facts_until and closed_known_at <= known_at
      and (reopened_at is null or not (reopened_at <= facts_until and reopened_known_at <= known_at))
  )`;

/** Computes metrics from the read models, each with what stands behind it. */
export class MetricsQuery {
  constructor(private readonly sql: SqlReader) {}

  list(): readonly Pick<MetricDefinition, 'name' | 'title' | 'version' | 'formula' | 'dimensions'>[] {
    return metricDefinitions.map(({ name, title, version, formula, dimensions }) => ({
      ...{ name, title, version, formula, dimensions },
    }));
  }

  definition(name: string): MetricDefinition | undefined {
    return metricDefinitions.find((definition) => definition.name === name);
  }

  /** One row per key, or one `total`. */
  async compute(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
  ): Promise<MetricAnswer> {
    const key = by === null ? `'total'::text` : keyOf(metric, by);
    const { rows } = await this.sql.query<{ key: string | null; numerator: number; denominator: number }>(
      `${cohortOf(metric)}
       select ${key} as key,
         count(*) filter (where ${metric.denominator})::int as denominator,
         count(*) filter (where (${metric.denominator}) and (${metric.numerator}))::int as numerator
       from at_moment where ${inWindow(metric)} group by 1 order by 1 nulls last`,
      [...momentValues(moment), window.from, window.to],
    );
    const counted =
      by === null && rows.length === 0 ? [{ key: 'total', numerator: 0, denominator: 0 }] : rows;
    const { name, title, formula, version } = metric;
    return {
      name,
      title,
      formula,
      version,
      by,
      ...window,
      ...{ asOf: moment.asOf, knownAt: moment.knownAt },
      rows: counted.map((row) => rowOf(row, by)),
    };
  }

  /** The cases behind one number, and those the window held but the number left out. */
  async explain(
    metric: MetricDefinition,
    window: MetricWindow,
    moment: Moment,
    by: MetricDimension | null,
    key: string | null,
  ): Promise<MetricExplanation> {
    const values: unknown[] = [...momentValues(moment), window.from, window.to];
    let ofKey = '';
    if (by !== null) {
      values.push(key);
      ofKey = `and ${keyOf(metric, by)} is not distinct from $5`;
    }
    const events = metric.events.map((column) => column).join(', ');
    const { rows } = await this.sql.query<{
      incident_id: string;
      task_id: string | null;
      in_denominator: boolean;
      in_numerator: boolean;
      reason: string | null;
      events: (string | null)[];
      denominator: number;
      numerator: number;
    }>(
      // The sums are of the whole window, also where it holds more cases than are listed.
      `${cohortOf(metric)}
       select incident_id, task_id, (${metric.denominator}) as in_denominator,
         coalesce((${metric.denominator}) and (${metric.numerator}), false) as in_numerator,
         (count(*) filter (where ${metric.denominator}) over ())::int as denominator,
         (count(*) filter (where (${metric.denominator}) and (${metric.numerator})) over ())::int as numerator,
         case ${metric.excluded} end as reason, array[${events}] as events
       from at_moment where ${inWindow(metric)} ${ofKey}
       order by ${metric.windowColumn}, incident_id, task_id limit ${explainedMax + 1}`,
      values,
    );
    const listed = rows.slice(0, explainedMax);
    const counted = listed.filter((row) => row.in_denominator);
    const { name, formula, version } = metric;
    return {
      ...{ name, formula, version, key, ...window, asOf: moment.asOf, knownAt: moment.knownAt },
      numerator: rows[0]?.numerator ?? 0,
      denominator: rows[0]?.denominator ?? 0,
      cases: counted.map((row) => ({
        incidentId: row.incident_id,
        taskId: row.task_id,
        inNumerator: row.in_numerator,
        events: row.events.filter((id) => id !== null),
      })),
      excluded: listed
        .filter((row) => !row.in_denominator)
        .map((row) => ({ incidentId: row.incident_id, taskId: row.task_id, reason: row.reason ?? 'OTHER' })),
      truncated: rows.length > explainedMax,
    };
  }
}

const cohortOf = (metric: MetricDefinition): string => (metric.cohort === 'tasks' ? tasksAt : closuresAt);

const inWindow = ({ windowColumn }: MetricDefinition): string =>
  `${windowColumn} >= $3::timestamptz and ${windowColumn} < $4::timestamptz`;

function rowOf(
  row: { key: string | null; numerator: number; denominator: number },
  by: MetricDimension | null,
): MetricRow {
  const { key, numerator, denominator } = row;
  const value = denominator === 0 ? null : numerator / denominator;
  if (by === null) return { key, numerator, denominator, value };
  return { key, numerator, denominator, value, insufficient: denominator < minimumSample };
}
