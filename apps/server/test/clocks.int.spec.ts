import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SimulatedClock } from '@shaoying/config';
import { comparePositions, type RecordedEvent } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { OfficeSteps, SampleOffice } from '@shaoying/incident-application/testing';
import { openDeadlines, OpenDeadlinesQuery } from '@shaoying/incident-read-models';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { ProjectionEngine, ReadModelGate } from '@shaoying/projections';
import { createLogger } from '@shaoying/telemetry';
import { DeadlineScheduler, schedulerReports } from '@shaoying/timers';
import type { Pool } from 'pg';
import { Platform } from '../src/platform.js';
import { TimersModule } from '../src/timers.module.js';
import { expectAsRebuilt } from './kit/as-rebuilt.js';
import { waitFor } from './kit/wait-for.js';

const log = createLogger({ level: 'error', role: 'spec' });
const minute = 60_000;
/** The sweeper leaves a deadline that long to its alarm. */
const graceMs = 2_000;

let database: TestDatabase;
let pool: Pool;
let store: PostgresEventStore;
let projector: ProjectionEngine;
let gate: ReadModelGate;
let query: OpenDeadlinesQuery;
/** What takes commands, by a clock of its own. */
let api: OfficeSteps;
const playing: INestApplicationContext[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  store = await PostgresEventStore.open({ url: database.url });
  api = new OfficeSteps(await SampleOffice.open(store));
  pool = createPool(database.url, { max: 4 });
  projector = new ProjectionEngine({ store, url: database.url, projections: [openDeadlines], log });
  projector.start();
  await projector.ready(30_000);
  gate = new ReadModelGate({ url: database.url, log });
  gate.start();
  query = new OpenDeadlinesQuery(pool, (listener) => gate.onAdvance('open-deadlines', listener));
});

afterEach(() => expectAsRebuilt(database.url, store, { projections: [openDeadlines] }));

afterEach(async () => {
  await Promise.all(playing.splice(0).map((timers) => timers.close()));
  await gate.stop();
  await projector.stop();
  await pool.end();
  await api.office.close();
  await database.drop();
});

/** The role `timers` as a process of its own has it, by a clock of its own; its start ends with the backlog fired. */
async function timersBy(clock: SimulatedClock): Promise<INestApplicationContext> {
  const { directory, receipts, vault } = api.office;
  const stores = { log: store, readModels: pool, pool, timersUrl: database.url };
  const platform = { ...{ stores, gate, clock, directory, receipts, vault }, logger: log };
  class Given {}
  const given = {
    ...{ module: Given, global: true, imports: [TimersModule], exports: [Platform] },
    providers: [{ provide: Platform, useValue: platform }],
  };
  const timers = await NestFactory.createApplicationContext(given, { logger: false, abortOnError: false });
  playing.push(timers);
  return timers;
}

/** Its checkpoint passes by what no deadline depends on only in its own time. */
async function projected(): Promise<void> {
  const types = openDeadlines.eventTypes ?? [];
  const last = (await store.readAll('0', { limit: 5_000, types })).at(-1)?.position ?? '0';
  await waitFor('the deadlines are projected', async () =>
    (await projector.status()).every(({ position }) => comparePositions(position, last) >= 0),
  );
}

async function sweep(timers: INestApplicationContext): Promise<void> {
  await projected();
  await timers.get(DeadlineScheduler).sweep();
  await projected();
}

interface BreachData {
  readonly deadlineId: string;
  readonly timer: string;
  readonly dueAt: string;
}

const deadlineOf = ({ data }: RecordedEvent): BreachData => data as BreachData;

async function breaches(timer?: string): Promise<RecordedEvent[]> {
  const events = await store.readAll('0', { limit: 5_000, types: ['TaskOverdue', 'IncidentOverdue'] });
  return events.filter((event) => timer === undefined || deadlineOf(event).timer === timer);
}

const checkIns = (): Promise<RecordedEvent[]> =>
  store.readAll('0', { limit: 5_000, types: ['DepartmentCheckedIn'] });

