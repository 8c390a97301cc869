import type {
  Deadline,
  Location,
  Pins,
  ResponsibilityLevel,
  Satisfaction,
  Severity,
  Solved,
  SupervisionLevel,
  TaskRole,
  WhistleKind,
  Lifecycle,
  TaskState,
} from '@shaoying/incident-domain';
import { stateAfter, type ViewEvent, type ViewEventOf } from './view-events.js';

export interface DeadlineView {
  readonly deadlineId: string;
  readonly timer: Deadline['timer'];
  readonly startedAt: string;
  readonly warnAt: string;
  readonly dueAt: string;
  readonly provisional: boolean;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
  /** MET and BREACHED are facts of the log; an OPEN one past its due time is overdue by the reader's clock. */
  readonly status: 'OPEN' | 'MET' | 'BREACHED';
  readonly metAt: string | null;
}

export interface TaskView {
  readonly taskId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  readonly state: TaskState;
  readonly notifiedAt: string;
  readonly acknowledgedAt: string | null;
  readonly acknowledgedLate: boolean | null;
  readonly checkedInAt: string | null;
  readonly checkedInLate: boolean | null;
  readonly checkInDisputed: boolean | null;
  readonly completedAt: string | null;
  readonly completedLate: boolean | null;
  readonly deadlines: readonly DeadlineView[];
}

export interface IncidentView {
  readonly id: string;
  readonly state: Lifecycle;
  readonly revision: number;
  readonly category: string;
  readonly severity: Severity;
  readonly description: string;
  readonly location: Location | null;
  readonly gridId: string | null;
  readonly estateId: string | null;
  readonly communityId: string | null;
  readonly streetId: string | null;
  readonly districtId: string | null;
  readonly channel: string;
  readonly anonymous: boolean;
  readonly imported: boolean;
  readonly externalId: string | null;
  readonly reportedAt: string;
  readonly filedAt: string | null;
  readonly closedAt: string | null;
  readonly mode: 'SELF' | 'WHISTLE' | null;
  readonly cycle: number;
  readonly rework: number;
  readonly resolutionLevel: ResponsibilityLevel | null;
  readonly pins: Pins | null;
  readonly deadlines: readonly DeadlineView[];
  readonly whistles: readonly {
    readonly whistleId: string;
    readonly kind: WhistleKind;
    readonly reason: string;
    readonly whistlingUnitId: string | null;
    readonly blownAt: string;
  }[];
  readonly tasks: readonly TaskView[];
  readonly supervisions: readonly {
    readonly supervisionId: string;
    readonly taskId: string | null;
    readonly departmentId: string | null;
    readonly deadlineId: string;
    /** When the missed deadline was due as the order was issued. */
    readonly dueAt: string | null;
    /** Place on the ladder, from 1. */
    readonly step: number;
    readonly level: SupervisionLevel;
    readonly issuedAt: string;
    readonly liftedAt: string | null;
  }[];
  readonly cycles: readonly {
    readonly cycle: number;
    readonly filedAt: string;
    readonly handlingCompletedAt: string | null;
    readonly closedAt: string | null;
    readonly resolutionLevel: ResponsibilityLevel | null;
  }[];
  readonly checks: readonly {
    readonly result: 'PASS' | 'FAIL';
    readonly at: string;
    readonly checkingUnitId: string | null;
    readonly note: string;
  }[];
  readonly feedback: readonly {
    readonly at: string;
    readonly solved: Solved;
    readonly satisfaction: Satisfaction;
    readonly comment: string | null;
    readonly source: 'CALLBACK' | 'REPORTER';
  }[];
}

function opened(deadline: Deadline): DeadlineView {
  const { firstStep: _, ...facts } = deadline;
  return { ...facts, status: 'OPEN', metAt: null };
}

/** Settles the deadlines of the given timers: met or breached by the instant that counts, never by who wrote first. */
function settle(deadlines: readonly DeadlineView[], timers: readonly string[], at: string): DeadlineView[] {
  return deadlines.map((deadline) => {
    if (!timers.includes(deadline.timer) || deadline.metAt !== null) return deadline;
    const late = Date.parse(at) > Date.parse(deadline.dueAt);
    return { ...deadline, status: late ? 'BREACHED' : 'MET', metAt: at };
  });
}

