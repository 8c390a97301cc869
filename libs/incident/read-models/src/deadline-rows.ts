import {
  cameWithImport,
  type AnyDeadline,
  type Deadline,
  type DeadlineMove,
  type IncidentEventType,
  type IncidentTimer,
  type Lifecycle,
  type TaskAssignment,
} from '@shaoying/incident-domain';
import type { ProjectionTransaction } from '@shaoying/projections';
import { merging, RowStatement, wholeRow, type IncidentEntry, type RowShape } from './incident-rows.js';

/*
 * The deadlines that something is or may again be owed by, for whichever read model asks for them. Which clocks run is
 * said by `incident.clocks.ts`; here it is said again in rows, so that it can be asked of many incidents at once.
 *
 * A row goes as soon as nothing can make its deadline matter again. What may come back keeps its row: it is held (a task
 * that is done may be sent back) or its incident is elsewhere (`lifecycle`). The acts of every day are written without
 * reading a row. What is rare (a return, a suspension, an order) reads the rows of its incident first and writes them whole.
 */

/** Why nothing is owed by a deadline although its incident is where its clock runs. `met`: for good. */
export const HELD = { done: 1, undecided: 2, extending: 4, met: 32 } as const;
/** Of a task's deadlines, beside what holds them: its whistle was cancelled, what is left of it was done before. */
const CANCELLED = 8;
/** Of a whistle's deadlines: it was blown in a cycle that is over, and completed in it. */
const FORMER = 16;

/** Of a deadline that came with an imported case, where nothing comes of it. */
const IMPORTED = 64;

/** Of its due instant no warning is on record; 0: breached, no step of the ladder taken; then the highest that was. */
const NOT_WARNED = -2;
const NOT_BREACHED = -1;

export interface DeadlineRow {
  readonly incident_id: string;
  readonly deadline_id: string;
  /** Task, whistle or order; null: the incident itself. */
  readonly owner_id: string | null;
  readonly timer: string;
  /** When it is to be warned of; null where there is no warning before it is due. */
  readonly warn_at: string | null;
  readonly due_at: string;
  /** Array of instants: the n-th is when the first step of the ladder from n on is taken. Null without a ladder. */
  readonly steps: string | null;
  readonly taken: number;
  /** Of the incident. While its clocks stand still: SUSPENDED or MERGED, and behind a space where it goes back to. */
  readonly lifecycle: string;
  readonly held: number;
  /** Whether it reaches into a year that is not published. */
  readonly provisional: boolean;
  /** JSON of {@link About}, of a task's deadlines. */
  readonly about: string | null;
}

type StoredRow = Omit<DeadlineRow, 'warn_at' | 'due_at'> & {
  readonly warn_at: Date | null;
  readonly due_at: Date;
};

interface About {
  readonly stage: string | null;
  readonly whistleId: string | null;
  readonly departmentId: string | null;
}

const shape: RowShape<DeadlineRow> = {
  ...{ incident_id: 'text', deadline_id: 'text', owner_id: 'text', timer: 'text' },
  ...{ warn_at: 'timestamptz', due_at: 'timestamptz' },
  ...{ steps: 'timestamptz[]', taken: 'integer', lifecycle: 'text', held: 'integer' },
  ...{ provisional: 'boolean', about: 'text' },
};

const inWords = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

/** Where an emergency whistle is to be ratified, and where an order is to be answered; as in `incident.clocks.ts`. */
const ratifiedAt = ['FILED', 'HANDLING', 'CHECKING', 'FEEDBACK', 'CLOSED'];
const answeredAt = ['REPORTED', 'VERIFYING', ...ratifiedAt];

/** True while something is owed by the deadline of a row. */
const owed = `held & ${HELD.done | HELD.undecided | HELD.extending | HELD.met | IMPORTED} = 0 and case timer
    when 'VERIFY' then lifecycle = 'REPORTED'
    when 'DISPATCH' then lifecycle = 'FILED'
    when 'INCIDENT_TOTAL' then lifecycle in ('FILED', 'HANDLING')
    when 'CONTACT' then lifecycle = 'HANDLING' or lifecycle = 'FILED' and owner_id is null
    when 'CHECK' then lifecycle = 'CHECKING'
    when 'CALLBACK' then lifecycle = 'FEEDBACK'
    when 'FEEDBACK_WINDOW' then lifecycle = 'FEEDBACK'
    when 'SUSPENSION_REVIEW' then starts_with(lifecycle, 'SUSPENDED')
    when 'RATIFICATION' then lifecycle in (${inWords(ratifiedAt)})
    when 'SUPERVISION_RESPONSE' then lifecycle in (${inWords(answeredAt)})
    else lifecycle = 'HANDLING' end`;

