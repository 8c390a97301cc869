// The real table of open deadlines, filled by SQL as its projection lays it out: whistles to three departments, four
// deadlines each, every one with a ladder of three steps. Read by the query that the server's scheduler reads it by.
import { openDeadlines, OpenDeadlinesQuery } from '@shaoying/incident-read-models';
import { createPool } from '@shaoying/postgres';
import { Client } from 'pg';

const fillRows = 100_000;
/** Larger than any table here, and prime: `g * stride % rows` is a permutation, so neighbours in time are strangers. */
const stride = 1_000_003;

/** Due times in whole milliseconds, as events carry them. */
const fill = `
  INSERT INTO deadlines
    (incident_id, deadline_id, owner_id, timer, due_at, steps, taken, lifecycle, held, provisional, about)
  SELECT incident, task || '-' || timer, task, timer, due,
         ARRAY[due + interval '1 hour', due + interval '4 hours', due + interval '24 hours'], -1, 'HANDLING', 0, false,
         json_build_object('stage', NULL, 'whistleId', incident, 'departmentId', 'dp-' || g / 4 % 3)::text
    FROM generate_series($1::bigint, $2::bigint) g,
         LATERAL (SELECT md5('incident ' || g / 12)::uuid::text AS incident, md5('task ' || g / 4)::uuid::text AS task,
                         (ARRAY['ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING'])[g % 4 + 1] AS timer,
                         to_timestamp(round($3::float8 + $4::float8 * (g * ${stride} % $5::bigint) / $5) / 1000) AS due) d`;

/** What the projection does once a breach is on record: the first step of the ladder is next. */
const breach = `
  UPDATE deadlines d SET taken = 0 FROM unnest($1::text[], $2::text[]) AS u(incident_id, deadline_id)
   WHERE d.incident_id = u.incident_id AND d.deadline_id = u.deadline_id`;

export class DeadlineTable {
  #client;
  #pool;
  #listeners = new Set();

  static async open(url) {
    const table = new DeadlineTable();
    table.#client = new Client({ connectionString: url, application_name: 'shaoying bench' });
    await table.#client.connect();
    await table.#client.query('CREATE SCHEMA open_deadlines');
    await table.#client.query('SET search_path TO open_deadlines');
    await table.#client.query(openDeadlines.schema);
    table.#pool = createPool(url, { max: 4, log: () => undefined });
    /** What schedulers work from. */
    table.query = new OpenDeadlinesQuery(table.#pool, (listener) => {
      table.#listeners.add(listener);
      return () => table.#listeners.delete(listener);
    });
    return table;
  }

  async show(setting) {
    const { rows } = await this.#client.query(`SHOW ${setting}`);
    return Object.values(rows[0])[0];
  }

  /** Statements of whoever shares the server, such as emptying a queue. */
  async run(sql) {
    await this.#client.query(sql);
  }

  /** Empties the table, then `rows` deadlines due evenly from `fromMs` on, within `spanMs`. */
  async fill(rows, { fromMs, spanMs }, onProgress = () => undefined) {
    await this.#client.query('TRUNCATE deadlines');
    for (let first = 0; first < rows; first += fillRows) {
      const last = Math.min(first + fillRows, rows) - 1;
      await this.#client.query(fill, [first, last, fromMs, spanMs, rows]);
      onProgress(last + 1);
    }
    await this.#client.query('VACUUM ANALYZE deadlines');
    await this.#client.query('CHECKPOINT');
  }

  /** Makes `rows` of those that are open fall due an hour ago. */
  async makeOverdue(rows) {
    await this.#client.query(
      `UPDATE deadlines SET due_at = now() - interval '1 hour' WHERE (incident_id, deadline_id) IN
         (SELECT incident_id, deadline_id FROM deadlines WHERE alarm_at IS NOT NULL ORDER BY alarm_at DESC LIMIT $1)`,
      [rows],
    );
  }

  /** Puts breaches on record and tells the listeners, as the projection does. */
  async recordBreaches(deadlines) {
    const ids = [deadlines.map((d) => d.incidentId), deadlines.map((d) => d.deadlineId)];
    await this.#client.query(breach, ids);
    for (const listener of this.#listeners) listener();
  }

  async close() {
    await this.#pool.end();
    await this.#client.end();
  }
}
