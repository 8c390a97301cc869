import type { CsvColumns } from '@shaoying/http';
import type {
  CompanionMetric,
  ExcludedCase,
  ExplainedCase,
  MetricExplanation,
  MetricRow,
  StreetWorkload,
  Withheld,
  Workload,
} from '@shaoying/incident-read-models';
import type { MetricRowNow } from './metric-units.js';

const counts = (excluded: MetricRow['excluded']): string =>
  Object.entries(excluded)
    .map(([reason, cases]) => `${reason}:${cases}`)
    .join(' ');

interface TabledRow extends MetricRowNow {
  /** Of a metric that is shown with those of the table: its name. */
  readonly companion?: string;
}

/** A metric's rows, and behind them the totals of those it is never shown without. */
export const metricTableRows = ({
  rows,
  companions,
}: {
  readonly rows: readonly MetricRowNow[];
  readonly companions: readonly CompanionMetric[];
}): readonly TabledRow[] => [...rows, ...companions.map(({ name, row }) => ({ ...row, companion: name }))];

export const metricColumns: CsvColumns<TabledRow> = {
  key: ({ key }) => key,
  numerator: ({ numerator }) => numerator,
  denominator: ({ denominator }) => denominator,
  value: ({ value }) => value,
  percent: ({ percent }) => percent,
  partial: ({ partial }) => partial,
  coverage: ({ coverage }) => coverage,
  medianMinutes: ({ spread }) => spread?.medianMinutes,
  p90Minutes: ({ spread }) => spread?.p90Minutes,
  insufficient: ({ insufficient }) => insufficient,
  excluded: ({ excluded }) => counts(excluded),
  includes: ({ includes }) => includes?.join(' '),
  dividedAmong: ({ dividedAmong }) => dividedAmong?.join(' '),
  companion: ({ companion }) => companion,
};

type AnyWorkload = Workload | StreetWorkload;

/** Workloads as a table; what is null in it is so in the answer. */
export const workloadColumns: CsvColumns<AnyWorkload> = {
  departmentId: (row) => ('departmentId' in row ? row.departmentId : null),
  streetId: (row) => ('streetId' in row ? row.streetId : null),
  asOf: ({ asOf }) => asOf,
  from: ({ from }) => from,
  open: ({ open }) => open,
  notified: ({ byState }) => byState.NOTIFIED,
  acknowledged: ({ byState }) => byState.ACKNOWLEDGED,
  checkedIn: ({ byState }) => byState.CHECKED_IN,
  working: ({ byState }) => byState.WORKING,
  returnRequested: ({ byState }) => byState.RETURN_REQUESTED,
  inArbitration: ({ byState }) => byState.IN_ARBITRATION,
  overdue: ({ overdue }) => overdue,
  dueWithin24h: ({ dueWithin24h }) => dueWithin24h,
  inflow: ({ inflow }) => inflow,
  outflow: ({ outflow }) => outflow,
  returned: ({ returned }) => returned,
  released: ({ released }) => released,
  lostMs: ({ lostMs }) => lostMs,
  weighted: ({ weighted }) => weighted,
  acknowledgeOnTimeRate: ({ acknowledgeOnTimeRate }) => acknowledgeOnTimeRate,
  checkInOnTimeRate: ({ checkInOnTimeRate }) => checkInOnTimeRate,
  handlingOnTimeRate: ({ handlingOnTimeRate }) => handlingOnTimeRate,
  medianCheckInMinutes: ({ medianCheckInMinutes }) => medianCheckInMinutes,
  p90CheckInMinutes: ({ p90CheckInMinutes }) => p90CheckInMinutes,
  medianHandlingMinutes: ({ medianHandlingMinutes }) => medianHandlingMinutes,
  p90HandlingMinutes: ({ p90HandlingMinutes }) => p90HandlingMinutes,
};

/** A case, or what was withheld of all of them. */
interface ExplainedRow {
  readonly place: 'NUMERATOR' | 'DENOMINATOR' | 'EXCLUDED' | 'WITHHELD';
  readonly found: Partial<Pick<ExplainedCase, 'incidentId' | 'taskId' | 'metricId' | 'weight' | 'amount'>>;
  readonly reason: ExcludedCase['reason'] | null;
  readonly events: readonly string[];
  /** What it adds: the columns of the whole table come to the number, and to the cases left out. */
  readonly adds: Withheld;
}

const noneLeftOut = { denominator: 1, excluded: 0 };
const leftOut: Withheld = { numerator: 0, denominator: 0, excluded: 1 };

/** The cases of a page of an explanation, and what was left out, in one table. */
export const explanationRows = ({ measure, cases, excluded }: MetricExplanation): ExplainedRow[] => [
  ...cases.map((found): ExplainedRow => {
    const { inNumerator, weight, amount, events } = found;
    const place = inNumerator ? 'NUMERATOR' : 'DENOMINATOR';
    const summed = measure === 'INDEX' || measure === 'DURATION';
    const numerator = summed ? (amount ?? 0) : (weight ?? (inNumerator ? 1 : 0));
    return { place, found, reason: null, events, adds: { numerator, ...noneLeftOut } };
  }),
  ...excluded.map((found): ExplainedRow => {
    return { place: 'EXCLUDED', found, reason: found.reason, events: [], adds: leftOut };
  }),
];

/** The last row of the whole table: what the caller may not see, in one; none where that is nothing. */
export const withheldRows = ({ withheld }: MetricExplanation): ExplainedRow[] =>
  withheld.denominator + withheld.excluded === 0
    ? []
    : [{ place: 'WITHHELD', found: {}, reason: null, events: [], adds: withheld }];

export const explanationColumns: CsvColumns<ExplainedRow> = {
  place: ({ place }) => place,
  incidentId: ({ found }) => found.incidentId,
  taskId: ({ found }) => found.taskId,
  metricId: ({ found }) => found.metricId,
  weight: ({ found }) => found.weight,
  amount: ({ found }) => found.amount,
  numerator: ({ adds }) => adds.numerator,
  denominator: ({ adds }) => adds.denominator,
  excluded: ({ adds }) => adds.excluded,
  reason: ({ reason }) => reason,
  events: ({ events }) => events.join(' '),
};
