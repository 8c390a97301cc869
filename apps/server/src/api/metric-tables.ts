import type { CsvColumns } from '@shaoying/http';
import type {
  ExcludedCase,
  ExplainedCase,
  MetricRow,
  StreetWorkload,
  Workload,
} from '@shaoying/incident-read-models';
import type { MetricRowNow } from './metric-units.js';
import type { ScopedExplanation } from '../queries/queries.js';

const counts = (excluded: MetricRow['excluded']): string =>
  Object.entries(excluded)
    .map(([reason, cases]) => `${reason}:${cases}`)
    .join(' ');

/** A metric's rows as a table. */
export const metricColumns: CsvColumns<MetricRowNow> = {
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

interface ExplainedRow {
  readonly place: 'NUMERATOR' | 'DENOMINATOR' | 'EXCLUDED';
  readonly found: Pick<ExplainedCase, 'incidentId' | 'taskId' | 'metricId' | 'weight' | 'amount'>;
  readonly reason: ExcludedCase['reason'] | null;
  readonly events: readonly string[];
}

/** The cases of an explanation, and what was left out, in one table. What is out of sight is in none. */
export const explanationRows = ({ cases, excluded }: ScopedExplanation): ExplainedRow[] => [
  ...cases.map((found): ExplainedRow => {
    const place = found.inNumerator ? 'NUMERATOR' : 'DENOMINATOR';
    return { place, found, reason: null, events: found.events };
  }),
  ...excluded.map((found): ExplainedRow => ({ place: 'EXCLUDED', found, reason: found.reason, events: [] })),
];

export const explanationColumns: CsvColumns<ExplainedRow> = {
  place: ({ place }) => place,
  incidentId: ({ found }) => found.incidentId,
  taskId: ({ found }) => found.taskId,
  metricId: ({ found }) => found.metricId,
  weight: ({ found }) => found.weight,
  amount: ({ found }) => found.amount,
  reason: ({ reason }) => reason,
  events: ({ events }) => events.join(' '),
};
