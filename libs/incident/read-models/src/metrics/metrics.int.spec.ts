import type { Actor } from '@shaoying/event-store';
import { writtenByTheFirstRelease } from '@shaoying/incident-contracts/testing';
import type { IncidentEvent, Satisfaction, Solved } from '@shaoying/incident-domain';
import { containment, departmentTasks, incidentFacts } from '../index.js';
import type { Moment } from '../sql-reader.js';
import { readModelSpec, simpleDeadlineMinutes, SimulatedCity, writtenColumns } from '../testing/index.js';
import type { MetricDefinition, MetricDimension, MetricTerms } from './metric-definition.js';
import { everyMetricDefinition, metricDefinition } from './metric-definitions.js';
import type { MetricRow } from './metric-rows.js';
import { EXPLAINED_MAX, MetricsQuery, type MetricExplanation, type MetricWindow } from './metrics.query.js';

const always: MetricWindow = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };

function metric(name: string, version?: number): MetricDefinition {
  const found = metricDefinition(name, version);
  if (!found) throw new Error(`no metric is called ${name}`);
  return found;
}

const at = (asOf: string, knownAt = asOf): Moment => ({ asOf, knownAt });

describe('metrics', () => {
  const tasks = readModelSpec(departmentTasks);
  const closures = readModelSpec(containment, tasks);
  const facts = readModelSpec(incidentFacts, tasks);
  const query = new MetricsQuery(tasks.sql);

  async function given(city: SimulatedCity): Promise<void> {
    await Promise.all([tasks, closures, facts].map((spec) => spec.givenEvents(city.events)));
  }

  const compute = async (
    name: string,
    moment: Moment,
    by: MetricDimension | null = null,
    window = always,
  ): Promise<readonly MetricRow[]> => (await query.compute(metric(name), window, moment, by)).rows;

  const explain = (name: string, moment: Moment): Promise<MetricExplanation> =>
    query.explain(metric(name), always, moment, null, null);

  describe('containment', () => {
    it('counts a minor case solved in its estate, and one that went to a department against', async () => {
      const city = new SimulatedCity().report('kept', { estateId: 'estate-1' }).handle('kept', 'ESTATE');
      city
        .report('risen')
        .whistle('risen', ['dept-1'])
        .checkIn('risen', 'dept-1')
        .complete('risen', 'dept-1');
      city.finish('kept').check('kept', 'PASS').check('risen', 'PASS');
      city.feedback('kept', 'SOLVED').feedback('risen', 'SOLVED').close('kept').close('risen');
      await given(city);
      expect(await compute('containment-estate', at(city.now))).toEqual([
        { key: 'total', numerator: 1, denominator: 2, value: 0.5, percent: 50, excluded: {} },
      ]);
    });

    it('leaves out, with the reason, another severity and what lies in no estate', async () => {
      const city = new SimulatedCity().report('major', { severity: 'MAJOR' }).handle('major');
      city.report('outside', { estateId: null }).handle('outside', 'COMMUNITY');
      for (const id of ['major', 'outside']) {
        city.pass(1).finish(id).check(id, 'PASS').feedback(id, 'SOLVED').close(id);
      }
      await given(city);
      expect(await explain('containment-estate', at(city.now))).toMatchObject({
        ...{ numerator: 0, denominator: 0, cases: [] },
        excluded: [
          { incidentId: 'major', taskId: null, reason: 'OTHER_SEVERITY' },
          { incidentId: 'outside', taskId: null, reason: 'NOT_LOCATED_IN_AN_ESTATE' },
        ],
      });
    });

    it.each([
      ['containment-estate', 'MINOR', 'COMMUNITY', 0],
      ['containment-community', 'MAJOR', 'COMMUNITY', 1],
      ['containment-community', 'MAJOR', 'ESTATE', 1],
      ['containment-street', 'GROUP', 'COMMUNITY', 1],
    ] as const)('%s: a %s case solved at %s counts %i', async (name, severity, level, numerator) => {
      const city = new SimulatedCity().report('inc', { severity }).handle('inc', level).finish('inc');
      await given(city.check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc'));
      expect(await compute(name, at(city.now))).toMatchObject([{ numerator, denominator: 1 }]);
    });
  });

  describe('what is not judged', () => {
    it('is a closing that was followed by another cycle: the last one counts', async () => {
      const city = new SimulatedCity()
        .report('inc')
        .handle('inc', 'ESTATE')
        .finish('inc')
        .check('inc', 'PASS');
      const first = city.feedback('inc', 'SOLVED').close('inc').now;
      const open = city.pass(60).reopen('inc').now;
      city.pass(60).handle('inc', 'COMMUNITY').finish('inc').check('inc', 'PASS').feedback('inc', 'SOLVED');
      await given(city.close('inc'));
      const counted = async (instant: string): Promise<unknown> =>
        (await compute('containment-estate', at(instant))).map(({ numerator, denominator }) => [
          numerator,
          denominator,
        ]);
      expect(await counted(first)).toEqual([[1, 1]]);
      expect(await counted(open)).toEqual([[0, 0]]);
      expect(await counted(city.now)).toEqual([[0, 1]]);
    });

    it('is what was given back, merged, withdrawn, suspended or not decided yet, each with the reason', async () => {
      const city = new SimulatedCity();
      const ids = ['returned', 'merged', 'withdrawn', 'suspended', 'disputed', 'cancelled', 'missed'];
      for (const id of [...ids, 'target']) city.report(id);
      for (const id of ids) city.whistle(id, ['dept-1']);
      city.pass(30).requestReturn('returned', 'dept-1').decideReturn('returned', 'dept-1', 'dept-2');
      city.merge('merged', 'target').withdraw('withdrawn').suspend('suspended');
      city.requestReturn('disputed', 'dept-1').cancelWhistle('cancelled');
      await given(city.pass(400));
      const { denominator, excluded } = await explain('check-in-on-time', at(city.now));
      expect(denominator).toBe(2);
      expect(Object.fromEntries(excluded.map(({ incidentId, reason }) => [incidentId, reason]))).toEqual({
        ...{ returned: 'RETURNED', merged: 'MERGED', withdrawn: 'WITHDRAWN', suspended: 'SUSPENDED' },
        ...{ disputed: 'UNDECIDED', cancelled: 'RELEASED' },
      });
    });
  });

  describe('a suspension', () => {
    /** Until every time that runs from the beginning is over. */
    const farMinutes = 60 * 24 * 60;
    const figure = async (name: string, moment: Moment): Promise<unknown> =>
      (await compute(name, moment)).map(({ numerator, denominator, excluded }) => [
        ...[numerator, denominator, excluded],
      ]);

    it.each([
      ...(['acknowledge-on-time', 'check-in-on-time', 'handling-on-time', 'response-rate'] as const),
      ...(['closing-on-time', 'closing-rate'] as const),
    ])(
      '%s: hides nothing that was missed before it, and nothing is judged that was not due by then',
      async (name) => {
        const city = new SimulatedCity(undefined, true);
        for (const id of ['missed', 'in-time']) city.report(id).report(`${id}-alone`).whistle(id, ['dept-1']);
        city.pass(30).suspend('in-time').suspend('in-time-alone').pass(farMinutes);
        const missed = city.now;
        await given(city.pass(1).suspend('missed').suspend('missed-alone').pass(60));
        const told = await figure(name, at(missed));
        const cases = /response|closing/.test(name) ? 2 : 1;
        expect(told).toEqual([[0, cases, expect.objectContaining({ SUSPENDED: cases })]]);
        expect(await figure(name, at(city.now))).toEqual(told);
      },
    );

    it('that comes at the very due time comes in time: nothing had been missed', async () => {
      const due = simpleDeadlineMinutes;
      for (const [name, minutes] of [
        ['acknowledge-on-time', due.ACKNOWLEDGE],
        ['closing-on-time', due.INCIDENT_TOTAL],
      ] as const) {
        const city = new SimulatedCity()
          .report('inc')
          .whistle('inc', ['dept-1'])
          .pass(minutes)
          .suspend('inc');
        await Promise.all([tasks, facts].map((spec) => spec.startOver()));
        await given(city.pass(1));
        expect([name, await figure(name, at(city.now))]).toEqual([name, [[0, 0, { SUSPENDED: 1 }]]]);
      }
    });
  });

  it('whoever came without a network is not late at the other end for it, whichever the log heard of first', async () => {
    const city = new SimulatedCity();
    for (const id of ['synced-first', 'signed-first', 'late']) city.report(id).whistle(id, ['dept-1']);
    const came = city.pass(30).now;
    city.pass(40).acknowledge('signed-first', 'dept-1').acknowledge('late', 'dept-1');
    const unknowing = city.now;
    city.pass(5);
    for (const id of ['synced-first', 'signed-first']) city.checkIn(id, 'dept-1', came);
    await given(city);
    const [told] = await compute('acknowledge-on-time', at(city.now));
    expect(told).toMatchObject({ numerator: 2, denominator: 3 });
    expect(await compute('acknowledge-on-time', at(unknowing))).toMatchObject([
      { numerator: 0, denominator: 3 },
    ]);
    const { cases } = await explain('acknowledge-on-time', at(city.now));
    const checkedIn = city.eventsOf('signed-first').at(-1);
    expect(checkedIn?.type).toBe('DepartmentCheckedIn');
    expect(cases.find(({ incidentId }) => incidentId === 'signed-first')).toMatchObject({
      ...{ inNumerator: true, events: [expect.any(String), checkedIn?.eventId] },
    });
  });

  it('is null, not 0 or 100 %, where the denominator is 0', async () => {
    for (const each of everyMetricDefinition) {
      const { rows } = await query.compute(each, always, at('2026-03-02T01:00:00.000Z'), null);
      expect(rows).toMatchObject([
        { key: 'total', numerator: 0, denominator: 0, value: null, percent: null, excluded: {} },
      ]);
    }
  });

  it('marks a ranking below 20 cases as insufficient', async () => {
    const city = new SimulatedCity();
    for (let index = 0; index < 20; index += 1)
      city.report(`inc-${index}`).whistle(`inc-${index}`, ['dept-1']);
    city.report('one').whistle('one', ['dept-2']);
    await given(city.pass(61));
    expect(await compute('acknowledge-on-time', at(city.now), 'department')).toMatchObject([
      { key: 'dept-1', numerator: 0, denominator: 20, value: 0, insufficient: false },
      { key: 'dept-2', numerator: 0, denominator: 1, value: 0, insufficient: true },
    ]);
  });

  it('takes a window from its first instant to before its last', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
    const due = city.inMinutes(60);
    const justAfter = new Date(Date.parse(due) + 1).toISOString();
    await given(city.pass(120));
    const denominator = async (from: string, to: string): Promise<number | undefined> =>
      (await compute('acknowledge-on-time', at(city.now), null, { from, to }))[0]?.denominator;
    expect(await denominator(due, justAfter)).toBe(1);
    expect(await denominator(always.from, due)).toBe(0);
    expect(await denominator(justAfter, always.to)).toBe(0);
  });

  describe('on time', () => {
    it('is met at the very due time and late a millisecond after it', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']).pass(60);
      city
        .acknowledge('inc', 'dept-1')
        .pass(1 / 60_000)
        .acknowledge('inc', 'dept-2');
      await given(city);
      expect(await compute('acknowledge-on-time', at(city.now), 'department')).toMatchObject([
        { key: 'dept-1', numerator: 1, denominator: 1 },
        { key: 'dept-2', numerator: 0, denominator: 1 },
      ]);
    });

    it('leaves out, with the reason, what is not due yet', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
      await given(city);
      expect(await explain('check-in-on-time', at(city.inMinutes(240)))).toMatchObject({
        ...{ denominator: 0, cases: [] },
        excluded: [{ incidentId: 'inc', taskId: 'inc-dept-1', reason: 'NOT_DUE_YET' }],
      });
    });

    it('counts an offline check-in by its own time once it is known, and as missed before', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(300);
      const beforeSync = city.inMinutes(-1);
      city.checkIn('inc', 'dept-1', city.inMinutes(-200));
      await given(city);
      const asOf = city.inMinutes(-10);
      expect(await compute('check-in-on-time', at(asOf, beforeSync))).toMatchObject([{ value: 0 }]);
      expect(await compute('check-in-on-time', at(asOf, city.now))).toMatchObject([{ value: 1 }]);
    });

    it('lists as deciding only events that were there at the moment asked for', async () => {
      const city = new SimulatedCity()
        .report('inc')
        .whistle('inc', ['dept-1'])
        .pass(90)
        .acknowledge('inc', 'dept-1');
      await given(city);
      const [, , blown, , acknowledged] = city.events.map((event) => event.eventId);
      const eventsAt = async (asOf: string): Promise<unknown> =>
        (await explain('acknowledge-on-time', at(asOf))).cases.map((found) => found.events);
      expect(await eventsAt(city.inMinutes(-1))).toEqual([[blown]]);
      expect(await eventsAt(city.now)).toEqual([[blown, acknowledged]]);
    });
  });

  describe('of a task that went to a successor', () => {
    /** Due to be acknowledged at 60, to be checked in at 240; from dept-1 to dept-2 at 100, from there on at 300. */
    const transferred = (): SimulatedCity => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(100);
      city.transfer('inc', 'dept-1', 'dept-2').pass(200).transfer('inc', 'dept-2', 'dept-3');
      return city.pass(10).checkIn('inc', 'dept-3').pass(10).complete('inc', 'dept-3').pass(10);
    };
    const byDepartment = async (name: string, moment: Moment): Promise<unknown> =>
      (await compute(name, moment, 'department')).map(({ key, numerator, denominator }) => [
        ...[key, numerator, denominator],
      ]);

    it('what was due before stays with whoever had it then, and what is done is of who did it', async () => {
      const city = transferred();
      await given(city);
      expect(await byDepartment('acknowledge-on-time', at(city.now))).toEqual([['dept-1', 0, 1]]);
      expect(await byDepartment('check-in-on-time', at(city.now))).toEqual([['dept-2', 0, 1]]);
      expect(await byDepartment('handling-on-time', at(city.now))).toEqual([['dept-3', 1, 1]]);
    });

    it('a figure does not change when the task goes on to another department', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30);
      city.acknowledge('inc', 'dept-1').pass(300);
      await given(city);
      const names = ['acknowledge-on-time', 'check-in-on-time'];
      const figures = (): Promise<unknown> =>
        Promise.all(names.map((name) => byDepartment(name, at(city.now))));
      const before = await figures();
      const sofar = city.events.length;
      city.transfer('inc', 'dept-1', 'dept-2').pass(60);
      await tasks.givenEvents(city.events.slice(sofar));
      expect(await figures()).toEqual(before);
      expect(before).toEqual([[['dept-1', 1, 1]], [['dept-1', 0, 1]]]);
    });

    it('is the successor’s from the very instant of the transfer on', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(60);
      city.transfer('inc', 'dept-1', 'dept-2').pass(180 - 1 / 60_000);
      await given(city.transfer('inc', 'dept-2', 'dept-3').pass(10));
      expect(await byDepartment('acknowledge-on-time', at(city.now))).toEqual([['dept-2', 0, 1]]);
      expect(await byDepartment('check-in-on-time', at(city.now))).toEqual([['dept-3', 0, 1]]);
    });

    it('is explained to the department that answers for it, and to no other', async () => {
      const city = transferred();
      await given(city);
      const explainedTo = (key: string): Promise<MetricExplanation> => {
        const definition = metric('check-in-on-time');
        return query.explain(definition, always, at(city.now), 'department', key);
      };
      expect((await explainedTo('dept-2')).cases).toMatchObject([
        { taskId: 'inc-dept-1', inNumerator: false },
      ]);
      for (const other of ['dept-1', 'dept-3'])
        expect(await explainedTo(other)).toMatchObject({ denominator: 0, cases: [], excluded: [] });
    });
  });

  describe('handling that was sent back', () => {
    function reworked(): { city: SimulatedCity; first: string; failed: string; second: string } {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
      const first = city.pass(60).complete('inc', 'dept-1').now;
      const failed = city.pass(60).check('inc', 'FAIL').now;
      const second = city.pass(5 * 24 * 60).complete('inc', 'dept-1').now;
      return { city, first, failed, second };
    }

    it('is judged by the first completion that was accepted', async () => {
      const { city, second } = reworked();
      await given(city);
      expect(await compute('handling-on-time', at(second))).toMatchObject([{ numerator: 0, denominator: 1 }]);
    });

    it('is judged by that also where the resident sends it back after it', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
      city.pass(60).complete('inc', 'dept-1').check('inc', 'PASS').feedback('inc', 'UNSOLVED');
      // Long after the handling was due: what is timed now is the rework.
      const sentBack = city.now;
      city.pass(5 * 24 * 60).complete('inc', 'dept-1');
      await given(city);
      const figure = (moment: string): Promise<unknown> => compute('handling-on-time', at(moment));
      expect(await figure(city.now)).toMatchObject([{ numerator: 1, denominator: 1 }]);
      expect(await figure(sentBack)).toMatchObject([{ numerator: 1, denominator: 1 }]);
      expect(await figure(city.inMinutes(-60))).toMatchObject([{ numerator: 1, denominator: 1 }]);
    });

    it('stood, seen from the time before it was sent back', async () => {
      const { city, first, failed } = reworked();
      await given(city);
      expect(await compute('handling-on-time', at(first))).toMatchObject([{ numerator: 1, denominator: 1 }]);
      expect(await compute('handling-on-time', at(failed))).toMatchObject([{ denominator: 0, value: null }]);
    });
  });

  describe('imported cases', () => {
    it('count as met although their target is still to come', async () => {
      const city = new SimulatedCity();
      const [openedAt, closedAt, targetAt] = [
        city.inMinutes(-300),
        city.inMinutes(-200),
        city.inMinutes(900),
      ];
      await given(city.importCase('old', { departmentId: 'dept-1', openedAt, closedAt, targetAt }));
      expect(await compute('handling-on-time', at(city.now))).toMatchObject([
        { numerator: 1, denominator: 1 },
      ]);
    });

    it('count against when open past their target, and not at all without a target', async () => {
      const city = new SimulatedCity();
      const [openedAt, targetAt] = [city.inMinutes(-300), city.inMinutes(-100)];
      city.importCase('open', { departmentId: 'dept-1', openedAt, closedAt: null, targetAt });
      city.importCase('aimless', { departmentId: 'dept-1', openedAt, closedAt: null, targetAt: null });
      await given(city);
      expect(await compute('handling-on-time', at(city.now))).toMatchObject([
        { numerator: 0, denominator: 1 },
      ]);
    });

    it('were unknown before the import, whatever instant is asked for', async () => {
      const city = new SimulatedCity();
      const beforeImport = city.inMinutes(-1);
      const [openedAt, closedAt, targetAt] = [
        city.inMinutes(-300),
        city.inMinutes(-200),
        city.inMinutes(-100),
      ];
      await given(city.importCase('old', { departmentId: 'dept-1', openedAt, closedAt, targetAt }));
      expect(await compute('handling-on-time', at(city.now, beforeImport))).toMatchObject([
        { denominator: 0 },
      ]);
    });
  });

  it('an explanation of more cases than a page holds lists them all, once, page by page, and sums the whole on each', async () => {
    await given(new SimulatedCity().report('inc').whistle('inc', ['dept-1']));
    const columns = await writtenColumns(tasks, 'tasks');
    await tasks.thenRows(`
      insert into tasks (${columns}) select ${columns} from (select copy.* from tasks t, generate_series(1, 5000) n,
        jsonb_populate_record(t, jsonb_build_object('task_id', 'copy-' || n)) copy) copies`);
    const moment = at('2026-04-01T00:00:00.000Z');
    const first = await explain('acknowledge-on-time', moment);
    expect(first).toMatchObject({ denominator: 5_001, numerator: 0, excluded: [] });
    expect(first.cases).toHaveLength(EXPLAINED_MAX);
    const page = { limit: EXPLAINED_MAX, from: first.next, scope: null };
    const args = [metric('acknowledge-on-time'), always, moment, null, null, undefined, {}, page] as const;
    const last = await query.explain(...args);
    expect(last).toMatchObject({ denominator: 5_001, next: null });
    const listed = [...first.cases, ...last.cases].map(({ taskId }) => taskId);
    expect(new Set(listed).size).toBe(5_001);
    expect(listed).toHaveLength(5_001);
  });

  it('an explanation lists what counts before what does not, whatever came first', async () => {
    const city = new SimulatedCity();
    for (const id of ['given-back', 'counted']) city.report(id).whistle(id, ['dept-1']).pass(1);
    city.requestReturn('given-back', 'dept-1').decideReturn('given-back', 'dept-1', 'dept-2');
    await given(city.pass(30));
    const page = (from: MetricExplanation['next']) => {
      const args = [metric('acknowledge-on-time'), always, at(city.inMinutes(300))] as const;
      return query.explain(...args, 'department', 'dept-1', undefined, {}, { limit: 1, from, scope: null });
    };
    const first = await page(null);
    expect(first).toMatchObject({ cases: [{ incidentId: 'counted' }], excluded: [], denominator: 1 });
    expect(await page(first.next)).toMatchObject({
      ...{
        cases: [],
        excluded: [{ incidentId: 'given-back', reason: 'RETURNED' }],
        denominator: 1,
        next: null,
      },
    });
  });

  describe('three rates', () => {
    /** Closed by a community, with what the resident said. */
    function rated(
      city: SimulatedCity,
      id: string,
      solved: Solved,
      satisfaction: Satisfaction,
    ): SimulatedCity {
      city.report(id).handle(id).finish(id).check(id, 'PASS');
      return city.feedback(id, solved, satisfaction).pass(1);
    }

    it('count partial answers by their published weight, and show who did not answer', async () => {
      const city = new SimulatedCity();
      rated(city, 'full', 'SOLVED', 'SATISFIED');
      rated(city, 'part', 'PARTLY', 'BASICALLY_SATISFIED');
      rated(city, 'silent', 'SOLVED', 'NOT_RATED');
      city
        .report('asked')
        .handle('asked')
        .finish('asked')
        .check('asked', 'PASS')
        .pass(25 * 60);
      await given(city);
      const rate = async (name: string, terms = {}) =>
        (await query.compute(metric(name), always, at(city.now), null, (of) => ({ ...of.terms, ...terms })))
          .rows;
      expect(await rate('resolution-rate')).toMatchObject([
        {
          numerator: 2,
          denominator: 3,
          percent: 66.67,
          partial: 1,
          coverage: 0.75,
          excluded: { NO_ANSWER: 1 },
        },
      ]);
      expect(await rate('resolution-rate', { weightPartlySolved: 0.5 })).toMatchObject([
        { numerator: 2.5, denominator: 3, percent: 83.33 },
      ]);
      expect(await rate('satisfaction-rate')).toMatchObject([
        { numerator: 2, denominator: 2, coverage: 0.5, excluded: { NO_ANSWER: 1, NOT_RATED: 1 } },
      ]);
      expect(await rate('three-rates')).toMatchObject([
        { value: null, parts: [{ metricId: 'response-rate', weight: 0.1, value: null }, {}, {}] },
      ]);
      const weights = [
        { metricId: 'resolution-rate', weight: 0.75 },
        { metricId: 'satisfaction-rate', weight: 0.25 },
      ];
      expect(await rate('three-rates', { weights })).toMatchObject([
        { value: 0.75, percent: 75, numerator: 4, denominator: 5 },
      ]);
    });

    it('tell of each rate what it is made of: version, terms, coverage and what does not count', async () => {
      const city = new SimulatedCity();
      rated(city, 'part', 'PARTLY', 'BASICALLY_SATISFIED');
      rated(city, 'silent', 'SOLVED', 'NOT_RATED');
      await given(city);
      const terms = { weightPartlySolved: 0.5, weightBasicallySatisfied: 0.8, definitionVersion: 7 };
      const termsOf = (of: MetricDefinition) => ({ ...of.terms, ...terms });
      const { rows } = await query.compute(metric('three-rates'), always, at(city.now), null, termsOf);
      const own = { definitionVersion: 7, minimumSample: 20 };
      expect(rows[0]?.parts).toEqual([
        {
          ...{ metricId: 'response-rate', weight: 0.1, version: metric('response-rate').version, terms: own },
          ...{ numerator: 0, denominator: 0, value: null, percent: null, excluded: {} },
        },
        {
          ...{ metricId: 'resolution-rate', weight: 0.5, version: metric('resolution-rate').version },
          ...{ terms: { ...own, weightPartlySolved: 0.5 }, numerator: 1.5, denominator: 2, value: 0.75 },
          ...{ percent: 75, excluded: {}, partial: 1, coverage: 1 },
        },
        {
          ...{ metricId: 'satisfaction-rate', weight: 0.4, version: metric('satisfaction-rate').version },
          ...{ terms: { ...own, weightBasicallySatisfied: 0.8 }, numerator: 0.8, denominator: 1, value: 0.8 },
          ...{ percent: 80, excluded: { NOT_RATED: 1 }, partial: 1, coverage: 0.5 },
        },
      ]);
    });

    it('leave out what was excluded on appeal, from them alone', async () => {
      const city = rated(new SimulatedCity(), 'inc', 'SOLVED', 'DISSATISFIED').close('inc');
      city.record('inc', appeals, city.now, [excludedAt(city.now, 'FEEDBACK', null)]);
      await given(city);
      expect(await explain('satisfaction-rate', at(city.now))).toMatchObject({
        ...{ denominator: 0, excluded: [{ incidentId: 'inc', reason: 'EXCLUDED_ON_APPEAL' }] },
      });
      expect(await compute('contained-at-estate', at(city.now))).toMatchObject([{ denominator: 1 }]);
    });

    it('stand as they were published, and are corrected as they are known now', async () => {
      const city = rated(new SimulatedCity(), 'inc', 'SOLVED', 'DISSATISFIED').close('inc');
      const march = city.now;
      city.pass(90 * 24 * 60).record('inc', appeals, city.now, [correctedAt(city.now)]);
      await given(city);
      const numerator = async (moment: Moment) =>
        (await compute('satisfaction-rate', moment)).map((row) => row.numerator);
      expect(await numerator(at(march))).toEqual([0]);
      expect(await numerator(at(city.now, march))).toEqual([0]);
      expect(await numerator(at(city.now))).toEqual([1]);
    });

    it('take a contact in time, and none that was excluded on appeal', async () => {
      const city = new SimulatedCity();
      for (const id of ['met', 'missed', 'excluded']) contactTimed(city, id);
      city.record('met', worker, city.inMinutes(-5), [contactedAt(city.inMinutes(-5))]);
      city.record('excluded', appeals, city.now, [excludedAt(city.now, 'OVERDUE', 'excluded-CONTACT')]);
      await given(city);
      expect(await compute('response-rate', at(city.now))).toMatchObject([
        { numerator: 1, denominator: 2, excluded: { EXCLUDED_ON_APPEAL: 1 } },
      ]);
    });
  });

  describe('calls to the reporter where it is handled without a whistle', () => {
    const cityOf = (...ids: string[]): SimulatedCity => {
      const city = new SimulatedCity(undefined, true);
      for (const id of ids) city.report(id);
      return city;
    };
    const dayMinutes = 24 * 60;

    it('count by themselves: made in time, too late, tried in vain, and owed by nobody in particular', async () => {
      const city = cityOf('met', 'late', 'in-vain', 'idle');
      for (const id of ['met', 'late', 'in-vain']) city.handle(id);
      city.call('in-vain', false).pass(dayMinutes).call('met').pass(1).ringAlarms().call('late');
      await given(city);
      expect(await compute('response-rate', at(city.now), 'department')).toMatchObject([
        { key: null, numerator: 1, denominator: 4, percent: 25, excluded: {} },
      ]);
      const { cases } = await explain('response-rate', at(city.now));
      const deciding = (id: string) =>
        city.eventsOf(id).flatMap(({ type, eventId }) => {
          return type === 'IncidentFiled' || type === 'ReporterContactedBySelfHandler' ? [eventId] : [];
        });
      expect(cases.find(({ incidentId }) => incidentId === 'met')).toEqual({
        ...{ incidentId: 'met', taskId: null, inNumerator: true, events: deciding('met') },
      });
      expect(cases.find(({ incidentId }) => incidentId === 'in-vain')).toMatchObject({
        ...{ inNumerator: false, events: deciding('in-vain').slice(0, 1) },
      });
    });

    it('are the departments’ from a whistle on, unless they were missed by then', async () => {
      const city = cityOf('in-time', 'missed').pass(dayMinutes).whistle('in-time', ['dept-1']).pass(1);
      city.whistle('missed', ['dept-1']).contact('in-time', 'dept-1').contact('missed', 'dept-1');
      await given(city);
      expect(await compute('response-rate', at(city.now), 'department')).toMatchObject([
        { key: 'dept-1', numerator: 2, denominator: 2 },
        { key: null, numerator: 0, denominator: 1, excluded: { TAKEN_OVER: 1 } },
      ]);
    });

    it('are due later by what the incident was suspended, in each cycle anew, and may be excluded', async () => {
      const city = cityOf('paused').handle('paused').pass(60).suspend('paused').pass(500).resume('paused');
      const resumed = city.pass(dayMinutes - 60).now;
      city
        .call('paused')
        .finish('paused')
        .check('paused', 'PASS')
        .feedback('paused', 'SOLVED')
        .close('paused');
      city
        .reopen('paused')
        .pass(dayMinutes + 1)
        .ringAlarms();
      const overdue = city.events.findLast(({ type }) => type === 'IncidentOverdue')?.data;
      const { deadlineId } = overdue as { deadlineId: string };
      await given(city);
      expect(await compute('response-rate', at(resumed))).toMatchObject([{ numerator: 1, denominator: 1 }]);
      expect(await compute('response-rate', at(city.now))).toMatchObject([{ numerator: 1, denominator: 2 }]);
      const before = city.events.length;
      city.record('paused', appeals, city.now, [excludedAt(city.now, 'OVERDUE', deadlineId)]);
      await Promise.all([tasks, facts].map((spec) => spec.givenEvents(city.events.slice(before))));
      expect(await compute('response-rate', at(city.now))).toMatchObject([
        { numerator: 1, denominator: 1, excluded: { EXCLUDED_ON_APPEAL: 1 } },
      ]);
    });
  });

  it('returns, disputes and repeats count against the dispatch and the departments', async () => {
    const city = new SimulatedCity().report('a').whistle('a', ['dept-1']).pass(10);
    city.requestReturn('a', 'dept-1').decideReturn('a', 'dept-1', 'dept-2').pass(10);
    city.requestReturn('a', 'dept-2').pass(10).arbitrate('a', 'dept-2', 'dept-3');
    city.report('b').whistle('b', ['dept-1']);
    await given(city);
    const figures = async (name: string) =>
      (await compute(name, at(city.now))).map(({ numerator, denominator }) => [numerator, denominator]);
    expect(await figures('return-rate')).toEqual([[2, 4]]);
    expect(await figures('dispatch-accuracy')).toEqual([[2, 4]]);
    expect(await figures('buck-passing-index')).toEqual([[1, 2]]);
    expect(await figures('repeat-whistle-rate')).toEqual([[1, 2]]);
    expect((await explain('repeat-whistle-rate', at(city.now))).cases).toMatchObject([
      { incidentId: 'a', inNumerator: false, events: [expect.any(String)] },
      { incidentId: 'b', inNumerator: true, events: [expect.any(String), expect.any(String)] },
    ]);
  });

  describe('a whistle in reverse', () => {
    const helped = (): SimulatedCity =>
      new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1').pass(10);

    /** Whose it was by the first formula: that of whoever was called last. */
    const asOnce = async (moment: Moment) =>
      (await query.compute(metric('satisfaction-rate', 1), always, moment, 'department')).rows;

    it('makes nobody else answer for the incident: whoever led it, does', async () => {
      const city = helped().whistleBack('inc', 'dept-1', 'dept-2').suspend('inc').pass(10).resume('inc');
      city.checkIn('inc', 'dept-2').complete('inc', 'dept-2').complete('inc', 'dept-1').pass(5);
      await given(city.check('inc', 'PASS').feedback('inc', 'PARTLY', 'DISSATISFIED').close('inc'));
      const answers = ['satisfaction-rate', 'resolution-rate', 'reopen-rate', 'late-suspension-rate'];
      for (const name of [...answers, 'time-to-resolution', 'time-to-first-completion'])
        expect([name, await compute(name, at(city.now), 'department')]).toMatchObject([
          ...[name, [{ key: 'dept-1', denominator: 1 }]],
        ]);
      expect(await asOnce(at(city.now))).toMatchObject([{ key: 'dept-2', denominator: 1 }]);
    });

    it('has a lead of its own, and leaves that of the incident to whoever is given it', async () => {
      const city = helped().whistleBack('inc', 'dept-1', 'dept-2').pass(5).openArbitration('inc', 'dept-1');
      city.arbitrate('inc', 'dept-1', 'dept-4').pass(5).requestReturn('inc', 'dept-2');
      city.decideReturn('inc', 'dept-2', 'dept-3').pass(5);
      for (const id of ['dept-3', 'dept-4']) city.checkIn('inc', id).complete('inc', id);
      await given(city.check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc'));
      expect(await compute('satisfaction-rate', at(city.now), 'department')).toMatchObject([
        { key: 'dept-4', denominator: 1 },
      ]);
      expect(await asOnce(at(city.now))).toMatchObject([{ key: 'dept-3', denominator: 1 }]);
    });

    it('repeats none, and is none that another repeats', async () => {
      const city = helped().whistleBack('inc', 'dept-1', 'dept-2').pass(5).report('other');
      await given(city.whistle('other', ['dept-1']).cancelWhistle('other').pass(1));
      const told = async () =>
        (await compute('repeat-whistle-rate', at(city.now))).map(({ numerator, denominator, excluded }) => [
          ...[numerator, denominator, excluded],
        ]);
      expect(await told()).toEqual([[0, 1, { CALLED_OFF: 1, REVERSE: 1 }]]);
      const before = city.events.length;
      city.report('again').whistle('again', ['dept-1']);
      await Promise.all([tasks, facts].map((spec) => spec.givenEvents(city.events.slice(before))));
      const blown = (id: string) => city.eventsOf(id).find(({ type }) => type === 'WhistleBlown')?.eventId;
      const { cases } = await explain('repeat-whistle-rate', at(city.now));
      expect(cases.find(({ inNumerator }) => inNumerator)?.events).toEqual([blown('again'), blown('inc')]);
    });
  });

  it('the time before an escalation ends with the first whistle that stands or the first step up, and is of closed cases', async () => {
    const city = new SimulatedCity();
    const solve = (id: string) => city.check(id, 'PASS').feedback(id, 'SOLVED').close(id);
    city.report('kept').handle('kept').report('called-off').whistle('called-off', ['dept-1']).pass(1);
    city.cancelWhistle('called-off').pass(29).report('risen').report('open').pass(10);
    city
      .record('risen', worker, city.now, [escalatedAt(city.now)])
      .pass(30)
      .whistle('open', ['dept-1']);
    for (const id of ['risen', 'called-off']) {
      city.whistle(id, ['dept-1']).checkIn(id, 'dept-1').complete(id, 'dept-1');
      solve(id);
    }
    city.finish('kept');
    await given(solve('kept'));
    const escalated = city.eventsOf('risen').find(({ type }) => type === 'IncidentEscalated')?.eventId;
    expect(await compute('time-before-escalation', at(city.now))).toMatchObject([
      {
        ...{ numerator: 80 * 60_000, denominator: 2, value: 40, percent: null },
        excluded: { NEVER_ESCALATED: 1 },
      },
    ]);
    const { cases } = await explain('time-before-escalation', at(city.now));
    expect(Object.fromEntries(cases.map(({ incidentId, amount }) => [incidentId, amount]))).toEqual({
      ...{ risen: 10 * 60_000, 'called-off': 70 * 60_000 },
    });
    expect(cases.find(({ incidentId }) => incidentId === 'risen')?.events).toContain(escalated);
  });

  it('containment is shown with satisfaction, reopening and the time before escalation, of the same window and moment', async () => {
    const city = new SimulatedCity().report('inc').handle('inc', 'ESTATE').finish('inc').check('inc', 'PASS');
    await given(city.feedback('inc', 'SOLVED', 'DISSATISFIED').close('inc'));
    const moment = at(city.now);
    for (const name of ['containment-estate', 'contained-at-district']) {
      const companions = await query.companions(metric(name), always, moment);
      expect(companions).toMatchObject([
        { ...{ name: 'satisfaction-rate', ...always, ...moment }, row: { numerator: 0, denominator: 1 } },
        { ...{ name: 'reopen-rate', ...always, ...moment }, row: { numerator: 0, denominator: 1 } },
        { ...{ name: 'time-before-escalation' }, row: { value: null, excluded: { NEVER_ESCALATED: 1 } } },
      ]);
    }
    expect(await query.companions(metric('reopen-rate'), always, moment)).toEqual([]);
  });

  describe('suspensions that come late', () => {
    const totalMinutes = 7 * 24 * 60;
    const late = async (city: SimulatedCity, terms: Partial<MetricTerms> = {}, window = always) =>
      (
        await query.compute(metric('late-suspension-rate'), window, at(city.now), null, (of) => ({
          ...{ ...of.terms, ...terms },
        }))
      ).rows;

    it('are those approved when more than 80 % of the total time was used up; how much that is can be published', async () => {
      const city = new SimulatedCity();
      for (const id of ['early', 'just-not', 'late', 'last-minute']) city.report(id);
      city
        .pass(60)
        .suspend('early')
        .pass(0.8 * totalMinutes - 61);
      city
        .suspend('just-not')
        .pass(2)
        .suspend('late')
        .pass(0.2 * totalMinutes - 2)
        .suspend('last-minute');
      await given(city);
      expect(await late(city)).toMatchObject([
        { key: 'total', numerator: 2, denominator: 4, percent: 50, excluded: {} },
      ]);
      expect(await late(city, { thresholdPercent: 79 })).toMatchObject([{ numerator: 3, denominator: 4 }]);
      expect(await late(city, { thresholdPercent: 90 })).toMatchObject([{ numerator: 1, denominator: 4 }]);
      const { terms } = await query.compute(metric('late-suspension-rate'), always, at(city.now), null);
      expect(terms).toEqual({ definitionVersion: null, minimumSample: 20, thresholdPercent: 80 });
      const { cases } = await explain('late-suspension-rate', at(city.now));
      const deciding = (id: string) =>
        city.eventsOf(id).flatMap(({ type, eventId }) => (/Filed|Suspended/.test(type) ? [eventId] : []));
      expect(cases.map(({ incidentId, inNumerator, events }) => [incidentId, inNumerator, events])).toEqual([
        ...(['early', 'just-not'] as const).map((id) => [id, false, deciding(id)]),
        ...(['late', 'last-minute'] as const).map((id) => [id, true, deciding(id)]),
      ]);
    });

    it('are not those at the very 80 %, which the whole percent on record could not tell: a millisecond more is late', async () => {
      const city = new SimulatedCity()
        .report('exact')
        .report('late')
        .pass(0.8 * totalMinutes);
      city
        .suspend('exact')
        .pass(1 / 60_000)
        .suspend('late');
      await given(city);
      const by = async (version: number) =>
        (await query.compute(metric('late-suspension-rate', version), always, at(city.now), null)).rows;
      expect(await by(1)).toMatchObject([{ numerator: 2, denominator: 2 }]);
      expect(await by(2)).toMatchObject([{ numerator: 1, denominator: 2 }]);
    });

    it('are by the whole percent where no more was recorded', async () => {
      const city = new SimulatedCity()
        .report('exact')
        .report('early')
        .pass(0.79 * totalMinutes);
      city
        .suspend('early')
        .pass(0.01 * totalMinutes)
        .suspend('exact');
      const early = city.events.map((event) => writtenByTheFirstRelease(event));
      await Promise.all([tasks, closures, facts].map((spec) => spec.givenEvents(early)));
      for (const version of [1, 2])
        expect(
          (await query.compute(metric('late-suspension-rate', version), always, at(city.now), null)).rows,
        ).toMatchObject([{ numerator: 1, denominator: 2 }]);
    });

    it('are of the window that holds the approval, each by itself, with the department that led by then', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(60);
      const first = city.suspend('inc').now;
      // 30 days that no clock counts: the second one comes as late as its own time says.
      city
        .pass(30 * 24 * 60)
        .resume('inc')
        .pass(1)
        .suspend('inc')
        .pass(1)
        .resume('inc');
      city.pass(0.9 * totalMinutes).transfer('inc', 'dept-1', 'dept-2');
      const last = city.suspend('inc').now;
      await given(city);
      expect(await late(city)).toMatchObject([{ numerator: 1, denominator: 3 }]);
      expect(await late(city, {}, { from: first, to: last })).toMatchObject([
        { numerator: 0, denominator: 2 },
      ]);
      expect(await late(city, {}, { from: last, to: always.to })).toMatchObject([
        { numerator: 1, denominator: 1 },
      ]);
      expect(await compute('late-suspension-rate', at(city.now), 'department')).toMatchObject([
        { key: 'dept-1', numerator: 0, denominator: 2 },
        { key: 'dept-2', numerator: 1, denominator: 1 },
      ]);
    });

    it('are not judged without a total deadline, nor of what was merged, withdrawn or voided, each with the reason', async () => {
      const city = new SimulatedCity();
      const [openedAt, targetAt] = [city.inMinutes(-300), city.inMinutes(900)];
      city.importCase('untimed', { departmentId: 'dept-1', openedAt, closedAt: null, targetAt });
      for (const id of ['merged', 'withdrawn', 'counted', 'target']) city.report(id);
      city.pass(0.9 * totalMinutes);
      for (const id of ['untimed', 'merged', 'withdrawn', 'counted']) city.suspend(id);
      city.resume('merged').merge('merged', 'target').withdraw('withdrawn');
      await given(city);
      const { numerator, denominator, cases, excluded } = await explain('late-suspension-rate', at(city.now));
      expect([numerator, denominator, cases.map(({ incidentId }) => incidentId)]).toEqual([
        1,
        1,
        ['counted'],
      ]);
      expect(Object.fromEntries(excluded.map(({ incidentId, reason }) => [incidentId, reason]))).toEqual({
        ...{ untimed: 'UNTIMED', merged: 'MERGED', withdrawn: 'WITHDRAWN' },
      });
    });
  });

  it('times run from the filing to the last closing, without what was suspended', async () => {
    const city = new SimulatedCity().report('inc').pass(10).suspend('inc').pass(1_000).resume('inc').pass(20);
    expect(city.stateOf('inc').lifecycle).toBe('FILED');
    city.handle('inc').finish('inc').pass(5).check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc');
    await given(city);
    expect(await compute('time-to-resolution', at(city.now))).toMatchObject([
      { numerator: 35 * 60_000, denominator: 1, value: 35, spread: { medianMinutes: 35, p90Minutes: 35 } },
    ]);
    expect(await compute('time-to-first-completion', at(city.now))).toMatchObject([{ value: 1_030 }]);
    const suspended = at(city.inMinutes(-525));
    expect(await compute('suspension-rate', suspended)).toMatchObject([
      { numerator: 1, denominator: 1, spread: { medianMinutes: 500 } },
    ]);
  });
});

