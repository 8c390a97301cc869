import { DepartmentTasksQuery } from './department-tasks/department-tasks.query.js';
import { DispatchFeedQuery } from './dispatch-feed/dispatch-feed.query.js';
import {
  IncidentBoardQuery,
  type BoardFilter,
  type BoardScope,
} from './incident-board/incident-board.query.js';
import { wordsAsked } from './incident-board/search-words.js';
import { departmentTasks, dispatchFeed, incidentBoard, incidentFacts, openDeadlines } from './index.js';
import { everyMetricDefinition } from './metrics/metric-definitions.js';
import { MetricsQuery } from './metrics/metrics.query.js';
import { OpenDeadlinesQuery } from './open-deadlines/open-deadlines.query.js';
import type { SqlPool, SqlReader } from './sql-reader.js';
import { readModelSpec, SimulatedCity, writtenColumns } from './testing/index.js';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Heap Fetches'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows a plan touched in tables, whether it kept them or not: what a query costs, whatever its plan is called. */
function rowsTouched(node: PlanNode): number {
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  const below = (node.Plans ?? []).reduce((sum, child) => sum + rowsTouched(child), 0);
  return below + (node['Relation Name'] === undefined ? 0 : own);
}

/** Rows that any step of a plan went through, also of what was computed in between. */
const everyRow = (node: PlanNode): number =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)) *
    node['Actual Loops'] +
  (node.Plans ?? []).reduce((sum, child) => sum + everyRow(child), 0);

/** Of two characters, as the board is searched by it. */
const pairOf = (word: string): number => wordsAsked(word)[0] ?? 0;

