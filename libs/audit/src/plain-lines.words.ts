import type {
  AppealItem,
  ArbitrationRule,
  DurationUnit,
  IncidentEventOf,
  IncidentEventType,
  IncidentTimer,
  LostTime,
  Party,
  RejectionReason,
  ReleaseReason,
  ResponsibilityLevel,
  ReturnReason,
  Satisfaction,
  Solved,
  Summons,
  SupervisionLevel,
  SuspensionReason,
  TaskRole,
  WhistleKind,
  WhistleOrigin,
} from '@shaoying/incident-domain';

// The words the lines are made of. English lines name codes as they stand in the API; Chinese ones say what an office says.

/** A sentence for people who do not read JSON. */
export interface PlainLine {
  readonly zh: string;
  readonly en: string;
}

/** Name of an org unit, or its id where it has none. */
export type NameOf = (orgUnitId: string | null) => string;

/** How each event is told. No line repeats a free text: whoever wrote it may have named somebody. */
export type Lines = {
  readonly [Type in IncidentEventType]: (event: IncidentEventOf<Type>, name: NameOf) => PlainLine;
};

const shanghai = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** The instant as a clock in Shanghai shows it. */
export const local = (instant: string | null): string =>
  instant === null ? '—' : shanghai.format(new Date(instant));

interface Answer {
  readonly late: boolean;
  readonly dueAt: string | null;
}

export const lateZh = ({ late, dueAt }: Answer): string => (late ? `，超期（时限 ${local(dueAt)}）` : '');
export const lateEn = ({ late, dueAt }: Answer): string => (late ? `, late (due ${local(dueAt)})` : '');

/** `text` where it applies, else nothing. */
export const when = (applies: boolean, text: string): string => (applies ? text : '');

export const levelsZh: Record<ResponsibilityLevel, string> = {
  ESTATE: '小区',
  COMMUNITY: '社区',
  SUBDISTRICT: '街道',
  DISTRICT: '区',
  CITY: '市',
};

export const kindsZh: Record<WhistleKind, string> = {
  PUBLIC_DEMAND: '群众诉求哨',
  KEY_WORK: '重点工作哨',
  JOINT_ENFORCEMENT: '综合执法哨',
  EMERGENCY: '应急处置哨',
};

export const originsZh: Record<WhistleOrigin, string> = {
  REPORT: '群众上报',
  PATROL: '巡查发现',
  HOTLINE: '热线转办',
  LEADER: '领导交办',
  DEPARTMENT: '部门提请',
};

export const rolesZh: Record<TaskRole, string> = { LEAD: '主办', ASSIST: '协办' };

export const partiesZh: Record<Party, string> = {
  GRID: '网格',
  RESIDENTS_COMMITTEE: '居委会',
  OWNERS_COMMITTEE: '业委会',
  PROPERTY_COMPANY: '物业',
  LANE_CHIEF: '街巷长',
  VOLUNTEERS: '志愿者',
};

export const timersZh: Record<IncidentTimer, string> = {
  VERIFY: '核实',
  DISPATCH: '派单',
  INCIDENT_TOTAL: '办结',
  CHECK: '核查',
  CALLBACK: '回访',
  FEEDBACK_WINDOW: '评价',
  SUSPENSION_REVIEW: '挂账复核',
  ACKNOWLEDGE: '签收',
  CONTACT: '先行联系',
  CHECK_IN: '报到',
  HANDLING: '处置',
  REWORK: '返工',
  RETURN_WINDOW: '退单申请',
  RETURN_DECISION: '退单审核',
  EXTENSION_DECISION: '延期审批',
  ARBITRATION: '裁定',
  RATIFICATION: '吹哨补批',
  SUPERVISION_RESPONSE: '督办回复',
};

export const coloursZh: Record<SupervisionLevel, string> = { BLUE: '蓝色', ORANGE: '橙色', RED: '红色' };

export const liftedZh: Record<IncidentEventOf<'SupervisionLifted'>['data']['reason'], string> = {
  CHECKED_IN: '已报到',
  ACKNOWLEDGED: '已签收',
  COMPLETED: '已处置完毕',
  MET: '已履行',
  BY_PERSON: '人工解除',
  ENDED: '任务已终止',
};

export const rejectionsZh: Record<RejectionReason, string> = {
  NOT_FOUND_ON_SITE: '现场未发现',
  NOT_OUR_REMIT: '不属受理范围',
  IN_OTHER_PROCEEDINGS: '已进入其他法定程序',
  TOO_VAGUE: '诉求不明确',
  REPEATED_AFTER_ANSWER: '重复诉求且已答复',
};

export const returnsZh: Record<ReturnReason, string> = {
  NOT_OUR_FUNCTION: '职能不符',
  NOT_OUR_AREA: '属地不符',
  OWNERSHIP_UNCLEAR: '权属不清',
};

