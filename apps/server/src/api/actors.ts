import type { Actor } from '@shaoying/event-store';
import type { Principal, Role } from '@shaoying/identity';

/** The caller in each of the permitted roles that they have, in the order of these; without a role, for who has none. */
export function actorsOf(
  { id, roles, orgUnitId }: Principal,
  permitted: readonly Role[],
): [Actor, ...Actor[]] {
  const [first = 'anonymous', ...others] = permitted.filter((role) => roles.includes(role));
  return [{ id, role: first, orgUnitId }, ...others.map((role) => ({ id, role, orgUnitId }))];
}

/** The actor of a command: the first of the permitted roles that the caller has. */
export const actorOf = (principal: Principal, permitted: readonly Role[]): Actor =>
  actorsOf(principal, permitted)[0];
