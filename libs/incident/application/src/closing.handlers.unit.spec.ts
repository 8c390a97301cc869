import type { AnyDeadline } from '@shaoying/incident-domain';
import {
  CheckHandlingCommand,
  CloseIncidentCommand,
  CorrectFeedbackCommand,
  IssueSupervisionCommand,
  RecordFeedbackCommand,
  ReopenIncidentCommand,
  WithdrawIncidentCommand,
  type CommandContext,
  type CommandOutcome,
} from './index.js';
import {
  checkRequest,
  codeOf,
  eventOf,
  feedbackRequest,
  OfficeSteps,
  SampleOffice,
} from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const deadlineOf = ({ state }: CommandOutcome, timer: AnyDeadline['timer']): AnyDeadline => {
  const all = [...state.deadlines, ...state.tasks.flatMap((task) => task.deadlines)];
  const found = [...all, ...state.whistles.flatMap((whistle) => whistle.deadlines)].find(
    (deadline) => deadline.timer === timer,
  );
  if (found === undefined) throw new Error(`no ${timer}`);
  return found;
};

const check = (incidentId: string, result: 'PASS' | 'FAIL' = 'PASS'): Promise<CommandOutcome> =>
  steps.handlers.check.execute(
    new CheckHandlingCommand(steps.centre(), incidentId, { ...checkRequest, result }),
  );

describe('an order of a person', () => {
  const respondBy = async (incidentId: string, taskId: string | null) => {
    const order = new IssueSupervisionCommand(steps.centre(), incidentId, {
      ...{ taskId, level: 'RED', notify: null, reason: '群众反映强烈' },
    });
    return eventOf(await steps.handlers.supervise.execute(order), 'SupervisionIssued').data.deadlines;
  };

  test('is answered by the kind of whistle and the part in it, where the policy asks for them', async () => {
    const general = '      - { timer: SUPERVISION_RESPONSE, duration: { amount: 1, unit: WORKING_DAY } }';
    const urgent = `      - { timer: SUPERVISION_RESPONSE, when: { whistleKind: EMERGENCY, role: LEAD }, duration: { amount: 0.5, unit: CLOCK_HOUR } }`;
    await office.publishChanged(general, `${general}\n${urgent}`);
    const { incidentId, state } = await steps.whistled({ kind: 'EMERGENCY', assists: ['dp-housing'] });
    const about = async (role: 'LEAD' | 'ASSIST' | null) => {
      const taskId = state.tasks.find((task) => task.role === role)?.taskId ?? null;
      return (await respondBy(incidentId, taskId)).map(({ dueAt }) => dueAt);
    };
    expect(await about('LEAD')).toEqual(['2026-03-02T01:30:00.000Z']);
    expect(await about('ASSIST')).toEqual(['2026-03-03T01:00:00.000Z']);
    expect(await about(null)).toEqual(['2026-03-03T01:00:00.000Z']);
  });
});

