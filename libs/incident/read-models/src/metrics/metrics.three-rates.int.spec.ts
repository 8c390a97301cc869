import type { Actor } from '@shaoying/event-store';
import type { IncidentEvent, Satisfaction, Solved } from '@shaoying/incident-domain';
import { SimulatedCity } from '../testing/index.js';
import { always, at, metric, metricsSpec } from '../testing/metrics-spec.js';
import type { Moment } from '../sql-reader.js';
import type { MetricDefinition } from './metric-definition.js';

describe('what reporters are told, and say', () => {
  const { tasks, facts, query, given, compute, explain } = metricsSpec();

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

  describe('anonymous reports', () => {
    const contacted = (): SimulatedCity => {
      const city = new SimulatedCity(undefined, true)
        .report('called')
        .report('nameless', { anonymous: true });
      city.report('taken-back', { anonymous: true }).withdraw('taken-back');
      city
        .report('of-the-other-street', { anonymous: true, streetId: 'street-2' })
        .handle('of-the-other-street');
      city.whistle('called', ['dept-1']).whistle('nameless', ['dept-1', 'dept-2']).pass(30);
      return city.contact('called', 'dept-1').pass(24 * 60);
    };

    it('are out of the response rate, and how many they are is told with it: each once, by its filing', async () => {
      const city = contacted();
      await given(city);
      const excluded = { ANONYMOUS: 2, WITHDRAWN: 1 };
      expect(await compute('response-rate', at(city.now))).toMatchObject([
        { numerator: 1, denominator: 1, percent: 100, excluded },
      ]);
      const { rows: before } = await query.compute(metric('response-rate', 4), always, at(city.now), null);
      expect(before).toMatchObject([{ numerator: 1, denominator: 1, excluded: {} }]);
      const [whole] = await compute('three-rates', at(city.now));
      expect(whole?.parts?.find(({ metricId }) => metricId === 'response-rate')).toMatchObject({
        ...{ version: 5, numerator: 1, denominator: 1, excluded },
      });
    });

    it('are named where the number is explained, and are of no department', async () => {
      const city = contacted();
      await given(city);
      expect((await explain('response-rate', at(city.now))).excluded).toEqual(
        expect.arrayContaining([
          { incidentId: 'nameless', taskId: null, reason: 'ANONYMOUS' },
          { incidentId: 'of-the-other-street', taskId: null, reason: 'ANONYMOUS' },
        ]),
      );
      const byDepartment = await compute('response-rate', at(city.now), 'department');
      expect(byDepartment.map(({ key, excluded }) => [key, excluded])).toEqual(
        expect.arrayContaining([
          ['dept-1', {}],
          [null, { ANONYMOUS: 2, WITHDRAWN: 1, TAKEN_OVER: 1 }],
        ]),
      );
      const byStreet = await compute('response-rate', at(city.now), 'street');
      expect(byStreet.map(({ key, excluded }) => [key, excluded['ANONYMOUS']])).toEqual([
        ['street-1', 1],
        ['street-2', 1],
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
});

const appeals: Actor = { id: 'supervisor', role: 'supervision-centre', orgUnitId: 'centre' };
const worker: Actor = { id: 'worker-of-dept-1', role: 'department', orgUnitId: 'dept-1' };

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