/** The work goes on: what had been handled is not, and its deadline runs as before (domain.md §6, 29). */
function unsettle(deadlines: readonly DeadlineView[], timer: string): DeadlineView[] {
  return deadlines.map((deadline) =>
    deadline.timer === timer
      ? { ...deadline, status: deadline.status === 'MET' ? 'OPEN' : deadline.status, metAt: null }
      : deadline,
  );
}

function breach(deadlines: readonly DeadlineView[], deadlineId: string): DeadlineView[] {
  return deadlines.map((deadline) =>
    deadline.deadlineId === deadlineId && deadline.status === 'OPEN'
      ? { ...deadline, status: 'BREACHED' }
      : deadline,
  );
}

function withTask(
  view: IncidentView,
  taskId: string,
  change: (task: TaskView) => Partial<TaskView>,
): IncidentView {
  return {
    ...view,
    tasks: view.tasks.map((task) => (task.taskId === taskId ? { ...task, ...change(task) } : task)),
  };
}

function sentBack(view: IncidentView, rework: number, taskIds: readonly string[]): IncidentView {
  return {
    ...view,
    rework,
    deadlines: unsettle(view.deadlines, 'INCIDENT_TOTAL'),
    tasks: view.tasks.map((task) =>
      taskIds.includes(task.taskId)
        ? {
            ...task,
            state: 'CHECKED_IN',
            completedAt: null,
            completedLate: null,
            deadlines: unsettle(task.deadlines, 'HANDLING'),
          }
        : task,
    ),
  };
}

/** Orders of version 1 did not say when the missed deadline was due; it was never moved while they were written. */
export function ordered<Order extends { dueAt: string | null; deadlineId: string }>(
  view: IncidentView,
  order: Order,
): Order {
  if (order.dueAt !== null) return order;
  const deadlines = [...view.deadlines, ...view.tasks.flatMap((task) => task.deadlines)];
  const missed = deadlines.find(({ deadlineId }) => deadlineId === order.deadlineId);
  return { ...order, dueAt: missed?.dueAt ?? null };
}

function withCycle(
  view: IncidentView,
  change: Partial<IncidentView['cycles'][number]>,
): IncidentView['cycles'] {
  return view.cycles.map((entry) => (entry.cycle === view.cycle ? { ...entry, ...change } : entry));
}

type Reported = ViewEventOf<'IncidentReported'>;

function newView(event: Reported): IncidentView {
  const { data } = event;
  const { category, severity, description, location, channel, anonymous, imported, externalId } = data;
  return {
    id: data.incidentId,
    state: 'REPORTED',
    revision: event.revision,
    ...{ category, severity, description, location, ...data.place, channel, anonymous, imported, externalId },
    reportedAt: event.occurredAt,
    ...{ filedAt: null, closedAt: null, mode: null, cycle: 1, rework: 0, resolutionLevel: null, pins: null },
    ...{ deadlines: [], whistles: [], tasks: [], supervisions: [], cycles: [], checks: [], feedback: [] },
  };
}

/** What everyone may see of an incident after one more event; null before it was reported. */
export function evolveView(view: IncidentView | null, event: ViewEvent): IncidentView | null {
  if (event.type === 'IncidentReported') return newView(event);
  if (view === null) return null;
  return { ...changed(view, event), state: stateAfter(event) ?? view.state, revision: event.revision };
}

