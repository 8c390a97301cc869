import { SimulatedCity, simpleDeadlineMinutes } from '../testing/index.js';
import { always, at, metric, metricsSpec } from '../testing/metrics-spec.js';
import type { Moment } from '../sql-reader.js';
import type { MetricExplanation } from './metrics.query.js';

describe('acting in time', () => {
  const { tasks, facts, query, given, compute, explain } = metricsSpec();

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

  describe('a signature that was missed', () => {
    const missed = (to: string | null): SimulatedCity => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(90).ringAlarms();
      return city.requestReturn('inc', 'dept-1').pass(10).decideReturn('inc', 'dept-1', to).pass(60);
    };
    const breaches = (city: SimulatedCity): unknown[] =>
      city
        .eventsOf('inc')
        .filter(
          ({ type, data }) => type === 'TaskOverdue' && (data as { timer: string }).timer === 'ACKNOWLEDGE',
        )
        .map(({ data }) => (data as { taskId: string }).taskId);

    it('stays on record where the task was given back, which is named as left out of the rate, and counted as returned', async () => {
      const city = missed('dept-2');
      await given(city);
      expect(breaches(city)).toContain('inc-dept-1');
      const { excluded } = await explain('acknowledge-on-time', at(city.now));
      expect(excluded).toContainEqual({ incidentId: 'inc', taskId: 'inc-dept-1', reason: 'RETURNED' });
      expect(await compute('return-rate', at(city.now))).toMatchObject([{ numerator: 1, denominator: 2 }]);
    });

    it('stays in the rate where the return was not accepted', async () => {
      const city = missed(null);
      await given(city);
      expect(breaches(city)).toEqual(['inc-dept-1']);
      expect(await compute('acknowledge-on-time', at(city.now))).toMatchObject([
        { numerator: 0, denominator: 1, excluded: {} },
      ]);
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
});
