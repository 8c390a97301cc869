import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import {
  expectSameTablesForAnyBatching,
  expectSameTablesWhenDeliveredTwice,
  projectionSpec,
} from '@shaoying/projections/testing';
import { incidentProjections } from './index.js';
import { SimulatedCity, simulatedCities, weighedCities } from './testing/index.js';

// Not shrunk: every attempt builds databases. The printed seed repeats the run, the printed log is short enough to read.
const anyCity = fc.oneof(simulatedCities(60), weighedCities(60));
const runs = { numRuns: 3, endOnFailure: true };

/**
 * Whistle with three departments, late and early check-ins, a failed check, self-handling, an import; a task given back,
 * transferred and arbitrated, a pause, a duplicate, another place, another cycle.
 */
function busyCity(): SimulatedCity {
  const city = new SimulatedCity().report('inc-1', { severity: 'MAJOR' });
  city.pass(5).report('inc-2').handle('inc-2').whistle('inc-1', ['dept-1', 'dept-2', 'dept-3']);
  city.pass(30).acknowledge('inc-1', 'dept-1').checkIn('inc-1', 'dept-1').finish('inc-2');
  city.pass(300).ringAlarms().checkIn('inc-1', 'dept-2').checkIn('inc-1', 'dept-3', city.inMinutes(-200));
  city.pass(60).complete('inc-1', 'dept-1').complete('inc-1', 'dept-2').complete('inc-1', 'dept-3');
  city.importCase('old-1', {
    ...{ departmentId: 'dept-1', openedAt: city.inMinutes(-9_000) },
    ...{ targetAt: city.inMinutes(-8_000), closedAt: null },
  });
  city.pass(60).check('inc-1', 'FAIL').check('inc-2', 'PASS');
  city.pass(60).complete('inc-1', 'dept-1').complete('inc-1', 'dept-2').complete('inc-1', 'dept-3');
  city.pass(5).check('inc-1', 'PASS').feedback('inc-2', 'UNSOLVED').feedback('inc-1', 'SOLVED');
  city.pass(5).close('inc-1').finish('inc-2');
  city.report('inc-3').whistle('inc-3', ['dept-1', 'dept-2']).pass(30).requestReturn('inc-3', 'dept-1');
  city
    .report('inc-4')
    .pass(30)
    .decideReturn('inc-3', 'dept-1', 'dept-3')
    .transfer('inc-3', 'dept-3', 'dept-4');
  city.merge('inc-4', 'inc-3').locate('inc-3', { streetId: 'street-2', gridId: null }).suspend('inc-3');
  city.pass(600).resume('inc-3').unmerge('inc-4').openArbitration('inc-3', 'dept-2').pass(400).ringAlarms();
  city.arbitrate('inc-3', 'dept-2', 'dept-1').checkIn('inc-3', 'dept-4').extend('inc-3', 'dept-4');
  city.pass(60).reopen('inc-1').whistle('inc-1', ['dept-2']).cancelWhistle('inc-1').withdraw('inc-4');
  return city.complete('inc-3', 'dept-4').release('inc-3', 'dept-1').whistle('inc-1', ['dept-3']);
}

describe.each(incidentProjections.map((projection) => [projection.name, projection] as const))(
  'projection %s',
  (_name, projection) => {
    const spec = projectionSpec(projection);

    it('leaves the same tables for batches of 1, 7 and 1,000', () =>
      expectSameTablesForAnyBatching(spec, busyCity().events));

    it('leaves the same tables when everything is delivered twice', () =>
      expectSameTablesWhenDeliveredTwice(spec, busyCity().events));

    it('leaves the same tables for any batching of any legal history', async () => {
      await fc.assert(
        fc.asyncProperty(anyCity, (city) => expectSameTablesForAnyBatching(spec, city.events)),
        propertyParameters(runs),
      );
    });

    it('leaves the same tables when any legal history is delivered twice', async () => {
      await fc.assert(
        fc.asyncProperty(anyCity, (city) => expectSameTablesWhenDeliveredTwice(spec, city.events)),
        propertyParameters(runs),
      );
    });

    it('goes on after a restart at whatever event it stopped', async () => {
      const { events } = busyCity();
      await spec.givenEvents(events);
      const uninterrupted = await spec.tables();
      for (const stoppedAfter of [1, 9, Math.floor(events.length / 2), events.length - 1]) {
        await spec.thenRows(await emptied(spec));
        await spec.givenEvents(events.slice(0, stoppedAfter));
        await spec.givenEvents(events.slice(stoppedAfter));
        expect({ stoppedAfter, tables: await spec.tables() }).toEqual({
          stoppedAfter,
          tables: uninterrupted,
        });
      }
    });

    it('stops at an event of a version it does not know, and keeps what was there', async () => {
      const { events } = busyCity();
      await spec.givenEvents(events.slice(0, 10));
      const before = await spec.tables();
      const fromTheFuture = events.slice(10).map((event) => ({ ...event, schemaVersion: 99 }));
      await expect(spec.givenEvents(fromTheFuture)).rejects.toMatchObject({ code: 'UNKNOWN_EVENT' });
      expect(await spec.tables()).toEqual(before);
    });

    it('stops at an event of a type it does not know in the stream of an incident', async () => {
      const { events } = busyCity();
      await spec.givenEvents(events.slice(0, 10));
      const before = await spec.tables();
      const [next, ...later] = events.slice(10);
      const fromTheFuture = [{ ...next!, type: 'IncidentHaunted' }, ...later];
      await expect(spec.givenEvents(fromTheFuture)).rejects.toMatchObject({
        ...{ code: 'UNKNOWN_EVENT', event: { type: 'IncidentHaunted', position: next!.position } },
      });
      expect(await spec.tables()).toEqual(before);
    });

    it('passes by types it does not know in other streams', async () => {
      const [event] = busyCity().events;
      await spec.givenEvents([{ ...event!, streamId: 'org-unit-1', type: 'OrgUnitDissolved' }]);
      expect(Object.values(await spec.tables()).flat()).toEqual([]);
    });

    it('leaves streams of other aggregates alone', async () => {
      const { events } = busyCity();
      await spec.givenEvents(events.map((event) => ({ ...event, streamId: `other-${event.streamId}` })));
      expect(Object.values(await spec.tables()).flat()).toEqual([]);
    });
  },
);

async function emptied(spec: ReturnType<typeof projectionSpec>): Promise<string> {
  return `truncate ${Object.keys(await spec.tables()).join(', ')}`;
}
