import type { CsvColumns } from '@shaoying/http';
import type {
  CompanionMetric,
  ExcludedCase,
  ExplainedCase,
  LostTimeSum,
  MetricExplanation,
  MetricRow,
  StreetWorkload,
  Withheld,
  Workload,
} from '@shaoying/incident-read-models';
import type { MetricRowNow } from './metric-units.js';
import type { TaskInSight } from '../queries/queries.js';

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

/** A row of what somebody has to do, or one of whose time was lost: each has its own columns. */
interface WorkloadTableRow {
  readonly work: AnyWorkload | null;
  readonly lost: LostTimeSum | null;
}

/** Both tables of an answer in one. */
export const workloadRows = (
  items: readonly AnyWorkload[],
  lostTime: readonly LostTimeSum[],
): WorkloadTableRow[] => [
  ...items.map((work) => ({ work, lost: null })),
  ...lostTime.map((lost) => ({ work: null, lost })),
];

/** Workloads as a table; what is null in it is so in the answer. */
export const workloadColumns: CsvColumns<WorkloadTableRow> = {
  departmentId: ({ work }) => (work !== null && 'departmentId' in work ? work.departmentId : null),
  streetId: ({ work }) => (work !== null && 'streetId' in work ? work.streetId : null),
  asOf: ({ work }) => work?.asOf,
  from: ({ work }) => work?.from,
  open: ({ work }) => work?.open,
  notified: ({ work }) => work?.byState.NOTIFIED,
  acknowledged: ({ work }) => work?.byState.ACKNOWLEDGED,
  checkedIn: ({ work }) => work?.byState.CHECKED_IN,
  working: ({ work }) => work?.byState.WORKING,
  returnRequested: ({ work }) => work?.byState.RETURN_REQUESTED,
  inArbitration: ({ work }) => work?.byState.IN_ARBITRATION,
  overdue: ({ work }) => work?.overdue,
  dueWithin24h: ({ work }) => work?.dueWithin24h,
  inflow: ({ work }) => work?.inflow,
  outflow: ({ work }) => work?.outflow,
  returned: ({ work }) => work?.returned,
  released: ({ work }) => work?.released,
  lostMs: ({ work }) => work?.lostMs,
  weighted: ({ work }) => work?.weighted,
  acknowledgeOnTimeRate: ({ work }) => work?.acknowledgeOnTimeRate,
  checkInOnTimeRate: ({ work }) => work?.checkInOnTimeRate,
  handlingOnTimeRate: ({ work }) => work?.handlingOnTimeRate,
  medianCheckInMinutes: ({ work }) => work?.medianCheckInMinutes,
  p90CheckInMinutes: ({ work }) => work?.p90CheckInMinutes,
  medianHandlingMinutes: ({ work }) => work?.medianHandlingMinutes,
  p90HandlingMinutes: ({ work }) => work?.p90HandlingMinutes,
  knownAt: ({ work }) => work?.knownAt,
  acknowledgeMet: ({ work }) => work?.acknowledgeOnTime.met,
  acknowledgeDecided: ({ work }) => work?.acknowledgeOnTime.decided,
  checkInMet: ({ work }) => work?.checkInOnTime.met,
  checkInDecided: ({ work }) => work?.checkInOnTime.decided,
  handlingMet: ({ work }) => work?.handlingOnTime.met,
  handlingDecided: ({ work }) => work?.handlingOnTime.decided,
  lostAccount: ({ lost }) => lost?.account,
  lostUnitId: ({ lost }) => lost?.unitId,
  lostTimeMs: ({ lost }) => lost?.ms,
  lostTasks: ({ lost }) => lost?.tasks,
};

/** The tasks behind a figure of workload, and what was left out, in one table. */
export const workloadExplanationColumns: CsvColumns<TaskInSight> = {
  counts: ({ counts }) => counts,
  incidentId: ({ incidentId }) => incidentId,
  taskId: ({ taskId }) => taskId,
  departmentId: ({ departmentId }) => departmentId,
  contribution: ({ contribution }) => contribution,
  reason: ({ reason }) => reason,
  dueAt: ({ dueAt }) => dueAt,
  doneAt: ({ doneAt }) => doneAt,
  lateMs: ({ lateMs }) => lateMs,
  events: ({ events }) => events.map(({ what, eventId, at }) => `${what}:${eventId}@${at}`).join(' '),
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
