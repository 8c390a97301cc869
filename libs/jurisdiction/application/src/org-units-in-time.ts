import type { OrgUnitDirectory } from '@shaoying/jurisdiction-contracts';
import type { OrgUnit, OrgUnitKind } from '@shaoying/jurisdiction-domain';
import type { OrgUnitHistory } from './org-unit-history.js';

/** The units of a history, asked by instants: what was so then, as far as that history goes. */
export class OrgUnitsInTime implements OrgUnitDirectory {
  /** @param dayOf the day of an instant in the city's own time */
  constructor(
    private readonly units: OrgUnitHistory,
    private readonly dayOf: (at: string) => string,
  ) {}

  orgUnit(id: string, at?: string): OrgUnit | undefined {
    return at === undefined ? this.units.latest(id) : this.units.on(id, this.dayOf(at));
  }

  orgUnits(kind?: OrgUnitKind, at?: string): readonly OrgUnit[] {
    return this.units.all(kind, at === undefined ? undefined : this.dayOf(at));
  }

  isActive(id: string, at: string): boolean {
    return this.units.isActive(id, this.dayOf(at));
  }

  successors(id: string, at: string): readonly string[] {
    return this.units.successors(id, this.dayOf(at));
  }

  ancestors(id: string, at?: string): readonly OrgUnit[] {
    const above: OrgUnit[] = [];
    let unit = this.orgUnit(id, at);
    // Validation keeps parents free of circles; the bound keeps a log written by something else from hanging us.
    while (unit?.parentId != null && above.length < 16) {
      unit = this.orgUnit(unit.parentId, at);
      if (unit) above.push(unit);
    }
    return above;
  }

  isWithin(unitId: string, ancestorId: string, at?: string): boolean {
    if (!this.units.has(unitId)) return false;
    return unitId === ancestorId || this.ancestors(unitId, at).some((unit) => unit.id === ancestorId);
  }
}