describe('a missed deadline', () => {
  test('climbs the ladder by the alarms of its steps, each with the time to answer that the step says', async () => {
    const blown = await steps.whistled();
    const { deadlineId } = deadlineOf(blown, 'CHECK_IN');
    const alarmAt = async (at: string, step: string) => {
      office.clock.set(at);
      return steps.alarm(blown.incidentId, deadlineId, step);
    };
    const levels = [
      // A working day, four working hours, two: counted from the order.
      ['2026-03-03T01:00:00.001Z', 'BREACH', 'BLUE', '2026-03-04T01:00:00.001Z'],
      ['2026-03-03T06:00:00.001Z', 'STEP-2', 'ORANGE', '2026-03-04T01:00:00.001Z'],
      ['2026-03-03T10:00:00.001Z', 'STEP-3', 'RED', '2026-03-04T03:00:00.000Z'],
    ] as const;
    for (const [at, alarm, level, respondBy] of levels) {
      const { deadlines, ...order } = eventOf(await alarmAt(at, alarm), 'SupervisionIssued').data;
      expect(order).toMatchObject({ level, issuedBy: 'LADDER' });
      expect(deadlines).toMatchObject([
        { timer: 'SUPERVISION_RESPONSE', startedAt: at, dueAt: respondBy, steps: [] },
      ]);
    }
    expect((await alarmAt('2026-03-20T01:00:00.000Z', 'STEP-4')).events).toEqual([]);
  });

  test('an order that is not answered is recorded, and no ladder is put upon the ladder', async () => {
    const { incidentId, taskId } = await steps.whistled();
    const ordered = await steps.handlers.supervise.execute(
      new IssueSupervisionCommand(steps.centre(), incidentId, {
        ...{ taskId, level: 'RED', notify: null, reason: '群众多次反映' },
      }),
    );
    const { data } = eventOf(ordered, 'SupervisionIssued');
    expect(data).toMatchObject({ notify: ['department'], issuedBy: 'PERSON' });
    expect(data.deadlines).toMatchObject([{ dueAt: '2026-03-03T01:00:00.000Z', steps: [] }]);
    office.clock.set('2026-03-09T01:00:00.000Z');
    const { events } = await steps.alarm(incidentId, data.deadlines[0]?.deadlineId ?? '');
    expect(events.map(({ type }) => type)).toEqual(['IncidentOverdue']);
  });

  test('of a return window is an acknowledgement', async () => {
    const blown = await steps.whistled();
    office.clock.set('2026-03-02T06:00:00.001Z');
    const { events } = await steps.alarm(blown.incidentId, deadlineOf(blown, 'RETURN_WINDOW').deadlineId);
    expect(events.map(({ type }) => type)).toEqual(['TaskOverdue', 'TaskAcknowledged']);
    expect(await codeOf(steps.requestReturn(blown.incidentId, blown.taskId, 'dp-water'))).toBe(
      'RETURN_WINDOW_OVER',
    );
  });

  test('of a feedback window closes the incident as of its end, and so count the windows after it', async () => {
    const blown = await steps.whistled();
    await steps.handled(blown);
    const passed = await check(blown.incidentId);
    office.clock.set('2026-04-01T01:00:00.000Z');
    const closed = await steps.alarm(blown.incidentId, deadlineOf(passed, 'FEEDBACK_WINDOW').deadlineId);
    expect(eventOf(closed, 'IncidentClosed')).toMatchObject({
      occurredAt: '2026-03-16T01:00:00.000Z',
      // 30 calendar days, and 10 working days.
      data: { reopenUntil: '2026-04-15T01:00:00.000Z', appealUntil: '2026-03-30T01:00:00.000Z' },
    });
  });
});

describe('a check', () => {
  test('is due a working day after handling, and starts the callback where there is somebody to call', async () => {
    const known = await steps.whistled();
    await steps.handled(known);
    const done = (await office.service().find(known.incidentId))?.state;
    expect(done?.deadlines).toContainEqual(
      expect.objectContaining({ timer: 'CHECK', dueAt: '2026-03-03T01:00:00.000Z' }),
    );
    const timersOf = (passed: CommandOutcome) =>
      eventOf(passed, 'CheckPassed').data.deadlines.map(({ timer, dueAt }) => `${timer} ${dueAt}`);
    expect(timersOf(await check(known.incidentId))).toEqual([
      'CALLBACK 2026-03-05T01:00:00.000Z',
      'FEEDBACK_WINDOW 2026-03-16T01:00:00.000Z',
    ]);
    const unknown = await steps.whistled({}, { reporter: null });
    expect(unknown.state.tasks[0]?.deadlines.map(({ timer }) => timer)).not.toContain('CONTACT');
    await steps.handled(unknown);
    expect(timersOf(await check(unknown.incidentId))).toEqual(['FEEDBACK_WINDOW 2026-03-16T01:00:00.000Z']);
  });

  test('failed gives each department a day of rework, and unsolved feedback another', async () => {
    const blown = await steps.whistled({ assists: ['dp-fire'] });
    await steps.handled(blown);
    const failed = await check(blown.incidentId, 'FAIL');
    const { reworks } = eventOf(failed, 'CheckFailed').data;
    expect(reworks.map(({ deadline }) => deadline.dueAt)).toEqual(
      Array<string>(2).fill('2026-03-03T01:00:00.000Z'),
    );
    for (const { taskId, departmentId } of blown.state.tasks)
      await steps.complete(blown.incidentId, taskId, departmentId);
    await check(blown.incidentId);
    const unsolved = await steps.handlers.feedback.execute(
      new RecordFeedbackCommand(office.as('callback', null), blown.incidentId, {
        ...feedbackRequest,
        solved: 'UNSOLVED',
      }),
    );
    const again = eventOf(unsolved, 'FeedbackRecorded').data.reworks;
    expect(again.map(({ deadline }) => deadline.timer)).toEqual(['REWORK', 'REWORK']);
    const ids = [...reworks, ...again].map(({ deadline }) => deadline.deadlineId);
    expect(new Set(ids).size).toBe(4);
  });
});

