import type { Deadline, IncidentEventType, LostTime, Place, TaskAssignment } from '@shaoying/incident-domain';
import type { Projection, ProjectionTransaction } from '@shaoying/projections';
import {
  incidentEntries,
  merging,
  RowStatement,
  wholeRow,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';
import {
  deadlinesOf,
  duesOf,
  handedOn,
  listed,
  moved,
  noAnswer,
  noProgress,
  tasksOfIncidents,
  writeAnswers,
  writeProgress,
  writeTasks,
  type TaskAnswer,
  type TaskProgress,
  type TaskRow,
} from './task-rows.js';

interface CaseRow {
  readonly incident_id: string;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
  readonly imported: boolean;
}

interface WhistleRow {
  readonly whistle_id: string;
  readonly incident_id: string;
  readonly kind: string;
  readonly reverse: boolean;
  readonly category: string;
  readonly estate_id: string | null;
  readonly blown_at: string;
  readonly blown_known_at: string;
}

interface LossRow {
  readonly event_id: string;
  readonly ordinal: number;
  readonly incident_id: string;
  readonly task_id: string;
  readonly account: string;
  readonly unit_id: string | null;
  readonly from_at: string;
  readonly to_at: string;
  readonly booked_at: string;
  readonly booked_known_at: string;
}

const caseShape: RowShape<CaseRow> = {
  ...{ incident_id: 'text', category: 'text', severity: 'text', estate_id: 'text', community_id: 'text' },
  ...{ street_id: 'text', imported: 'boolean' },
};
const whistleShape: RowShape<WhistleRow> = {
  ...{ whistle_id: 'text', incident_id: 'text', kind: 'text', reverse: 'boolean', category: 'text' },
  ...{ estate_id: 'text', blown_at: 'timestamptz', blown_known_at: 'timestamptz' },
};
const lossShape: RowShape<LossRow> = {
  ...{ event_id: 'text', ordinal: 'integer', incident_id: 'text', task_id: 'text', account: 'text' },
  ...{ unit_id: 'text', from_at: 'timestamptz', to_at: 'timestamptz', booked_at: 'timestamptz' },
  booked_known_at: 'timestamptz',
};

const writeCases = merging('cases', {
  ...{ shape: caseShape, key: ['incident_id'], overwritten: wholeRow(caseShape) },
});
const writeWhistles = merging('whistles', {
  ...{ shape: whistleShape, key: ['whistle_id'], overwritten: wholeRow(whistleShape) },
});
const writeLosses = merging('lost_times', { shape: lossShape, key: ['event_id', 'ordinal'] });
const dropWhistles = new RowStatement<Pick<WhistleRow, 'whistle_id'>>(
  { whistle_id: 'text' },
  (rows) => `delete from whistles w using ${rows} where w.whistle_id = u.whistle_id`,
);
const dropWhistlesOf = new RowStatement<Pick<WhistleRow, 'incident_id'>>(
  { incident_id: 'text' },
  (rows) => `delete from whistles w using ${rows} where w.incident_id = u.incident_id`,
);

/** Events that change the terms of tasks that were there before, and so read them. */
const changesTerms: ReadonlySet<IncidentEventType> = new Set<IncidentEventType>([
  ...(['IncidentLocated', 'IncidentSuspended', 'IncidentResumed', 'IncidentMerged'] as const),
  ...(['IncidentUnmerged', 'IncidentReopened', 'ReturnRequested', 'ReturnAccepted'] as const),
  ...(['ReturnRejected', 'ArbitrationOpened', 'ResponsibilityDecided', 'DepartmentAdded'] as const),
  ...(['LeadChanged', 'TaskTransferred', 'TaskStageCompleted', 'ExtensionRequested'] as const),
  ...(['ExtensionGranted', 'ExtensionRefused', 'CheckFailed', 'IncidentVoided'] as const),
]);

function readsTasks(entry: IncidentEntry): boolean {
  if (entry.type === 'FeedbackRecorded') return entry.data.taskIds.length > 0;
  if (entry.type === 'IncidentWithdrawn') return !entry.data.goesOn;
  return changesTerms.has(entry.type);
}

const eventTypes: IncidentEventType[] = [
  ...changesTerms,
  ...(['IncidentReported', 'WhistleBlown', 'TaskAcknowledged', 'DepartmentCheckedIn'] as const),
  ...(['ReporterContacted', 'ProgressReported', 'TaskCompleted', 'TaskReleased'] as const),
  ...(['WhistleCancelled', 'IncidentWithdrawn', 'FeedbackRecorded'] as const),
];

/**
 * Each department's tasks with the instants of their life, each instant beside the one at which the log learnt of it:
 * queue, workload and on-time rates at any moment are one query over it. A task has a row for each of its terms
 * ({@link TaskRow}); acts of every day are written without reading one.
 */
export const departmentTasks: Projection = {
  name: 'department-tasks',
  version: 7,
  schema: `
    create table cases (
      incident_id  text primary key,
      category     text not null,
      severity     text not null,
      estate_id    text,
      community_id text,
      street_id    text,
      imported     boolean not null
    );
    create table tasks (
      task_id               text not null,
      version               integer not null,
      incident_id           text not null,
      whistle_id            text not null,
      department_id         text not null,
      role                  text not null,
      kind                  text not null,
      category              text not null,
      severity              text not null,
      estate_id             text,
      community_id          text,
      street_id             text,
      imported              boolean not null,
      since_at              timestamptz not null,
      since_known_at        timestamptz not null,
      until_at              timestamptz,
      until_known_at        timestamptz,
      notified_at           timestamptz not null,
      notified_known_at     timestamptz not null,
      notified_event_id     text not null,
      acknowledge_due       timestamptz,
      acknowledged_at       timestamptz,
      acknowledged_known_at timestamptz,
      acknowledged_event_id text,
      contact_due           timestamptz,
      contacted_at          timestamptz,
      contacted_known_at    timestamptz,
      check_in_due          timestamptz,
      checked_in_at         timestamptz,
      checked_in_known_at   timestamptz,
      checked_in_event_id   text,
      handling_due          timestamptz,
      stage_due             timestamptz,
      rework_due            timestamptz,
      working_at            timestamptz,
      working_known_at      timestamptz,
      completed_at          timestamptz,
      completed_known_at    timestamptz,
      completed_event_id    text,
      ended_as              text,
      ended_at              timestamptz,
      ended_known_at        timestamptz,
      counted               boolean not null,
      stands                text,
      extending             boolean not null,
      set_aside             text,
      deadlines             json not null,
      former                json,
      primary key (task_id, version)
    ) with (fillfactor = 50);
    -- Half of every page is kept for what comes later: a check-in that stays on its page is in no index and logs what it
    -- changed. Measured with check-ins in the order of the whistles, two events each: 100 bytes of log an event instead
    -- of 540 with fillfactor 80, and PostgreSQL 6 µs instead of 14.
    -- What is over is never looked at for a queue: 20 open tasks among 100,000 done ones are read as 20. See openAfter.
    create index on tasks (department_id, coalesce(least(
      greatest(completed_at, completed_known_at), greatest(ended_at, ended_known_at), greatest(until_at, until_known_at)
    ), 'infinity'));
    create index on tasks (incident_id);
    create index on tasks (handling_due) where handling_due is not null;
    create index on tasks (check_in_due) where check_in_due is not null;
    create index on tasks (acknowledge_due) where acknowledge_due is not null;
    -- For "repeat whistles": what was blown and not taken back.
    create table whistles (
      whistle_id     text primary key,
      incident_id    text not null,
      kind           text not null,
      reverse        boolean not null,
      category       text not null,
      estate_id      text,
      blown_at       timestamptz not null,
      blown_known_at timestamptz not null
    );
    create index on whistles (estate_id, category, blown_at);
    create index on whistles (incident_id);
    create table lost_times (
      event_id        text not null,
      ordinal         integer not null,
      incident_id     text not null,
      task_id         text not null,
      account         text not null,
      unit_id         text,
      from_at         timestamptz not null,
      to_at           timestamptz not null,
      booked_at       timestamptz not null,
      booked_known_at timestamptz not null,
      primary key (event_id, ordinal)
    );
    create index on lost_times (unit_id, booked_at);
    create index on lost_times (booked_at);
  `,
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = await TaskBatch.of(tx, entries);
    for (const entry of entries) batch.fold(entry);
    await batch.write(tx);
  },
};

