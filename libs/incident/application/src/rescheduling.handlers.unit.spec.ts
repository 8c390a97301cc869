import {
  everyDeadline,
  ownedDeadlines,
  type AnyDeadline,
  type IncidentState,
} from '@shaoying/incident-domain';
import {
  CallRecords,
  DecideExtensionCommand,
  MoveOpenDeadlinesCommand,
  MoveOpenDeadlinesHandler,
  ProvisionalWatch,
  RequestExtensionCommand,
  ResumeIncidentCommand,
  SuspendIncidentCommand,
  type MovedDeadline,
} from './index.js';
import { codeOf, OfficeSteps, SampleOffice } from './testing/index.js';

// 时限调整: open deadlines under another policy by an explicit call, and into a year that is published by themselves.

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const handlingRule =
  '{ timer: HANDLING, when: { whistleKind: PUBLIC_DEMAND }, duration: { amount: 3, unit: WORKING_DAY } }';
const publishHandlingOf = (days: number): Promise<void> =>
  office.publishChanged(handlingRule, handlingRule.replace('amount: 3', `amount: ${days}`));
const year2027 = `2026: { source: chinese-days }
      2027: { holidays: [2027-01-01], makeUpWorkdays: [] }`;
const publish2027 = (): Promise<void> => office.publishChanged('2026: { source: chinese-days }', year2027);

async function whistled(): Promise<string> {
  const { incidentId } = await steps.whistled({ lead: 'dp-water' });
  office.owing.incidents.push(incidentId);
  return incidentId;
}

async function stateOf(incidentId: string): Promise<IncidentState> {
  const found = await office.service().find(incidentId);
  if (found === null) throw new Error(`${incidentId} is not there`);
  return found.state;
}

const deadlineOf = async (
  incidentId: string,
  timer: AnyDeadline['timer'],
): Promise<AnyDeadline | undefined> =>
  everyDeadline(await stateOf(incidentId)).find((deadline) => deadline.timer === timer);

const request = { policyVersion: null, reason: '新时限标准施行', after: null };
const move = (more: Partial<MoveOpenDeadlinesCommand['request']> = {}, key?: string) =>
  steps.handlers.moveDeadlines.execute(
    new MoveOpenDeadlinesCommand(office.as('admin', null, key), 'default', { ...request, ...more }),
  );

/** Stands still for a day. */
async function paused(incidentId: string, until: string): Promise<void> {
  const suspension = {
    reasonCode: 'NEEDS_FUNDS',
    reason: '待预算批复',
    reviewAt: '2026-04-01T01:00:00.000Z',
  };
  const { suspend, resume } = steps.handlers;
  await suspend.execute(
    new SuspendIncidentCommand(steps.centre(), incidentId, suspension as SuspendIncidentCommand['request']),
  );
  office.clock.set(until);
  const resumption = { reason: '资金到位', renewUntil: null };
  await resume.execute(new ResumeIncidentCommand(steps.centre(), incidentId, resumption));
}

async function extended(incidentId: string, amount: number): Promise<void> {
  const taskId = (await stateOf(incidentId)).tasks[0]?.taskId ?? '';
  await steps.checkIn(incidentId, taskId, 'dp-water');
  const asked = { amount, unit: 'WORKING_DAY', reason: '管线改造' } as const;
  await steps.handlers.requestExtension.execute(
    new RequestExtensionCommand(steps.department('dp-water'), incidentId, taskId, asked),
  );
  await steps.handlers.decideExtension.execute(
    new DecideExtensionCommand(steps.street(), incidentId, taskId, { grant: true, reason: null }),
  );
}

class LostRecords extends CallRecords {
  override keep(): Promise<never> {
    return Promise.reject(new Error('died before it could answer'));
  }
}

/** The command service of a process that dies before it has written its answer down. */
const dying = (): MoveOpenDeadlinesHandler =>
  new MoveOpenDeadlinesHandler(
    ...([office.service(), office.jurisdiction, office.owing, office.clock] as const),
    new LostRecords(office.store),
  );

const handlingOf = ({ moved }: { readonly moved: readonly MovedDeadline[] }): MovedDeadline | undefined =>
  moved.find(({ timer }) => timer === 'HANDLING');

