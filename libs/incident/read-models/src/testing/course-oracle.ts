import type { RecordedEvent } from '@shaoying/event-store';
import type { Place, TaskAssignment } from '@shaoying/incident-domain';
import type { Moment } from '../sql-reader.js';
import { visibleAt } from './task-oracle.js';

// How incidents went, straight from the event list; see metric-oracle.ts.

export type Told = ReturnType<typeof visibleAt>[number];
type ToldOf<Type extends Told['type']> = Extract<Told, { type: Type }>;

/** One incident: what was visible of it, and everything, for what it was like as an event came. */
export interface Story {
  readonly incidentId: string;
  readonly visible: readonly Told[];
  readonly all: readonly Told[];
}

const always: Moment = { asOf: '9999-01-01T00:00:00.000Z', knownAt: '9999-01-01T00:00:00.000Z' };

export function storiesOf(log: readonly RecordedEvent[], moment: Moment): Story[] {
  const all = visibleAt(log, always);
  const visible = visibleAt(log, moment);
  const of = (events: readonly Told[], id: string) => events.filter(({ incidentId }) => incidentId === id);
  return [...new Set(visible.map(({ incidentId }) => incidentId))].map((incidentId) => ({
    ...{ incidentId, visible: of(visible, incidentId), all: of(all, incidentId) },
  }));
}

export const ofType = <Type extends Told['type']>(
  events: readonly Told[],
  ...types: Type[]
): ToldOf<Type>[] =>
  events.filter((event): event is ToldOf<Type> => (types as string[]).includes(event.type));

interface Context {
  category: string;
  severity: string;
  anonymous: boolean;
  place: Place;
  /** Of the last whistle, in reverse too. */
  lead: { taskId: string; departmentId: string } | null;
  /** The same without what departments have whistled for in reverse. */
  head: { taskId: string; departmentId: string } | null;
}

/** Every metric, key and moment asks for all of them anew; what came after an event changes nothing about what was before. */
const knownContexts = new WeakMap<Told, Context>();

/** What the incident was like when an event had come. */
export function contextAt(story: Story, at: Told): Context {
  const context = knownContexts.get(at) ?? contextThen(story, at);
  knownContexts.set(at, context);
  return context;
}

function contextThen(story: Story, at: Told): Context {
  const { all, incidentId } = story;
  const reversed = ofType(all, 'WhistleBlown').filter(({ data }) => data.reverse);
  const reverseIds = reversed.map(({ data }) => data.whistleId);
  const whistles = whistlesOfTasks(story);
  const heads = (taskId: string): boolean => !reverseIds.includes(whistles.get(taskId) ?? '');
  let context: Context | null = null;
  for (const event of all) {
    if (event.revision > at.revision) break;
    if (event.type === 'IncidentReported') {
      const { category, severity, anonymous, place } = event.data;
      context = { category, severity, anonymous, place, lead: null, head: null };
    }
    if (context === null) continue;
    if (event.type === 'IncidentLocated') context.place = event.data.place;
  }
  if (context === null) throw new Error(`${incidentId} was not reported`);
  return { ...context, lead: leadAt(all, at, () => true), head: leadAt(all, at, heads) };
}

/** Who leads as an event comes: the last task that was given the lead, of those that may. */
function leadAt(all: Story['all'], at: Told, heads: (taskId: string) => boolean): Context['lead'] {
  let head: Context['lead'] = null;
  for (const event of all) {
    if (event.revision > at.revision) break;
    if (event.type === 'IncidentReopened' || event.type === 'SelfHandlingStarted') head = null;
    else if (event.type === 'LeadChanged') {
      const { toTaskId: taskId, toDepartmentId: departmentId } = event.data;
      if (heads(taskId)) head = { taskId, departmentId };
    } else if (event.type === 'TaskTransferred' && head?.taskId === event.data.taskId)
      head = { taskId: head.taskId, departmentId: event.data.toDepartmentId };
    else for (const task of summonedBy(event)) if (task.role === 'LEAD' && heads(task.taskId)) head = task;
  }
  return head;
}

/** The tasks that an event gives to departments. */
export function summonedBy(event: Told): readonly TaskAssignment[] {
  switch (event.type) {
    case 'WhistleBlown':
      return event.data.tasks;
    case 'DepartmentAdded':
      return [event.data.task];
    case 'LeadChanged':
    case 'ReturnAccepted':
    case 'ResponsibilityDecided':
      return event.data.newTask === null ? [] : [event.data.newTask];
    default:
      return [];
  }
}

/** Which whistle each task belongs to. */
export function whistlesOfTasks({ all }: Story): Map<string, string> {
  const whistles = new Map<string, string>();
  for (const event of all)
    for (const { taskId } of summonedBy(event)) {
      if ('whistleId' in event.data) whistles.set(taskId, event.data.whistleId);
      else if ('taskId' in event.data) whistles.set(taskId, whistles.get(event.data.taskId ?? '') ?? '');
    }
  return whistles;
}

