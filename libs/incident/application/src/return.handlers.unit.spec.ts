import {
  ArbitrateCommand,
  DecideExtensionCommand,
  DecideReturnCommand,
  OpenArbitrationCommand,
  RequestExtensionCommand,
  type CommandOutcome,
  type DecideReturnCommand as Decide,
} from './index.js';
import { codeOf, eventOf, OfficeSteps, OPENING, SampleOffice } from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const decide = (
  incidentId: string,
  taskId: string,
  change: Partial<Decide['request']> = {},
): Promise<CommandOutcome> =>
  steps.handlers.decideReturn.execute(
    new DecideReturnCommand(steps.street(), incidentId, taskId, {
      ...{ accept: true, reason: null, newUnitId: null },
      ...change,
    }),
  );

const timersOf = (deadlines: readonly { timer: string; dueAt: string }[]): string[] =>
  deadlines.map(({ timer, dueAt }) => `${timer} ${dueAt}`);

describe('an extension', () => {
  const asked = async (): Promise<string[]> => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.checkIn(incidentId, taskId, 'dp-water');
    const outcome = await steps.handlers.requestExtension.execute(
      new RequestExtensionCommand(steps.department('dp-water'), incidentId, taskId, {
        ...{ amount: 2, unit: 'WORKING_DAY', reason: '管材在途' },
      }),
    );
    return timersOf(eventOf(outcome, 'ExtensionRequested').data.deadlines);
  };

  test('is to be decided within four working hours, and in no time where the policy sets none', async () => {
    expect(await asked()).toEqual(['EXTENSION_DECISION 2026-03-02T06:00:00.000Z']);
    const rule = 'EXTENSION_DECISION, duration: { amount: 4, unit: WORKING_HOUR }';
    await office.publishChanged(rule, 'EXTENSION_DECISION, duration: null');
    expect(await asked()).toEqual([]);
  });
});

describe('a return', () => {
  test('is to be decided within four working hours', async () => {
    const { incidentId, taskId } = await steps.whistled();
    const asked = await steps.requestReturn(incidentId, taskId, 'dp-water');
    expect(timersOf(eventOf(asked, 'ReturnRequested').data.deadlines)).toEqual([
      'RETURN_DECISION 2026-03-02T06:00:00.000Z',
    ]);
  });

  test('is to be decided by the kind of whistle and the part in it, where the policy asks for them', async () => {
    const general = '      - { timer: RETURN_DECISION, duration: { amount: 4, unit: WORKING_HOUR } }';
    const urgent = `      - { timer: RETURN_DECISION, when: { whistleKind: EMERGENCY, role: LEAD }, duration: { amount: 0.5, unit: CLOCK_HOUR } }`;
    await office.publishChanged(general, `${general}\n${urgent}`);
    const emergency = await steps.whistled({ kind: 'EMERGENCY', assists: ['dp-housing'] });
    const { incidentId, taskId } = emergency;
    const asked = await steps.requestReturn(incidentId, taskId, 'dp-water');
    expect(timersOf(eventOf(asked, 'ReturnRequested').data.deadlines)).toEqual([
      'RETURN_DECISION 2026-03-02T01:30:00.000Z',
    ]);
    const assisting = emergency.state.tasks[1]?.taskId ?? '';
    const second = await steps.requestReturn(incidentId, assisting, 'dp-housing');
    expect(timersOf(eventOf(second, 'ReturnRequested').data.deadlines)).toEqual([
      'RETURN_DECISION 2026-03-02T06:00:00.000Z',
    ]);
  });

  test('accepted goes to the unit that was suggested, whose clocks start anew', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.requestReturn(incidentId, taskId, 'dp-water', 'dp-housing');
    office.clock.set('2026-03-02T02:00:00.000Z');
    const { data } = eventOf(await decide(incidentId, taskId), 'ReturnAccepted');
    expect(data.newTask).toMatchObject({ departmentId: 'dp-housing', role: 'LEAD', level: 'DISTRICT' });
    expect(timersOf(data.newTask?.deadlines ?? [])).toEqual([
      'ACKNOWLEDGE 2026-03-02T03:00:00.000Z',
      'CHECK_IN 2026-03-03T02:00:00.000Z',
      'HANDLING 2026-03-05T02:00:00.000Z',
      'CONTACT 2026-03-03T02:00:00.000Z',
      'RETURN_WINDOW 2026-03-02T07:00:00.000Z',
    ]);
    expect(data.lostTime).toEqual([
      { account: 'DISPATCH', unitId: null, taskId, from: OPENING, to: '2026-03-02T02:00:00.000Z' },
    ]);
  });

  test('goes to the unit that the street names, whatever was suggested', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.requestReturn(incidentId, taskId, 'dp-water', 'dp-housing');
    const { data } = eventOf(await decide(incidentId, taskId, { newUnitId: 'dp-fire' }), 'ReturnAccepted');
    expect(data.newTask?.departmentId).toBe('dp-fire');
  });

  test('goes on under the old clocks of arriving and handling where the policy says CONTINUE', async () => {
    await office.publishChanged('clockOnReturn: RESTART', 'clockOnReturn: CONTINUE');
    const { incidentId, taskId } = await steps.whistled();
    await steps.requestReturn(incidentId, taskId, 'dp-water', 'dp-housing');
    office.clock.set('2026-03-02T02:00:00.000Z');
    const { data } = eventOf(await decide(incidentId, taskId), 'ReturnAccepted');
    expect(timersOf(data.newTask?.deadlines ?? []).toSorted()).toEqual([
      'ACKNOWLEDGE 2026-03-02T03:00:00.000Z',
      'CHECK_IN 2026-03-03T01:00:00.000Z',
      'CONTACT 2026-03-03T02:00:00.000Z',
      'HANDLING 2026-03-05T01:00:00.000Z',
      'RETURN_WINDOW 2026-03-02T07:00:00.000Z',
    ]);
    const ids = (await office.incidentEvents()).flatMap(
      ({ data: one }) => JSON.stringify(one).match(/"deadlineId":"[^"]+"/g) ?? [],
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('suggesting a unit that nobody has is refused', async () => {
    const { incidentId, taskId } = await steps.whistled();
    const attempt = steps.requestReturn(incidentId, taskId, 'dp-water', 'dp-nobody');
    expect(await codeOf(attempt)).toBe('UNKNOWN_DEPARTMENT');
  });

  test('the second one of a cycle goes to arbitration by itself, and the decision is final', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.requestReturn(incidentId, taskId, 'dp-water', 'dp-housing');
    const next = eventOf(await decide(incidentId, taskId), 'ReturnAccepted').data.newTask?.taskId ?? '';
    const second = await steps.requestReturn(incidentId, next, 'dp-housing');
    expect(timersOf(eventOf(second, 'ArbitrationOpened').data.deadlines)).toEqual([
      'ARBITRATION 2026-03-03T01:00:00.000Z',
    ]);
    const decided = await steps.handlers.arbitrate.execute(
      new ArbitrateCommand(steps.arbitrator(), incidentId, next, {
        ...{ responsibleUnitId: 'dp-urban-management', rule: 'STATUTORY_FUNCTION', reason: '城管职责' },
      }),
    );
    const last = eventOf(decided, 'ResponsibilityDecided').data.newTask;
    expect(last).toMatchObject({ departmentId: 'dp-urban-management', role: 'LEAD' });
    const attempt = steps.requestReturn(incidentId, last?.taskId ?? '', 'dp-urban-management');
    expect(await codeOf(attempt)).toBe('RETURN_OF_FINAL_DECISION');
  });

  test('after check-in only arbitration is open, and the task can stay where it is', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.checkIn(incidentId, taskId, 'dp-water');
    expect(await codeOf(steps.requestReturn(incidentId, taskId, 'dp-water'))).toBe('RETURN_AFTER_CHECK_IN');
    await steps.handlers.openArbitration.execute(
      new OpenArbitrationCommand(steps.street(), incidentId, taskId, {}),
    );
    const decided = await steps.handlers.arbitrate.execute(
      new ArbitrateCommand(steps.arbitrator(), incidentId, taskId, {
        ...{ responsibleUnitId: 'dp-water', rule: 'FIRST_RECEIVER', reason: '首接负责' },
      }),
    );
    expect(eventOf(decided, 'ResponsibilityDecided').data.newTask).toBeNull();
    expect(decided.state.tasks).toMatchObject([{ state: 'CHECKED_IN', final: true }]);
  });
});

