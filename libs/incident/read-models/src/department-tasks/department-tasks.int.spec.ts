import fc from 'fast-check';
import type { IncidentEvent } from '@shaoying/incident-domain';
import { propertyParameters } from '@shaoying/event-store/testing';
import { departmentTasks } from '../index.js';
import type { Moment } from '../sql-reader.js';
import {
  instantsAround,
  readModelSpec,
  SimulatedCity,
  simulatedCities,
  weighedCities,
} from '../testing/index.js';
import {
  lostIn,
  queueOf as oracleQueueOf,
  streetOf,
  streetWorkloadOf,
  tasksAtMoment,
  workIn,
  workloadOf,
} from '../testing/task-oracle.js';
import { DepartmentTasksQuery, type QueueItem, type QueuePage } from './department-tasks.query.js';

const at = (asOf: string, knownAt = asOf): Moment => ({ asOf, knownAt });
const longAgo = '2000-01-01T00:00:00.000Z';

describe('department tasks', () => {
  const spec = readModelSpec(departmentTasks);
  const query = new DepartmentTasksQuery(spec.sql);

  const queueOf = async (departmentId: string, moment: Moment): Promise<readonly QueueItem[]> =>
    (await query.queue(departmentId, moment, { limit: 200, after: null })).items;
  const workload = async (departmentId: string, moment: Moment, from = longAgo) =>
    (await query.workload([departmentId], moment, from))[0];

  it('keeps one row per task with the instants of its life', async () => {
    const city = new SimulatedCity().report('inc').pass(10).whistle('inc', ['dept-1']);
    const notifiedAt = city.now;
    city
      .pass(10)
      .acknowledge('inc', 'dept-1')
      .pass(10)
      .checkIn('inc', 'dept-1')
      .pass(10)
      .complete('inc', 'dept-1');
    await spec.givenEvents(city.events);
    expect(
      await spec.thenRows(`select task_id, incident_id, whistle_id, department_id, role, kind, imported, notified_at,
        acknowledged_at, checked_in_at, completed_at, acknowledge_due, check_in_due, handling_due from tasks`),
    ).toEqual([
      {
        ...{ task_id: 'inc-dept-1', incident_id: 'inc', whistle_id: 'inc-whistle', department_id: 'dept-1' },
        ...{ role: 'LEAD', kind: 'PUBLIC_DEMAND', imported: false, notified_at: new Date(notifiedAt) },
        acknowledged_at: new Date(city.inMinutes(-20)),
        checked_in_at: new Date(city.inMinutes(-10)),
        completed_at: new Date(city.now),
        acknowledge_due: new Date(city.inMinutes(30)),
        check_in_due: new Date(city.inMinutes(210)),
        handling_due: new Date(city.inMinutes(3 * 24 * 60 - 30)),
      },
    ]);
  });

  it('keeps the terms that held until others did, with the completion that was sent back', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    const at1 = city.pass(10).complete('inc', 'dept-1').now;
    const backAt = city.pass(10).check('inc', 'FAIL').now;
    await spec.givenEvents(city.events, 1);
    expect(
      await spec.thenRows('select completed_at, since_at, until_at, rework_due from tasks order by version'),
    ).toMatchObject([
      { completed_at: new Date(at1), until_at: new Date(backAt), rework_due: null },
      {
        ...{ completed_at: null, since_at: new Date(backAt), until_at: null },
        rework_due: new Date(city.inMinutes(24 * 60)),
      },
    ]);
  });

  describe('queue', () => {
    it('lists the open tasks of one department, oldest first, with their deadlines', async () => {
      const city = new SimulatedCity().report('new').report('old').whistle('old', ['dept-1', 'dept-2']);
      city.pass(5).whistle('new', ['dept-1']).report('done').whistle('done', ['dept-1']);
      city.checkIn('done', 'dept-1').complete('done', 'dept-1').acknowledge('old', 'dept-1');
      await spec.givenEvents(city.events);
      const items = await queueOf('dept-1', at(city.now));
      expect(items.map((item) => [item.taskId, item.state])).toEqual([
        ['old-dept-1', 'ACKNOWLEDGED'],
        ['new-dept-1', 'NOTIFIED'],
      ]);
      expect(items[0]).toEqual({
        ...{ taskId: 'old-dept-1', incidentId: 'old', whistleId: 'old-whistle', departmentId: 'dept-1' },
        ...{
          role: 'LEAD',
          kind: 'PUBLIC_DEMAND',
          state: 'ACKNOWLEDGED',
          category: 'GARBAGE',
          severity: 'MINOR',
        },
        ...{ estateId: 'estate-1', communityId: 'community-1', streetId: 'street-1', overdue: false },
        ...{ notifiedAt: city.inMinutes(-5), acknowledgedAt: city.now, checkedInAt: null },
        workedMinutes: 0,
        deadlines: [
          deadline('ACKNOWLEDGE', city.inMinutes(43), city.inMinutes(55)),
          deadline('CHECK_IN', city.inMinutes(187), city.inMinutes(235)),
          deadline('HANDLING', city.inMinutes(3_451), city.inMinutes(4_315)),
        ],
      });
    });

    const deadline = (timer: string, warnAt: string, dueAt: string) => ({
      ...{ deadlineId: `old-dept-1-${timer}`, timer, warnAt, dueAt, provisional: false },
    });

    it('is as it was at an instant, as far as the log knew', async () => {
      const city = new SimulatedCity().report('inc').pass(10);
      const before = city.inMinutes(-1);
      city.whistle('inc', ['dept-1']).pass(300);
      const beforeSync = city.inMinutes(-1);
      city.checkIn('inc', 'dept-1', city.inMinutes(-100));
      await spec.givenEvents(city.events);
      const stateAt = async (moment: Moment) => (await queueOf('dept-1', moment)).map((item) => item.state);
      expect(await stateAt(at(before, city.now))).toEqual([]);
      expect(await stateAt(at(city.inMinutes(-50), beforeSync))).toEqual(['NOTIFIED']);
      expect(await stateAt(at(city.inMinutes(-50), city.now))).toEqual(['CHECKED_IN']);
      expect(await stateAt(at(city.inMinutes(-101), city.now))).toEqual(['NOTIFIED']);
    });

    it('shows all it has been told when nobody names a moment, also to a clock that is behind', async () => {
      const city = new SimulatedCity().report('inc').pass(10).whistle('inc', ['dept-1']);
      const behind = city.inMinutes(-5);
      await spec.givenEvents(city.events);
      expect(await queueOf('dept-1', at(behind))).toEqual([]);
      expect(await queueOf('dept-1', { ...at(behind), live: true })).toMatchObject([
        { taskId: 'inc-dept-1' },
      ]);
      expect(await workload('dept-1', { ...at(behind), live: true })).toMatchObject({
        open: 1,
        asOf: behind,
      });
    });

    it('pages without skipping or repeating, also among tasks of one instant and with new ones in between', async () => {
      const city = new SimulatedCity();
      for (let index = 0; index < 17; index += 1)
        city.report(`inc-${index}`).whistle(`inc-${index}`, ['dept-1']);
      await spec.givenEvents(city.events);
      const before = (await queueOf('dept-1', at(city.now))).map((item) => item.taskId);
      const seen: string[] = [];
      let after: QueuePage['next'] = null;
      do {
        const page: QueuePage = await query.queue('dept-1', at(city.now), { limit: 4, after });
        seen.push(...page.items.map((item) => item.taskId));
        after = page.next;
        const sofar = city.events.length;
        const id = `later-${seen.length}`;
        city.pass(1).report(id).whistle(id, ['dept-1']);
        await spec.givenEvents(city.events.slice(sofar));
      } while (after !== null && seen.length < 17);
      expect(seen.slice(0, 17)).toEqual(before);
    });

    it('is for a street what lies in it, and what lies nowhere yet', async () => {
      const city = new SimulatedCity();
      for (const [id, streetId] of Object.entries({ own: 'street-1', other: 'street-2' }))
        city.report(id, { streetId }).whistle(id, ['dept-1']).pass(1);
      city.report('nowhere', { streetId: null }).whistle('nowhere', ['dept-1']);
      await spec.givenEvents(city.events);
      const page = { limit: 5, after: null };
      const seenBy = async (streetId: string | null) =>
        (await query.queue('dept-1', at(city.now), page, streetId === null ? null : [streetId])).items.map(
          (item) => item.incidentId,
        );
      expect(await seenBy('street-1')).toEqual(['own', 'nowhere']);
      expect(await seenBy('street-3')).toEqual(['nowhere']);
      expect(await seenBy(null)).toEqual(['own', 'other', 'nowhere']);
    });

    it('knows no task of a department that has none', async () => {
      await spec.givenEvents(new SimulatedCity().report('inc').whistle('inc', ['dept-1']).events);
      expect(await query.queue('dept-9', at('2026-04-01T00:00:00.000Z'), { limit: 5, after: null })).toEqual({
        ...{ items: [], next: null },
      });
    });
  });

  it('owes the whole of staged handling by its last stage, also when that is reported', async () => {
    const city = new SimulatedCity().report('staged').whistle('staged', ['dept-1']);
    const [half, whole] = [city.inMinutes(36 * 60), city.inMinutes(3 * 24 * 60)];
    city.pass(10).checkIn('staged', 'dept-1').completeStage('staged', 'dept-1', 'control');
    city.completeStage('staged', 'dept-1', 'cure');
    await spec.givenEvents(city.events);
    const rows = await spec.thenRows(
      'select handling_due, stage_due from tasks where not extending order by version',
    );
    expect(rows).toEqual([
      { handling_due: new Date(whole), stage_due: new Date(half) },
      { handling_due: new Date(whole), stage_due: new Date(whole) },
      { handling_due: new Date(whole), stage_due: null },
    ]);
    const [item] = await queueOf('dept-1', at(city.now));
    expect(item?.deadlines.map(({ timer }) => timer)).toEqual(['ACKNOWLEDGE', 'CHECK_IN']);
  });

  it('has nothing to do any more with what is voided', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(5);
    city.record('inc', dispatcher, city.now, [voidedAt(city.now)]);
    await spec.givenEvents(city.events);
    expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 0, released: 1 });
    expect((await query.tasksInHand('dept-1', 5, null)).items).toEqual([]);
    expect(await spec.thenRows('select set_aside from tasks where until_at is null')).toEqual([
      { set_aside: 'WITHDRAWN' },
    ]);
  });

  it('has in hand what is neither done nor ended, also where the incident stands still', async () => {
    const city = new SimulatedCity();
    for (const id of ['going', 'suspended', 'merged', 'done', 'moved', 'cancelled'])
      city.report(id).whistle(id, ['dept-1']).pass(1);
    city.suspend('suspended').merge('merged', 'going').transfer('moved', 'dept-1', 'dept-2');
    city.checkIn('done', 'dept-1').complete('done', 'dept-1').cancelWhistle('cancelled');
    await spec.givenEvents(city.events);
    const first = await query.tasksInHand('dept-1', 2, null);
    const rest = await query.tasksInHand('dept-1', 2, first.next);
    expect([...first.items, ...rest.items].map(({ taskId, setAside }) => [taskId, setAside])).toEqual([
      ['going-dept-1', null],
      ['suspended-dept-1', 'SUSPENDED'],
      ['merged-dept-1', 'MERGED'],
    ]);
    expect([first.items.length, rest.next]).toEqual([2, null]);
    expect((await query.tasksInHand('dept-2', 2, null)).items).toEqual([
      {
        ...{ taskId: 'moved-dept-1', incidentId: 'moved', whistleId: 'moved-whistle', role: 'LEAD' },
        ...{ departmentId: 'dept-2', kind: 'PUBLIC_DEMAND', setAside: null, notifiedAt: city.inMinutes(-2) },
      },
    ]);
  });

  describe('workload', () => {
    it('is all zeros and nulls for a department without tasks', async () => {
      const moment = at('2026-03-02T01:00:00.000Z');
      const none = { met: 0, decided: 0 };
      expect(await query.workload(['dept-9'], moment, longAgo)).toEqual([
        {
          ...{ departmentId: 'dept-9', ...moment, from: longAgo, open: 0, overdue: 0, dueWithin24h: 0 },
          byState: {
            ...{ NOTIFIED: 0, ACKNOWLEDGED: 0, CHECKED_IN: 0, WORKING: 0, RETURN_REQUESTED: 0 },
            IN_ARBITRATION: 0,
          },
          ...{ inflow: 0, outflow: 0, returned: 0, released: 0, lostMs: 0, workedMinutes: 0, weighted: 0 },
          ...{ acknowledgeOnTimeRate: null, checkInOnTimeRate: null, handlingOnTimeRate: null },
          ...{ medianCheckInMinutes: null, p90CheckInMinutes: null },
          ...{ medianHandlingMinutes: null, p90HandlingMinutes: null },
          ...{ acknowledgeOnTime: none, checkInOnTime: none, handlingOnTime: none },
        },
      ]);
    });

    it('answers in the order asked, once each', async () => {
      await spec.givenEvents(new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']).events);
      const answers = await query.workload(
        ['dept-2', 'dept-9', 'dept-1'],
        at('2026-03-02T01:00:00.000Z'),
        longAgo,
      );
      expect(answers.map(({ departmentId, open }) => [departmentId, open])).toEqual([
        ['dept-2', 1],
        ['dept-9', 0],
        ['dept-1', 1],
      ]);
    });

    it('is that of the tables that a rebuild has put in place, also where a connection has asked before', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
      await spec.givenEvents(city.events);
      expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 1 });
      await spec.thenRows('alter schema department_tasks rename to retired; create schema department_tasks');
      await spec.thenRows(`${departmentTasks.schema} ${departmentTasks.indexes}`);
      expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 0 });
      await spec.thenRows(
        'drop schema department_tasks cascade; alter schema retired rename to department_tasks',
      );
      expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 1 });
    });

    it('weighs a lead 1 and an assist 0.5', async () => {
      const city = new SimulatedCity().report('a').whistle('a', ['dept-1', 'dept-2']);
      await spec.givenEvents(city.report('b').whistle('b', ['dept-2', 'dept-1']).report('c').events);
      expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 2, weighted: 1.5 });
    });

    it('weighs each by its category in the catalogue that its incident was filed under, also when another is published', async () => {
      const city = new SimulatedCity().publishWeights({ GARBAGE: 2.5, NOISE: 0.29 });
      city.report('a').whistle('a', ['dept-1', 'dept-2']);
      city.report('noise', { category: 'NOISE' }).whistle('noise', ['dept-2']);
      city.report('other', { category: 'PARKING' }).whistle('other', ['dept-2', 'dept-1']);
      await spec.givenEvents(city.events);
      const before = city.now;
      expect(await workload('dept-1', at(before))).toMatchObject({ open: 2, weighted: 3 });
      expect(await workload('dept-2', at(before))).toMatchObject({ open: 3, weighted: 1.25 + 0.29 + 1 });
      const sofar = city.events.length;
      city.pass(5).publishWeights({ GARBAGE: 10 }).report('b').whistle('b', ['dept-1']);
      await spec.givenEvents(city.events.slice(sofar));
      expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 3, weighted: 13 });
      const { items } = await query.explain('weighted', { departmentId: 'dept-1' }, at(city.now), longAgo, {
        ...{ limit: 10, after: null },
      });
      expect(items.map(({ incidentId, contribution }) => [incidentId, contribution])).toEqual(
        expect.arrayContaining([
          ['a', 2.5],
          ['other', 0.5],
          ['b', 10],
        ]),
      );
    });

    it('weighs what goes on under another policy by the catalogue of that day, from then on', async () => {
      const city = new SimulatedCity().publishWeights({ GARBAGE: 2 }).report('a').whistle('a', ['dept-1']);
      const before = city.pass(10).now;
      city.pass(10).publishWeights({ GARBAGE: 3 }).pass(10).reschedule('a', 60);
      await spec.givenEvents(city.events);
      expect(await workload('dept-1', at(before))).toMatchObject({ open: 1, weighted: 2 });
      expect(await workload('dept-1', at(city.inMinutes(-1)))).toMatchObject({ open: 1, weighted: 2 });
      expect(await workload('dept-1', at(city.now))).toMatchObject({ open: 1, weighted: 3 });
    });

    it('moves a task from due within 24 h to overdue as time goes by', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
      await spec.givenEvents(city.events);
      const handlingDue = 3 * 24 * 60;
      const both = async (minutes: number) => {
        const answer = await workload('dept-1', at(city.inMinutes(minutes)));
        return [answer?.dueWithin24h, answer?.overdue];
      };
      expect(await both(handlingDue - 24 * 60)).toEqual([0, 0]);
      expect(await both(handlingDue - 24 * 60 + 1)).toEqual([1, 0]);
      expect(await both(handlingDue)).toEqual([1, 0]);
      expect(await both(handlingDue + 1)).toEqual([0, 1]);
    });

    it('takes the check-in rate of what was notified in the window and is decided', async () => {
      const city = new SimulatedCity();
      for (const id of ['met', 'late', 'missed', 'arrived']) city.report(id).whistle(id, ['dept-1']);
      city.pass(100).checkIn('met', 'dept-1').pass(200).checkIn('late', 'dept-1');
      const undecided = at(city.inMinutes(-250));
      await spec.givenEvents(city.report('pending').whistle('pending', ['dept-1']).events);
      expect(await workload('dept-1', undecided)).toMatchObject({ checkInOnTimeRate: null });
      expect(await workload('dept-1', at(city.now))).toMatchObject({
        ...{ checkInOnTimeRate: 1 / 4, medianCheckInMinutes: 200, p90CheckInMinutes: 280 },
        checkInOnTime: { met: 1, decided: 4 },
      });
    });

    it('tells how acknowledging and handling went, and all of it by street', async () => {
      const city = new SimulatedCity().report('a').whistle('a', ['dept-1']);
      city.report('b', { streetId: 'street-2' }).whistle('b', ['dept-1', 'dept-2']);
      city
        .pass(50)
        .acknowledge('a', 'dept-1')
        .pass(50)
        .checkIn('a', 'dept-1')
        .pass(20)
        .complete('a', 'dept-1');
      await spec.givenEvents(city.events);
      expect(await workload('dept-1', at(city.now))).toMatchObject({
        ...{ acknowledgeOnTimeRate: 1 / 2, checkInOnTimeRate: 1, handlingOnTimeRate: 1 },
        ...{ medianHandlingMinutes: 120, p90HandlingMinutes: 120 },
      });
      expect(await query.workloadByStreet(['dept-1', 'dept-2'], at(city.now), longAgo)).toMatchObject([
        { streetId: 'street-1', open: 0, inflow: 1, outflow: 1, acknowledgeOnTimeRate: 1 },
        { streetId: 'street-2', open: 2, inflow: 2, outflow: 0, acknowledgeOnTimeRate: 0, weighted: 1.5 },
      ]);
    });

    it('counts in and out within the window only', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
      const between = city.pass(60).now;
      city.pass(60).complete('inc', 'dept-1');
      await spec.givenEvents(city.events);
      expect(await workload('dept-1', at(between))).toMatchObject({ inflow: 1, outflow: 0, open: 1 });
      expect(await workload('dept-1', at(city.now))).toMatchObject({ inflow: 1, outflow: 1, open: 0 });
      expect(await workload('dept-1', at(city.now), between)).toMatchObject({
        inflow: 0,
        outflow: 1,
        open: 0,
      });
    });

    it('keeps to what the log knew', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(300);
      const beforeSync = city.inMinutes(-1);
      await spec.givenEvents(city.checkIn('inc', 'dept-1', city.inMinutes(-100)).events);
      expect(await workload('dept-1', at(city.now, beforeSync))).toMatchObject({
        ...{ byState: { NOTIFIED: 1, CHECKED_IN: 0 }, checkInOnTimeRate: 0, overdue: 1 },
      });
      expect(await workload('dept-1', at(city.now, city.now))).toMatchObject({
        ...{ byState: { NOTIFIED: 0, CHECKED_IN: 1 }, checkInOnTimeRate: 1, overdue: 0 },
      });
    });
  });

  describe('when a task changes hands', () => {
    const handed = (): SimulatedCity => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']).pass(30);
      return city.requestReturn('inc', 'dept-1').pass(30);
    };
    const statesOf = async (departmentId: string, moment: Moment): Promise<string[]> =>
      (await queueOf(departmentId, moment)).map(({ state }) => state);

    it('is the queue of whoever has it at the moment', async () => {
      const city = handed();
      const asked = city.now;
      city.pass(30).decideReturn('inc', 'dept-1', 'dept-3').pass(30).transfer('inc', 'dept-3', 'dept-4');
      const before = city.inMinutes(-1);
      await spec.givenEvents(city.events, 7);
      expect(await statesOf('dept-1', at(asked))).toEqual(['RETURN_REQUESTED']);
      expect(await statesOf('dept-3', at(asked))).toEqual([]);
      expect(await statesOf('dept-1', at(city.now))).toEqual([]);
      expect(await statesOf('dept-3', at(before))).toEqual(['NOTIFIED']);
      expect([await statesOf('dept-3', at(city.now)), await statesOf('dept-4', at(city.now))]).toEqual([
        [],
        ['NOTIFIED'],
      ]);
    });

    it('came in with a summons or a transfer, and went out with its completion or the next transfer', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30);
      city.checkIn('inc', 'dept-1').pass(30).transfer('inc', 'dept-1', 'dept-2');
      const transferred = city.now;
      city.pass(30).complete('inc', 'dept-2');
      await spec.givenEvents(city.events, 3);
      const flow = async (departmentId: string, from: string) => {
        const { inflow, outflow, open } = (await workload(departmentId, at(city.now), from)) ?? {};
        return { inflow, outflow, open };
      };
      expect(await flow('dept-1', longAgo)).toEqual({ inflow: 1, outflow: 1, open: 0 });
      expect(await flow('dept-2', longAgo)).toEqual({ inflow: 1, outflow: 1, open: 0 });
      expect(await flow('dept-1', transferred)).toEqual({ inflow: 0, outflow: 1, open: 0 });
      expect(await flow('dept-2', transferred)).toEqual({ inflow: 1, outflow: 1, open: 0 });
      expect(await flow('dept-2', city.now)).toEqual({ inflow: 0, outflow: 1, open: 0 });
      const rates = await query.workload(['dept-1', 'dept-2'], at(city.now), longAgo);
      expect(rates.map((of) => [of.checkInOnTimeRate, of.medianCheckInMinutes])).toEqual([
        [1, 30],
        [null, null],
      ]);
    });

    it('counts a check-in once for a department that the task came back to', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).report('other').pass(30);
      city.checkIn('inc', 'dept-1').pass(1).transfer('inc', 'dept-1', 'dept-2').pass(1);
      city
        .transfer('inc', 'dept-2', 'dept-1')
        .whistle('other', ['dept-1'])
        .pass(300)
        .checkIn('other', 'dept-1');
      await spec.givenEvents(city.events);
      expect(await workload('dept-1', at(city.now))).toMatchObject({
        ...{ inflow: 3, outflow: 1, open: 2, checkInOnTimeRate: 1 / 2, medianCheckInMinutes: 165 },
      });
    });

    it('counts what was given back, and whose time it cost', async () => {
      const city = handed().pass(30).decideReturn('inc', 'dept-1', null).pass(60);
      city
        .openArbitration('inc', 'dept-1')
        .pass(60)
        .arbitrate('inc', 'dept-1', 'dept-3')
        .release('inc', 'dept-2');
      await spec.givenEvents(city.events);
      expect(await workload('dept-1', at(city.now))).toMatchObject({
        ...{ open: 0, returned: 1, released: 0, lostMs: 90 * 60_000 },
      });
      expect(await workload('dept-2', at(city.now))).toMatchObject({ open: 0, returned: 0, released: 1 });
      expect(await query.lostTime(at(city.now), longAgo)).toEqual([
        { account: 'DISPATCH', unitId: null, ms: 120 * 60_000, tasks: 1 },
        { account: 'DEPARTMENT', unitId: 'dept-1', ms: 90 * 60_000, tasks: 1 },
      ]);
      const lostOf = async (...ids: string[]) =>
        (await query.lostTime(at(city.now), longAgo, ids)).map(({ unitId }) => unitId);
      expect(await lostOf('dept-1')).toEqual([null, 'dept-1']);
      expect(await lostOf('dept-2', 'dept-3')).toEqual([]);
    });

    it('leaves out what stands still, and takes it up again with its deadlines moved', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30).suspend('inc');
      const suspended = city.now;
      city.pass(600).resume('inc');
      await spec.givenEvents(city.events);
      expect(await statesOf('dept-1', at(suspended))).toEqual([]);
      const [item] = await queueOf('dept-1', at(city.now));
      expect(item).toMatchObject({ state: 'NOTIFIED', overdue: false });
      expect(item?.deadlines[0]).toMatchObject({ timer: 'ACKNOWLEDGE', dueAt: city.inMinutes(30) });
    });
  });

  describe('work booked', () => {
    const worked = async (departmentId: string, moment: Moment, from = longAgo) =>
      (await workload(departmentId, moment, from))?.workedMinutes;
    const atWork = (): SimulatedCity =>
      new SimulatedCity()
        .report('inc')
        .whistle('inc', ['dept-1', 'dept-2'])
        .checkIn('inc', 'dept-1')
        .checkIn('inc', 'dept-2');

    it('is told with progress, with the completion and by itself, less what was taken back', async () => {
      const city = atWork()
        .pass(10)
        .progress('inc', 'dept-1', '正在清运', 45)
        .pass(10)
        .work('inc', 'dept-1', 90);
      const before = city.now;
      city.pass(10).complete('inc', 'dept-1', 5).pass(10).work('inc', 'dept-1', -60).work('inc', 'dept-2', 7);
      await spec.givenEvents(city.events);
      expect(await worked('dept-1', at(before))).toBe(135);
      expect(await worked('dept-1', at(city.now))).toBe(80);
      expect(await worked('dept-2', at(city.now))).toBe(7);
      expect(await worked('dept-3', at(city.now))).toBe(0);
      expect(await queueOf('dept-2', at(city.now))).toMatchObject([{ workedMinutes: 7 }]);
      expect(await queueOf('dept-1', at(before))).toMatchObject([{ workedMinutes: 135 }]);
    });

    it('is of the window in which it was booked: what was taken back in the next one is below 0 there', async () => {
      const city = atWork()
        .work('inc', 'dept-1', 90)
        .complete('inc', 'dept-1')
        .complete('inc', 'dept-2')
        .pass(60);
      const nextMonth = city.now;
      city.pass(60).work('inc', 'dept-1', -30);
      await spec.givenEvents(city.events);
      expect(await worked('dept-1', at(city.now), nextMonth)).toBe(-30);
      expect(await worked('dept-1', at(nextMonth))).toBe(90);
      // Also where nothing was to do any more: the street has a row for it.
      expect(await query.workloadByStreet(['dept-1', 'dept-2'], at(city.now), nextMonth)).toMatchObject([
        { streetId: 'street-1', open: 0, outflow: 0, workedMinutes: -30 },
      ]);
    });

    it('stays with whose people worked, whatever becomes of the task', async () => {
      const city = atWork().work('inc', 'dept-1', 90).work('inc', 'dept-2', 30).pass(10);
      city.transfer('inc', 'dept-1', 'dept-1-successor').work('inc', 'dept-1-successor', 20).pass(10);
      city.workOn('inc', 'inc-dept-1', 'dept-1', -15).release('inc', 'dept-2').pass(10).suspend('inc');
      await spec.givenEvents(city.events);
      expect(await worked('dept-1', at(city.now))).toBe(75);
      expect(await worked('dept-1-successor', at(city.now))).toBe(20);
      expect(await worked('dept-2', at(city.now))).toBe(30);
      // With a task that stands still, nothing of it is in anybody's queue.
      expect(await queueOf('dept-1-successor', at(city.now))).toEqual([]);
    });

    it('lies where the task is known to lie, by the moment', async () => {
      const city = atWork().work('inc', 'dept-1', 90);
      const before = city.now;
      city.pass(10).locate('inc', { streetId: 'street-2' });
      await spec.givenEvents(city.events);
      const streets = async (moment: Moment) =>
        (await query.workloadByStreet(['dept-1'], moment, longAgo)).map((row) => [
          row.streetId,
          row.workedMinutes,
        ]);
      expect(await streets(at(before))).toEqual([['street-1', 90]]);
      expect(await streets(at(city.now))).toEqual([['street-2', 90]]);
    });

    it('counts once the log knew it', async () => {
      const city = atWork().pass(10);
      const bookedAt = city.now;
      const event: IncidentEvent = {
        ...{ type: 'WorkBooked', occurredAt: bookedAt },
        data: { taskId: 'inc-dept-1', departmentId: 'dept-1', workedMinutes: 90, note: null },
      };
      city.pass(60).record('inc', { id: 'u', role: 'department', orgUnitId: 'dept-1' }, city.now, [event]);
      await spec.givenEvents(city.events);
      expect(await worked('dept-1', at(bookedAt, bookedAt))).toBe(0);
      expect(await worked('dept-1', at(bookedAt, city.now))).toBe(90);
      expect(await worked('dept-1', at(city.inMinutes(-70), city.now))).toBe(0);
    });

    it('adds up exactly, however much it is', async () => {
      const city = atWork();
      for (let day = 0; day < 40; day += 1)
        city.pass(1).work('inc', 'dept-1', 6_000).work('inc', 'dept-1', -5_999);
      await spec.givenEvents(city.events);
      expect(await worked('dept-1', at(city.now))).toBe(40);
    });
  });

  it('finds the whistles on an estate about a category, but those that were taken back', async () => {
    const city = new SimulatedCity()
      .report('old')
      .whistle('old', ['dept-1'])
      .pass(24 * 60);
    const since = city.now;
    city.report('one').whistle('one', ['dept-1']).pass(5).report('two').whistle('two', ['dept-2']);
    city.report('other', { category: 'PARKING' }).whistle('other', ['dept-1']);
    city.report('elsewhere', { estateId: 'estate-2' }).whistle('elsewhere', ['dept-1']);
    city.report('taken-back').whistle('taken-back', ['dept-1']).cancelWhistle('taken-back');
    city.report('withdrawn').whistle('withdrawn', ['dept-1']).withdraw('withdrawn');
    city.report('voided').whistle('voided', ['dept-1']);
    await spec.givenEvents(city.events);
    const sofar = city.events.length;
    city.record('voided', dispatcher, city.now, [voidedAt(city.now)]);
    await spec.givenEvents(city.events.slice(sofar));
    expect(await query.whistlesOn('estate-1', 'GARBAGE', since)).toEqual([
      {
        ...{ whistleId: 'two-whistle', incidentId: 'two', kind: 'PUBLIC_DEMAND', reverse: false },
        blownAt: city.now,
      },
      {
        ...{ whistleId: 'one-whistle', incidentId: 'one', kind: 'PUBLIC_DEMAND', reverse: false },
        blownAt: city.inMinutes(-5),
      },
    ]);
  });

  it('queue and workload agree with a plain calculation from the events, at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(simulatedCities(70), weighedCities(70)),
        fc.infiniteStream(fc.nat()),
        async (city, dice) => {
          await spec.startOver();
          await spec.givenEvents(city.events);
          const instants = instantsAround(city);
          const pick = (): string => instants[dice.next().value % instants.length] ?? city.now;
          for (let round = 0; round < 8; round += 1) {
            const moment = round === 0 ? at(city.now) : at(pick(), pick());
            const from = [pick(), moment.asOf].sort()[0] ?? longAgo;
            const lost = lostIn(city.events, moment, from).reduce(
              (sum, { from: start, to }) => sum + Date.parse(to) - Date.parse(start),
              0,
            );
            const booked = (await query.lostTime(moment, from)).reduce((sum, { ms }) => sum + ms, 0);
            expect({ moment, from, booked }).toEqual({ moment, from, booked: lost });
            for (const departmentId of departmentsIn(city)) {
              const open = oracleQueueOf(city.events, departmentId, moment);
              const queue = await queueOf(departmentId, moment);
              expect({ moment, queue: queue.map(seen) }).toEqual({ moment, queue: open.map(seen) });
              const work = workIn(city.events, moment, longAgo);
              for (const { taskId, workedMinutes } of queue)
                expect({ moment, taskId, workedMinutes }).toEqual({
                  ...{ moment, taskId },
                  workedMinutes: work
                    .filter((booked) => booked.taskId === taskId)
                    .reduce((sum, booked) => sum + booked.workedMinutes, 0),
                });
              const expected = workloadOf(city.events, departmentId, moment, from);
              expect(await workload(departmentId, moment, from)).toEqual(expected);
            }
            await expectStreets(city, ['dept-1', 'dept-2', 'dept-1-successor'], moment, from);
          }
        },
      ),
      propertyParameters({ numRuns: 12, endOnFailure: true }),
    );
  }, 60_000);

  async function expectStreets(
    city: SimulatedCity,
    ids: string[],
    moment: Moment,
    from: string,
  ): Promise<void> {
    const rows = await query.workloadByStreet(ids, moment, from);
    const tasks = tasksAtMoment(city.events, moment);
    for (const streetId of new Set(tasks.map((task) => streetOf(city.events, task, moment)))) {
      const row = rows.find((candidate) => candidate.streetId === streetId);
      const expected = streetWorkloadOf(city.events, streetId, ids, moment, from);
      // Without a row nothing was to do there, and nothing happened.
      if (row !== undefined) expect(row).toEqual(expected);
      else expect(expected).toMatchObject({ open: 0, inflow: 0, outflow: 0, lostMs: 0, workedMinutes: 0 });
    }
    expect(rows).toHaveLength(new Set(rows.map(({ streetId }) => streetId)).size);
  }
});

/** Every department that has or had a task, and one that never had. */
const departmentsIn = (city: SimulatedCity): Set<string> =>
  new Set([
    ...tasksAtMoment(city.events, at(city.now)).flatMap(({ holders }) =>
      holders.map(({ departmentId }) => departmentId),
    ),
    'dept-9',
  ]);

const dispatcher = { id: 'dispatcher', role: 'street-office', orgUnitId: 'street-1' };
const voidedAt = (occurredAt: string): IncidentEvent => ({
  ...{ type: 'IncidentVoided', occurredAt, data: { unitId: 'street-1', reason: '误建' } },
});

const seen = ({ taskId, state, overdue }: { taskId: string; state: string; overdue: boolean }): string =>
  `${taskId} ${state}${overdue ? ' overdue' : ''}`;
