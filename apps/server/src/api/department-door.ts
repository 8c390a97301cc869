import type { Principal } from '@shaoying/identity';
import { reachesDepartment } from '@shaoying/incident-application';
import type { FastifyRequest } from 'fastify';
import type { Platform } from '../platform.js';
import { operationAt } from './caller.js';
import { Refused } from './refused.js';

/** Whoever asks about a department: what lies outside is refused before it is looked for. @throws Refused */
export function assertReaches(
  { directory }: Pick<Platform, 'directory'>,
  request: FastifyRequest,
  principal: Principal,
  departmentId: string,
): void {
  if (!reachesDepartment(principal, operationAt(request), departmentId, directory))
    throw new Refused('DEPARTMENT_NOT_YOURS');
  if (directory.orgUnit(departmentId)?.kind !== 'DEPARTMENT') throw new Refused('DEPARTMENT_NOT_FOUND');
}