describe('an extension', () => {
  const request = (incidentId: string, taskId: string, amount = 2): Promise<CommandOutcome> =>
    steps.handlers.requestExtension.execute(
      new RequestExtensionCommand(steps.department('dp-water'), incidentId, taskId, {
        ...{ amount, unit: 'WORKING_DAY', reason: '管线改造' },
      }),
    );
  const grant = (incidentId: string, taskId: string, as = steps.street()): Promise<CommandOutcome> =>
    steps.handlers.decideExtension.execute(
      new DecideExtensionCommand(as, incidentId, taskId, { grant: true, reason: null }),
    );

  test('moves the handling deadline and its ladder by the working days that were asked for', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.checkIn(incidentId, taskId, 'dp-water');
    await request(incidentId, taskId);
    const { data } = eventOf(await grant(incidentId, taskId), 'ExtensionGranted');
    expect(data.moves).toMatchObject([{ dueAt: '2026-03-09T01:00:00.000Z', provisional: false }]);
    expect(data.moves[0]?.steps.map(({ step, at }) => `${step} ${at}`)).toEqual([
      '1 2026-03-09T01:00:00.000Z',
      // Half of five working days later, and all five: weekends are not counted.
      '2 2026-03-11T06:00:00.000Z',
      '3 2026-03-13T10:00:00.000Z',
    ]);
  });

  test('the first is the street’s to grant, the second the supervision centre’s', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.checkIn(incidentId, taskId, 'dp-water');
    await request(incidentId, taskId);
    expect(await codeOf(grant(incidentId, taskId, steps.centre()))).toBe('EXTENSION_APPROVER');
    await grant(incidentId, taskId);
    await request(incidentId, taskId);
    expect(await codeOf(grant(incidentId, taskId))).toBe('EXTENSION_APPROVER');
    expect((await grant(incidentId, taskId, steps.centre())).state.tasks[0]?.deadlines).toContainEqual(
      expect.objectContaining({ timer: 'HANDLING', dueAt: '2026-03-11T01:00:00.000Z' }),
    );
    expect(await codeOf(request(incidentId, taskId))).toBe('EXTENSIONS_USED_UP');
  });

  test('beyond the years that can be counted is refused before it is asked for', async () => {
    const { incidentId, taskId } = await steps.whistled();
    await steps.checkIn(incidentId, taskId, 'dp-water');
    expect(await codeOf(request(incidentId, taskId, 100_000))).toBe('DURATION_INVALID');
    expect((await steps.types()).at(-1)).toBe('DepartmentCheckedIn');
  });
});
