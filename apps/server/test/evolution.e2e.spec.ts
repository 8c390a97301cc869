import type { HistoryEntry, Replay } from '@shaoying/audit';
import { incidentStreamId } from '@shaoying/incident-contracts';
import { writtenByTheFirstRelease } from '@shaoying/incident-contracts/testing';
import { incidentProjections, type IncidentView } from '@shaoying/incident-read-models';
import { SimulatedCity } from '@shaoying/incident-read-models/testing';
import type { EventStore, NewEvent } from '@shaoying/event-store';
import { City, type Problem } from './kit/city.js';
import { act, expected, fileIncident } from './kit/incident-steps.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

// A log that the first release began, carried on by the server as it is built today; and one that a release to come has
// written in.

const newHome = useServerHomes(inOneProcess);
const patience = { timeoutMs: 30_000, everyMs: 100 };

const begun = '018f2f6e-0000-7000-8000-00000000000a';
const foreign = '018f2f6e-0000-7000-8000-00000000000b';
const lead = 'dp-urban-management';
const assist = 'dp-water';
const taskOf = (departmentId: string): string => `${begun}-${departmentId}`;
const orderOf = (departmentId: string, timer: string): string => `${taskOf(departmentId)}-${timer}-0`;

let home: ServerHome;
let server: Started;
let city: City;
let log: EventStore;

/** Reported and whistled four days ago, and no department came: what was due is long past, the total is not. */
function fourDaysAgo(incidentId: string): SimulatedCity {
  const start = new Date(Date.now() - 4 * 24 * 3_600_000).toISOString();
  const life = new SimulatedCity(start).report(incidentId, {
    ...{ category: 'sewer-blockage', estateId: 'es-liuyin-garden' },
    ...{ communityId: 'co-liuyin', streetId: 'st-hepan', receiptHash: incidentId.slice(-1).repeat(64) },
  });
  return life.pass(10).whistle(incidentId, [lead, assist]).pass(241).ringAlarms();
}

/** As the first release wrote it, under the documents that the sample publishes. */
function byTheFirstRelease(life: SimulatedCity, incidentId: string): NewEvent[] {
  const ids = { policyId: 'default', calendarId: 'default', catalogueId: 'default', ladderId: 'default' };
  return life.eventsOf(incidentId).map(({ streamId: _s, revision: _r, position: _p, ...event }, index) => {
    const { data, ...envelope } = writtenByTheFirstRelease(event);
    const pins = (data as { pins?: object }).pins;
    // Ids that no other history of this file has.
    const eventId = `${incidentId.slice(0, -4)}${String(index).padStart(3, '0')}${incidentId.slice(-1)}`;
    return { ...envelope, eventId, data: pins ? { ...(data as object), pins: { ...pins, ...ids } } : data };
  });
}

const historyOf = async (id: string): Promise<readonly HistoryEntry[]> =>
  expected(200, await city.as('oversight').get<{ items: HistoryEntry[] }>(`/v1/incidents/${id}/events`))
    .items;

const ordersIn = (history: readonly HistoryEntry[]): HistoryEntry[] =>
  history.filter(({ type }) => type === 'SupervisionIssued');

beforeAll(async () => {
  home = await newHome();
  server = await home.start();
  city = await City.of(home, server);
  log = await home.openLog();
});

