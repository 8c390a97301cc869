import type {
  Deadline,
  IncidentEvent,
  IncidentTimer,
  Pins,
  Place,
  ResponsibilityLevel,
  Severity,
  TaskAssignment,
  TaskRole,
  WhistleKind,
} from './incident.events.js';
import { RESPONSIBILITY_LEVELS } from './incident.events.js';

/** domain.md §3.2, the states of the main path. */
export type Lifecycle = 'REPORTED' | 'FILED' | 'HANDLING' | 'CHECKING' | 'FEEDBACK' | 'CLOSED';

/** domain.md §3.3. */
export type TaskState = 'NOTIFIED' | 'ACKNOWLEDGED' | 'CHECKED_IN' | 'DONE';

export interface Supervision {
  readonly supervisionId: string;
  readonly timer: IncidentTimer;
  readonly taskId: string | null;
  readonly lifted: boolean;
}

export interface Task {
  readonly taskId: string;
  readonly whistleId: string;
  readonly departmentId: string;
  readonly role: TaskRole;
  readonly level: ResponsibilityLevel;
  readonly state: TaskState;
  readonly deadlines: readonly Deadline[];
  /** Deadlines whose breach is on record. */
  readonly breached: readonly string[];
  readonly checkedIn: boolean;
}

export interface Whistle {
  readonly whistleId: string;
  readonly kind: WhistleKind;
  readonly blownAt: string;
}

export interface IncidentState {
  readonly lifecycle: Lifecycle | 'NONE';
  readonly incidentId: string;
  readonly category: string;
  readonly severity: Severity;
  readonly place: Place;
  readonly imported: boolean;
  readonly receiptHash: string;
  readonly reportedAt: string;
  readonly cycle: number;
  readonly rework: number;
  readonly mode: 'SELF' | 'WHISTLE' | null;
  readonly pins: Pins | null;
  /** Of the incident as a whole. */
  readonly deadlines: readonly Deadline[];
  readonly breached: readonly string[];
  /** Units that handled it in this cycle; none of them may check it. */
  readonly handlingUnits: readonly string[];
  /** Highest level that held responsibility in this cycle. */
  readonly level: ResponsibilityLevel | null;
  readonly whistles: readonly Whistle[];
  readonly tasks: readonly Task[];
  readonly supervisions: readonly Supervision[];
  readonly feedbackUntil: string | null;
  readonly feedbackRecorded: boolean;
}

export const NO_INCIDENT: IncidentState = {
  lifecycle: 'NONE',
  incidentId: '',
  category: '',
  severity: 'MINOR',
  place: { gridId: null, estateId: null, communityId: null, streetId: null, districtId: null },
  imported: false,
  receiptHash: '',
  reportedAt: '',
  cycle: 0,
  rework: 0,
  mode: null,
  pins: null,
  deadlines: [],
  breached: [],
  handlingUnits: [],
  level: null,
  whistles: [],
  tasks: [],
  supervisions: [],
  feedbackUntil: null,
  feedbackRecorded: false,
};

export function higherLevel(a: ResponsibilityLevel | null, b: ResponsibilityLevel): ResponsibilityLevel {
  if (a === null) return b;
  return RESPONSIBILITY_LEVELS.indexOf(a) >= RESPONSIBILITY_LEVELS.indexOf(b) ? a : b;
}

export function taskOf(state: IncidentState, taskId: string): Task | undefined {
  return state.tasks.find((task) => task.taskId === taskId);
}

export function deadlineOf(deadlines: readonly Deadline[], timer: IncidentTimer): Deadline | undefined {
  return deadlines.find((deadline) => deadline.timer === timer);
}

/** Deadlines of a task that nothing has met yet. */
export function pendingDeadlines(task: Task): readonly Deadline[] {
  return task.deadlines.filter((deadline) => isPending(task, deadline.timer));
}

export function isPending(task: Task, timer: IncidentTimer): boolean {
  switch (timer) {
    case 'ACKNOWLEDGE':
      return task.state === 'NOTIFIED';
    case 'CHECK_IN':
      return !task.checkedIn && task.state !== 'DONE';
    case 'HANDLING':
      return task.state !== 'DONE';
    case 'INCIDENT_TOTAL':
      return false;
  }
}

function newTask(assignment: TaskAssignment, whistleId: string): Task {
  return { ...assignment, whistleId, state: 'NOTIFIED', breached: [], checkedIn: false };
}

function updateTask(
  state: IncidentState,
  taskId: string,
  change: (task: Task) => Partial<Task>,
): IncidentState {
  return {
    ...state,
    tasks: state.tasks.map((task) => (task.taskId === taskId ? { ...task, ...change(task) } : task)),
  };
}

