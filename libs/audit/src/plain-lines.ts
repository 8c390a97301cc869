import type { IncidentEvent, IncidentEventOf, IncidentEventType } from '@shaoying/incident-domain';

/** A sentence for people who do not read JSON. */
export interface PlainLine {
  readonly zh: string;
  readonly en: string;
}

/** Name of an org unit, or its id where it has none. */
export type NameOf = (orgUnitId: string | null) => string;

type Lines = {
  readonly [Type in IncidentEventType]: (event: IncidentEventOf<Type>, name: NameOf) => PlainLine;
};

const shanghai = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'medium',
});
const local = (instant: string | null): string =>
  instant === null ? '—' : shanghai.format(new Date(instant));

const lateZh = (late: boolean, dueAt: string | null): string =>
  late ? `，超期（时限 ${local(dueAt)}）` : '';
const lateEn = (late: boolean, dueAt: string | null): string => (late ? `, late (due ${local(dueAt)})` : '');

const levelsZh: Record<string, string> = {
  ESTATE: '小区',
  COMMUNITY: '社区',
  SUBDISTRICT: '街道',
  DISTRICT: '区',
  CITY: '市',
};
const kindsZh: Record<string, string> = {
  PUBLIC_DEMAND: '群众诉求哨',
  KEY_WORK: '重点工作哨',
  JOINT_ENFORCEMENT: '综合执法哨',
  EMERGENCY: '应急处置哨',
};
const timersZh: Record<string, string> = {
  ACKNOWLEDGE: '签收',
  CHECK_IN: '报到',
  HANDLING: '处置',
  INCIDENT_TOTAL: '办结',
};
const coloursZh: Record<string, string> = { BLUE: '蓝色', ORANGE: '橙色', RED: '红色' };

