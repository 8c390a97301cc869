import type { CsvColumns } from '@shaoying/http';
import type { LostTimeSum, StreetWorkload, Workload } from '@shaoying/incident-read-models';
import type { TaskInSight } from '../queries/queries.js';

type AnyWorkload = Workload | StreetWorkload;

/** A row of what somebody has to do, or one of whose time was lost: each has its own columns. */
interface WorkloadTableRow {
  readonly work: AnyWorkload | null;
  readonly lost: LostTimeSum | null;
  /** The figures that are by an earlier formula, each with its version: `weighted@1`. */
  readonly formulas: readonly string[];
}

/** Both tables of an answer in one. */
export const workloadRows = (
  items: readonly AnyWorkload[],
  lostTime: readonly LostTimeSum[],
  formulas: readonly string[] = [],
): WorkloadTableRow[] => [
  ...items.map((work) => ({ work, lost: null, formulas })),
  ...lostTime.map((lost) => ({ work: null, lost, formulas })),
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
  workedMinutes: ({ work }) => work?.workedMinutes,
  formulas: ({ formulas }) => (formulas.length === 0 ? null : formulas.join(' ')),
};

/** Which figure the tasks are behind, and whose it is. */
interface ExplainedFigure {
  readonly figure: string;
  readonly version: number;
  readonly departmentId?: string;
  readonly streetId?: string | null;
  readonly asOf: string;
  readonly knownAt: string;
  readonly from: string;
}

interface TabledTask {
  readonly of: ExplainedFigure;
  readonly task: TaskInSight;
}

/** The tasks behind a figure of workload, and what was left out, in one table. */
export const workloadExplanationRows = (
  told: ExplainedFigure & { readonly items: readonly TaskInSight[] },
): TabledTask[] => told.items.map((task) => ({ of: told, task }));

export const workloadExplanationColumns: CsvColumns<TabledTask> = {
  counts: ({ task }) => task.counts,
  incidentId: ({ task }) => task.incidentId,
  taskId: ({ task }) => task.taskId,
  departmentId: ({ task }) => task.departmentId,
  contribution: ({ task }) => task.contribution,
  reason: ({ task }) => task.reason,
  dueAt: ({ task }) => task.dueAt,
  doneAt: ({ task }) => task.doneAt,
  lateMs: ({ task }) => task.lateMs,
  events: ({ task }) => task.events.map(({ what, eventId, at }) => `${what}:${eventId}@${at}`).join(' '),
  figure: ({ of }) => of.figure,
  version: ({ of }) => of.version,
  figureOfDepartmentId: ({ of }) => of.departmentId,
  figureOfStreetId: ({ of }) => of.streetId,
  asOf: ({ of }) => of.asOf,
  knownAt: ({ of }) => of.knownAt,
  from: ({ of }) => of.from,
};