/** Runs each query under EXPLAIN ANALYZE beside running it. */
class MeasuringReader implements SqlPool {
  touched = 0;
  constructor(
    private readonly sql: SqlPool,
    private readonly count = rowsTouched,
  ) {}

  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }> {
    return this.measured(this.sql, text, values);
  }

  async connect(): ReturnType<SqlPool['connect']> {
    const connection = await this.sql.connect();
    return {
      query: (statement, values) =>
        this.measured(connection, typeof statement === 'string' ? statement : statement.text, values),
      release: (broken) => connection.release(broken),
    };
  }

  private async measured<Row>(sql: SqlReader, text: string, values?: unknown[]): Promise<{ rows: Row[] }> {
    // What begins and ends a transaction has no plan.
    if (values === undefined) return sql.query<Row>(text);
    const { rows } = await sql.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (analyze, timing off, format json) ${text}`,
      values,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan;
    if (plan) this.touched += this.count(plan);
    return sql.query<Row>(text, values);
  }
}

// One row of the real projection copied many times: the statistics of a town after some years.
const everyStreet = ['street-small', ...Array.from({ length: 20 }, (_, n) => `street-${n}`)];

describe('queries touch what they answer, not what there is', () => {
  describe('department tasks', () => {
    const spec = readModelSpec(departmentTasks);
    // Beside the tasks: calls to reporters are of both.
    readModelSpec(incidentFacts, spec);
    const now = '2026-03-02T01:00:00.000Z';
    beforeEach(async () => {
      await spec.givenEvents(new SimulatedCity(now, true).report('inc').whistle('inc', ['dept-1']).events);
      // 18,000 tasks done in the years before, 2,000 open, in one of ten departments.
      const columns = await writtenColumns(spec, 'tasks');
      await spec.thenRows(`
        insert into tasks (${columns}) select ${columns} from (select copy.*
        from tasks t, generate_series(1, 20000) n, jsonb_populate_record(t, jsonb_build_object(
          'task_id', 'old-' || n, 'department_id', 'dept-' || n % 10,
          'notified_at', notified_at - n * interval '1 hour', 'notified_known_at', notified_at - n * interval '1 hour',
          'since_at', notified_at - n * interval '1 hour', 'since_known_at', notified_at - n * interval '1 hour',
          'acknowledge_due', acknowledge_due - n * interval '1 hour', 'check_in_due', check_in_due - n * interval '1 hour',
          'handling_due', handling_due - n * interval '1 hour', 'contact_due', contact_due - n * interval '1 hour',
          'is_over', n > 2000, 'completed_at', case when n > 2000 then notified_at - n * interval '1 hour' + interval '20 minutes' end,
          'completed_known_at', case when n > 2000 then notified_at - n * interval '1 hour' + interval '20 minutes' end
        )) copy) copies`);
      // And work on each of them, booked as long ago as it is.
      await spec.thenRows(`
        insert into work_bookings select 'old-' || n, 'inc', 'old-' || n, 'dept-' || n % 10, 30, at, at
        from generate_series(1, 20000) n, lateral (select '${now}'::timestamptz - n * interval '1 hour' as at)`);
      await spec.thenRows('analyze tasks, work_bookings');
    });

    it('queue: the open tasks', async () => {
      const sql = new MeasuringReader(spec.sql);
      const page = await new DepartmentTasksQuery(sql).queue(
        'dept-1',
        { asOf: now, knownAt: now },
        { limit: 50, after: null },
      );
      expect(page.items).toHaveLength(50);
      expect(page.items.every(({ workedMinutes }) => workedMinutes === 30)).toBe(true);
      expect(sql.touched).toBeLessThan(280);
    });

    it('workload: the open tasks and those of the window', async () => {
      const sql = new MeasuringReader(spec.sql);
      const weekBefore = '2026-02-23T01:00:00.000Z';
      const [answer] = await new DepartmentTasksQuery(sql).workload(
        ['dept-1'],
        { asOf: now, knownAt: now },
        weekBefore,
      );
      expect(answer).toMatchObject({ open: 201, outflow: 0, workedMinutes: 17 * 30 });
      expect(sql.touched).toBeLessThan(240);
    });

    it('workload: of what is settled no row is looked at, its index says all of it', async () => {
      await spec.sql.query('vacuum department_tasks.over_tasks');
      const rowsOfOver = (node: PlanNode): number =>
        (node['Relation Name'] !== 'over_tasks'
          ? 0
          : (node['Heap Fetches'] ?? node['Actual Rows'] * node['Actual Loops'])) +
        (node.Plans ?? []).reduce((sum, child) => sum + rowsOfOver(child), 0);
      const sql = new MeasuringReader(spec.sql, rowsOfOver);
      const query = new DepartmentTasksQuery(sql);
      const twoYearsBefore = '2024-03-02T01:00:00.000Z';
      const [answer] = await query.workload(['dept-1'], { asOf: now, knownAt: now }, twoYearsBefore);
      expect(answer?.outflow).toBeGreaterThan(1_000);
      expect(sql.touched).toBe(0);
    });

    it('on-time metric: the tasks due in the window, of however many years', async () => {
      const sql = new MeasuringReader(spec.sql);
      const metrics = new MetricsQuery(sql);
      for (const name of ['acknowledge-on-time', 'check-in-on-time', 'handling-on-time', 'response-rate']) {
        sql.touched = 0;
        const definition = metrics.definition(name);
        if (!definition) throw new Error(`no metric is called ${name}`);
        const window = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-08T00:00:00.000Z' };
        const { rows } = await metrics.compute(definition, window, { asOf: now, knownAt: now }, 'street');
        expect(rows[0]?.denominator).toBe(7 * 24);
        expect(sql.touched).toBeLessThan(2 * 7 * 24);
      }
    });
  });

  describe('metrics of facts', () => {
    const spec = readModelSpec(incidentFacts);
    readModelSpec(departmentTasks, spec);

    it('go through the facts some times, and not through one for each other', async () => {
      const city = new SimulatedCity(undefined, true).report('inc').suspend('inc').pass(1).resume('inc');
      city.locate('inc', { estateId: 'estate-2' }).whistle('inc', ['dept-1']).cancelWhistle('inc');
      city
        .whistle('inc', ['dept-1'])
        .pass(5)
        .requestReturn('inc', 'dept-1')
        .decideReturn('inc', 'dept-1', 'dept-2');
      city.transfer('inc', 'dept-2', 'dept-3').checkIn('inc', 'dept-3').complete('inc', 'dept-3');
      city
        .check('inc', 'FAIL')
        .pass(5)
        .complete('inc', 'dept-3')
        .check('inc', 'PASS')
        .feedback('inc', 'SOLVED');
      await spec.givenEvents(city.close('inc').reopen('inc').events);
      const copies = 1_000;
      await spec.thenRows(`
        insert into facts select copy.* from facts f, generate_series(1, ${copies}) n, jsonb_populate_record(f,
          jsonb_build_object('incident_id', 'inc-' || n, 'fact_at', fact_at + n * interval '1 minute',
            'task_id', task_id || n, 'whistle_id', whistle_id || n)) copy`);
      await spec.thenRows('analyze facts');
      const [{ facts } = { facts: 0 }] = await spec.thenRows<{ facts: number }>(
        'select count(*)::int as facts from facts',
      );
      const sql = new MeasuringReader(spec.sql, everyRow);
      const metrics = new MetricsQuery(sql);
      const window = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
      const later = '2026-12-01T00:00:00.000Z';
      for (const metric of everyMetricDefinition) {
        if (!metrics.readModels(metric).includes('incident-facts')) continue;
        const name = `${metric.name}@${metric.version}`;
        sql.touched = 0;
        await metrics.compute(metric, window, { asOf: later, knownAt: later }, 'street');
        expect({ name, isProportional: sql.touched < 20 * facts, touched: sql.touched }).toMatchObject({
          ...{ name, isProportional: true },
        });
      }
    });
  });

  describe('incident board', () => {
    const spec = readModelSpec(incidentBoard, undefined, async () => {
      await spec.givenEvents(new SimulatedCity().report('inc').events);
      // 20,000 incidents, one in 200 in the street that asks, all of them older than everyone else's.
      await spec.thenRows(`
        insert into incidents select 'inc-' || n, reported_at - n * interval '1 minute',
          case when n > 100 then 'CLOSED' else state end, n > 60
        from incidents, generate_series(1, 20000) n`);
      await spec.thenRows(`
        insert into reports select 'inc-' || n, 'hash-' || n, reported_at - n * interval '1 minute',
          case when n > 19900 then 'street-small' else 'street-' || n % 20 end,
          case when n > 19900 then 'community-small' else 'community-' || n % 200 end, 'estate-' || n % 400,
          case when n > 19900 then 'GAS_LEAK' else category end, case when n > 19900 then 'GROUP' else severity end,
          case when n > 19940 then '井盖' else '路灯' end || n,
          words || case when n > 19940 then ${pairOf('井盖')} else ${pairOf('路灯')} end, report
        from reports, generate_series(1, 20000) n`);
      await spec.thenRows(`
        insert into involvements
        select 'dept-' || case when n > 19900 then 'small' else (n % 8)::text end,
          reported_at - n * interval '1 minute', 'inc-' || n
        from reports, generate_series(1, 20000) n where incident_id = 'inc'`);
      await spec.thenRows(`
        insert into deadlines (incident_id, deadline_id, owner_id, timer, due_at, steps, taken, lifecycle, held, provisional,
          reported_at)
        select 'inc-' || n, 'inc-' || n, owner_id, timer, due_at - n * interval '1 minute', steps, taken,
          case when n > 100 then 'CLOSED' else lifecycle end, held, provisional, reported_at - n * interval '1 minute'
        from deadlines, generate_series(1, 20000) n`);
      await spec.thenRows(`
        insert into events select 'inc-' || n, revision, event from events, generate_series(1, 20000) n`);
      // As autovacuum does.
      await spec.thenRows(`select gin_clean_pending_list('reports_by_word')`);
      for (const table of Object.keys(await spec.tables())) await spec.thenRows(`analyze ${table}`);
    });

    // A row of the table that leads, one of the report and one of its events, for 50 incidents and the one after them.
    it.each<[string, BoardFilter, BoardScope | null, number]>([
      ['the newest of all', {}, null, 2 * 51],
      ['the newest of a street', { streetId: 'street-small' }, null, 2 * 51],
      ['the newest of a state', { state: 'FILED' }, null, 3 * 51],
      ['the overdue', { overdue: true }, null, 2 * 101 + 51],
      ['what waits for a place', { unlocated: true }, null, 3 * 51],
      ['an estate of a street', { streetId: 'street-7', estateId: 'estate-7' }, null, 2 * 51],
      ['a rare category', { category: 'GAS_LEAK' }, null, 2 * 51],
      ['a frequent category', { category: 'GARBAGE' }, null, 2 * 51],
      ['a rare severity', { severity: 'GROUP' }, null, 2 * 51],
      ['a rare category that is closed', { category: 'GAS_LEAK', state: 'CLOSED' }, null, 3 * 51 + 2],
      ['a frequent category of a rare state', { category: 'GARBAGE', state: 'FILED' }, null, 2 * 101 + 51],
      ['a rare word of two characters', { q: '井盖' }, null, 3 * 60 + 51],
      ['a rare word in a street', { q: '井盖', streetId: 'street-small' }, null, 3 * 60 + 51],
      ['a frequent word', { q: '路灯' }, null, 3 * 51 + 1],
      // In order by their index, or all 100 and sorted, where autovacuum has not been there yet.
      ['what a department was whistled to', { departmentId: 'dept-small' }, null, 2 * 51 + 101],
      ['what a department may see', {}, { departmentId: 'dept-small' }, 2 * 51 + 101],
      ['what a street may see', {}, { streetIds: ['street-small'], departmentId: 'dept-small' }, 7 * 101],
      ['what a district may see', {}, { streetIds: everyStreet }, 2 * 51],
      ['what a community may see', {}, { communityId: 'community-small' }, 2 * 101 + 51],
    ])('page of %s', async (_name, filter, scope, touchedMax) => {
      const sql = new MeasuringReader(spec.sql);
      const page = { limit: 50, after: null, now: '2030-01-01T00:00:00.000Z' };
      const { items } = await new IncidentBoardQuery(sql).list(filter, scope, page);
      expect(items).toHaveLength(50);
      expect(sql.touched).toBeLessThanOrEqual(touchedMax);
    });

    it.each<[string, BoardFilter]>([
      ['a category that none has', { category: 'NOISE' }],
      ['a severity that none of a category has', { category: 'GARBAGE', severity: 'GROUP' }],
    ])('%s: no more than are of the rarer one, of 20,000', async (_name, filter) => {
      const sql = new MeasuringReader(spec.sql);
      const page = { limit: 50, after: null, now: '2030-01-01T00:00:00.000Z' };
      const { items } = await new IncidentBoardQuery(sql).list(filter, null, page);
      expect(items).toEqual([]);
      expect(sql.touched).toBeLessThanOrEqual(101);
    });

    it('the overdue of a street: no more than are overdue or lie in it, of 20,000', async () => {
      const sql = new MeasuringReader(spec.sql);
      const page = { limit: 50, after: null, now: '2030-01-01T00:00:00.000Z' };
      const filter = { streetId: 'street-7', overdue: true };
      const { items } = await new IncidentBoardQuery(sql).list(filter, null, page);
      expect(items).toHaveLength(5);
      expect(sql.touched).toBeLessThanOrEqual(1_000 + 2 * 101);
    });

    it.each<[string, BoardFilter, BoardScope | null]>([
      ['all', {}, null],
      ['a street', { streetId: 'street-3' }, null],
      ['a state', { state: 'CLOSED' }, null],
      ['a department', {}, { departmentId: 'dept-3' }],
    ])('page far down the list of %s', async (_name, filter, scope) => {
      const sql = new MeasuringReader(spec.sql);
      // Five days after the first of those 20,000, one a minute.
      const after = { reportedAt: '2026-02-25T01:00:00.000Z', id: 'inc' };
      const page = { limit: 50, after, now: '2030-01-01T00:00:00.000Z' };
      const { items } = await new IncidentBoardQuery(sql).list(filter, scope, page);
      expect(items).toHaveLength(50);
      expect(sql.touched).toBeLessThanOrEqual(3 * 51);
    });

    it('receipt: its row and its event', async () => {
      const sql = new MeasuringReader(spec.sql);
      expect(await new IncidentBoardQuery(sql).findByReceipt('hash-77')).not.toBeNull();
      expect(sql.touched).toBe(2);
    });
  });

  describe('open deadlines', () => {
    const spec = readModelSpec(openDeadlines);

    it('due: a page of the open ones', async () => {
      await spec.thenRows(`
        insert into deadlines (incident_id, deadline_id, owner_id, timer, due_at, taken, lifecycle, held, provisional)
        select 'inc-' || n, 'd-' || n, 'task-' || n, 'CHECK_IN', '2026-03-02T01:00:00Z'::timestamptz - n * interval '1 minute',
          case when n % 3 = 0 then 0 else -1 end, case when n > 200 then 'SUSPENDED HANDLING' else 'HANDLING' end, 0, n % 200 = 1
        from generate_series(1, 20000) n`);
      await spec.thenRows('analyze deadlines');
      const sql = new MeasuringReader(spec.sql);
      const query = new OpenDeadlinesQuery(sql, () => () => undefined);
      const after = { dueAt: '2026-03-01T22:00:00.000Z', deadlineId: 'd-180' };
      expect(await query.dueWithin('2026-03-02T00:30:00.000Z', after, 50)).toHaveLength(50);
      expect(sql.touched).toBeLessThan(60);
      sql.touched = 0;
      // Those that were due before the others were: 200 of 20,000.
      expect(await query.overdueSince('2026-03-02T00:59:00.000Z', 20)).toHaveLength(20);
      expect(sql.touched).toBeLessThan(220);
      sql.touched = 0;
      expect(await query.provisional('2027-01-01T00:00:00.000Z', null, 500)).toEqual(['inc-1']);
      expect(sql.touched).toBeLessThan(150);
      sql.touched = 0;
      expect(await query.incidents('inc-15', 50)).toHaveLength(50);
      expect(sql.touched).toBeLessThan(110);
    });
  });

  describe('dispatch feed', () => {
    const spec = readModelSpec(dispatchFeed);

    const fill = async (): Promise<DispatchFeedQuery> => {
      await spec.thenRows(`
        insert into items select 'dept-' || n % 10, n, '{}' from generate_series(1, 20000) n`);
      await spec.thenRows('analyze items');
      sql = new MeasuringReader(spec.sql);
      return new DispatchFeedQuery(sql, { onAdvance: () => () => undefined, reached: () => undefined });
    };
    let sql: MeasuringReader;

    it('read: the items after the position', async () => {
      const query = await fill();
      expect(await query.read('dept-3', '10000', 100)).toHaveLength(100);
      expect(sql.touched).toBeLessThan(120);
    });

    it('readAll: the items of all departments after the position', async () => {
      const query = await fill();
      expect(await query.readAll('19900', 50)).toHaveLength(50);
      expect(sql.touched).toBeLessThan(120);
    });
  });
});
