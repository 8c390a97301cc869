import { holderAt } from '../department-tasks/department-tasks.query.js';

export const METRIC_DIMENSIONS = ['estate', 'community', 'street', 'department', 'category'] as const;
export type MetricDimension = (typeof METRIC_DIMENSIONS)[number];

/**
 * A number's definition. The SQL speaks of one row per case or task in `cohort`, which knows `as_of`; `denominator` and
 * `numerator` are conditions over it, `excluded` names why a row of the window does not count.
 */
export interface MetricDefinition {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  /** In words, for whoever must believe the number. */
  readonly formula: string;
  readonly cohort: 'closures' | 'tasks';
  /** Instant that must lie in [from, to). */
  readonly windowColumn: string;
  readonly denominator: string;
  readonly numerator: string;
  /** CASE branches `when … then 'REASON'`, in order. */
  readonly excluded: string;
  /** Columns of the deciding events. */
  readonly events: readonly string[];
  readonly dimensions: readonly MetricDimension[];
  /** Whose a row is; null where the metric is not by department. */
  readonly department: string | null;
}

const places: readonly MetricDimension[] = ['estate', 'community', 'street', 'category'];

function containmentMetric(
  name: string,
  title: string,
  severity: 'MINOR' | 'MAJOR' | 'GROUP',
  levels: readonly string[],
  located: string | null,
): MetricDefinition {
  const list = levels.map((level) => `'${level}'`).join(', ');
  return {
    name,
    title,
    version: 2,
    formula:
      `closed ${severity} incidents with resolutionLevel in {${levels.join(', ')}} / closed ${severity} incidents` +
      `${located === null ? '' : ' located in an estate'}; cohort: last closing in [from, to), not opened again`,
    cohort: 'closures',
    windowColumn: 'closed_at',
    denominator: `severity = '${severity}'${located === null ? '' : ` and ${located} is not null`}`,
    numerator: `resolution_level in (${list})`,
    excluded:
      `when severity <> '${severity}' then 'OTHER_SEVERITY'` +
      (located === null ? '' : ` when ${located} is null then 'NOT_LOCATED_IN_AN_ESTATE'`),
    events: ['closed_event_id'],
    dimensions: places,
    department: null,
  };
}

/** @param undecided condition under which the clock runs on without being read: a decision says whose time it is */
function onTimeMetric(
  name: string,
  title: string,
  act: string,
  due: string,
  done: string,
  event: string,
  undecided: string,
): MetricDefinition {
  const left: readonly (readonly [condition: string, reason: string])[] = [
    [`set_aside = 'MERGED'`, 'MERGED'],
    [`set_aside = 'WITHDRAWN'`, 'WITHDRAWN'],
    [`ended = 'RETURNED'`, 'RETURNED'],
    [`ended = 'RELEASED' and not counted`, 'RELEASED'],
    [`${done} is null and set_aside is not null`, 'SUSPENDED'],
    [`${done} is null and ended is null and ${undecided}`, 'UNDECIDED'],
    [`${done} is null and ${due} >= as_of`, 'NOT_DUE_YET'],
  ];
  return {
    name,
    title,
    version: 3,
    formula:
      `tasks ${act} at or before their due time / tasks whose ${name.replace('-on-time', '')} deadline lies in ` +
      `[from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, ` +
      `of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task that was ` +
      `transferred is of the department that had it when the deadline was met or fell due, whichever came first`,
    cohort: 'tasks',
    windowColumn: due,
    denominator: left.map(([condition]) => `(${condition}) is not true`).join(' and '),
    numerator: `${done} <= ${due}`,
    excluded: left.map(([condition, reason]) => `when ${condition} then '${reason}'`).join(' '),
    events: ['notified_event_id', event],
    dimensions: [...places, 'department'],
    department: holderAt(`least(${done}, ${due})`),
  };
}

/** Metrics of domain.md §4 that the main path can feed. */
export const metricDefinitions: readonly MetricDefinition[] = [
  containmentMetric('containment-estate', '小事不出小区率', 'MINOR', ['ESTATE'], 'estate_id'),
  containmentMetric('containment-community', '大事不出社区率', 'MAJOR', ['ESTATE', 'COMMUNITY'], null),
  containmentMetric(
    'containment-street',
    '群体事件不出街道率',
    'GROUP',
    ['ESTATE', 'COMMUNITY', 'SUBDISTRICT'],
    null,
  ),
  onTimeMetric(
    ...([
      'acknowledge-on-time',
      '按时签收率',
      'acknowledged',
      'acknowledge_due',
      'ack',
      'ack_event',
    ] as const),
    'false',
  ),
  onTimeMetric(
    ...([
      'check-in-on-time',
      '按时报到率',
      'checked in',
      'check_in_due',
      'arrived',
      'arrived_event',
    ] as const),
    'undecided',
  ),
  onTimeMetric(
    ...(['handling-on-time', '按期处置率', 'done', 'handling_due', 'handled', 'handled_event'] as const),
    '(undecided or extending)',
  ),
];