function changed(view: IncidentView, event: Exclude<ViewEvent, Reported>): IncidentView {
  const at = event.occurredAt;
  switch (event.type) {
    case 'IncidentFiled': {
      const { cycle, pins, deadlines } = event.data;
      const entry = { cycle, filedAt: at, handlingCompletedAt: null, closedAt: null, resolutionLevel: null };
      const cycles = [...view.cycles, entry];
      return { ...view, filedAt: at, cycle, pins, deadlines: deadlines.map(opened), cycles };
    }
    case 'SelfHandlingStarted':
      return { ...view, mode: 'SELF' };
    case 'WhistleBlown':
      return whistled(view, event);
    case 'TaskAcknowledged':
      return withTask(view, event.data.taskId, (task) => ({
        state: 'ACKNOWLEDGED',
        acknowledgedAt: at,
        acknowledgedLate: event.data.late,
        deadlines: settle(task.deadlines, ['ACKNOWLEDGE'], at),
      }));
    case 'DepartmentCheckedIn':
      return withTask(view, event.data.taskId, (task) => ({
        state: 'CHECKED_IN',
        checkedInAt: at,
        checkedInLate: event.data.late,
        checkInDisputed: event.data.disputed,
        deadlines: settle(task.deadlines, ['CHECK_IN'], at),
      }));
    case 'TaskCompleted':
      return withTask(view, event.data.taskId, (task) => ({
        state: 'DONE',
        completedAt: at,
        completedLate: event.data.late,
        deadlines: settle(task.deadlines, ['HANDLING'], at),
      }));
    case 'HandlingCompleted':
      return {
        ...view,
        deadlines: settle(view.deadlines, ['INCIDENT_TOTAL'], at),
        cycles: withCycle(view, { handlingCompletedAt: at }),
      };
    case 'TaskOverdue': {
      const { taskId, deadlineId } = event.data;
      return withTask(view, taskId, (task) => ({ deadlines: breach(task.deadlines, deadlineId) }));
    }
    case 'IncidentOverdue':
      return { ...view, deadlines: breach(view.deadlines, event.data.deadlineId) };
    case 'SupervisionIssued': {
      const { supervisionId, taskId, departmentId, deadlineId, dueAt, step, level } = ordered(
        view,
        event.data,
      );
      const order = { supervisionId, taskId, departmentId, deadlineId, dueAt, step, level };
      return { ...view, supervisions: [...view.supervisions, { ...order, issuedAt: at, liftedAt: null }] };
    }
    case 'SupervisionLifted':
      return {
        ...view,
        supervisions: view.supervisions.map((order) =>
          order.supervisionId === event.data.supervisionId ? { ...order, liftedAt: at } : order,
        ),
      };
    case 'CheckPassed':
    case 'CheckFailed': {
      const { checkingUnitId, note } = event.data;
      const result = event.type === 'CheckPassed' ? ('PASS' as const) : ('FAIL' as const);
      const checks = [...view.checks, { result, at, checkingUnitId, note }];
      return event.type === 'CheckPassed'
        ? { ...view, checks }
        : { ...sentBack(view, event.data.rework, event.data.taskIds), checks };
    }
    case 'FeedbackRecorded': {
      const { solved, satisfaction, comment, source, rework, taskIds } = event.data;
      const next = solved === 'UNSOLVED' ? sentBack(view, rework, taskIds) : view;
      return { ...next, feedback: [...view.feedback, { at, solved, satisfaction, comment, source }] };
    }
    case 'IncidentClosed': {
      const { resolutionLevel } = event.data;
      const cycles = withCycle(view, { closedAt: at, resolutionLevel });
      return { ...view, closedAt: at, resolutionLevel, cycles };
    }
  }
}

function whistled(view: IncidentView, event: ViewEventOf<'WhistleBlown'>): IncidentView {
  const { whistleId, kind, reason, whistlingUnitId, tasks } = event.data;
  const blownAt = event.occurredAt;
  return {
    ...view,
    mode: 'WHISTLE',
    whistles: [...view.whistles, { whistleId, kind, reason, whistlingUnitId, blownAt }],
    tasks: [
      ...view.tasks,
      ...tasks.map(({ taskId, departmentId, role, deadlines }) => ({
        ...{ taskId, whistleId, departmentId, role, state: 'NOTIFIED' as const, notifiedAt: blownAt },
        ...{ acknowledgedAt: null, acknowledgedLate: null, checkedInAt: null, checkedInLate: null },
        ...{
          checkInDisputed: null,
          completedAt: null,
          completedLate: null,
          deadlines: deadlines.map(opened),
        },
      })),
    ],
  };
}

/** The view after all of the given events. */
export function foldView(events: Iterable<ViewEvent>): IncidentView | null {
  let view: IncidentView | null = null;
  for (const event of events) view = evolveView(view, event);
  return view;
}

/** Deadlines nothing has met yet, breached ones included, soonest first. */
export function pendingDeadlines(view: IncidentView): DeadlineView[] {
  const handled = view.state === 'CHECKING' || view.state === 'FEEDBACK' || view.state === 'CLOSED';
  const open = (deadline: DeadlineView): boolean => deadline.metAt === null;
  const ofTasks = view.tasks
    .filter((task) => task.state !== 'DONE')
    .flatMap((task) => task.deadlines.filter(open));
  const all = handled ? ofTasks : [...view.deadlines.filter(open), ...ofTasks];
  return all.sort((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt));
}
