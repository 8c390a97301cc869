import { SimulatedCity } from '../testing/index.js';
import { always, at, metric, metricsSpec } from '../testing/metrics-spec.js';
import type { Moment } from '../sql-reader.js';
import type { MetricDefinition } from './metric-definition.js';

describe('the place of what is counted by an event', () => {
  const { query, given, compute } = metricsSpec();
  /** The key, numerator and denominator of each street, by a version of the formula. */
  const byStreet = async (name: string, version: number, moment: Moment): Promise<unknown> =>
    (await query.compute(metric(name, version), always, moment, 'street')).rows.map(
      ({ key, numerator, denominator }) => [key, numerator, denominator],
    );
  const toStreet2 = { streetId: 'street-2', communityId: 'community-2', estateId: null };
  const days = (count: number): number => count * 24 * 60;

  it('is that of the event, also where the area has gone to another street since; the earlier formulas go on to say the other one', async () => {
    const city = new SimulatedCity().report('inc');
    const whileDue = city.pass(days(7) + 1).now;
    city.pass(1).locate('inc', toStreet2, 'AREA_TRANSFER');
    await given(city);
    for (const name of ['closing-rate', 'closing-on-time', 'whistle-rate']) {
      expect([name, await byStreet(name, 1, at(whileDue))]).toEqual([name, [['street-1', 0, 1]]]);
      expect([name, await byStreet(name, 2, at(whileDue))]).toEqual([name, [['street-1', 0, 1]]]);
      expect([name, await byStreet(name, 1, at(city.now))]).toEqual([name, [['street-2', 0, 1]]]);
      expect([name, await byStreet(name, 2, at(city.now))]).toEqual([name, [['street-1', 0, 1]]]);
    }
  });

  it('is that of the street which had it when it fell due or was closed, whichever came first', async () => {
    const city = new SimulatedCity();
    const close = (id: string) =>
      city.handle(id).finish(id).check(id, 'PASS').feedback(id, 'SOLVED').close(id);
    for (const id of ['in-time', 'late']) city.report(id);
    city.pass(days(1)).locate('in-time', toStreet2, 'AREA_TRANSFER');
    close('in-time').pass(days(7)).locate('late', toStreet2, 'AREA_TRANSFER');
    await given(close('late'));
    expect(await byStreet('closing-on-time', 1, at(city.now))).toEqual([['street-2', 1, 2]]);
    expect(await byStreet('closing-on-time', 2, at(city.now))).toEqual([
      ['street-1', 0, 1],
      ['street-2', 1, 1],
    ]);
    // Both are over: what is written of them says the same as their facts do.
    expect(await byStreet('whistle-rate', 2, at(city.now))).toEqual([['street-1', 0, 2]]);
  });

  it('is where it is known to have lain all the time, if it was only thought to lie elsewhere', async () => {
    const city = new SimulatedCity().report('inc').pass(days(8));
    const before = city.now;
    city.pass(1).locate('inc', toStreet2);
    await given(city);
    for (const name of ['closing-rate', 'whistle-rate'])
      for (const version of [1, 2]) {
        expect([name, await byStreet(name, version, at(city.now))]).toEqual([name, [['street-2', 0, 1]]]);
        // As it was published.
        expect(await byStreet(name, version, at(city.now, before))).toEqual([['street-1', 0, 1]]);
      }
  });

  it('does not change with what is found in a later cycle: earlier results stay', async () => {
    const city = new SimulatedCity().report('inc').handle('inc').finish('inc').check('inc', 'PASS');
    city.feedback('inc', 'SOLVED').close('inc').pass(days(1)).reopen('inc').pass(1);
    city.locate('inc', toStreet2).handle('inc').pass(days(8));
    await given(city);
    expect(await byStreet('closing-rate', 1, at(city.now))).toEqual([['street-2', 1, 2]]);
    expect(await byStreet('closing-rate', 2, at(city.now))).toEqual([
      ['street-1', 1, 1],
      ['street-2', 0, 1],
    ]);
    expect(await byStreet('whistle-rate', 1, at(city.now))).toEqual([['street-2', 0, 1]]);
    expect(await byStreet('whistle-rate', 2, at(city.now))).toEqual([['street-1', 0, 1]]);
  });

  it('is told with the version that it was computed by, and explained by the same', async () => {
    const city = new SimulatedCity().report('inc').pass(days(8)).locate('inc', toStreet2, 'AREA_TRANSFER');
    await given(city);
    for (const version of [1, 2]) {
      const definition = metric('closing-rate', version);
      const { formula, meaning } = definition;
      const told = { name: 'closing-rate', version, formula: formula.en, formulaZh: formula.zh, meaning };
      expect(await query.compute(definition, always, at(city.now), null)).toMatchObject(told);
      for (const street of ['street-1', 'street-2']) {
        const explained = await query.explain(definition, always, at(city.now), 'street', street);
        const isItsOwn = street === (version === 1 ? 'street-2' : 'street-1');
        expect(explained).toMatchObject({ ...told, denominator: isItsOwn ? 1 : 0 });
        expect(explained.cases.map(({ incidentId }) => incidentId)).toEqual(isItsOwn ? ['inc'] : []);
      }
    }
    expect(query.definition('closing-rate', 4)).toBeUndefined();
    expect(query.definition('closing-rate')?.version).toBe(3);
    expect(query.list().find(({ name }) => name === 'closing-rate')).toMatchObject({
      ...{ version: 3, versions: [3, 2, 1] },
    });
  });

  it('in a composite is that of the rates it was made of at its time', async () => {
    await given(new SimulatedCity().report('inc').pass(days(8)));
    const weights = [{ metricId: 'closing-on-time', weight: 1 }];
    const partsOf = async (version: number) => {
      const three = metric('three-rates', version);
      const termsOf = (of: MetricDefinition) => ({ ...of.terms, ...(of === three && { weights }) });
      const { rows } = await query.compute(three, always, at('2026-04-01T00:00:00.000Z'), null, termsOf);
      return rows[0]?.parts?.map(({ metricId, version: own, denominator }) => [metricId, own, denominator]);
    };
    expect(await partsOf(2)).toEqual([['closing-on-time', 1, 1]]);
    expect(await partsOf(3)).toEqual([['closing-on-time', 2, 1]]);
  });

  describe('with a task or a call', () => {
    const onTime = ['acknowledge-on-time', 'check-in-on-time', 'handling-on-time'];

    it('is that of the street which had it when the deadline was met or fell due, whichever came first', async () => {
      const city = new SimulatedCity();
      for (const id of ['moved-before', 'moved-between', 'moved-after', 'stayed']) city.report(id);
      for (const id of ['moved-before', 'moved-between', 'moved-after', 'stayed'])
        city.whistle(id, ['dept-1']);
      city.pass(30).locate('moved-before', toStreet2, 'AREA_TRANSFER').pass(20);
      for (const id of ['moved-before', 'moved-between', 'moved-after', 'stayed'])
        city.acknowledge(id, 'dept-1');
      city.pass(60).locate('moved-between', toStreet2, 'AREA_TRANSFER').pass(days(3));
      city.pass(1).locate('moved-after', toStreet2, 'AREA_TRANSFER');
      await given(city);
      const [acknowledged, checkedIn, handled] = onTime;
      for (const name of onTime) {
        const known = name === acknowledged ? [1, 3] : [0, 0];
        expect([name, await byStreet(name, 4, at(city.now))]).toEqual([
          name,
          [
            ['street-1', known[0], 1],
            ['street-2', known[1], 3],
          ],
        ]);
      }
      // Signed for before the second one moved; arrived nobody, and by the time that was due it had.
      expect(await byStreet(acknowledged!, 5, at(city.now))).toEqual([
        ['street-1', 3, 3],
        ['street-2', 1, 1],
      ]);
      for (const name of [checkedIn!, handled!])
        expect([name, await byStreet(name, 5, at(city.now))]).toEqual([
          name,
          [
            ['street-1', 0, 2],
            ['street-2', 0, 2],
          ],
        ]);
    });

    it('is the other street’s from the very instant of the move on', async () => {
      const city = new SimulatedCity().report('met').report('missed');
      for (const id of ['met', 'missed']) city.whistle(id, ['dept-1']);
      city.pass(60).locate('met', toStreet2, 'AREA_TRANSFER').locate('missed', toStreet2, 'AREA_TRANSFER');
      await given(city.acknowledge('met', 'dept-1').pass(1));
      expect(await byStreet('acknowledge-on-time', 5, at(city.now))).toEqual([['street-2', 1, 2]]);
    });

    it('is told by each of several moves, and by what was known of them', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30);
      city.locate('inc', toStreet2, 'AREA_TRANSFER').pass(60);
      const first = city.now;
      city.pass(1).locate('inc', { streetId: 'street-3' }, 'AREA_TRANSFER').pass(days(4));
      await given(city);
      expect(await byStreet('acknowledge-on-time', 5, at(city.now))).toEqual([['street-2', 0, 1]]);
      expect(await byStreet('check-in-on-time', 5, at(city.now))).toEqual([['street-3', 0, 1]]);
      // As it was published: of the second move nothing was known.
      expect(await byStreet('check-in-on-time', 5, at(city.now, first))).toEqual([['street-2', 0, 1]]);
      for (const by of ['estate', 'community'] as const)
        expect((await compute('check-in-on-time', at(city.now), by)).map(({ key }) => key)).toEqual([
          by === 'estate' ? null : 'community-2',
        ]);
    });

    it('is where it is known to have lain all the time, if it was only thought to lie elsewhere, moves and all', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(61);
      city.locate('inc', { streetId: 'street-3' }, 'AREA_TRANSFER').pass(1);
      const before = city.now;
      await given(city.pass(1).locate('inc', toStreet2));
      for (const version of [4, 5])
        expect(await byStreet('acknowledge-on-time', version, at(city.now))).toEqual([['street-2', 0, 1]]);
      expect(await byStreet('acknowledge-on-time', 4, at(city.now, before))).toEqual([['street-3', 0, 1]]);
      expect(await byStreet('acknowledge-on-time', 5, at(city.now, before))).toEqual([['street-1', 0, 1]]);
    });

    it('does not change with what is found, or with what moves, in a later cycle', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30);
      city.checkIn('inc', 'dept-1').complete('inc', 'dept-1').check('inc', 'PASS').feedback('inc', 'SOLVED');
      city.close('inc').pass(days(1)).reopen('inc').pass(1).locate('inc', toStreet2);
      city.whistle('inc', ['dept-2']).pass(1).locate('inc', { streetId: 'street-3' });
      await given(city.acknowledge('inc', 'dept-2'));
      expect(await byStreet('acknowledge-on-time', 4, at(city.now))).toEqual([['street-3', 2, 2]]);
      expect(await byStreet('acknowledge-on-time', 5, at(city.now))).toEqual([
        ['street-1', 1, 1],
        ['street-3', 1, 1],
      ]);
    });

    it('without a whistle is that of the street which had it when the reporter was called, or should have been', async () => {
      const city = new SimulatedCity(undefined, true);
      for (const id of ['called', 'missed', 'moved-before']) city.report(id).handle(id);
      city.pass(60).call('called').locate('moved-before', toStreet2, 'AREA_TRANSFER').pass(1);
      city.locate('called', toStreet2, 'AREA_TRANSFER').pass(days(1)).ringAlarms();
      await given(city.locate('missed', toStreet2, 'AREA_TRANSFER'));
      expect(await byStreet('response-rate', 2, at(city.now))).toEqual([['street-2', 1, 3]]);
      expect(await byStreet('response-rate', 3, at(city.now))).toEqual([
        ['street-1', 1, 2],
        ['street-2', 0, 1],
      ]);
      // Of what is over, it is written down.
      for (const id of ['called', 'missed']) {
        city.finish(id).check(id, 'PASS').feedback(id, 'SOLVED').close(id);
      }
      await given(city);
      expect(await byStreet('response-rate', 3, at(city.now))).toEqual([
        ['street-1', 1, 2],
        ['street-2', 0, 1],
      ]);
    });

    it('by a department that was to call, is that of the same instant as the department', async () => {
      const city = new SimulatedCity(undefined, true).report('inc').whistle('inc', ['dept-1']).pass(30);
      city.contact('inc', 'dept-1').pass(1).locate('inc', toStreet2, 'AREA_TRANSFER');
      await given(city);
      expect(await byStreet('response-rate', 2, at(city.now))).toEqual([['street-2', 1, 1]]);
      // The cycle that the whistle took over counts nowhere, and is of the second street, which had it when it would have been due.
      expect(await byStreet('response-rate', 3, at(city.now))).toEqual([
        ['street-1', 1, 1],
        ['street-2', 0, 0],
      ]);
      const explained = await query.explain(
        metric('response-rate'),
        always,
        at(city.now),
        'street',
        'street-1',
      );
      expect(explained).toMatchObject({ version: 5, cases: [{ taskId: 'inc-dept-1', inNumerator: true }] });
      expect(
        await query.explain(metric('response-rate'), always, at(city.now), 'street', 'street-2'),
      ).toMatchObject({ denominator: 0, cases: [], excluded: [{ taskId: null, reason: 'TAKEN_OVER' }] });
    });

    it('in a composite is that of the response rate it was made of at its time', async () => {
      const city = new SimulatedCity(undefined, true).report('inc').whistle('inc', ['dept-1']).pass(30);
      await given(city.contact('inc', 'dept-1').pass(1).locate('inc', toStreet2, 'AREA_TRANSFER'));
      const ofStreet = async (version: number, street: string) => {
        const { rows } = await query.compute(metric('three-rates', version), always, at(city.now), 'street');
        const row = rows.find(({ key }) => key === street);
        return row?.parts?.find(({ metricId }) => metricId === 'response-rate');
      };
      expect(await ofStreet(3, 'street-2')).toMatchObject({ version: 2, numerator: 1, denominator: 1 });
      expect(await ofStreet(4, 'street-1')).toMatchObject({ version: 3, numerator: 1, denominator: 1 });
    });
  });

  it('of what is suspended is that of the moment itself: whoever has the area by then has it on the list', async () => {
    const city = new SimulatedCity().report('inc').suspend('inc').pass(1);
    const before = city.now;
    await given(city.pass(1).locate('inc', toStreet2, 'AREA_TRANSFER'));
    for (const version of [1, 2]) {
      expect(await byStreet('suspension-rate', version, at(before))).toEqual([['street-1', 1, 1]]);
      expect(await byStreet('suspension-rate', version, at(city.now))).toEqual([['street-2', 1, 1]]);
    }
  });
});
