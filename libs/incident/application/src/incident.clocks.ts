import { instantMs, instantText } from '@shaoying/event-store';
import { uuidV5 } from '@shaoying/config';
import {
  cameWithImport,
  deadlineOf,
  everyDeadline,
  pausedDeadlines,
  taskOf,
  type ClosingWindows,
  type Deadline,
  type AnyDeadline,
  type DeadlineMove,
  type DeadlineOf,
  type DurationUnit,
  type HandlingRules,
  type IncidentState,
  type IncidentTimer,
  type LadderConsequence,
  type LadderStep,
  type Pins,
  type Task,
  type TaskRole,
  type WhistleKind,
  type SuspendIncident,
} from '@shaoying/incident-domain';
import type {
  DeadlineQuery,
  JurisdictionDirectory,
  ResolvedDeadline,
  TimerKind,
} from '@shaoying/jurisdiction-contracts';

/** What a policy looks at: the matter, and the versions that govern it. */
export type Matter = Pick<IncidentState, 'category' | 'severity'> & { readonly pins: Pins | null };

interface Start {
  readonly timer: TimerKind;
  readonly matter: Matter;
  /** Instant from which it is counted. */
  readonly at: string;
  readonly whistleKind?: WhistleKind;
  readonly role?: TaskRole;
  /** Whose time it is, where it is a department's own. */
  readonly unitId?: string;
}

/**
 * Namespace of the deadlines of orders that a ladder brings; the same step of the same deadline has the same one. What
 * earlier releases called a deadline need not be a UUID.
 */
const RESPONSES = 'c2f6a1d8-4b3e-5e70-9a1c-7d5e8f0b6a92';

/** Namespace of the arbitrations that a ladder opens. */
const ARBITRATIONS = '0e5b7c1a-6d42-5f83-b9e7-2a4c8d1f3e60';

/** Percent of the time on the clock at which what no rule of the policy started is warned of. */
const warnPercent = 80;

function warnedBetween(at: string, dueAt: string): string {
  const allowedMs = Math.max(0, instantMs(dueAt) - instantMs(at));
  return instantText(instantMs(at) + Math.floor((allowedMs * warnPercent) / 100));
}

/**
 * Due instants for the commands that need them, from the policy, calendar and ladder the incident has pinned; before it
 * has any, from those in force.
 */
export class IncidentClocks {
  constructor(private readonly directory: JurisdictionDirectory) {}

  rules(matter: Pick<Matter, 'pins'>): HandlingRules {
    return this.directory.rules(matter.pins ?? this.directory.pins());
  }

  /**
   * The deadlines that a timer starts: none where the policy does not start it, one for each stage of staged handling.
   * @param idSeed UUID that makes the ids the same for every attempt of a command
   */
  start<Timer extends IncidentTimer>(
    timer: Timer,
    start: Omit<Start, 'timer'>,
    idSeed: string,
  ): DeadlineOf<Timer>[] {
    const { matter, at, ...conditions } = start;
    const pins = matter.pins ?? this.directory.pins();
    const { category, severity } = matter;
    const query = { timer, pins, category, severity, start: at, ...conditions };
    return this.resolved(query).map((resolved) => {
      const { startedAt, warnAt, dueAt, policyId, policyVersion, calendarId, calendarVersion } = resolved;
      const { provisional, unit, stage } = resolved;
      return {
        deadlineId: uuidV5(idSeed, stage === null ? timer : `${timer}:${stage}`),
        ...{ timer, startedAt, warnAt, dueAt, policyId, policyVersion, calendarId, calendarVersion },
        ...{ provisional, unit, stage, steps: this.steps(pins, resolved) },
      };
    });
  }

  /** Deadlines of several timers that start at once. */
  startAll<Timer extends IncidentTimer>(
    timers: readonly Timer[],
    start: Omit<Start, 'timer'>,
    idSeed: string,
  ): DeadlineOf<Timer>[] {
    return timers.flatMap((timer) => this.start(timer, start, idSeed));
  }

  /** End of a window counted from an instant; null where the policy sets none. */
  windowEnd(timer: TimerKind, matter: Matter, at: string): string | null {
    const pins = matter.pins ?? this.directory.pins();
    const { category, severity } = matter;
    return this.resolved({ timer, pins, category, severity, start: at })[0]?.dueAt ?? null;
  }

  closing(matter: Matter, at: string): ClosingWindows {
    return {
      reopenUntil: this.windowEnd('REOPEN_WINDOW', matter, at),
      appealUntil: this.windowEnd('APPEAL_WINDOW', matter, at),
    };
  }

  /** What whoever decides about a task owes, by the kind of whistle and the part it has in it. */
  deciding<Timer extends 'RETURN_DECISION' | 'ARBITRATION' | 'EXTENSION_DECISION'>(
    timers: readonly Timer[],
    state: IncidentState,
    taskId: string,
    at: string,
    idSeed: string,
  ): DeadlineOf<Timer>[] {
    const task = taskOf(state, taskId);
    const conditions = task === undefined ? {} : conditionsOf(state, task);
    return this.startAll(timers, { matter: state, at, ...conditions }, idSeed);
  }

