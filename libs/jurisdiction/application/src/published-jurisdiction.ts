import {
  type DeadlineQuery,
  type DueAnswer,
  type DueQuery,
  type JurisdictionDirectory,
  type JurisdictionEvent,
  JurisdictionNotPublished,
  type JurisdictionPins,
  type PinChoice,
  type ResolvedDeadline,
  type ScheduledLadderStep,
} from '@shaoying/jurisdiction-contracts';
import {
  addDuration,
  type Category,
  chooseRule,
  type DeadlinePolicy,
  type DispatchCatalogue,
  type EscalationLadder,
  type Grid,
  type GridMap,
  instantAtPercent,
  type Jurisdiction,
  type LadderStep,
  type OrgUnit,
  type OrgUnitKind,
  type TimerKind,
  type WorkingCalendar,
} from '@shaoying/jurisdiction-domain';
import { VersionedDocuments } from './versioned-documents.js';

/** The id a document has unless a city publishes several of its kind. */
export const DEFAULT_ID = 'default';

/** All that has been published, folded in memory from its events. Says nothing about where they come from. */
export class PublishedJurisdiction implements JurisdictionDirectory {
  private readonly units = new Map<string, { readonly orgUnit: OrgUnit; readonly version: number }>();
  private readonly gridMaps = new VersionedDocuments<GridMap>();
  private readonly catalogues = new VersionedDocuments<DispatchCatalogue>();
  private readonly deadlinePolicies = new VersionedDocuments<DeadlinePolicy>();
  private readonly escalationLadders = new VersionedDocuments<EscalationLadder>();
  private readonly workingCalendars = new VersionedDocuments<WorkingCalendar>();
  private readonly gridsById = new Map<string, Grid>();
  private readonly categoriesByCode = new WeakMap<DispatchCatalogue, ReadonlyMap<string, Category>>();

