import { instantMs } from '@shaoying/event-store';
import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import {
  evolve,
  NO_INCIDENT,
  taskOf,
  withoutOpenExtensions,
  type AnyDeadline,
  type IncidentEvent,
  type IncidentState,
} from '@shaoying/incident-domain';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import { CLOCK, ReplayedClock, type IssuedOrders } from './replayed-clock.js';
import type { WorldDeadlines } from './world-deadlines.js';

/** Hears of everything that happens in a world. `recorded` is null for what its clock does. */
export type Listener = (
  event: IncidentEvent,
  recorded: RecordedIncidentEvent | null,
  after: IncidentState,
) => void;

/**
 * One incident lived again: everything that people and other systems did, at the instant they did it, under deadlines that
 * may be others; what the clock does is done anew.
 */
export class ReplayedIncident {
  state: IncidentState = NO_INCIDENT;
  private readonly clock: ReplayedClock;
  /** Answers to orders, which may be issued later here than they were answered. */
  private readonly answers = new Map<string, IncidentEvent[]>();
  private lastMs = 0;
  /** Up to when every alarm has rung that was to ring. */
  private passedMs = 0;
  /** Whether since then nothing has begun, and nothing is owed again that was not owed. */
  private isSettled = false;
  private lastCommand = '';

  constructor(
    directory: JurisdictionDirectory,
    issued: IssuedOrders,
    private readonly deadlines: WorldDeadlines,
    private readonly listen: Listener,
  ) {
    this.clock = new ReplayedClock(directory, issued);
  }

  /** The next event of the incident, in the order of its stream. */
  record(recorded: RecordedIncidentEvent): void {
    if (isOfClock(recorded)) return;
    const atMs = instantMs(recorded.recordedAt);
    if (recorded.commandId === this.lastCommand) this.miss(this.state, atMs);
    else this.passUntil(atMs);
    this.lastMs = Math.max(this.lastMs, atMs);
    this.lastCommand = recorded.commandId;
    this.remember(recorded);
    if (this.isSaid(recorded)) return;
    this.missUndecided(recorded, atMs);
    this.acknowledgeBy(recorded);
    this.happen(this.deadlines.moved(this.state, recorded), recorded);
  }

  /** Lets the clock go on to an instant. */
  passUntil(untilMs: number): void {
    if (this.isSettled && this.clock.isQuiet(this.state, this.passedMs, untilMs)) return;
    for (;;) {
      const events = this.clock.next(this.state, this.lastMs, untilMs);
      if (events === null) break;
      for (const event of events) this.happen(event, null);
      const answers = events.flatMap((event) =>
        event.type === 'SupervisionIssued' ? (this.answers.get(event.data.supervisionId) ?? []) : [],
      );
      for (const answer of answers) this.happen(answer, null);
      if (answers.length === 0) this.clock.carryOn(this.state);
    }
    [this.passedMs, this.isSettled] = [untilMs, true];
  }

  private miss(state: IncidentState, atMs: number, concerns?: (deadline: AnyDeadline) => boolean): void {
    for (const event of this.clock.missedBy(state, atMs, concerns)) this.happen(event, null);
  }

  /** More time that nobody has decided about extends nothing that is done: what was owed meanwhile was owed. */
  private missUndecided({ type, data }: RecordedIncidentEvent, atMs: number): void {
    if (type === 'TaskCompleted') this.miss(withoutOpenExtensions(this.state, data.taskId), atMs);
    if (type !== 'TaskStageCompleted') return;
    const stage = taskOf(this.state, data.taskId)?.deadlines.filter(
      (deadline) => deadline.stage === data.stage,
    );
    this.miss(
      withoutOpenExtensions(this.state, data.taskId),
      atMs,
      (deadline) => stage?.includes(deadline) === true,
    );
  }