/** When there is next something to be asked of the decider: the warning, the breach, then each later step of the ladder. */
export const alarmAt = `case when ${owed} then
    case taken when ${NOT_WARNED} then warn_at when ${NOT_BREACHED} then due_at else steps[taken + 1] end end`;

/** Since when what is owed is overdue. The end of a window is nobody's delay: something happens by itself then. */
export const unmetDue = `case when ${owed} and timer not in ('RETURN_WINDOW', 'FEEDBACK_WINDOW') then due_at end`;

/** @param derived generated column of the read model, with its type */
export const deadlinesTable = (derived: string): string => `
    create table deadlines (
      incident_id text not null,
      deadline_id text not null,
      owner_id    text,
      timer       text not null,
      warn_at     timestamptz,
      due_at      timestamptz not null,
      steps       timestamptz[],
      taken       integer not null,
      lifecycle   text not null,
      held        integer not null,
      provisional boolean not null,
      about       text,
      ${derived},
      primary key (incident_id, deadline_id)
    );`;

type Clear = Pick<DeadlineRow, 'incident_id'> & { readonly whole: boolean };
type Owned = Pick<DeadlineRow, 'incident_id' | 'owner_id'>;
type Drop = Owned & { readonly timers: string };
type Known = Pick<DeadlineRow, 'incident_id' | 'deadline_id'>;
type Taken = Known & Pick<DeadlineRow, 'taken'>;
type Move = Pick<DeadlineRow, 'incident_id' | 'lifecycle'>;

const clearIncidents = new RowStatement<Clear>(
  { incident_id: 'text', whole: 'boolean' },
  (rows) =>
    `delete from deadlines d using ${rows} where d.incident_id = u.incident_id
       and (u.whole or d.timer not in ('RATIFICATION', 'SUPERVISION_RESPONSE'))`,
);
const dropOwners = new RowStatement<Owned>(
  { incident_id: 'text', owner_id: 'text' },
  (rows) =>
    `delete from deadlines d using ${rows} where d.incident_id = u.incident_id and d.owner_id = u.owner_id`,
);
const dropTimers = new RowStatement<Drop>(
  { incident_id: 'text', owner_id: 'text', timers: 'text' },
  // One look at the incident's rows for all the timers that one owner's act ends: a check-in ends three.
  (rows) =>
    `delete from deadlines d using ${rows}
     where d.incident_id = u.incident_id and d.owner_id is not distinct from u.owner_id
       and d.timer = any(string_to_array(u.timers, ' '))`,
);
const dropKnown = new RowStatement<Known>(
  { incident_id: 'text', deadline_id: 'text' },
  (rows) =>
    `delete from deadlines d using ${rows} where d.incident_id = u.incident_id and d.deadline_id = u.deadline_id`,
);
const takeSteps = new RowStatement<Taken>(
  { incident_id: 'text', deadline_id: 'text', taken: 'integer' },
  (rows) =>
    `update deadlines d set taken = u.taken from ${rows}
     where d.incident_id = u.incident_id and d.deadline_id = u.deadline_id and d.taken < u.taken`,
);
const moveIncidents = new RowStatement<Move>(
  { incident_id: 'text', lifecycle: 'text' },
  (rows) =>
    `update deadlines d set lifecycle = u.lifecycle from ${rows}
     where d.incident_id = u.incident_id and d.lifecycle <> u.lifecycle`,
);
const endTasks = new RowStatement<Owned>(
  { incident_id: 'text', owner_id: 'text' },
  (rows) =>
    // What was asked for meanwhile is asked for no more.
    `update deadlines d set held = d.held & ~${HELD.extending} | ${HELD.done} from ${rows}
     where d.incident_id = u.incident_id and d.owner_id = u.owner_id and d.held & ${HELD.done} = 0`,
);

const writeRows = merging('deadlines', {
  ...{ shape, key: ['incident_id', 'deadline_id'], overwritten: wholeRow(shape) },
});

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