describe('under another policy', () => {
  test('a published one moves nothing; the call does, and says from where to where', async () => {
    const incidentId = await whistled();
    const before = await deadlineOf(incidentId, 'HANDLING');
    await publishHandlingOf(5);
    expect(await deadlineOf(incidentId, 'HANDLING')).toEqual(before);
    const outcome = await move();
    expect(handlingOf(outcome)).toEqual({
      ...{ incidentId, deadlineId: before?.deadlineId, timer: 'HANDLING', provisional: false },
      ...{ formerDueAt: '2026-03-05T01:00:00.000Z', dueAt: '2026-03-09T01:00:00.000Z' },
    });
    expect(await deadlineOf(incidentId, 'HANDLING')).toMatchObject({
      ...{ dueAt: '2026-03-09T01:00:00.000Z', policyVersion: 2, startedAt: before?.startedAt },
    });
    const state = await stateOf(incidentId);
    expect(state.pins).toMatchObject({ policyVersion: 2 });
    // Everything that is open is under the new version, also where its time is the same.
    const open = ownedDeadlines(state).filter(({ running }) => running);
    expect(open.map(({ deadline }) => deadline.policyVersion)).toEqual(open.map(() => 2));
    expect(outcome).toMatchObject({ policyVersion: 2, stayed: [], next: null });
  });

  test('what it would do is what it does then; a preview changes nothing', async () => {
    await whistled();
    await publishHandlingOf(5);
    const before = await office.incidentEvents();
    const preview = await steps.handlers.moveDeadlines.preview('default', request);
    expect(await office.incidentEvents()).toEqual(before);
    const { moved, stayed } = await move();
    expect(preview).toEqual({ policyId: 'default', policyVersion: 2, moved, stayed, next: null });
    expect(handlingOf(preview)).toBeDefined();
  });

  test('pauses and extensions are counted in the new time too', async () => {
    const incidentId = await whistled();
    await paused(incidentId, '2026-03-03T01:00:00.000Z');
    await extended(incidentId, 2);
    // 3 working days, one of pause that ends with the day instead of beginning the next, two more.
    expect(await deadlineOf(incidentId, 'HANDLING')).toMatchObject({ dueAt: '2026-03-09T10:00:00.000Z' });
    await publishHandlingOf(5);
    expect(handlingOf(await move())).toMatchObject({ dueAt: '2026-03-11T10:00:00.000Z' });
    await publishHandlingOf(3);
    expect(handlingOf(await move())).toMatchObject({ dueAt: '2026-03-09T10:00:00.000Z' });
  });

  test('a department that has a calendar of its own is counted in it still', async () => {
    const { incidentId } = await steps.whistled({ lead: 'dp-gas' });
    office.owing.incidents.push(incidentId);
    const before = await deadlineOf(incidentId, 'HANDLING');
    expect(before).toMatchObject({ calendarId: 'dp-gas' });
    await publishHandlingOf(5);
    const { moved, stayed } = await move();
    expect(stayed).toEqual([]);
    const after = await deadlineOf(incidentId, 'HANDLING');
    expect(after).toMatchObject({ calendarId: 'dp-gas', policyVersion: 2 });
    expect(handlingOf({ moved })?.dueAt).toBe(after?.dueAt);
    const workingMs = (deadline: AnyDeadline | undefined): number =>
      office.directory.workingMsBetween('dp-gas', 1, deadline?.startedAt ?? '', deadline?.dueAt ?? '');
    expect(3 * workingMs(after)).toBe(5 * workingMs(before));
  });

  test('what would be over by now stays and is told; nobody is late by it', async () => {
    const incidentId = await whistled();
    office.clock.set('2026-03-04T02:00:00.000Z');
    await publishHandlingOf(1);
    const { stayed } = await move();
    expect(stayed).toMatchObject([
      { incidentId, timer: 'HANDLING', dueAt: '2026-03-05T01:00:00.000Z', code: 'WOULD_BE_PAST' },
    ]);
    expect(await deadlineOf(incidentId, 'HANDLING')).toMatchObject({
      ...{ dueAt: '2026-03-05T01:00:00.000Z', policyVersion: 1 },
    });
  });

  test('the same command again moves nothing twice, and gets its first answer', async () => {
    await whistled();
    await publishHandlingOf(5);
    const first = await move({}, 'one request');
    const before = await steps.types();
    expect(await move({}, 'one request')).toEqual({ ...first, replayed: true });
    expect(await steps.types()).toEqual(before);
    expect(await move()).toMatchObject({ moved: [] });
  });

  test('an attempt that died half-way is completed by the next one, and every incident told', async () => {
    const [one, other] = [await whistled(), await whistled()];
    await publishHandlingOf(5);
    const cut = office.owing.incidents.splice(1);
    const command = new MoveOpenDeadlinesCommand(office.as('admin', null, 'one request'), 'default', request);
    await expect(dying().execute(command)).rejects.toThrow('died before');
    office.owing.incidents.push(...cut);
    const { moved } = await move({}, 'one request');
    const told = moved.filter(({ timer }) => timer === 'HANDLING').map(({ incidentId }) => incidentId);
    expect(told).toEqual([one, other]);
    const types = (await steps.types()).filter((type) => type === 'DeadlinesRescheduled');
    expect(types).toHaveLength(2);
  });

  test('a hundred incidents a call: the next one goes on behind them', async () => {
    const known = await whistled();
    await publishHandlingOf(5);
    const others = Array.from(
      { length: 100 },
      (_, n) => `018f2f6e-0000-7000-9000-${String(n).padStart(12, '0')}`,
    );
    office.owing.incidents.splice(0, 1, ...others, known);
    const first = await steps.handlers.moveDeadlines.preview('default', request);
    expect(first).toMatchObject({ moved: [], next: others.at(-1) });
    const second = await steps.handlers.moveDeadlines.preview('default', { ...request, after: first.next });
    expect(second.next).toBeNull();
    expect(handlingOf(second)).toMatchObject({ incidentId: known });
  });

  test('several incidents are worked on at once, and told in the order in which they were asked for', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) ids.push(await whistled());
    await publishHandlingOf(5);
    const append = office.store.append.bind(office.store);
    let underWay = 0;
    const atOnce: number[] = [];
    office.store.append = async (...of) => {
      atOnce.push((underWay += 1));
      // The first to come is the last to be written.
      await new Promise((resolve) => setTimeout(resolve, 20 - underWay));
      underWay -= 1;
      return append(...of);
    };
    const { moved, next } = await move();
    expect(moved.filter(({ timer }) => timer === 'HANDLING').map(({ incidentId }) => incidentId)).toEqual(
      ids,
    );
    expect(next).toBeNull();
    expect(Math.max(...atOnce)).toBe(10);
  });

  test('one that fails ends the call, and nothing goes on after it', async () => {
    for (let n = 0; n < 3; n += 1) await whistled();
    await publishHandlingOf(5);
    const append = office.store.append.bind(office.store);
    let [calls, written] = [0, 0];
    office.store.append = async (...of) => {
      calls += 1;
      if (calls === 1) throw new Error('the log is away');
      await new Promise((resolve) => setTimeout(resolve, 10));
      written += 1;
      return append(...of);
    };
    await expect(move()).rejects.toThrow('the log is away');
    expect(written).toBe(2);
  });

  test('a version that is not there is none', async () => {
    expect(await codeOf(move({ policyVersion: 7 }))).toBe('UNKNOWN_POLICY');
  });
});

