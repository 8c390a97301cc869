import type { IncidentTimer } from '@shaoying/incident-domain';
import type { Clock, IncidentLedger } from './incident-ledger.js';
import type { Outage } from './simulated-time.js';

/** What became of a deadline. RUNNING: it is not over, or not read, at the end of what is told. */
export type Fate = 'MET' | 'BREACHED' | 'CALLED_OFF' | 'RUNNING';

/** Their end is a rule at work: nobody misses anything. */
const WINDOWS: readonly IncidentTimer[] = ['RETURN_WINDOW', 'FEEDBACK_WINDOW'];

/** How late an alarm may be in simulated time, where no outage and no decision kept it waiting. */
const latenessMsMax = 1_000;

export function fateOf({ end, breaches }: Clock): Fate {
  if (breaches.length > 0) return 'BREACHED';
  return end?.how ?? 'RUNNING';
}

/** Whether some instant after it was due, and before its end, found the clock being read. */
function wasAskedLate(clock: Clock, endMs: number): boolean {
  const { dueMs, end, asked } = clock;
  const untilMs = end?.atMs ?? endMs;
  return asked.some((ms) => ms > dueMs && ms <= untilMs) || readSince(clock, untilMs) < untilMs;
}

/** The first instant, from when it was due on, at which the clock was read. */
function readSince({ dueMs, unread }: Clock, untilMs: number): number {
  let atMs = dueMs;
  for (const { fromMs, toMs } of unread.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (fromMs > atMs) break;
    atMs = Math.max(atMs, toMs ?? untilMs);
  }
  return atMs;
}

/**
 * Whether it was called off in the very instant in which its clock, run out long ago, was read again: an order whose
 * answer has no time left when the incident goes on, and that the same act lifts. Missed first and lifted then, or
 * lifted alone: both tell what happened.
 */
function endedAsItWasReadAgain(clock: Clock): boolean {
  const { end, dueMs } = clock;
  return end?.how === 'CALLED_OFF' && dueMs < end.atMs && readSince(clock, Infinity) === end.atMs;
}

/**
 * Each deadline that began ended in exactly one way: met in time, missed, or called off before it was missed; and each
 * step of its ladder was taken once, when it was due.
 */
export function fateProblems(ledger: IncidentLedger, outages: readonly Outage[], endMs: number): string[] {
  return [...ledger.clocks.values()].flatMap((clock) => {
    const { deadline, breaches, end, dueMs } = clock;
    const name = `${ledger.incidentId}: ${deadline.timer} ${deadline.deadlineId}`;
    const problems = warningProblems(name, clock, outages, endMs);
    if (WINDOWS.includes(deadline.timer))
      return breaches.length === 0 ? problems : [...problems, `${name} is a window, and was missed`];
    // An answer counts by when it was given, also where nobody asked at that moment.
    const late =
      wasAskedLate(clock, endMs) || (end?.how === 'MET' && end.atMs > dueMs && !stoodStill(clock, end.atMs));
    if (late !== breaches.length > 0 && !endedAsItWasReadAgain(clock))
      problems.push(
        `${name} due ${iso(dueMs)}, ${end?.how ?? 'open'} ${end ? iso(end.atMs) : ''}: missed ${breaches.length} times`,
      );
    if (breaches.length > 1) problems.push(`${name} was missed ${breaches.length} times`);
    for (const breach of breaches) {
      if (breach.atMs !== breach.dueMs || breach.dueMs !== dueMs)
        problems.push(`${name} was missed as of another instant`);
      if (breach.recordedMs <= dueMs) problems.push(`${name} was missed before it was due`);
      const latenessMs = breach.recordedMs - expectedAfter(clock, dueMs, outages);
      if (latenessMs > latenessMsMax) problems.push(`${name} was recorded ${latenessMs} ms late`);
    }
    return [...problems, ...stepProblems(name, clock, outages, endMs)];
  });
}

