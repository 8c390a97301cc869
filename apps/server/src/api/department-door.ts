import type { Principal } from '@shaoying/identity';
import { reachesDepartment } from '@shaoying/incident-application';
import type { OrgUnit, OrgUnitDirectory } from '@shaoying/jurisdiction-contracts';
import type { OrgUnitKind } from '@shaoying/jurisdiction-domain';
import type { FastifyRequest } from 'fastify';
import type { Platform } from '../platform.js';
import { operationAt } from './caller.js';
import { Refused } from './refused.js';

/** The kinds of unit that tasks are given to: a street is whistled to in reverse, and then has them like a department. */
const GIVEN_TASKS: readonly OrgUnitKind[] = ['DEPARTMENT', 'SUBDISTRICT'];

/** Every unit that may have tasks, ended or not. */
export const unitsWithTasks = (known: Pick<OrgUnitDirectory, 'orgUnits'>): readonly OrgUnit[] =>
  GIVEN_TASKS.flatMap((kind) => known.orgUnits(kind));

/** A unit that is named, ended or not. @throws Refused ORG_UNIT_NOT_FOUND */
export function assertKnown({ directory }: Pick<Platform, 'directory'>, unitId: string | undefined): void {
  if (unitId !== undefined && directory.orgUnit(unitId) === undefined)
    throw new Refused('ORG_UNIT_NOT_FOUND');
}

/** Whoever asks about a department, or a street: what lies outside is refused before it is looked for. @throws Refused */
export function assertReaches(
  { directory }: Pick<Platform, 'directory'>,
  request: FastifyRequest,
  principal: Principal,
  departmentId: string,
): void {
  if (!reachesDepartment(principal, operationAt(request), departmentId, directory))
    throw new Refused('DEPARTMENT_NOT_YOURS');
  const kind = directory.orgUnit(departmentId)?.kind;
  if (kind === undefined || !GIVEN_TASKS.includes(kind)) throw new Refused('DEPARTMENT_NOT_FOUND');
}