  /** REWORK of every task that would go back to its department. */
  reworks(state: IncidentState, at: string, idSeed: string): { taskId: string; deadline: Deadline }[] {
    return state.tasks
      .filter((task) => task.cycle === state.cycle && task.state === 'DONE')
      .flatMap((task) =>
        this.start(
          'REWORK',
          { matter: state, at, ...conditionsOf(state, task), unitId: task.departmentId },
          uuidV5(idSeed, task.taskId),
        ).map((deadline) => ({ taskId: task.taskId, deadline })),
      );
  }

  /** SUSPENSION_REVIEW, due on a date that a person chose. */
  review(matter: Matter, at: string, reviewAt: string, idSeed: string): Deadline {
    const pins = matter.pins ?? this.directory.pins();
    const { policyId, policyVersion, calendarId, calendarVersion } = pins;
    const deadline = {
      timer: 'SUSPENSION_REVIEW' as const,
      ...{ startedAt: at, warnAt: warnedBetween(at, reviewAt), dueAt: reviewAt, provisional: false },
      ...{ policyId, policyVersion, calendarId, calendarVersion, stage: null },
      unit: 'CLOCK_HOUR' as const,
    };
    const deadlineId = uuidV5(idSeed, 'SUSPENSION_REVIEW');
    return { ...deadline, deadlineId, steps: this.steps(pins, deadline) };
  }

  /**
   * How much of the total time is used up, without what the clock stood still: in whole percent, rounded down, and exactly. Null without
   * a total deadline; of one that allows nothing, 100 percent are used up.
   */
  usedOfTotal(state: IncidentState, at: string): Pick<SuspendIncident, 'usedPercent' | 'usedTime'> {
    const total = deadlineOf(state.deadlines, 'INCIDENT_TOTAL');
    if (total === undefined) return { usedPercent: null, usedTime: null };
    const { startedAt, dueAt } = total;
    // Of an earlier cycle: before this clock began.
    const pauses = state.pauses.filter(({ from }) => instantMs(from) >= instantMs(startedAt));
    const stoodMs = pauses.reduce((sum, { from, to }) => sum + this.countedMs(total, from, to), 0);
    const allowedMs = this.countedMs(total, startedAt, dueAt) - stoodMs;
    // Whoever filed it may have done so by a clock that is ahead of ours: nothing is used up of a time that has not begun here.
    const usedMs = Math.max(0, this.countedMs(total, startedAt, at) - stoodMs);
    if (allowedMs <= 0) return { usedPercent: 100, usedTime: null };
    return { usedPercent: Math.floor((usedMs * 100) / allowedMs), usedTime: { usedMs, allowedMs } };
  }

  /** Where the deadlines go that stood still, once their clocks run again. */
  afterPause(state: IncidentState, at: string): DeadlineMove[] {
    const { pausedAt } = state;
    if (pausedAt === null) return [];
    return pausedDeadlines(state).map((deadline) => {
      const counted = this.counted(deadline);
      const shifted = (dueAt: string): string =>
        this.directory.afterPause({ ...counted, dueAt }, pausedAt, at).dueAt;
      return {
        deadlineId: deadline.deadlineId,
        ...this.directory.afterPause(counted, pausedAt, at),
        steps: deadline.steps.map((step) => ({ ...step, at: shifted(step.at) })),
      };
    });
  }

  /** Where the deadlines of a task's handling go with so much more time. */
  extended(state: IncidentState, task: Task, amount: number, unit: DurationUnit): DeadlineMove[] {
    const pins = state.pins ?? this.directory.pins();
    return task.deadlines
      .filter(
        ({ timer, stage }) => timer === 'HANDLING' && (stage === null || !task.stagesDone.includes(stage)),
      )
      .map((deadline) => {
        const counted = this.counted(deadline);
        const moved = this.directory.extended(counted, { amount, unit });
        const steps = deadline.steps.length === 0 ? [] : this.steps(pins, { ...counted, ...moved });
        return { deadlineId: deadline.deadlineId, ...moved, steps };
      });
  }

  /** SUPERVISION_RESPONSE for an order that a person gives, about a task to its department, by its part in the whistle. */
  response(state: IncidentState, taskId: string | null, at: string, idSeed: string): Deadline[] {
    const task = taskId === null ? undefined : taskOf(state, taskId);
    const owing = task === undefined ? {} : { ...conditionsOf(state, task), unitId: task.departmentId };
    return this.start('SUPERVISION_RESPONSE', { matter: state, at, ...owing }, idSeed).map(withoutLadder);
  }

