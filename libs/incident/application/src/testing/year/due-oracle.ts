import type {
  DeadlinePolicy,
  DeadlineRule,
  DurationUnit,
  EscalationLadder,
  JurisdictionDirectory,
  TimerKind,
} from '@shaoying/jurisdiction-contracts';
import type { Clock, IncidentLedger, Move } from './incident-ledger.js';
import { PlainCalendar } from './plain-calendar.js';

/** Timers about one department's part, or about one whistle: rules may ask for kind and role. */
const OF_WHISTLES = [
  'ACKNOWLEDGE',
  'CONTACT',
  'CHECK_IN',
  'HANDLING',
  'RETURN_WINDOW',
  'REWORK',
  'RATIFICATION',
  'RETURN_DECISION',
  'ARBITRATION',
  'EXTENSION_DECISION',
];
/** Departments that are on shifts, or there day and night: what they have to do is counted in a calendar of their own. */
const EVERY_DAY = ['dp-gas', 'dp-ecology'];
/** What stands with a task and is owed by somebody else. */
const OF_OTHERS = ['RETURN_DECISION', 'ARBITRATION', 'EXTENSION_DECISION'];
/** From the one that counts most. */
const CONDITIONS = ['category', 'whistleKind', 'urgency', 'severity', 'role'] as const;

const isWorking = (unit: DurationUnit | null): boolean => unit === 'WORKING_HOUR' || unit === 'WORKING_DAY';

/**
 * Every due time a second time, from the documents that were published, read as they are written, and from a calendar
 * that lists its working hours. What is counted in working time is due in working time.
 */
export class DueOracle {
  private readonly policy: DeadlinePolicy;
  private readonly ladder: EscalationLadder;
  private readonly calendars = new Map<string, PlainCalendar>();

  constructor(private readonly directory: JurisdictionDirectory) {
    this.policy = directory.policies().find(({ policyId }) => policyId === 'default')!;
    this.ladder = directory.ladders().find(({ ladderId }) => ladderId === 'default')!;
  }

  problems(ledger: IncidentLedger): string[] {
    return [...ledger.clocks.values()].flatMap((clock) => {
      const { deadline } = clock;
      const name = `${ledger.incidentId}: ${deadline.timer} ${deadline.deadlineId}`;
      const expectedMs = this.dueMs(ledger, clock);
      const dueMs = Date.parse(deadline.dueAt);
      const wrong = expectedMs === dueMs ? [] : [`${name} due ${deadline.dueAt}, not ${isoOf(expectedMs)}`];
      const counted = this.calendarId(ledger, clock);
      const elsewhere = counted === deadline.calendarId ? [] : [`${name} is not counted in ${counted}`];
      return [
        ...wrong,
        ...elsewhere,
        ...this.movedWrongly(name, clock),
        ...this.stepsWrong(name, clock),
        ...this.idle(name, clock),
      ];
    });
  }

  calendar(calendarId: string): PlainCalendar {
    const known =
      this.calendars.get(calendarId) ??
      new PlainCalendar(this.directory.calendar(calendarId)!, EVERY_DAY.includes(calendarId));
    this.calendars.set(calendarId, known);
    return known;
  }

  private dueMs(ledger: IncidentLedger, clock: Clock): number {
    const { deadline } = clock;
    const startMs = Date.parse(deadline.startedAt);
    const calendar = this.calendar(deadline.calendarId);
    // A person chose its date.
    if (deadline.timer === 'SUSPENSION_REVIEW') return Date.parse(deadline.dueAt);
    const within =
      deadline.timer === 'SUPERVISION_RESPONSE' ? this.answerTo(ledger, clock.owner.id) : undefined;
    if (within !== undefined) return calendar.after(startMs, within.amount, within.unit);
    const rule = this.rule(ledger, clock);
    const stage = rule?.stages?.find(({ name }) => name === deadline.stage);
    const duration = stage?.duration ?? rule?.duration;
    return duration ? calendar.after(startMs, duration.amount, duration.unit) : Number.NaN;
  }

  /** Which calendar it is counted in: the department's own where it has one, else the city's. */
  private calendarId(ledger: IncidentLedger, clock: Clock): string {
    const taskId = clock.owner.kind === 'ORDER' ? ledger.orderedTasks.get(clock.owner.id) : clock.owner.id;
    const task = OF_OTHERS.includes(clock.deadline.timer) ? undefined : ledger.tasks.get(taskId ?? '');
    return EVERY_DAY.find((id) => id === task?.departmentId) ?? 'default';
  }

