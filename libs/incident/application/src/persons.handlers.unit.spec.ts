import { SEALED_TEXT } from '@shaoying/incident-domain';
import {
  CheckHandlingCommand,
  CompleteTaskCommand,
  ForgetReporterCommand,
  RecordFeedbackCommand,
  ReportIncidentCommand,
  RevealReporterCommand,
  SupplementReportCommand,
  VoidIncidentCommand,
  type CommandContext,
  type RevealedOutcome,
} from './index.js';
import {
  checkRequest,
  codeOf,
  done,
  feedbackRequest,
  OfficeSteps,
  reportRequest,
  SampleOffice,
} from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;

beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const home = { lon: 120.4100123, lat: 31.8300456, crs: 'WGS84', address: '柳荫花园3号楼502' } as const;
const private502 = {
  ...{ description: '502 室王小明家漏水', location: home, privateNote: '家中有病人，请先打电话' },
  personal: ['DESCRIPTION', 'LOCATION'],
} as const;
const secrets = ['王小明', '13800138000', '502 室', '楼502', '病人', '120.4100123', '31.8300456'];
const asked = { purpose: 'VISIT_SITE', reason: '约时间入户', fields: ['NAME', 'PHONE'] } as const;
const everything = ['NAME', 'PHONE', 'DESCRIPTION', 'NOTE', 'LOCATION', 'COMMENT'] as const;

const water = (): CommandContext => steps.department('dp-water');
const reveal = (
  incidentId: string,
  context = water(),
  change: Partial<RevealReporterCommand['request']> = {},
): Promise<RevealedOutcome> =>
  steps.handlers.reveal.execute(new RevealReporterCommand(context, incidentId, { ...asked, ...change }));
const forget = (incidentId: string) =>
  steps.handlers.forget.execute(new ForgetReporterCommand(office.as('admin', null), incidentId));
const logText = async (): Promise<string> => JSON.stringify(await office.incidentEvents());

test('what is marked as personal is nowhere in the log, and its place is found all the same', async () => {
  const { state } = await steps.report({ ...private502, estateId: null });
  const text = await logText();
  for (const secret of secrets) expect(text).not.toContain(secret);
  expect(text).toContain(SEALED_TEXT);
  expect(state.place).toMatchObject({ communityId: 'co-liuyin', streetId: 'st-hepan' });
});

test('it is told to the department with the task, after it is on record, and only what was asked for', async () => {
  const { incidentId } = await steps.whistled({}, private502);
  const told = await reveal(incidentId);
  expect(told.reporter).toEqual({
    ...{ name: '王小明', phone: '13800138000', description: null, note: null, location: null, comments: [] },
  });
  expect(told.events).toMatchObject([{ type: 'ReporterIdentityRevealed', data: { unitId: 'dp-water' } }]);
  const all = await reveal(incidentId, water(), { fields: everything });
  expect(all.reporter).toMatchObject({
    ...{ description: private502.description, note: private502.privateNote, location: home },
  });
  expect(await codeOf(reveal(incidentId, steps.department('dp-gas')))).toBe('REVEAL_WITHOUT_TASK');
});

test('nothing is told that could not be put on record', async () => {
  const { incidentId } = await steps.whistled({}, private502);
  const broken = office.service(
    Object.assign(Object.create(office.store), {
      append: () => Promise.reject(Object.assign(new Error('gone'), { code: 'UNKNOWN_OUTCOME' })),
    }),
  );
  const command = new RevealReporterCommand(water(), incidentId, asked);
  expect(await codeOf(office.handlers(broken).reveal.execute(command))).toBe('UNKNOWN_OUTCOME');
});

test('the same request again is told again, while the task is open and no longer', async () => {
  const { incidentId, taskId } = await steps.whistled({}, private502);
  const context = water();
  const first = await reveal(incidentId, context);
  const again = await reveal(incidentId, context);
  expect(again).toMatchObject({ replayed: true, reporter: first.reporter });
  await steps.checkIn(incidentId, taskId, 'dp-water');
  await steps.handlers.complete.execute(new CompleteTaskCommand(water(), incidentId, taskId, done));
  expect(await codeOf(reveal(incidentId, context))).toBe('REVEAL_WITHOUT_TASK');
});

