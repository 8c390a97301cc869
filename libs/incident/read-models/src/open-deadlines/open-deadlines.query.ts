import { TASK_TIMERS } from '@shaoying/incident-domain';
import type { SqlReader } from '../sql-reader.js';

/**
 * A deadline about which the decider has something to say: nothing has met it, and its breach, or a step of its ladder
 * after that, is not on record. Instants ISO 8601, UTC.
 */
export interface OpenDeadline {
  readonly deadlineId: string;
  readonly incidentId: string;
  readonly taskId: string | null;
  readonly timer: string;
  /** When there is something to say: the instant of the warning, the due time, or the instant of the step. */
  readonly dueAt: string;
  /** −1: the warning; 0: the breach. Else that is on record, and this step of the ladder, or a higher one, is next. */
  readonly step: number;
}

interface Row {
  deadline_id: string;
  incident_id: string;
  owner_id: string | null;
  timer: string;
  alarm_at: Date;
  taken: number;
}

const fields = 'deadline_id, incident_id, owner_id, timer, alarm_at, taken';

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
       where alarm_at is not null and alarm_at <= $1::timestamptz
       ${after === null ? '' : 'and (alarm_at, deadline_id) > ($3::timestamptz, $4)'}
       order by alarm_at, deadline_id limit $2`,
      values,
    );
    return rows.map(deadlineOf);
  }

  async stillOpen(deadlineId: string): Promise<OpenDeadline | null> {
    const { rows } = await this.sql.query<Row>(
      `select ${fields} from open_deadlines.deadlines where deadline_id = $1 and alarm_at is not null`,
      [deadlineId],
    );
    return rows[0] ? deadlineOf(rows[0]) : null;
  }

  /**
   * Due and still open, oldest first. A deadline whose warning nobody heard and that is due by now is there for its
   * breach: breaches are written in the order in which they were due.
   */
  async overdueSince(nowIso: string, limit: number): Promise<OpenDeadline[]> {
    const { rows } = await this.sql.query<Row>(
      `select deadline_id, incident_id, owner_id, timer,
         case when missed then due_at else alarm_at end as alarm_at, case when missed then -1 else taken end as taken
       from (select *, taken < -1 and due_at <= $1::timestamptz as missed from open_deadlines.deadlines) d
       where alarm_at is not null and alarm_at <= $1::timestamptz
       order by case when missed then due_at else alarm_at end, deadline_id limit $2`,
      [nowIso, limit],
    );
    return rows.map(deadlineOf);
  }

  /** Incidents with a deadline that something is or may again be owed by, in order of their ids. */
  async incidents(after: string | null, limit: number): Promise<string[]> {
    const { rows } = await this.sql.query<{ incident_id: string }>(
      `select distinct incident_id from open_deadlines.deadlines where incident_id > $1 order by incident_id limit $2`,
      [after ?? '', limit],
    );
    return rows.map(({ incident_id }) => incident_id);
  }

  /** Those with a provisional deadline that is owed, not missed, and due before an instant; in order of their ids. */
  async provisional(dueBefore: string, after: string | null, limit: number): Promise<string[]> {
    const { rows } = await this.sql.query<{ incident_id: string }>(
      `select distinct incident_id from open_deadlines.deadlines
       where provisional and alarm_at is not null and taken < 0 and due_at < $1::timestamptz and incident_id > $2
       order by incident_id limit $3`,
      [dueBefore, after ?? '', limit],
    );
    return rows.map(({ incident_id }) => incident_id);
  }

  async counts(nowIso: string): Promise<{ open: number; due: number; oldestDueAt: string | null }> {
    const { rows } = await this.sql.query<{ open: number; due: number; oldest: Date | null }>(
      `select count(*)::int as open, count(*) filter (where alarm_at <= $1::timestamptz)::int as due,
         min(alarm_at) as oldest
       from open_deadlines.deadlines where alarm_at is not null`,
      [nowIso],
    );
    const { open = 0, due = 0, oldest = null } = rows[0] ?? {};
    return { open, due, oldestDueAt: oldest?.toISOString() ?? null };
  }
}

const ofTasks: readonly string[] = TASK_TIMERS;

function deadlineOf(row: Row): OpenDeadline {
  return {
    deadlineId: row.deadline_id,
    incidentId: row.incident_id,
    taskId: ofTasks.includes(row.timer) ? row.owner_id : null,
    timer: row.timer,
    dueAt: row.alarm_at.toISOString(),
    step: row.taken + 1,
  };
}
