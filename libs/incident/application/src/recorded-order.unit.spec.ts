import { SimulatedClock } from '@shaoying/config';
import { CLOCKS_APART_MS_MAX, type RecordedEvent } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { AcknowledgeTaskCommand, type ClocksApartListener } from './index.js';
import { IncidentCommandService } from './incident.command-service.js';
import { OfficeSteps, OPENING, SampleOffice } from './testing/index.js';

// Two servers write one log, each by a clock of its own (ADR 45).

const minute = 60_000;
const openingMs = Date.parse(OPENING);

let office: SampleOffice;
beforeEach(async () => {
  office = await SampleOffice.open();
});
afterEach(() => office.close());

interface Server {
  readonly steps: OfficeSteps;
  /** Of its clock, against the truth. */
  apartMs: number;
  readonly told: Parameters<ClocksApartListener>[0][];
  at(ms: number): OfficeSteps;
}

function server(apartMs = 0): Server {
  const clock = new SimulatedClock(new Date(openingMs + apartMs));
  const told: Server['told'] = [];
  const service = new IncidentCommandService(office.store, clock, (apart) => told.push(apart));
  const steps = new OfficeSteps(office, office.handlers(service));
  return {
    ...{ steps, apartMs, told },
    at(ms) {
      clock.set(new Date(openingMs + ms + this.apartMs));
      return steps;
    },
  };
}

const recordedMs = ({ recordedAt }: RecordedEvent): number => Date.parse(recordedAt);

/** Of what is known at any instant nothing is missing that comes before it. */
function expectBeginnings(events: readonly RecordedEvent[]): void {
  for (const { recordedAt } of events) {
    const known = events.filter((event) => event.recordedAt <= recordedAt);
    expect(known.map(({ type }) => type)).toEqual(events.slice(0, known.length).map(({ type }) => type));
  }
}

async function streamOf(incidentId: string): Promise<readonly RecordedEvent[]> {
  return office.store.readStream(`incident-${incidentId}`);
}

test('what a server records whose clock is behind is known together with what it follows, and not without it', async () => {
  const [right, behind] = [server(), server(-10 * minute)];
  const { incidentId } = await right.at(0).filed();
  const { state } = await behind.at(minute).blow(incidentId);
  const events = await streamOf(incidentId);
  expect(events.map(({ type, recordedAt }) => [type, recordedAt])).toEqual([
    ['IncidentReported', OPENING],
    ['IncidentFiled', OPENING],
    ['WhistleBlown', OPENING],
  ]);
  // It was blown, and is to be answered, by the clock of who took it.
  expect(events[2]?.occurredAt).toBe(new Date(openingMs - 9 * minute).toISOString());
  const due = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'ACKNOWLEDGE')?.dueAt;
  expect(due).toBe(new Date(openingMs + 51 * minute).toISOString());
});

test('a check-in in time by its own server stays in time, though a breach is recorded before it', async () => {
  const [timers, behind] = [server(), server(-10 * minute)];
  const { incidentId, taskId, state } = await behind.at(0).whistled({ kind: 'EMERGENCY' });
  const due = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'CHECK_IN');
  const dueMs = Date.parse(due?.dueAt ?? '') - openingMs;
  await timers.at(dueMs + 1).alarm(incidentId, due?.deadlineId ?? '');
  await behind.at(dueMs + 2).checkIn(incidentId, taskId, 'dp-water');
  const events = await streamOf(incidentId);
  expectBeginnings(events);
  const checkedIn = events.find(({ type }) => type === 'DepartmentCheckedIn');
  expect(checkedIn).toMatchObject({ data: { late: false } });
  expect(checkedIn?.occurredAt).toBe(new Date(openingMs + dueMs + 2 - 10 * minute).toISOString());
  expect(checkedIn?.recordedAt).toBe(new Date(openingMs + dueMs + 1).toISOString());
});

test('an event of a clock that is a day ahead holds up none that follows it, and is told', async () => {
  const [ahead, right] = [server(24 * 60 * minute), server()];
  const { incidentId, taskId } = await right.at(0).whistled();
  await ahead.at(minute).checkIn(incidentId, taskId, 'dp-water');
  await right.at(2 * minute).complete(incidentId, taskId, 'dp-water');
  const events = await streamOf(incidentId);
  const recordedBy = (type: string): number => recordedMs(events.find((event) => event.type === type)!);
  expect(recordedBy('DepartmentCheckedIn')).toBe(openingMs + (24 * 60 + 1) * minute);
  expect(recordedBy('TaskCompleted')).toBe(openingMs + 2 * minute);
  expect(right.told).toEqual([{ streamId: `incident-${incidentId}`, aheadMs: (24 * 60 - 1) * minute }]);
  expect(ahead.told).toEqual([]);
});

test('whichever of several servers takes each step, what is known of an incident at any instant is a beginning of it', async () => {
  const apart = fc.array(fc.integer({ min: 0, max: CLOCKS_APART_MS_MAX }), { minLength: 2, maxLength: 3 });
  const turns = fc.array(fc.record({ who: fc.nat(2), afterMs: fc.nat(40 * minute) }), {
    minLength: 6,
    maxLength: 6,
  });
  let differed = 0;
  await fc.assert(
    fc.asyncProperty(apart, turns, async (apartMs, said) => {
      const servers = apartMs.map((ms) => server(ms));
      let truthMs = 0;
      const taken = said.map(({ who, afterMs }) => {
        truthMs += afterMs;
        const [taker, ms] = [servers[who % servers.length]!, truthMs];
        return (): OfficeSteps => taker.at(ms);
      });
      const { incidentId } = await taken[0]!().filed();
      const { state } = await taken[1]!().blow(incidentId);
      const taskId = state.tasks[0]?.taskId ?? '';
      const acknowledging = taken[2]!();
      await acknowledging.handlers.acknowledge.execute(
        new AcknowledgeTaskCommand(acknowledging.department('dp-water'), incidentId, taskId),
      );
      await taken[3]!().checkIn(incidentId, taskId, 'dp-water');
      await taken[4]!().complete(incidentId, taskId, 'dp-water');
      const events = await streamOf(incidentId);
      expectBeginnings(events);
      differed += events.filter(({ occurredAt, recordedAt }) => occurredAt < recordedAt).length;
      expect(servers.flatMap(({ told }) => told)).toEqual([]);
    }),
    propertyParameters({ numRuns: 60 }),
  );
  expect(differed).toBeGreaterThan(0);
});
