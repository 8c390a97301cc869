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
    expect(await spec.thenRows('select * from closures')).toEqual([
      {
        ...{ incident_id: 'kept', cycle: 1, category: 'GARBAGE', severity: 'MINOR', ...place },
        ...{ closed_at: new Date(city.now), closed_known_at: new Date(city.now) },
        ...{ closed_event_id: closed?.eventId, resolution_level: 'COMMUNITY' },
        ...{ reopened_at: null, reopened_known_at: null },
      },
    ]);
  });

  it('keeps each cycle’s close, with the place as it was known then', async () => {
    const city = new SimulatedCity().report('inc').handle('inc', 'ESTATE').finish('inc').check('inc', 'PASS');
    city.feedback('inc', 'SOLVED').close('inc').pass(60).reopen('inc');
    const reopened_at = new Date(city.now);
    city
      .locate('inc', { estateId: 'estate-2' })
      .handle('inc', 'COMMUNITY')
      .finish('inc')
      .check('inc', 'PASS');
    await spec.givenEvents(city.feedback('inc', 'SOLVED').close('inc').events);
    expect(
      await spec.thenRows(
        'select cycle, estate_id, resolution_level, reopened_at from closures order by cycle',
      ),
    ).toEqual([
      { cycle: 1, estate_id: 'estate-1', resolution_level: 'ESTATE', reopened_at },
      { cycle: 2, estate_id: 'estate-2', resolution_level: 'COMMUNITY', reopened_at: null },
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