describe('in a year that is published', () => {
  const watch = (incidents: readonly string[], dueBefores: string[] = []): ProvisionalWatch =>
    new ProvisionalWatch({
      calendars: () => office.directory.calendars(),
      incidents: (dueBefore, after, limit) => {
        dueBefores.push(dueBefore);
        return Promise.resolve(incidents.filter((id) => after === null || id > after).slice(0, limit));
      },
      fix: (command) => steps.handlers.fixProvisional.execute(command),
      clock: office.clock,
      log: { info: () => undefined, error: () => undefined },
    });

  test('a provisional deadline is moved to where it is due then, once, and by nothing else', async () => {
    office.clock.set('2026-12-30T01:00:00.000Z');
    const incidentId = await whistled();
    const assumed = await deadlineOf(incidentId, 'HANDLING');
    // Thursday, the first of January taken for a working day, Monday.
    expect(assumed).toMatchObject({ dueAt: '2027-01-04T01:00:00.000Z', provisional: true });
    expect(await watch([incidentId]).sweep()).toBe(0);
    await publish2027();
    expect(await deadlineOf(incidentId, 'HANDLING')).toEqual(assumed);
    const looks: string[] = [];
    const first = watch([incidentId], looks);
    expect(await first.sweep()).toBe(1);
    expect(await first.sweep()).toBe(0);
    expect(looks[0]).toBe('2027-12-31T16:00:00.000Z');
    expect(await deadlineOf(incidentId, 'HANDLING')).toMatchObject({
      ...{ dueAt: '2027-01-05T01:00:00.000Z', provisional: false, calendarVersion: 2, policyVersion: 1 },
      steps: [{ at: '2027-01-05T01:00:00.000Z' }, { step: 2 }, { step: 3 }],
    });
    const moved = (await office.incidentEvents()).filter(({ type }) => type === 'DeadlinesRescheduled');
    expect(moved).toMatchObject([
      { actor: { role: 'system' }, data: { cause: 'CALENDAR_PUBLISHED', reason: null, pins: null } },
    ]);
  });

  test('what begins after the publication is not provisional, though its incident has pinned the calendar before', async () => {
    office.clock.set('2026-12-29T01:00:00.000Z');
    const { incidentId } = await steps.filed();
    await publish2027();
    office.clock.set('2026-12-30T01:00:00.000Z');
    await steps.blow(incidentId);
    expect((await stateOf(incidentId)).pins).toMatchObject({ calendarVersion: 1 });
    expect(await deadlineOf(incidentId, 'HANDLING')).toMatchObject({
      ...{ dueAt: '2027-01-05T01:00:00.000Z', provisional: false, calendarVersion: 2 },
    });
  });

  test('published late, it makes nobody late: a due time that would be over stays, and is provisional no more', async () => {
    office.clock.set('2026-12-30T01:00:00.000Z');
    const incidentId = await whistled();
    office.clock.set('2027-01-02T04:00:00.000Z');
    // A Saturday that turns out to be worked: what is due on Monday morning would have been over by now.
    await office.publishChanged(
      '2026: { source: chinese-days }',
      year2027.replace('[2027-01-01]', '[]').replace('makeUpWorkdays: []', 'makeUpWorkdays: [2027-01-02]'),
    );
    expect(await watch([incidentId]).sweep()).toBe(1);
    expect(await deadlineOf(incidentId, 'HANDLING')).toMatchObject({
      ...{ dueAt: '2027-01-04T01:00:00.000Z', provisional: false, calendarVersion: 2 },
    });
  });

  test('what no rule counts keeps as much working time as it had', async () => {
    office.clock.set('2026-12-31T08:00:00.000Z');
    const incidentId = await whistled();
    const acknowledge = await deadlineOf(incidentId, 'ACKNOWLEDGE');
    // The second step of its ladder, which is to be answered sooner than the policy says of an order.
    office.clock.set('2026-12-31T09:35:00.000Z');
    const { events } = await steps.alarm(incidentId, acknowledge?.deadlineId ?? '');
    const issued = events.find(({ type }) => type === 'SupervisionIssued');
    const orderId = issued?.type === 'SupervisionIssued' ? issued.data.deadlines[0]?.deadlineId : undefined;
    const order = everyDeadline(await stateOf(incidentId)).find(({ deadlineId }) => deadlineId === orderId);
    expect(order).toMatchObject({ provisional: true });
    await publish2027();
    expect(await watch([incidentId]).sweep()).toBe(1);
    const fixed = everyDeadline(await stateOf(incidentId)).find(({ deadlineId }) => deadlineId === orderId);
    const workingMs = (deadline: AnyDeadline | undefined, version: number): number =>
      office.directory.workingMsBetween('default', version, deadline?.startedAt ?? '', deadline?.dueAt ?? '');
    expect(fixed?.provisional).toBe(false);
    expect(fixed?.dueAt).not.toBe(order?.dueAt);
    expect(workingMs(fixed, 2)).toBe(workingMs(order, 1));
  });
});
