import {
  AddDepartmentCommand,
  ApproveWhistleCommand,
  BlowWhistleCommand,
  ChangeLeadCommand,
  type WhistleOutcome,
} from './index.js';
import { codeOf, eventOf, OfficeSteps, OPENING, SampleOffice, whistleRequest } from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const blowAs = (
  context: BlowWhistleCommand['context'],
  incidentId: string,
  change: Partial<BlowWhistleCommand['request']> = {},
): Promise<WhistleOutcome> =>
  steps.handlers.blowWhistle.execute(
    new BlowWhistleCommand(context, incidentId, { ...whistleRequest, assists: [], ...change }),
  );

test('clocks of a proposal start when it is approved, not when it was made', async () => {
  const { incidentId } = await steps.filed();
  const proposed = await blowAs(steps.community(), incidentId);
  expect(proposed.state.tasks).toEqual([]);
  office.clock.set('2026-03-02T03:00:00.000Z');
  const approved = await steps.handlers.approveWhistle.execute(
    new ApproveWhistleCommand(steps.street(), incidentId, proposed.whistleId, { approve: true, note: null }),
  );
  expect(approved.state.tasks[0]?.deadlines[0]).toMatchObject({
    ...{ timer: 'ACKNOWLEDGE', startedAt: '2026-03-02T03:00:00.000Z', dueAt: '2026-03-02T04:00:00.000Z' },
  });
});

test('an emergency is to be ratified within 24 hours; no other kind is', async () => {
  const { incidentId } = await steps.filed();
  const emergency = await blowAs(steps.community(), incidentId, { kind: 'EMERGENCY' });
  expect(eventOf(emergency, 'WhistleBlown').data.deadlines).toMatchObject([
    { timer: 'RATIFICATION', startedAt: OPENING, dueAt: '2026-03-03T01:00:00.000Z' },
  ]);
  const other = await steps.whistled();
  expect(eventOf(other, 'WhistleBlown').data.deadlines).toEqual([]);
});

test('unratified in time it is overdue and flagged, and goes on', async () => {
  const { incidentId } = await steps.filed();
  const { state } = await blowAs(steps.community(), incidentId, { kind: 'EMERGENCY' });
  office.clock.set('2026-03-03T01:00:00.001Z');
  const { events } = await steps.alarm(incidentId, state.whistles[0]?.deadlines[0]?.deadlineId ?? '');
  expect(events.map(({ type }) => type)).toContain('WhistleFlagged');
  expect((await office.service().find(incidentId))?.state.lifecycle).toBe('HANDLING');
});

test.each([
  ['street-office', 'st-hepan', 'REPORT'],
  ['community', 'co-liuyin', 'REPORT'],
  ['grid-worker', 'co-liuyin', 'PATROL'],
])('of %s has its own origin unless it says another', async (role, unit, origin) => {
  const { incidentId } = await steps.filed();
  const { events } = await blowAs(office.as(role, unit), incidentId, { kind: 'EMERGENCY' });
  expect(events.find(({ type }) => type === 'WhistleBlown')?.data).toMatchObject({ origin });
  const next = await steps.filed();
  const said = await blowAs(office.as(role, unit), next.incidentId, { kind: 'EMERGENCY', origin: 'LEADER' });
  expect(eventOf(said, 'WhistleBlown').data.origin).toBe('LEADER');
});

describe('in reverse', () => {
  test('a department summons a street, which acts at its own level', async () => {
    const { incidentId } = await steps.whistled();
    const back = await blowAs(steps.department('dp-water'), incidentId, { lead: 'st-hepan' });
    expect(eventOf(back, 'WhistleBlown').data).toMatchObject({
      ...{ reverse: true, origin: 'DEPARTMENT', approval: 'NOT_NEEDED' },
      tasks: [{ departmentId: 'st-hepan', level: 'SUBDISTRICT' }],
    });
  });

  test('a street does not summon a street', async () => {
    const { incidentId } = await steps.filed();
    expect(await codeOf(blowAs(steps.street(), incidentId, { lead: 'st-gulou' }))).toBe('UNKNOWN_DEPARTMENT');
  });
});

