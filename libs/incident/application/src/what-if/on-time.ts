import { instantMs } from '@shaoying/event-store';
import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { IncidentState, IncidentTimer } from '@shaoying/incident-domain';
import type { Act, CycleCourse, IncidentCourse, TaskCourse } from './task-course.js';

/** The metrics that are told; what they mean is said by their definitions. */
export const ON_TIME_METRICS = [
  'acknowledge-on-time',
  'check-in-on-time',
  'handling-on-time',
  'closing-on-time',
] as const;
export type OnTimeMetric = (typeof ON_TIME_METRICS)[number];

/** What one task, or one cycle, is to one rate. */
export interface Judged {
  readonly metric: OnTimeMetric;
  readonly taskId: string | null;
  readonly cycle: number | null;
  /** The department that had it; of closing the street. */
  readonly key: string | null;
  readonly dueMs: number;
  readonly counts: boolean;
  readonly good: boolean;
  readonly events: readonly RecordedIncidentEvent[];
}

const TIMERS = {
  'acknowledge-on-time': 'ACKNOWLEDGE',
  'check-in-on-time': 'CHECK_IN',
  'handling-on-time': 'HANDLING',
} as const satisfies Partial<Record<OnTimeMetric, IncidentTimer>>;

const ACTS = ['acknowledge-on-time', 'check-in-on-time', 'handling-on-time'] as const;

/**
 * How the rates of acting in time judge one incident at an instant: as `acknowledge-on-time`, `check-in-on-time`,
 * `handling-on-time` and `closing-on-time` do at `asOf`, whenever it was due.
 */
export function judge(course: IncidentCourse, state: IncidentState, asOfMs: number): Judged[] {
  const ofTasks = state.tasks.flatMap((task): Judged[] => {
    const known = course.tasks.get(task.taskId);
    if (known === undefined) return [];
    return ACTS.flatMap((metric) => {
      const due = task.deadlines.findLast(({ timer }) => timer === TIMERS[metric]);
      if (due === undefined) return [];
      return judgedTask(metric, known, instantMs(due.dueAt), course, asOfMs) ?? [];
    });
  });
  const ofCycles = [...course.cycles].flatMap(([cycle, known]) =>
    known.dueMs === null ? [] : [judgedCycle(cycle, known, known.dueMs, course, state, asOfMs)],
  );
  return [...ofTasks, ...ofCycles];
}

function actOf(metric: (typeof ACTS)[number], task: TaskCourse): Act | null {
  if (metric === 'acknowledge-on-time') return sooner(task.checkedIn, task.acknowledged);
  return metric === 'check-in-on-time' ? task.checkedIn : (task.accepted ?? task.completed);
}

/** Whoever has come has answered, whatever was signed later. */
const sooner = (came: Act | null, signed: Act | null): Act | null =>
  signed === null || (came !== null && came.atMs < signed.atMs) ? came : signed;

/** Suspended before it was due; what had been missed by then was missed. */
const standsStill = ({ standing, standingSinceMs }: IncidentCourse, dueMs: number): boolean =>
  standing === 'SUSPENDED' && dueMs >= standingSinceMs;

function judgedTask(
  metric: (typeof ACTS)[number],
  task: TaskCourse,
  dueMs: number,
  course: IncidentCourse,
  asOfMs: number,
): Judged | null {
  const act = actOf(metric, task);
  // An arbitrator was asked before it was due: nobody was to acknowledge it any more.
  const isNoMore = task.acknowledgeNoMoreSinceMs !== null && task.acknowledgeNoMoreSinceMs <= dueMs;
  if (metric === 'acknowledge-on-time' && isNoMore && act === null) return null;
  const counts = isJudged(metric, task, act, dueMs, course, asOfMs);
  const holderMs = act === null ? dueMs : Math.min(act.atMs, dueMs);
  const holder = task.holders.findLast(({ sinceMs }) => sinceMs <= holderMs) ?? task.holders[0];
  return {
    ...{ metric, taskId: task.taskId, cycle: null, key: holder?.departmentId ?? null, dueMs, counts },
    good: counts && act !== null && act.atMs <= dueMs,
    events: [task.summonedBy, act?.by ?? null].filter((event) => event !== null),
  };
}

function isJudged(
  metric: (typeof ACTS)[number],
  task: TaskCourse,
  act: Act | null,
  dueMs: number,
  course: IncidentCourse,
  asOfMs: number,
): boolean {
  const { standing } = course;
  if (standing === 'MERGED' || standing === 'WITHDRAWN' || standing === 'VOIDED') return false;
  if (task.ended === 'RETURNED' || (task.ended === 'RELEASED' && !task.counted)) return false;
  if (act !== null) return true;
  const isOver = task.completed !== null || task.ended !== null;
  if (!isOver && standsStill(course, dueMs)) return false;
  const waits = task.undecided || (metric === 'handling-on-time' && task.extending);
  return dueMs < asOfMs && (metric === 'acknowledge-on-time' || isOver || !waits);
}

function judgedCycle(
  cycle: number,
  { filed, closed, takenUp }: CycleCourse,
  dueMs: number,
  course: IncidentCourse,
  { place }: IncidentState,
  asOfMs: number,
): Judged {
  const { standing } = course;
  const inBase = standing === 'ON' || standing === 'SUSPENDED';
  const isOpen = takenUp || standsStill(course, dueMs) || dueMs >= asOfMs;
  const counts = inBase && (closed !== null || !isOpen);
  return {
    ...{ metric: 'closing-on-time', taskId: null, cycle, key: place.streetId, dueMs, counts },
    good: counts && closed !== null && closed.atMs <= dueMs,
    events: [filed, closed?.by ?? null].filter((event) => event !== null),
  };
}
