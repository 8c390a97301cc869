import type { Principal, Role } from '@shaoying/identity';
import type { JurisdictionDirectory, OrgUnit } from '@shaoying/jurisdiction-contracts';
import { ACCESS_POLICY, sightOfRole } from './access-policy.js';

/** Part of what somebody sees: any one of these is enough. Without any of them, nothing. */
export interface Scope {
  /** Incidents in these streets, and in no street that is known. */
  readonly streetIds?: readonly string[];
  /** Incidents in this community, and in no street that is known. */
  readonly communityId?: string;
  readonly estateId?: string;
  readonly gridId?: string;
  /** Incidents in which this unit has, or had, a task. */
  readonly departmentId?: string;
}

/** Where an incident lies and whose tasks it has, in the log's state and in the read model's view alike. */
export interface Seen {
  readonly streetId: string | null;
  readonly communityId: string | null;
  readonly estateId: string | null;
  readonly gridId: string | null;
  readonly tasks: readonly { readonly departmentId: string }[];
}

/** What of the jurisdiction it takes. */
export type Territory = Pick<
  JurisdictionDirectory,
  'orgUnit' | 'orgUnits' | 'ancestors' | 'isWithin' | 'grid'
>;

/** What a caller may know of in any of the permitted roles that they have: null for everything, `{}` for nothing. */
export function scopeOf(
  { roles, orgUnitId }: Pick<Principal, 'roles' | 'orgUnitId'>,
  permitted: readonly Role[],
  territory: Territory,
): Scope | null {
  let scope: Scope = {};
  for (const role of permitted) {
    if (!roles.includes(role)) continue;
    const more = reachOf(role, orgUnitId, territory);
    if (more === null) return null;
    // One person, one unit: what two roles have in common is the same for both, but for streets.
    const streetIds = [...(scope.streetIds ?? []), ...(more.streetIds ?? [])];
    scope = { ...scope, ...more, ...(streetIds.length === 0 ? {} : { streetIds }) };
  }
  return scope;
}

function reachOf(role: Role, unitId: string | null, territory: Territory): Scope | null {
  const sight = sightOfRole[role];
  if (sight === 'ALL') return null;
  if (sight === 'DISTRICT') return districtOf(unitId, territory);
  if (unitId === null) return {};
  switch (sight) {
    case 'STREET':
      return { streetIds: [unitId], departmentId: unitId };
    case 'COMMUNITY':
      return communityOf(unitId, territory);
    case 'TASKS':
      return { departmentId: unitId };
    case 'NOTHING':
      return {};
  }
}

/** A department that calls back or arbitrates does so for the level that it belongs to. */
export function areaOf(unitId: string, territory: Territory): OrgUnit | undefined {
  const unit = territory.orgUnit(unitId);
  return unit?.kind === 'DEPARTMENT' ? territory.ancestors(unitId)[0] : unit;
}

function districtOf(unitId: string | null, territory: Territory): Scope | null {
  if (unitId === null) return null;
  const area = areaOf(unitId, territory);
  if (area === undefined) return {};
  if (area.parentId === null) return null;
  const streets = territory.orgUnits('SUBDISTRICT').filter(({ id }) => territory.isWithin(id, area.id));
  return { streetIds: streets.map(({ id }) => id) };
}

/** Estates and grids have people of their own. A grid's see what its community sees. */
function communityOf(unitId: string, territory: Territory): Scope {
  const grid = territory.grid(unitId);
  if (grid !== undefined) return { communityId: grid.orgUnitId, gridId: unitId };
  return territory.orgUnit(unitId)?.kind === 'ESTATE' ? { estateId: unitId } : { communityId: unitId };
}

/** Whether an incident lies within a scope. The board's listing says the same in SQL. */
export function sees(scope: Scope | null, { streetId, communityId, estateId, gridId, tasks }: Seen): boolean {
  if (scope === null) return true;
  const { streetIds, departmentId } = scope;
  const placed = streetIds !== undefined || scope.communityId !== undefined || scope.estateId !== undefined;
  return (
    (placed && streetId === null && communityId === null) ||
    (streetIds !== undefined && (streetId === null || streetIds.includes(streetId))) ||
    (scope.communityId !== undefined && scope.communityId === communityId) ||
    (scope.estateId !== undefined && scope.estateId === estateId) ||
    (scope.gridId !== undefined && scope.gridId === gridId) ||
    (departmentId !== undefined && tasks.some((task) => task.departmentId === departmentId))
  );
}

/** Whether one of the caller's roles may do this at a department: of the relations of the policy those to departments. */
export function reachesDepartment(
  { roles, orgUnitId }: Pick<Principal, 'roles' | 'orgUnitId'>,
  operation: string,
  departmentId: string,
  territory: Territory,
): boolean {
  const grants = ACCESS_POLICY[operation]?.grants ?? {};
  return roles.some((role) => {
    const relation = grants[role];
    if (relation === 'OWN_DEPARTMENT') return orgUnitId === departmentId;
    if (relation === 'ANY_DEPARTMENT')
      return orgUnitId === departmentId || territory.orgUnit(departmentId)?.kind !== 'SUBDISTRICT';
    if (relation !== 'DISTRICT_DEPARTMENT') return relation === 'ANY';
    if (orgUnitId === null) return true;
    const area = areaOf(orgUnitId, territory);
    return area !== undefined && (area.parentId === null || territory.isWithin(departmentId, area.id));
  });
}