const caseColumns = Object.keys(caseShape).join(', ');

class TaskBatch {
  /** Of the incidents that are reported in the batch, or that something begins in. */
  private readonly cases = new Map<string, CaseRow>();
  private readonly changedCases = new Set<string>();
  /** Task → its rows, older ones first: those begun in the batch, and those read for it. */
  private readonly rows = new Map<string, TaskRow[]>();
  /** Those begun in the batch. */
  private readonly begun = new Set<string>();
  private readonly answers = new Map<string, TaskAnswer>();
  private readonly progress = new Map<string, TaskProgress>();
  private readonly whistles = new Map<string, WhistleRow>();
  private readonly droppedWhistles = new Set<string>();
  /** Incidents whose whistles, as far as there were any before the batch, are taken back. */
  private readonly silenced = new Set<string>();
  private readonly losses: LossRow[] = [];

  /** Reads what the batch's events change or build on. */
  static async of(tx: ProjectionTransaction, entries: readonly IncidentEntry[]): Promise<TaskBatch> {
    const batch = new TaskBatch();
    const reported = new Set<string>();
    const about = new Set<string>();
    const wanted = new Set<string>();
    for (const entry of entries) {
      if (entry.type === 'IncidentReported') reported.add(entry.incidentId);
      else if (!reported.has(entry.incidentId)) {
        if (entry.type === 'WhistleBlown' || entry.type === 'IncidentLocated') about.add(entry.incidentId);
        if (readsTasks(entry)) wanted.add(entry.incidentId);
      }
    }
    for (const row of await tasksOfIncidents(tx, [...wanted])) batch.rowsOf(row.task_id).push(row);
    if (about.size + wanted.size > 0)
      for (const row of await tx.query<CaseRow>(
        `select ${caseColumns} from cases where incident_id = any($1::text[])`,
        [[...about, ...wanted]],
      ))
        batch.cases.set(row.incident_id, row);
    return batch;
  }

