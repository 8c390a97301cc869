import { instantMs, instantText } from '@shaoying/event-store';
import {
  type DeadlineQuery,
  type DueAnswer,
  type DueQuery,
  type JurisdictionDirectory,
  type JurisdictionEvent,
  JurisdictionNotPublished,
  type JurisdictionPins,
  type LocatedGrid,
  type MovableDeadline,
  type MovedDeadline,
  type OrgUnitDirectory,
  type PinChoice,
  type RecordedDeadline,
  type ResolvedDeadline,
  type Responsibility,
  type ScheduledLadderStep,
} from '@shaoying/jurisdiction-contracts';
import {
  addDuration,
  type Category,
  chooseRule,
  type DeadlinePolicy,
  type DispatchCatalogue,
  type Duration,
  type EscalationLadder,
  type Grid,
  type GridMap,
  type HandlingRules,
  instantAtPercent,
  InstantOutOfRange,
  isComputed,
  type Jurisdiction,
  type LadderStep,
  type MapPoint,
  type MetricDefinition,
  type MetricId,
  type OrgUnit,
  type OrgUnitKind,
  type RecordedMetric,
  type TimerKind,
  type WorkingCalendar,
  workingTimeBetween,
} from '@shaoying/jurisdiction-domain';
import { movedByExtension, movedByPause, recountedIn, stepAt } from './deadline-moves.js';
import { toWgs84 } from './geometry/grid-geometry.js';
import { locateIn } from './geometry/grid-locator.js';
import { OrgUnitHistory } from './org-unit-history.js';
import { OrgUnitsInTime } from './org-units-in-time.js';
import { VersionedDocuments } from './versioned-documents.js';

/** The id a document has unless a city publishes several of its kind. */
export const DEFAULT_ID = 'default';

/** The city's own time until a calendar says otherwise. */
const CHINA_OFFSET_MINUTES = 480;

/** All that has been published, folded in memory from its events. Says nothing about where they come from. */
export class PublishedJurisdiction implements JurisdictionDirectory {
  private readonly units = new OrgUnitHistory();
  private readonly unitsInTime = new OrgUnitsInTime(this.units, (at) => this.dayOf(at));
  private readonly maps = new VersionedDocuments<GridMap>();
  private readonly dispatchCatalogues = new VersionedDocuments<DispatchCatalogue>();
  private readonly deadlinePolicies = new VersionedDocuments<DeadlinePolicy>();
  private readonly escalationLadders = new VersionedDocuments<EscalationLadder>();
  private readonly workingCalendars = new VersionedDocuments<WorkingCalendar>();
  private readonly metrics = new VersionedDocuments<MetricDefinition>();
  private readonly gridsById = new Map<string, Grid>();
  private readonly categoriesByCode = new WeakMap<DispatchCatalogue, ReadonlyMap<string, Category>>();

  /** All of it, and when the log learnt of each. */
  private readonly told: { readonly event: JurisdictionEvent; readonly at: string }[] = [];
  /** When the log learnt of the last of them. */
  private lastAt = '';
  /** Who reads several lists asks for one instant again and again. */
  private asKnown: { readonly instant: string; readonly jurisdiction: PublishedJurisdiction } | undefined;

  /** @param recordedAt when the log learnt of it; without it, it was known all along */
  apply(event: JurisdictionEvent, recordedAt?: string): void {
    this.told.push({ event, at: recordedAt ?? '' });
    if (recordedAt !== undefined && recordedAt > this.lastAt) this.lastAt = recordedAt;
    this.asKnown = undefined;
    this.fold(event, recordedAt);
  }

  /** When the log learnt of the last event that has been read; undefined where there is none. */
  get lastRecordedAt(): string | undefined {
    return this.told.at(-1)?.at || undefined;
  }

  /**
   * What had been published as far as the log knew at an instant, whichever it was: documents by the versions that were in force, units by
   * the names that they were known by.
   * @param instant ISO 8601, UTC
   */
  knownAt(instant: string): PublishedJurisdiction {
    if (this.lastAt <= instant) return this;
    if (this.asKnown?.instant === instant) return this.asKnown.jurisdiction;
    const jurisdiction = new PublishedJurisdiction();
    for (const { event, at } of this.told) if (at <= instant) jurisdiction.apply(event, at);
    this.asKnown = { instant, jurisdiction };
    return jurisdiction;
  }