function sendBack(state: IncidentState, taskIds: readonly string[]): readonly Task[] {
  // The department is on the matter already: it goes on from where it was, not from a new check-in.
  return state.tasks.map((task) =>
    taskIds.includes(task.taskId) ? { ...task, state: 'CHECKED_IN', checkedIn: true } : task,
  );
}

function timerOf(state: IncidentState, deadlineId: string): IncidentTimer {
  const all = [...state.deadlines, ...state.tasks.flatMap((task) => task.deadlines)];
  return all.find((candidate) => candidate.deadlineId === deadlineId)?.timer ?? 'INCIDENT_TOTAL';
}

/** The state after one more event. Total: it never throws and never refuses what the log says. */
export function evolve(state: IncidentState, event: IncidentEvent): IncidentState {
  switch (event.type) {
    case 'IncidentReported': {
      const { incidentId, category, severity, place, imported, receiptHash } = event.data;
      return {
        ...state,
        lifecycle: 'REPORTED',
        incidentId,
        category,
        severity,
        place,
        imported,
        receiptHash,
        reportedAt: event.occurredAt,
        cycle: 1,
      };
    }
    case 'IncidentFiled':
      return {
        ...state,
        lifecycle: 'FILED',
        cycle: event.data.cycle,
        pins: event.data.pins,
        deadlines: event.data.deadlines,
      };
    case 'SelfHandlingStarted':
      return {
        ...state,
        lifecycle: 'HANDLING',
        mode: 'SELF',
        level: higherLevel(state.level, event.data.level),
        handlingUnits: event.data.handlingUnitId
          ? [...state.handlingUnits, event.data.handlingUnitId]
          : state.handlingUnits,
      };
    case 'WhistleBlown':
      return {
        ...state,
        lifecycle: 'HANDLING',
        mode: 'WHISTLE',
        level: event.data.tasks.reduce((level, task) => higherLevel(level, task.level), state.level),
        handlingUnits: [...state.handlingUnits, ...event.data.tasks.map((task) => task.departmentId)],
        whistles: [
          ...state.whistles,
          { whistleId: event.data.whistleId, kind: event.data.kind, blownAt: event.occurredAt },
        ],
        tasks: [...state.tasks, ...event.data.tasks.map((task) => newTask(task, event.data.whistleId))],
      };
    case 'TaskAcknowledged':
      return updateTask(state, event.data.taskId, () => ({ state: 'ACKNOWLEDGED' }));
    case 'DepartmentCheckedIn':
      return updateTask(state, event.data.taskId, () => ({ state: 'CHECKED_IN', checkedIn: true }));
    case 'TaskCompleted':
      return updateTask(state, event.data.taskId, () => ({ state: 'DONE' }));
    case 'HandlingCompleted':
      return { ...state, lifecycle: 'CHECKING' };
    case 'TaskOverdue': {
      const { taskId, deadlineId } = event.data;
      return updateTask(state, taskId, (task) => ({ breached: [...task.breached, deadlineId] }));
    }
    case 'IncidentOverdue':
      return { ...state, breached: [...state.breached, event.data.deadlineId] };
    case 'SupervisionIssued': {
      const { supervisionId, taskId, deadlineId } = event.data;
      const order = { supervisionId, timer: timerOf(state, deadlineId), taskId, lifted: false };
      return { ...state, supervisions: [...state.supervisions, order] };
    }
    case 'SupervisionLifted':
      return {
        ...state,
        supervisions: state.supervisions.map((order) =>
          order.supervisionId === event.data.supervisionId ? { ...order, lifted: true } : order,
        ),
      };
    case 'CheckPassed':
      return {
        ...state,
        lifecycle: 'FEEDBACK',
        feedbackUntil: event.data.feedbackUntil,
        feedbackRecorded: false,
      };
    case 'CheckFailed':
      return {
        ...state,
        lifecycle: 'HANDLING',
        rework: event.data.rework,
        tasks: sendBack(state, event.data.taskIds),
      };
    case 'FeedbackRecorded':
      return event.data.solved === 'UNSOLVED'
        ? {
            ...state,
            lifecycle: 'HANDLING',
            rework: event.data.rework,
            tasks: sendBack(state, event.data.taskIds),
          }
        : { ...state, feedbackRecorded: true };
    case 'IncidentClosed':
      return { ...state, lifecycle: 'CLOSED' };
  }
}

export function foldIncident(
  events: Iterable<IncidentEvent>,
  from: IncidentState = NO_INCIDENT,
): IncidentState {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}