  async write(tx: ProjectionTransaction): Promise<void> {
    await writeCases.run(
      tx,
      [...this.changedCases].flatMap((id) => this.cases.get(id) ?? []),
    );
    await writeAnswers.run(tx, [...this.answers.values()]);
    await writeProgress.run(tx, [...this.progress.values()]);
    await writeTasks.run(tx, [...this.rows.values()].flat());
    await dropWhistles.run(
      tx,
      [...this.droppedWhistles].map((whistle_id) => ({ whistle_id })),
    );
    await dropWhistlesOf.run(
      tx,
      [...this.silenced].map((incident_id) => ({ incident_id })),
    );
    await writeWhistles.run(tx, [...this.whistles.values()]);
    await writeLosses.run(tx, this.losses);
  }

  fold(entry: IncidentEntry): void {
    const { occurredAt: at, recordedAt: knownAt, eventId } = entry;
    switch (entry.type) {
      case 'IncidentReported':
        this.cases.set(entry.incidentId, caseOf(entry));
        this.changedCases.add(entry.incidentId);
        break;
      case 'WhistleBlown':
        this.blow(entry);
        break;
      case 'TaskAcknowledged':
        this.answer(entry.data.taskId, {
          ...{ acknowledged_at: at, acknowledged_known_at: knownAt, acknowledged_event_id: eventId },
        });
        break;
      case 'DepartmentCheckedIn':
        this.answer(entry.data.taskId, {
          ...{ checked_in_at: at, checked_in_known_at: knownAt, checked_in_event_id: eventId },
        });
        break;
      case 'ReporterContacted':
        if (entry.data.reached)
          this.tell(entry, entry.data.taskId, { contacted_at: at, contacted_known_at: knownAt });
        break;
      case 'ProgressReported':
        this.work(entry, entry.data.taskId);
        break;
      case 'TaskCompleted':
        this.tell(entry, entry.data.taskId, {
          ...{ completed_at: at, completed_known_at: knownAt, completed_event_id: eventId },
        });
        break;
      case 'TaskReleased':
        this.end(entry, [entry.data.taskId], 'RELEASED', entry.data.counted);
        break;
      case 'WhistleCancelled':
        this.end(entry, entry.data.taskIds, 'RELEASED', false);
        this.whistles.delete(entry.data.whistleId);
        this.droppedWhistles.add(entry.data.whistleId);
        break;
      case 'CheckFailed':
      case 'FeedbackRecorded':
        // On time is judged by the first accepted completion (domain.md §6, 29): one that was sent back is none.
        this.sendBack(entry, entry.data);
        break;
      default:
        this.foldTerms(entry);
        this.foldIncident(entry);
    }
  }

