import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { evolve, NO_INCIDENT } from '@shaoying/incident-domain';
import { casesOf } from '../../../read-models/src/testing/metric-oracle.js';
import { SimulatedCity } from '../../../read-models/src/testing/simulated-city.js';
import { judge, ON_TIME_METRICS, type Judged } from './on-time.js';
import { IncidentCourse } from './task-course.js';

const window = { from: '1970-01-01T00:00:00.000Z', to: '2200-01-01T00:00:00.000Z' };

/** As it was lived, judged at its end. */
function judged(city: SimulatedCity, incidentId: string): Judged[] {
  const course = new IncidentCourse();
  const state = city
    .eventsOf(incidentId)
    .map(decodeIncidentEvent)
    .reduce((before, event) => {
      const after = evolve(before, event);
      course.apply(event, event, after);
      return after;
    }, NO_INCIDENT);
  return judge(course, state, Date.parse(city.now));
}

/** What each is to each rate: in time, late, or not judged. */
function lives(): SimulatedCity {
  const city = new SimulatedCity();
  for (const id of ['missed', 'in-time', 'signed-late', 'disputed-late', 'disputed']) {
    city.report(id).whistle(id, ['dept-1']);
  }
  const came = city.pass(30).now;
  city.suspend('in-time').openArbitration('disputed', 'dept-1');
  city.pass(40).acknowledge('signed-late', 'dept-1').openArbitration('disputed-late', 'dept-1');
  city.pass(5).checkIn('signed-late', 'dept-1', came);
  return city
    .pass(20 * 24 * 60)
    .suspend('missed')
    .pass(24 * 60);
}

it.each(ON_TIME_METRICS)('what a life is to the rate %s is what it is to the metric', (metric) => {
  const city = lives();
  const asOf = city.now;
  const cases = casesOf(metric, city.events, window, { asOf, knownAt: asOf });
  const ids = [...new Set(cases.map(({ incidentId }) => incidentId))];
  expect(ids).toContain('missed');
  for (const id of ids) {
    const told = judged(city, id).filter((found) => found.metric === metric && found.counts);
    const counted = cases.filter(({ incidentId, counts }) => incidentId === id && counts);
    const good = (of: readonly { readonly good: boolean }[]) => of.map((found) => found.good);
    expect([id, good(told)]).toEqual([id, good(counted)]);
  }
});

it('hides nothing that was missed before a suspension or a dispute, and takes a check-in for an answer', () => {
  const city = lives();
  const goodOf = (id: string) =>
    judged(city, id)
      .filter(({ metric, counts }) => metric === 'acknowledge-on-time' && counts)
      .map(({ good }) => good);
  expect(goodOf('missed')).toEqual([false]);
  expect(goodOf('in-time')).toEqual([]);
  expect(goodOf('signed-late')).toEqual([true]);
  expect(goodOf('disputed-late')).toEqual([false]);
  expect(goodOf('disputed')).toEqual([]);
});
