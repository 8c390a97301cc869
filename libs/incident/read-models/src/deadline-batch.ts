import type { IncidentEventType, IncidentTimer } from '@shaoying/incident-domain';
import type { ProjectionTransaction } from '@shaoying/projections';
import { DeadlineDrafts, disputed } from './deadline-drafts.js';
import { aboutOf, FORMER, HELD, NOT_BREACHED } from './deadline-rows.js';
import type { IncidentEntry } from './incident-rows.js';

/** Events that ask how the deadlines of their incident stand before they change them. */
const readsFirst: ReadonlySet<IncidentEventType> = new Set<IncidentEventType>([
  ...(['IncidentSuspended', 'SuspensionRenewed', 'IncidentResumed', 'IncidentMerged'] as const),
  ...(['IncidentUnmerged', 'WhistleCancelled', 'TaskStageCompleted', 'ReturnRequested'] as const),
  ...(['ReturnAccepted', 'ReturnRejected', 'ArbitrationOpened', 'ResponsibilityDecided'] as const),
  ...(['DepartmentAdded', 'LeadChanged', 'TaskTransferred', 'ExtensionRequested'] as const),
  ...(['ExtensionGranted', 'ExtensionRefused', 'SupervisionIssued', 'CheckFailed'] as const),
  ...(['IncidentReopened', 'IncidentWithdrawn', 'DeadlinesRescheduled'] as const),
]);

const asksFirst = (entry: IncidentEntry): boolean =>
  readsFirst.has(entry.type) || (entry.type === 'FeedbackRecorded' && entry.data.solved === 'UNSOLVED');

/** Event types that change deadlines. */
export const deadlineEventTypes: IncidentEventType[] = [
  ...readsFirst,
  ...(['IncidentReported', 'IncidentVerified', 'IncidentRejected', 'IncidentFiled'] as const),
  ...(['SelfHandlingStarted', 'ReporterContactedBySelfHandler', 'IncidentEscalated'] as const),
  ...(['WhistleBlown', 'WhistleRatified'] as const),
  ...(['WhistleFlagged', 'TaskAcknowledged', 'DepartmentCheckedIn', 'ReporterContacted'] as const),
  ...(['TaskReleased', 'TaskCompleted', 'HandlingCompleted', 'DeadlineWarned'] as const),
  ...(['TaskOverdue', 'IncidentOverdue'] as const),
  ...(['SupervisionResponded', 'SupervisionLifted', 'CheckPassed', 'FeedbackRecorded'] as const),
  ...(['IncidentClosed', 'IncidentVoided'] as const),
];

/** Timers that an answer of the department ends for good. */
const answered: readonly IncidentTimer[] = ['ACKNOWLEDGE', 'RETURN_WINDOW'];

/** What one batch does to the deadlines. */
export class DeadlineBatch extends DeadlineDrafts {
  /**
   * Reads the rows that the batch's rare events ask for.
   * @param imported whether anything is owed by deadlines that came with an imported case
   */
  static async of(
    tx: ProjectionTransaction,
    entries: readonly IncidentEntry[],
    imported: 'OWED' | 'HELD',
  ): Promise<DeadlineBatch> {
    const batch = new DeadlineBatch(imported);
    const wanted = new Set<string>();
    for (const entry of entries) {
      if (entry.type === 'IncidentReported') batch.whole.add(entry.incidentId);
      else if (asksFirst(entry) && !batch.whole.has(entry.incidentId)) wanted.add(entry.incidentId);
    }
    if (wanted.size > 0) await batch.read(tx, [...wanted]);
    return batch;
  }

  fold(entry: IncidentEntry): void {
    this.foldIncident(entry);
    this.foldTask(entry);
    this.foldResponsibility(entry);
    this.foldOversight(entry);
  }