export const arbitrationCausesZh: Record<IncidentEventOf<'ArbitrationOpened'>['data']['cause'], string> = {
  RETURNS: '退单达到次数上限',
  REFUSALS: '退单屡被驳回',
  REQUESTED: '派单单位提请',
};

export const rulesZh: Record<ArbitrationRule, string> = {
  STATUTORY_FUNCTION: '法定职责',
  TERRITORIAL_RESPONSIBILITY: '属地管理',
  FIRST_RECEIVER: '首接负责制',
  FALLBACK_RESPONSIBILITY: '兜底责任',
  DISPATCH_CATALOGUE: '派单目录',
};

export const releasesZh: Record<ReleaseReason, string> = {
  NOT_NEEDED: '已无需协办',
  HOLDS_UP: '拖延办理',
  SUMMONED_IN_ERROR: '误派',
};

export const suspensionsZh: Record<SuspensionReason, string> = {
  OWNERLESS: '无主事项',
  IN_COURT: '诉讼未决',
  NEEDS_FUNDS: '资金未落实',
  NEEDS_LEGISLATION: '缺乏法规依据',
  WEATHER: '天气原因',
  UNDER_CONSTRUCTION: '正在施工建设',
};

export const appealItemsZh: Record<AppealItem, string> = {
  FEEDBACK: '群众评价',
  EVALUATION: '评哨得分',
  OVERDUE: '超期记录',
  RETURN: '退单记录',
  RELEASE: '解除任务记录',
};

const unitsZh: Record<DurationUnit, string> = {
  WORKING_HOUR: '个工作时',
  WORKING_DAY: '个工作日',
  CALENDAR_DAY: '个自然日',
  CLOCK_HOUR: '个紧急工作时',
};

const solvedZh: Record<Solved, string> = { SOLVED: '已解决', PARTLY: '部分解决', UNSOLVED: '未解决' };

const satisfactionZh: Record<Satisfaction, string> = {
  SATISFIED: '满意',
  BASICALLY_SATISFIED: '基本满意',
  DISSATISFIED: '不满意',
  NOT_RATED: '未评价',
};

interface Rating {
  readonly solved: Solved;
  readonly satisfaction: Satisfaction;
}

export const ratingZh = ({ solved, satisfaction }: Rating): string =>
  `${solvedZh[solved]}，${satisfactionZh[satisfaction]}`;

export const durationZh = (amount: number, unit: DurationUnit): string => `${amount} ${unitsZh[unit]}`;

/** Who leads and who assists. */
export function summonsLine(summons: readonly Summons[], name: NameOf): PlainLine {
  const lead = name(summons.find(({ role }) => role === 'LEAD')?.departmentId ?? null);
  const assists = summons.filter(({ role }) => role === 'ASSIST').map((task) => name(task.departmentId));
  return {
    zh: `主办 ${lead}${when(assists.length > 0, `，协办 ${assists.join('、')}`)}`,
    en: `lead ${lead}${when(assists.length > 0, `, assisting ${assists.join(', ')}`)}`,
  };
}

/** The end of a line that says who bears the time that was lost; empty where none was. */
export function lostTimeLine(lost: readonly LostTime[], name: NameOf): PlainLine {
  // Time that nobody answers for may lie in the middle: the parts are told as one.
  const sums = new Map<string, { readonly zh: string; readonly en: string; readonly ms: number }>();
  for (const { account, unitId, from, to } of lost) {
    const key = `${account} ${unitId ?? ''}`;
    const who =
      account === 'DISPATCH'
        ? { zh: '派单环节', en: 'the dispatch' }
        : { zh: name(unitId), en: name(unitId) };
    sums.set(key, { ...who, ms: (sums.get(key)?.ms ?? 0) + Date.parse(to) - Date.parse(from) });
  }
  const spans = [...sums.values()].map(({ ms, ...who }) => ({ ...who, minutes: Math.round(ms / 60_000) }));
  return {
    zh: spans.map(({ minutes, zh }) => `；延误 ${minutes} 分钟计入${zh}`).join(''),
    en: spans.map(({ minutes, en }) => `; ${minutes} minutes lost, booked to ${en}`).join(''),
  };
}

/** The end of a line that says how many deadlines run on to another instant. */
export const movesLine = ({ length }: readonly unknown[]): PlainLine => ({
  zh: when(length > 0, `，${length} 项时限顺延`),
  en: when(length > 0, `, deadlines moved: ${length}`),
});

/** The end of a line that says how many tasks end with it. */
export const releasedLine = ({ length }: readonly unknown[]): PlainLine => ({
  zh: when(length > 0, `，解除任务 ${length} 项`),
  en: when(length > 0, `, tasks released: ${length}`),
});