  private happen(event: IncidentEvent, recorded: RecordedIncidentEvent | null): void {
    const after = evolve(this.state, event);
    // An order of the clock brings the time to answer it in by the rules of this world.
    if (recorded === null && event.type === 'SupervisionIssued') this.deadlines.know(event.data.deadlines);
    this.state = carriesDeadlines(event) ? this.deadlines.restated(after) : after;
    if (!LETS_BE.has(event.type)) this.isSettled = false;
    this.listen(event, recorded, this.state);
  }

  private remember(event: RecordedIncidentEvent): void {
    if (event.type !== 'SupervisionResponded' && event.type !== 'SupervisionLifted') return;
    const { supervisionId } = event.data;
    if (this.state.supervisions.some((order) => order.supervisionId === supervisionId)) return;
    this.answers.set(supervisionId, [...(this.answers.get(supervisionId) ?? []), event]);
  }

  /** Whoever has acknowledged by silence here does not do it again. */
  private isSaid(event: RecordedIncidentEvent): boolean {
    if (event.type === 'TaskAcknowledged') return taskOf(this.state, event.data.taskId)?.state !== 'NOTIFIED';
    return false;
  }

  /** Who had acknowledged by silence as recorded, and here has not yet, does so by what they do next. */
  private acknowledgeBy(event: RecordedIncidentEvent): void {
    if (event.type !== 'DepartmentCheckedIn') return;
    const { taskId, departmentId } = event.data;
    if (taskOf(this.state, taskId)?.state !== 'NOTIFIED') return;
    const { occurredAt } = event;
    const data = { taskId, departmentId, implied: true, dueAt: null, late: false };
    this.happen({ type: 'TaskAcknowledged', occurredAt, data }, null);
  }
}

/** What the clock of the other world does anew: never what people did, nor what a step of a ladder made of the matter. */
function isOfClock(event: RecordedIncidentEvent): boolean {
  switch (event.type) {
    case 'DeadlineWarned':
    case 'TaskOverdue':
    case 'IncidentOverdue':
      return true;
    case 'WhistleFlagged':
      return event.data.reason === 'NOT_RATIFIED';
    case 'SupervisionIssued':
      return event.data.issuedBy === 'LADDER';
    case 'TaskAcknowledged':
    case 'IncidentClosed':
    case 'SupervisionLifted':
      return event.actor.id === CLOCK.id;
    default:
      return false;
  }
}

/** Acts that begin no deadline and let none be owed again: most of what happens. */
const LETS_BE: ReadonlySet<IncidentEvent['type']> = new Set([
  ...(['TaskAcknowledged', 'DepartmentCheckedIn', 'ReporterContacted', 'ProgressReported'] as const),
  ...(['TaskStageCompleted', 'TaskUrged', 'TaskEvaluated', 'TaskCompleted', 'EvidenceFlagged'] as const),
  'WorkBooked',
  ...(['IncidentLocated', 'SupervisionResponded', 'SupervisionLifted', 'IncidentClosed'] as const),
  ...(['FeedbackCorrected', 'ReleaseRequested', 'TaskReleased', 'AppealFiled', 'AppealRefused'] as const),
]);

/** Where an event has deadlines that begin, or moves of some, or versions that govern from then on. */
const CARRIERS = ['deadlines', 'moves', 'tasks', 'task', 'newTask', 'reworks', 'pins'] as const;

/** Whether an event begins or moves deadlines, or pins other versions. */
export const carriesDeadlines = ({ data }: Pick<IncidentEvent, 'data'>): boolean =>
  CARRIERS.some((name) => name in data);

/** The orders of a recorded past. */
export function ordersOf(events: readonly RecordedIncidentEvent[]): IssuedOrders {
  const issued = events.flatMap((event) => (event.type === 'SupervisionIssued' ? [event.data] : []));
  return {
    orders: new Set(issued.map(({ supervisionId }) => supervisionId)),
    deadlines: new Set(issued.flatMap(({ deadlineId }) => (deadlineId === null ? [] : [deadlineId]))),
  };
}