  private fold(event: JurisdictionEvent, recordedAt: string | undefined): void {
    switch (event.type) {
      case 'OrgUnitEstablished':
      case 'OrgUnitRevised':
        this.units.add(event.data.orgUnit, event.data.version, recordedAt);
        return;
      case 'GridMapPublished':
        this.maps.add(event.data.gridMap.gridMapId, event.data.gridMap);
        this.indexGrids();
        return;
      case 'DispatchCataloguePublished': {
        const { catalogue } = event.data;
        this.dispatchCatalogues.add(catalogue.catalogueId, catalogue);
        this.categoriesByCode.set(
          catalogue,
          new Map(catalogue.categories.map((entry) => [entry.code, entry])),
        );
        return;
      }
      case 'DeadlinePolicyPublished':
        this.deadlinePolicies.add(event.data.policy.policyId, event.data.policy);
        return;
      case 'EscalationLadderPublished':
        this.escalationLadders.add(event.data.ladder.ladderId, event.data.ladder);
        return;
      case 'WorkingCalendarPublished':
        this.workingCalendars.add(event.data.calendar.calendarId, event.data.calendar);
        return;
      case 'MetricDefinitionPublished':
        return this.addMetric(event.data.metric, recordedAt);
    }
  }

  /** One that only a later release computes cannot be asked for here: its definition is passed by. */
  private addMetric(metric: RecordedMetric, recordedAt: string | undefined): void {
    if (isComputed(metric)) this.metrics.add(metric.metricId, metric, recordedAt);
  }

  orgUnit(id: string, at?: string): OrgUnit | undefined {
    return this.unitsInTime.orgUnit(id, at);
  }

  /** 0 while the unit does not exist. */
  orgUnitVersion(id: string): number {
    return this.units.version(id);
  }

  orgUnits(kind?: OrgUnitKind, at?: string): readonly OrgUnit[] {
    return this.unitsInTime.orgUnits(kind, at);
  }

  isActive(id: string, at: string): boolean {
    return this.unitsInTime.isActive(id, at);
  }

  successors(id: string, at: string): readonly string[] {
    return this.unitsInTime.successors(id, at);
  }

  ancestors(id: string, at?: string): readonly OrgUnit[] {
    return this.unitsInTime.ancestors(id, at);
  }

  isWithin(unitId: string, ancestorId: string, at?: string): boolean {
    return this.unitsInTime.isWithin(unitId, ancestorId, at);
  }

  orgUnitsKnownAt(knownAt: string): OrgUnitDirectory {
    return new OrgUnitsInTime(this.units.knownAt(knownAt), (at) => this.dayOf(at));
  }

  category(code: string, pins?: JurisdictionPins): Category | undefined {
    if (pins) {
      const pinned = this.dispatchCatalogues.at(pins.catalogueId, pins.catalogueVersion);
      return pinned && this.categoriesByCode.get(pinned)?.get(code);
    }
    for (const catalogue of this.cataloguesDefaultFirst()) {
      const category = this.categoriesByCode.get(catalogue)?.get(code);
      if (category) return category;
    }
    return undefined;
  }

  categories(): readonly Category[] {
    const byCode = new Map<string, Category>();
    for (const catalogue of this.cataloguesDefaultFirst()) {
      for (const category of catalogue.categories)
        if (!byCode.has(category.code)) byCode.set(category.code, category);
    }
    return [...byCode.values()];
  }

  catalogues(): readonly DispatchCatalogue[] {
    return this.dispatchCatalogues.current();
  }

  catalogue(catalogueId: string, version?: number): DispatchCatalogue | undefined {
    return this.dispatchCatalogues.at(catalogueId, version);
  }

  responsible(
    category: string,
    areaIds: readonly string[],
    pins?: JurisdictionPins,
  ): Responsibility | undefined {
    const entry = this.category(category, pins);
    if (!entry) return undefined;
    const areas = new Set(
      areaIds.flatMap((id) => [id, ...this.ancestors(id).map((ancestor) => ancestor.id)]),
    );
    const own = entry.responsibleByArea
      ?.filter(({ areaId }) => areas.has(areaId))
      .toSorted((a, b) => this.depthOf(b.areaId) - this.depthOf(a.areaId))[0];
    const departmentId = own?.departmentId ?? entry.responsibleDepartmentId;
    if (departmentId === undefined) return undefined;
    const assisting = own?.assistingDepartmentIds ?? entry.assistingDepartmentIds ?? [];
    return {
      departmentId,
      assistingDepartmentIds: assisting.filter((id) => id !== departmentId),
      basis: own?.basis ?? entry.basis ?? null,
    };
  }

  grid(id: string): Grid | undefined {
    return this.gridsById.get(id);
  }

  grids(at?: string): readonly Grid[] {
    if (at === undefined) return [...this.gridsById.values()];
    return this.mapsOn(this.dayOf(at)).flatMap((map) => map.grids);
  }

