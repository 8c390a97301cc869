import {
  AcknowledgeTaskCommand,
  AddDepartmentCommand,
  BlowWhistleCommand,
  CheckHandlingCommand,
  CheckInCommand,
  CloseIncidentCommand,
  CompleteSelfHandlingCommand,
  CompleteTaskCommand,
  FileIncidentCommand,
  ImportIncidentCommand,
  MarkOverdueCommand,
  RecordFeedbackCommand,
  ReportIncidentCommand,
  StartSelfHandlingCommand,
  type CommandContext,
  type CommandOutcome,
  type ReportedOutcome,
  type WhistleOutcome,
} from './index.js';
import {
  checkInRequest,
  checkRequest,
  done,
  feedbackRequest,
  importRequest,
  OPENING,
  reportRequest,
  SampleOffice,
  whistleRequest,
} from './testing/index.js';

let office: SampleOffice;
let handlers: ReturnType<SampleOffice['handlers']>;
beforeEach(async () => {
  office = await SampleOffice.open();
  handlers = office.handlers();
});
afterEach(() => office.close());

const resident = (): CommandContext => office.as('resident', null);
const street = (): CommandContext => office.as('street-office', 'st-hepan');
const community = (): CommandContext => office.as('community', 'co-liuyin');
const checkers = (): CommandContext => office.as('supervision-centre', null);
const department = (id: string): CommandContext => office.as('department', id);

const report = (change: Partial<ReportIncidentCommand['request']> = {}): Promise<ReportedOutcome> =>
  handlers.report.execute(new ReportIncidentCommand(resident(), { ...reportRequest, ...change }));
const blow = (
  incidentId: string,
  change: Partial<BlowWhistleCommand['request']> = {},
): Promise<WhistleOutcome> =>
  handlers.blowWhistle.execute(
    new BlowWhistleCommand(street(), incidentId, { ...whistleRequest, ...change }),
  );

const typesOf = async (): Promise<string[]> => (await office.incidentEvents()).map(({ type }) => type);
const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  );

/** Every department checks in and completes. */
async function departmentsHandle({ incidentId, state }: CommandOutcome): Promise<void> {
  for (const { taskId, departmentId } of state.tasks) {
    const asThem = () => department(departmentId);
    await handlers.checkIn.execute(new CheckInCommand(asThem(), incidentId, taskId, checkInRequest));
    await handlers.complete.execute(new CompleteTaskCommand(asThem(), incidentId, taskId, done));
  }
}

test('the whole path by whistle', async () => {
  const { incidentId, receiptCode } = await report();
  await handlers.file.execute(new FileIncidentCommand(street(), incidentId));
  const blown = await blow(incidentId);
  const [lead] = blown.state.tasks;
  await handlers.acknowledge.execute(
    new AcknowledgeTaskCommand(department('dp-water'), incidentId, lead?.taskId ?? ''),
  );
  await departmentsHandle(blown);
  await handlers.check.execute(new CheckHandlingCommand(checkers(), incidentId, checkRequest));
  const feedback = { ...feedbackRequest, receiptCode: ` ${receiptCode.toLowerCase()} ` };
  await handlers.feedback.execute(new RecordFeedbackCommand(resident(), incidentId, feedback));
  const closed = await handlers.close.execute(new CloseIncidentCommand(checkers(), incidentId));
  expect(closed.state).toMatchObject({ lifecycle: 'CLOSED', level: 'DISTRICT' });
  expect(await typesOf()).toEqual([
    ...['IncidentReported', 'IncidentFiled', 'WhistleBlown', 'TaskAcknowledged'],
    ...['DepartmentCheckedIn', 'TaskCompleted', 'TaskAcknowledged', 'DepartmentCheckedIn', 'TaskCompleted'],
    ...['HandlingCompleted', 'CheckPassed', 'FeedbackRecorded', 'IncidentClosed'],
  ]);
});

test('the whole path within the estate', async () => {
  const { incidentId } = await report({ file: true });
  await handlers.startSelfHandling.execute(
    new StartSelfHandlingCommand(community(), incidentId, {
      ...{ level: null, note: null, parties: ['PROPERTY_COMPANY'] as const },
    }),
  );
  await handlers.completeSelfHandling.execute(new CompleteSelfHandlingCommand(community(), incidentId, done));
  await handlers.check.execute(new CheckHandlingCommand(checkers(), incidentId, checkRequest));
  await handlers.feedback.execute(
    new RecordFeedbackCommand(office.as('callback', null), incidentId, feedbackRequest),
  );
  const closed = await handlers.close.execute(new CloseIncidentCommand(checkers(), incidentId));
  expect(closed.events).toMatchObject([{ data: { resolutionLevel: 'ESTATE' } }]);
});

