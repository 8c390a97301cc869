import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { START } from '@shaoying/event-store';
import {
  DepartmentTasksQuery,
  MetricsQuery,
  type ExplainedCase,
  type Moment,
  type SqlPool,
} from '@shaoying/incident-read-models';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { parse } from 'csv-parse/sync';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';
import { expectAsRebuilt } from '../../server/test/kit/as-rebuilt.js';
import type { ImportSummary } from './commands/import-tickets.command.js';
import { CliProcess } from './testing/index.js';

const root = join(__dirname, '../../..');
const file = join(root, '../shared/data/boston311-2022-sample.csv');
const map = join(root, 'samples/boston311.map.json');

interface CityCase {
  readonly case_enquiry_id: string;
  readonly open_dt: string;
  readonly target_dt: string;
  readonly closed_dt: string;
  readonly ontime: 'ONTIME' | 'OVERDUE';
  readonly department: string;
}

const suite = existsSync(file) ? describe : describe.skip;
const reason = existsSync(file) ? '' : ' (skipped: the sample of Boston 311 is not beside this clone)';

/** A moment after the last close of the file, 2022-04-25 14:30:31 in Boston. */
const afterLastClose = '2022-04-25T18:31:00.000Z';
const atThatMoment = '2022-04-25 14:31:00';
/** Holds every target of the file. */
const window = { from: '2021-12-01T00:00:00.000Z', to: '2022-07-01T00:00:00.000Z' };

