import { instantMs, instantText } from '@shaoying/event-store';
import type { MovableDeadline, MovedDeadline } from '@shaoying/jurisdiction-contracts';
import {
  addDuration,
  addWorkingTime,
  type Duration,
  type DurationUnit,
  instantAtPercent,
  isProvisional,
  isWorkingUnit,
  workingTimeBetween,
  type WorkingCalendar,
} from '@shaoying/jurisdiction-domain';

/** What was not recorded is told as time on the clock. */
const UNRECORDED: DurationUnit = 'CLOCK_HOUR';

interface Instants {
  readonly startMs: number;
  readonly warnMs: number;
  readonly dueMs: number;
  readonly unit: DurationUnit;
}

function instantsOf(deadline: MovableDeadline): Instants {
  return {
    startMs: instantMs(deadline.startedAt),
    warnMs: instantMs(deadline.warnAt),
    dueMs: instantMs(deadline.dueAt),
    unit: deadline.unit ?? UNRECORDED,
  };
}

/** @throws CalendarError */
export function movedByPause(
  calendar: WorkingCalendar,
  deadline: MovableDeadline,
  pausedAt: string,
  resumedAt: string,
): MovedDeadline {
  const { startMs, warnMs, dueMs, unit } = instantsOf(deadline);
  const working = isWorkingUnit(unit);
  const pausedMs = instantMs(pausedAt);
  // A timer that started in the middle of the pause has waited for what is left of it.
  const fromMs = Math.max(pausedMs, startMs);
  const toMs = Math.max(fromMs, instantMs(resumedAt));
  const passedMs = working ? workingTimeBetween(calendar, fromMs, toMs) : toMs - fromMs;
  const moved = (atMs: number): number => {
    if (atMs <= pausedMs || passedMs === 0) return atMs;
    return working ? addWorkingTime(calendar, atMs, passedMs) : atMs + passedMs;
  };
  const [newWarnMs, newDueMs] = [moved(warnMs), moved(dueMs)];
  return answer(calendar, newWarnMs, newDueMs, working ? startMs : null);
}

/** @throws CalendarError */
export function movedByExtension(
  calendar: WorkingCalendar,
  deadline: MovableDeadline,
  duration: Duration,
): MovedDeadline {
  const { startMs, warnMs, dueMs, unit } = instantsOf(deadline);
  const newDueMs = addDuration(calendar, dueMs, duration).dueMs;
  const allowed = (toMs: number): number =>
    isWorkingUnit(unit) ? workingTimeBetween(calendar, startMs, toMs) : toMs - startMs;
  // No time was allowed: there is no share of it to warn at.
  const percent = allowed(dueMs) > 0 ? (100 * allowed(warnMs)) / allowed(dueMs) : 100;
  const newWarnMs = instantAtPercent(calendar, startMs, newDueMs, unit, Math.min(percent, 100));
  // A time on the clock that working days are added to is counted in the calendar from the old due time on.
  const countedFromMs = isWorkingUnit(unit) ? startMs : isWorkingUnit(duration.unit) ? dueMs : null;
  return answer(calendar, newWarnMs, newDueMs, countedFromMs);
}

/** @throws CalendarError */
export function recountedIn(
  calendar: WorkingCalendar,
  former: WorkingCalendar,
  deadline: MovableDeadline,
): MovedDeadline {
  const { startMs, warnMs, dueMs, unit } = instantsOf(deadline);
  if (!isWorkingUnit(unit)) return answer(calendar, warnMs, dueMs, null);
  const again = (atMs: number): number =>
    addWorkingTime(calendar, startMs, workingTimeBetween(former, startMs, atMs));
  return answer(calendar, again(warnMs), again(dueMs), startMs);
}

/** @param countedFromMs since when it is counted in working time; `null`: it is not */
function answer(
  calendar: WorkingCalendar,
  warnMs: number,
  dueMs: number,
  countedFromMs: number | null,
): MovedDeadline {
  return {
    dueAt: instantText(dueMs),
    warnAt: instantText(warnMs),
    provisional: countedFromMs !== null && isProvisional(calendar, countedFromMs, dueMs),
  };
}

/** When a ladder's step is due: percent of the time allowed by which the deadline is past due. @throws CalendarError */
export function stepAt(
  calendar: WorkingCalendar,
  deadline: Pick<MovableDeadline, 'startedAt' | 'dueAt' | 'unit'>,
  trigger: number,
): string {
  const [startMs, dueMs] = [instantMs(deadline.startedAt), instantMs(deadline.dueAt)];
  const unit = deadline.unit ?? UNRECORDED;
  return instantText(instantAtPercent(calendar, startMs, dueMs, unit, 100 + trigger));
}