describe('reopening', () => {
  const reopen = (incidentId: string, receiptCode: string | null = null) =>
    steps.handlers.reopen.execute(
      new ReopenIncidentCommand(steps.street(), incidentId, { reason: '复发', receiptCode }),
    );

  test('pins what is in force now; closed deadlines are counted anew', async () => {
    const blown = await steps.whistled();
    await steps.closed(blown);
    const rule = 'timer: INCIDENT_TOTAL, when: { urgency: URGENT }, duration: { amount: 24';
    await office.publishChanged(rule, rule.replace('24', '48'));
    const { state } = await reopen(blown.incidentId);
    expect(state).toMatchObject({ lifecycle: 'FILED', cycle: 2, pins: { policyVersion: 2 } });
    expect(deadlineOf({ state } as CommandOutcome, 'INCIDENT_TOTAL').dueAt).toBe('2026-03-04T01:00:00.000Z');
  });

  test('by the reporter needs the code, and is over after thirty days', async () => {
    const blown = await steps.whistled();
    await steps.closed(blown);
    expect(await codeOf(reopen(blown.incidentId, 'AAAA-BBBB-CCCC-DDDD'))).toBe('RECEIPT_CODE_WRONG');
    office.clock.set('2026-04-01T01:00:00.001Z');
    expect(await codeOf(reopen(blown.incidentId, blown.receiptCode))).toBe('REOPEN_WINDOW_OVER');
  });
});

test('what a resident does by receipt code leaves no trace of the account that was logged in', async () => {
  const whistled = await steps.whistled({}, { anonymous: true });
  const { incidentId, receiptCode } = whistled;
  const account = office.as('resident', null).actor.id;
  const reporter = (): CommandContext => office.as('resident', null);
  const rating = { ...feedbackRequest, receiptCode };
  const { feedback, correctFeedback, close, reopen, withdraw } = steps.handlers;
  await steps.handled(whistled);
  await check(incidentId);
  await feedback.execute(new RecordFeedbackCommand(reporter(), incidentId, rating));
  const correction = { ...rating, satisfaction: 'DISSATISFIED', reason: '误点' } as const;
  await correctFeedback.execute(new CorrectFeedbackCommand(reporter(), incidentId, correction));
  await close.execute(new CloseIncidentCommand(steps.centre(), incidentId));
  const reason = '问题反弹';
  await reopen.execute(new ReopenIncidentCommand(reporter(), incidentId, { reason, receiptCode }));
  await withdraw.execute(new WithdrawIncidentCommand(reporter(), incidentId, { reason, receiptCode }));
  const events = await office.incidentEvents();
  expect(JSON.stringify(events)).not.toContain(account);
  const byReporter = events.filter(({ actor }) => actor.id === 'anonymous').map(({ type }) => type);
  expect(byReporter).toEqual(
    expect.arrayContaining([
      ...['IncidentReported', 'FeedbackRecorded', 'FeedbackCorrected'],
      ...['IncidentReopened', 'IncidentWithdrawn'],
    ]),
  );
});

describe('a step of the pinned ladder that brings more than an order', () => {
  const last = ({ steps: ladder }: AnyDeadline): string => {
    const at = ladder.at(-1)?.at ?? '';
    return new Date(Date.parse(at) + 1).toISOString();
  };

  test('opens arbitration about a return that nobody decides, with its own time', async () => {
    const { incidentId, taskId } = await steps.whistled();
    const asked = await steps.requestReturn(incidentId, taskId, 'dp-water');
    const decision = deadlineOf(asked, 'RETURN_DECISION');
    office.clock.set(last(decision));
    const { events, state } = await steps.alarm(incidentId, decision.deadlineId);
    expect(events.map(({ type }) => type)).toEqual([
      ...['IncidentOverdue', 'SupervisionIssued', 'ArbitrationOpened'],
    ]);
    expect(state.tasks[0]?.state).toBe('IN_ARBITRATION');
    expect(deadlineOf({ state } as CommandOutcome, 'ARBITRATION').startedAt).toBe(last(decision));
  });

  test('hands a matter up that was not solved in its time where it was', async () => {
    const filed = await steps.filed();
    const total = deadlineOf(filed, 'INCIDENT_TOTAL');
    office.clock.set(last(total));
    const { events } = await steps.alarm(filed.incidentId, total.deadlineId);
    expect(events.at(-1)).toMatchObject({
      type: 'IncidentEscalated',
      data: { to: 'COMMUNITY', unitId: null },
    });
  });

  test('brings it only at that step', async () => {
    const filed = await steps.filed();
    const total = deadlineOf(filed, 'INCIDENT_TOTAL');
    office.clock.set(new Date(Date.parse(total.dueAt) + 1));
    const { events } = await steps.alarm(filed.incidentId, total.deadlineId);
    expect(events.map(({ type }) => type)).toEqual(['IncidentOverdue', 'SupervisionIssued']);
  });
});