test('a forgotten reporter is told to nobody, and the case is whole', async () => {
  const { incidentId } = await steps.whistled({}, private502);
  const context = water();
  await reveal(incidentId, context);
  const forgotten = await forget(incidentId);
  expect(forgotten.events).toMatchObject([{ type: 'ReporterForgotten' }]);
  expect(await forget(incidentId)).toMatchObject({ events: [], subjectIds: forgotten.subjectIds });
  for (const asking of [context, water()]) {
    expect(await codeOf(reveal(incidentId, asking))).toBe('REPORTER_FORGOTTEN');
  }
  expect(forgotten.state).toMatchObject({ lifecycle: 'HANDLING', reporterForgotten: true });
});

test('a key that was destroyed before it was on record tells nobody either', async () => {
  const { incidentId, state } = await steps.whistled({}, private502);
  for (const subjectId of state.subjects) await office.vault.forget(subjectId);
  expect(await codeOf(reveal(incidentId))).toBe('REPORTER_FORGOTTEN');
  expect((await forget(incidentId)).events).toHaveLength(1);
});

test('an anonymous reporter who left a note is told by the note, and is nobody who could be called', async () => {
  const { incidentId, state } = await steps.whistled({}, { ...private502, anonymous: true });
  expect(state.reporterKnown).toBe(false);
  const { reporter } = await reveal(incidentId, water(), { fields: everything });
  expect(reporter).toMatchObject({ name: null, phone: null, note: private502.privateNote });
  const { incidentId: nobody } = await steps.whistled({}, { anonymous: true });
  expect(await codeOf(reveal(nobody))).toBe('REPORTER_UNKNOWN');
});

test('a comment that is marked as personal is sealed with the rest, and nothing is made for a wrong code', async () => {
  const blown = await steps.whistled({}, private502);
  const { incidentId, receiptCode } = blown;
  await steps.handled(blown);
  await steps.handlers.check.execute(new CheckHandlingCommand(steps.centre(), incidentId, checkRequest));
  const sealing = jest.spyOn(office.vault, 'seal');
  const rate = (code: string) =>
    steps.handlers.feedback.execute(
      new RecordFeedbackCommand(steps.resident(), incidentId, {
        ...{ ...feedbackRequest, comment: '502 室已不漏', personal: true, receiptCode: code },
      }),
    );
  expect(await codeOf(rate('WRONG'))).toBe('RECEIPT_CODE_WRONG');
  expect(sealing).not.toHaveBeenCalled();
  await rate(receiptCode);
  expect(await logText()).not.toContain('502 室');
});

describe("a resident's account", () => {
  const report = (context: CommandContext) =>
    steps.handlers.report.execute(new ReportIncidentCommand(context, { ...reportRequest, file: true }));

  test('is in the log under another name in each incident', async () => {
    const mine = (): CommandContext => steps.resident();
    const [one, two] = [await report(mine()), await report(mine())];
    expect(await logText()).not.toContain(mine().actor.id);
    expect(one.state.reportedBy).toMatch(/^resident-[0-9a-f]{32}$/);
    expect(two.state.reportedBy).not.toBe(one.state.reportedBy);
  });

  test('neither checks nor voids what it has reported, in whichever role', async () => {
    const account = steps.resident().actor.id;
    const { incidentId } = await report(steps.resident());
    const asWorker = (context: CommandContext): CommandContext => ({
      ...context,
      actor: { ...context.actor, id: account },
    });
    const voiding = new VoidIncidentCommand(asWorker(steps.street()), incidentId, { reason: '误报' });
    expect(await codeOf(steps.handlers.voidIt.execute(voiding))).toBe('VOID_BY_REPORTER');
    await steps.handled(await steps.blow(incidentId));
    const checking = new CheckHandlingCommand(asWorker(steps.centre()), incidentId, checkRequest);
    expect(await codeOf(steps.handlers.check.execute(checking))).toBe('CHECKER_IS_REPORTER');
  });
});