  private foldIncident(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'IncidentReported':
        // A history that is delivered again begins from nothing: what is rare reads its rows, and those are of later on.
        this.clears.set(incidentId, { incident_id: incidentId, whole: true });
        this.move(incidentId, 'REPORTED');
        this.begin(incidentId, null, entry.data.deadlines);
        break;
      case 'IncidentVerified':
        this.move(incidentId, 'VERIFYING');
        this.drop(incidentId, null, ['VERIFY']);
        break;
      case 'IncidentRejected':
      case 'IncidentVoided':
        this.clear(incidentId, true);
        break;
      case 'IncidentFiled':
        this.move(incidentId, 'FILED');
        if (entry.data.cycle === 1) this.drop(incidentId, null, ['VERIFY']);
        this.begin(incidentId, null, entry.data.deadlines);
        break;
      case 'SelfHandlingStarted':
        this.move(incidentId, 'HANDLING');
        this.drop(incidentId, null, ['DISPATCH']);
        break;
      case 'ReporterContactedBySelfHandler':
        if (entry.data.reached) this.drop(incidentId, null, ['CONTACT']);
        break;
      case 'IncidentEscalated':
        this.move(incidentId, 'FILED');
        break;
      case 'HandlingCompleted':
        this.move(incidentId, 'CHECKING');
        this.restart(incidentId, null, entry.data.deadlines);
        break;
      case 'CheckPassed':
        this.move(incidentId, 'FEEDBACK');
        // Each pass has its own, or none: those of an earlier one were met by the rating that sent it back.
        this.drop(incidentId, null, ['CALLBACK', 'FEEDBACK_WINDOW']);
        this.restart(incidentId, null, entry.data.deadlines);
        break;
      case 'CheckFailed':
        this.sendBack(incidentId, entry.data);
        break;
      case 'FeedbackRecorded':
        // A duplicate's reporter speaks of the incident that goes on; it is not sent back by it.
        if (entry.data.solved === 'UNSOLVED' && !this.lifecycleOf(incidentId).startsWith('MERGED')) {
          this.sendBack(incidentId, entry.data);
          // What is sent back after a check had passed it is rework: the time for handling was met.
          for (const taskId of entry.data.taskIds)
            this.hold(incidentId, taskId, ['HANDLING'], HELD.met, true);
        } else this.drop(incidentId, null, ['CALLBACK']);
        break;
      case 'IncidentClosed':
        this.clear(incidentId, false);
        this.move(incidentId, 'CLOSED');
        break;
      case 'IncidentReopened':
        this.clear(incidentId, false);
        this.change(
          incidentId,
          ({ timer }) => timer === 'RATIFICATION',
          ({ held }) => ({ held: held | FORMER }),
        );
        this.move(incidentId, 'FILED');
        break;
      case 'IncidentWithdrawn':
        if (entry.data.goesOn) break;
        this.clear(incidentId, false);
        // What was being followed is called off with it.
        this.remove(incidentId, ({ timer, held }) => timer === 'RATIFICATION' && (held & FORMER) === 0);
        this.move(incidentId, 'WITHDRAWN');
        break;
      default:
        this.foldPause(entry);
    }
  }

  private foldPause(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'IncidentSuspended':
        this.move(incidentId, `SUSPENDED ${this.lifecycleOf(incidentId)}`);
        this.restart(incidentId, null, entry.data.deadlines);
        break;
      case 'SuspensionRenewed':
        this.restart(incidentId, null, entry.data.deadlines);
        break;
      case 'IncidentMerged':
        this.move(incidentId, `MERGED ${this.lifecycleOf(incidentId)}`);
        break;
      case 'DeadlinesRescheduled':
        this.reschedule(incidentId, entry.data.moves, entry.occurredAt);
        break;
      case 'IncidentResumed':
      case 'IncidentUnmerged':
        this.move(incidentId, this.lifecycleOf(incidentId).split(' ').at(-1) ?? 'HANDLING');
        this.reschedule(incidentId, entry.data.moves, entry.occurredAt);
        break;
      default:
        break;
    }
  }

  private foldTask(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'WhistleBlown': {
        const { whistleId, tasks, deadlines } = entry.data;
        this.move(incidentId, 'HANDLING');
        // From here on the reporter is the departments' to contact.
        this.drop(incidentId, null, ['DISPATCH', 'CONTACT']);
        this.begin(incidentId, whistleId, deadlines);
        for (const task of tasks) this.summon(incidentId, task, whistleId);
        break;
      }
      case 'DepartmentAdded':
        this.summon(incidentId, entry.data.task, entry.data.whistleId);
        break;
      case 'TaskAcknowledged':
        this.drop(incidentId, entry.data.taskId, answered);
        break;
      case 'DepartmentCheckedIn':
        this.drop(incidentId, entry.data.taskId, ['CHECK_IN']);
        break;
      case 'ReporterContacted':
        if (entry.data.reached) this.drop(incidentId, entry.data.taskId, ['CONTACT']);
        break;
      case 'TaskStageCompleted': {
        const { taskId, stage } = entry.data;
        // Not removed: without the rows of its stages nothing tells of a task that is done.
        this.change(
          incidentId,
          (row) => row.owner_id === taskId && aboutOf(row).stage === stage,
          ({ held }) => ({ held: held | HELD.met }),
        );
        break;
      }
      case 'TaskCompleted':
        this.drop(incidentId, entry.data.taskId, ['REWORK', 'EXTENSION_DECISION']);
        this.end(incidentId, entry.data.taskId);
        break;
      case 'TaskReleased':
        this.dropOwner(incidentId, entry.data.taskId);
        break;
      case 'ExtensionRequested':
        this.hold(incidentId, entry.data.taskId, ['HANDLING'], HELD.extending, true);
        this.restart(incidentId, entry.data.taskId, entry.data.deadlines);
        break;
      case 'ExtensionGranted':
      case 'ExtensionRefused':
        this.hold(incidentId, entry.data.taskId, ['HANDLING'], HELD.extending, false);
        this.drop(incidentId, entry.data.taskId, ['EXTENSION_DECISION']);
        if (entry.type === 'ExtensionGranted')
          this.reschedule(incidentId, entry.data.moves, entry.occurredAt);
        break;
      default:
        break;
    }
  }

  /** Who has a task, and while that is in question. */
  private foldResponsibility(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'ReturnRequested':
      case 'ArbitrationOpened': {
        const { taskId, deadlines } = entry.data;
        this.drop(incidentId, taskId, [...answered, 'RETURN_DECISION']);
        this.hold(incidentId, taskId, disputed, HELD.undecided, true);
        this.restart(incidentId, taskId, deadlines);
        break;
      }
      case 'ReturnRejected':
        this.decide(incidentId, entry.data.taskId);
        break;
      case 'ReturnAccepted':
        this.give(incidentId, entry.data.taskId, entry.data.newTask);
        break;
      case 'ResponsibilityDecided': {
        const { taskId, responsibleUnitId, newTask } = entry.data;
        const { departmentId } = this.aboutTask(incidentId, taskId);
        if (newTask === null && departmentId === responsibleUnitId) this.decide(incidentId, taskId);
        else this.give(incidentId, taskId, newTask);
        break;
      }
      case 'LeadChanged': {
        const { whistleId, fromTaskId, formerLead, newTask } = entry.data;
        if (formerLead === 'RELEASED' && !this.isDone(incidentId, fromTaskId))
          this.dropOwner(incidentId, fromTaskId);
        if (newTask !== null) this.summon(incidentId, newTask, whistleId);
        break;
      }
      case 'TaskTransferred': {
        const { taskId, toDepartmentId: departmentId } = entry.data;
        this.change(
          incidentId,
          (row) => row.owner_id === taskId,
          (row) => ({ about: JSON.stringify({ ...aboutOf(row), departmentId }) }),
        );
        break;
      }
      case 'WhistleCancelled':
        this.cancel(incidentId, entry.data.whistleId, entry.data.taskIds);
        break;
      default:
        break;
    }
  }

  private foldOversight(entry: IncidentEntry): void {
    const { incidentId } = entry;
    switch (entry.type) {
      case 'DeadlineWarned':
        this.take(incidentId, entry.data.deadlineId, NOT_BREACHED);
        break;
      case 'TaskOverdue':
      case 'IncidentOverdue':
        this.take(incidentId, entry.data.deadlineId, 0);
        break;
      case 'SupervisionIssued': {
        const { supervisionId, deadlineId, step, deadlines } = entry.data;
        if (deadlineId !== null && step !== null) this.take(incidentId, deadlineId, step);
        this.begin(incidentId, supervisionId, deadlines);
        break;
      }
      case 'SupervisionResponded':
      case 'SupervisionLifted':
        this.dropOwner(incidentId, entry.data.supervisionId);
        break;
      case 'WhistleRatified':
        this.dropOwner(incidentId, entry.data.whistleId);
        break;
      case 'WhistleFlagged':
        // Flagged for being late, it may be ratified still.
        if (entry.data.reason === 'RATIFICATION_REFUSED') this.dropOwner(incidentId, entry.data.whistleId);
        break;
      default:
        break;
    }
  }
}