/** One line per event type, from one table; the compiler asks for a new type's line. */
const lines: Lines = {
  IncidentReported: ({ data }) => ({
    zh: `${data.imported ? '导入' : '上报'}事件（${data.category}，渠道 ${data.channel}）`,
    en: `Incident ${data.imported ? 'imported' : 'reported'} (${data.category}, by ${data.channel})`,
  }),
  IncidentFiled: ({ data }) => ({
    zh: `立案${data.pins ? `，适用时限政策 ${data.pins.policyId} 第 ${data.pins.policyVersion} 版` : ''}`,
    en: `Filed${data.pins ? ` under deadline policy ${data.pins.policyId} version ${data.pins.policyVersion}` : ''}`,
  }),
  SelfHandlingStarted: ({ data }, name) => ({
    zh: `${name(data.handlingUnitId)} 开始自处置（${levelsZh[data.level]}）`,
    en: `${name(data.handlingUnitId)} started handling it themselves (${data.level})`,
  }),
  WhistleBlown: ({ data }, name) => {
    const lead = data.tasks.find((task) => task.role === 'LEAD');
    const assists = data.tasks
      .filter((task) => task.role === 'ASSIST')
      .map((task) => name(task.departmentId));
    return {
      zh: `${name(data.whistlingUnitId)} 吹哨（${kindsZh[data.kind]}）：主办 ${name(lead?.departmentId ?? null)}${assists.length > 0 ? `，协办 ${assists.join('、')}` : ''}`,
      en: `${name(data.whistlingUnitId)} blew the whistle (${data.kind}): lead ${name(lead?.departmentId ?? null)}${assists.length > 0 ? `, assisting ${assists.join(', ')}` : ''}`,
    };
  },
  TaskAcknowledged: ({ data }, name) => ({
    zh: `${name(data.departmentId)} ${data.implied ? '以报到视为签收' : '签收'}${lateZh(data.late, data.dueAt)}`,
    en: `${name(data.departmentId)} acknowledged${data.implied ? ' by checking in' : ''}${lateEn(data.late, data.dueAt)}`,
  }),
  DepartmentCheckedIn: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 报到${lateZh(data.late, data.dueAt)}${data.disputed ? '；所称时间存疑' : ''}`,
    en: `${name(data.departmentId)} checked in${lateEn(data.late, data.dueAt)}${data.disputed ? '; claimed time disputed' : ''}`,
  }),
  TaskCompleted: ({ data }, name) => ({
    zh: `${name(data.departmentId)} 处置完毕${lateZh(data.late, data.dueAt)}`,
    en: `${name(data.departmentId)} completed its part${lateEn(data.late, data.dueAt)}`,
  }),
  HandlingCompleted: ({ data }) => ({
    zh: `处置完成（${levelsZh[data.level]}），待核查${lateZh(data.late, data.dueAt)}`,
    en: `Handling completed (${data.level}), to be checked${lateEn(data.late, data.dueAt)}`,
  }),
  TaskOverdue: ({ data }, name) => ({
    zh: `${name(data.departmentId)} ${timersZh[data.timer]}超期（时限 ${local(data.dueAt)}）`,
    en: `${name(data.departmentId)} missed its ${data.timer} deadline (due ${local(data.dueAt)})`,
  }),
  IncidentOverdue: ({ data }) => ({
    zh: `事件${timersZh[data.timer]}超期（时限 ${local(data.dueAt)}）`,
    en: `The incident missed its ${data.timer} deadline (due ${local(data.dueAt)})`,
  }),
  SupervisionIssued: ({ data }, name) => {
    // Orders of version 1 do not say when it was due; the breach before them does.
    const [dueZh, dueEn] =
      data.dueAt === null ? ['', ''] : [`，时限 ${local(data.dueAt)}`, `, due ${local(data.dueAt)}`];
    return {
      zh: `发出${coloursZh[data.level]}督办（第 ${data.step} 级${dueZh}）${data.departmentId === null ? '' : `：${name(data.departmentId)}`}`,
      en: `${data.level} supervision order (step ${data.step}${dueEn}) issued${data.departmentId === null ? '' : ` to ${name(data.departmentId)}`}`,
    };
  },
  SupervisionLifted: ({ data }, name) => ({
    zh: `解除督办${data.departmentId === null ? '' : `：${name(data.departmentId)}`}`,
    en: `Supervision order lifted${data.departmentId === null ? '' : ` for ${name(data.departmentId)}`} (${data.reason})`,
  }),
  CheckPassed: ({ data }, name) => ({
    zh: `${name(data.checkingUnitId)} 核查通过，待评价`,
    en: `${name(data.checkingUnitId)} checked it: passed, feedback awaited`,
  }),
  CheckFailed: ({ data }, name) => ({
    zh: `${name(data.checkingUnitId)} 核查不通过，第 ${data.rework} 次返工`,
    en: `${name(data.checkingUnitId)} checked it: failed, rework ${data.rework}`,
  }),
  FeedbackRecorded: ({ data }) => ({
    zh: `${data.source === 'CALLBACK' ? '回访' : '群众评价'}：${{ SOLVED: '已解决', PARTLY: '部分解决', UNSOLVED: '未解决' }[data.solved]}，${{ SATISFIED: '满意', BASICALLY_SATISFIED: '基本满意', DISSATISFIED: '不满意', NOT_RATED: '未评价' }[data.satisfaction]}`,
    en: `${data.source === 'CALLBACK' ? 'Callback' : "Reporter's feedback"}: ${data.solved}, ${data.satisfaction}`,
  }),
  IncidentClosed: ({ data }) => ({
    zh: `结案，解决层级：${levelsZh[data.resolutionLevel]}`,
    en: `Closed, resolved at level ${data.resolutionLevel}`,
  }),
};

/** What happened, in Chinese and English. Times in it are Asia/Shanghai. */
export function plainLineOf(event: IncidentEvent, name: NameOf): PlainLine {
  // The table is exhaustive by type; TypeScript cannot relate the key to its own function's parameter.
  const line = lines[event.type] as (event: IncidentEvent, name: NameOf) => PlainLine;
  return line(event, name);
}
