import { uuidV5 } from '@shaoying/config';
import type { Actor } from '@shaoying/event-store';
import {
  openTasks,
  whistleOf,
  type AnyDeadline,
  type Deadline,
  type DeadlineOf,
  type HandlingRules,
  type IncidentState,
  type Location,
  type Party,
  type Place,
  type ResponsibilityLevel,
  type Task,
  type TaskAssignment,
  type TaskRole,
  type WhistleKind,
} from '@shaoying/incident-domain';
import type {
  JurisdictionDirectory,
  JurisdictionPins,
  OrgUnit,
  OrgUnitKind,
} from '@shaoying/jurisdiction-contracts';
import { IncidentClocks } from './incident.clocks.js';
import { DeadlineReschedulings } from './incident.rescheduling.js';
import { TransferRefused, UnitEnded, UnknownReference } from './incident.errors.js';

/** What a report or an office names of a place. */
export interface NamedPlace {
  readonly location: Location | null;
  readonly gridId: string | null;
  readonly estateId: string | null;
}

/** A place, and the boundaries it was found in where a point said so. */
export interface FoundPlace {
  readonly place: Place;
  readonly gridMapId: string | null;
  readonly gridMapVersion: number | null;
}

interface Summoned {
  readonly taskId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  readonly whistleKind: WhistleKind;
  /** A street may be summoned too. */
  readonly reverse: boolean;
  readonly start: string;
}

/** Clocks of a task that run on, where the policy says so, when another department gets it. */
const CARRIED_ON = ['CHECK_IN', 'HANDLING'] as const;

const isCarriedOn = (deadline: AnyDeadline): deadline is DeadlineOf<(typeof CARRIED_ON)[number]> =>
  CARRIED_ON.some((timer) => timer === deadline.timer);

const TASK_STARTS = ['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING', 'CONTACT', 'RETURN_WINDOW'] as const;

const FILING_STARTS = ['INCIDENT_TOTAL', 'DISPATCH', 'CONTACT'] as const;

type Reporter = Pick<IncidentState, 'reporterKnown' | 'reporterWithdrew'>;

const isReachable = ({ reporterKnown, reporterWithdrew }: Reporter): boolean =>
  reporterKnown && !reporterWithdrew;

const COORDINATES = ['WGS84', 'GCJ02', 'BD09'] as const;

/** What the jurisdiction says about places, departments and due times, in the domain's own words. */
export class IncidentJurisdiction {
  readonly clocks: IncidentClocks;
  readonly reschedulings: DeadlineReschedulings;

  constructor(readonly directory: JurisdictionDirectory) {
    this.clocks = new IncidentClocks(directory);
    this.reschedulings = new DeadlineReschedulings(directory);
  }

  /** A version of a policy, the one in force by default; undefined where there is none. */
  policy(policyId: string, version: number | null): ReturnType<JurisdictionDirectory['policy']> {
    return this.directory.policy(policyId, version ?? undefined);
  }

  /** @throws UnknownReference */
  assertCategory(code: string): void {
    if (this.directory.category(code)?.active !== true) throw new UnknownReference('UNKNOWN_CATEGORY', code);
  }

  /** Whether a matter endangers the public, by the catalogue in force: then it goes on without its reporter. */
  isHazard(category: string): boolean {
    return this.directory.category(category)?.hazard === true;
  }

  /** @throws JurisdictionNotPublished */
  pins(): JurisdictionPins {
    return this.directory.pins();
  }

  rules(state: Pick<IncidentState, 'pins'>): HandlingRules {
    return this.clocks.rules(state);
  }

  /** Deadlines that filing starts. Nobody can be contacted where nobody is known. */
  filingDeadlines(
    matter: Pick<IncidentState, 'category' | 'severity'> & Reporter,
    pins: JurisdictionPins,
    at: string,
    idSeed: string,
  ): Deadline[] {
    const { category, severity } = matter;
    return this.clocks.startAll(
      FILING_STARTS.filter((timer) => timer !== 'CONTACT' || isReachable(matter)),
      { matter: { category, severity, pins }, at },
      idSeed,
    );
  }

  /**
   * A department's part in a whistle, with its deadlines: every clock starts when the whistle is blown, not when the
   * department signs (domain.md §1). Nobody can be contacted where nobody is known.
   * @throws UnknownReference, UnitEnded
   */
  assign(
    state: Pick<IncidentState, 'category' | 'severity' | 'pins'> & Reporter,
    { taskId, departmentId, role, whistleKind, reverse, start }: Summoned,
  ): TaskAssignment {
    const level = this.departmentLevel(departmentId, start, reverse);
    const deadlines = this.clocks.startAll(
      TASK_STARTS.filter((timer) => timer !== 'CONTACT' || isReachable(state)),
      { matter: state, at: start, whistleKind, role, unitId: departmentId },
      taskId,
    );
    return { taskId, departmentId, role, level, deadlines };
  }

