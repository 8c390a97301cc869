import { advisoryLockKey, isPassing, withTransaction } from '@shaoying/postgres';
import type { Difference, WhatIfProgress, WhatIfReport, WhatIfWindow } from '@shaoying/incident-application';
import type { AlternativeDocuments } from '@shaoying/jurisdiction-application';
import type { Pool } from 'pg';

/*
 * A row per simulation, and its differences in order. Several processes that serve the API share them: whoever is free takes
 * the oldest that waits, tells once a second that it is alive, and whoever finds one whose process has been silent takes it
 * over. Each claim has a mark of its own, and whatever its holder writes is written only while the run bears that mark: a process
 * that has been silent for too long, or whose run was forgotten and asked for again, changes nothing of another's run.
 * Nothing here is in the log; a row lives for some days, and the oldest go when there are too many.
 */
const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS simulations;
  CREATE TABLE IF NOT EXISTS simulations.runs (
    id uuid PRIMARY KEY,
    request_hash text NOT NULL,
    request jsonb NOT NULL,
    state text NOT NULL DEFAULT 'QUEUED',
    attempts integer NOT NULL DEFAULT 0,
    asked_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    beat_at timestamptz,
    ended_at timestamptz,
    progress jsonb,
    known_at jsonb,
    report jsonb,
    failure text
  );
  -- Tables of earlier releases have none.
  ALTER TABLE simulations.runs ADD COLUMN IF NOT EXISTS holder uuid;
  CREATE INDEX IF NOT EXISTS runs_by_state ON simulations.runs (state, asked_at);
  CREATE TABLE IF NOT EXISTS simulations.differences (
    run_id uuid NOT NULL REFERENCES simulations.runs ON DELETE CASCADE,
    place integer NOT NULL,
    difference jsonb NOT NULL,
    PRIMARY KEY (run_id, place)
  );