  private answerTo(ledger: IncidentLedger, supervisionId: string) {
    for (const { deadline, steps } of ledger.clocks.values())
      for (const { step } of steps)
        if (`${deadline.deadlineId}-${step - 1}` === supervisionId)
          return this.stepsOf(deadline.timer)[step - 1]?.respondWithin;
    return undefined;
  }

  private stepsOf(timer: TimerKind): EscalationLadder['steps'] {
    return this.ladder.byTimer?.[timer] ?? this.ladder.steps;
  }

  private rule(
    { category, severity }: IncidentLedger,
    { deadline, role, whistleKind }: Clock,
  ): DeadlineRule | undefined {
    const ofWhistle = OF_WHISTLES.includes(deadline.timer);
    const urgency = this.directory.category(category)?.urgency ?? 'ORDINARY';
    const facts = {
      category,
      severity,
      urgency,
      whistleKind: ofWhistle ? whistleKind : null,
      role: ofWhistle ? role : null,
    };
    return this.policy.rules
      .filter(({ timer }) => timer === deadline.timer)
      .filter(({ when = {} }) =>
        CONDITIONS.every((field) => when[field] === undefined || when[field] === facts[field]),
      )
      .toSorted((a, b) => (told(a) < told(b) ? 1 : -1))[0];
  }

  private movedWrongly(name: string, { deadline, moves }: Clock): string[] {
    const calendar = this.calendar(deadline.calendarId);
    return moves.flatMap((move) => {
      const expectedMs =
        move.by === 'EXTENSION'
          ? calendar.afterDays(move.fromMs, move.days)
          : movedMs(calendar, Date.parse(deadline.startedAt), move, isWorking(deadline.unit));
      return expectedMs === move.toMs
        ? []
        : [`${name} moved by ${move.by} to ${isoOf(move.toMs)}, not ${isoOf(expectedMs)}`];
    });
  }

  private stepsWrong(name: string, { deadline, steps, moves }: Clock): string[] {
    const calendar = this.calendar(deadline.calendarId);
    const [startMs, dueMs] = [Date.parse(deadline.startedAt), Date.parse(deadline.dueAt)];
    const expected = this.stepsOf(deadline.timer);
    // After a pause they are where the due time has gone, at least; a person's order and orders about orders have none.
    if (deadline.timer === 'SUPERVISION_RESPONSE' || moves.length > 0 || steps.length === 0) return [];
    return expected.flatMap(({ trigger }, index) => {
      const working = isWorking(deadline.unit);
      const allowedMs = working ? calendar.workedMs(startMs, dueMs) : dueMs - startMs;
      const laterMs = Math.round((allowedMs * trigger) / 100);
      const atMs = working ? calendar.afterWork(dueMs, laterMs) : dueMs + laterMs;
      const step = steps[index];
      return step !== undefined && Date.parse(step.at) === atMs
        ? []
        : [`${name} step ${index + 1} at ${step?.at}, not ${isoOf(atMs)}`];
    });
  }

  /** Nothing that is counted in working time is due while nobody works. */
  private idle(name: string, { deadline, dueMs }: Clock): string[] {
    const isIdle = isWorking(deadline.unit) && !this.calendar(deadline.calendarId).isOpen(dueMs);
    return isIdle ? [`${name} is due while nobody works: ${isoOf(dueMs)}`] : [];
  }
}

/** Which conditions a rule names, so that the more telling set is the greater text. */
const told = ({ when = {} }: DeadlineRule): string =>
  CONDITIONS.map((field) => (when[field] === undefined ? '0' : '1')).join('');

function movedMs(
  calendar: PlainCalendar,
  startMs: number,
  { fromMs, pause }: Move,
  working: boolean,
): number {
  if (pause === null || fromMs <= pause.fromMs) return fromMs;
  const beganMs = Math.max(pause.fromMs, startMs);
  if (!working) return fromMs + pause.toMs - beganMs;
  return calendar.afterWork(fromMs, calendar.workedMs(beganMs, pause.toMs));
}

const isoOf = (ms: number): string => (Number.isNaN(ms) ? 'never' : new Date(ms).toISOString());