  /** The part of a department that joins a whistle that has been blown. @throws UnknownReference, UnitEnded */
  join(
    state: IncidentState,
    whistleId: string,
    part: Pick<Summoned, 'taskId' | 'departmentId' | 'role' | 'start'>,
  ): TaskAssignment {
    const { kind = 'PUBLIC_DEMAND', reverse = false } = whistleOf(state, whistleId) ?? {};
    return this.assign(state, { ...part, whistleKind: kind, reverse });
  }

  /**
   * The part of a department that takes a task over from another one, in the same whistle. Its clocks start anew, or
   * where the policy says so, those of arriving and handling run on (domain.md §3.4 a).
   * @throws UnknownReference, UnitEnded
   */
  takeOver(
    state: IncidentState,
    task: Task,
    { taskId, departmentId, start }: Pick<Summoned, 'taskId' | 'departmentId' | 'start'>,
  ): TaskAssignment {
    const part = { taskId, departmentId, start, role: task.role };
    const assignment = this.join(state, task.whistleId, part);
    if (this.rules(state).clockOnReturn !== 'CONTINUE') return assignment;
    const carried = task.deadlines
      .filter(isCarriedOn)
      .map((deadline) => ({ ...deadline, deadlineId: uuidV5(taskId, `continued:${deadline.deadlineId}`) }));
    const fresh = assignment.deadlines.filter((deadline) => !isCarriedOn(deadline));
    return { ...assignment, deadlines: [...fresh, ...carried] };
  }

  /**
   * Where an incident lies. What is named wins over what a device measured, so that nobody's report is refused because
   * of a telephone that is wrong; then the grid around the point, then the reporter's own area. Without a grid it waits
   * to be located by a person.
   * @throws UnknownReference
   */
  place(named: NamedPlace, actor: Actor, at: string): FoundPlace {
    const estate = named.estateId === null ? undefined : this.directory.orgUnit(named.estateId);
    if (named.estateId !== null && estate?.kind !== 'ESTATE')
      throw new UnknownReference('UNKNOWN_ESTATE', named.estateId);
    const grid = named.gridId === null ? undefined : this.directory.grid(named.gridId);
    if (named.gridId !== null && grid === undefined) throw new UnknownReference('UNKNOWN_GRID', named.gridId);
    const ofGrid = grid && this.directory.orgUnit(grid.orgUnitId);
    if (estate && ofGrid && !this.related(estate.id, ofGrid.id)) {
      throw new UnknownReference('PLACE_CONTRADICTS_ITSELF', `${estate.id} / ${named.gridId}`);
    }
    const unit = estate ?? ofGrid;
    const found = named.gridId === null ? this.gridAround(named.location, unit, at) : null;
    if (unit !== undefined || found !== null) {
      const { gridId = named.gridId, orgUnitId, gridMapId = null, gridMapVersion = null } = found ?? {};
      const area = unit ?? (orgUnitId === undefined ? undefined : this.directory.orgUnit(orgUnitId));
      return { place: { ...this.areasOf(area), gridId }, gridMapId, gridMapVersion };
    }
    return { place: this.ownPlace(actor, named.location), gridMapId: null, gridMapVersion: null };
  }

  /**
   * Whom the dispatch catalogue names for another place, where that is not who has the matter, or would have had it;
   * else null. Routing is never changed by it (domain.md §6, 18).
   */
  suggestedInstead(state: IncidentState, place: Place): string | null {
    const named = this.responsible(state, place);
    const lead = openTasks(state).find(({ role }) => role === 'LEAD');
    return named === (lead?.departmentId ?? this.responsible(state, state.place)) ? null : named;
  }

  private responsible({ category, pins }: IncidentState, place: Place): string | null {
    const { estateId, communityId, streetId, districtId } = place;
    const areas = [estateId, communityId, streetId, districtId].filter((id) => id !== null);
    return this.directory.responsible(category, areas, pins ?? undefined)?.departmentId ?? null;
  }

  /** The areas around a unit, for cases that come with it. @throws UnknownReference */
  placeWithin(orgUnitId: string | null): Place {
    const unit = orgUnitId === null ? undefined : this.directory.orgUnit(orgUnitId);
    if (orgUnitId !== null && unit === undefined) throw new UnknownReference('UNKNOWN_ORG_UNIT', orgUnitId);
    return { ...this.areasOf(unit), gridId: null };
  }

  /**
   * Level of a unit that handles by itself, within what the unit can be: at least its own (domain.md §3.2), and no higher
   * than it stands. An estate's matter it is where it lies in one and the estate has a part in it: its own people, its
   * grid worker, or the parties that a community names 三方协同.
   */
  selfHandlingLevel(
    state: Pick<IncidentState, 'place'>,
    actor: Actor,
    { level: wanted, parties = [] }: { level: ResponsibilityLevel | null; parties?: readonly Party[] },
  ): ResponsibilityLevel {
    if (this.unitOf(actor.orgUnitId)?.kind === 'ESTATE') return 'ESTATE';
    const ofEstate = state.place.estateId !== null && (actor.role !== 'community' || parties.length > 0);
    return ofEstate && wanted !== 'COMMUNITY' ? 'ESTATE' : 'COMMUNITY';
  }

