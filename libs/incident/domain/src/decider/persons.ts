import type { ForgetReporter, RevealReporter, SealedPersonalData } from '../incident.commands.js';
import type { IncidentEvent, Location, PersonalDataSealed, PersonalField } from '../incident.events.js';
import { openTasks, type IncidentState, type Task, type TaskState } from '../incident.state.js';
import type { Refusal } from '../incident.refusals.js';
import { type Decision, accept, refuse } from './decision.js';
import { notTheirs, unlessSaid } from './guards.js';

/** What is recorded in place of a text that is marked as personal. */
export const SEALED_TEXT = '（个人信息，已加密 · personal, sealed）';

/**
 * Thousandths of a degree, some 100 m: as fine as the unit grid (万米单元网格) that an incident names anyway, and never
 * the door of a home.
 */
const STEPS_PER_DEGREE = 1_000;

const rounded = (degrees: number | null): number | null =>
  degrees === null ? null : Math.round(degrees * STEPS_PER_DEGREE) / STEPS_PER_DEGREE;

/** A place that tells no home: the point rounded, the address left out. Null where nothing would be left of it. */
export function coarsened({ lon, lat, crs }: Location): Location | null {
  if (lon === null || lat === null) return null;
  return { lon: rounded(lon), lat: rounded(lat), crs, address: null };
}

/** A place as it is recorded of this incident: coarse once its reporter has said that it is personal. */
export const recordedPlace = (
  { homeSealed }: Pick<IncidentState, 'homeSealed'>,
  location: Location | null,
): Location | null => (homeSealed && location !== null ? coarsened(location) : location);

export const isMarked = (personal: SealedPersonalData | null, field: PersonalField): boolean =>
  personal?.fields.includes(field) === true;

/** Says that something is sealed; nothing where nothing is. */
export function sealedWith(
  about: PersonalDataSealed['data']['about'],
  personal: SealedPersonalData | null,
  occurredAt: string,
): IncidentEvent[] {
  if (personal === null) return [];
  const { fields, sealed } = personal;
  return [{ type: 'PersonalDataSealed', occurredAt, data: { about, fields, sealed } }];
}

/** Whoever gave the matter back, or says that it is not theirs, has no need to know who reported it. */
const IN_HAND: readonly TaskState[] = ['NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING'];

const taskInHand = (state: IncidentState, orgUnitId: string): Task | undefined =>
  state.lifecycle === 'HANDLING'
    ? openTasks(state).find((task) => task.departmentId === orgUnitId && IN_HAND.includes(task.state))
    : undefined;

/** States in which the street itself has the matter in hand: it takes it in, and answers for its handling. */
const WITH_THE_STREET: readonly IncidentState['lifecycle'][] = ['REPORTED', 'VERIFYING', 'FILED', 'HANDLING'];

/** Whether whoever asks has the matter in hand without a task: the street's office, who handles it, who calls back. */
function hasInHand(state: IncidentState, origin: RevealReporter['origin']): boolean {
  const { role, orgUnitId } = origin.actor;
  switch (role) {
    case 'street-office':
      return orgUnitId !== null && WITH_THE_STREET.includes(state.lifecycle) && !notTheirs(state, origin);
    case 'grid-worker':
    case 'community':
      return (
        orgUnitId !== null &&
        state.lifecycle === 'HANDLING' &&
        state.mode === 'SELF' &&
        state.handlingUnits.includes(orgUnitId)
      );
    case 'callback':
      return (
        state.lifecycle === 'FEEDBACK' &&
        !state.feedbackRecorded &&
        (orgUnitId === null || !state.handlingUnits.includes(orgUnitId))
      );
    default:
      return false;
  }
}

function nobodyToReveal(state: IncidentState, { readable }: RevealReporter): Refusal | null {
  if (state.reporterWithdrew) return { code: 'REPORTER_WITHDREW' };
  if (state.subjects.length > 0) return readable ? null : { code: 'REPORTER_FORGOTTEN' };
  return { code: state.reporterForgotten ? 'REPORTER_FORGOTTEN' : 'REPORTER_UNKNOWN' };
}

/** The part in the matter first: whoever has none learns nothing about the reporter, not even whether there is one. */
export function revealReporter(state: IncidentState, command: RevealReporter): Decision {
  const { origin, purpose, reason, fields } = command;
  const { orgUnitId } = origin.actor;
  const task = orgUnitId === null ? undefined : taskInHand(state, orgUnitId);
  if (task === undefined && !hasInHand(state, origin)) return refuse({ code: 'REVEAL_WITHOUT_TASK' });
  const nobody = nobodyToReveal(state, command);
  if (nobody) return refuse(nobody);
  const revealed: IncidentEvent = {
    type: 'ReporterIdentityRevealed',
    occurredAt: origin.now,
    data: { unitId: orgUnitId, taskId: task?.taskId ?? null, purpose, reason, fields },
  };
  return accept(...unlessSaid(state.lastWord, revealed));
}

/** Their right at any time, in any state; the case stays whole. */
export function forgetReporter(state: IncidentState, { origin, subjectIds }: ForgetReporter): Decision {
  const forgotten = state.subjects.filter((subjectId) => subjectIds.includes(subjectId));
  // Also who has left no name may be seen on a photo.
  const isOnPhotos = state.photos.length > 0 && !state.reporterForgotten;
  if (forgotten.length > 0 || isOnPhotos)
    return accept({
      type: 'ReporterForgotten',
      occurredAt: origin.now,
      data: { subjectIds: forgotten },
    });
  return state.reporterForgotten ? accept() : refuse({ code: 'REPORTER_UNKNOWN' });
}