  gridMaps(at?: string): readonly GridMap[] {
    return at === undefined ? this.maps.current() : this.mapsOn(this.dayOf(at));
  }

  gridMap(gridMapId: string, version?: number): GridMap | undefined {
    return this.maps.at(gridMapId, version);
  }

  locate(point: MapPoint, at: string): LocatedGrid | null {
    return locateIn(this.mapsOn(this.dayOf(at)), toWgs84(point));
  }

  pins(choice: PinChoice = {}): JurisdictionPins {
    const { policyId = DEFAULT_ID, catalogueId = DEFAULT_ID } = choice;
    const policy = this.policyOrThrow(policyId);
    const calendar = this.calendarOrThrow(policy.calendarId);
    const ladder = this.ladderOrThrow(policy.ladderId);
    const catalogue = this.dispatchCatalogues.at(catalogueId);
    if (!catalogue) throw new JurisdictionNotPublished('dispatch-catalogue', catalogueId);
    return {
      policyId,
      policyVersion: policy.version,
      calendarId: calendar.calendarId,
      calendarVersion: calendar.version,
      catalogueId,
      catalogueVersion: catalogue.version,
      ladderId: ladder.ladderId,
      ladderVersion: ladder.version,
    };
  }

  deadline(query: DeadlineQuery): ResolvedDeadline | null {
    return this.deadlines(query).at(-1) ?? null;
  }

  deadlines(query: DeadlineQuery): readonly ResolvedDeadline[] {
    const { pins, timer } = query;
    const policy = this.policyOrThrow(pins.policyId, pins.policyVersion);
    const calendar =
      this.calendarOf(query.unitId) ?? this.calendarOrThrow(pins.calendarId, pins.calendarVersion);
    const urgency = query.urgency ?? this.category(query.category, pins)?.urgency ?? 'ORDINARY';
    const rule = chooseRule(policy, { ...query, urgency });
    if (!rule) return [];
    const { duration, stages, warnPercent = policy.warnPercent } = rule;
    const startMs = instantMs(query.start);
    const one = duration ? [{ name: null, duration }] : [];
    return (stages ?? one).map((stage) => {
      const { dueMs, provisional } = addDuration(calendar, startMs, stage.duration);
      return {
        timer,
        dueAt: instantText(dueMs),
        startedAt: instantText(startMs),
        duration: stage.duration,
        policyId: policy.policyId,
        policyVersion: policy.version,
        calendarId: calendar.calendarId,
        calendarVersion: calendar.version,
        provisional,
        warnAt: instantText(instantAtPercent(calendar, startMs, dueMs, stage.duration.unit, warnPercent)),
        unit: stage.duration.unit,
        stage: stage.name,
      };
    });
  }

  rules(pins: JurisdictionPins): HandlingRules {
    return this.policyOrThrow(pins.policyId, pins.policyVersion);
  }

  afterPause(deadline: MovableDeadline, pausedAt: string, resumedAt: string): MovedDeadline {
    const calendar = this.calendarOrThrow(deadline.calendarId, deadline.calendarVersion);
    return movedByPause(calendar, deadline, pausedAt, resumedAt);
  }

  extended(deadline: MovableDeadline, duration: Duration): MovedDeadline {
    const calendar = this.calendarOrThrow(deadline.calendarId, deadline.calendarVersion);
    return movedByExtension(calendar, deadline, duration);
  }

  recounted(deadline: MovableDeadline, calendarVersion: number): MovedDeadline {
    const { calendarId } = deadline;
    const former = this.calendarOrThrow(calendarId, deadline.calendarVersion);
    return recountedIn(this.calendarOrThrow(calendarId, calendarVersion), former, deadline);
  }

  workingMsBetween(calendarId: string, calendarVersion: number, from: string, to: string): number {
    const calendar = this.calendarOrThrow(calendarId, calendarVersion);
    return workingTimeBetween(calendar, instantMs(from), instantMs(to));
  }

  ladder(pins: JurisdictionPins, timer: TimerKind): readonly LadderStep[] {
    const ladder = this.ladderOrThrow(pins.ladderId, pins.ladderVersion);
    return ladder.byTimer?.[timer] ?? ladder.steps;
  }

  ladderSchedule(pins: JurisdictionPins, deadline: RecordedDeadline): readonly ScheduledLadderStep[] {
    const calendar = this.calendarOrThrow(deadline.calendarId, deadline.calendarVersion);
    return this.ladder(pins, deadline.timer).map((step, i) => ({
      ...step,
      tier: i + 1,
      at: stepAt(calendar, deadline, step.trigger),
    }));
  }