/** Timers that an answer of the department ends for good, and what an undecided responsibility suspends. */
const answered: readonly IncidentTimer[] = ['ACKNOWLEDGE', 'RETURN_WINDOW'];
const disputed: readonly string[] = ['CONTACT', 'CHECK_IN', 'HANDLING'];

const key = (...parts: (string | null)[]): string => parts.join(' ');

/** What one batch does to the deadlines. */
export class DeadlineBatch {
  /** Incident → deadline → row: those begun in the batch, and those read for it. */
  private readonly rows = new Map<string, Map<string, DeadlineRow>>();
  /** Incidents whose rows are all in memory: nothing needs to be said of those in the table. */
  private readonly whole = new Set<string>();
  private readonly lifecycles = new Map<string, string>();
  private readonly clears = new Map<string, Clear>();
  private readonly droppedOwners = new Map<string, Owned>();
  private readonly droppedTimers = new Map<string, Owned & { readonly timers: Set<string> }>();
  private readonly dropped = new Map<string, Known>();
  private readonly taken = new Map<string, Taken>();
  private readonly ended = new Map<string, Owned>();

  private constructor(private readonly imported: 'OWED' | 'HELD') {}

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

  private async read(tx: ProjectionTransaction, incidentIds: readonly string[]): Promise<void> {
    const rows = await tx.query<StoredRow>(
      `select incident_id, deadline_id, owner_id, timer, warn_at, due_at, steps::text as steps, taken, lifecycle, held,
         provisional, about
       from deadlines where incident_id = any($1::text[])`,
      [incidentIds],
    );
    for (const incidentId of incidentIds) this.whole.add(incidentId);
    for (const row of rows) {
      this.of(row.incident_id).set(row.deadline_id, {
        ...{ ...row, due_at: row.due_at.toISOString() },
        warn_at: row.warn_at?.toISOString() ?? null,
      });
      this.lifecycles.set(row.incident_id, row.lifecycle);
    }
  }

  async write(tx: ProjectionTransaction): Promise<void> {
    await clearIncidents.run(tx, [...this.clears.values()]);
    await dropOwners.run(tx, [...this.droppedOwners.values()]);
    await dropTimers.run(tx, this.drops());
    await dropKnown.run(tx, [...this.dropped.values()]);
    await takeSteps.run(tx, [...this.taken.values()]);
    await moveIncidents.run(tx, this.moves());
    await endTasks.run(tx, [...this.ended.values()]);
    const rows = [...this.rows.values()].flatMap((ofIncident) => [...ofIncident.values()]);
    await writeRows.run(tx, rows);
  }

  private drops(): Drop[] {
    return [...this.droppedTimers.values()].map((drop) => ({ ...drop, timers: [...drop.timers].join(' ') }));
  }