`;

export const SIMULATION_LIMITS = {
  /** At once, of all processes: one core of two is the API's. */
  runningMax: 2,
  waitingMax: 8,
  /** Ended ones that are kept; the oldest go. Each may hold 100,000 differences of some 1 KB. */
  keptMax: 20,
  keptDays: 7,
  /** Told one by one; beyond it only the totals are. */
  differencesMax: 100_000,
  /** A process that has not been heard of for so long is gone. */
  silenceSeconds: 15,
  attemptsMax: 3,
} as const;

export interface SimulationRequest extends AlternativeDocuments {
  readonly window: WhatIfWindow;
}

export type SimulationState = 'QUEUED' | 'RUNNING' | 'DONE' | 'FAILED';

export interface Simulation {
  readonly id: string;
  readonly request: SimulationRequest;
  readonly state: SimulationState;
  readonly askedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly progress: WhatIfProgress | null;
  /** Up to where the log was read. */
  readonly knownAt: { readonly position: string; readonly asOf: string } | null;
  readonly report: WhatIfReport | null;
  /** Code of what ended it. */
  readonly failure: string | null;
}

/** One claim of a simulation. Another process that takes it over, or takes it up after it was asked for again, is another holder. */
export interface Holding {
  readonly id: string;
  readonly holder: string;
}

export type HeldSimulation = Simulation & Holding;

/** Thrown when as many simulations wait as may. */
export class TooManySimulations extends Error {
  readonly code = 'TOO_MANY_SIMULATIONS';
  readonly retryAfterSeconds = 30;
}

/** Thrown when a key was used for another simulation. */
export class SimulationKeyReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
}

interface Row {
  readonly id: string;
  readonly request: SimulationRequest;
  readonly state: SimulationState;
  readonly asked_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly progress: WhatIfProgress | null;
  readonly known_at: Simulation['knownAt'];
  readonly report: WhatIfReport | null;
  readonly failure: string | null;
}

/** Whose run it is, of `$1` and `$2`. */
const HELD = "id = $1 AND holder = $2 AND state = 'RUNNING'";

const simulationOf = (row: Row): Simulation => ({
  ...{ id: row.id, request: row.request, state: row.state, askedAt: row.asked_at.toISOString() },
  startedAt: row.started_at?.toISOString() ?? null,
  endedAt: row.ended_at?.toISOString() ?? null,
  ...{ progress: row.progress, knownAt: row.known_at, report: row.report, failure: row.failure },
});

/** Thrown to who asks from outside, when PostgreSQL cannot be asked now. */
export class SimulationsUnavailable extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

async function orUnavailable<Answer>(asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    if (!isPassing(error)) throw error;
    throw new SimulationsUnavailable('simulations cannot be asked for now', { cause: error });
  }
}

/** Simulations that were asked for, and what came of them. */
export class SimulationStore {
  constructor(private readonly pool: Pool) {}

  /** Makes its tables once. @throws what PostgreSQL throws */
  static async open(pool: Pool): Promise<SimulationStore> {
    await withTransaction(pool, async (client) => {
      // CREATE … IF NOT EXISTS fails when two processes run it at once.
      const lock = advisoryLockKey('simulations/schema').toString();
      await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock]);
      await client.query(SCHEMA);
    });
    return new SimulationStore(pool);
  }

  /** @returns whether it was asked for before, in the same words @throws TooManySimulations, SimulationKeyReused, SimulationsUnavailable */
  async ask(
    id: string,
    requestHash: string,
    request: SimulationRequest,
  ): Promise<{ readonly replayed: boolean }> {
    const asking = withTransaction(this.pool, async (client) => {
      // One at a time: two that ask at once must not both be the last that may wait.
      await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [
        advisoryLockKey('simulations').toString(),
      ]);
      const known = await client.query<{ request_hash: string }>(
        'SELECT request_hash FROM simulations.runs WHERE id = $1',
        [id],
      );
      const [before] = known.rows;
      if (before !== undefined && before.request_hash !== requestHash) throw new SimulationKeyReused();
      if (before !== undefined) return { replayed: true };
      const waiting = await client.query("SELECT 1 FROM simulations.runs WHERE state = 'QUEUED'");
      if ((waiting.rowCount ?? 0) >= SIMULATION_LIMITS.waitingMax) throw new TooManySimulations();
      const { keptDays, keptMax } = SIMULATION_LIMITS;
      await client.query(
        `DELETE FROM simulations.runs WHERE state IN ('DONE', 'FAILED') AND (ended_at < now() - make_interval(days => $1)
           OR id NOT IN (SELECT id FROM simulations.runs WHERE state IN ('DONE', 'FAILED') ORDER BY ended_at DESC LIMIT $2))`,
        [keptDays, keptMax - 1],
      );
      await client.query('INSERT INTO simulations.runs (id, request_hash, request) VALUES ($1, $2, $3)', [
        ...[id, requestHash, JSON.stringify(request)],
      ]);
      return { replayed: false };
    });
    return orUnavailable(asking);
  }

  /** @throws SimulationsUnavailable */
  async find(id: string): Promise<Simulation | null> {
    const { rows } = await orUnavailable(
      this.pool.query<Row>('SELECT * FROM simulations.runs WHERE id = $1', [id]),
    );
    return rows[0] === undefined ? null : simulationOf(rows[0]);
  }

  /** Differences behind a place, in order. @throws SimulationsUnavailable */
  async differences(
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly { place: number; difference: Difference }[]> {
    const { rows } = await orUnavailable(
      this.pool.query<{ place: number; difference: Difference }>(
        'SELECT place, difference FROM simulations.differences WHERE run_id = $1 AND place > $2 ORDER BY place LIMIT $3',
        [id, after, limit],
      ),
    );
    return rows;
  }

  /** Ends it, if it runs, and forgets it. @returns whether there was one @throws SimulationsUnavailable */
  async remove(id: string): Promise<boolean> {
    const { rowCount } = await orUnavailable(
      this.pool.query('DELETE FROM simulations.runs WHERE id = $1', [id]),
    );
    return (rowCount ?? 0) > 0;
  }

  /** Takes the oldest one that waits, or whose process has died; null where there is none, or enough are running. */
  async claim(): Promise<HeldSimulation | null> {
    const { runningMax, silenceSeconds, attemptsMax } = SIMULATION_LIMITS;
    return withTransaction(this.pool, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [
        advisoryLockKey('simulations').toString(),
      ]);
      await client.query(
        `UPDATE simulations.runs
           SET state = CASE WHEN attempts < $2 THEN 'QUEUED' ELSE 'FAILED' END, ended_at = CASE WHEN attempts < $2 THEN NULL ELSE now() END,
             failure = CASE WHEN attempts < $2 THEN NULL ELSE 'SIMULATION_DIED' END
         WHERE state = 'RUNNING'
           -- Or later than now: the clock was set back, and whoever lives says so by the clock of now.
           AND beat_at NOT BETWEEN now() - make_interval(secs => $1) AND now() + make_interval(secs => $1)`,
        [silenceSeconds, attemptsMax],
      );
      const { rows } = await client.query<Row & Holding>(
        `UPDATE simulations.runs
           SET state = 'RUNNING', holder = gen_random_uuid(), attempts = attempts + 1, started_at = now(), beat_at = now(), progress = NULL
         WHERE id = (SELECT id FROM simulations.runs WHERE state = 'QUEUED' ORDER BY asked_at LIMIT 1)
           AND (SELECT count(*) FROM simulations.runs WHERE state = 'RUNNING') < $1
         RETURNING *`,
        [runningMax],
      );
      if (rows[0] === undefined) return null;
      await client.query('DELETE FROM simulations.differences WHERE run_id = $1', [rows[0].id]);
      return { ...simulationOf(rows[0]), holder: rows[0].holder };
    });
  }

  /** Says that it goes on. @returns false when nobody wants it any more, or another holds it */
  beat(held: Holding, progress: WhatIfProgress | null, knownAt: Simulation['knownAt']): Promise<boolean> {
    return this.writeHeld(
      `UPDATE simulations.runs SET beat_at = now(), progress = $3, known_at = $4 WHERE ${HELD}`,
      [held.id, held.holder, progress && JSON.stringify(progress), knownAt && JSON.stringify(knownAt)],
    );
  }

  /**
   * @param first place of the first one
   * @param differences some
   * @returns false when nothing is written, for nobody wants it any more, or another holds it
   */
  add({ id, holder }: Holding, first: number, differences: readonly Difference[]): Promise<boolean> {
    return this.writeHeld(
      // Whoever takes it over waits for the lock, and deletes these too; seen from a claim that came first, nothing is found.
      `WITH held AS (SELECT id FROM simulations.runs WHERE ${HELD} FOR SHARE)
       INSERT INTO simulations.differences (run_id, place, difference)
         SELECT id, $3 + told.place::int - 1, told.difference
         FROM held, jsonb_array_elements($4::jsonb) WITH ORDINALITY AS told (difference, place)`,
      [id, holder, first, JSON.stringify(differences)],
    );
  }

  /** @returns as {@link beat} */
  finish({ id, holder }: Holding, report: WhatIfReport): Promise<boolean> {
    return this.writeHeld(
      `UPDATE simulations.runs SET state = 'DONE', report = $3, ended_at = now() WHERE ${HELD}`,
      [id, holder, JSON.stringify(report)],
    );
  }

  /** @returns as {@link beat} */
  fail({ id, holder }: Holding, code: string): Promise<boolean> {
    return this.writeHeld(
      `UPDATE simulations.runs SET state = 'FAILED', failure = $3, ended_at = now() WHERE ${HELD}`,
      [id, holder, code],
    );
  }

  /** Lets another process take it: this one stops. @returns as {@link beat} */
  giveBack({ id, holder }: Holding): Promise<boolean> {
    return this.writeHeld(
      `UPDATE simulations.runs SET state = 'QUEUED', attempts = attempts - 1 WHERE ${HELD}`,
      [id, holder],
    );
  }

  private async writeHeld(statement: string, values: readonly unknown[]): Promise<boolean> {
    const { rowCount } = await this.pool.query(statement, [...values]);
    return (rowCount ?? 0) > 0;
  }
}