  policies(): readonly DeadlinePolicy[] {
    return this.deadlinePolicies.current();
  }

  policy(policyId: string, version?: number): DeadlinePolicy | undefined {
    return this.deadlinePolicies.at(policyId, version);
  }

  calendars(): readonly WorkingCalendar[] {
    return this.workingCalendars.current();
  }

  calendar(calendarId: string, version?: number): WorkingCalendar | undefined {
    return this.workingCalendars.at(calendarId, version);
  }

  ladders(): readonly EscalationLadder[] {
    return this.escalationLadders.current();
  }

  escalationLadder(ladderId: string, version?: number): EscalationLadder | undefined {
    return this.escalationLadders.at(ladderId, version);
  }

  metricDefinitions(): readonly MetricDefinition[] {
    return this.metrics.current();
  }

  metricDefinition(metricId: MetricId, version?: number): MetricDefinition | undefined {
    return this.metrics.at(metricId, version);
  }

  metricDefinitionKnownAt(metricId: MetricId, knownAt: string): MetricDefinition | undefined {
    return this.metrics.knownAt(metricId, knownAt);
  }

  due(calendarId: string, query: DueQuery): DueAnswer {
    const calendar = this.calendarOrThrow(calendarId, query.calendarVersion);
    const { dueMs, provisional } = addDuration(calendar, instantMs(query.start), query);
    return { due: instantText(dueMs), calendarVersion: calendar.version, provisional };
  }

  /**
   * The day of an instant in the city's own time, which its calendar says.
   * @throws InstantOutOfRange when it is no instant
   */
  dayOf(at: string): string {
    const calendar = this.workingCalendars.at(DEFAULT_ID) ?? this.calendars()[0];
    const offsetMinutes = calendar?.utcOffsetMinutes ?? CHINA_OFFSET_MINUTES;
    const local = new Date(instantMs(at) + offsetMinutes * 60_000);
    if (Number.isNaN(local.getTime())) throw new InstantOutOfRange('this is not an instant');
    return local.toISOString().slice(0, 10);
  }

  /** A unit's versions by first day, the ones that corrections replaced left out. */
  orgUnitPhases(id: string): readonly OrgUnit[] {
    return this.units.phases(id);
  }

  /** Everything in force now, as validation wants it. */
  inForce(): Jurisdiction {
    return {
      orgUnits: this.units.allPhases(),
      gridMaps: this.maps.current(),
      catalogues: this.dispatchCatalogues.current(),
      policies: this.policies(),
      ladders: this.ladders(),
      calendars: this.calendars(),
      metricDefinitions: this.metricDefinitions(),
    };
  }

  /** Areas further from the city are the more specific ones. */
  private depthOf(areaId: string): number {
    return this.ancestors(areaId).length;
  }

  /** Of each map the latest version that held on a day. */
  private mapsOn(day: string): readonly GridMap[] {
    return this.maps
      .histories()
      .map((versions) => versions.findLast((map) => (map.effectiveFrom ?? '') <= day))
      .filter((map) => map !== undefined);
  }

  private cataloguesDefaultFirst(): readonly DispatchCatalogue[] {
    const first = this.dispatchCatalogues.at(DEFAULT_ID);
    const all = this.dispatchCatalogues.current();
    return first ? [first, ...all.filter((catalogue) => catalogue !== first)] : all;
  }

  private indexGrids(): void {
    this.gridsById.clear();
    for (const map of this.maps.current()) for (const grid of map.grids) this.gridsById.set(grid.id, grid);
  }

  private policyOrThrow(id: string, version?: number): DeadlinePolicy {
    const policy = this.deadlinePolicies.at(id, version);
    if (!policy) throw new JurisdictionNotPublished('deadline-policy', id, version);
    return policy;
  }

  private calendarOrThrow(id: string, version?: number): WorkingCalendar {
    const calendar = this.workingCalendars.at(id, version);
    if (!calendar) throw new JurisdictionNotPublished('working-calendar', id, version);
    return calendar;
  }

  /** Of a department on shifts, of a unit that is there day and night; undefined where the city's counts. */
  private calendarOf(unitId: string | undefined): WorkingCalendar | undefined {
    return unitId === undefined ? undefined : this.workingCalendars.at(unitId);
  }

  private ladderOrThrow(id: string, version?: number): EscalationLadder {
    const ladder = this.escalationLadders.at(id, version);
    if (!ladder) throw new JurisdictionNotPublished('escalation-ladder', id, version);
    return ladder;
  }
}
