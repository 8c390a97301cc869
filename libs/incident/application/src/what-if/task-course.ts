import { instantMs } from '@shaoying/event-store';
import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { IncidentEvent, IncidentState, TaskAssignment } from '@shaoying/incident-domain';

/** An act, with the event of the log that tells of it; null where only the other world's clock does. */
export interface Act {
  readonly atMs: number;
  readonly by: RecordedIncidentEvent | null;
}

/** What the rates of acting in time look at, of one task. */
export interface TaskCourse {
  readonly taskId: string;
  readonly summonedBy: RecordedIncidentEvent | null;
  /** Everybody who has or had it, first ones first. */
  holders: readonly { readonly departmentId: string; readonly sinceMs: number }[];
  acknowledged: Act | null;
  /** Since when an arbitrator is asked who is to: whoever had not signed by then need not, unless it was due before. */
  acknowledgeNoMoreSinceMs: number | null;
  checkedIn: Act | null;
  completed: Act | null;
  /** The completion that was accepted before the resident sent it back. */
  accepted: Act | null;
  ended: 'RETURNED' | 'RELEASED' | null;
  /** Released to the department's account. */
  counted: boolean;
  undecided: boolean;
  extending: boolean;
}

/** What closing in time looks at, of one cycle. */
export interface CycleCourse {
  readonly filed: RecordedIncidentEvent | null;
  dueMs: number | null;
  closed: Act | null;
  takenUp: boolean;
}

export type Standing = 'ON' | 'SUSPENDED' | 'MERGED' | 'WITHDRAWN' | 'VOIDED' | 'REJECTED';

/** The course of one incident in one world, as far as rates look at it; folded from that world's events. */
export class IncidentCourse {
  readonly tasks = new Map<string, TaskCourse>();
  readonly cycles = new Map<number, CycleCourse>();
  standing: Standing = 'ON';
  standingSinceMs = -Infinity;

  apply(event: IncidentEvent, by: RecordedIncidentEvent | null, after: IncidentState): void {
    for (const task of summonedBy(event)) this.summon(task, event, by);
    this.act(event, by, after);
    this.decide(event, by);
    this.end(event);
    this.stand(event);
    this.count(event, by, after);
  }

  private task(taskId: string | null): TaskCourse | undefined {
    return taskId === null ? undefined : this.tasks.get(taskId);
  }

  private summon(
    { taskId, departmentId }: TaskAssignment,
    { occurredAt }: IncidentEvent,
    by: RecordedIncidentEvent | null,
  ): void {
    this.tasks.set(taskId, {
      ...{ taskId, summonedBy: by, holders: [{ departmentId, sinceMs: instantMs(occurredAt) }] },
      ...{
        acknowledged: null,
        acknowledgeNoMoreSinceMs: null,
        checkedIn: null,
        completed: null,
        accepted: null,
      },
      ...{ ended: null, counted: false, undecided: false, extending: false },
    });
  }

  private act(event: IncidentEvent, by: RecordedIncidentEvent | null, after: IncidentState): void {
    switch (event.type) {
      case 'TaskAcknowledged':
        Object.assign(this.task(event.data.taskId) ?? {}, { acknowledged: actOf(event, by) });
        break;
      case 'DepartmentCheckedIn':
        Object.assign(this.task(event.data.taskId) ?? {}, { checkedIn: actOf(event, by) });
        break;
      case 'TaskCompleted':
        Object.assign(this.task(event.data.taskId) ?? {}, { completed: actOf(event, by), extending: false });
        break;
      case 'CheckFailed':
      case 'FeedbackRecorded':
        for (const task of event.data.taskIds.map((taskId) => this.task(taskId))) {
          if (task === undefined) continue;
          // What the resident sends back was accepted once; what a check sends back never was.
          if (event.type === 'FeedbackRecorded') task.accepted ??= task.completed;
          task.completed = null;
        }
        break;
      case 'TaskTransferred': {
        const task = this.task(event.data.taskId);
        const holder = { departmentId: event.data.toDepartmentId, sinceMs: instantMs(event.occurredAt) };
        if (task !== undefined) task.holders = [...task.holders, holder];
        break;
      }
      case 'IncidentClosed': {
        const cycle = this.cycles.get(event.data.cycle);
        // The resident may have sent back what the clock had closed.
        if (cycle !== undefined) cycle.closed = actOf(event, by);
        break;
      }
      case 'IncidentReopened': {
        const cycle = this.cycles.get(after.cycle - 1);
        if (cycle !== undefined) cycle.takenUp = true;
        break;
      }
      default:
        break;
    }
  }