describe('report', () => {
  test('is filed at once for an office, with the pins of today and the total deadline of the category', async () => {
    const { state } = await report({ file: true });
    expect(state).toMatchObject({
      lifecycle: 'FILED',
      pins: office.directory.pins(),
      // sewer-blockage is URGENT: 24 clock hours.
      deadlines: [
        { timer: 'INCIDENT_TOTAL', startedAt: OPENING, dueAt: '2026-03-03T01:00:00.000Z' },
        // Somebody is to have it within a working hour.
        { timer: 'DISPATCH', startedAt: OPENING, dueAt: '2026-03-02T02:00:00.000Z' },
        // And the reporter is to be called within a day, at night too.
        { timer: 'CONTACT', startedAt: OPENING, dueAt: '2026-03-03T01:00:00.000Z' },
      ],
    });
    const { state: anonymous } = await report({ file: true, anonymous: true });
    expect(anonymous.deadlines.map(({ timer }) => timer)).toEqual(['INCIDENT_TOTAL', 'DISPATCH']);
  });

  test('keeps the reporter under a key outside the log', async () => {
    await report();
    const [event] = await office.incidentEvents();
    expect(JSON.stringify(event)).not.toMatch(/王小明|13800138000/);
    const { reporter } = event?.data as { reporter: Parameters<typeof office.vault.data.unseal>[0] };
    expect(await office.vault.data.unseal(reporter)).toEqual(reportRequest.reporter);
  });

  test.each([
    ['anonymous', { anonymous: true }],
    ['without a reporter', { reporter: null }],
    ['with a reporter of no name and no number', { reporter: { name: null, phone: null } }],
  ])('%s keeps nobody', async (_, change) => {
    await report(change);
    expect((await office.incidentEvents())[0]).toMatchObject({ data: { reporter: null } });
  });

  test('holds the hash of its receipt code, not the code', async () => {
    const { receiptCode, state } = await report();
    expect(state.receiptHash).toMatch(/^[0-9a-f]{64}$/);
    const text = JSON.stringify(await office.incidentEvents());
    expect(text).not.toContain(receiptCode);
    expect(text).not.toContain(receiptCode.replaceAll('-', ''));
  });

  test('of a category nobody has, or of an estate or grid, is refused', async () => {
    expect(await codeOf(report({ category: 'unknown' }))).toBe('UNKNOWN_CATEGORY');
    expect(await codeOf(report({ estateId: 'es-unknown' }))).toBe('UNKNOWN_ESTATE');
    expect(await codeOf(report({ gridId: 'gr-unknown' }))).toBe('UNKNOWN_GRID');
    expect(await typesOf()).toEqual([]);
  });

  const active = 'name: 下水道堵塞, responsibleDepartmentId: dp-water, urgency: URGENT, active: true';

  test('of a category that is retired is refused', async () => {
    await office.publishChanged(active, active.replace('true', 'false'));
    expect(await codeOf(report())).toBe('UNKNOWN_CATEGORY');
  });

  test('repeated after its category was retired gets its first answer', async () => {
    const context = office.as('resident', null, 'the same request');
    const handler = office.handlers().report;
    const first = await handler.execute(new ReportIncidentCommand(context, reportRequest));
    await office.publishChanged(active, active.replace('true', 'false'));
    const again = await handler.execute(new ReportIncidentCommand(context, reportRequest));
    expect(again).toMatchObject({
      incidentId: first.incidentId,
      receiptCode: first.receiptCode,
      replayed: true,
    });
  });
});

test('an anonymous report of a resident who is logged in keeps no trace of the account', async () => {
  const context = office.as('resident', null, 'no name, please');
  const anonymous = { ...reportRequest, anonymous: true };
  await office.handlers().report.execute(new ReportIncidentCommand(context, anonymous));
  const events = await office.incidentEvents();
  expect(JSON.stringify(events)).not.toContain(context.actor.id);
  expect(events[0]).toMatchObject({
    actor: { id: 'anonymous', role: 'resident' },
    data: { reportedBy: null },
  });
});

