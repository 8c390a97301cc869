import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { changedEventTypes, firstVersionOf } from '@shaoying/incident-contracts/testing';
import { projectionSpec } from '@shaoying/projections/testing';
import { incidentProjections } from './index.js';
import { SimulatedCity, simulatedCities } from './testing/index.js';

// A read model rebuilt over a log that earlier releases began must hold what it would hold had today's written it all.

/** What one person has said of themselves and marked. */
const sealed = {
  subjectId: '018f2f6e-0000-7000-8000-00000000005b',
  keyId: '018f2f6e-0000-7000-8000-00000000004e',
  ciphertext: 'AQIDBA==',
};

/**
 * Late everywhere: every order of supervision there can be, lifted and in force; and one that is suspended, whose reporter is
 * revealed.
 */
function lateCity(): SimulatedCity {
  const city = new SimulatedCity().report('inc-1').whistle('inc-1', ['dept-1', 'dept-2']).report('inc-2');
  city
    .handle('inc-2')
    // Warned of first, and missed then.
    .pass(200)
    .ringAlarms()
    .pass(100)
    .ringAlarms()
    .checkIn('inc-1', 'dept-1')
    .extend('inc-1', 'dept-1')
    .pass(4 * 24 * 60)
    .ringAlarms();
  return city
    .complete('inc-1', 'dept-1')
    .pass(4 * 24 * 60)
    .ringAlarms()
    .finish('inc-2')
    .check('inc-2', 'FAIL')
    .finish('inc-2')
    .check('inc-2', 'PASS')
    .feedback('inc-2', 'SOLVED')
    .close('inc-2')
    .report('inc-3', { reporter: sealed, personal: { fields: ['DESCRIPTION'], sealed } })
    .revealReporter('inc-3')
    .suspend('inc-3');
}

test('the late city holds events of every type that has changed', () => {
  const types = new Set(lateCity().events.map(({ type }) => type));
  expect(changedEventTypes.filter((type) => !types.has(type))).toEqual([]);
});

describe.each(incidentProjections.map((projection) => [projection.name, projection] as const))(
  'projection %s',
  (_name, projection) => {
    const spec = projectionSpec(projection);

    const tablesAfter = async (events: SimulatedCity['events']): Promise<unknown> => {
      const tables = Object.keys(await spec.tables());
      await spec.thenRows(`truncate ${tables.join(', ')}`);
      await spec.givenEvents(events, 7);
      return spec.tables();
    };

    const expectTheSame = async ({ events }: SimulatedCity, cut: number): Promise<void> => {
      const today = await tablesAfter(events);
      expect(await tablesAfter(events.map(firstVersionOf))).toEqual(today);
      const begun = events.map((event, index) => (index < cut ? firstVersionOf(event) : event));
      expect(await tablesAfter(begun)).toEqual(today);
    };

    it('leaves the same tables whichever release wrote the log', () => expectTheSame(lateCity(), 9));

    it('leaves the same tables whichever release wrote any legal history', async () => {
      await fc.assert(
        fc.asyncProperty(simulatedCities(60), fc.nat(80), expectTheSame),
        propertyParameters({ numRuns: 5, endOnFailure: true }),
      );
    });
  },
);
