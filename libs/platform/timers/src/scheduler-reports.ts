import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { SILENT_LOG, type TimersLog } from './alarm-clock.js';
import type { DeadlineScheduler, SchedulerMeasures } from './deadline-scheduler.js';

/** What reports need of a connection pool. A text without values may hold several statements. */
export interface ReportsSql {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** What one scheduler has said of itself, on the clock of the database. Instants ISO 8601, UTC. */
export interface SchedulerReport extends SchedulerMeasures {
  /** `<host>:<process id>`. */
  readonly name: string;
  readonly startedAt: string;
  readonly reportedAt: string;
  /** False when it has not been heard of for {@link LIVE_MS}: it was killed, or cannot reach the database. */
  readonly live: boolean;
}

const REPORT_EVERY_MS = 3_000;
/** Five reports missed. */
export const LIVE_MS = 15_000;
/** Whoever was killed is shown as gone for a day, and then forgotten. */
const FORGET_AFTER = '1 day';

/**
 * A table of its own for what only a running scheduler knows: beside the truth in the read models' database, and not in
 * the queue, which may be another server and loses what it knows. Made under a lock: of two processes that start at once
 * and see no schema, one would fail.
 */
const TABLE = `
  select pg_advisory_xact_lock(hashtext('shaoying scheduler reports'));
  create schema if not exists shaoying_schedulers;
  create table if not exists shaoying_schedulers.reports (
    scheduler_id uuid primary key,
    name text not null,
    armed integer not null,
    lost_and_found bigint not null,
    last_lateness_ms bigint not null,
    max_lateness_ms bigint not null,
    started_at timestamptz not null default now(),
    reported_at timestamptz not null default now()
  )`;

/** Tells, every 3 s, what a scheduler measures. One that is stopped takes its report back; one that is killed cannot. */
export class SchedulerReporter {
  private readonly id = randomUUID();
  private readonly name = `${hostname()}:${process.pid}`;
  private timer: NodeJS.Timeout | undefined;
  private reporting: Promise<void> = Promise.resolve();
  private prepared = false;
  private failing = false;
  private stopped = false;

  constructor(
    private readonly sql: ReportsSql,
    private readonly scheduler: Pick<DeadlineScheduler, 'measures'>,
    private readonly log: TimersLog = SILENT_LOG,
    private readonly everyMs = REPORT_EVERY_MS,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.reporting = this.reportLogged().then(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.start(), this.everyMs);
    });
  }

  /** Never throws. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.reporting;
    if (!this.prepared) return;
    await this.sql
      .query('delete from shaoying_schedulers.reports where scheduler_id = $1', [this.id])
      .catch((error: unknown) => this.log.warn({ err: error }, 'the scheduler’s report stays behind'));
  }

  private async reportLogged(): Promise<void> {
    try {
      await this.report();
      this.failing = false;
    } catch (error) {
      // Once: the database that is away is told of by whoever needs it more.
      if (!this.failing) this.log.warn({ err: error }, 'the scheduler cannot report what it measures');
      this.failing = true;
    }
  }

  private async report(): Promise<void> {
    if (!this.prepared) {
      await this.sql.query(TABLE);
      await this.sql.query(
        `delete from shaoying_schedulers.reports where reported_at < now() - interval '${FORGET_AFTER}'`,
      );
      this.prepared = true;
    }
    const { armed, lostAndFound, lastLatenessMs, maxLatenessMs } = this.scheduler.measures();
    await this.sql.query(
      `insert into shaoying_schedulers.reports as told
         (scheduler_id, name, armed, lost_and_found, last_lateness_ms, max_lateness_ms)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (scheduler_id) do update set armed = excluded.armed, lost_and_found = excluded.lost_and_found,
         last_lateness_ms = excluded.last_lateness_ms, max_lateness_ms = excluded.max_lateness_ms,
         reported_at = excluded.reported_at`,
      [this.id, this.name, armed, lostAndFound, lastLatenessMs, maxLatenessMs],
    );
  }
}

interface Row {
  name: string;
  armed: number;
  lost_and_found: string;
  last_lateness_ms: string;
  max_lateness_ms: string;
  started_at: Date;
  reported_at: Date;
  live: boolean;
}

/** Every scheduler heard of, the latest first. None where none has ever run. */
export async function schedulerReports(sql: ReportsSql): Promise<SchedulerReport[]> {
  const there = await sql.query<{ there: boolean }>(
    `select to_regclass('shaoying_schedulers.reports') is not null as there`,
  );
  if (there.rows[0]?.there !== true) return [];
  const { rows } = await sql.query<Row>(
    `select name, armed, lost_and_found, last_lateness_ms, max_lateness_ms, started_at, reported_at,
       reported_at > now() - $1 * interval '1 millisecond' as live
     from shaoying_schedulers.reports order by reported_at desc, name`,
    [LIVE_MS],
  );
  return rows.map((row) => ({
    name: row.name,
    live: row.live,
    armed: row.armed,
    lostAndFound: Number(row.lost_and_found),
    lastLatenessMs: Number(row.last_lateness_ms),
    maxLatenessMs: Number(row.max_lateness_ms),
    startedAt: row.started_at.toISOString(),
    reportedAt: row.reported_at.toISOString(),
  }));
}