describe('whistle', () => {
  test('sets the deadlines of its kind for each department, all from the whistle', async () => {
    const { incidentId } = await report({ file: true });
    const { state, whistleId } = await blow(incidentId);
    expect(state.whistles).toMatchObject([{ whistleId, kind: 'PUBLIC_DEMAND' }]);
    expect(state.tasks.map(({ departmentId, role, level }) => [departmentId, role, level])).toEqual([
      ['dp-water', 'LEAD', 'DISTRICT'],
      ['dp-urban-management', 'ASSIST', 'DISTRICT'],
    ]);
    for (const { role, deadlines } of state.tasks) {
      expect(deadlines.map(({ timer, startedAt, dueAt }) => [timer, startedAt, dueAt])).toEqual([
        ['ACKNOWLEDGE', OPENING, '2026-03-02T02:00:00.000Z'],
        ['CHECK_IN', OPENING, '2026-03-03T01:00:00.000Z'],
        ['HANDLING', OPENING, '2026-03-05T01:00:00.000Z'],
        // The lead calls the reporter; nobody needs a second call.
        ...(role === 'LEAD' ? [['CONTACT', OPENING, '2026-03-03T01:00:00.000Z']] : []),
        ['RETURN_WINDOW', OPENING, '2026-03-02T06:00:00.000Z'],
      ]);
      expect(deadlines[1]?.steps).toMatchObject([
        { step: 1, at: '2026-03-03T01:00:00.000Z', level: 'BLUE', notify: ['department', 'street-office'] },
        // Half of the working day that was allowed, after it was due: the lunch break is not counted.
        { step: 2, at: '2026-03-03T06:00:00.000Z', level: 'ORANGE' },
        { step: 3, at: '2026-03-03T10:00:00.000Z', level: 'RED' },
      ]);
    }
    const ids = state.tasks.flatMap(({ deadlines }) => deadlines.map(({ deadlineId }) => deadlineId));
    expect(new Set(ids).size).toBe(9);
  });

  test('of an emergency wants departments within half an hour', async () => {
    const { incidentId } = await report({ file: true });
    const { state } = await blow(incidentId, { kind: 'EMERGENCY', assists: [] });
    expect(state.tasks[0]?.deadlines.map(({ timer, dueAt }) => [timer, dueAt])).toEqual([
      ['ACKNOWLEDGE', '2026-03-02T01:10:00.000Z'],
      ['CHECK_IN', '2026-03-02T01:30:00.000Z'],
      ['HANDLING', '2026-03-05T01:00:00.000Z'],
      ['CONTACT', '2026-03-03T01:00:00.000Z'],
      ['RETURN_WINDOW', '2026-03-02T06:00:00.000Z'],
    ]);
  });

  test('follows the policy the incident was filed under, not a later one', async () => {
    const { incidentId } = await report({ file: true });
    const rule = 'timer: HANDLING, when: { whistleKind: PUBLIC_DEMAND }, duration: { amount: 3';
    await office.publishChanged(rule, rule.replace(/3$/, '4'));
    const { state } = await blow(incidentId);
    expect(state.tasks[0]?.deadlines[2]).toMatchObject({
      policyVersion: 1,
      dueAt: '2026-03-05T01:00:00.000Z',
    });
    const later = await report({ file: true });
    expect((await blow(later.incidentId)).state.tasks[0]?.deadlines[2]).toMatchObject({
      policyVersion: 2,
      dueAt: '2026-03-06T01:00:00.000Z',
    });
  });

  test('for whom is no department is refused', async () => {
    const { incidentId } = await report({ file: true });
    expect(await codeOf(blow(incidentId, { lead: 'dp-unknown' }))).toBe('UNKNOWN_DEPARTMENT');
    expect(await codeOf(blow(incidentId, { assists: ['co-liuyin'] }))).toBe('UNKNOWN_DEPARTMENT');
    expect(await codeOf(blow(incidentId, { assists: ['dp-water'] }))).toBe('DEPARTMENT_TWICE');
    expect(await typesOf()).toEqual(['IncidentReported', 'IncidentFiled']);
  });
});

describe('deadline', () => {
  test('passed unmet becomes overdue and supervised, once; the late check-in lifts the order', async () => {
    const { incidentId } = await report({ file: true });
    const { state } = await blow(incidentId, { assists: [] });
    const [task] = state.tasks;
    const checkIn = task?.deadlines.find(({ timer }) => timer === 'CHECK_IN');
    const taskId = task?.taskId ?? '';
    const alarm = () =>
      handlers.markOverdue.execute(
        new MarkOverdueCommand(office.as('system', null), incidentId, checkIn?.deadlineId ?? '', true),
      );
    office.clock.set(new Date(Date.parse(checkIn?.dueAt ?? '') - 1));
    expect((await alarm()).events.map(({ type }) => type)).toEqual(['DeadlineWarned']);
    office.clock.advanceMs(60_000);
    expect((await alarm()).events.map(({ type }) => type)).toEqual(['TaskOverdue', 'SupervisionIssued']);
    expect((await alarm()).events).toEqual([]);
    const late = await handlers.checkIn.execute(
      new CheckInCommand(department('dp-water'), incidentId, taskId, checkInRequest),
    );
    expect(late.events).toMatchObject([
      { type: 'TaskOverdue', data: { timer: 'ACKNOWLEDGE' } },
      { type: 'TaskAcknowledged', data: { implied: true, late: true } },
      { type: 'DepartmentCheckedIn', data: { late: true } },
      { type: 'SupervisionLifted', data: { reason: 'CHECKED_IN' } },
    ]);
  });
});

