import type { SqlReader } from '../sql-reader.js';

/** A deadline that nothing has met and whose breach is not on record. Instants ISO 8601, UTC. */
export interface OpenDeadline {
  readonly deadlineId: string;
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly timer: string;
  readonly dueAt: string;
}

interface Row {
  deadline_id: string;
  incident_id: string;
  task_id: string | null;
  timer: string;
  due_at: Date;
}

const fields = 'deadline_id, incident_id, task_id, timer, due_at';

/** Reads the open deadlines; what the timers role works from. */
export class OpenDeadlinesQuery {
  constructor(
    private readonly sql: SqlReader,
    /** Calls back whenever the projection has moved on; returns the way to stop it. */
    readonly onChange: (listener: () => void) => () => void,
  ) {}

  /** Due until an instant, soonest first, in pages by (dueAt, deadlineId). */
  async dueWithin(
    untilIso: string,
    after: { dueAt: string; deadlineId: string } | null,
    limit: number,
  ): Promise<OpenDeadline[]> {
    const values: unknown[] = [untilIso, limit];
    if (after !== null) values.push(after.dueAt, after.deadlineId);
    const { rows } = await this.sql.query<Row>(
      `select ${fields} from open_deadlines.deadlines
       where status = 'OPEN' and due_at <= $1::timestamptz
       ${after === null ? '' : 'and (due_at, deadline_id) > ($3::timestamptz, $4)'}
       order by due_at, deadline_id limit $2`,
      values,
    );
    return rows.map(deadlineOf);
  }

  async stillOpen(deadlineId: string): Promise<OpenDeadline | null> {
    const { rows } = await this.sql.query<Row>(
      `select ${fields} from open_deadlines.deadlines where deadline_id = $1 and status = 'OPEN'`,
      [deadlineId],
    );
    return rows[0] ? deadlineOf(rows[0]) : null;
  }

  /** Due and still open, oldest first. */
  overdueSince(nowIso: string, limit: number): Promise<OpenDeadline[]> {
    return this.dueWithin(nowIso, null, limit);
  }

  async counts(nowIso: string): Promise<{ open: number; due: number; oldestDueAt: string | null }> {
    const { rows } = await this.sql.query<{ open: number; due: number; oldest: Date | null }>(
      `select count(*)::int as open, count(*) filter (where due_at <= $1::timestamptz)::int as due,
         min(due_at) as oldest
       from open_deadlines.deadlines where status = 'OPEN'`,
      [nowIso],
    );
    const { open = 0, due = 0, oldest = null } = rows[0] ?? {};
    return { open, due, oldestDueAt: oldest?.toISOString() ?? null };
  }
}

function deadlineOf(row: Row): OpenDeadline {
  return {
    deadlineId: row.deadline_id,
    incidentId: row.incident_id,
    taskId: row.task_id,
    timer: row.timer,
    dueAt: row.due_at.toISOString(),
  };
}
