import type { ClaimTolerance, CommandOrigin } from '../incident.commands.js';
import type { Deadline, IncidentEvent, TaskAssignment } from '../incident.events.js';
import type { Refusal } from '../incident.refusals.js';
import type { IncidentState, Lifecycle, Task, Whistle, WhistleState } from '../incident.state.js';
import { isOpenTask, taskOf, whistleOf, wordOf } from '../incident.state.js';

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

/**
 * Territorial responsibility 属地管理: a unit acts on what lies in its area; where nothing is known, any may. What is known
 * to lie in a street, and not in which community, is no community's yet.
 */
export function notTheirs(state: IncidentState, { actor }: CommandOrigin): Refusal | null {
  const { streetId, communityId, estateId, gridId } = state.place;
  const foreign =
    actor.role === 'street-office'
      ? streetId !== null && actor.orgUnitId !== streetId
      : actor.role === 'grid-worker' || actor.role === 'community'
        ? (communityId ?? streetId) !== null &&
          // Whoever names no unit is of none of these, though the incident may name no estate or grid either.
          (actor.orgUnitId === null || ![communityId, estateId, gridId].includes(actor.orgUnitId))
        : false;
  return foreign ? { code: 'INCIDENT_NOT_YOURS' } : null;
}

/** Whoever reported it, under their own account or under the name that it had as a resident's. */
export const isReporter = ({ reportedBy }: IncidentState, { actor }: CommandOrigin, alias: string): boolean =>
  reportedBy !== null && [actor.id, alias].includes(reportedBy);

type Found<Key extends string, Item> =
  | ({ readonly [K in Key]: Item } & { readonly refusal?: undefined })
  | ({ readonly refusal: Refusal } & { readonly [K in Key]?: undefined });

/** The task of whoever asks, while it is being handled. */
export function ownTask(state: IncidentState, taskId: string, origin: CommandOrigin): Found<'task', Task> {
  const task = taskOf(state, taskId);
  if (task === undefined) return { refusal: { code: 'TASK_NOT_FOUND' } };
  if (task.departmentId !== origin.actor.orgUnitId) return { refusal: { code: 'TASK_NOT_YOURS' } };
  const elsewhere = notIn(state, 'HANDLING');
  return elsewhere ? { refusal: elsewhere } : { task };
}

/** A task that a dispatcher of the incident's area decides about, while it is being handled. */
export function dispatchedTask(
  state: IncidentState,
  taskId: string,
  origin: CommandOrigin,
): Found<'task', Task> {
  const foreign = notTheirs(state, origin);
  if (foreign) return { refusal: foreign };
  const task = taskOf(state, taskId);
  if (task === undefined) return { refusal: { code: 'TASK_NOT_FOUND' } };
  const elsewhere = notIn(state, 'HANDLING');
  return elsewhere ? { refusal: elsewhere } : { task };
}

export function knownWhistle(
  state: IncidentState,
  whistleId: string,
  ...allowed: WhistleState[]
): Found<'whistle', Whistle> {
  const whistle = whistleOf(state, whistleId);
  if (whistle === undefined) return { refusal: { code: 'WHISTLE_NOT_FOUND' } };
  return allowed.includes(whistle.state)
    ? { whistle }
    : { refusal: { code: 'WHISTLE_STATE', state: whistle.state, allowed } };
}

export function taskNotIn(task: Task, ...allowed: Task['state'][]): Refusal | null {
  return allowed.includes(task.state) ? null : { code: 'TASK_STATE', state: task.state, allowed };
}

/** The one task of a whistle that leads: whoever gave it away leads no more. */
export function leadOf(state: IncidentState, whistleId: string): Task | undefined {
  return state.tasks.find(
    (task) =>
      task.whistleId === whistleId &&
      task.role === 'LEAD' &&
      task.state !== 'RETURNED' &&
      task.state !== 'RELEASED',
  );
}

/** The open task that a department has in a whistle. What it has done is done: more of it is another task. */
export function taskWithin(state: IncidentState, whistleId: string, departmentId: string): Task | undefined {
  return state.tasks.find(
    (task) => task.whistleId === whistleId && task.departmentId === departmentId && isOpenTask(task),
  );
}

/** A→B→A: a unit that gave the matter back in this cycle does not get it again from a dispatcher (domain.md §6, 4). */
export function returnedBefore(state: IncidentState, departmentId: string): Refusal | null {
  const gaveBack = state.returns.some(
    (request) =>
      request.cycle === state.cycle &&
      request.departmentId === departmentId &&
      (request.outcome === 'ACCEPTED' || request.outcome === 'ARBITRATED'),
  );
  return gaveBack ? { code: 'RETURNED_BEFORE', departmentId } : null;
}

/** Exactly one lead, nobody twice, and nobody who has an open task already. */
export function unsoundSummons(state: IncidentState, tasks: readonly TaskAssignment[]): Refusal | null {
  if (tasks.filter((task) => task.role === 'LEAD').length !== 1) return { code: 'WHISTLE_NEEDS_ONE_LEAD' };
  const seen = new Set(
    state.tasks.filter((task) => task.cycle === state.cycle && isOpenTask(task)).map((t) => t.departmentId),
  );
  for (const { departmentId } of tasks) {
    if (seen.has(departmentId)) return { code: 'DEPARTMENT_TWICE', departmentId };
    seen.add(departmentId);
  }
  return null;
}

export const isLate = (occurredAt: string, deadline: { readonly dueAt: string } | undefined): boolean =>
  deadline !== undefined && Date.parse(occurredAt) > Date.parse(deadline.dueAt);

/** When a clock is read: while the incident's clocks stand still, as of when they stopped. */
export const readAt = ({ pausedAt }: IncidentState, now: string): string => pausedAt ?? now;

/** Deadlines of the given timers, out of those a command brings for whatever it may lead to. */
export const startedOf = (deadlines: readonly Deadline[], ...timers: Deadline['timer'][]): Deadline[] =>
  deadlines.filter(({ timer }) => timers.includes(timer));

/** Nothing, where the same was said at the same moment before. */
export const unlessSaid = (lastWord: string | null, event: IncidentEvent): IncidentEvent[] =>
  lastWord === wordOf(event) ? [] : [event];
