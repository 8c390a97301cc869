import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DurationUnit, WorkingCalendar } from '@shaoying/jurisdiction-contracts';

// Working time a second time, slowly and plainly: a list of every span in which somebody works. Nothing of it is shared
// with the calendar that is tested.

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Notice {
  readonly days: readonly { readonly date: string; readonly isOffDay: boolean }[];
}

const dayMs = 24 * 3_600_000;
const firstDay = '2026-01-01';
/** What reaches further is due beyond the year that is told of. */
const lastDay = '2027-06-30';

/** 2026 as the State Council's notice has it, where that lies beside the repository; else as the calendar says. */
function changedDays(calendar: WorkingCalendar): Map<string, boolean> {
  const path = join(process.cwd(), '..', 'shared', 'data', 'holiday-cn-2026.json');
  const { holidays = [], makeUpWorkdays = [] } = calendar.years['2026'] ?? {};
  const days: [string, boolean][] = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as Notice).days.map(({ date, isOffDay }) => [date, !isOffDay])
    : [...holidays.map(off), ...makeUpWorkdays.map(on)];
  return new Map(days);
}

const off = (date: string): [string, boolean] => [date, false];
const on = (date: string): [string, boolean] => [date, true];

export class PlainCalendar {
  private readonly spans: Span[] = [];
  /** Midnights of working days. */
  private readonly days: number[] = [];

  constructor(calendar: WorkingCalendar, alwaysOpen = false) {
    const changed = changedDays(calendar);
    for (
      let ms = Date.parse(`${firstDay}T00:00:00+08:00`);
      ms < Date.parse(`${lastDay}T00:00:00+08:00`);
      ms += dayMs
    ) {
      const date = new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);
      const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
      const works = alwaysOpen || (changed.get(date) ?? (weekday !== 0 && weekday !== 6));
      if (!works) continue;
      const spans = calendar.workingHours.map(({ from, to }) => ({
        fromMs: ms + clockMs(from),
        toMs: ms + clockMs(to),
      }));
      this.days.push(ms);
      this.spans.push(...spans);
    }
  }

  /** Whether somebody works at an instant, closing time included. */
  isOpen(ms: number): boolean {
    const span = this.spans[this.firstEndingFrom(ms)];
    return span !== undefined && span.fromMs <= ms;
  }

  workedMs(fromMs: number, toMs: number): number {
    let sumMs = 0;
    for (let index = this.firstEndingFrom(fromMs); index < this.spans.length; index += 1) {
      const span = this.spans[index]!;
      if (span.fromMs >= toMs) break;
      sumMs += Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs);
    }
    return sumMs;
  }

  /** The first instant by which so much has been worked. */
  afterWork(fromMs: number, workMs: number): number {
    if (workMs <= 0) return fromMs;
    let leftMs = workMs;
    for (let index = this.firstEndingFrom(fromMs); index < this.spans.length; index += 1) {
      const span = this.spans[index]!;
      const startMs = Math.max(span.fromMs, fromMs);
      const lengthMs = span.toMs - startMs;
      if (lengthMs > 0 && leftMs <= lengthMs) return startMs + leftMs;
      leftMs -= lengthMs;
    }
    throw new Error('the plain calendar ends before the due time');
  }

  /** The same time of day so many working days on; who starts outside working hours starts at the next opening. */
  afterDays(fromMs: number, days: number): number {
    const opening = this.spans[this.firstEndingFrom(fromMs)]!;
    const startMs = Math.max(opening.fromMs, fromMs);
    const day = this.days.indexOf(midnightOf(startMs));
    return this.days[day + days]! + (startMs - midnightOf(startMs));
  }

  private firstEndingFrom(ms: number): number {
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.spans[middle]!.toMs < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  after(fromMs: number, amount: number, unit: DurationUnit): number {
    switch (unit) {
      case 'CLOCK_HOUR':
        return fromMs + Math.round(amount * 3_600_000);
      case 'CALENDAR_DAY':
        return fromMs + amount * dayMs;
      case 'WORKING_HOUR':
        return this.afterWork(fromMs, Math.round(amount * 3_600_000));
      case 'WORKING_DAY':
        return this.afterDays(fromMs, amount);
    }
  }
}

const midnightOf = (ms: number): number => ms - ((ms + 8 * 3_600_000) % dayMs);

function clockMs(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
