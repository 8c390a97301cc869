import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import {
  evolve,
  NO_INCIDENT,
  taskOf,
  type IncidentEvent,
  type IncidentState,
  type IncidentTimer,
  type SupervisionLevel,
} from '@shaoying/incident-domain';
import { IncidentCourse } from './task-course.js';

/** What a deadline came to. */
export interface DeadlineOutcome {
  readonly deadlineId: string;
  readonly timer: IncidentTimer;
  readonly taskId: string | null;
  readonly departmentId: string | null;
  /** Due instant at which it was missed; null: it was not. */
  breachedDue: string | null;
  reminders: number;
  /** Events of the log that tell of it, in their order. */
  readonly events: RecordedIncidentEvent[];
}

export interface OrderOutcome {
  readonly supervisionId: string;
  readonly deadlineId: string;
  readonly timer: IncidentTimer;
  readonly step: number;
  readonly level: SupervisionLevel;
  readonly taskId: string | null;
  readonly departmentId: string | null;
  readonly dueAt: string | null;
  /** Null in the other world. */
  readonly event: RecordedIncidentEvent | null;
}

/** What one world's deadlines came to, and the course of the matter in it. */
export class World {
  readonly course = new IncidentCourse();
  readonly deadlines = new Map<string, DeadlineOutcome>();
  readonly orders = new Map<string, OrderOutcome>();
  state: IncidentState = NO_INCIDENT;

  hear(event: IncidentEvent, recorded: RecordedIncidentEvent | null, after: IncidentState): void {
    this.state = after;
    this.course.apply(event, recorded, after);
    switch (event.type) {
      case 'TaskOverdue':
      case 'IncidentOverdue': {
        const outcome = this.outcomeOf(event.data.deadlineId, event.data.timer, taskIdOf(event));
        outcome.breachedDue = event.data.dueAt;
        if (recorded !== null) outcome.events.push(recorded);
        break;
      }
      case 'DeadlineWarned': {
        const { deadlineId, timer, taskId } = event.data;
        const outcome = this.outcomeOf(deadlineId, timer, taskId);
        outcome.reminders += 1;
        if (recorded !== null) outcome.events.push(recorded);
        break;
      }
      case 'SupervisionIssued':
        this.order(event, recorded);
        break;
      default:
        break;
    }
  }

  private outcomeOf(deadlineId: string, timer: IncidentTimer, taskId: string | null): DeadlineOutcome {
    const known = this.deadlines.get(deadlineId);
    if (known !== undefined) return known;
    const outcome: DeadlineOutcome = {
      ...{ deadlineId, timer, taskId },
      departmentId: taskId === null ? null : (taskOf(this.state, taskId)?.departmentId ?? null),
      ...{ breachedDue: null, reminders: 0, events: [] },
    };
    this.deadlines.set(deadlineId, outcome);
    return outcome;
  }

  private order(
    { data }: Extract<IncidentEvent, { type: 'SupervisionIssued' }>,
    event: RecordedIncidentEvent | null,
  ): void {
    const { supervisionId, deadlineId, step, level, taskId, departmentId, dueAt } = data;
    if (deadlineId === null) return;
    const timer =
      this.state.supervisions.find((order) => order.supervisionId === supervisionId)?.timer ??
      'INCIDENT_TOTAL';
    const order = {
      supervisionId,
      deadlineId,
      timer,
      step: step ?? 0,
      level,
      taskId,
      departmentId,
      dueAt,
      event,
    };
    this.orders.set(supervisionId, order);
  }
}

const taskIdOf = (
  event: Extract<IncidentEvent, { type: 'TaskOverdue' | 'IncidentOverdue' }>,
): string | null => (event.type === 'TaskOverdue' ? event.data.taskId : null);

/** The world that was: nothing is computed. */
export function recordedWorld(events: readonly RecordedIncidentEvent[]): World {
  const world = new World();
  let state = NO_INCIDENT;
  for (const event of events) {
    state = evolve(state, event);
    world.hear(event, event, state);
  }
  return world;
}