test('whoever joins or leads gets the deadlines of the whistle’s kind, from that moment on', async () => {
  const { incidentId, whistleId } = await steps.whistled({ kind: 'EMERGENCY' });
  office.clock.set('2026-03-02T02:00:00.000Z');
  const added = await steps.handlers.addDepartment.execute(
    new AddDepartmentCommand(steps.street(), incidentId, whistleId, {
      ...{ departmentId: 'dp-fire', reason: '涉及消防' },
    }),
  );
  const lead = await steps.handlers.changeLead.execute(
    new ChangeLeadCommand(steps.street(), incidentId, whistleId, {
      ...{ departmentId: 'dp-gas', reason: '涉及燃气', formerLead: 'ASSIST' },
    }),
  );
  for (const task of [
    eventOf(added, 'DepartmentAdded').data.task,
    eventOf(lead, 'LeadChanged').data.newTask,
  ]) {
    expect(task?.deadlines).toContainEqual(
      expect.objectContaining({ timer: 'CHECK_IN', dueAt: '2026-03-02T02:30:00.000Z' }),
    );
  }
  const within = await steps.handlers.changeLead.execute(
    new ChangeLeadCommand(steps.street(), incidentId, whistleId, {
      ...{ departmentId: 'dp-fire', reason: '消防主办', formerLead: 'ASSIST' },
    }),
  );
  expect(eventOf(within, 'LeadChanged').data.newTask).toBeNull();
});

describe('a department with a calendar of its own', () => {
  /** National Day, 20:00 in Lindong. */
  const HOLIDAY = '2026-10-01T12:00:00.000Z';
  const dayAndNight = `workingHours: [{ from: '00:00', to: '24:00' }]`;
  const dueOf = ({ state }: WhistleOutcome, departmentId: string, timer: string): unknown =>
    state.tasks
      .find((task) => task.departmentId === departmentId)
      ?.deadlines.find((deadline) => deadline.timer === timer);

  test('is summoned by it, the others of the whistle by theirs', async () => {
    office.clock.set(HOLIDAY);
    const blown = await steps.whistled({ lead: 'dp-gas', assists: ['dp-ecology', 'dp-water'] });
    expect(dueOf(blown, 'dp-gas', 'CHECK_IN')).toMatchObject({
      ...{ dueAt: '2026-10-02T12:00:00.000Z', calendarId: 'dp-gas', calendarVersion: 1 },
    });
    expect(dueOf(blown, 'dp-ecology', 'RETURN_WINDOW')).toMatchObject({
      ...{ dueAt: '2026-10-02T00:00:00.000Z', calendarId: 'dp-ecology' },
    });
    expect(dueOf(blown, 'dp-water', 'CHECK_IN')).toMatchObject({
      ...{ dueAt: '2026-10-09T01:00:00.000Z', calendarId: 'default' },
    });
  });

  test('has open tasks counted by the version they began with, later ones by the one in force', async () => {
    office.clock.set(HOLIDAY);
    const before = await steps.whistled({ lead: 'dp-gas' });
    await office.publishChanged(dayAndNight, `workingHours: [{ from: '08:00', to: '20:00' }]`);
    const after = await steps.whistled({ lead: 'dp-gas' });
    expect(dueOf(before, 'dp-gas', 'RETURN_WINDOW')).toMatchObject({
      ...{ dueAt: '2026-10-01T16:00:00.000Z', calendarVersion: 1 },
    });
    expect(dueOf(after, 'dp-gas', 'RETURN_WINDOW')).toMatchObject({
      ...{ dueAt: '2026-10-02T04:00:00.000Z', calendarVersion: 2 },
    });
  });

  test('answers orders of the ladder by it', async () => {
    office.clock.set(HOLIDAY);
    const blown = await steps.whistled({ lead: 'dp-gas' });
    office.clock.set('2026-10-01T13:00:00.001Z');
    const acknowledge = blown.state.tasks[0]?.deadlines.find(({ timer }) => timer === 'ACKNOWLEDGE');
    const missed = await steps.alarm(blown.incidentId, acknowledge?.deadlineId ?? '');
    expect(eventOf(missed, 'SupervisionIssued').data.deadlines).toMatchObject([
      { dueAt: '2026-10-02T13:00:00.001Z', calendarId: 'dp-gas' },
    ]);
  });
});