describe('a log that the first release began', () => {
  test('is projected, and its deadlines are kept by today’s code, which writes today’s versions', async () => {
    const events = byTheFirstRelease(fourDaysAgo(begun), begun);
    expect(new Set(events.map(({ schemaVersion }) => schemaVersion))).toEqual(new Set([1]));
    const { position } = await log.append(incidentStreamId(begun), 'none', events);
    city.sawWrite(position);

    const orders = await waitFor(
      'an order for each overdue handling',
      async () => {
        const found = ordersIn(await historyOf(begun));
        return found.length === 4 && found;
      },
      patience,
    );
    expect(orders.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 3, 3]);
    for (const { data } of orders.slice(0, 2)) {
      expect(Object.keys(data)).not.toContain('step');
      expect(data['deadlineId']).toMatch(/-CHECK_IN$/);
    }
    for (const { data } of orders.slice(2)) {
      expect(data).toMatchObject({ step: 1, dueAt: expect.stringMatching(/^\d{4}-/) as string });
      expect(data['supervisionId']).toBe(`${String(data['deadlineId'])}-0`);
    }
    city.sawWrite(orders.at(-1)?.position ?? null);
  });

  test('is audited: what is stored, in plain words, and the state at every revision', async () => {
    const [first] = ordersIn(await historyOf(begun));
    expect(first?.line).toMatchObject({
      zh: expect.stringMatching(/^发出蓝色督办（第 1 级）：/) as string,
      en: expect.stringMatching(/^BLUE supervision order \(step 1\) issued to /) as string,
    });
    const path = `/v1/incidents/${begun}/replay?at=${first?.revision}`;
    const replay = expected(200, await city.as('oversight').get<Replay>(path));
    expect(replay.state?.supervisions).toMatchObject([{ step: 1, level: 'BLUE', liftedAt: null }]);
  });

  test('is served: every order with its step and its due time, departments as their schema says', async () => {
    const answer = await city.as('oversight').get<IncidentView>(`/v1/incidents/${begun}`);
    const view = expected(200, answer);
    const dueAt = new Map(
      view.tasks.flatMap(({ deadlines }) => deadlines).map((it) => [it.deadlineId, it.dueAt]),
    );
    expect(view.supervisions).toHaveLength(4);
    for (const order of view.supervisions) {
      expect(order).toMatchObject({ step: 1, dueAt: dueAt.get(order.deadlineId ?? '') });
    }
    const feed = await city
      .as('water')
      .get<{ items: { type: string; dataschema: string; data: object }[] }>(
        `/v1/departments/${assist}/dispatches`,
      );
    const supervised = expected(200, feed).items.filter(({ type }) => type.endsWith('.supervised'));
    expect(supervised).toHaveLength(2);
    for (const { dataschema, data } of supervised) {
      expect(dataschema).toBe('urn:shaoying:dispatch:supervised:v1');
      expect(Object.keys(data).toSorted()).toEqual(
        ['deadlineId', 'incidentId', 'level', 'notify', 'supervisionId', 'taskId'].toSorted(),
      );
    }
  });

  test('is carried on to its close, lifting the orders of both versions', async () => {
    for (const [who, departmentId] of [
      ['water', assist],
      ['urbanManagement', lead],
    ] as const) {
      await act(city, who, begun, `tasks/${taskOf(departmentId)}/check-in`);
      await act(city, who, begun, `tasks/${taskOf(departmentId)}/complete`);
    }
    await act(city, 'supervision', begun, 'check', { result: 'PASS', note: '已疏通' });
    await act(city, 'callback', begun, 'feedback', { solved: 'SOLVED', satisfaction: 'SATISFIED' });
    expect((await act(city, 'supervision', begun, 'close')).state).toBe('CLOSED');

    const lifted = (await historyOf(begun)).filter(({ type }) => type === 'SupervisionLifted');
    expect(lifted.map(({ data }) => data['supervisionId']).toSorted()).toEqual(
      [assist, lead]
        .flatMap((departmentId) => [orderOf(departmentId, 'CHECK_IN'), orderOf(departmentId, 'HANDLING')])
        .toSorted(),
    );
    const { body } = await city.as('oversight').get<IncidentView>(`/v1/incidents/${begun}`);
    expect(body.supervisions.map(({ liftedAt }) => liftedAt)).not.toContain(null);
  });
});

// Last in the file: a poison event stops read models for good.
describe('a log that a release to come has written in', () => {
  test('stops what cannot tell what it says, by name and place; everything else goes on', async () => {
    for (const { name } of incidentProjections) home.stoppedOnPurpose.add(name);
    const events = byTheFirstRelease(fourDaysAgo(foreign), foreign).map((event) =>
      event.type === 'SupervisionIssued' ? { ...event, schemaVersion: 4 } : event,
    );
    const { position } = await log.append(incidentStreamId(foreign), 'none', events);
    const poison = (await log.readStream(incidentStreamId(foreign))).find(
      ({ schemaVersion }) => schemaVersion === 4,
    );
    const place = `SupervisionIssued version 4 at position ${poison?.position} is unknown to this release`;

    const readiness = await waitFor(
      'readiness names the read models that stopped',
      async () => {
        const { status, text } = await city.anonymous.get<object>('/health/ready');
        // Until they come to it they are four days behind the log, by what these events say of themselves.
        const stopped = ['incident-board', 'dispatch-feed'].every((name) =>
          text.includes(`"read-model ${name}","reason":"stopped`),
        );
        return status === 503 && stopped && text;
      },
      patience,
    );
    // To anybody: what an event says is for the log alone.
    expect(readiness).toContain(`stopped at position ${poison?.position}`);
    expect(readiness).not.toContain('SupervisionIssued');
    expect(server.process.log().some((line) => JSON.stringify(line).includes(place))).toBe(true);

    const now = { 'Shaoying-Min-Position': '0' };
    const oversight = city.as('oversight');
    for (const answer of [
      await oversight.get<Problem>(`/v1/incidents/${foreign}/events`, now),
      await oversight.get<Problem>(`/v1/incidents/${foreign}/replay?at=0`, now),
      await city.as('water').post<Problem>(`/v1/incidents/${foreign}/tasks/${foreign}-${assist}/check-in`),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({
        code: 'UNKNOWN_EVENT',
        detail: expect.stringContaining(place) as string,
      });
    }
    // Its handling is overdue as well: the alarm asks the decider, who cannot tell, and is told again later.
    await waitFor(
      'the deadline that could not be decided is logged',
      () =>
        server.process.log().some(({ message, incidentId, err }) => {
          const said = JSON.stringify(err ?? '');
          return (
            message === 'a due deadline could not be fired' && incidentId === foreign && said.includes(place)
          );
        }),
      patience,
    );
    // The poison incident has gained nothing, and commands on others are taken.
    expect(await log.head()).toBe(position);
    expect((await fileIncident(city)).state).toBe('FILED');
    expect(server.process.ended).toBe(false);
  });
});