describe('photos of a report', () => {
  const [named, later] = ['c'.repeat(64), 'd'.repeat(64)] as const;

  const supplement = (
    { incidentId, receiptCode }: { readonly incidentId: string; readonly receiptCode: string },
    sha256: string,
    change: Partial<SupplementReportCommand['request']> = {},
  ) => {
    const context = office.as('anonymous', null);
    const request = {
      ...{ receiptCode, sha256 },
      keep: () => Promise.resolve(office.photos.send(sha256, { reportOf: incidentId })),
      takeBack: () => office.photos.withdraw(sha256, [{ reportOf: incidentId }]),
      ...change,
    };
    return steps.handlers.supplement.execute(new SupplementReportCommand(context, incidentId, request));
  };
  const typesOf = async (): Promise<string[]> => (await office.incidentEvents()).map(({ type }) => type);

  it('go with whoever is forgotten, though no name was left; of others who have sent the same they stay', async () => {
    const report = await steps.report({ reporter: null, anonymous: true, evidence: [named] });
    const { incidentId } = report;
    for (const sha256 of [named, later]) await supplement(report, sha256);
    office.photos.send(named, { id: 'worker', orgUnitId: 'dp-water' });
    const { events } = await forget(incidentId);
    expect(events).toMatchObject([{ type: 'ReporterForgotten', data: { subjectIds: [] } }]);
    expect([...office.photos.sent.keys()]).toEqual([named]);
    expect(await codeOf(supplement(report, named))).toBe('REPORTER_FORGOTTEN');
    expect((await forget(incidentId)).events).toEqual([]);
  });

  it('go also where whoever took the report down has sent them', async () => {
    const { incidentId } = await steps.handlers.report.execute(
      new ReportIncidentCommand(steps.community(), { ...reportRequest, evidence: [named] }),
    );
    office.photos.send(named, { id: 'another of them', orgUnitId: 'co-liuyin' });
    await forget(incidentId);
    expect(office.photos.sent.size).toBe(0);
  });

  it('go when it is asked again, where the store of photos was away', async () => {
    const report = await steps.report({ evidence: [named] });
    await supplement(report, named);
    const away = jest.spyOn(office.photos, 'withdraw').mockRejectedValueOnce(new Error('away'));
    await expect(forget(report.incidentId)).rejects.toThrow('away');
    away.mockRestore();
    expect(await typesOf()).not.toContain('ReporterForgotten');
    await forget(report.incidentId);
    expect(office.photos.sent.size).toBe(0);
  });

  it('go though they were on their way as their reporter was forgotten, before or after that was recorded', async () => {
    const report = await steps.report({ evidence: [named] });
    const { incidentId } = report;
    // Kept, and not judged once more: as the removal of the others is over.
    const slow = supplement(report, named, {
      keep: async () => {
        await forget(incidentId);
        office.photos.send(named, { reportOf: incidentId });
      },
    });
    expect(await codeOf(slow)).toBe('REPORTER_FORGOTTEN');
    expect(office.photos.sent.size).toBe(0);

    const other = await steps.report({ evidence: [named] });
    const withdraw = office.photos.withdraw.bind(office.photos);
    jest.spyOn(office.photos, 'withdraw').mockImplementationOnce(async (...photo) => {
      await withdraw(...photo);
      office.photos.send(named, { reportOf: other.incidentId });
    });
    await forget(other.incidentId);
    expect(office.photos.sent.size).toBe(0);
  });

  it('are not kept where they would be refused, and are recorded once, however often they come', async () => {
    const report = await steps.report();
    const keep = jest.fn(() => Promise.resolve());
    const wrong = supplement({ ...report, receiptCode: '0000-0000-0000-0000' }, later, { keep });
    expect(await codeOf(wrong)).toBe('RECEIPT_CODE_WRONG');
    expect(keep).not.toHaveBeenCalled();
    // Killed between the photo and the record: the same once more completes it.
    const killed = supplement(report, later, { keep: () => Promise.reject(new Error('killed')) });
    await expect(killed).rejects.toThrow('killed');
    await Promise.all([supplement(report, later), supplement(report, later)]);
    await supplement(report, later);
    expect((await typesOf()).filter((type) => type === 'ReportSupplemented')).toHaveLength(1);
  });
});