describe('check', () => {
  test('passed awaits feedback for the 14 days of the policy', async () => {
    const { incidentId } = await report({ file: true });
    await departmentsHandle(await blow(incidentId));
    const passed = await handlers.check.execute(
      new CheckHandlingCommand(checkers(), incidentId, checkRequest),
    );
    expect(passed.state).toMatchObject({ lifecycle: 'FEEDBACK', feedbackUntil: '2026-03-16T01:00:00.000Z' });
    const close = () => handlers.close.execute(new CloseIncidentCommand(checkers(), incidentId));
    expect(await codeOf(close())).toBe('FEEDBACK_OUTSTANDING');
    office.clock.set('2026-03-16T01:00:00.000Z');
    expect((await close()).state.lifecycle).toBe('CLOSED');
  });

  test('failed sends both departments back', async () => {
    const { incidentId } = await report({ file: true });
    await departmentsHandle(await blow(incidentId));
    const fail = { ...checkRequest, result: 'FAIL' as const };
    const failed = await handlers.check.execute(new CheckHandlingCommand(checkers(), incidentId, fail));
    expect(failed.state.tasks.map(({ state }) => state)).toEqual(['CHECKED_IN', 'CHECKED_IN']);
  });

  test('a wrong receipt code is refused', async () => {
    const { incidentId } = await report({ file: true });
    const feedback = { ...feedbackRequest, receiptCode: 'AAAA-AAAA-AAAA-AAAA' };
    const attempt = handlers.feedback.execute(new RecordFeedbackCommand(resident(), incidentId, feedback));
    expect(await codeOf(attempt)).toBe('RECEIPT_CODE_WRONG');
  });
});

describe('import', () => {
  const importCase = (change: Partial<ImportIncidentCommand['request']> = {}, key?: string) =>
    handlers.importCase.execute(
      new ImportIncidentCommand(office.as('system', null, key), { ...importRequest, ...change }),
    );

  test('writes the life of a closed case with its own times, in its area', async () => {
    const { state } = await importCase();
    expect(state).toMatchObject({
      ...{ lifecycle: 'CLOSED', imported: true },
      place: {
        gridId: null,
        estateId: null,
        communityId: 'co-liuyin',
        streetId: 'st-hepan',
        districtId: 'di-qinghe',
      },
    });
    const events = await office.incidentEvents();
    expect(events.map(({ occurredAt }) => occurredAt)).toEqual([
      ...Array<string>(3).fill(importRequest.openedAt),
      ...Array<unknown>(3).fill(importRequest.closedAt),
    ]);
    expect(new Set(events.map(({ recordedAt }) => recordedAt))).toEqual(new Set([OPENING]));
  });

  test('twice adds nothing', async () => {
    await importCase({}, 'row 1');
    expect(await importCase({}, 'row 1')).toMatchObject({ replayed: true, revision: 5 });
    expect(await office.incidentEvents()).toHaveLength(6);
  });

  test('of an open case past its target never fires', async () => {
    const { incidentId, state } = await importCase({ closedAt: null });
    const deadlineId = state.tasks[0]?.deadlines[0]?.deadlineId ?? '';
    expect(deadlineId).not.toBe('');
    const alarm = new MarkOverdueCommand(office.as('system', null), incidentId, deadlineId, false);
    expect((await handlers.markOverdue.execute(alarm)).events).toEqual([]);
  });

  test('of an open case that a department is added to here: its deadlines fire as of any other', async () => {
    const { incidentId, state } = await importCase({ closedAt: null });
    const whistleId = state.whistles[0]?.whistleId ?? '';
    const added = await handlers.addDepartment.execute(
      new AddDepartmentCommand(street(), incidentId, whistleId, {
        ...{ departmentId: 'dp-fire', reason: '涉及消防' },
      }),
    );
    const checkIn = added.state.tasks.at(-1)?.deadlines.find(({ timer }) => timer === 'CHECK_IN');
    office.clock.set(new Date(Date.parse(checkIn?.dueAt ?? '') + 1));
    const alarm = new MarkOverdueCommand(
      office.as('system', null),
      incidentId,
      checkIn?.deadlineId ?? '',
      false,
    );
    const { events } = await handlers.markOverdue.execute(alarm);
    expect(events.map(({ type }) => type)).toEqual(['TaskOverdue', 'SupervisionIssued']);
  });

  test('without a target has no deadline', async () => {
    expect((await importCase({ targetAt: null })).state.tasks[0]?.deadlines).toEqual([]);
  });

  test('for units nobody has is refused', async () => {
    expect(await codeOf(importCase({ departmentId: 'dp-unknown' }))).toBe('UNKNOWN_DEPARTMENT');
    expect(await codeOf(importCase({ orgUnitId: 'co-unknown' }))).toBe('UNKNOWN_ORG_UNIT');
    expect(await typesOf()).toEqual([]);
  });
});