/** Of an incident nothing is known at any instant without what comes before it (ADR 45). */
async function expectKnownInOrder(): Promise<void> {
  const events = await store.readAll('0', { limit: 5_000 });
  const incidents = Map.groupBy(events, ({ streamId }) => streamId);
  for (const [streamId, stream] of incidents) {
    const instants = stream.map(({ recordedAt }) => recordedAt);
    expect([streamId, instants]).toEqual([streamId, instants.toSorted()]);
  }
}

test('no scheduler over a weekend: breaches are written once, in due order, as of their due times', async () => {
  const { clock } = api.office;
  for (const [kind, at] of [
    ['EMERGENCY', '2026-03-06T09:40:00.000Z'],
    ['PUBLIC_DEMAND', '2026-03-06T09:00:00.000Z'],
    ['EMERGENCY', '2026-03-06T09:10:00.000Z'],
    ['PUBLIC_DEMAND', '2026-03-07T03:00:00.000Z'],
    ['EMERGENCY', '2026-03-08T15:00:00.000Z'],
  ] as const) {
    clock.set(at);
    const { incidentId, taskId } = await api.whistled({ kind });
    // One of them is attended: what it met is no breach.
    if (at.startsWith('2026-03-08')) await api.checkIn(incidentId, taskId, 'dp-water');
  }
  await projected();
  const monday = '2026-03-09T01:00:00.000Z';
  const missed = (await query.overdueSince(monday, 100)).map(({ deadlineId }) => deadlineId);
  expect(missed.length).toBeGreaterThan(8);

  clock.set(monday);
  const timers = await timersBy(clock);
  const again = await timersBy(clock);
  await waitFor('nothing is due', async () => (await query.counts(monday)).due === 0);
  await waitFor('both report what they measure', async () => {
    const live = (await schedulerReports(pool)).filter((report) => report.live);
    return live.length === 2;
  });
  await sweep(timers);
  await sweep(again);

  const written = await breaches();
  const ids = written.map((event) => deadlineOf(event).deadlineId);
  expect([...new Set(ids)]).toEqual(ids);
  expect(ids.toSorted()).toEqual(missed.toSorted());
  const dueTimes = written.map((event) => deadlineOf(event).dueAt);
  expect(dueTimes).toEqual(dueTimes.toSorted());
  expect(written.map(({ occurredAt, recordedAt }) => [occurredAt, recordedAt])).toEqual(
    dueTimes.map((dueAt) => [dueAt, monday]),
  );
});

describe('whoever takes commands has a clock', () => {
  /** Due for a check-in 30 minutes after the whistle, by the clock of who took it. */
  const whistledBy = async (instant: Date): Promise<{ dueMs: number; checkIn: () => Promise<unknown> }> => {
    api.office.clock.set(instant);
    const { incidentId, taskId, state } = await api.whistled({ kind: 'EMERGENCY' });
    const due = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'CHECK_IN')?.dueAt ?? '';
    return { dueMs: Date.parse(due), checkIn: () => api.checkIn(incidentId, taskId, 'dp-water') };
  };
  /** An alarm may be at it already, which the sweeper leaves it to; what would come twice comes with the second sweep. */
  const breachedBy = async (timers: INestApplicationContext, count: number): Promise<void> => {
    await sweep(timers);
    await waitFor('the breach', async () => (await breaches('CHECK_IN')).length >= count);
    await sweep(timers);
  };
  const setApi = (ms: number): void => api.office.clock.set(new Date(ms));

  test('ten minutes ahead: the breach comes when the timers’ own clock is past it; a late check-in has written it before', async () => {
    const truth = new SimulatedClock('2026-03-02T01:00:00.000Z');
    const ahead = new Date(truth.now().getTime() + 10 * minute);
    const [attended, missed] = [await whistledBy(ahead), await whistledBy(ahead)];
    const timers = await timersBy(truth);
    truth.set(new Date(missed.dueMs - 10 * minute + graceMs));
    setApi(attended.dueMs + 1);
    await sweep(timers);
    expect(await breaches('CHECK_IN')).toEqual([]);
    await attended.checkIn();
    expect(await checkIns()).toMatchObject([{ data: { late: true } }]);

    truth.set(new Date(missed.dueMs + graceMs));
    await breachedBy(timers, 2);
    const written = await breaches('CHECK_IN');
    expect(written.map(({ actor }) => actor.role)).toEqual(['department', 'system']);
    for (const { recordedAt, occurredAt } of written) expect(recordedAt > occurredAt).toBe(true);
    await expectKnownInOrder();
  });

  test('ten minutes behind: the breach is not early by the timers’ clock; a check-in in time by the other one is met, and the order lifted', async () => {
    const truth = new SimulatedClock('2026-03-02T01:00:00.000Z');
    const { dueMs, checkIn } = await whistledBy(new Date(truth.now().getTime() - 10 * minute));
    const timers = await timersBy(truth);
    truth.set(new Date(dueMs - 1_000));
    await sweep(timers);
    expect(await breaches('CHECK_IN')).toEqual([]);
    truth.set(new Date(dueMs + graceMs));
    await breachedBy(timers, 1);
    const [breach] = await breaches('CHECK_IN');
    expect(breach).toMatchObject({ occurredAt: new Date(dueMs).toISOString() });

    setApi(dueMs + graceMs - 10 * minute);
    await checkIn();
    await sweep(timers);
    expect(await breaches('CHECK_IN')).toEqual([breach]);
    expect(await checkIns()).toMatchObject([{ data: { late: false } }]);
    const lifted = await store.readAll('0', { limit: 5_000, types: ['SupervisionLifted'] });
    expect(lifted.map(({ data }) => (data as { reason: string }).reason)).toContain('CHECKED_IN');
    await expectKnownInOrder();
  });
});

