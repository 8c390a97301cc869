import type { ClaimTolerance, CommandOrigin } from '../incident.commands.js';
import type { Deadline } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import type { IncidentState, Lifecycle, Task } from '../incident.state.js';
import { taskOf } from '../incident.state.js';

interface AdmittedInstant {
  readonly occurredAt: string;
  readonly claimedAt: string | null;
  readonly disputed: boolean;
}

/**
 * The instant that counts for a claim made by a device (domain.md §6, 25). A future claim within the skew is clamped to
 * now; beyond it, it is refused (null). Earlier claims count when `trusted`, else the arrival does, and it is disputed.
 */
export function admitClaim(
  claimedAt: string | null,
  now: string,
  tolerance: ClaimTolerance,
  trusted: (ageMs: number) => boolean,
): AdmittedInstant | null {
  if (claimedAt === null || claimedAt === now) return { occurredAt: now, claimedAt: null, disputed: false };
  const ageMs = Date.parse(now) - Date.parse(claimedAt);
  if (ageMs < -tolerance.skewMs) return null;
  if (ageMs < 0) return { occurredAt: now, claimedAt, disputed: false };
  return trusted(ageMs)
    ? { occurredAt: claimedAt, claimedAt: null, disputed: false }
    : { occurredAt: now, claimedAt, disputed: true };
}

export function notIn(state: IncidentState, ...allowed: Lifecycle[]): Refusal | null {
  const lifecycle = state.lifecycle as Lifecycle;
  return allowed.includes(lifecycle) ? null : { code: 'INCIDENT_STATE', state: lifecycle, allowed };
}

/** Territorial responsibility 属地管理: a unit acts on what lies in its area; where nothing is known, any may. */
export function notTheirs(state: IncidentState, { actor }: CommandOrigin): Refusal | null {
  const { streetId, communityId, estateId, gridId } = state.place;
  const foreign =
    actor.role === 'street-office'
      ? streetId !== null && actor.orgUnitId !== streetId
      : actor.role === 'grid-worker' || actor.role === 'community'
        ? communityId !== null && ![communityId, estateId, gridId].includes(actor.orgUnitId)
        : false;
  return foreign ? { code: 'INCIDENT_NOT_YOURS' } : null;
}

export function ownTask(
  state: IncidentState,
  taskId: string,
  origin: CommandOrigin,
): { task: Task; refusal?: undefined } | { refusal: Refusal; task?: undefined } {
  const task = taskOf(state, taskId);
  if (task === undefined) return { refusal: { code: 'TASK_NOT_FOUND' } };
  if (task.departmentId !== origin.actor.orgUnitId) return { refusal: { code: 'TASK_NOT_YOURS' } };
  const elsewhere = notIn(state, 'HANDLING');
  return elsewhere ? { refusal: elsewhere } : { task };
}

export function taskNotIn(task: Task, ...allowed: Task['state'][]): Refusal | null {
  return allowed.includes(task.state) ? null : { code: 'TASK_STATE', state: task.state, allowed };
}

export const isLate = (occurredAt: string, deadline: Deadline | undefined): boolean =>
  deadline !== undefined && Date.parse(occurredAt) > Date.parse(deadline.dueAt);