  private moves(): Move[] {
    return [...this.lifecycles]
      .filter(([incidentId]) => !this.whole.has(incidentId))
      .map(([incident_id, lifecycle]) => ({ incident_id, lifecycle }));
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

  private of(incidentId: string): Map<string, DeadlineRow> {
    const known = this.rows.get(incidentId);
    if (known !== undefined) return known;
    const rows = new Map<string, DeadlineRow>();
    this.rows.set(incidentId, rows);
    return rows;
  }

  /** Without a row that says otherwise, the incident is where most events happen. */
  private lifecycleOf(incidentId: string): string {
    return this.lifecycles.get(incidentId) ?? 'HANDLING';
  }

  private begin(
    incidentId: string,
    ownerId: string | null,
    deadlines: readonly AnyDeadline[],
    about?: About,
  ): void {
    const rows = this.of(incidentId);
    for (const deadline of deadlines) {
      const { deadlineId, timer, stage } = deadline;
      const held = this.imported === 'HELD' && cameWithImport(deadline) ? IMPORTED : 0;
      this.dropped.delete(key(incidentId, deadlineId));
      rows.set(deadlineId, {
        ...{ incident_id: incidentId, deadline_id: deadlineId, owner_id: ownerId, timer },
        ...{ ...instantsOf(deadline), taken: firstOf(deadline), lifecycle: this.lifecycleOf(incidentId) },
        ...{ held, about: about === undefined ? null : JSON.stringify({ ...about, stage }) },
      });
    }
  }

  /** Begins deadlines in place of earlier ones of the same timers. */
  private restart(incidentId: string, ownerId: string | null, deadlines: readonly AnyDeadline[]): void {
    const about = ownerId === null ? undefined : this.aboutTask(incidentId, ownerId);
    this.drop(incidentId, ownerId, [...new Set(deadlines.map(({ timer }) => timer))]);
    this.begin(incidentId, ownerId, deadlines, about);
  }

  private summon(incidentId: string, task: TaskAssignment, whistleId: string | null): void {
    const { taskId, departmentId, deadlines } = task;
    this.begin(incidentId, taskId, deadlines, { stage: null, whistleId, departmentId });
  }

  private change(
    incidentId: string,
    concerns: (row: DeadlineRow) => boolean,
    change: (row: DeadlineRow) => Partial<DeadlineRow>,
  ): void {
    const rows = this.rows.get(incidentId);
    if (rows === undefined) return;
    for (const [id, row] of rows) if (concerns(row)) rows.set(id, { ...row, ...change(row) });
  }

  private remove(incidentId: string, concerns: (row: DeadlineRow) => boolean): void {
    const rows = this.rows.get(incidentId);
    if (rows === undefined) return;
    for (const [deadline_id, row] of rows) {
      if (!concerns(row)) continue;
      rows.delete(deadline_id);
      if (this.whole.has(incidentId))
        this.dropped.set(key(incidentId, deadline_id), { incident_id: incidentId, deadline_id });
    }
  }

  private move(
    incidentId: string,
    lifecycle: Lifecycle | `${'SUSPENDED' | 'MERGED'} ${string}` | string,
  ): void {
    this.lifecycles.set(incidentId, lifecycle);
    this.change(
      incidentId,
      () => true,
      () => ({ lifecycle }),
    );
  }

  /** @param whole also what may matter again if the incident is reopened */
  private clear(incidentId: string, whole: boolean): void {
    this.remove(
      incidentId,
      ({ timer }) => whole || (timer !== 'RATIFICATION' && timer !== 'SUPERVISION_RESPONSE'),
    );
    if (this.whole.has(incidentId)) return;
    const before = this.clears.get(incidentId);
    this.clears.set(incidentId, { incident_id: incidentId, whole: whole || before?.whole === true });
  }

  private dropOwner(incidentId: string, ownerId: string): void {
    this.remove(incidentId, (row) => row.owner_id === ownerId);
    if (this.whole.has(incidentId)) return;
    this.droppedOwners.set(key(incidentId, ownerId), { incident_id: incidentId, owner_id: ownerId });
  }

  private drop(incidentId: string, ownerId: string | null, timers: readonly string[]): void {
    this.remove(incidentId, (row) => row.owner_id === ownerId && timers.includes(row.timer));
    if (this.whole.has(incidentId)) return;
    const owner = key(incidentId, ownerId);
    const before = this.droppedTimers.get(owner)?.timers ?? [];
    const drop = { incident_id: incidentId, owner_id: ownerId, timers: new Set([...before, ...timers]) };
    this.droppedTimers.set(owner, drop);
  }

  private end(incidentId: string, taskId: string): void {
    this.hold(incidentId, taskId, null, HELD.extending, false);
    this.hold(incidentId, taskId, null, HELD.done, true);
    if (this.whole.has(incidentId)) return;
    this.ended.set(key(incidentId, taskId), { incident_id: incidentId, owner_id: taskId });
  }

  private take(incidentId: string, deadlineId: string, taken: number): void {
    this.change(
      incidentId,
      (row) => row.deadline_id === deadlineId && row.taken < taken,
      () => ({ taken }),
    );
    if (this.whole.has(incidentId)) return;
    const before = this.taken.get(key(incidentId, deadlineId))?.taken ?? NOT_WARNED;
    this.taken.set(key(incidentId, deadlineId), {
      ...{ incident_id: incidentId, deadline_id: deadlineId, taken: Math.max(taken, before) },
    });
  }

  private hold(
    incidentId: string,
    taskId: string,
    timers: readonly string[] | null,
    reason: number,
    on: boolean,
  ): void {
    this.change(
      incidentId,
      (row) => row.owner_id === taskId && (timers === null || timers.includes(row.timer)),
      ({ held }) => ({ held: on ? held | reason : held & ~reason }),
    );
  }

  /** The task stays with its department: what is owed is owed again. */
  private decide(incidentId: string, taskId: string): void {
    this.drop(incidentId, taskId, ['RETURN_DECISION', 'ARBITRATION']);
    this.hold(incidentId, taskId, disputed, HELD.undecided, false);
  }

  private give(incidentId: string, taskId: string, newTask: TaskAssignment | null): void {
    const { whistleId } = this.aboutTask(incidentId, taskId);
    this.dropOwner(incidentId, taskId);
    if (newTask !== null) this.summon(incidentId, newTask, whistleId);
  }

  /** @param at when they were moved: what is to be warned of after that is warned of anew */
  private reschedule(incidentId: string, moves: readonly DeadlineMove[], at: string): void {
    for (const move of moves)
      this.change(
        incidentId,
        (row) => row.deadline_id === move.deadlineId,
        ({ taken }) => ({
          ...instantsOf(move),
          taken: taken === NOT_BREACHED && Date.parse(move.warnAt) > Date.parse(at) ? firstOf(move) : taken,
        }),
      );
  }

  private sendBack(
    incidentId: string,
    {
      taskIds,
      reworks,
    }: { taskIds: readonly string[]; reworks: readonly { taskId: string; deadline: Deadline }[] },
  ): void {
    this.move(incidentId, 'HANDLING');
    const whistleIds = new Set(taskIds.map((taskId) => this.aboutTask(incidentId, taskId).whistleId));
    for (const taskId of taskIds) {
      const about = this.aboutTask(incidentId, taskId);
      this.drop(incidentId, taskId, ['CHECK_IN', 'REWORK']);
      this.hold(incidentId, taskId, null, HELD.done, false);
      const deadlines = reworks.filter((rework) => rework.taskId === taskId).map(({ deadline }) => deadline);
      this.begin(incidentId, taskId, deadlines, about);
    }
    this.change(
      incidentId,
      (row) => row.about !== null && whistleIds.has(aboutOf(row).whistleId),
      ({ held }) => ({ held: held & ~CANCELLED }),
    );
  }

  /** The open tasks of the whistle go. With no other whistle being followed, the incident waits for another one. */
  private cancel(incidentId: string, whistleId: string, taskIds: readonly string[]): void {
    this.dropOwner(incidentId, whistleId);
    for (const taskId of taskIds) this.dropOwner(incidentId, taskId);
    this.change(
      incidentId,
      (row) => row.about !== null && aboutOf(row).whistleId === whistleId,
      ({ held }) => ({ held: held | CANCELLED }),
    );
    const others = [...this.of(incidentId).values()].some(
      (row) => row.about !== null && (row.held & CANCELLED) === 0,
    );
    // A proposal that is taken back leaves the incident where it was.
    if (this.lifecycleOf(incidentId) === 'HANDLING' && !others) this.move(incidentId, 'FILED');
  }

  private aboutTask(incidentId: string, taskId: string): About {
    for (const row of this.of(incidentId).values())
      if (row.owner_id === taskId && row.about !== null) return aboutOf(row);
    return { stage: null, whistleId: null, departmentId: null };
  }

  private isDone(incidentId: string, taskId: string): boolean {
    const rows = [...this.of(incidentId).values()].filter((row) => row.owner_id === taskId);
    return rows.some((row) => (row.held & HELD.done) !== 0);
  }
}

const aboutOf = ({ about }: DeadlineRow): About =>
  about === null ? { stage: null, whistleId: null, departmentId: null } : (JSON.parse(about) as About);

const warnsFirst = ({ warnAt, dueAt }: DeadlineMove): boolean => Date.parse(warnAt) < Date.parse(dueAt);

const firstOf = (deadline: DeadlineMove): number => (warnsFirst(deadline) ? NOT_WARNED : NOT_BREACHED);

const instantsOf = (
  deadline: DeadlineMove,
): Pick<DeadlineRow, 'warn_at' | 'due_at' | 'steps' | 'provisional'> => ({
  ...{ warn_at: warnsFirst(deadline) ? deadline.warnAt : null, due_at: deadline.dueAt },
  ...{ steps: stepInstants(deadline.steps), provisional: deadline.provisional },
});

/** See {@link DeadlineRow.steps}: whichever step was taken last, what is next stands right behind it. */
function stepInstants(steps: Deadline['steps']): string | null {
  const last = steps.at(-1);
  if (last === undefined) return null;
  const instants = Array.from({ length: last.step }, (_, index) => {
    const next = steps.find(({ step }) => step > index) ?? last;
    return `"${next.at}"`;
  });
  return `{${instants.join(',')}}`;
}