  /** Which of these units a unit is, or is part of; a grid is its community's. */
  partOf(orgUnitId: string | null, unitIds: readonly string[]): string[] {
    const own = this.unitOf(orgUnitId);
    if (own === undefined) return [];
    return unitIds.filter((unitId) => {
      const unit = this.unitOf(unitId);
      return unit !== undefined && this.directory.isWithin(own.id, unit.id);
    });
  }

  private unitOf(id: string | null): OrgUnit | undefined {
    if (id === null) return undefined;
    return this.directory.orgUnit(this.directory.grid(id)?.orgUnitId ?? id);
  }

  /**
   * A department acts at the level of the unit it belongs to, a street that was whistled to at its own.
   * @param at instant at which the unit has to exist
   * @throws UnknownReference, UnitEnded which names who has taken over
   */
  departmentLevel(departmentId: string, at: string, orStreet = false): ResponsibilityLevel {
    const unit = this.directory.orgUnit(departmentId);
    const isStreet = orStreet && unit?.kind === 'SUBDISTRICT';
    if (unit?.kind !== 'DEPARTMENT' && !isStreet)
      throw new UnknownReference('UNKNOWN_DEPARTMENT', departmentId);
    if (!this.directory.isActive(departmentId, at))
      throw new UnitEnded(departmentId, this.directory.successors(departmentId, at));
    return this.levelOf(unit);
  }

  /**
   * Who gets what a department has in hand once it has ended: the only successor, or the one that is named.
   * @param at instant as of which it has ended
   * @throws TransferRefused
   */
  successor(departmentId: string, wanted: string | null, at: string): string {
    if (this.directory.isActive(departmentId, at))
      throw new TransferRefused('UNIT_NOT_ENDED', departmentId, []);
    const successors = this.directory.successors(departmentId, at);
    if (successors.length === 0) throw new TransferRefused('NO_SUCCESSOR', departmentId, []);
    const [only] = successors;
    const chosen = wanted ?? (successors.length === 1 ? only : undefined);
    if (chosen === undefined || !successors.includes(chosen))
      throw new TransferRefused('SUCCESSOR_NOT_NAMED', departmentId, successors);
    return chosen;
  }

  /** Level of a department of a case of the past, whether it exists still or not. @throws UnknownReference */
  pastDepartmentLevel(departmentId: string): ResponsibilityLevel {
    const unit = this.directory.orgUnit(departmentId);
    if (unit?.kind !== 'DEPARTMENT') throw new UnknownReference('UNKNOWN_DEPARTMENT', departmentId);
    return this.levelOf(unit);
  }

  private levelOf(unit: OrgUnit): ResponsibilityLevel {
    if (unit.kind !== 'DEPARTMENT') return unit.kind;
    const parent = this.directory.ancestors(unit.id)[0];
    return parent === undefined || parent.kind === 'DEPARTMENT' ? 'DISTRICT' : parent.kind;
  }

  /**
   * The grid around a measured point. Next to a named place only a grid of that place counts: if the point lies there
   * once it is read in another system of coordinates, the device named the wrong one (domain.md §6, 17).
   */
  private gridAround(
    location: Location | null,
    unit: OrgUnit | undefined,
    at: string,
  ): ReturnType<JurisdictionDirectory['locate']> {
    if (location === null || location.lon === null || location.lat === null) return null;
    const { lon, lat, crs } = location;
    const readings = unit === undefined ? [crs] : [crs, ...COORDINATES.filter((other) => other !== crs)];
    for (const reading of readings) {
      const found = this.directory.locate({ lon, lat, crs: reading }, at);
      if (found !== null && (unit === undefined || this.related(unit.id, found.orgUnitId))) return found;
    }
    return null;
  }

  /** Grid workers may act for a grid; departments have no area of their own. */
  private ownPlace(actor: Actor, location: Location | null): Place {
    const grid = actor.orgUnitId === null ? undefined : this.directory.grid(actor.orgUnitId);
    const id = grid?.orgUnitId ?? actor.orgUnitId;
    const unit = id === null ? undefined : this.directory.orgUnit(id);
    const own = unit?.kind === 'DEPARTMENT' ? undefined : unit;
    // A point outside every grid does not lie in the one its reporter walks.
    const measured = location !== null && location.lon !== null;
    return { ...this.areasOf(own), gridId: measured ? null : (grid?.id ?? null) };
  }

  private related(a: string, b: string): boolean {
    return this.directory.isWithin(a, b) || this.directory.isWithin(b, a);
  }

  private areasOf(unit: OrgUnit | undefined): Omit<Place, 'gridId'> {
    const line = unit === undefined ? [] : [unit, ...this.directory.ancestors(unit.id)];
    const idOf = (kind: OrgUnitKind): string | null =>
      line.find((candidate) => candidate.kind === kind)?.id ?? null;
    return {
      estateId: idOf('ESTATE'),
      communityId: idOf('COMMUNITY'),
      streetId: idOf('SUBDISTRICT'),
      districtId: idOf('DISTRICT'),
    };
  }
}