  /** What the step that a missed deadline has come to brings beside its order, by the ladder that is pinned. */
  consequence(state: IncidentState, deadlineId: string, at: string): LadderConsequence | null {
    const missed = everyDeadline(state).find((deadline) => deadline.deadlineId === deadlineId);
    const step = missed?.steps.findLast((candidate) => instantMs(candidate.at) < instantMs(at));
    if (missed === undefined || step === undefined) return null;
    const pins = state.pins ?? this.directory.pins();
    const kind = this.directory.ladder(pins, missed.timer)[step.step - 1]?.consequence;
    if (kind !== 'OPEN_ARBITRATION') return kind === undefined ? null : { kind };
    const arbitrationId = uuidV5(ARBITRATIONS, `${deadlineId}:${step.step}`);
    const taskId = state.tasks.find(({ deadlines }) => deadlines.includes(missed))?.taskId ?? '';
    const deadlines = this.deciding(['ARBITRATION'], state, taskId, at, arbitrationId);
    return { kind, arbitrationId, deadlines };
  }

  /** SUPERVISION_RESPONSE for the order that a missed deadline brings at this moment: its ladder step says how long. */
  responseToLadder(state: IncidentState, deadlineId: string, at: string): Deadline[] {
    const missed = everyDeadline(state).find((deadline) => deadline.deadlineId === deadlineId);
    const step = missed?.steps.findLast((candidate) => instantMs(candidate.at) < instantMs(at));
    if (missed === undefined || step === undefined) return [];
    const pins = state.pins ?? this.directory.pins();
    const within = this.directory.ladder(pins, missed.timer)[step.step - 1]?.respondWithin;
    const id = uuidV5(RESPONSES, `${deadlineId}:${step.step}`);
    if (within === undefined) return [];
    const { policyId, policyVersion } = pins;
    // Whoever missed it in a calendar answers for it in the same one.
    const { calendarId, calendarVersion } = missed;
    const begun = {
      timer: 'SUPERVISION_RESPONSE' as const,
      ...{ startedAt: at, dueAt: at, warnAt: at, policyId, policyVersion, calendarId, calendarVersion },
      ...{ unit: within.unit, stage: null, provisional: false, deadlineId: id, steps: [] },
    };
    const { dueAt, provisional } = this.directory.extended(begun, within);
    return [{ ...begun, dueAt, provisional, warnAt: warnedBetween(at, dueAt) }];
  }

  /**
   * In the version of the calendar that the incident has pinned; where that does not reach, in the latest one, if that
   * does: what is published by now need not be provisional first.
   */
  private resolved(query: DeadlineQuery): readonly ResolvedDeadline[] {
    const pinned = this.directory.deadlines(query);
    if (!pinned.some(({ provisional }) => provisional)) return pinned;
    const { calendarId, calendarVersion } = query.pins;
    const latest = this.directory.calendar(calendarId)?.version ?? calendarVersion;
    if (latest === calendarVersion) return pinned;
    const reaching = this.directory.deadlines({ ...query, pins: { ...query.pins, calendarVersion: latest } });
    return reaching.some(({ provisional }) => provisional) ? pinned : reaching;
  }

  /** Targets of cases of the past were counted in no calendar of ours: they move in the one in force. */
  private counted(deadline: AnyDeadline): AnyDeadline {
    if (!cameWithImport(deadline)) return deadline;
    const { calendarId, calendarVersion } = this.directory.pins();
    return { ...deadline, calendarId, calendarVersion };
  }

  private steps(pins: Pins, deadline: Laddered): LadderStep[] {
    return ladderSteps(this.directory, pins, deadline);
  }

  private countedMs({ unit, calendarId, calendarVersion }: AnyDeadline, from: string, to: string): number {
    return unit === 'WORKING_HOUR' || unit === 'WORKING_DAY'
      ? this.directory.workingMsBetween(calendarId, calendarVersion, from, to)
      : instantMs(to) - instantMs(from);
  }
}

type Laddered = Parameters<JurisdictionDirectory['ladderSchedule']>[1];

/** The ladder of a deadline, with the instant of each step. @throws JurisdictionNotPublished */
export const ladderSteps = (directory: JurisdictionDirectory, pins: Pins, deadline: Laddered): LadderStep[] =>
  directory
    .ladderSchedule(pins, deadline)
    .map(({ tier, at, level, notify }) => ({ step: tier, at, level, notify }));

/** What a policy asks of a task. */
export function conditionsOf(
  { whistles }: IncidentState,
  { whistleId, role }: Pick<Task, 'whistleId' | 'role'>,
): { role: TaskRole; whistleKind?: WhistleKind } {
  const kind = whistles.find((whistle) => whistle.whistleId === whistleId)?.kind;
  return kind === undefined ? { role } : { role, whistleKind: kind };
}

/** An order that is not answered is on record; a ladder upon every ladder would never end. */
const withoutLadder = (deadline: Deadline): Deadline => ({ ...deadline, steps: [] });
