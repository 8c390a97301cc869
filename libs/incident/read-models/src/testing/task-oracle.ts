import type { RecordedEvent } from '@shaoying/event-store';
import { decodeIncidentEvent, incidentIdOf, type RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { DeadlineMove, IncidentTimer, LostTime, TaskAssignment } from '@shaoying/incident-domain';
import type { DispatchCatalogue } from '@shaoying/jurisdiction-contracts';
import type { StreetWorkload, Workload, WorkloadFigures } from '../department-tasks/workload.js';
import type { Moment } from '../sql-reader.js';

// Queue and workload a second time, straight from the event list; see metric-oracle.ts.

interface OracleDeadline {
  readonly deadlineId: string;
  readonly timer: IncidentTimer;
  readonly stage: string | null;
  /** A stage that is done. */
  done?: boolean;
  dueAt: string;
}

type State =
  | 'NOTIFIED'
  | 'ACKNOWLEDGED'
  | 'CHECKED_IN'
  | 'WORKING'
  | 'RETURN_REQUESTED'
  | 'IN_ARBITRATION'
  | 'DONE'
  | 'RETURNED'
  | 'RELEASED';

export interface OracleTask {
  readonly taskId: string;
  readonly incidentId: string;
  readonly whistleId: string;
  readonly notifiedAt: string;
  readonly notifiedBy: string;
  departmentId: string;
  /** Everybody who has or had it, first ones first. */
  holders: readonly { readonly departmentId: string; readonly since: string }[];
  role: string;
  state: State;
  deadlines: OracleDeadline[];
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  contactedAt: string | null;
  contactedBy: string | null;
  checkedInAt: string | null;
  checkedInBy: string | null;
  completedAt: string | null;
  /** The first completion that a check has passed, where it was sent back after that. */
  acceptedAt: string | null;
  acceptedBy: string | null;
  completedBy: string | null;
  endedAt: string | null;
  counted: boolean;
  /** Of its category, by the catalogue its incident is filed under. */
  weight: number;
  extending: boolean;
  setAside: 'SUSPENDED' | 'MERGED' | 'WITHDRAWN' | null;
  setAsideAt: string | null;
}

const ms = (instant: string): number => Date.parse(instant);

type Decoded = RecordedIncidentEvent & { readonly incidentId: string };

/** Every metric, key and moment asks for all of them anew. */
const decodedBefore = new WeakMap<RecordedEvent, Decoded>();

function decoded(recorded: RecordedEvent, incidentId: string): Decoded {
  const event = decodedBefore.get(recorded) ?? { ...decodeIncidentEvent(recorded), incidentId };
  decodedBefore.set(recorded, event);
  return event;
}

/** The events that were so at a moment, as far as the log knew. */
export function visibleAt(log: readonly RecordedEvent[], { asOf, knownAt }: Moment): Decoded[] {
  return log
    .flatMap((recorded) => {
      const incidentId = incidentIdOf(recorded.streamId);
      return incidentId === null ? [] : [decoded(recorded, incidentId)];
    })
    .filter((event) => ms(event.occurredAt) <= ms(asOf) && ms(event.recordedAt) <= ms(knownAt));
}

/** Every task there was at a moment, as it stood then. */
export function tasksAtMoment(log: readonly RecordedEvent[], moment: Moment): OracleTask[] {
  const tasks = new Map<string, OracleTask>();
  const weighed = weightsIn(log);
  const weights = new Map<string, number>();
  for (const event of visibleAt(log, moment)) {
    const weight = weighed(event);
    if (weight !== null) {
      weights.set(event.incidentId, weight);
      for (const task of tasks.values()) if (task.incidentId === event.incidentId) task.weight = weight;
    }
    begin(tasks, event, weights.get(event.incidentId) ?? 1);
    const { data } = event;
    const one = 'taskId' in data && data.taskId !== null ? tasks.get(data.taskId) : undefined;
    if (one !== undefined) changeOne(one, event);
    changeSeveral(tasks, event);
  }
  return [...tasks.values()];
}

type Told = ReturnType<typeof visibleAt>[number];

/** What an incident's tasks weigh from an event on; null where it says nothing about that. */
function weightsIn(log: readonly RecordedEvent[]): (event: Told) => number | null {
  const catalogues = log
    .filter(({ type }) => type === 'DispatchCataloguePublished')
    .map(({ data }) => (data as { catalogue: DispatchCatalogue }).catalogue);
  const categories = new Map(
    log
      .filter(({ type }) => type === 'IncidentReported')
      .map(({ streamId, data }) => [incidentIdOf(streamId), (data as { category: string }).category]),
  );
  return ({ type, data, incidentId }) => {
    if ((type !== 'IncidentFiled' && type !== 'DeadlinesRescheduled') || data.pins === null) return null;
    const { catalogueId, catalogueVersion } = data.pins;
    const pinned = catalogues.find(
      (catalogue) => catalogue.catalogueId === catalogueId && catalogue.version === catalogueVersion,
    );
    return pinned?.categories.find(({ code }) => code === categories.get(incidentId))?.weight ?? 1;
  };
}

function begin(tasks: Map<string, OracleTask>, event: Told, weight: number): void {
  const add = (task: TaskAssignment, whistleId: string): void => {
    tasks.set(task.taskId, {
      ...{ taskId: task.taskId, incidentId: event.incidentId, whistleId, notifiedAt: event.occurredAt },
      ...{ notifiedBy: event.eventId, departmentId: task.departmentId, role: task.role, state: 'NOTIFIED' },
      holders: [{ departmentId: task.departmentId, since: event.occurredAt }],
      deadlines: task.deadlines.map(({ deadlineId, timer, stage, dueAt }) => ({
        ...{ deadlineId, timer, stage, dueAt },
      })),
      ...{
        acknowledgedAt: null,
        acknowledgedBy: null,
        contactedAt: null,
        contactedBy: null,
        checkedInAt: null,
      },
      ...{
        checkedInBy: null,
        completedAt: null,
        completedBy: null,
        acceptedAt: null,
        acceptedBy: null,
        endedAt: null,
        counted: false,
      },
      ...{ extending: false, setAside: null, setAsideAt: null, weight },
    });
  };
  switch (event.type) {
    case 'WhistleBlown':
      for (const task of event.data.tasks) add(task, event.data.whistleId);
      break;
    case 'DepartmentAdded':
      add(event.data.task, event.data.whistleId);
      break;
    case 'LeadChanged':
      if (event.data.newTask !== null) add(event.data.newTask, event.data.whistleId);
      break;
    case 'ReturnAccepted':
    case 'ResponsibilityDecided':
      if (event.data.newTask !== null) add(event.data.newTask, tasks.get(event.data.taskId)?.whistleId ?? '');
      break;
    default:
      break;
  }
}

function changeOne(task: OracleTask, event: Told): void {
  const { occurredAt: at, eventId } = event;
  switch (event.type) {
    case 'TaskAcknowledged':
      Object.assign(task, { acknowledgedAt: at, acknowledgedBy: eventId });
      // Told after a decision that is still to come at the moment asked for, it decides nothing.
      if (!isUndecided(task)) task.state = 'ACKNOWLEDGED';
      break;
    case 'ReporterContacted':
      if (event.data.reached) Object.assign(task, { contactedAt: at, contactedBy: eventId });
      break;
    case 'DepartmentCheckedIn':
      Object.assign(task, { checkedInAt: at, checkedInBy: eventId });
      if (!isUndecided(task)) task.state = 'CHECKED_IN';
      break;
    case 'ProgressReported':
    case 'TaskStageCompleted':
      task.state = 'WORKING';
      if (event.type === 'TaskStageCompleted')
        for (const deadline of task.deadlines) if (deadline.stage === event.data.stage) deadline.done = true;
      break;
    case 'TaskCompleted':
      Object.assign(task, { state: 'DONE', completedAt: at, completedBy: eventId, extending: false });
      break;
    case 'ReturnRequested':
      if (task.acknowledgedAt === null) Object.assign(task, { acknowledgedAt: at, acknowledgedBy: eventId });
      task.state = 'RETURN_REQUESTED';
      break;
    case 'ReturnRejected':
      task.state = 'ACKNOWLEDGED';
      break;
    case 'ReturnAccepted':
      Object.assign(task, { state: 'RETURNED', endedAt: at });
      break;
    case 'ArbitrationOpened':
      if (task.acknowledgedAt === null)
        task.deadlines = task.deadlines.filter(
          ({ timer, dueAt }) => timer !== 'ACKNOWLEDGE' || ms(dueAt) < ms(at),
        );
      task.state = 'IN_ARBITRATION';
      break;
    case 'ResponsibilityDecided':
      if (event.data.responsibleUnitId !== task.departmentId)
        Object.assign(task, { state: 'RETURNED', endedAt: at });
      else task.state = task.checkedInAt === null ? 'ACKNOWLEDGED' : 'CHECKED_IN';
      break;
    case 'TaskReleased':
      Object.assign(task, { state: 'RELEASED', endedAt: at, counted: event.data.counted });
      break;
    case 'TaskTransferred':
      task.departmentId = event.data.toDepartmentId;
      task.holders = [...task.holders, { departmentId: event.data.toDepartmentId, since: at }];
      break;
    case 'ExtensionRequested':
      task.extending = true;
      break;
    case 'ExtensionGranted':
      task.extending = false;
      move([task], event.data.moves);
      break;
    case 'ExtensionRefused':
      task.extending = false;
      break;
    default:
      break;
  }
}

function changeSeveral(tasks: Map<string, OracleTask>, event: Told): void {
  const { occurredAt: at } = event;
  const all = [...tasks.values()].filter((task) => task.incidentId === event.incidentId);
  switch (event.type) {
    case 'CheckFailed':
    case 'FeedbackRecorded':
      for (const taskId of event.data.taskIds) {
        const task = tasks.get(taskId);
        if (task === undefined) continue;
        if (event.type === 'FeedbackRecorded' && task.acceptedAt === null)
          Object.assign(task, { acceptedAt: task.completedAt, acceptedBy: task.completedBy });
        Object.assign(task, { state: 'CHECKED_IN', completedAt: null, completedBy: null });
        const own = event.data.reworks.filter((rework) => rework.taskId === taskId);
        task.deadlines = [
          ...task.deadlines.filter(({ timer }) => timer !== 'REWORK'),
          ...own.map(({ deadline: { deadlineId, timer, stage, dueAt } }) => ({
            ...{ deadlineId, timer, stage, dueAt },
          })),
        ];
      }
      break;
    case 'WhistleCancelled':
    case 'IncidentWithdrawn':
      for (const taskId of event.data.taskIds)
        Object.assign(tasks.get(taskId) ?? {}, { state: 'RELEASED', endedAt: at });
      if (event.type === 'IncidentWithdrawn' && !event.data.goesOn)
        for (const task of all) task.setAside = 'WITHDRAWN';
      break;
    case 'IncidentVoided':
      for (const task of all) {
        if (!isOver(task)) Object.assign(task, { state: 'RELEASED', endedAt: at });
        task.setAside = 'WITHDRAWN';
      }
      break;
    case 'LeadChanged': {
      const { fromTaskId, toTaskId, formerLead } = event.data;
      const former = tasks.get(fromTaskId);
      const next = tasks.get(toTaskId);
      if (former !== undefined) {
        former.role = 'ASSIST';
        const over = ['DONE', 'RETURNED', 'RELEASED'].includes(former.state);
        if (formerLead === 'RELEASED' && !over) Object.assign(former, { state: 'RELEASED', endedAt: at });
      }
      if (next !== undefined) next.role = 'LEAD';
      break;
    }
    case 'IncidentSuspended':
    case 'IncidentMerged':
      for (const task of all) {
        task.setAside = event.type === 'IncidentMerged' ? 'MERGED' : 'SUSPENDED';
        task.setAsideAt = at;
      }
      break;
    case 'IncidentReopened':
      for (const task of all) task.setAside = null;
      break;
    case 'DeadlinesRescheduled':
      move(all, event.data.moves);
      break;
    case 'IncidentResumed':
    case 'IncidentUnmerged':
      for (const task of all) task.setAside = null;
      move(all, event.data.moves);
      break;
    default:
      break;
  }
}

function move(tasks: readonly OracleTask[], moves: readonly DeadlineMove[]): void {
  for (const deadline of tasks.flatMap((task) => task.deadlines)) {
    const to = moves.find(({ deadlineId }) => deadlineId === deadline.deadlineId);
    if (to !== undefined) deadline.dueAt = to.dueAt;
  }
}

export const isOver = ({ state }: OracleTask): boolean => ['DONE', 'RETURNED', 'RELEASED'].includes(state);
const isOpen = (task: OracleTask): boolean => !isOver(task) && task.setAside === null;
export const isUndecided = ({ state }: OracleTask): boolean =>
  state === 'RETURN_REQUESTED' || state === 'IN_ARBITRATION';

/** Soonest deadline of the department's that nothing had met. */
function unmetDue(task: OracleTask): string | null {
  if (!isOpen(task)) return null;
  const runs = ({ timer, done }: OracleDeadline): boolean => {
    switch (timer) {
      case 'ACKNOWLEDGE':
        return task.state === 'NOTIFIED';
      case 'CONTACT':
        return task.contactedAt === null && !isUndecided(task);
      case 'CHECK_IN':
        return task.checkedInAt === null && !isUndecided(task);
      case 'HANDLING':
        return done !== true && task.acceptedAt === null && !task.extending && !isUndecided(task);
      case 'REWORK':
        return true;
      default:
        return false;
    }
  };
  const unmet = task.deadlines.filter(runs).map(({ dueAt }) => dueAt);
  return unmet.sort()[0] ?? null;
}

/** Who had it at an instant: from the transfer on, the successor. */
export const holderAt = ({ holders }: OracleTask, instant: string): string =>
  (holders.findLast(({ since }) => ms(since) <= ms(instant)) ?? holders[0]!).departmentId;

/** The earlier of two instants, of which the first may not have come. */
export const sooner = (act: string | null, due: string): string =>
  act !== null && ms(act) < ms(due) ? act : due;

interface QueuedTask extends OracleTask {
  readonly unmetDue: string | null;
  readonly overdue: boolean;
}

function inQueue(task: OracleTask, { asOf }: Moment): QueuedTask {
  const due = unmetDue(task);
  return { ...task, unmetDue: due, overdue: due !== null && ms(due) < ms(asOf) };
}

/** Every task of a department at a moment, oldest first. */
export function tasksOf(log: readonly RecordedEvent[], departmentId: string, moment: Moment): QueuedTask[] {
  return tasksAtMoment(log, moment)
    .filter((task) => task.departmentId === departmentId)
    .map((task) => inQueue(task, moment))
    .sort((a, b) => ms(a.notifiedAt) - ms(b.notifiedAt) || (a.taskId < b.taskId ? -1 : 1));
}

/** The open ones among them. */
export const queueOf = (log: readonly RecordedEvent[], departmentId: string, moment: Moment): QueuedTask[] =>
  tasksOf(log, departmentId, moment).filter(isOpen);

/** Time booked by the events of a window. */
export function lostIn(log: readonly RecordedEvent[], moment: Moment, from: string): LostTime[] {
  return visibleAt(log, moment)
    .filter((event) => ms(event.occurredAt) >= ms(from))
    .flatMap((event) => ('lostTime' in event.data ? event.data.lostTime : []));
}

export interface Booked {
  readonly taskId: string;
  readonly departmentId: string;
  readonly workedMinutes: number;
}

/** What was booked as worked, and taken back, in a window. */
export function workIn(log: readonly RecordedEvent[], moment: Moment, from: string): Booked[] {
  return visibleAt(log, moment).flatMap((event) =>
    event.type === 'WorkBooked' && ms(event.occurredAt) >= ms(from) ? [event.data] : [],
  );
}

type Act = 'ACKNOWLEDGE' | 'CHECK_IN' | 'HANDLING';

/** @param asOnce only a signature acknowledges, as it was by the first formula */
function doneAt(task: OracleTask, act: Act, asOnce = false): string | null {
  const { acknowledgedAt, checkedInAt } = task;
  if (act === 'CHECK_IN') return checkedInAt;
  if (act === 'HANDLING') return task.acceptedAt ?? task.completedAt;
  if (asOnce || checkedInAt === null) return acknowledgedAt;
  return acknowledgedAt === null ? checkedInAt : sooner(checkedInAt, acknowledgedAt);
}

/** What was met of what is decided. @param asOnce by the first formula: whatever was set aside hides what is not done */
function onTimeOf(
  tasks: readonly OracleTask[],
  act: Act,
  departmentIds: readonly string[],
  asOf: string,
  asOnce = false,
) {
  const decided = tasks.flatMap((task) => {
    const due = task.deadlines.findLast((deadline) => deadline.timer === act)?.dueAt;
    if (due === undefined || (task.endedAt !== null && !task.counted)) return [];
    const done = doneAt(task, act, asOnce);
    if (!departmentIds.includes(holderAt(task, sooner(done, due)))) return [];
    if (done !== null) return [ms(done) <= ms(due)];
    const waits = (act !== 'ACKNOWLEDGE' && isUndecided(task)) || (act === 'HANDLING' && task.extending);
    const wasMissed = isOver(task) || ms(due) < ms(task.setAsideAt ?? '');
    const standsStill = task.setAside !== null && (asOnce || !wasMissed);
    return ms(due) < ms(asOf) && !waits && !standsStill ? [false] : [];
  });
  return { met: decided.filter(Boolean).length, decided: decided.length };
}

/** Rates of a department as they were told by their first formula. */
export function ratesAsOnce(
  log: readonly RecordedEvent[],
  departmentId: string,
  moment: Moment,
  from: string,
): Record<Act, { met: number; decided: number }> {
  const notified = tasksAtMoment(log, moment).filter(({ notifiedAt }) => ms(notifiedAt) >= ms(from));
  const of = (act: Act) => onTimeOf(notified, act, [departmentId], moment.asOf, true);
  return { ACKNOWLEDGE: of('ACKNOWLEDGE'), CHECK_IN: of('CHECK_IN'), HANDLING: of('HANDLING') };
}

/** Minutes from the whistle to an act of theirs, in order. */
const minutesTo = (tasks: readonly OracleTask[], act: Act, departmentIds: readonly string[]): number[] =>
  tasks
    .flatMap((task) => {
      const done = doneAt(task, act);
      if (done === null || !departmentIds.includes(holderAt(task, done))) return [];
      return [(ms(done) - ms(task.notifiedAt)) / 60_000];
    })
    .sort((a, b) => a - b);

/** What {@link Workload} says of itself. */
export function workloadOf(
  log: readonly RecordedEvent[],
  departmentId: string,
  moment: Moment,
  from: string,
): Workload {
  const lost = lostIn(log, moment, from).filter(({ unitId }) => unitId === departmentId);
  const work = workIn(log, moment, from).filter((booked) => booked.departmentId === departmentId);
  return { departmentId, ...figuresOf(tasksAtMoment(log, moment), [departmentId], moment, from, lost, work) };
}

/** The same of several departments' tasks in one street. */
export function streetWorkloadOf(
  log: readonly RecordedEvent[],
  streetId: string | null,
  departmentIds: readonly string[],
  moment: Moment,
  from: string,
): StreetWorkload {
  const tasks = tasksAtMoment(log, moment).filter((task) => streetOf(log, task, moment) === streetId);
  const ids = tasks.map(({ taskId }) => taskId);
  const lost = lostIn(log, moment, from).filter(
    ({ unitId, taskId }) => unitId !== null && departmentIds.includes(unitId) && ids.includes(taskId),
  );
  const work = workIn(log, moment, from).filter(
    (booked) => departmentIds.includes(booked.departmentId) && ids.includes(booked.taskId),
  );
  return { streetId, ...figuresOf(tasks, departmentIds, moment, from, lost, work) };
}

/** Where its incident is known to lie. */
export function streetOf(log: readonly RecordedEvent[], { incidentId }: OracleTask, moment: Moment) {
  const places = visibleAt(log, moment).flatMap((event) =>
    event.incidentId === incidentId && (event.type === 'IncidentReported' || event.type === 'IncidentLocated')
      ? [event.data.place]
      : [],
  );
  return places.at(-1)?.streetId ?? null;
}

function figuresOf(
  everyTask: readonly OracleTask[],
  departmentIds: readonly string[],
  moment: Moment,
  from: string,
  lost: readonly LostTime[],
  work: readonly Booked[],
): WorkloadFigures {
  const isTheirs = (departmentId: string | undefined): boolean =>
    departmentId !== undefined && departmentIds.includes(departmentId);
  const tasks = everyTask
    .filter(({ departmentId }) => isTheirs(departmentId))
    .map((task) => inQueue(task, moment));
  const open = tasks.filter(isOpen);
  const inState = (state: State): number => open.filter((task) => task.state === state).length;
  const since = (instant: string | null): boolean => instant !== null && ms(instant) >= ms(from);
  const dayLater = ms(moment.asOf) + 24 * 3_600_000;
  const notified = everyTask.filter((task) => since(task.notifiedAt));
  // One came to it for each time it was its own, one went for each time it was its successor's next.
  const came = everyTask.flatMap(({ holders }) =>
    holders.filter((holder) => isTheirs(holder.departmentId) && since(holder.since)),
  );
  const went = everyTask.flatMap(({ holders }) =>
    holders.filter((next, place) => isTheirs(holders[place - 1]?.departmentId) && since(next.since)),
  );
  const ended = (state: State): number =>
    tasks.filter((task) => task.state === state && since(task.endedAt)).length;
  const onTime = (act: Act) => onTimeOf(notified, act, departmentIds, moment.asOf);
  const rate = (act: Act): number | null => {
    const { met, decided } = onTime(act);
    return decided === 0 ? null : met / decided;
  };
  const [checkIns, handlings] = (['CHECK_IN', 'HANDLING'] as const).map((act) =>
    minutesTo(notified, act, departmentIds),
  ) as [number[], number[]];
  return {
    ...{ ...moment, from, open: open.length },
    byState: {
      ...{ NOTIFIED: inState('NOTIFIED'), ACKNOWLEDGED: inState('ACKNOWLEDGED') },
      ...{ CHECKED_IN: inState('CHECKED_IN'), WORKING: inState('WORKING') },
      ...{ RETURN_REQUESTED: inState('RETURN_REQUESTED'), IN_ARBITRATION: inState('IN_ARBITRATION') },
    },
    overdue: open.filter((task) => task.overdue).length,
    dueWithin24h: open.filter(
      (task) => !task.overdue && task.unmetDue !== null && ms(task.unmetDue) < dayLater,
    ).length,
    inflow: came.length,
    outflow: tasks.filter((task) => since(task.completedAt)).length + went.length,
    ...{ returned: ended('RETURNED'), released: ended('RELEASED') },
    lostMs: lost.reduce((sum, { from: start, to }) => sum + ms(to) - ms(start), 0),
    workedMinutes: work.reduce((sum, { workedMinutes }) => sum + workedMinutes, 0),
    weighted: inThousandths(
      open.reduce((sum, task) => sum + (task.role === 'LEAD' ? 1 : 0.5) * task.weight, 0),
    ),
    ...{ acknowledgeOnTimeRate: rate('ACKNOWLEDGE'), checkInOnTimeRate: rate('CHECK_IN') },
    ...{ handlingOnTimeRate: rate('HANDLING'), handlingOnTime: onTime('HANDLING') },
    ...{ acknowledgeOnTime: onTime('ACKNOWLEDGE'), checkInOnTime: onTime('CHECK_IN') },
    ...{ medianCheckInMinutes: percentile(checkIns, 0.5), p90CheckInMinutes: percentile(checkIns, 0.9) },
    medianHandlingMinutes: percentile(handlings, 0.5),
    p90HandlingMinutes: percentile(handlings, 0.9),
  };
}

/** What a sum of halves of hundredths is, whatever was lost in adding it up. */
export const inThousandths = (sum: number): number => Math.round(sum * 1_000) / 1_000;

/** Linear between the two nearest values. */
function percentile(sorted: readonly number[], fraction: number): number | null {
  if (sorted.length === 0) return null;
  const place = fraction * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  // As PostgreSQL rounds: the last bit must not decide a test.
  return expect.closeTo(low + (high - low) * (place - Math.floor(place)), 6) as number;
}