/** Where it lies as far as is known, whatever was thought when it was filed. */
export function knownPlace(story: Story, since: Told): Place {
  return ofType(story.visible, 'IncidentLocated').at(-1)?.data.place ?? contextAt(story, since).place;
}

/**
 * Where a cycle lay as of an instant: as that was found or corrected in the cycle, whenever; what went to other units with its area,
 * counts until then only.
 */
export function placeInCycle(story: Story, filed: ToldOf<'IncidentFiled'>, at: string): Place {
  const next = ofType(story.all, 'IncidentReopened').find(({ data }) => data.cycle === filed.data.cycle + 1);
  const inCycle = ofType(story.visible, 'IncidentLocated').filter(
    ({ revision }) => revision > filed.revision && revision < (next?.revision ?? Infinity),
  );
  const heeded = inCycle.filter(
    ({ data, occurredAt }) => data.method !== 'AREA_TRANSFER' || ms(occurredAt) <= ms(at),
  );
  return heeded.at(-1)?.data.place ?? contextAt(story, filed).place;
}

const standings = [
  ...(['IncidentRejected', 'IncidentWithdrawn', 'IncidentVoided', 'IncidentMerged'] as const),
  ...(['IncidentSuspended', 'IncidentResumed', 'IncidentUnmerged', 'IncidentReopened'] as const),
] as const;

/** What stopped it, and what let it go on; a hazard goes on without its reporter. */
const standingEvents = ({ visible }: Story) =>
  ofType(visible, ...standings).filter((event) => event.type !== 'IncidentWithdrawn' || !event.data.goesOn);

export function standingOf(story: Story): { standing: string; event: Told | null } {
  const event = standingEvents(story).at(-1) ?? null;
  switch (event?.type) {
    case 'IncidentRejected':
    case 'IncidentWithdrawn':
    case 'IncidentVoided':
    case 'IncidentMerged':
    case 'IncidentSuspended':
      return { standing: event.type.replace('Incident', '').toUpperCase(), event };
    default:
      return { standing: 'ON', event };
  }
}

/** Why it is not in the base set E of domain.md §4; null when it is. */
export function outOfBase(story: Story): string | null {
  const { standing } = standingOf(story);
  return standing === 'ON' || standing === 'SUSPENDED' ? null : standing;
}

const ms = (instant: string): number => Date.parse(instant);

/** Time it stood suspended, as far as that has ended. Milliseconds. */
export function pausedMs(story: Story): number {
  const events = standingEvents(story);
  return events.reduce((sum, event, place) => {
    const next = events[place + 1];
    const pauses = event.type === 'IncidentSuspended' && next !== undefined;
    return pauses ? sum + ms(next.occurredAt) - ms(event.occurredAt) : sum;
  }, 0);
}

export const isCalledOff = ({ visible }: Story, whistleId: string, before = Infinity): boolean =>
  ofType(visible, 'WhistleCancelled').some(
    (event) => event.data.whistleId === whistleId && event.revision < before,
  );

/** What reopened a cycle that was closed. */
export const reopeningOf = ({ visible }: Story, cycle: number) =>
  ofType(visible, 'IncidentReopened').find((event) => event.data.cycle === cycle + 1);

/** When a time that runs from a filing is over, and the event that moved it last. */
export function clockOf(
  story: Story,
  filed: ToldOf<'IncidentFiled'>,
  timer: 'INCIDENT_TOTAL' | 'CONTACT',
): { deadlineId: string; due: string; movedBy: Told | null } | null {
  const clock = filed.data.deadlines.find((deadline) => deadline.timer === timer);
  if (clock === undefined) return null;
  const { deadlineId } = clock;
  let [due, movedBy]: [string, Told | null] = [clock.dueAt, null];
  for (const event of ofType(story.visible, 'IncidentResumed', 'IncidentUnmerged', 'DeadlinesRescheduled')) {
    const moves: readonly { deadlineId: string; dueAt: string }[] = event.data.moves;
    const move = moves.find((candidate) => candidate.deadlineId === deadlineId);
    if (move !== undefined) [due, movedBy] = [move.dueAt, event];
  }
  return { deadlineId, due, movedBy };
}

/** Whose a task was before an event. */
export function holderBefore({ visible }: Story, taskId: string, { revision }: Told): string | undefined {
  let holder: string | undefined;
  for (const event of visible) {
    for (const task of summonedBy(event)) if (task.taskId === taskId) holder ??= task.departmentId;
    if (event.type === 'TaskTransferred' && event.data.taskId === taskId && event.revision < revision)
      holder = event.data.toDepartmentId;
  }
  return holder;
}
