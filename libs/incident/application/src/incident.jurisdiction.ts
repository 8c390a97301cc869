import { uuidV5 } from '@shaoying/config';
import type {
  Deadline,
  IncidentState,
  IncidentTimer,
  Pins,
  Place,
  ResponsibilityLevel,
  Severity,
  TaskAssignment,
  TaskRole,
  WhistleKind,
} from '@shaoying/incident-domain';
import type { JurisdictionDirectory, OrgUnit, OrgUnitKind } from '@shaoying/jurisdiction-contracts';
import type { Actor } from '@shaoying/event-store';
import { UnknownReference } from './incident.errors.js';

interface TimerStart {
  readonly timer: IncidentTimer;
  readonly pins: Pins;
  readonly category: string;
  readonly severity: Severity;
  readonly start: string;
  readonly whistleKind?: WhistleKind;
  readonly role?: TaskRole;
  /** Makes the deadline's id the same for every attempt of a command. */
  readonly idSeed: string;
}

/** What the jurisdiction says about places, departments and due times, in the domain's own words. */
export class IncidentJurisdiction {
  constructor(readonly directory: JurisdictionDirectory) {}

  /** @throws UnknownReference */
  assertCategory(code: string): void {
    if (this.directory.category(code)?.active !== true) throw new UnknownReference('UNKNOWN_CATEGORY', code);
  }

  /** @throws JurisdictionNotPublished */
  pins(): Pins {
    return this.directory.pins();
  }

  /** Deadlines that filing starts. */
  filingDeadlines(
    category: string,
    severity: Severity,
    pins: Pins,
    start: string,
    idSeed: string,
  ): Deadline[] {
    return this.start([{ timer: 'INCIDENT_TOTAL', pins, category, severity, start, idSeed }]);
  }

  /**
   * A department's part in a whistle, with its deadlines: every clock starts when the whistle is blown, not when the
   * department signs (domain.md §1).
   * @throws UnknownReference
   */
  assign(
    state: Pick<IncidentState, 'category' | 'severity' | 'pins'>,
    assignment: {
      taskId: string;
      departmentId: string;
      role: TaskRole;
      whistleKind: WhistleKind;
      start: string;
    },
  ): TaskAssignment {
    const { taskId, departmentId, role, whistleKind, start } = assignment;
    const level = this.departmentLevel(departmentId);
    const pins = state.pins ?? this.pins();
    const { category, severity } = state;
    const timers = ['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING'] as const;
    const deadlines = this.start(
      timers.map((timer) => ({ timer, pins, category, severity, start, whistleKind, role, idSeed: taskId })),
    );
    return { taskId, departmentId, role, level, deadlines };
  }

  /** End of the time in which feedback is awaited; `start` itself where the policy has no such window. */
  feedbackUntil(state: IncidentState, start: string): string {
    const pins = state.pins ?? this.pins();
    const { category, severity } = state;
    return (
      this.directory.deadline({ timer: 'FEEDBACK_WINDOW', pins, category, severity, start })?.dueAt ?? start
    );
  }

  /**
   * Where an incident lies, from the finest thing known: the estate or grid it names, else the reporter's own area.
   * @throws UnknownReference
   */
  place(named: { gridId: string | null; estateId: string | null }, actor: Actor): Place {
    const estate = named.estateId === null ? undefined : this.directory.orgUnit(named.estateId);
    if (named.estateId !== null && estate?.kind !== 'ESTATE')
      throw new UnknownReference('UNKNOWN_ESTATE', named.estateId);
    const grid = named.gridId === null ? undefined : this.directory.grid(named.gridId);
    if (named.gridId !== null && grid === undefined) throw new UnknownReference('UNKNOWN_GRID', named.gridId);
    const ofGrid = grid && this.directory.orgUnit(grid.orgUnitId);
    if (estate && ofGrid && !this.related(estate.id, ofGrid.id)) {
      throw new UnknownReference('PLACE_CONTRADICTS_ITSELF', `${estate.id} / ${named.gridId}`);
    }
    const own = actor.orgUnitId === null ? undefined : this.ownArea(actor.orgUnitId);
    const known = estate ?? ofGrid ?? own?.unit;
    return {
      ...this.areasOf(known),
      gridId: named.gridId ?? (known === own?.unit ? (own?.gridId ?? null) : null),
    };
  }

  /** Grid workers may act for a grid; departments have no area of their own. */
  private ownArea(id: string): { unit: OrgUnit | undefined; gridId: string | null } {
    const grid = this.directory.grid(id);
    const unit = this.directory.orgUnit(grid?.orgUnitId ?? id);
    return { unit: unit?.kind === 'DEPARTMENT' ? undefined : unit, gridId: grid?.id ?? null };
  }

  /** The areas around a unit, for cases that come with it. @throws UnknownReference */
  placeWithin(orgUnitId: string | null): Place {
    const unit = orgUnitId === null ? undefined : this.directory.orgUnit(orgUnitId);
    if (orgUnitId !== null && unit === undefined) throw new UnknownReference('UNKNOWN_ORG_UNIT', orgUnitId);
    return { ...this.areasOf(unit), gridId: null };
  }

  /** Level of a unit that handles by itself: an estate's matter unless the unit says otherwise. */
  selfHandlingLevel(state: IncidentState, wanted: ResponsibilityLevel | null): ResponsibilityLevel {
    return wanted ?? (state.place.estateId === null ? 'COMMUNITY' : 'ESTATE');
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

  /** A department acts at the level of the unit it belongs to. @throws UnknownReference */
  departmentLevel(departmentId: string): ResponsibilityLevel {
    if (this.directory.orgUnit(departmentId)?.kind !== 'DEPARTMENT') {
      throw new UnknownReference('UNKNOWN_DEPARTMENT', departmentId);
    }
    const parent = this.directory.ancestors(departmentId)[0];
    return parent === undefined || parent.kind === 'DEPARTMENT' ? 'DISTRICT' : parent.kind;
  }

  private start(timers: readonly TimerStart[]): Deadline[] {
    return timers.flatMap(({ idSeed, ...query }) => {
      const resolved = this.directory.deadline(query);
      if (resolved === null) return [];
      const first = this.directory.ladder(query.pins, query.timer).find((step) => step.trigger === 0);
      const { startedAt, warnAt, dueAt, policyId, policyVersion, calendarId, calendarVersion, provisional } =
        resolved;
      return [
        {
          deadlineId: uuidV5(idSeed, query.timer),
          timer: query.timer,
          ...{ startedAt, warnAt, dueAt, policyId, policyVersion, calendarId, calendarVersion, provisional },
          firstStep: first ? { level: first.level, notify: first.notify } : null,
        },
      ];
    });
  }
}
