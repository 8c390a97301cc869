import type { Clock } from '@shaoying/config';
import { InMemoryEventStore, type EventStore } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { foldView } from '@shaoying/incident-read-models';
import { createTestDatabase } from '@shaoying/postgres/testing';
import { OfficeSteps, SampleOffice } from './testing/index.js';

const races = 1_000;
/** Races under way at once. */
const atOnce = 25;

interface Start {
  readonly incidentId: string;
  readonly taskId: string;
  readonly deadlineId: string;
  readonly dueMs: number;
}

/** How one race went, from the log alone. */
interface Finish {
  /** Milliseconds after the due instant at which the department is on record. */
  readonly checkedInAfterMs: number;
  readonly late: boolean;
  readonly overdue: number;
  readonly status: string | undefined;
  /** Whether the alarm wrote the breach, and so came first. */
  readonly byAlarm: boolean;
}

async function whistled(city: OfficeSteps): Promise<Start> {
  const { incidentId, taskId, state } = await city.whistled();
  const deadline = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'CHECK_IN');
  if (deadline === undefined) throw new Error('no check-in is due');
  return { incidentId, taskId, deadlineId: deadline.deadlineId, dueMs: Date.parse(deadline.dueAt) };
}

async function finishOf(store: EventStore, { incidentId, deadlineId, dueMs }: Start): Promise<Finish> {
  const recorded = await store.readStream(`incident-${incidentId}`);
  const events = recorded.map(decodeIncidentEvent);
  const checkIn = events.find((event) => event.type === 'DepartmentCheckedIn');
  if (checkIn === undefined) throw new Error('the department did not check in');
  const overdue = recorded.filter(
    ({ type, data }) => type === 'TaskOverdue' && (data as { deadlineId: string }).deadlineId === deadlineId,
  );
  const view = foldView(events);
  return {
    checkedInAfterMs: Date.parse(checkIn.occurredAt) - dueMs,
    late: checkIn.data.late,
    overdue: overdue.length,
    status: view?.tasks[0]?.deadlines.find((known) => known.deadlineId === deadlineId)?.status,
    byAlarm: overdue.some(({ actor }) => actor.role === 'system'),
  };
}

const fixed = (ms: number): Clock => ({ now: () => new Date(ms) });

/** Passes by a millisecond each time somebody looks at it: so an attempt that has to decide again does so later. */
function passing(fromMs: number): Clock {
  let nowMs = fromMs - 1;
  return { now: () => new Date((nowMs += 1)) };
}

/** The check-in and the alarm at once: one begun before the other or the other way round, each by a clock. */
async function race(
  city: OfficeSteps,
  start: Start,
  clocks: { readonly department: Clock; readonly alarm: Clock },
  index: number,
): Promise<Finish> {
  const { office } = city;
  const by = (clock: Clock): OfficeSteps =>
    new OfficeSteps(office, office.handlers(office.service(office.store, clock)));
  const { incidentId, taskId, deadlineId } = start;
  const runners = [
    () => by(clocks.department).checkIn(incidentId, taskId, 'dp-water'),
    () => by(clocks.alarm).alarm(incidentId, deadlineId),
  ];
  if (index % 2 === 1) runners.reverse();
  const [first, second] = runners.map((run, place) => (index % 3 === 0 && place === 1 ? later(run) : run()));
  await Promise.all([first, second]);
  return finishOf(office.store, start);
}

/** Half-way through the other one's attempt. */
async function later<Value>(run: () => Promise<Value>): Promise<Value> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  return run();
}

async function runAll(city: OfficeSteps, run: (index: number) => Promise<Finish>): Promise<Finish[]> {
  const finishes: Finish[] = [];
  for (let from = 0; from < races; from += atOnce) {
    finishes.push(...(await Promise.all(Array.from({ length: atOnce }, (_, index) => run(from + index)))));
  }
  expect(finishes).toHaveLength(races);
  return finishes;
}

/** By the recorded instant of the check-in, whoever ran first. */
function expectTheRule(finish: Finish): void {
  const late = finish.checkedInAfterMs > 0;
  expect(finish).toMatchObject({ late, status: late ? 'BREACHED' : 'MET' });
}

/** Neither of the two was always first. */
function expectBothWays(finishes: readonly Finish[]): void {
  const late = finishes.filter((finish) => finish.late);
  const byAlarm = late.filter((finish) => finish.byAlarm).length;
  expect(byAlarm).toBeGreaterThan(races / 50);
  expect(late.length - byAlarm).toBeGreaterThan(races / 50);
  expect(races - late.length).toBeGreaterThan(races / 50);
}

describe.each<[string, () => Promise<{ store: EventStore; drop?: () => Promise<void> }>]>([
  ['memory', async () => ({ store: new InMemoryEventStore() })],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase();
      return { store: await PostgresEventStore.open({ url: database.url }), drop: database.drop };
    },
  ],
])('a check-in racing its alarm within a millisecond, 1,000 times, on %s', (_, open) => {
  let city: OfficeSteps;
  let drop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const opened = await open();
    drop = opened.drop;
    city = new OfficeSteps(await SampleOffice.open(opened.store));
  });

  afterAll(async () => {
    await city.office.close();
    await drop?.();
  });

  test('by one clock: met or breached, never both, as the recorded instant says', async () => {
    const finishes = await runAll(city, async (index) => {
      const start = await whistled(city);
      const clock = passing(start.dueMs - 1 + (index % 3));
      return race(city, start, { department: clock, alarm: clock }, index);
    });
    for (const finish of finishes) {
      expectTheRule(finish);
      expect({ late: finish.late, overdue: finish.overdue }).toEqual({
        late: finish.late,
        overdue: finish.late ? 1 : 0,
      });
    }
    expectBothWays(finishes);
  }, 60_000);

  test('by two clocks a millisecond apart: what was in time by its recorded instant is met, though the alarm was quicker', async () => {
    const finishes = await runAll(city, async (index) => {
      const start = await whistled(city);
      const department = fixed(start.dueMs + (index % 2));
      const alarm = fixed(start.dueMs + 1);
      return race(city, start, { department, alarm }, Math.floor(index / 2));
    });
    for (const finish of finishes) {
      expectTheRule(finish);
      expect(finish.overdue).toBeLessThanOrEqual(1);
      if (finish.late) expect(finish.overdue).toBe(1);
    }
    expectBothWays(finishes);
    expect(finishes.filter(({ late, byAlarm }) => !late && byAlarm).length).toBeGreaterThan(races / 50);
  }, 60_000);
});
