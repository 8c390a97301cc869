import { projectionSpec } from '@shaoying/projections/testing';
import { containment } from '../index.js';
import { SimulatedCity } from '../testing/index.js';

describe('containment', () => {
  const spec = projectionSpec(containment);

  it('keeps the close of each incident and the level it was resolved at', async () => {
    const city = new SimulatedCity().report('kept').handle('kept', 'COMMUNITY').pass(10).finish('kept');
    city.report('open', { filed: false, severity: 'GROUP' }).check('kept', 'PASS').feedback('kept', 'SOLVED');
    await spec.givenEvents(city.pass(5).close('kept').events);
    const closed = city.events.at(-1);
    const place = { estate_id: 'estate-1', community_id: 'community-1', street_id: 'street-1' };
    expect(await spec.thenRows('select * from closures order by incident_id')).toEqual([
      {
        ...{
          incident_id: 'kept',
          category: 'GARBAGE',
          severity: 'MINOR',
          ...place,
        },
        ...{ closed_at: new Date(city.now), closed_known_at: new Date(city.now) },
        ...{ closed_event_id: closed?.eventId, resolution_level: 'COMMUNITY' },
      },
      {
        ...{ incident_id: 'open', category: 'GARBAGE', severity: 'GROUP', ...place },
        ...{ closed_at: null, closed_known_at: null, closed_event_id: null, resolution_level: null },
      },
    ]);
  });

  it('takes a whistle to a district department as resolved at the district', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    city.complete('inc', 'dept-1').check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc');
    await spec.givenEvents(city.events);
    expect(await spec.thenRows('select resolution_level from closures')).toEqual([
      { resolution_level: 'DISTRICT' },
    ]);
  });

  it('keeps apart when an imported case was closed and when that became known', async () => {
    const city = new SimulatedCity();
    const [openedAt, closedAt] = [city.inMinutes(-900), city.inMinutes(-600)];
    city.importCase('old', { departmentId: 'dept-1', openedAt, targetAt: null, closedAt });
    await spec.givenEvents(city.events);
    expect(await spec.thenRows('select closed_at, closed_known_at from closures')).toEqual([
      { closed_at: new Date(closedAt), closed_known_at: new Date(city.now) },
    ]);
  });
});
