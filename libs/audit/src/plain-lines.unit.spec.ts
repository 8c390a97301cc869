import fc from 'fast-check';
import { decodeIncidentEvent, incidentEventTypes } from '@shaoying/incident-contracts';
import type { RecordedEvent } from '@shaoying/event-store';
import type { IncidentEvent, IncidentEventOf, IncidentEventType } from '@shaoying/incident-domain';
import * as sample from '@shaoying/incident-domain/testing';
import { historyOf, readGolden } from '@shaoying/testing';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plainLineOf, type PlainLine } from './plain-lines.js';

const names = (id: string | null): string => (id === null ? '—' : `〈${id}〉`);

const goldenDir = join(__dirname, '../../incident/contracts/golden');
/** Events of every release, as their logs hold them. */
const golden: IncidentEvent[] = readdirSync(goldenDir)
  .filter((name) => /\.v\d+\.json$/.test(name))
  .map((name) => readGolden(goldenDir, name) as unknown as { stored: RecordedEvent })
  .map(({ stored }) => decodeIncidentEvent(stored));

const decided: IncidentEvent[] = fc
  .sample(sample.triesOnAnIncident, { numRuns: 100, seed: 20_260_302 })
  .flatMap((attempts) => sample.live(attempts).flatMap(({ events = [] }) => events));

const ofType = (type: string): IncidentEvent[] =>
  [...golden, ...decided].filter((event) => event.type === type);

// Free text, accounts, and everything that points to the reporter.
const personal = new Set([
  ...['description', 'comment', 'note', 'notice', 'reason', 'basis', 'response', 'address'],
  ...['reportedBy', 'proposedBy', 'blownBy', 'receiptHash', 'externalId'],
]);
/** Whose `reason` is one of a few codes. */
const withReasonCode: readonly string[] = ['SupervisionLifted', 'WhistleFlagged'];

function withSecrets(value: unknown, key = ''): unknown {
  if (key === 'reporter') return { subjectId: 'SECRET', keyId: 'SECRET', ciphertext: 'SECRET' };
  if (key === 'location') return { lon: 12.34567, lat: 12.34567, crs: 'WGS84', address: 'SECRET' };
  if (personal.has(key)) return 'SECRET';
  if (Array.isArray(value)) return value.map((item) => withSecrets(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withSecrets(inner, name)]));
}