suite(`the 100 cases of Boston${reason}`, () => {
  let database: TestDatabase;
  let cli: CliProcess;
  let pool: Pool;
  let first: ImportSummary;
  let cases: CityCase[];
  const moment = (): Moment => ({ asOf: afterLastClose, knownAt: new Date().toISOString() });
  const reader = (): SqlPool => pool as SqlPool;

  beforeAll(async () => {
    database = await createTestDatabase();
    cli = await CliProcess.over(root, database.url);
    pool = new Pool({ connectionString: database.url, max: 2 });
    cases = parse(readFileSync(file), { columns: true, bom: true });
    first = await cli.json<ImportSummary>('import', 'tickets', '--map', map, file);
  }, 60_000);

  afterAll(async () => {
    await pool?.end();
    await database?.drop();
    await cli?.remove();
  });

  const byExternalId = async (): Promise<Map<string, string>> => {
    const { rows } = await pool.query<{ external: string; id: string }>(
      `select report->'data'->>'externalId' as external, incident_id as id from incident_board.reports`,
    );
    return new Map(rows.map(({ external, id }) => [external, id]));
  };

  const explained = async (department: string | null): Promise<Map<string, ExplainedCase>> => {
    const metrics = new MetricsQuery(reader());
    const metric = metrics.definition('handling-on-time');
    if (!metric) throw new Error('there is no handling-on-time');
    const by = department === null ? null : ('department' as const);
    const { cases: found } = await metrics.explain(metric, window, moment(), by, department);
    return new Map(found.map((found) => [found.incidentId, found]));
  };

  const departmentId = (department: string): string =>
    `dp-boston-${department.toLowerCase().replace(/[^a-z]/g, '')}`;

  test('all come in, each with the events of its life', () => {
    const closed = cases.filter(({ closed_dt }) => closed_dt !== '').length;
    expect(first).toMatchObject({ rows: 100, imported: 100, alreadyThere: 0, rejected: 0, complete: true });
    expect(first.eventsWritten).toBe(closed * 6 + (100 - closed) * 3);
  });

  test('handling-on-time agrees with the flag of the city on every closed case with a target', async () => {
    const ids = await byExternalId();
    const counted = await explained(null);
    const judged = cases.filter(({ closed_dt, target_dt }) => closed_dt !== '' && target_dt !== '');
    expect(judged.length).toBe(77);
    const ours = judged.map(({ case_enquiry_id }) => [
      case_enquiry_id,
      counted.get(ids.get(case_enquiry_id) ?? '')?.inNumerator,
    ]);
    expect(ours).toEqual(judged.map(({ case_enquiry_id, ontime }) => [case_enquiry_id, ontime === 'ONTIME']));
  });

  test('so it does department by department', async () => {
    const ids = await byExternalId();
    const departments = [...new Set(cases.map(({ department }) => department))];
    let judgedInAll = 0;
    for (const department of departments) {
      const counted = await explained(departmentId(department));
      const judged = cases.filter(
        (it) => it.department === department && it.closed_dt !== '' && it.target_dt !== '',
      );
      judgedInAll += judged.length;
      for (const { case_enquiry_id, ontime } of judged) {
        expect([case_enquiry_id, counted.get(ids.get(case_enquiry_id) ?? '')?.inNumerator]).toEqual([
          case_enquiry_id,
          ontime === 'ONTIME',
        ]);
      }
    }
    expect(judgedInAll).toBe(77);
  });

  const overdueThen = (): CityCase[] =>
    cases.filter((it) => it.closed_dt === '' && it.target_dt !== '' && it.target_dt < atThatMoment);

  test('open cases past their target count as breached; one whose target is still to come does not count yet', async () => {
    const ids = await byExternalId();
    const counted = await explained(null);
    expect(overdueThen().length).toBe(11);
    for (const { case_enquiry_id } of overdueThen()) {
      expect(counted.get(ids.get(case_enquiry_id) ?? '')).toMatchObject({ inNumerator: false });
    }
    expect(counted.size).toBe(77 + 11);
    const future = cases.filter((it) => it.closed_dt === '' && it.target_dt > atThatMoment);
    expect(future.map((it) => counted.has(ids.get(it.case_enquiry_id) ?? ''))).toEqual([false]);
  });

  test('and stand as overdue in the workload of their departments', async () => {
    const departments = [...new Set(cases.map(({ department }) => department))];
    const loads = await new DepartmentTasksQuery(reader()).workload(
      departments.map(departmentId),
      moment(),
      window.from,
    );
    const expected = departments.map((department) => {
      const overdue = overdueThen().filter((it) => it.department === department).length;
      return { departmentId: departmentId(department), overdue };
    });
    expect(loads.map(({ departmentId, overdue }) => ({ departmentId, overdue }))).toEqual(expected);
  });

  test('again: nothing is added', async () => {
    const store = await PostgresEventStore.open({ url: database.url });
    try {
      const before = await store.head();
      const second = await cli.json<ImportSummary>('import', 'tickets', '--map', map, file);
      expect(second).toMatchObject({ imported: 0, alreadyThere: 100, eventsWritten: 0, unitsPublished: 0 });
      expect(before).not.toBe(START);
      expect(await store.head()).toBe(before);
    } finally {
      await store.close();
    }
  }, 30_000);

  test('npm start after it: the sample city is there too, and the API lists the overdue cases', async () => {
    const { stdout: token } = await cli.run('token', '--role', 'oversight');
    const server = spawn(process.execPath, [join(root, 'bundle/server.js')], {
      cwd: root,
      env: { ...cli.env, PORT: '0' },
    });
    let said = '';
    const address = new Promise<string>((resolve, reject) => {
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const url = /listening on (http\S+)/.exec(said)?.[1];
        if (url) resolve(url);
      });
      server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      server.once('exit', () => reject(new Error(said)));
    });
    try {
      const base = await address;
      const get = async <Answer>(path: string): Promise<Answer> => {
        const response = await fetch(`${base}${path}`, {
          headers: { authorization: `Bearer ${token.trim()}` },
        });
        expect([path, response.status]).toEqual([path, 200]);
        return (await response.json()) as Answer;
      };
      const overdue = await get<{ items: { externalId: string; overdue: boolean }[] }>(
        '/v1/incidents?overdue=true&limit=200',
      );
      // Today the twelfth target has passed as well.
      const open = cases.filter((it) => it.closed_dt === '' && it.target_dt !== '');
      expect(overdue.items.map(({ externalId }) => externalId).sort()).toEqual(
        open.map(({ case_enquiry_id }) => case_enquiry_id).sort(),
      );
      const units = await get<{ items: { id: string }[] }>('/v1/org-units?kind=CITY');
      expect(units.items.map(({ id }) => id).sort()).toEqual(['ct-boston', 'ct-lindong']);
      const due = await fetch(
        `${base}/v1/metrics/handling-on-time?from=${window.from}&to=${window.to}&asOf=${afterLastClose}`,
        {
          headers: { authorization: `Bearer ${token.trim()}` },
        },
      );
      const metric = (await due.json()) as { rows: { numerator: number; denominator: number }[] };
      const onTime = cases.filter((it) => it.closed_dt && it.target_dt && it.ontime === 'ONTIME').length;
      expect(metric.rows).toMatchObject([{ numerator: onTime, denominator: 88 }]);
      const store = await PostgresEventStore.open({ url: database.url });
      await expectAsRebuilt(database.url, store).finally(() => store.close());
    } finally {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await gone;
    }
  }, 60_000);
});