  /** Who has a task, and how much time for it, while that is in question. */
  private decide(event: IncidentEvent, by: RecordedIncidentEvent | null): void {
    const task = 'taskId' in event.data ? this.task(event.data.taskId) : undefined;
    if (task === undefined) return;
    switch (event.type) {
      case 'ReturnRequested':
        task.acknowledged ??= actOf(event, by);
        task.undecided = true;
        break;
      case 'ArbitrationOpened':
        if (task.acknowledged === null) task.acknowledgeNoMoreSinceMs ??= instantMs(event.occurredAt);
        task.undecided = true;
        break;
      case 'ReturnRejected':
        task.undecided = false;
        break;
      case 'ReturnAccepted':
        Object.assign(task, { ended: 'RETURNED', undecided: false });
        break;
      case 'ResponsibilityDecided': {
        const stays = task.holders.at(-1)?.departmentId === event.data.responsibleUnitId;
        Object.assign(task, { undecided: false, ended: stays ? task.ended : 'RETURNED' });
        break;
      }
      case 'ExtensionRequested':
        task.extending = true;
        break;
      case 'ExtensionGranted':
      case 'ExtensionRefused':
        task.extending = false;
        break;
      default:
        break;
    }
  }

  private end(event: IncidentEvent): void {
    switch (event.type) {
      case 'TaskReleased':
        this.release(event.data.taskId, event.data.counted);
        break;
      case 'WhistleCancelled':
      case 'IncidentWithdrawn':
        for (const taskId of event.data.taskIds) this.release(taskId, false);
        break;
      case 'LeadChanged':
        if (event.data.formerLead === 'RELEASED') this.release(event.data.fromTaskId, false);
        break;
      default:
        break;
    }
  }

  private release(taskId: string, counted: boolean): void {
    const task = this.task(taskId);
    if (task === undefined || task.ended !== null || (task.completed !== null && !counted)) return;
    Object.assign(task, { ended: 'RELEASED', counted, undecided: false });
  }

  private stand(event: IncidentEvent): void {
    const before = this.standing;
    this.standing = standingAfter(event, before);
    if (this.standing !== before) this.standingSinceMs = instantMs(event.occurredAt);
  }

  /** When the total time of the cycle is over. */
  private count(event: IncidentEvent, by: RecordedIncidentEvent | null, after: IncidentState): void {
    switch (event.type) {
      case 'IncidentFiled':
        this.cycles.set(event.data.cycle, { filed: by, dueMs: totalOf(after), closed: null, takenUp: false });
        break;
      case 'IncidentResumed':
      case 'IncidentUnmerged':
      case 'DeadlinesRescheduled': {
        const cycle = this.cycles.get(after.cycle);
        if (cycle !== undefined) cycle.dueMs = totalOf(after) ?? cycle.dueMs;
        break;
      }
      default:
        break;
    }
  }
}

function standingAfter(event: IncidentEvent, before: Standing): Standing {
  switch (event.type) {
    case 'IncidentRejected':
      return 'REJECTED';
    case 'IncidentVoided':
      return 'VOIDED';
    case 'IncidentMerged':
      return 'MERGED';
    case 'IncidentSuspended':
      return 'SUSPENDED';
    case 'IncidentWithdrawn':
      return event.data.goesOn ? before : 'WITHDRAWN';
    case 'IncidentResumed':
    case 'IncidentUnmerged':
    case 'IncidentReopened':
      return 'ON';
    default:
      return before;
  }
}

function totalOf({ deadlines }: IncidentState): number | null {
  const total = deadlines.find(({ timer }) => timer === 'INCIDENT_TOTAL');
  return total === undefined ? null : instantMs(total.dueAt);
}

const actOf = ({ occurredAt }: IncidentEvent, by: RecordedIncidentEvent | null): Act => ({
  atMs: instantMs(occurredAt),
  by,
});

/** The tasks that an event gives to departments. */
function summonedBy(event: IncidentEvent): readonly TaskAssignment[] {
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