describe.each(incidentEventTypes)('the line of %s', (type) => {
  it('exists in Chinese and in English, whole', () => {
    expect(ofType(type).length).toBeGreaterThan(0);
    for (const event of ofType(type)) {
      const { zh, en } = plainLineOf(event, names);
      expect(zh).toMatch(/\p{Script=Han}/u);
      expect(en).toMatch(/[a-z]{3}/);
      expect(en).not.toMatch(/\p{Script=Han}/u);
      expect(`${zh} ${en}`).not.toMatch(/undefined|null|NaN|\[object|Invalid/);
    }
  });

  it('tells nothing of the reporter, no account and no free text', () => {
    for (const event of ofType(type)) {
      const data = withSecrets(event.data) as Record<string, unknown>;
      if (withReasonCode.includes(event.type)) data['reason'] = (event.data as { reason: string }).reason;
      const { zh, en } = plainLineOf({ ...event, data } as unknown as IncidentEvent, names);
      expect(`${zh} ${en}`).not.toMatch(/SECRET|12\.34567/);
    }
  });
});

describe('plain lines', () => {
  const minute = sample.hours(9);
  const emergency = (start: number) =>
    sample.blow(start, { whistle: 'EMERGENCY', origin: sample.byCommunity(start) });
  /** A summons that two departments answer late, and handle badly. */
  const lateCase = historyOf(sample.incidentDecider, [
    ...[sample.report(0), sample.file(5), emergency(10)],
    ...(['ACKNOWLEDGE', 'CHECK_IN'] as const).flatMap((timer) =>
      [sample.LEAD, sample.ASSIST].map((id) =>
        sample.alarm(minute, sample.deadlineIdOf(sample.taskIdOf(id), timer)),
      ),
    ),
    ...[sample.checkIn(minute + 5), sample.checkIn(minute + 6, sample.ASSIST)],
    ...[sample.complete(minute + 7), sample.complete(minute + 8, sample.ASSIST)],
    sample.check(minute + 9, 'FAIL'),
  ]);

  it('tell a story in Chinese, times as in Shanghai', () => {
    expect(lateCase.map((event) => plainLineOf(event, names).zh)).toEqual([
      '上报事件（sewer-blockage，渠道 APP）',
      '立案，适用时限政策 default 第 1 版',
      '〈co-liuyin〉 吹哨（应急处置哨，先行吹哨、待补批）：主办 〈dp-water〉，协办 〈dp-urban-management〉',
      '〈dp-water〉 签收超期（时限 2026-03-02 10:10:00）',
      '发出红色督办（第 3 级，时限 2026-03-02 10:10:00）：〈dp-water〉',
      '〈dp-urban-management〉 签收超期（时限 2026-03-02 10:10:00）',
      '发出红色督办（第 3 级，时限 2026-03-02 10:10:00）：〈dp-urban-management〉',
      '〈dp-water〉 报到超期（时限 2026-03-02 17:10:00）',
      '发出蓝色督办（第 1 级，时限 2026-03-02 17:10:00）：〈dp-water〉',
      '〈dp-urban-management〉 报到超期（时限 2026-03-02 17:10:00）',
      '发出蓝色督办（第 1 级，时限 2026-03-02 17:10:00）：〈dp-urban-management〉',
      '〈dp-water〉 视为签收，超期（时限 2026-03-02 10:10:00）',
      '〈dp-water〉 报到，超期（时限 2026-03-02 17:10:00）',
      '解除督办（已报到）：〈dp-water〉',
      '解除督办（已报到）：〈dp-water〉',
      '〈dp-urban-management〉 视为签收，超期（时限 2026-03-02 10:10:00）',
      '〈dp-urban-management〉 报到，超期（时限 2026-03-02 17:10:00）',
      '解除督办（已报到）：〈dp-urban-management〉',
      '解除督办（已报到）：〈dp-urban-management〉',
      '〈dp-water〉 处置完毕',
      '〈dp-urban-management〉 处置完毕',
      '处置完成（区），待核查',
      '〈sc-qinghe〉 核查不通过，第 1 次返工',
    ]);
  });

  it('tell it in English', () => {
    expect(lateCase.slice(0, 14).map((event) => plainLineOf(event, names).en)).toEqual([
      'Incident reported (sewer-blockage, by APP)',
      'Filed under deadline policy default version 1',
      '〈co-liuyin〉 blew the whistle (EMERGENCY, to be ratified): lead 〈dp-water〉, assisting 〈dp-urban-management〉',
      '〈dp-water〉 missed its ACKNOWLEDGE deadline (due 2026-03-02 10:10:00)',
      'RED supervision order (step 3, due 2026-03-02 10:10:00) issued to 〈dp-water〉',
      '〈dp-urban-management〉 missed its ACKNOWLEDGE deadline (due 2026-03-02 10:10:00)',
      'RED supervision order (step 3, due 2026-03-02 10:10:00) issued to 〈dp-urban-management〉',
      '〈dp-water〉 missed its CHECK_IN deadline (due 2026-03-02 17:10:00)',
      'BLUE supervision order (step 1, due 2026-03-02 17:10:00) issued to 〈dp-water〉',
      '〈dp-urban-management〉 missed its CHECK_IN deadline (due 2026-03-02 17:10:00)',
      'BLUE supervision order (step 1, due 2026-03-02 17:10:00) issued to 〈dp-urban-management〉',
      '〈dp-water〉 counts as having acknowledged, late (due 2026-03-02 10:10:00)',
      '〈dp-water〉 checked in, late (due 2026-03-02 17:10:00)',
      'Supervision order lifted for 〈dp-water〉 (CHECKED_IN)',
    ]);
  });
});

type Changes<Type extends IncidentEventType> = Partial<IncidentEventOf<Type>['data']>;

/** The line of a golden event that is changed to say this. */
function told<Type extends IncidentEventType>(type: Type, changes: Changes<Type> = {}): PlainLine {
  const event = golden.find((known) => known.type === type)!;
  return plainLineOf({ ...event, data: { ...event.data, ...changes } } as IncidentEvent, names);
}

const dueAt = '2026-03-02T02:00:00.000Z';
const late = { late: true, dueAt };
const street = 'st-hepan';
const [water, housing, ecology] = ['dp-water', 'dp-housing', 'dp-ecology'];
const task = {
  taskId: 'task-1',
  departmentId: housing,
  role: 'LEAD',
  level: 'DISTRICT',
  deadlines: [],
} as const;
const lost = { taskId: 'task-1', from: dueAt, to: '2026-03-02T03:30:00.000Z' };
const byDispatch = { ...lost, account: 'DISPATCH', unitId: null } as const;
const byWater = { ...lost, account: 'DEPARTMENT', unitId: water } as const;
const move = { deadlineId: 'd-1', warnAt: dueAt, dueAt, provisional: false, steps: [] };
const place = { gridId: null, estateId: null, communityId: 'co-liuyin', streetId: street, districtId: null };
const nowhere = { ...place, communityId: null, streetId: null };
const byPoint = { method: 'BY_POINT', gridMapId: 'default', gridMapVersion: 3 } as const;
const byHand = { method: 'BY_HAND', gridMapId: null, gridMapVersion: null } as const;

describe('the line of', () => {
  it.each<[string, PlainLine, string, string]>([
    [
      'a recurrence',
      told('IncidentReported', { category: 'roof-leak', channel: 'APP', recurrenceOf: 'inc-0' }),
      '上报事件（roof-leak，渠道 APP），系事件 inc-0 复发',
      'Incident reported (roof-leak, by APP), a recurrence of incident inc-0',
    ],
    [
      'an import',
      told('IncidentReported', { category: 'roof-leak', channel: 'IMPORT', imported: true }),
      '导入事件（roof-leak，渠道 IMPORT）',
      'Incident imported (roof-leak, by IMPORT)',
    ],
    [
      'a place found',
      told('IncidentLocated', { place, ...byPoint, suggestedDepartmentId: null }),
      '按坐标定位：〈co-liuyin〉（网格图 default 第 3 版）',
      'Located by its point: 〈co-liuyin〉 (grid map default version 3)',
    ],
    [
      'a place nowhere, with a suggestion',
      told('IncidentLocated', { place: nowhere, ...byHand, suggestedDepartmentId: water }),
      '人工定位：不在任何辖区内，派单目录建议由 〈dp-water〉 承办',
      'Located by hand: in no known area, the dispatch catalogue suggests 〈dp-water〉',
    ],
    [
      'a verification',
      told('IncidentVerified', { verifyingUnitId: 'co-liuyin' }),
      '〈co-liuyin〉 现场核实属实',
      '〈co-liuyin〉 verified it on site',
    ],
    [
      'a rejection',
      told('IncidentRejected', { reasonCode: 'NOT_FOUND_ON_SITE', notice: '…' }),
      '不予受理（现场未发现），告知上报人',
      'Rejected (NOT_FOUND_ON_SITE), the reporter is told',
    ],
    [
      'a rejection of a report by nobody known',
      told('IncidentRejected', { reasonCode: 'TOO_VAGUE', notice: null }),
      '不予受理（诉求不明确），无从告知上报人',
      'Rejected (TOO_VAGUE), nobody can be told',
    ],
    [
      'a filing after it was reopened',
      told('IncidentFiled', { cycle: 2, pins: null }),
      '立案（第 2 轮办理）',
      'Filed (cycle 2)',
    ],
    [
      'self-handling by several',
      told('SelfHandlingStarted', {
        ...{
          level: 'ESTATE',
          handlingUnitId: 'co-liuyin',
          parties: ['RESIDENTS_COMMITTEE', 'PROPERTY_COMPANY'],
        },
      }),
      '〈co-liuyin〉 开始自处置（小区），会同居委会、物业',
      '〈co-liuyin〉 started handling it themselves (ESTATE), together with RESIDENTS_COMMITTEE, PROPERTY_COMPANY',
    ],
    [
      'an escalation',
      told('IncidentEscalated', { from: 'COMMUNITY', to: 'SUBDISTRICT', unitId: 'co-liuyin' }),
      '〈co-liuyin〉 提级办理：由社区提至街道',
      '〈co-liuyin〉 escalated it from COMMUNITY to SUBDISTRICT',
    ],
    [
      'an escalation from nowhere',
      told('IncidentEscalated', { from: null, to: 'DISTRICT', unitId: street }),
      '〈st-hepan〉 提级办理：提至区',
      '〈st-hepan〉 escalated it to DISTRICT',
    ],
    [
      'a proposal',
      told('WhistleProposed', {
        ...{ proposingUnitId: street, kind: 'JOINT_ENFORCEMENT', origin: 'PATROL' },
        summons: [
          { departmentId: housing, role: 'ASSIST' },
          { departmentId: water, role: 'LEAD' },
          { departmentId: ecology, role: 'ASSIST' },
        ],
      }),
      '〈st-hepan〉 申请吹哨（综合执法哨，哨源：巡查发现），待审批：主办 〈dp-water〉，协办 〈dp-housing〉、〈dp-ecology〉',
      '〈st-hepan〉 proposed a whistle (JOINT_ENFORCEMENT, origin PATROL), to be approved: lead 〈dp-water〉, assisting 〈dp-housing〉, 〈dp-ecology〉',
    ],
    [
      'an approval',
      told('WhistleApproved', { approvingUnitId: street }),
      '〈st-hepan〉 批准吹哨',
      '〈st-hepan〉 approved the whistle',
    ],
    [
      'a refusal',
      told('WhistleRefused', { refusingUnitId: street }),
      '〈st-hepan〉 不予批准吹哨',
      '〈st-hepan〉 refused the whistle',
    ],
    [
      'a reverse whistle',
      told('WhistleBlown', {
        ...{ whistlingUnitId: water, kind: 'KEY_WORK', origin: 'DEPARTMENT', reverse: true },
        ...{ approval: 'APPROVED', repeats: ['w-1', 'w-2'], tasks: [task] },
      }),
      '〈dp-water〉 反向吹哨（重点工作哨，哨源：部门提请，经批准，此前已吹哨 2 次）：主办 〈dp-housing〉',
      '〈dp-water〉 blew a reverse whistle (KEY_WORK, origin DEPARTMENT, approved, whistles before it: 2): lead 〈dp-housing〉',
    ],
    [
      'a whistle that acts first',
      told('WhistleBlown', {
        ...{ whistlingUnitId: street, kind: 'EMERGENCY', origin: 'REPORT', reverse: false },
        ...{ approval: 'TO_BE_RATIFIED', repeats: [], tasks: [task] },
      }),
      '〈st-hepan〉 吹哨（应急处置哨，先行吹哨、待补批）：主办 〈dp-housing〉',
      '〈st-hepan〉 blew the whistle (EMERGENCY, to be ratified): lead 〈dp-housing〉',
    ],
    [
      'the ratification of a whistle',
      told('WhistleRatified', { ratifyingUnitId: street, ...late }),
      '〈st-hepan〉 补批先行吹哨，超期（时限 2026-03-02 10:00:00）',
      '〈st-hepan〉 ratified the whistle that had acted first, late (due 2026-03-02 10:00:00)',
    ],
    [
      'a whistle flagged, for nobody ratified it',
      told('WhistleFlagged', { reason: 'NOT_RATIFIED' }),
      '先行吹哨逾期未补批，记录在案',
      'The whistle that had acted first was flagged (NOT_RATIFIED)',
    ],
    [
      'a whistle flagged, for ratification was refused',
      told('WhistleFlagged', { reason: 'RATIFICATION_REFUSED' }),
      '先行吹哨未获补批，记录在案',
      'The whistle that had acted first was flagged (RATIFICATION_REFUSED)',
    ],
    [
      'a whistle cancelled',
      told('WhistleCancelled', { cancellingUnitId: street, taskIds: ['task-1', 'task-2'] }),
      '〈st-hepan〉 撤销吹哨，解除任务 2 项',
      '〈st-hepan〉 cancelled the whistle, tasks released: 2',
    ],
    [
      'an evaluation',
      told('TaskEvaluated', { evaluatingUnitId: street, departmentId: water, score: 4 }),
      '〈st-hepan〉 评哨：〈dp-water〉 得 4 分（满分 5 分）',
      '〈st-hepan〉 rated the part of 〈dp-water〉: 4 of 5',
    ],
    [
      'a signature in time',
      told('TaskAcknowledged', { departmentId: water, implied: false, late: false, dueAt }),
      '〈dp-water〉 签收',
      '〈dp-water〉 acknowledged',
    ],
    [
      'a check-in in dispute',
      told('DepartmentCheckedIn', { departmentId: water, disputed: true, ...late }),
      '〈dp-water〉 报到，超期（时限 2026-03-02 10:00:00）；所称时间存疑',
      '〈dp-water〉 checked in, late (due 2026-03-02 10:00:00); claimed time disputed',
    ],
    [
      'a contact',
      told('ReporterContacted', { departmentId: water, reached: true, late: false }),
      '〈dp-water〉 先行联系上报人',
      '〈dp-water〉 contacted the reporter',
    ],
    [
      'a contact in vain',
      told('ReporterContacted', { departmentId: water, reached: false, late: false }),
      '〈dp-water〉 联系上报人未果',
      '〈dp-water〉 tried to contact the reporter, in vain',
    ],
    [
      'progress',
      told('ProgressReported', { departmentId: water, evidence: ['a'.repeat(64)] }),
      '〈dp-water〉 报告办理进展，附材料 1 份',
      '〈dp-water〉 reported progress, pieces of evidence: 1',
    ],
    [
      'a stage',
      told('TaskStageCompleted', { departmentId: water, stage: 'survey', ...late }),
      '〈dp-water〉 完成阶段处置（survey），超期（时限 2026-03-02 10:00:00）',
      '〈dp-water〉 completed a stage (survey), late (due 2026-03-02 10:00:00)',
    ],
    [
      'work booked',
      told('WorkBooked', { departmentId: water, workedMinutes: 90 }),
      '〈dp-water〉 登记工时 90 分钟',
      '〈dp-water〉 booked 90 minutes of work',
    ],
    [
      'work taken back',
      told('WorkBooked', { departmentId: water, workedMinutes: -30 }),
      '〈dp-water〉 冲减已登记工时 30 分钟',
      '〈dp-water〉 took back 30 booked minutes of work',
    ],
    [
      'an urging',
      told('TaskUrged', { urgingUnitId: street, departmentId: water }),
      '〈st-hepan〉 催办：〈dp-water〉',
      '〈st-hepan〉 urged 〈dp-water〉',
    ],
    [
      'a request for more time',
      told('ExtensionRequested', { departmentId: water, ordinal: 1, amount: 2, unit: 'WORKING_DAY' }),
      '〈dp-water〉 申请第 1 次延期：2 个工作日',
      '〈dp-water〉 asked for extension 1: 2 × WORKING_DAY',
    ],
    [
      'more time',
      told('ExtensionGranted', {
        ...{ approvingUnitId: street, departmentId: water, ordinal: 2 },
        moves: [
          move,
          { ...move, dueAt: '2026-03-05T02:00:00.000Z' },
          { ...move, dueAt: '2026-03-04T02:00:00.000Z' },
        ],
      }),
      '〈st-hepan〉 批准 〈dp-water〉 第 2 次延期，时限延至 2026-03-05 10:00:00',
      '〈st-hepan〉 granted extension 2 to 〈dp-water〉, now due 2026-03-05 10:00:00',
    ],
    [
      'no more time',
      told('ExtensionRefused', { refusingUnitId: street, departmentId: water, ordinal: 2 }),
      '〈st-hepan〉 不予批准 〈dp-water〉 第 2 次延期',
      '〈st-hepan〉 refused extension 2 to 〈dp-water〉',
    ],
    [
      'a return asked for',
      told('ReturnRequested', {
        ...{
          departmentId: water,
          reasonCode: 'NOT_OUR_AREA',
          ordinal: 1,
          suggestedUnitId: housing,
          late: false,
        },
      }),
      '〈dp-water〉 申请退单（属地不符，本轮第 1 次），建议由 〈dp-housing〉 承办',
      '〈dp-water〉 asked to return its task (NOT_OUR_AREA, number 1 of the cycle), suggesting 〈dp-housing〉',
    ],
    [
      'a return',
      told('ReturnAccepted', {
        ...{ decidingUnitId: street, departmentId: water, newTask: task, lostTime: [byDispatch] },
      }),
      '〈st-hepan〉 同意 〈dp-water〉 退单，改派 〈dp-housing〉（主办）；延误 90 分钟计入派单环节',
      '〈st-hepan〉 accepted the return of 〈dp-water〉, dispatched to 〈dp-housing〉 (LEAD); 90 minutes lost, booked to the dispatch',
    ],
    [
      'the return of an assisting department',
      told('ReturnAccepted', { decidingUnitId: street, departmentId: water, newTask: null, lostTime: [] }),
      '〈st-hepan〉 同意 〈dp-water〉 退单，不再改派',
      '〈st-hepan〉 accepted the return of 〈dp-water〉, nobody takes its place',
    ],
    [
      'a return rejected',
      told('ReturnRejected', { decidingUnitId: street, departmentId: water, lostTime: [byWater] }),
      '〈st-hepan〉 驳回 〈dp-water〉 的退单申请；延误 90 分钟计入〈dp-water〉',
      '〈st-hepan〉 rejected the return of 〈dp-water〉; 90 minutes lost, booked to 〈dp-water〉',
    ],
    [
      'a loss in two parts, told as one',
      told('ReturnRejected', { decidingUnitId: street, departmentId: water, lostTime: [byWater, byWater] }),
      '〈st-hepan〉 驳回 〈dp-water〉 的退单申请；延误 180 分钟计入〈dp-water〉',
      '〈st-hepan〉 rejected the return of 〈dp-water〉; 180 minutes lost, booked to 〈dp-water〉',
    ],
    [
      'an arbitration',
      told('ArbitrationOpened', { cause: 'RETURNS', parties: [water, housing] }),
      '启动裁定（退单达到次数上限），涉及 〈dp-water〉、〈dp-housing〉',
      'Arbitration opened (RETURNS), in question: 〈dp-water〉, 〈dp-housing〉',
    ],
    [
      'the decision of an arbitration',
      told('ResponsibilityDecided', {
        ...{ arbitratingUnitId: 'di-qinghe', responsibleUnitId: housing, rule: 'FALLBACK_RESPONSIBILITY' },
        lostTime: [byDispatch, byWater],
      }),
      '〈di-qinghe〉 裁定：由 〈dp-housing〉 承办（依据：兜底责任），不得再退；延误 90 分钟计入派单环节；延误 90 分钟计入〈dp-water〉',
      '〈di-qinghe〉 decided: 〈dp-housing〉 is responsible (FALLBACK_RESPONSIBILITY), finally; 90 minutes lost, booked to the dispatch; 90 minutes lost, booked to 〈dp-water〉',
    ],
    [
      'one more department',
      told('DepartmentAdded', { task: { ...task, role: 'ASSIST' } }),
      '增派 〈dp-housing〉（协办）',
      '〈dp-housing〉 added (ASSIST)',
    ],
    [
      'another lead',
      told('LeadChanged', {
        ...{ fromDepartmentId: water, toDepartmentId: housing, formerLead: 'ASSIST', lostTime: [] },
      }),
      '主办由 〈dp-water〉 变更为 〈dp-housing〉，原主办转为协办',
      'Lead changed from 〈dp-water〉 to 〈dp-housing〉, the former lead assists',
    ],
    [
      'another lead, the former one released',
      told('LeadChanged', {
        ...{ fromDepartmentId: water, toDepartmentId: housing, formerLead: 'RELEASED', lostTime: [] },
      }),
      '主办由 〈dp-water〉 变更为 〈dp-housing〉，原主办解除任务',
      'Lead changed from 〈dp-water〉 to 〈dp-housing〉, the former lead is released',
    ],
    [
      'a release asked for',
      told('ReleaseRequested', { leadDepartmentId: water, departmentId: housing }),
      '主办 〈dp-water〉 反映协办 〈dp-housing〉 拖延办理，申请解除其任务',
      'Lead 〈dp-water〉 asked for the release of 〈dp-housing〉, which holds the matter up',
    ],
    [
      'a release',
      told('TaskReleased', { departmentId: housing, reasonCode: 'HOLDS_UP', counted: true }),
      '解除 〈dp-housing〉 的任务（拖延办理），计入考核',
      '〈dp-housing〉 released (HOLDS_UP), counted against it',
    ],
    [
      'a release that counts against nobody',
      told('TaskReleased', { departmentId: housing, reasonCode: 'SUMMONED_IN_ERROR', counted: false }),
      '解除 〈dp-housing〉 的任务（误派），不计入考核',
      '〈dp-housing〉 released (SUMMONED_IN_ERROR), not counted against it',
    ],
    [
      'a transfer',
      told('TaskTransferred', { fromDepartmentId: water, toDepartmentId: ecology }),
      '机构调整，〈dp-water〉 的任务转由 〈dp-ecology〉 承接',
      'Task of 〈dp-water〉 transferred to its successor 〈dp-ecology〉',
    ],
    [
      'a decision on a return that is overdue',
      told('IncidentOverdue', { timer: 'RETURN_DECISION', dueAt }),
      '事件退单审核超期（时限 2026-03-02 10:00:00）',
      'The incident missed its RETURN_DECISION deadline (due 2026-03-02 10:00:00)',
    ],
    [
      'a contact that is overdue',
      told('TaskOverdue', { departmentId: water, timer: 'CONTACT', dueAt }),
      '〈dp-water〉 先行联系超期（时限 2026-03-02 10:00:00）',
      '〈dp-water〉 missed its CONTACT deadline (due 2026-03-02 10:00:00)',
    ],
    [
      'a deadline that is near',
      told('DeadlineWarned', { departmentId: water, timer: 'CONTACT', dueAt }),
      '〈dp-water〉 先行联系即将到期（时限 2026-03-02 10:00:00）',
      'The CONTACT deadline of 〈dp-water〉 is near (due 2026-03-02 10:00:00)',
    ],
    [
      'a deadline that is near and no department’s',
      told('DeadlineWarned', { departmentId: null, timer: 'RATIFICATION', dueAt }),
      '吹哨补批即将到期（时限 2026-03-02 10:00:00）',
      'The RATIFICATION deadline is near (due 2026-03-02 10:00:00)',
    ],
    [
      'deadlines under another policy',
      told('DeadlinesRescheduled', {
        ...{ cause: 'POLICY_MOVED', reason: '新标准' },
        moves: [
          { dueAt, formerDueAt: dueAt },
          { dueAt, formerDueAt: '2026-03-03T02:00:00.000Z' },
        ] as never,
      }),
      '时限改按新版标准计算（2 项，其中 1 项时限有变）',
      'Deadlines go on under another policy (2, of which 1 are due at another time)',
    ],
    [
      'deadlines of a year that is published',
      told('DeadlinesRescheduled', { cause: 'CALENDAR_PUBLISHED', reason: null, moves: [] }),
      '新一年工作日历公布，暂定时限已确定（0 项，其中 0 项时限有变）',
      'The calendar of the year was published; provisional deadlines are fixed (0, of which 0 are due at another time)',
    ],
    [
      'a ratification that is overdue',
      told('IncidentOverdue', { timer: 'RATIFICATION', dueAt }),
      '事件吹哨补批超期（时限 2026-03-02 10:00:00）',
      'The incident missed its RATIFICATION deadline (due 2026-03-02 10:00:00)',
    ],
    [
      "a person's order",
      told('SupervisionIssued', {
        ...{
          level: 'RED',
          step: null,
          dueAt: null,
          deadlineId: null,
          issuedBy: 'PERSON',
          departmentId: water,
        },
      }),
      '发出红色督办（人工发出）：〈dp-water〉',
      'RED supervision order (by a person) issued to 〈dp-water〉',
    ],
    [
      "a ladder's order on the incident as a whole",
      told('SupervisionIssued', { level: 'ORANGE', step: 2, dueAt, departmentId: null }),
      '发出橙色督办（第 2 级，时限 2026-03-02 10:00:00）',
      'ORANGE supervision order (step 2, due 2026-03-02 10:00:00) issued',
    ],
    [
      'the answer to an order',
      told('SupervisionResponded', { respondingUnitId: water, ...late }),
      '〈dp-water〉 回复督办，超期（时限 2026-03-02 10:00:00）',
      '〈dp-water〉 answered the supervision order, late (due 2026-03-02 10:00:00)',
    ],
    [
      'an order lifted',
      told('SupervisionLifted', { departmentId: null, reason: 'BY_PERSON' }),
      '解除督办（人工解除）',
      'Supervision order lifted (BY_PERSON)',
    ],
    [
      'a suspension',
      told('IncidentSuspended', {
        ...{ approvingUnitId: 'di-qinghe', reasonCode: 'OWNERLESS', reviewAt: dueAt, usedPercent: 85 },
      }),
      '〈di-qinghe〉 批准挂账（无主事项，时限已用 85%），2026-03-02 10:00:00 前复核',
      '〈di-qinghe〉 suspended it (OWNERLESS, 85 % of the time used), to be reviewed by 2026-03-02 10:00:00',
    ],
    [
      'a suspension that goes on',
      told('SuspensionRenewed', { approvingUnitId: 'di-qinghe', reviewAt: dueAt }),
      '〈di-qinghe〉 复核后继续挂账，2026-03-02 10:00:00 前再行复核',
      '〈di-qinghe〉 keeps it suspended, to be reviewed by 2026-03-02 10:00:00',
    ],
    [
      'the end of a suspension',
      told('IncidentResumed', { unitId: 'di-qinghe', moves: [move, move] }),
      '〈di-qinghe〉 解除挂账，恢复办理，2 项时限顺延',
      '〈di-qinghe〉 resumed it, deadlines moved: 2',
    ],
    [
      'a merge',
      told('IncidentMerged', { unitId: street, into: 'inc-2' }),
      '〈st-hepan〉 并案：本事件并入事件 inc-2',
      '〈st-hepan〉 merged it into incident inc-2',
    ],
    [
      'the undoing of a merge',
      told('IncidentUnmerged', { unitId: street, from: 'inc-2', moves: [] }),
      '〈st-hepan〉 撤销并案：本事件与事件 inc-2 分开办理',
      '〈st-hepan〉 took it apart from incident inc-2',
    ],
    [
      'a duplicate',
      told('DuplicateJoined', { unitId: street, incidentId: 'inc-1' }),
      '〈st-hepan〉 并案：事件 inc-1 并入本事件',
      '〈st-hepan〉 joined incident inc-1 to it',
    ],
    [
      'a duplicate that is none',
      told('DuplicateLeft', { unitId: street, incidentId: 'inc-1' }),
      '〈st-hepan〉 撤销并案：事件 inc-1 不再并入本事件',
      '〈st-hepan〉 parted incident inc-1 from it',
    ],
    [
      'a withdrawal',
      told('IncidentWithdrawn', { goesOn: false, taskIds: ['task-1'] }),
      '上报人撤回，终止办理，解除任务 1 项',
      'Withdrawn by the reporter, ended, tasks released: 1',
    ],
    [
      'the withdrawal of a hazard',
      told('IncidentWithdrawn', { goesOn: true, taskIds: [] }),
      '上报人撤回，事件继续办理',
      'Withdrawn by the reporter, goes on without them',
    ],
    [
      'an incident created in error',
      told('IncidentVoided', { unitId: street }),
      '〈st-hepan〉 作废本事件',
      '〈st-hepan〉 voided it',
    ],
    [
      'a callback',
      told('FeedbackRecorded', { source: 'CALLBACK', solved: 'PARTLY', satisfaction: 'NOT_RATED' }),
      '回访：部分解决，未评价',
      'Callback: PARTLY, NOT_RATED',
    ],
    [
      'feedback corrected',
      told('FeedbackCorrected', {
        source: 'REPORTER',
        solved: 'SOLVED',
        satisfaction: 'BASICALLY_SATISFIED',
      }),
      '更正群众评价：已解决，基本满意',
      "Reporter's feedback corrected: SOLVED, BASICALLY_SATISFIED",
    ],
    [
      'the end',
      told('IncidentClosed', { resolutionLevel: 'COMMUNITY' }),
      '结案，解决层级：社区',
      'Closed, resolved at level COMMUNITY',
    ],
    [
      'another beginning, by the reporter',
      told('IncidentReopened', { by: 'REPORTER', unitId: null, cycle: 2 }),
      '上报人 重新打开，进入第 2 轮办理',
      'The reporter reopened it, cycle 2 begins',
    ],
    [
      'another beginning, by an office',
      told('IncidentReopened', { by: 'OFFICE', unitId: street, cycle: 3 }),
      '〈st-hepan〉 重新打开，进入第 3 轮办理',
      '〈st-hepan〉 reopened it, cycle 3 begins',
    ],
    [
      'an appeal',
      told('AppealFiled', { unitId: water, item: 'OVERDUE' }),
      '〈dp-water〉 提出申诉（超期记录）',
      '〈dp-water〉 filed an appeal (OVERDUE)',
    ],
    [
      'an appeal upheld',
      told('ScoreExcluded', { decidingUnitId: 'sc-qinghe', unitId: water, item: 'FEEDBACK' }),
      '〈sc-qinghe〉 支持 〈dp-water〉 的申诉，群众评价予以剔除',
      '〈sc-qinghe〉 upheld the appeal of 〈dp-water〉, excluded from its score (FEEDBACK)',
    ],
    [
      'an appeal refused',
      told('AppealRefused', { decidingUnitId: 'sc-qinghe', unitId: water }),
      '〈sc-qinghe〉 驳回 〈dp-water〉 的申诉',
      '〈sc-qinghe〉 refused the appeal of 〈dp-water〉',
    ],
    [
      'a reporter contacted by who handles it without a whistle',
      told('ReporterContactedBySelfHandler', {
        handlingUnitId: 'co-liuyin',
        reached: true,
        late: true,
        dueAt,
      }),
      '〈co-liuyin〉 先行联系上报人，超期（时限 2026-03-02 10:00:00）',
      '〈co-liuyin〉 contacted the reporter, late (due 2026-03-02 10:00:00)',
    ],
    [
      'a reporter who did not answer who handles it without a whistle',
      told('ReporterContactedBySelfHandler', { handlingUnitId: 'co-liuyin', reached: false, late: false }),
      '〈co-liuyin〉 联系上报人未果',
      '〈co-liuyin〉 tried to contact the reporter, in vain',
    ],
    [
      'a flag on the reporter proposed',
      told('ReporterFlagProposed', { proposingUnitId: street, reason: '王小明' }),
      '〈st-hepan〉 提议标记上报人（疑似重复或不实上报），待其他单位审批，事件照常办理',
      '〈st-hepan〉 proposed to flag the reporter, for another office to decide; the incident goes on all the same',
    ],
    [
      'a flag on the reporter approved',
      told('ReporterFlagApproved', { approvingUnitId: 'sc-qinghe', reason: '王小明' }),
      '〈sc-qinghe〉 批准标记上报人，事件照常办理',
      '〈sc-qinghe〉 approved the flag on the reporter; the incident goes on all the same',
    ],
    [
      'a flag on the reporter refused',
      told('ReporterFlagRefused', { refusingUnitId: 'sc-qinghe', reason: '王小明' }),
      '〈sc-qinghe〉 不同意标记上报人',
      '〈sc-qinghe〉 refused the flag on the reporter',
    ],
    [
      'a reporter flagged',
      told('ReporterFlagged', { unitId: street }),
      '〈st-hepan〉 标记上报人疑似重复或不实上报，事件照常办理',
      '〈st-hepan〉 flagged the reporter; the incident goes on all the same',
    ],
    [
      'personal data sealed',
      told('PersonalDataSealed', { about: 'REPORT', fields: ['NOTE', 'LOCATION'] }),
      '上报中的个人信息已加密（NOTE、LOCATION）',
      'Personal data of the report is sealed (NOTE, LOCATION)',
    ],
    [
      'a reporter revealed to a department',
      told('ReporterIdentityRevealed', {
        ...{ unitId: water, taskId: 'task-1', purpose: 'VISIT_SITE', reason: '王小明家', fields: ['PHONE'] },
      }),
      '向 〈dp-water〉 披露上报人信息（PHONE），用途：上门查看，因其在办任务',
      'The reporter was revealed to 〈dp-water〉 (PHONE), purpose VISIT_SITE, for its open task',
    ],
    [
      'a reporter forgotten',
      told('ReporterForgotten', { subjectIds: ['subject-1'] }),
      '上报人信息已永久清除，事件照常保留',
      'The reporter is forgotten for ever; the case stays whole',
    ],
  ])('%s', (_what, line, zh, en) => {
    expect(line).toEqual({ zh, en });
  });
});
