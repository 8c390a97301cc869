import type { IncidentEvent } from '@shaoying/incident-domain';
import { traceparentFrom } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import { dispatchNames, dispatchSchemaId, publishedDispatchSchema } from '@shaoying/incident-contracts';
import { withoutFurtherFields } from '@shaoying/incident-contracts/testing';
import type { CloudEvent } from '@shaoying/subscriptions';
import fc from 'fast-check';
import { Compile } from 'typebox/schema';
import { dispatchFeed } from '../index.js';
import { readModelSpec, simulatedCities, SimulatedCity } from '../testing/index.js';
import { DispatchFeedQuery } from './dispatch-feed.query.js';

const start = '0';

describe('dispatch feed', () => {
  const spec = readModelSpec(dispatchFeed);
  const feed = new DispatchFeedQuery(spec.sql, {
    onAdvance: () => () => undefined,
    reached: () => undefined,
  });

  const eventsOf = async (departmentId: string): Promise<CloudEvent<Record<string, unknown>>[]> =>
    (await feed.read(departmentId, start, 1_000)).map(
      (item) => JSON.parse(item.cloudEvent) as CloudEvent<Record<string, unknown>>,
    );
  const typesOf = async (departmentId: string): Promise<string[]> =>
    (await eventsOf(departmentId)).map((event) => event.type.replace('cn.shaoying.dispatch.', ''));

  it('tells a department of its task in a CloudEvent with all it needs to go there', async () => {
    const city = new SimulatedCity().report('inc').pass(1).whistle('inc', ['dept-1', 'dept-2'], 'EMERGENCY');
    await spec.givenEvents(city.events);
    const blown = city.events.find((event) => event.type === 'WhistleBlown');
    expect(await eventsOf('dept-2')).toEqual([
      {
        ...{
          specversion: '1.0',
          id: `${blown?.eventId}-dept-2`,
          source: '/shaoying',
          subject: 'incidents/inc',
        },
        ...{ type: 'cn.shaoying.dispatch.dispatched', time: city.now, datacontenttype: 'application/json' },
        ...{ dataschema: 'urn:shaoying:dispatch:dispatched:v1', sequence: blown?.position },
        traceparent: traceparentFrom(blown?.commandId ?? ''),
        data: {
          ...{ incidentId: 'inc', taskId: 'inc-dept-2', whistleId: 'inc-whistle', departmentId: 'dept-2' },
          ...{ role: 'ASSIST', kind: 'EMERGENCY', reason: '多部门职责', whistlingUnitId: 'street-1' },
          ...{ category: 'GARBAGE', severity: 'MINOR', gridId: 'grid-1', estateId: 'estate-1' },
          ...{ communityId: 'community-1', streetId: 'street-1' },
          location: { lon: 116.397, lat: 39.908, crs: 'GCJ02', address: '朝阳路 1 号' },
          deadlines: [
            deadline('ACKNOWLEDGE', city.inMinutes(60)),
            deadline('CHECK_IN', city.inMinutes(240)),
            deadline('HANDLING', city.inMinutes(3 * 24 * 60)),
          ],
        },
      },
    ]);
  });

  const deadline = (timer: string, dueAt: string) => ({
    ...{ deadlineId: `inc-dept-2-${timer}`, timer, dueAt, provisional: false },
  });

  it('follows a task from dispatch over breach, supervision and rework to the close', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(240).ringAlarms();
    city.checkIn('inc', 'dept-1').complete('inc', 'dept-1').check('inc', 'FAIL').complete('inc', 'dept-1');
    city.check('inc', 'PASS').feedback('inc', 'UNSOLVED').complete('inc', 'dept-1').check('inc', 'PASS');
    await spec.givenEvents(city.feedback('inc', 'SOLVED').close('inc').events);
    expect(await typesOf('dept-1')).toEqual([
      ...['dispatched', 'overdue', 'overdue', 'supervised', 'supervision-lifted'],
      ...['returned-for-rework', 'returned-for-rework', 'closed'],
    ]);
    const reasons = (await eventsOf('dept-1')).flatMap((event) => event.data['reason'] ?? []);
    expect(reasons).toEqual(['多部门职责', 'CHECKED_IN', 'CHECK_FAILED', 'NOT_SOLVED']);
  });

  it('tells a department that its time is nearly over, and of another due time', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']);
    city.checkIn('inc', 'dept-2').pass(193).ringAlarms().reschedule('inc', 120);
    await spec.givenEvents(city.events);
    expect(await typesOf('dept-1')).toEqual(['dispatched', 'overdue', 'due-soon', 'rescheduled']);
    expect(await typesOf('dept-2')).toEqual(['dispatched', 'rescheduled']);
    const [soon, moved] = (await eventsOf('dept-1')).slice(2);
    const of = { deadlineId: 'inc-dept-1-CHECK_IN' };
    const formerDueAt = city.inMinutes(240 - 193);
    expect(soon).toMatchObject({
      dataschema: 'urn:shaoying:dispatch:due-soon:v1',
      data: { incidentId: 'inc', taskId: 'inc-dept-1', ...of, timer: 'CHECK_IN', dueAt: formerDueAt },
    });
    expect(moved?.data).toEqual({
      ...{ incidentId: 'inc', taskIds: ['inc-dept-1'], cause: 'POLICY_MOVED', reason: '新时限标准施行' },
      deadlines: [
        {
          ...{ taskId: 'inc-dept-1', ...of, formerDueAt },
          ...{ dueAt: city.inMinutes(240 - 193 + 120), provisional: false },
        },
        expect.objectContaining({ deadlineId: 'inc-dept-1-HANDLING' }),
      ],
    });
  });

  it('sends what its own schema versions say, not what the events have come to carry', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(240).ringAlarms();
    await spec.givenEvents(city.checkIn('inc', 'dept-1').events);
    const sent = (await eventsOf('dept-1')).slice(2).map(({ dataschema, data }) => ({ dataschema, data }));
    const of = { incidentId: 'inc', taskId: 'inc-dept-1' };
    const deadlineId = 'inc-dept-1-CHECK_IN';
    const supervisionId = `${deadlineId}-0`;
    expect(sent).toEqual([
      {
        dataschema: 'urn:shaoying:dispatch:overdue:v1',
        data: { ...of, deadlineId, timer: 'CHECK_IN', dueAt: city.now },
      },
      {
        dataschema: 'urn:shaoying:dispatch:supervised:v1',
        data: { ...of, supervisionId, deadlineId, level: 'BLUE', notify: ['street-1'] },
      },
      {
        dataschema: 'urn:shaoying:dispatch:supervision-lifted:v1',
        data: { ...of, supervisionId, reason: 'CHECKED_IN' },
      },
    ]);
  });

  it('follows a task from one department to the next', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']).pass(10);
    city.requestReturn('inc', 'dept-1').pass(10).decideReturn('inc', 'dept-1', 'dept-3');
    city.transfer('inc', 'dept-3', 'dept-4').changeLead('inc', 'dept-2', 'ASSIST');
    city.openArbitration('inc', 'dept-4').arbitrate('inc', 'dept-4');
    await spec.givenEvents(city.events, 3);
    expect(await typesOf('dept-1')).toEqual(['dispatched', 'return-accepted']);
    expect(await typesOf('dept-3')).toEqual(['dispatched', 'transferred']);
    expect(await typesOf('dept-4')).toEqual([
      ...['transferred', 'lead-changed', 'arbitration-opened', 'responsibility-decided'],
    ]);
    expect(await typesOf('dept-2')).toEqual(['dispatched', 'lead-changed']);
    const [dispatched] = await eventsOf('dept-3');
    // With all that a first dispatch says, though no whistle was blown for it.
    expect(dispatched?.data).toMatchObject({
      ...{ taskId: 'inc-dept-3', whistleId: 'inc-whistle', role: 'LEAD', kind: 'PUBLIC_DEMAND' },
      ...{ reason: '多部门职责', whistlingUnitId: 'street-1', category: 'GARBAGE' },
    });
  });

  it('tells a department that was in the whistle already that it is finally responsible', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2', 'dept-3']).pass(10);
    city.openArbitration('inc', 'dept-3').arbitrate('inc', 'dept-3', 'dept-2');
    await spec.givenEvents(city.events, 2);
    expect(await typesOf('dept-3')).toEqual(['dispatched', 'arbitration-opened', 'responsibility-decided']);
    expect(await typesOf('dept-2')).toEqual(['dispatched', 'responsibility-decided']);
    expect(await typesOf('dept-1')).toEqual(['dispatched']);
    expect((await eventsOf('dept-2')).at(-1)?.data).toMatchObject({
      ...{ taskId: 'inc-dept-2', responsibleUnitId: 'dept-2', rule: 'STATUTORY_FUNCTION' },
    });
  });

  it('tells whoever is on the way that the place is another one, and nobody of the place it had', async () => {
    const city = new SimulatedCity().report('inc').locate('inc', { gridId: 'grid-2' });
    city.whistle('inc', ['dept-1', 'dept-2']).pass(5).locate('inc', { gridId: 'grid-3', estateId: null });
    city.release('inc', 'dept-2').pass(5).locate('inc', { gridId: 'grid-3', streetId: 'street-2' });
    city.pass(5).locate('inc', {}).locate('inc', { gridId: 'grid-3' });
    await spec.givenEvents(city.events, 2);
    expect(await typesOf('dept-1')).toEqual(['dispatched', 'located', 'located']);
    expect(await typesOf('dept-2')).toEqual(['dispatched', 'located', 'released']);
    const [, first] = await eventsOf('dept-1');
    expect({ dataschema: first?.dataschema, data: first?.data }).toEqual({
      dataschema: 'urn:shaoying:dispatch:located:v1',
      data: {
        ...{ incidentId: 'inc', taskIds: ['inc-dept-1'], location: null, gridId: 'grid-3', estateId: null },
        ...{ communityId: 'community-1', streetId: 'street-1', reason: '现场核实' },
      },
    });
  });

  it('tells the departments of a cycle that is over nothing of the next one', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    city.complete('inc', 'dept-1').check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc').reopen('inc');
    city.whistle('inc', ['dept-2']).pass(5).suspend('inc').pass(5).resume('inc').checkIn('inc', 'dept-2');
    city.locate('inc', { gridId: 'grid-2' }).complete('inc', 'dept-2').check('inc', 'PASS');
    await spec.givenEvents(city.feedback('inc', 'SOLVED').close('inc').events, 4);
    expect(await typesOf('dept-1')).toEqual(['dispatched', 'closed', 'reopened']);
    expect(await typesOf('dept-2')).toEqual(['dispatched', 'suspended', 'resumed', 'located', 'closed']);
  });

  it('tells whoever was given it that it should never have been created, and nothing after that', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(5);
    const dispatcher = { id: 'dispatcher', role: 'street-office', orgUnitId: 'street-1' };
    const voided: IncidentEvent = {
      ...{ type: 'IncidentVoided', occurredAt: city.now, data: { unitId: 'street-1', reason: '误建' } },
    };
    await spec.givenEvents(city.record('inc', dispatcher, city.now, [voided, voided]).events);
    expect(await typesOf('dept-1')).toEqual(['dispatched', 'voided']);
    const [, last] = await eventsOf('dept-1');
    expect(last?.data).toEqual({ incidentId: 'inc', taskIds: ['inc-dept-1'], reason: '误建' });
  });

  it('adds nothing when everything is delivered again', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2', 'dept-3']).pass(5);
    city.locate('inc', { gridId: 'grid-2' }).openArbitration('inc', 'dept-3');
    city.arbitrate('inc', 'dept-3', 'dept-2').checkIn('inc', 'dept-1').complete('inc', 'dept-1');
    city.checkIn('inc', 'dept-2').complete('inc', 'dept-2').check('inc', 'PASS').feedback('inc', 'SOLVED');
    city.close('inc').reopen('inc').whistle('inc', ['dept-1']);
    await spec.givenEvents(city.events);
    const once = await spec.tables();
    await spec.givenEvents(city.events, 1);
    expect(await spec.tables()).toEqual(once);
  });

  it('tells whoever has a part in it what becomes of the incident', async () => {
    const city = new SimulatedCity()
      .report('inc')
      .report('other')
      .whistle('inc', ['dept-1'])
      .checkIn('inc', 'dept-1');
    city.suspend('inc').pass(60).resume('inc').extend('inc', 'dept-1', false).extend('inc', 'dept-1');
    city.merge('inc', 'other').unmerge('inc').complete('inc', 'dept-1').check('inc', 'PASS');
    city.feedback('inc', 'SOLVED').close('inc').reopen('inc');
    await spec.givenEvents(city.events, 5);
    expect(await typesOf('dept-1')).toEqual([
      ...[
        'dispatched',
        'suspended',
        'resumed',
        'extension-refused',
        'extension-granted',
        'merged',
        'unmerged',
      ],
      ...['closed', 'reopened'],
    ]);
  });

  it('tells a department that its task is no more, and nothing after that', async () => {
    const city = new SimulatedCity().report('a').whistle('a', ['dept-1']).cancelWhistle('a').suspend('a');
    city.report('b').whistle('b', ['dept-2']).withdraw('b');
    await spec.givenEvents(city.events);
    expect(await typesOf('dept-1')).toEqual(['dispatched', 'whistle-cancelled']);
    expect(await typesOf('dept-2')).toEqual(['dispatched', 'withdrawn']);
  });

  it('tells no department of what concerns another', async () => {
    const city = new SimulatedCity()
      .report('a')
      .report('b')
      .whistle('a', ['dept-1'])
      .whistle('b', ['dept-2']);
    await spec.givenEvents(city.pass(300).ringAlarms().events);
    const subjects = async (departmentId: string): Promise<Set<string | undefined>> =>
      new Set((await eventsOf(departmentId)).map((event) => event.subject));
    expect(await subjects('dept-1')).toEqual(new Set(['incidents/a']));
    expect(await subjects('dept-2')).toEqual(new Set(['incidents/b']));
    expect(await subjects('dept-3')).toEqual(new Set());
  });

  it('holds nothing for a case that its community handled itself', async () => {
    const city = new SimulatedCity()
      .report('inc')
      .handle('inc')
      .finish('inc')
      .check('inc', 'FAIL')
      .finish('inc');
    await spec.givenEvents(city.check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc').events);
    expect((await spec.tables())['items']).toEqual([]);
  });

  it('reads on after a position, in log order, and no more than asked', async () => {
    const city = new SimulatedCity();
    for (let index = 0; index < 12; index += 1)
      city.report(`inc-${index}`).whistle(`inc-${index}`, ['dept-1']);
    await spec.givenEvents(city.events);
    const positions: string[] = [];
    for (let after = start; ;) {
      const items = await feed.read('dept-1', after, 5);
      expect(items.length).toBeLessThanOrEqual(5);
      if (items.length === 0) break;
      positions.push(...items.map((item) => item.position));
      after = items.at(-1)?.position ?? after;
    }
    const blown = city.events.filter((event) => event.type === 'WhistleBlown').map((event) => event.position);
    // Past 9 and 10: positions are numbers, not words.
    expect(positions).toEqual(blown);
  });

  it('says of many places at once which have more behind them', async () => {
    const city = new SimulatedCity()
      .report('a')
      .whistle('a', ['dept-1'])
      .report('b')
      .whistle('b', ['dept-2']);
    await spec.givenEvents(city.events);
    const [item] = await feed.read('dept-1', start, 1);
    const places = [
      ...[
        { feedId: 'dept-2', after: start },
        { feedId: 'dept-1', after: item?.position ?? '' },
        { feedId: 'dept-1', after: start },
        { feedId: 'dept-3', after: start },
      ],
    ];
    expect(await feed.haveMore(places)).toEqual([true, false, true, false]);
  });

  it('gives every item of every department an id of its own that stays the same', async () => {
    const city = new SimulatedCity()
      .report('inc')
      .whistle('inc', ['dept-1', 'dept-2'])
      .pass(300)
      .ringAlarms();
    await spec.givenEvents(city.events);
    const idsOf = async (): Promise<string[]> =>
      [...(await eventsOf('dept-1')), ...(await eventsOf('dept-2'))].map((event) => event.id);
    const ids = await idsOf();
    expect(new Set(ids).size).toBe(ids.length);
    await spec.startOver();
    await spec.givenEvents(city.events, 1);
    expect(await idsOf()).toEqual(ids);
  });

  it('carries no case of another system’s past', async () => {
    const city = new SimulatedCity()
      .importCase('old', {
        departmentId: 'dept-1',
        openedAt: '2022-01-03T09:00:00.000Z',
        targetAt: null,
        closedAt: null,
      })
      .report('new')
      .whistle('new', ['dept-1']);
    await spec.givenEvents(city.events);
    const items = [
      ...(await eventsOf('dept-1')),
      ...(await eventsOf('dept-2')),
      ...(await eventsOf('dept-3')),
    ];
    expect(items.map((item) => item.subject)).toEqual(['incidents/new']);
  });

  it('carries what happens here to a case of another system, and nothing of what happened there', async () => {
    const city = new SimulatedCity().importCase('closed', {
      ...{ departmentId: 'dept-1', openedAt: '2022-01-03T09:00:00.000Z' },
      ...{ targetAt: '2022-01-05T09:00:00.000Z', closedAt: '2022-01-04T09:00:00.000Z' },
    });
    city.importCase('old', {
      ...{ departmentId: 'dept-1', openedAt: '2022-01-03T09:00:00.000Z' },
      ...{ targetAt: '2022-01-05T09:00:00.000Z', closedAt: null },
    });
    city.pass(5).checkIn('old', 'dept-1').suspend('old').resume('old').transfer('old', 'dept-1', 'dept-2');
    city.complete('old', 'dept-2').check('old', 'FAIL');
    await spec.givenEvents(city.events, 2);
    expect(await typesOf('dept-1')).toEqual(['suspended', 'resumed', 'transferred']);
    expect(await typesOf('dept-2')).toEqual(['transferred', 'returned-for-rework']);
    expect(new Set((await eventsOf('dept-1')).map(({ subject }) => subject))).toEqual(
      new Set(['incidents/old']),
    );
  });

  it('carries no reporter', async () => {
    const reporter = { subjectId: 'subject-7', keyId: 'key-7', ciphertext: 'c2VjcmV0' };
    const city = new SimulatedCity().report('inc', { reporter, description: '联系张三 13800000000' });
    await spec.givenEvents(city.whistle('inc', ['dept-1']).events);
    const stored = JSON.stringify(await spec.tables());
    for (const part of [...Object.values(reporter), '13800000000', 'receipt-of-inc']) {
      expect(stored).not.toContain(part);
    }
  });

  describe('what it sends', () => {
    const validators = new Map(
      dispatchNames.map((name) => [
        dispatchSchemaId(name),
        Compile(withoutFurtherFields(publishedDispatchSchema(name) as never) as never),
      ]),
    );
    const wrong = ({ dataschema = '', data }: CloudEvent): unknown[] => {
      const validator = validators.get(dataschema);
      if (validator === undefined) return [`no schema is called ${dataschema}`];
      return [...validator.Errors(data)[1]].map((error) => [dataschema, error, data]);
    };

    it('is as its schema says, without a field that the schema does not name, after any legal history', async () => {
      const seen = new Set<string>();
      const cities = fc.sample(simulatedCities(), propertyParameters({ numRuns: 30 }));
      for (const city of cities) {
        await spec.startOver();
        await spec.givenEvents(city.events);
        const departments = Array.from({ length: 6 }, (_, index) => eventsOf(`dept-${index + 1}`));
        for (const event of (await Promise.all(departments)).flat()) {
          seen.add(event.type);
          expect(wrong(event)).toEqual([]);
        }
      }
      // Or nothing would have been shown.
      expect(seen.size).toBeGreaterThan(15);
    });

    it('would not pass with another type, a field too many or one too few', () => {
      const dataschema = dispatchSchemaId('withdrawn');
      const good = { dataschema, data: { incidentId: 'inc', taskIds: ['task'] } } as CloudEvent;
      expect(wrong(good)).toEqual([]);
      for (const data of [
        { incidentId: 'inc', taskIds: 'task' },
        { incidentId: 'inc', taskIds: [], more: 1 },
        { incidentId: 'inc' },
      ])
        expect(wrong({ ...good, data })).not.toEqual([]);
    });
  });
});