const stoodStill = ({ unread }: Clock, atMs: number): boolean =>
  unread.some(
    ({ why, fromMs, toMs }) =>
      (why === 'PAUSE' || why === 'CLOSED') && fromMs <= atMs && (toMs === null || atMs <= toMs),
  );

/** The first instant at or after `atMs` at which the clock was read and somebody was there to ring. */
function expectedAfter({ unread }: Clock, atMs: number, outages: readonly Outage[]): number {
  let expectedMs = atMs;
  const gaps = [...unread, ...outages].toSorted((a, b) => a.fromMs - b.fromMs);
  for (const { fromMs, toMs } of gaps)
    if (fromMs <= expectedMs && (toMs === null || toMs > expectedMs))
      expectedMs = toMs ?? Number.POSITIVE_INFINITY;
  return expectedMs;
}

/** A step that came up while the clock was read and missed was taken at once. */
function stepProblems(name: string, clock: Clock, outages: readonly Outage[], endMs: number): string[] {
  const untilMs = Math.min(clock.end?.atMs ?? endMs, endMs);
  return clock.steps.flatMap(({ step, at }) => {
    const atMs = Date.parse(at);
    const waits = expectedAfter(clock, atMs, outages) !== atMs;
    const order = clock.orders.find((known) => known.step === step);
    if (order !== undefined && order.atMs <= atMs) return [`${name} step ${step} was taken early`];
    // What was gone back on was due before; what ends in the very instant needs no order.
    if (waits || atMs + latenessMsMax >= untilMs || clock.breaches.length === 0) return [];
    if (order === undefined) return [`${name} step ${step} at ${at} was not taken`];
    return order.atMs - atMs > latenessMsMax
      ? [`${name} step ${step} was taken ${order.atMs - atMs} ms late`]
      : [];
  });
}

/** What was read and not over when it was to be warned of was warned of, at once. */
function warningProblems(name: string, clock: Clock, outages: readonly Outage[], endMs: number): string[] {
  const { warnMs, dueMs, warnings, moves, end } = clock;
  const untilMs = Math.min(end?.atMs ?? endMs, dueMs);
  const expectedMs = expectedAfter(clock, warnMs, outages);
  // A pause may end, or more time be given, after the warning of the time it had before.
  const warned = warnings.find(
    (known) => known.dueMs === dueMs || moves.some(({ fromMs }) => fromMs === known.dueMs),
  );
  if (expectedMs + latenessMsMax >= untilMs || moves.some(({ toMs }) => toMs === dueMs)) return [];
  if (warned === undefined)
    return [`${name} to be warned of at ${iso(warnMs)} was not, and is due ${iso(dueMs)}`];
  const latenessMs = warned.recordedMs - expectedMs;
  return latenessMs > latenessMsMax ? [`${name} was warned of ${latenessMs} ms late`] : [];
}

/** An hour of one account once; two units may lose the same hour. */
export function lostTwice({ incidentId, lost }: IncidentLedger): string[] {
  const byAccount = Map.groupBy(lost, ({ who }) => who);
  return [...byAccount].flatMap(([who, spans]) => {
    const sorted = spans.toSorted((a, b) => (a.from < b.from ? -1 : 1));
    return sorted.flatMap((span, index) => {
      const before = sorted[index - 1];
      const twice = before !== undefined && span.from < before.to;
      const backwards = span.from >= span.to;
      return twice || backwards ? [`${incidentId}: ${who} loses ${span.from} twice, or nothing`] : [];
    });
  });
}

/** One total for each cycle, from its filing on. */
export function totalsRestarted({ incidentId, totals }: IncidentLedger): string[] {
  const cycles = new Set(totals.map(({ cycle }) => cycle));
  return cycles.size === totals.length
    ? []
    : [`${incidentId}: ${totals.length} totals in ${cycles.size} cycles`];
}

const iso = (ms: number): string => new Date(ms).toISOString();
