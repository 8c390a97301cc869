import {
  reschedulableDeadlines,
  reschedulingFrontier,
  type AnyDeadline,
  type DeadlineMove,
  type DeadlineOwner,
  type IncidentState,
  type IncidentTimer,
  type OwnedDeadline,
  type Pins,
  type RescheduleDeadlines,
} from '@shaoying/incident-domain';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import { conditionsOf, ladderSteps } from './incident.clocks.js';

/** Where a deadline goes on. */
export type Rescheduling = RescheduleDeadlines['moves'][number];

/** Why a deadline stays as it is. */
export const STAYS = {
  /** The policy has no rule that starts such a timer. */
  NO_RULE: 'NO_RULE',
  /** It is not due when its own policy says: a person set it, or it was carried on from another task. */
  NOT_BY_POLICY: 'NOT_BY_POLICY',
  /** Nobody is late by a rule that came afterwards. */
  WOULD_BE_PAST: 'WOULD_BE_PAST',
} as const;

export interface StayingDeadline {
  readonly deadlineId: string;
  readonly timer: IncidentTimer;
  readonly dueAt: string;
  readonly code: keyof typeof STAYS;
}

export interface Reschedulings {
  readonly moves: readonly Rescheduling[];
  readonly stays: readonly StayingDeadline[];
}

/** Which policy open deadlines are to go on under. */
export type PolicyVersion = Pick<Pins, 'policyId' | 'policyVersion'>;

/** Where versions put a deadline. */
export type Counted = Omit<Rescheduling, 'deadlineId'>;

/** What has happened to a deadline since it began, in order: a pause, or more time. */
type Change =
  | { readonly at: string; readonly pause: { readonly from: string; readonly to: string } }
  | {
      readonly at: string;
      readonly more: { readonly amount: number; readonly unit: NonNullable<AnyDeadline['unit']> };
    };

/** Where open deadlines go under another policy, or in a calendar year that is published. Changes nothing. */
export class DeadlineReschedulings {
  constructor(private readonly directory: JurisdictionDirectory) {}

  /**
   * What is to govern an incident under another policy: with its ladder, and with its calendar where that is another one.
   * Null while the incident is not filed. @throws JurisdictionNotPublished
   */
  pinsUnder(state: IncidentState, { policyId, policyVersion }: PolicyVersion): Pins | null {
    if (state.pins === null) return null;
    const { calendarId, ladderId } = this.directory.policy(policyId, policyVersion) ?? state.pins;
    const latest = this.directory.pins({ policyId });
    const calendar =
      calendarId === state.pins.calendarId
        ? { calendarId, calendarVersion: state.pins.calendarVersion }
        : {
            calendarId,
            calendarVersion: this.directory.calendar(calendarId)?.version ?? latest.calendarVersion,
          };
    const ladderVersion = this.directory.escalationLadder(ladderId)?.version ?? latest.ladderVersion;
    return { ...state.pins, policyId, policyVersion, ...calendar, ladderId, ladderVersion };
  }

  /** @throws JurisdictionNotPublished, CalendarError */
  underPolicy(state: IncidentState, now: string, policy: PolicyVersion): Reschedulings {
    const moves: Rescheduling[] = [];
    const stays: StayingDeadline[] = [];
    const target = { ...(this.pinsUnder(state, policy) ?? this.directory.pins(policy)), ...policy };
    for (const owned of reschedulableDeadlines(state, now)) {
      const { deadlineId, timer, dueAt, policyId, policyVersion } = owned.deadline;
      if (policyId === policy.policyId && policyVersion === policy.policyVersion) continue;
      const found = this.moveOf(state, owned, target, now);
      if (typeof found === 'string') stays.push({ deadlineId, timer, dueAt, code: found });
      else moves.push({ deadlineId, ...found });
    }
    return { moves, stays };
  }

  private moveOf(
    state: IncidentState,
    owned: OwnedDeadline,
    target: Pins,
    now: string,
  ): Counted | keyof typeof STAYS {
    const own = this.pinsOf(state, owned.deadline);
    if (this.counted(state, owned, own)?.dueAt !== owned.deadline.dueAt) return STAYS.NOT_BY_POLICY;
    const counted = this.counted(state, owned, { ...target, ...this.ownCalendarOf(state, owned.deadline) });
    if (counted === null) return STAYS.NO_RULE;
    return isAhead(state, now, owned.deadline, counted) ? counted : STAYS.WOULD_BE_PAST;
  }

  /**
   * Where provisional deadlines go once the year they reach into is published. A due time that would have been over by
   * now stays, and is provisional no more. @throws JurisdictionNotPublished, CalendarError
   */
  asPublished(state: IncidentState, now: string): Rescheduling[] {
    return reschedulableDeadlines(state, now).flatMap((owned) => {
      const { deadline } = owned;
      const latest = this.directory.calendar(deadline.calendarId);
      if (!deadline.provisional || latest === undefined || latest.version === deadline.calendarVersion)
        return [];
      const counted = this.inVersion(state, owned, latest.version);
      if (counted === null || counted.provisional) return [];
      const { warnAt, dueAt, steps } = isAhead(state, now, deadline, counted) ? counted : deadline;
      return [{ deadlineId: deadline.deadlineId, ...counted, warnAt, dueAt, steps }];
    });
  }

