import type {
  Category,
  DeadlinePolicy,
  DispatchCatalogue,
  Duration,
  DurationUnit,
  EscalationLadder,
  Grid,
  LadderStep,
  OrgUnit,
  OrgUnitKind,
  Severity,
  TaskRole,
  TimerKind,
  Urgency,
  WhistleKind,
  WorkingCalendar,
} from '@shaoying/jurisdiction-domain';

/** The versions an incident is filed under and keeps: a later publication never moves an open case. */
export interface JurisdictionPins {
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  readonly catalogueId: string;
  readonly catalogueVersion: number;
  readonly ladderId: string;
  readonly ladderVersion: number;
}

export interface DeadlineQuery {
  readonly timer: TimerKind;
  /** Instant the timer starts, ISO 8601. */
  readonly start: string;
  readonly pins: JurisdictionPins;
  /** Category code. */
  readonly category: string;
  readonly severity?: Severity;
  readonly whistleKind?: WhistleKind;
  /** Default: the urgency of the category in the pinned catalogue. */
  readonly urgency?: Urgency;
  readonly role?: TaskRole;
}

/** Everything an event must carry about a deadline, so that a replay never asks today's configuration. */
export interface ResolvedDeadline {
  readonly timer: TimerKind;
  /** ISO 8601, UTC, milliseconds. */
  readonly dueAt: string;
  readonly startedAt: string;
  readonly duration: Duration;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  /** True when it reaches into a year the calendar does not carry yet. */
  readonly provisional: boolean;
  /** When the policy's warn percentage of the time allowed is used up (working time for working units). */
  readonly warnAt: string;
}

/** A ladder step with the instant it falls due for one deadline. */
export interface ScheduledLadderStep extends LadderStep {
  /** 1-based place on the ladder: the `tier` of idempotent firing. */
  readonly tier: number;
  /** ISO 8601, UTC. `dueAt` for trigger 0. */
  readonly at: string;
}

export interface DueQuery {
  /** ISO 8601. */
  readonly start: string;
  readonly amount: number;
  readonly unit: DurationUnit;
  /** Default: the current version. */
  readonly calendarVersion?: number;
}

export interface DueAnswer {
  /** ISO 8601, UTC, milliseconds. */
  readonly due: string;
  readonly calendarVersion: number;
  readonly provisional: boolean;
}

/** Which documents to pin; each is `default` unless named (the policy names its calendar and ladder itself). */
export interface PinChoice {
  readonly policyId?: string;
  readonly catalogueId?: string;
}

/**
 * The jurisdiction as the incident rooms see it: a read-only view, in memory, of what has been published. Every
 * published version of policies, calendars, catalogues and ladders stays resolvable for ever. Synchronous, cheap,
 * safe on the command path.
 */
export interface JurisdictionDirectory {
  orgUnit(id: string): OrgUnit | undefined;
  /** In order of publication. */
  orgUnits(kind?: OrgUnitKind): readonly OrgUnit[];
  /** Nearest first, without the unit itself; empty for an unknown unit. */
  ancestors(id: string): readonly OrgUnit[];
  /** True for the unit itself too. */
  isWithin(unitId: string, ancestorId: string): boolean;

  /** Looks in the catalogue `default` first, then in the others; inactive categories are found as well. */
  category(code: string, pins?: JurisdictionPins): Category | undefined;
  categories(): readonly Category[];
  catalogue(catalogueId: string, version?: number): DispatchCatalogue | undefined;

  grid(id: string): Grid | undefined;
  grids(): readonly Grid[];

  /** Current versions. @throws JurisdictionNotPublished */
  pins(choice?: PinChoice): JurisdictionPins;

  /**
   * When the timer falls due under the pinned versions; `null` when the policy does not start it.
   * @throws JurisdictionNotPublished when a pinned version is unknown, CalendarError for an instant out of range
   */
  deadline(query: DeadlineQuery): ResolvedDeadline | null;

  /** The steps for one timer, lowest first. @throws JurisdictionNotPublished */
  ladder(pins: JurisdictionPins, timer: TimerKind): readonly LadderStep[];
  /** The same steps, each with its instant for this deadline. @throws JurisdictionNotPublished */
  ladderSchedule(pins: JurisdictionPins, deadline: ResolvedDeadline): readonly ScheduledLadderStep[];

  /** Current version of each. */
  policies(): readonly DeadlinePolicy[];
  policy(policyId: string, version?: number): DeadlinePolicy | undefined;
  calendars(): readonly WorkingCalendar[];
  calendar(calendarId: string, version?: number): WorkingCalendar | undefined;
  ladders(): readonly EscalationLadder[];

  /** The calculator behind `POST /v1/calendars/{id}/due`. @throws JurisdictionNotPublished, CalendarError */
  due(calendarId: string, query: DueQuery): DueAnswer;
}