const appeals: Actor = { id: 'supervisor', role: 'supervision-centre', orgUnitId: 'centre' };
const worker: Actor = { id: 'worker-of-dept-1', role: 'department', orgUnitId: 'dept-1' };

const escalatedAt = (occurredAt: string): IncidentEvent => ({
  ...{ type: 'IncidentEscalated', occurredAt },
  data: { from: 'COMMUNITY', to: 'SUBDISTRICT', unitId: null, reason: '超出社区能力' },
});

const excludedAt = (
  occurredAt: string,
  item: 'FEEDBACK' | 'OVERDUE',
  itemId: string | null,
): IncidentEvent => ({
  ...{ type: 'ScoreExcluded', occurredAt },
  data: {
    ...{ appealId: 'appeal', unitId: 'community-1', item, itemId, cycle: 1 },
    ...{ decidingUnitId: 'centre', reason: '恶意投诉' },
  },
});

const correctedAt = (occurredAt: string): IncidentEvent => ({
  ...{ type: 'FeedbackCorrected', occurredAt },
  data: {
    ...{ cycle: 1, solved: 'SOLVED', satisfaction: 'SATISFIED', comment: null, source: 'CALLBACK' },
    reason: '再次回访',
  },
});

const contactedAt = (occurredAt: string): IncidentEvent => ({
  ...{ type: 'ReporterContacted', occurredAt },
  data: {
    ...{ taskId: 'met-dept-1', departmentId: 'dept-1', reached: true, note: null, dueAt: null, late: false },
  },
});

/** A whistle whose one deadline is that of the contact, a minute ago. */
function contactTimed(city: SimulatedCity, id: string): void {
  const script = new SimulatedCity(city.now).report(id).whistle(id, ['dept-1']);
  city.report(id);
  const blown = script.events.find(({ type }) => type === 'WhistleBlown')!;
  const { tasks, ...data } = blown.data as Extract<IncidentEvent, { type: 'WhistleBlown' }>['data'];
  const [task] = tasks;
  const deadline = { ...task!.deadlines[0]!, deadlineId: `${id}-CONTACT`, timer: 'CONTACT' as const };
  const dueAt = city.inMinutes(-1);
  city.record(id, worker, city.now, [
    {
      ...{ type: 'WhistleBlown', occurredAt: city.inMinutes(-30) },
      data: { ...data, tasks: [{ ...task!, deadlines: [{ ...deadline, dueAt, warnAt: dueAt }] }] },
    },
  ]);
}
