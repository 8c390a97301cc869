import type {
  Category,
  DeadlinePolicy,
  DispatchCatalogue,
  Duration,
  DurationUnit,
  EscalationLadder,
  Grid,
  GridMap,
  HandlingRules,
  LadderStep,
  MapPoint,
  MetricDefinition,
  MetricId,
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
  /** The unit whose time it is: counted in its own calendar, where it has one, by the version in force. */
  readonly unitId?: string;
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
  /** Unit its time is counted in. */
  readonly unit: DurationUnit;
  /** Name of the stage; `null` where the timer runs in one. */
  readonly stage: string | null;
}

/** A deadline as an event recorded it, as far as the ladder and its calendar ask. */
export interface RecordedDeadline {
  readonly timer: TimerKind;
  readonly startedAt: string;
  readonly dueAt: string;
  readonly calendarId: string;
  readonly calendarVersion: number;
  /** `null`: not recorded at the time; counts as time on the clock. */
  readonly unit: DurationUnit | null;
}

export interface MovableDeadline extends RecordedDeadline {
  readonly warnAt: string;
}

/** Where a deadline has moved to. */
export interface MovedDeadline {
  /** ISO 8601, UTC, milliseconds. */
  readonly dueAt: string;
  readonly warnAt: string;
  readonly provisional: boolean;
}

/** The grid that a point lies in. */
export interface LocatedGrid {
  readonly gridId: string;
  /** The unit that answers for the grid. */
  readonly orgUnitId: string;
  readonly gridMapId: string;
  readonly gridMapVersion: number;
  /** Other grids that contain the point, in the order in which they would have been chosen. */
  readonly others: readonly string[];
}

/** Who answers for a matter in a place. */
export interface Responsibility {
  readonly departmentId: string;
  readonly assistingDepartmentIds: readonly string[];
  /** Legal basis in words, when the catalogue gives one. */
  readonly basis: string | null;
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

/** Org units through time. */
export interface OrgUnitDirectory {
  /**
   * The latest version, ended or not. With `at` the version in force then: undefined before the unit's first day, and
   * its last version after its end, so that what was done under its name keeps it ({@link isActive} tells).
   * @param at ISO 8601; the day is the city's own
   */
  orgUnit(id: string, at?: string): OrgUnit | undefined;
  /** In order of publication. With `at` only those that exist then, as they are then. */
  orgUnits(kind?: OrgUnitKind, at?: string): readonly OrgUnit[];
  /** Whether the unit exists at an instant: from its first day on, and before its end. */
  isActive(id: string, at: string): boolean;
  /**
   * Who has taken over by `at`, following successors to units that are active then: `[id]` when the unit is, `[]` when
   * it ended without successor, does not exist yet or never did. Each once, in order of id.
   */
  successors(id: string, at: string): readonly string[];
  /** Nearest first, without the unit itself; empty for an unknown unit. With `at` as {@link orgUnit} tells of them then. */
  ancestors(id: string, at?: string): readonly OrgUnit[];
  /** True for the unit itself too. */
  isWithin(unitId: string, ancestorId: string, at?: string): boolean;
}

/**
 * The jurisdiction as the incident rooms see it: a read-only view, in memory, of what has been published. Every
 * published version of policies, calendars, catalogues and ladders stays resolvable for ever. Synchronous, cheap,
 * safe on the command path.
 */
export interface JurisdictionDirectory extends OrgUnitDirectory {
  /**
   * The units as far as the log knew at an instant: not those that were entered later, others by the name and under the parent that they
   * were known by. Days are the city's own, as its calendar says by now.
   * @param knownAt ISO 8601, UTC
   */
  orgUnitsKnownAt(knownAt: string): OrgUnitDirectory;

  /** Looks in the catalogue `default` first, then in the others; inactive categories are found as well. */
  category(code: string, pins?: JurisdictionPins): Category | undefined;
  categories(): readonly Category[];
  catalogue(catalogueId: string, version?: number): DispatchCatalogue | undefined;
  /**
   * The dispatch catalogue's answer to who does what where: the entry for the most specific of the areas, which count
   * with all that lies above them, else the responsible department of the category. Undefined when the category is
   * unknown or nobody's.
   * @param areaIds org units the place lies in, in any order
   */
  responsible(
    category: string,
    areaIds: readonly string[],
    pins?: JurisdictionPins,
  ): Responsibility | undefined;