  apply(event: JurisdictionEvent): void {
    switch (event.type) {
      case 'OrgUnitEstablished':
      case 'OrgUnitRevised':
        this.units.set(event.data.orgUnit.id, event.data);
        return;
      case 'GridMapPublished':
        this.gridMaps.add(event.data.gridMap.gridMapId, event.data.gridMap);
        this.indexGrids();
        return;
      case 'DispatchCataloguePublished': {
        const { catalogue } = event.data;
        this.catalogues.add(catalogue.catalogueId, catalogue);
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
    }
  }

  orgUnit(id: string): OrgUnit | undefined {
    return this.units.get(id)?.orgUnit;
  }

  /** 0 while the unit does not exist. */
  orgUnitVersion(id: string): number {
    return this.units.get(id)?.version ?? 0;
  }

  orgUnits(kind?: OrgUnitKind): readonly OrgUnit[] {
    const all = [...this.units.values()].map(({ orgUnit }) => orgUnit);
    return kind === undefined ? all : all.filter((unit) => unit.kind === kind);
  }

  ancestors(id: string): readonly OrgUnit[] {
    const above: OrgUnit[] = [];
    let unit = this.orgUnit(id);
    // Validation keeps parents free of circles; the bound keeps a log written by something else from hanging us.
    while (unit?.parentId != null && above.length < 16) {
      unit = this.orgUnit(unit.parentId);
      if (unit) above.push(unit);
    }
    return above;
  }

  isWithin(unitId: string, ancestorId: string): boolean {
    if (!this.units.has(unitId)) return false;
    return unitId === ancestorId || this.ancestors(unitId).some((unit) => unit.id === ancestorId);
  }

  category(code: string, pins?: JurisdictionPins): Category | undefined {
    if (pins) {
      const pinned = this.catalogues.at(pins.catalogueId, pins.catalogueVersion);
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

  catalogue(catalogueId: string, version?: number): DispatchCatalogue | undefined {
    return this.catalogues.at(catalogueId, version);
  }

  grid(id: string): Grid | undefined {
    return this.gridsById.get(id);
  }

  grids(): readonly Grid[] {
    return [...this.gridsById.values()];
  }

  gridMap(gridMapId: string, version?: number): GridMap | undefined {
    return this.gridMaps.at(gridMapId, version);
  }

  pins(choice: PinChoice = {}): JurisdictionPins {
    const { policyId = DEFAULT_ID, catalogueId = DEFAULT_ID } = choice;
    const policy = this.policyOrThrow(policyId);
    const calendar = this.calendarOrThrow(policy.calendarId);
    const ladder = this.ladderOrThrow(policy.ladderId);
    const catalogue = this.catalogues.at(catalogueId);
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
    const { pins, timer } = query;
    const policy = this.policyOrThrow(pins.policyId, pins.policyVersion);
    const calendar = this.calendarOrThrow(pins.calendarId, pins.calendarVersion);
    const urgency = query.urgency ?? this.category(query.category, pins)?.urgency ?? 'ORDINARY';
    const rule = chooseRule(policy, { ...query, urgency });
    if (!rule?.duration) return null;
    const { duration, warnPercent = policy.warnPercent } = rule;
    const startMs = Date.parse(query.start);
    const { dueMs, provisional } = addDuration(calendar, startMs, duration);
    return {
      timer,
      dueAt: iso(dueMs),
      startedAt: iso(startMs),
      duration,
      policyId: policy.policyId,
      policyVersion: policy.version,
      calendarId: calendar.calendarId,
      calendarVersion: calendar.version,
      provisional,
      warnAt: iso(instantAtPercent(calendar, startMs, dueMs, duration.unit, warnPercent)),
    };
  }

  ladder(pins: JurisdictionPins, timer: TimerKind): readonly LadderStep[] {
    const ladder = this.ladderOrThrow(pins.ladderId, pins.ladderVersion);
    return ladder.byTimer?.[timer] ?? ladder.steps;
  }

  ladderSchedule(pins: JurisdictionPins, deadline: ResolvedDeadline): readonly ScheduledLadderStep[] {
    const calendar = this.calendarOrThrow(deadline.calendarId, deadline.calendarVersion);
    const [startMs, dueMs] = [Date.parse(deadline.startedAt), Date.parse(deadline.dueAt)];
    return this.ladder(pins, deadline.timer).map((step, i) => ({
      ...step,
      tier: i + 1,
      at: iso(instantAtPercent(calendar, startMs, dueMs, deadline.duration.unit, 100 + step.trigger)),
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

  due(calendarId: string, query: DueQuery): DueAnswer {
    const calendar = this.calendarOrThrow(calendarId, query.calendarVersion);
    const { dueMs, provisional } = addDuration(calendar, Date.parse(query.start), query);
    return { due: iso(dueMs), calendarVersion: calendar.version, provisional };
  }

  /** Everything in force now, as validation wants it. */
  inForce(): Jurisdiction {
    return {
      orgUnits: this.orgUnits(),
      gridMaps: this.gridMaps.current(),
      catalogues: this.catalogues.current(),
      policies: this.policies(),
      ladders: this.ladders(),
      calendars: this.calendars(),
    };
  }

  private cataloguesDefaultFirst(): readonly DispatchCatalogue[] {
    const first = this.catalogues.at(DEFAULT_ID);
    const all = this.catalogues.current();
    return first ? [first, ...all.filter((catalogue) => catalogue !== first)] : all;
  }

  private indexGrids(): void {
    this.gridsById.clear();
    for (const map of this.gridMaps.current())
      for (const grid of map.grids) this.gridsById.set(grid.id, grid);
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

  private ladderOrThrow(id: string, version?: number): EscalationLadder {
    const ladder = this.escalationLadders.at(id, version);
    if (!ladder) throw new JurisdictionNotPublished('escalation-ladder', id, version);
    return ladder;
  }
}

function iso(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