describe('a scheduler whose clock differs from the decider’s', () => {
  let deadlineId: string;
  let dueMs: number;
  let asked: number;

  /** Alarms do not matter here: the sweeper asks as they would. */
  const scheduler = (clock: SimulatedClock): DeadlineScheduler =>
    new DeadlineScheduler({
      openDeadlines: query,
      clock: {
        ...{ arm: async () => {}, disarm: async () => {}, listen: async () => {}, close: async () => {} },
        status: async () => ({ delayed: 0, active: 0, failed: 0 }),
      },
      now: () => clock.now(),
      fire: async (deadline) => {
        if (deadline.deadlineId === deadlineId) asked += 1;
        await api.alarm(deadline.incidentId, deadline.deadlineId);
      },
    });

  beforeEach(async () => {
    const { state } = await api.whistled({ kind: 'EMERGENCY' });
    const due = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'CHECK_IN');
    deadlineId = due?.deadlineId ?? '';
    dueMs = Date.parse(due?.dueAt ?? '');
    asked = 0;
  });

  test.each([
    ['ahead: it asks once a minute, is told "not yet", and the breach is a minute late at most', 10],
    [
      'behind: it asks ten minutes late, finds it due where it would have warned, and the breach is as of its due time',
      -10,
    ],
  ])('ten minutes %s', async (_, minutes) => {
    await projected();
    const clock = new SimulatedClock(new Date(dueMs));
    const running = scheduler(clock);
    const { clock: deciders } = api.office;
    for (let at = dueMs - 12 * minute; at <= dueMs + 12 * minute; at += minute / 2) {
      deciders.set(new Date(at));
      clock.set(new Date(at + minutes * minute));
      await running.sweep();
    }
    await running.stop();
    const written = await breaches('CHECK_IN');
    expect(written).toHaveLength(1);
    const lateMs = Date.parse(written[0]?.recordedAt ?? '') - dueMs;
    expect(written[0]?.occurredAt).toBe(new Date(dueMs).toISOString());
    if (minutes > 0) {
      expect(asked).toBeGreaterThan(8);
      expect(lateMs).toBeGreaterThan(0);
      expect(lateMs).toBeLessThanOrEqual(minute);
    } else {
      // Ten minutes after it was to be warned of, at 80 % of half an hour.
      expect(lateMs).toBeGreaterThanOrEqual(4 * minute);
      expect(lateMs).toBeLessThanOrEqual(5 * minute);
    }
  });
});