  grid(id: string): Grid | undefined;
  /** Of the latest maps; with `at` of those that held then. */
  grids(at?: string): readonly Grid[];
  /**
   * The grid a point lies in by the boundaries that held at `at`; `null` outside every grid. DEDICATED before UNIT
   * before BASIC, of one kind the smaller one, then the lower id. A point on a boundary lies inside.
   */
  locate(point: MapPoint, at: string): LocatedGrid | null;

  /** Current versions. @throws JurisdictionNotPublished */
  pins(choice?: PinChoice): JurisdictionPins;

  /**
   * When the timer falls due under the pinned versions; `null` when the policy does not start it.
   * @throws JurisdictionNotPublished when a pinned version is unknown, CalendarError for an instant out of range
   */
  deadline(query: DeadlineQuery): ResolvedDeadline | null;
  /**
   * The same with its stages, in order; one element with stage `null` where the timer has none, `[]` when the policy
   * does not start it. {@link deadline} is the last of them.
   * @throws as {@link deadline}
   */
  deadlines(query: DeadlineQuery): readonly ResolvedDeadline[];

  /** Rules of handling of the pinned policy version. @throws JurisdictionNotPublished */
  rules(pins: JurisdictionPins): HandlingRules;

  /**
   * A deadline moved by a pause: a due time counted in working units by the working time that passed in the pause,
   * others by the time on the clock. Unchanged when it was due already when the pause began, or no time passed. A warning
   * that was due before the pause stays where it is.
   * @throws JurisdictionNotPublished, CalendarError
   */
  afterPause(deadline: MovableDeadline, pausedAt: string, resumedAt: string): MovedDeadline;
  /**
   * A deadline due `duration` after its old due time, in its own calendar; warned at the same share of the time allowed.
   * @throws JurisdictionNotPublished, CalendarError
   */
  extended(deadline: MovableDeadline, duration: Duration): MovedDeadline;
  /**
   * The same deadline in another version of its calendar: as much working time from its start on. Unchanged where it is
   * time on the clock.
   * @throws JurisdictionNotPublished, CalendarError
   */
  recounted(deadline: MovableDeadline, calendarVersion: number): MovedDeadline;
  /**
   * Working milliseconds from one instant to another; negative when `to` is the earlier.
   * @throws JurisdictionNotPublished, CalendarError
   */
  workingMsBetween(calendarId: string, calendarVersion: number, from: string, to: string): number;

  /** The steps for one timer, lowest first. @throws JurisdictionNotPublished */
  ladder(pins: JurisdictionPins, timer: TimerKind): readonly LadderStep[];
  /** The same steps, each with its instant for this deadline. @throws JurisdictionNotPublished */
  ladderSchedule(pins: JurisdictionPins, deadline: RecordedDeadline): readonly ScheduledLadderStep[];

  /** Current version of each. */
  policies(): readonly DeadlinePolicy[];
  policy(policyId: string, version?: number): DeadlinePolicy | undefined;
  calendars(): readonly WorkingCalendar[];
  calendar(calendarId: string, version?: number): WorkingCalendar | undefined;
  ladders(): readonly EscalationLadder[];
  escalationLadder(ladderId: string, version?: number): EscalationLadder | undefined;
  catalogues(): readonly DispatchCatalogue[];
  /** The latest version of each; with `at` the one that held then. */
  gridMaps(at?: string): readonly GridMap[];
  gridMap(gridMapId: string, version?: number): GridMap | undefined;
  metricDefinitions(): readonly MetricDefinition[];
  metricDefinition(metricId: MetricId, version?: number): MetricDefinition | undefined;
  /** The one that was in force as far as the log knew at an instant: a number that was published stays what it was. */
  metricDefinitionKnownAt(metricId: MetricId, knownAt: string): MetricDefinition | undefined;

  /** The calculator behind `POST /v1/calendars/{id}/due`. @throws JurisdictionNotPublished, CalendarError */
  due(calendarId: string, query: DueQuery): DueAnswer;
}