  private inVersion(state: IncidentState, owned: OwnedDeadline, calendarVersion: number): Counted | null {
    const { deadline } = owned;
    const own = this.pinsOf(state, deadline);
    if (this.counted(state, owned, own)?.dueAt === deadline.dueAt)
      return this.counted(state, owned, { ...own, calendarVersion });
    // Not by a rule: as much working time as it has in its own version.
    const again = (dueAt: string): DeadlineMove['dueAt'] =>
      this.directory.recounted({ ...deadline, dueAt }, calendarVersion).dueAt;
    const { policyId, policyVersion, calendarId } = deadline;
    return {
      ...this.directory.recounted(deadline, calendarVersion),
      ...{ policyId, policyVersion, calendarId, calendarVersion },
      steps: deadline.steps.map((step) => ({ ...step, at: again(step.at) })),
    };
  }

  /** Of a department that has a calendar of its own, which no policy names; nothing where the city's counts. */
  private ownCalendarOf(
    { pins }: IncidentState,
    { calendarId, calendarVersion }: AnyDeadline,
  ): Partial<Pick<Pins, 'calendarId' | 'calendarVersion'>> {
    const ofCity = (pins ?? this.directory.pins()).calendarId;
    return calendarId === ofCity ? {} : { calendarId, calendarVersion };
  }

  /** Versions the deadline itself was counted by. */
  pinsOf(state: IncidentState, deadline: AnyDeadline): Pins {
    const { policyId, policyVersion, calendarId, calendarVersion } = deadline;
    const pins = state.pins ?? this.directory.pins();
    return { ...pins, policyId, policyVersion, calendarId, calendarVersion };
  }

  /**
   * The deadline as these versions count it from its start, with all that has moved it since; null: no rule starts it.
   * @throws JurisdictionNotPublished, CalendarError
   */
  counted(state: IncidentState, { owner, deadline }: OwnedDeadline, pins: Pins): Counted | null {
    const { timer, startedAt, stage } = deadline;
    const { category, severity } = state;
    const begun = this.directory
      .deadlines({ timer, pins, category, severity, start: startedAt, ...asked(state, owner) })
      .find((resolved) => resolved.stage === stage);
    if (begun === undefined) return null;
    const { policyId, policyVersion, calendarId, calendarVersion, unit } = begun;
    const fixed = { timer, startedAt, policyId, policyVersion, calendarId, calendarVersion, unit };
    // An order that is not answered climbs no ladder.
    const climbs = owner.kind !== 'ORDER';
    const stepsOf = (move: Pick<DeadlineMove, 'dueAt'>): DeadlineMove['steps'] =>
      climbs ? ladderSteps(this.directory, pins, { ...fixed, ...move }) : [];
    let { warnAt, dueAt, provisional } = begun;
    let steps = stepsOf({ dueAt });
    for (const change of changesOf(state, owner, deadline)) {
      const before = { ...fixed, warnAt, dueAt };
      if ('pause' in change) {
        const { from, to } = change.pause;
        const later = (at: string): string =>
          this.directory.afterPause({ ...before, dueAt: at }, from, to).dueAt;
        ({ warnAt, dueAt, provisional } = this.directory.afterPause(before, from, to));
        steps = steps.map((step) => ({ ...step, at: later(step.at) }));
      } else {
        ({ warnAt, dueAt, provisional } = this.directory.extended(before, change.more));
        steps = stepsOf({ dueAt });
      }
    }
    return { warnAt, dueAt, provisional, steps, policyId, policyVersion, calendarId, calendarVersion };
  }
}

/** Whether the deadline can be due then: where it was already, or later than now and than where its clocks stand still. */
function isAhead(state: IncidentState, now: string, deadline: AnyDeadline, { dueAt }: Counted): boolean {
  return dueAt === deadline.dueAt || Date.parse(dueAt) > Date.parse(reschedulingFrontier(state, now));
}

/** What the policy was asked when the timer began. */
export function asked(state: IncidentState, owner: DeadlineOwner): Partial<ReturnType<typeof conditionsOf>> {
  switch (owner.kind) {
    case 'TASK':
      return conditionsOf(state, owner.task);
    case 'WHISTLE':
      return { whistleKind: owner.whistle.kind };
    default:
      return {};
  }
}

function changesOf(state: IncidentState, owner: DeadlineOwner, { timer, startedAt }: AnyDeadline): Change[] {
  const pauses = state.pauses
    .filter(({ to }) => Date.parse(to) > Date.parse(startedAt))
    .map((pause): Change => ({ at: pause.to, pause }));
  const more =
    owner.kind !== 'TASK' || timer !== 'HANDLING'
      ? []
      : state.extensions.flatMap(({ taskId, outcome, decidedAt, amount, unit }): Change[] =>
          taskId === owner.task.taskId && outcome === 'GRANTED' && decidedAt !== null
            ? [{ at: decidedAt, more: { amount, unit } }]
            : [],
        );
  return [...pauses, ...more].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