  /** What changes the terms of one task. */
  private foldTerms(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'TaskStageCompleted': {
        const { taskId, stage } = entry.data;
        this.change(entry, taskId, (row) =>
          duesOf(
            deadlinesOf(row).map((deadline) =>
              deadline.stage === stage ? { ...deadline, done: true } : deadline,
            ),
          ),
        );
        this.work(entry, taskId);
        break;
      }
      case 'ExtensionRequested':
        this.change(entry, entry.data.taskId, () => ({ extending: true }));
        break;
      case 'ExtensionGranted': {
        const { taskId, moves } = entry.data;
        this.change(entry, taskId, (row) => ({ extending: false, ...moved(row, moves) }));
        break;
      }
      case 'ExtensionRefused':
        this.change(entry, entry.data.taskId, () => ({ extending: false }));
        break;
      case 'TaskTransferred':
        this.change(entry, entry.data.taskId, (row) => ({
          ...{ department_id: entry.data.toDepartmentId, former: handedOn(row, entry.occurredAt) },
        }));
        break;
      case 'DepartmentAdded':
        this.summon(entry, entry.data.task, entry.data.whistleId);
        break;
      case 'LeadChanged':
        this.lead(entry);
        break;
      case 'ReturnRequested':
      case 'ReturnRejected':
      case 'ReturnAccepted':
      case 'ArbitrationOpened':
      case 'ResponsibilityDecided':
        this.foldDispute(entry);
        break;
      default:
        break;
    }
  }

  private foldDispute(
    entry: Extract<
      IncidentEntry,
      {
        type:
          | 'ReturnRequested'
          | 'ReturnRejected'
          | 'ReturnAccepted'
          | 'ArbitrationOpened'
          | 'ResponsibilityDecided';
      }
    >,
  ): void {
    const { occurredAt: at, recordedAt: knownAt, eventId } = entry;
    const { taskId } = entry.data;
    switch (entry.type) {
      case 'ReturnRequested':
        // Asking is an answer too.
        this.change(entry, taskId, (row) => ({
          stands: 'RETURN_REQUESTED',
          ...(row.acknowledged_at === null && {
            ...{ acknowledged_at: at, acknowledged_known_at: knownAt, acknowledged_event_id: eventId },
          }),
        }));
        break;
      case 'ReturnRejected':
        this.change(entry, taskId, () => ({ stands: null }));
        this.book(entry, entry.data.lostTime);
        break;
      case 'ReturnAccepted':
        this.give(entry, taskId, entry.data.newTask);
        this.book(entry, entry.data.lostTime);
        break;
      case 'ArbitrationOpened':
        // Whoever had not signed need not any more; whoever should have by then has missed it.
        this.change(entry, taskId, (row) => ({
          stands: 'IN_ARBITRATION',
          ...(row.acknowledged_at === null && isBefore(at, row.acknowledge_due)
            ? duesOf(deadlinesOf(row).filter(({ timer }) => timer !== 'ACKNOWLEDGE'))
            : {}),
        }));
        break;
      case 'ResponsibilityDecided': {
        const { responsibleUnitId, newTask, lostTime } = entry.data;
        if (this.standing(entry, taskId)?.department_id === responsibleUnitId) {
          this.change(entry, taskId, (row) => ({
            stands: row.acknowledged_at === null ? 'ACKNOWLEDGED' : null,
            ...{ working_at: null, working_known_at: null },
          }));
        } else this.give(entry, taskId, newTask);
        this.book(entry, lostTime);
        break;
      }
    }
  }

  /** What changes the terms of every task of an incident. */
  private foldIncident(entry: IncidentEntry): void {
    switch (entry.type) {
      case 'IncidentLocated':
        this.locate(entry, entry.data.place);
        break;
      case 'IncidentSuspended':
        this.changeAll(entry, () => ({ set_aside: 'SUSPENDED' }));
        break;
      case 'IncidentMerged':
        this.changeAll(entry, () => ({ set_aside: 'MERGED' }));
        break;
      case 'IncidentResumed':
      case 'IncidentUnmerged':
        this.changeAll(entry, (row) => ({ set_aside: null, ...moved(row, entry.data.moves) }));
        break;
      case 'IncidentWithdrawn': {
        if (entry.data.goesOn) break;
        const { taskIds } = entry.data;
        this.setAside(entry, (row) => taskIds.includes(row.task_id));
        break;
      }
      case 'IncidentVoided':
        this.setAside(entry, (row) => row.completed_at === null && row.ended_as === null);
        break;
      case 'IncidentReopened':
        this.changeAll(entry, (row) => (row.set_aside === null ? null : { set_aside: null }));
        break;
      default:
        break;
    }
  }

  /** For good: an incident that is withdrawn or voided is in no rate, and its whistles are no earlier ones. */
  private setAside(entry: IncidentEntry, ends: (row: TaskRow) => boolean): void {
    const end = endOf(entry, 'RELEASED', false);
    this.changeAll(entry, (row) => ({ set_aside: 'WITHDRAWN', ...(ends(row) && end) }));
    for (const { whistle_id, incident_id } of this.whistles.values())
      if (incident_id === entry.incidentId) this.whistles.delete(whistle_id);
    this.silenced.add(entry.incidentId);
  }

  private rowsOf(taskId: string): TaskRow[] {
    const known = this.rows.get(taskId);
    if (known !== undefined) return known;
    const rows: TaskRow[] = [];
    this.rows.set(taskId, rows);
    return rows;
  }

  private begin(row: TaskRow): void {
    this.answers.delete(row.task_id);
    this.progress.delete(row.task_id);
    this.begun.add(`${row.task_id}/${row.version}`);
    const later = this.rowsOf(row.task_id).filter(({ version }) => version > row.version);
    this.rows.set(row.task_id, [row, ...later]);
  }

  /** The terms that hold as an event comes. A log that is delivered again finds rows of what comes after it. */
  private standing({ revision }: IncidentEntry, taskId: string): TaskRow | undefined {
    return this.rows
      .get(taskId)
      ?.findLast(
        ({ version }) =>
          version < revision || (version === revision && this.begun.has(`${taskId}/${version}`)),
      );
  }

  private replace(old: TaskRow, ...rows: TaskRow[]): void {
    const replaced = new Set([old.version, ...rows.map(({ version }) => version)]);
    const others = this.rowsOf(old.task_id).filter(({ version }) => !replaced.has(version));
    this.rows.set(
      old.task_id,
      [...others, ...rows].sort((a, b) => a.version - b.version),
    );
  }

  /** New terms from here on. */
  private change(
    entry: IncidentEntry,
    taskId: string,
    terms: (row: TaskRow) => Partial<TaskRow> | null,
  ): void {
    const row = this.standing(entry, taskId);
    const change = row && terms(row);
    if (row === undefined || !change) return;
    const { occurredAt, recordedAt, revision: version } = entry;
    // Two changes by one event are one.
    if (row.version === version) {
      this.replace(row, { ...row, ...change });
      return;
    }
    this.begun.add(`${taskId}/${version}`);
    const since = { since_at: occurredAt, since_known_at: recordedAt, until_at: null, until_known_at: null };
    this.replace(
      row,
      { ...row, until_at: occurredAt, until_known_at: recordedAt },
      { ...row, version, ...since, ...change },
    );
  }

  private changeAll(entry: IncidentEntry, terms: (row: TaskRow) => Partial<TaskRow> | null): void {
    for (const [taskId, rows] of this.rows)
      if (rows[0]?.incident_id === entry.incidentId) this.change(entry, taskId, terms);
  }

  /** Under whatever terms: an answer may be told long after it was given. */
  private answer(taskId: string, answer: Partial<TaskAnswer>): void {
    const rows = this.rows.get(taskId);
    if (rows !== undefined)
      this.rows.set(
        taskId,
        rows.map((row) => ({ ...row, ...answer })),
      );
    else this.answers.set(taskId, { ...(this.answers.get(taskId) ?? noAnswer(taskId)), ...answer });
  }

  private tell(entry: IncidentEntry, taskId: string, told: Partial<TaskProgress>): void {
    const row = this.standing(entry, taskId);
    if (row !== undefined) this.replace(row, { ...row, ...told });
    else this.progress.set(taskId, { ...(this.progress.get(taskId) ?? noProgress(taskId)), ...told });
  }

  private work(entry: IncidentEntry, taskId: string): void {
    const known = this.standing(entry, taskId) ?? this.progress.get(taskId);
    if ((known?.working_at ?? null) !== null) return;
    this.tell(entry, taskId, { working_at: entry.occurredAt, working_known_at: entry.recordedAt });
  }

  private end(entry: IncidentEntry, taskIds: readonly string[], as: string, counted: boolean): void {
    for (const taskId of taskIds) this.tell(entry, taskId, endOf(entry, as, counted));
  }

  private sendBack(
    entry: IncidentEntry,
    {
      taskIds,
      reworks,
    }: { taskIds: readonly string[]; reworks: readonly { taskId: string; deadline: Deadline }[] },
  ): void {
    for (const taskId of taskIds)
      this.change(entry, taskId, (row) => {
        const own = reworks.filter((rework) => rework.taskId === taskId).map(({ deadline }) => deadline);
        const others = deadlinesOf(row).filter(({ timer }) => timer !== 'REWORK');
        return {
          ...duesOf([...others, ...listed(own)]),
          ...{ completed_at: null, completed_known_at: null, completed_event_id: null },
          ...{ working_at: null, working_known_at: null, extending: false },
        };
      });
  }

  private blow(entry: Extract<IncidentEntry, { type: 'WhistleBlown' }>): void {
    const { whistleId: whistle_id, kind, reverse, tasks } = entry.data;
    const known = this.cases.get(entry.incidentId);
    if (known === undefined) return;
    const { incident_id, category, estate_id } = known;
    this.droppedWhistles.delete(whistle_id);
    this.whistles.set(whistle_id, {
      ...{ whistle_id, incident_id, kind, reverse, category, estate_id },
      ...{ blown_at: entry.occurredAt, blown_known_at: entry.recordedAt },
    });
    for (const task of tasks) this.begin(taskOf(entry, task, known, { whistle_id, kind }));
  }

  private summon(entry: IncidentEntry, task: TaskAssignment | null, whistleId: string | undefined): void {
    const known = this.cases.get(entry.incidentId);
    const beside = [...this.rows.values()].flat().find((row) => row.whistle_id === whistleId);
    if (task === null || known === undefined || beside === undefined) return;
    this.begin(taskOf(entry, task, known, beside));
  }

  private give(entry: IncidentEntry, taskId: string, newTask: TaskAssignment | null): void {
    this.change(entry, taskId, () => ({ stands: null, ...endOf(entry, 'RETURNED', false) }));
    this.summon(entry, newTask, this.standing(entry, taskId)?.whistle_id);
  }

  private lead(entry: Extract<IncidentEntry, { type: 'LeadChanged' }>): void {
    const { whistleId, fromTaskId, toTaskId, formerLead, newTask, lostTime } = entry.data;
    const ends = formerLead === 'RELEASED';
    this.change(entry, fromTaskId, (row) => ({
      role: 'ASSIST',
      ...(ends &&
        row.completed_at === null &&
        row.ended_at === null && { stands: null, ...endOf(entry, 'RELEASED', false) }),
    }));
    if (newTask === null) this.change(entry, toTaskId, () => ({ role: 'LEAD' }));
    else this.summon(entry, newTask, whistleId);
    this.book(entry, lostTime);
  }

  private locate(entry: IncidentEntry, place: Place): void {
    const known = this.cases.get(entry.incidentId);
    if (known === undefined) return;
    this.cases.set(entry.incidentId, { ...known, ...unitsOf(place) });
    this.changedCases.add(entry.incidentId);
    this.changeAll(entry, () => unitsOf(place));
  }

  private book(entry: IncidentEntry, lostTime: readonly LostTime[]): void {
    lostTime.forEach(({ account, unitId, taskId, from, to }, ordinal) =>
      this.losses.push({
        ...{ event_id: entry.eventId, ordinal, incident_id: entry.incidentId, task_id: taskId, account },
        ...{ unit_id: unitId, from_at: from, to_at: to },
        ...{ booked_at: entry.occurredAt, booked_known_at: entry.recordedAt },
      }),
    );
  }
}

