import type { Moment } from '../sql-reader.js';
import { tasksAt, within } from './tasks-at.js';
import type { OpenTaskState } from './workload-figures.js';
import type { TimedAct } from './workload-holdings.js';

/** Numerator and denominator of a rate. */
export interface OnTimeCounts {
  readonly met: number;
  readonly decided: number;
}

/** What somebody has to do, and how it went. What each figure means is in `workload-figures.ts`. */
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
  /** Work that its people booked in the window, less what they took back in it: below 0 where that was the more. */
  readonly workedMinutes: number;
  /** LEAD counts 1, ASSIST 0.5, each times the weight of its category (domain.md §4). */
  readonly weighted: number;
  /**
   * Of the tasks notified in the window whose deadline is decided (met, or past its due time) and that were its own when
   * that was decided; null where none is.
   */
  readonly acknowledgeOnTimeRate: number | null;
  /** Unlike the metric `check-in-on-time`, which takes the tasks due in the window. */
  readonly checkInOnTimeRate: number | null;
  readonly handlingOnTimeRate: number | null;
  /** What the rates are shares of. */
  readonly acknowledgeOnTime: OnTimeCounts;
  readonly checkInOnTime: OnTimeCounts;
  readonly handlingOnTime: OnTimeCounts;
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
  /** Halves of hundredths: whole, so that no sum is rounded. */
  half_weights: number;
  /** Minutes: the median, and what nine of ten took no longer than. */
  check_in_times: readonly [number, number] | null;
  handling_times: readonly [number, number] | null;
}

/** Time booked to the departments $3 from $4 on, by the street their tasks lie in. */
export const streetLossSql = `${tasksAt}
   select at_moment.street_id as key, (sum(extract(epoch from to_at - from_at)) * 1000)::float8 as ms
   from department_tasks.lost_times lost cross join moment join at_moment on at_moment.task_id = lost.task_id
   where unit_id = any($3::text[]) and booked_at >= $4::timestamptz and ${within('booked')}
     and at_moment.incident_id = lost.incident_id
   group by 1`;

/** Of nobody's tasks: zeros and nulls. What was booked as worked is asked apart. */
export function figuresOf(
  row: WorkloadRow | undefined,
  lostMs: number,
  { asOf, knownAt }: Moment,
  from: string,
): Omit<WorkloadFigures, 'workedMinutes'> {
  const counts = (act: TimedAct): OnTimeCounts => ({
    ...{ met: row?.[`${act}_met`] ?? 0, decided: row?.[`${act}_decided`] ?? 0 },
  });
  const rate = (act: TimedAct): number | null => {
    const { met, decided } = counts(act);
    return decided === 0 ? null : met / decided;
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
    ...{ released: row?.released ?? 0, lostMs, weighted: (row?.half_weights ?? 0) / 200 },
    ...{ acknowledgeOnTimeRate: rate('acknowledge'), checkInOnTimeRate: rate('check_in') },
    ...{ handlingOnTimeRate: rate('handling'), acknowledgeOnTime: counts('acknowledge') },
    ...{ checkInOnTime: counts('check_in'), handlingOnTime: counts('handling') },
    medianCheckInMinutes: row?.check_in_times?.[0] ?? null,
    p90CheckInMinutes: row?.check_in_times?.[1] ?? null,
    medianHandlingMinutes: row?.handling_times?.[0] ?? null,
    p90HandlingMinutes: row?.handling_times?.[1] ?? null,
  };
}
