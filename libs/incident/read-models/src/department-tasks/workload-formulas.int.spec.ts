import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { departmentTasks } from '../index.js';
import type { Moment } from '../sql-reader.js';
import {
  instantsAround,
  readModelSpec,
  simulatedDepartments,
  SimulatedCity,
  weighedCities,
} from '../testing/index.js';
import { queueOf, ratesAsOnce, streetOf } from '../testing/task-oracle.js';
import { DepartmentTasksQuery } from './department-tasks.query.js';

const at = (asOf: string, knownAt = asOf): Moment => ({ asOf, knownAt });
const longAgo = '2000-01-01T00:00:00.000Z';
const departments = simulatedDepartments;

const once = { acknowledgeOnTimeRate: 1, checkInOnTimeRate: 1, handlingOnTimeRate: 1 };
const rateOf = ({ met, decided }: { met: number; decided: number }) => (decided === 0 ? null : met / decided);

describe('workload by an earlier formula', () => {
  const spec = readModelSpec(departmentTasks);
  const query = new DepartmentTasksQuery(spec.sql);
  const asWas = { weighted: 1 };

  it('weighs by the part alone, and leaves every other figure as it is', async () => {
    const city = new SimulatedCity().publishWeights({ GARBAGE: 2.5 });
    city.report('a').whistle('a', ['dept-1', 'dept-2']).report('b').whistle('b', ['dept-2', 'dept-1']);
    await spec.givenEvents(city.events);
    const moment = at(city.now);
    const [inForce] = await query.workload(['dept-1'], moment, longAgo);
    const [earlier] = await query.workload(['dept-1'], moment, longAgo, asWas);
    expect(inForce).toMatchObject({ open: 2, weighted: 3.75 });
    expect(earlier).toEqual({ ...inForce, weighted: 1.5 });
    expect(await query.workload(['dept-1'], moment, longAgo, { weighted: 2 })).toEqual([inForce]);
    const [nobody] = await query.workload(['dept-9'], moment, longAgo, asWas);
    expect(nobody).toMatchObject({ open: 0, weighted: 0 });
    expect(await query.workloadByStreet(['dept-1', 'dept-2'], moment, longAgo, asWas)).toMatchObject([
      { streetId: 'street-1', open: 4, weighted: 3 },
    ]);
  });

  it('tells a rate with what it was a share of by that formula: once a suspension hid what had been missed', async () => {
    const city = new SimulatedCity();
    for (const id of ['missed', 'met']) city.report(id).whistle(id, ['dept-1']);
    await spec.givenEvents(city.checkIn('met', 'dept-1').pass(300).suspend('missed').pass(1).events);
    const [inForce] = await query.workload(['dept-1'], at(city.now), longAgo);
    const [earlier] = await query.workload(['dept-1'], at(city.now), longAgo, once);
    expect(inForce).toMatchObject({ checkInOnTimeRate: 1 / 2, checkInOnTime: { met: 1, decided: 2 } });
    expect(earlier).toMatchObject({ checkInOnTimeRate: 1, checkInOnTime: { met: 1, decided: 1 } });
    const explained = (version: number) =>
      query.explain(
        'checkInOnTimeRate',
        { departmentId: 'dept-1' },
        at(city.now),
        longAgo,
        { limit: 10, after: null },
        version,
      );
    expect(await explained(1)).toMatchObject({ value: 1, met: 1, counted: 1, excluded: { SUSPENDED: 1 } });
    expect(await explained(2)).toMatchObject({ value: 1 / 2, met: 1, counted: 2, excluded: {} });
  });

  it('took a signature alone for an acknowledgement: whoever came without a network before it, was late by it', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
    const came = city.pass(30).now;
    await spec.givenEvents(
      city.pass(40).acknowledge('inc', 'dept-1').pass(5).checkIn('inc', 'dept-1', came).events,
    );
    const told = async (versions = {}) =>
      (await query.workload(['dept-1'], at(city.now), longAgo, versions))[0]?.acknowledgeOnTime;
    expect(await told()).toEqual({ met: 1, decided: 1 });
    expect(await told(once)).toEqual({ met: 0, decided: 1 });
    const { items } = await query.explain(
      ...(['acknowledgeOnTimeRate', { departmentId: 'dept-1' }, at(city.now), longAgo] as const),
      { limit: 10, after: null },
    );
    expect(items).toMatchObject([{ contribution: 1, doneAt: came, lateMs: -30 * 60_000 }]);
    expect(items[0]?.events.map(({ what }) => what)).toContain('CHECKED_IN');
  });

  it('is explained by it, task by task', async () => {
    const city = new SimulatedCity().publishWeights({ GARBAGE: 2.5 });
    city.report('a').whistle('a', ['dept-1', 'dept-2']).report('b').whistle('b', ['dept-2', 'dept-1']);
    await spec.givenEvents(city.events);
    const page = { limit: 10, after: null };
    const explained = (version?: number) =>
      query.explain('weighted', { departmentId: 'dept-1' }, at(city.now), longAgo, page, version);
    const contributions = async (version?: number) =>
      (await explained(version)).items.map(({ contribution }) => contribution);
    expect(await contributions(1)).toEqual([1, 0.5]);
    expect(await contributions(2)).toEqual([2.5, 1.25]);
    expect(await contributions()).toEqual([2.5, 1.25]);
    expect(await explained(1)).toMatchObject({ value: 1.5, counted: 2 });
    await expect(explained(3)).rejects.toThrow('version 3 of weighted is not kept');
  });

  // Not shrunk: see incident-projections.int.spec.ts.
  it('agrees with a plain calculation, and with the sum of its explanation, at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(weighedCities(), fc.infiniteStream(fc.nat()), async (city, dice) => {
        await spec.startOver();
        await spec.givenEvents(city.events);
        const instants = instantsAround(city);
        const pick = (): string => instants[dice.next().value % instants.length] ?? city.now;
        for (const moment of [at(city.now), at(pick(), pick()), at(pick(), pick())]) {
          const partsOf = (departmentId: string) =>
            queueOf(city.events, departmentId, moment).map((task) => ({
              ...{ street: streetOf(city.events, task, moment), part: task.role === 'LEAD' ? 1 : 0.5 },
            }));
          const added = (parts: readonly { part: number }[]): number =>
            parts.reduce((sum, { part }) => sum + part, 0);
          const told = await query.workload(departments, moment, longAgo, asWas);
          expect(told.map(({ weighted }) => weighted)).toEqual(departments.map((id) => added(partsOf(id))));
          const all = departments.flatMap(partsOf);
          for (const { streetId, weighted } of await query.workloadByStreet(
            departments,
            moment,
            longAgo,
            asWas,
          ))
            expect({ streetId, weighted }).toEqual({
              ...{ streetId, weighted: added(all.filter(({ street }) => street === streetId)) },
            });
          const rates = await query.workload(departments, moment, longAgo, once);
          for (const { departmentId, ...figures } of rates) {
            const { ACKNOWLEDGE, CHECK_IN, HANDLING } = ratesAsOnce(
              city.events,
              departmentId,
              moment,
              longAgo,
            );
            expect({ departmentId, ...figures }).toMatchObject({
              ...{ departmentId, acknowledgeOnTime: ACKNOWLEDGE, acknowledgeOnTimeRate: rateOf(ACKNOWLEDGE) },
              ...{ checkInOnTime: CHECK_IN, checkInOnTimeRate: rateOf(CHECK_IN) },
              ...{ handlingOnTime: HANDLING, handlingOnTimeRate: rateOf(HANDLING) },
            });
          }
          const [departmentId = ''] = departments;
          const page = { limit: 500, after: null };
          const { value, items } = await query.explain(
            'weighted',
            { departmentId },
            moment,
            longAgo,
            page,
            1,
          );
          expect(value).toBe(told[0]?.weighted);
          expect(items.reduce((sum, { contribution }) => sum + (contribution ?? 0), 0)).toBe(value);
        }
      }),
      propertyParameters({ numRuns: 6, endOnFailure: true }),
    );
  }, 120_000);
});