const isBefore = (instant: string, due: string | null): boolean =>
  due !== null && Date.parse(instant) <= Date.parse(due);

const endOf = (entry: IncidentEntry, ended_as: string, counted: boolean) => ({
  ...{ ended_as, ended_at: entry.occurredAt, ended_known_at: entry.recordedAt, counted },
});

const unitsOf = ({ estateId, communityId, streetId }: Place) => ({
  ...{ estate_id: estateId, community_id: communityId, street_id: streetId },
});

function caseOf(entry: Extract<IncidentEntry, { type: 'IncidentReported' }>): CaseRow {
  const { category, severity, place, imported } = entry.data;
  return { incident_id: entry.incidentId, category, severity, ...unitsOf(place), imported };
}

function taskOf(
  entry: IncidentEntry,
  { taskId: task_id, departmentId: department_id, role, deadlines }: TaskAssignment,
  known: CaseRow,
  { whistle_id, kind }: Pick<TaskRow, 'whistle_id' | 'kind'>,
): TaskRow {
  const { occurredAt: at, recordedAt: knownAt, eventId, revision: version } = entry;
  return {
    ...{ task_id, version, ...known, whistle_id, department_id, role, kind },
    ...{ since_at: at, since_known_at: knownAt, until_at: null, until_known_at: null },
    ...{ notified_at: at, notified_known_at: knownAt, notified_event_id: eventId },
    ...duesOf(listed(deadlines)),
    ...{ acknowledged_at: null, acknowledged_known_at: null, acknowledged_event_id: null },
    ...{ contacted_at: null, contacted_known_at: null, checked_in_at: null, checked_in_known_at: null },
    ...{ checked_in_event_id: null, working_at: null, working_known_at: null, completed_at: null },
    ...{ completed_known_at: null, completed_event_id: null, ended_as: null, ended_at: null },
    ...{ ended_known_at: null, counted: false, stands: null, extending: false, set_aside: null },
    former: null,
  };
}
