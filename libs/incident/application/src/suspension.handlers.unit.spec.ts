import { ResumeIncidentCommand, SuspendIncidentCommand, type CommandOutcome } from './index.js';
import { codeOf, eventOf, OfficeSteps, SampleOffice } from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const suspend = (incidentId: string, reviewAt = '2026-03-20T01:00:00.000Z'): Promise<CommandOutcome> =>
  steps.handlers.suspend.execute(
    new SuspendIncidentCommand(steps.centre(), incidentId, {
      ...{ reasonCode: 'NEEDS_FUNDS', reason: '待预算批复', reviewAt },
    }),
  );
const resume = (incidentId: string, renewUntil: string | null = null): Promise<CommandOutcome> =>
  steps.handlers.resume.execute(
    new ResumeIncidentCommand(steps.centre(), incidentId, { reason: '资金到位', renewUntil }),
  );

test('a suspension is reviewed on the day that was set, and says how much of the time was used', async () => {
  const { incidentId } = await steps.filed();
  office.clock.set('2026-03-02T13:00:00.000Z');
  const { data } = eventOf(await suspend(incidentId), 'IncidentSuspended');
  // 12 of the 24 hours on the clock.
  expect([data.usedPercent, data.usedTime]).toEqual([
    ...[50, { usedMs: 12 * 3_600_000, allowedMs: 24 * 3_600_000 }],
  ]);
  expect(data.deadlines).toMatchObject([
    {
      timer: 'SUSPENSION_REVIEW',
      startedAt: '2026-03-02T13:00:00.000Z',
      dueAt: '2026-03-20T01:00:00.000Z',
      warnAt: '2026-03-16T13:00:00.000Z',
    },
  ]);
});

test('how much of the time was used is told without the time it stood still', async () => {
  const { incidentId } = await steps.filed();
  office.clock.set('2026-03-02T07:00:00.000Z');
  expect(eventOf(await suspend(incidentId), 'IncidentSuspended').data.usedPercent).toBe(25);
  // Ten days later 6 of the 24 hours are used up, as before.
  office.clock.set('2026-03-12T07:00:00.000Z');
  await resume(incidentId);
  expect(eventOf(await suspend(incidentId), 'IncidentSuspended').data.usedPercent).toBe(25);
  office.clock.set('2026-03-13T07:00:00.000Z');
  await resume(incidentId);
  office.clock.set('2026-03-13T13:00:00.000Z');
  office.clock.set('2026-03-13T13:00:00.001Z');
  const { usedPercent, usedTime } = eventOf(await suspend(incidentId), 'IncidentSuspended').data;
  expect([usedPercent, usedTime]).toEqual([
    ...[50, { usedMs: 12 * 3_600_000 + 1, allowedMs: 24 * 3_600_000 }],
  ]);
});

test('a server whose clock is behind that of whoever filed it suspends it: nothing is used up, and never less than nothing', async () => {
  const { incidentId } = await steps.filed();
  office.clock.set('2026-03-02T00:50:00.000Z');
  const { data } = eventOf(await suspend(incidentId), 'IncidentSuspended');
  expect([data.usedPercent, data.usedTime]).toEqual([0, { usedMs: 0, allowedMs: 24 * 3_600_000 }]);
});

test('resumed, each clock goes on where it stood: in working time, or on the clock', async () => {
  const { incidentId, taskId, state } = await steps.whistled();
  const taskDeadlines = state.tasks[0]?.deadlines ?? [];
  await steps.checkIn(incidentId, taskId, 'dp-water');
  office.clock.set('2026-03-03T01:00:00.000Z');
  await suspend(incidentId);
  // From Tuesday to Thursday: two working days, 48 hours on the clock.
  office.clock.set('2026-03-05T01:00:00.000Z');
  const { data, occurredAt } = eventOf(await resume(incidentId), 'IncidentResumed');
  expect(occurredAt).toBe('2026-03-05T01:00:00.000Z');
  const deadlines = new Map(taskDeadlines.map(({ deadlineId, timer }) => [deadlineId, timer]));
  const moved = data.moves.map(({ deadlineId, dueAt }) => [deadlines.get(deadlineId), dueAt]);
  expect(moved).toContainEqual(['CONTACT', '2026-03-03T01:00:00.000Z']);
  // The end of Friday is the beginning of Monday in working time.
  expect(moved).toContainEqual(['HANDLING', '2026-03-06T10:00:00.000Z']);
  const handling = data.moves.find(({ dueAt }) => dueAt === '2026-03-06T10:00:00.000Z');
  expect(handling?.steps.map(({ at }) => at)).toEqual([
    '2026-03-06T10:00:00.000Z',
    '2026-03-10T06:00:00.000Z',
    '2026-03-11T10:00:00.000Z',
  ]);
});

test('renewed, it stays suspended until another review, and nothing moves', async () => {
  const { incidentId } = await steps.filed();
  await suspend(incidentId);
  office.clock.set('2026-03-19T01:00:00.000Z');
  const renewed = await resume(incidentId, '2026-04-20T01:00:00.000Z');
  expect(renewed.state.lifecycle).toBe('SUSPENDED');
  expect(eventOf(renewed, 'SuspensionRenewed').data.deadlines).toMatchObject([
    { timer: 'SUSPENSION_REVIEW', dueAt: '2026-04-20T01:00:00.000Z' },
  ]);
});

test('a review must lie ahead, and not more than a year', async () => {
  const { incidentId } = await steps.filed();
  expect(await codeOf(suspend(incidentId, '2026-03-02T01:00:00.000Z'))).toBe('REVIEW_NOT_AHEAD');
  expect(await codeOf(suspend(incidentId, '2028-01-01T01:00:00.000Z'))).toBe('REVIEW_TOO_FAR');
});
