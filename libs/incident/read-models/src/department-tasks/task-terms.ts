import type { ProjectionTransaction } from '@shaoying/projections';
import type { IncidentEntry } from '../incident-rows.js';
import {
  causesOf,
  noAnswer,
  noProgress,
  rowKey,
  writeAnswers,
  writeProgress,
  writeTasks,
  type Cause,
  type TaskAnswer,
  type TaskProgress,
  type TaskRow,
} from './task-rows.js';

/** The rows of one batch's tasks: each change of terms begins one, what is told changes those that are there. */
export class TaskTerms {
  /** Task → its rows, older ones first: those begun in the batch, and those read for it. */
  private readonly rows = new Map<string, TaskRow[]>();
  /** Those begun in the batch. */
  private readonly begun = new Set<string>();
  /** Row → its deadlines as they were read. */
  private readonly knownDeadlines = new Map<string, string>();
  private readonly answers = new Map<string, TaskAnswer>();
  private readonly progress = new Map<string, TaskProgress>();

  /** A row that was there before the batch; older ones first. */
  know(row: TaskRow): void {
    this.knownDeadlines.set(rowKey(row), row.deadlines);
    this.rowsOf(row.task_id).push(row);
  }

  async write(tx: ProjectionTransaction): Promise<void> {
    await writeAnswers.run(tx, [...this.answers.values()]);
    await writeProgress.run(tx, [...this.progress.values()]);
    await writeTasks(tx, [...this.rows.values()].flat(), this.knownDeadlines);
  }

  /** Any task of a whistle. */
  ofWhistle(whistleId: string | undefined): TaskRow | undefined {
    return [...this.rows.values()].flat().find((row) => row.whistle_id === whistleId);
  }

  private rowsOf(taskId: string): TaskRow[] {
    const known = this.rows.get(taskId);
    if (known !== undefined) return known;
    const rows: TaskRow[] = [];
    this.rows.set(taskId, rows);
    return rows;
  }

  begin(row: TaskRow): void {
    this.answers.delete(row.task_id);
    this.progress.delete(row.task_id);
    this.begun.add(rowKey(row));
    const later = this.rowsOf(row.task_id).filter(({ version }) => version > row.version);
    this.rows.set(row.task_id, [row, ...later]);
  }

  /** The terms that hold as an event comes. A log that is delivered again finds rows of what comes after it. */
  standing({ revision }: IncidentEntry, taskId: string): TaskRow | undefined {
    return this.rows
      .get(taskId)
      ?.findLast(
        ({ version }) =>
          version < revision ||
          (version === revision && this.begun.has(rowKey({ task_id: taskId, version }))),
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
  change(entry: IncidentEntry, taskId: string, terms: (row: TaskRow) => Partial<TaskRow> | null): void {
    const row = this.standing(entry, taskId);
    const change = row && terms(row);
    if (row === undefined || !change) return;
    const { occurredAt, recordedAt, eventId, revision: version } = entry;
    const causes = causesOf(row, { ...row, ...change }, causeOf(entry));
    // Two changes by one event are one.
    if (row.version === version) {
      this.replace(row, { ...row, ...change, causes });
      return;
    }
    this.begun.add(rowKey({ task_id: taskId, version }));
    const since = {
      ...{ since_at: occurredAt, since_known_at: recordedAt, since_event_id: eventId },
      ...{ until_at: null, until_known_at: null },
    };
    this.replace(
      row,
      { ...row, until_at: occurredAt, until_known_at: recordedAt },
      { ...row, version, ...since, ...change, causes },
    );
  }

  changeAll(entry: IncidentEntry, terms: (row: TaskRow) => Partial<TaskRow> | null): void {
    for (const [taskId, rows] of this.rows)
      if (rows[0]?.incident_id === entry.incidentId) this.change(entry, taskId, terms);
  }

  /** Under whatever terms: an answer may be told long after it was given. */
  answer(taskId: string, answer: Partial<TaskAnswer>): void {
    const rows = this.rows.get(taskId);
    if (rows !== undefined)
      this.rows.set(
        taskId,
        rows.map((row) => ({ ...row, ...answer })),
      );
    else this.answers.set(taskId, { ...(this.answers.get(taskId) ?? noAnswer(taskId)), ...answer });
  }

  tell(entry: IncidentEntry, taskId: string, told: Partial<TaskProgress>): void {
    const row = this.standing(entry, taskId);
    if (row !== undefined) this.replace(row, { ...row, ...told });
    else this.progress.set(taskId, { ...(this.progress.get(taskId) ?? noProgress(taskId)), ...told });
  }

  work(entry: IncidentEntry, taskId: string): void {
    const known = this.standing(entry, taskId) ?? this.progress.get(taskId);
    if ((known?.working_at ?? null) !== null) return;
    const { occurredAt, recordedAt, eventId } = entry;
    this.tell(entry, taskId, {
      ...{ working_at: occurredAt, working_known_at: recordedAt, working_event_id: eventId },
    });
  }

  end(entry: IncidentEntry, taskIds: readonly string[], as: string, counted: boolean): void {
    for (const taskId of taskIds) this.tell(entry, taskId, endOf(entry, as, counted));
  }
}

export const endOf = (entry: IncidentEntry, ended_as: string, counted: boolean) => ({
  ...{ ended_as, ended_at: entry.occurredAt, ended_known_at: entry.recordedAt },
  ...{ ended_event_id: entry.eventId, counted },
});

export const causeOf = ({ eventId, occurredAt, recordedAt }: IncidentEntry): Cause => ({
  ...{ eventId, at: occurredAt, knownAt: recordedAt },
});
