import type { Lifecycle } from '@shaoying/incident-domain';
import type { DeadlineView, IncidentView, SupervisionView, TaskView, WhistleView } from './incident-view.js';
import { isWhistled } from './view-changes.js';

// How the deadlines of a view stand. Which clocks run is said by `incident.clocks.ts`; a property holds the two together.

type Timer = DeadlineView['timer'];

const runsIn: Readonly<Partial<Record<Timer, readonly Lifecycle[]>>> = {
  VERIFY: ['REPORTED'],
  DISPATCH: ['FILED'],
  INCIDENT_TOTAL: ['FILED', 'HANDLING'],
  // No task is open where it is filed only.
  CONTACT: ['FILED', 'HANDLING'],
  CHECK: ['CHECKING'],
  CALLBACK: ['FEEDBACK'],
  FEEDBACK_WINDOW: ['FEEDBACK'],
  SUSPENSION_REVIEW: ['SUSPENDED'],
  RATIFICATION: ['FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'],
  SUPERVISION_RESPONSE: ['REPORTED', 'VERIFYING', 'FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'],
};
const handled: readonly Lifecycle[] = ['HANDLING'];

/** RUNS: something is owed. HELD: it is not read until what was asked about it is decided. OVER: nothing waits for it. */
type Standing = 'RUNS' | 'HELD' | 'OVER';

const when = (runs: boolean): Standing => (runs ? 'RUNS' : 'OVER');

function ofIncident(view: IncidentView, { timer }: DeadlineView): Standing {
  switch (timer) {
    case 'DISPATCH':
      return when(view.dispatchedAt === null);
    case 'CALLBACK':
      return when(view.ratedAt === null);
    case 'CONTACT':
      return when(view.contactedAt === null && !isWhistled(view));
    default:
      return 'RUNS';
  }
}

const isOpen = ({ state }: TaskView): boolean =>
  state !== 'DONE' && state !== 'RETURNED' && state !== 'RELEASED';

/** Whether somebody is to decide about more time for it. */
const isAsked = ({ extensions }: IncidentView, { taskId }: TaskView): boolean =>
  extensions.some((extension) => extension.taskId === taskId && extension.outcome === 'OPEN');

function ofTask(view: IncidentView, task: TaskView, { timer, stage }: DeadlineView): Standing {
  const open = isOpen(task);
  const undecided = task.state === 'RETURN_REQUESTED' || task.state === 'IN_ARBITRATION';
  const unlessUndecided = (owed: boolean): Standing => (owed && undecided ? 'HELD' : when(owed));
  switch (timer) {
    case 'ACKNOWLEDGE':
    case 'RETURN_WINDOW':
      return when(task.state === 'NOTIFIED');
    case 'CONTACT':
      return unlessUndecided(open && task.contactedAt === null);
    case 'CHECK_IN':
      return unlessUndecided(open && task.checkedInAt === null);
    case 'HANDLING': {
      const toDo = stage === null || !task.stagesDone.some((done) => done.stage === stage);
      const owed = open && task.acceptedAt === null && toDo;
      const asked = isAsked(view, task);
      return owed && asked ? 'HELD' : unlessUndecided(owed);
    }
    case 'REWORK':
      return when(open && task.reworking);
    case 'RETURN_DECISION':
      return when(task.state === 'RETURN_REQUESTED');
    case 'ARBITRATION':
      return when(task.state === 'IN_ARBITRATION');
    case 'EXTENSION_DECISION':
      return when(open && isAsked(view, task));
    default:
      return 'OVER';
  }
}

const ofWhistle = ({ approval, state }: WhistleView): Standing =>
  when(approval === 'TO_BE_RATIFIED' && state !== 'CANCELLED');

const ofOrder = ({ liftedAt, respondedAt }: SupervisionView): Standing =>
  when(liftedAt === null && respondedAt === null);

/** Each deadline with what it is to its owner, the incident's own state aside. */
function* owned(view: IncidentView): Generator<readonly [DeadlineView, Standing]> {
  for (const deadline of view.deadlines) yield [deadline, ofIncident(view, deadline)];
  for (const task of view.tasks)
    for (const deadline of task.deadlines) yield [deadline, ofTask(view, task, deadline)];
  for (const whistle of view.whistles)
    for (const deadline of whistle.deadlines) yield [deadline, ofWhistle(whistle)];
  for (const order of view.supervisions)
    for (const deadline of order.deadlines) yield [deadline, ofOrder(order)];
}

const runsAt = ({ timer }: DeadlineView, state: Lifecycle): boolean =>
  (runsIn[timer] ?? handled).includes(state);

/** Deadlines that something is owed by, breached ones included, soonest first. */
export function pendingDeadlines(view: IncidentView): DeadlineView[] {
  const pending: DeadlineView[] = [];
  for (const [deadline, standing] of owned(view))
    if (standing === 'RUNS' && runsAt(deadline, view.state)) pending.push(deadline);
  return pending.sort((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt));
}

/** The end of a window is nobody's delay: something happens by itself then. */
const isWindow = ({ timer }: DeadlineView): boolean =>
  timer === 'RETURN_WINDOW' || timer === 'FEEDBACK_WINDOW';

/** Whether anything is owed past its due time at `now`. */
export function isOverdue(view: IncidentView, now: string): boolean {
  return pendingDeadlines(view).some(
    (deadline) => !isWindow(deadline) && Date.parse(deadline.dueAt) < Date.parse(now),
  );
}

export type TrafficLight = 'GREEN' | 'YELLOW' | 'RED';

/** 红黄灯 at `now`: yellow past the warning, red past the due time, of whatever is owed (domain.md §2). */
export function trafficLightOf(view: IncidentView, now: string): TrafficLight {
  let light: TrafficLight = 'GREEN';
  for (const deadline of pendingDeadlines(view)) {
    if (isWindow(deadline)) continue;
    if (deadline.status === 'BREACHED' || Date.parse(deadline.dueAt) < Date.parse(now)) return 'RED';
    if (Date.parse(deadline.warnAt) < Date.parse(now)) light = 'YELLOW';
  }
  return light;
}

function statusOf(view: IncidentView, deadline: DeadlineView, standing: Standing): DeadlineView['status'] {
  if (deadline.status === 'MET' || deadline.status === 'BREACHED') return deadline.status;
  if (standing === 'OVER') return 'ENDED';
  if (runsAt(deadline, view.state)) return standing === 'HELD' ? 'PAUSED' : 'OPEN';
  return view.before !== null && runsAt(deadline, view.before) ? 'PAUSED' : 'ENDED';
}

/** The view with the status of every deadline that is neither met nor breached as its state has it. */
export function withStatuses(view: IncidentView): IncidentView {
  const changed = new Map<DeadlineView, DeadlineView['status']>();
  for (const [deadline, standing] of owned(view)) {
    const status = statusOf(view, deadline, standing);
    if (status !== deadline.status) changed.set(deadline, status);
  }
  if (changed.size === 0) return view;
  const inside = <Owner extends { readonly deadlines: readonly DeadlineView[] }>(owner: Owner): Owner =>
    owner.deadlines.some((deadline) => changed.has(deadline))
      ? {
          ...owner,
          deadlines: owner.deadlines.map((deadline) => {
            const status = changed.get(deadline);
            return status === undefined ? deadline : { ...deadline, status };
          }),
        }
      : owner;
  return {
    ...inside(view),
    tasks: view.tasks.map(inside),
    whistles: view.whistles.map(inside),
    supervisions: view.supervisions.map(inside),
  };
}
