import type { Actor } from '@shaoying/event-store';
import { writtenByTheFirstRelease } from '@shaoying/incident-contracts/testing';
import type { IncidentEvent } from '@shaoying/incident-domain';
import type { Moment } from '../sql-reader.js';
import { SimulatedCity, writtenColumns } from '../testing/index.js';
import { always, at, metric, metricsSpec } from '../testing/metrics-spec.js';
import type { MetricTerms } from './metric-definition.js';
import { everyMetricDefinition } from './metric-definitions.js';
import { EXPLAINED_MAX, type MetricExplanation } from './metrics.query.js';

describe('metrics', () => {
  const { tasks, closures, facts, query, given, compute, explain } = metricsSpec();

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

const worker: Actor = { id: 'worker-of-dept-1', role: 'department', orgUnitId: 'dept-1' };

const escalatedAt = (occurredAt: string): IncidentEvent => ({
  ...{ type: 'IncidentEscalated', occurredAt },
  data: { from: 'COMMUNITY', to: 'SUBDISTRICT', unitId: null, reason: '超出社区能力' },
});
