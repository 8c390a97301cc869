import type { BilingualText } from '../metrics/metric-definition.js';
import { standsStill, timedActs, type TimedAct } from './workload-holdings.js';

/** States of a task that its department has. */
export const OPEN_TASK_STATES = [
  ...(['NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN', 'WORKING'] as const),
  ...(['RETURN_REQUESTED', 'IN_ARBITRATION'] as const),
] as const;
export type OpenTaskState = (typeof OPEN_TASK_STATES)[number];

/** Every figure of a workload by its name in the answer; a state of `byState` by both names. */
export const WORKLOAD_FIGURES = [
  ...(['open', 'byState.NOTIFIED', 'byState.ACKNOWLEDGED', 'byState.CHECKED_IN', 'byState.WORKING'] as const),
  ...(['byState.RETURN_REQUESTED', 'byState.IN_ARBITRATION', 'overdue', 'dueWithin24h'] as const),
  ...(['inflow', 'outflow', 'returned', 'released', 'lostMs', 'workedMinutes', 'weighted'] as const),
  ...(['acknowledgeOnTimeRate', 'checkInOnTimeRate', 'handlingOnTimeRate'] as const),
  ...(['medianCheckInMinutes', 'p90CheckInMinutes', 'medianHandlingMinutes', 'p90HandlingMinutes'] as const),
] as const;
export type WorkloadFigureName = (typeof WORKLOAD_FIGURES)[number];

/** How a figure is made of what its tasks contribute: their number, sum, share of those met, median, or what nine of ten do not exceed. */
export type WorkloadMeasure = 'COUNT' | 'SUM' | 'RATE' | 'MEDIAN' | 'P90';

/** What a figure means. A change of meaning is a new version. */
export interface WorkloadDefinition {
  readonly name: WorkloadFigureName;
  readonly version: number;
  /** That it can be computed by, the newest first: that one is in force. */
  readonly versions: readonly number[];
  readonly title: string;
  readonly titles: BilingualText;
  readonly formula: string;
  readonly formulaZh: string;
  readonly measure: WorkloadMeasure;
  readonly unit: 'TASKS' | 'WEIGHTED_TASKS' | 'MILLISECONDS' | 'SHARE' | 'MINUTES';
}

/** Events that may decide what a task is to a figure. */
export type DecidingEvent =
  | (
      | 'NOTIFIED'
      | 'ACKNOWLEDGED'
      | 'CONTACTED'
      | 'CHECKED_IN'
      | 'WORKING'
      | 'COMPLETED'
      | 'ACCEPTED_COMPLETION'
    )
  | ('ENDED' | 'TERMS_CHANGED' | 'UNDECIDED' | 'EXTENSION_ASKED' | 'SET_ASIDE' | 'TAKEN_OVER' | 'HANDED_ON');

/** How a figure is read from the rows of `holdings`, each part in SQL of their columns. */
export interface FigureSql {
  /** What makes a row count. */
  readonly counts: string;
  /** What it contributes. */
  readonly amount: string;
  /** Decimals that the sum of the amounts has; without it they are whole, or not summed. */
  readonly decimals?: number;
  /** Rows that are told of at all: what counts, and what is left out for one of the reasons. */
  readonly candidates: string;
  /** First one that holds: why a row does not count. */
  readonly reasons: readonly (readonly [condition: string, reason: string])[];
  readonly dueAt?: string;
  readonly doneAt?: string;
  readonly events: readonly DecidingEvent[];
}

/** A figure in one version of its formula. */
export interface WorkloadFigure extends Omit<
  WorkloadDefinition,
  'name' | 'versions' | 'title' | 'formula' | 'formulaZh'
> {
  readonly formulas: BilingualText;
  /** Null for time lost and work, which are booked and no state of a task. */
  readonly sql: FigureSql | null;
}

/** A row of what the department has, or had since the window began. */
const inQuestion = `(held_until >= $4 or (has and (done is null or done >= $4) and (ended is null or ended_at >= $4)))`;

/** A reason that is said by a column. */
const saidBy = (column: string): string => `{${column}}`;
/** Why a task is not among the open ones. */
const notOpen: FigureSql['reasons'] = [
  ...([
    ['not has', 'HANDED_ON'],
    ['done is not null', 'DONE'],
  ] as const),
  ...([
    ['ended is not null', saidBy('ended')],
    ['set_aside is not null', saidBy('set_aside')],
  ] as const),
];

const standing: readonly DecidingEvent[] = [
  ...(['NOTIFIED', 'TAKEN_OVER', 'TERMS_CHANGED', 'SET_ASIDE', 'COMPLETED', 'ENDED', 'HANDED_ON'] as const),
];
const stateOf: readonly DecidingEvent[] = [
  ...standing,
  ...(['ACKNOWLEDGED', 'CHECKED_IN', 'WORKING', 'UNDECIDED'] as const),
];
const dueOf: readonly DecidingEvent[] = [...stateOf, 'CONTACTED', 'EXTENSION_ASKED'];

const ofOpen = {
  zh: '（挂账、并入他案的事件之任务，期间不算在办）',
  en: ' (tasks of incidents that are suspended, or merged into another, are not open meanwhile)',
};
const inWindow = { zh: '自 from 起至 asOf 止', en: 'from `from` to `asOf`' };

const count = (
  titles: BilingualText,
  formulas: BilingualText,
  sql: Omit<FigureSql, 'amount' | 'candidates'>,
): WorkloadFigure => ({
  ...{ version: 1, titles, formulas, measure: 'COUNT', unit: 'TASKS' },
  sql: { ...sql, amount: '1', candidates: inQuestion },
});

const stateTitles: Readonly<Record<OpenTaskState, BilingualText>> = {
  NOTIFIED: { zh: '待签收', en: 'Notified' },
  ACKNOWLEDGED: { zh: '已签收', en: 'Acknowledged' },
  CHECKED_IN: { zh: '已报到', en: 'Checked in' },
  WORKING: { zh: '处置中', en: 'Working' },
  RETURN_REQUESTED: { zh: '申请退回', en: 'Return requested' },
  IN_ARBITRATION: { zh: '裁定中', en: 'In arbitration' },
};
const inState = (state: OpenTaskState): WorkloadFigure =>
  count(
    stateTitles[state],
    {
      zh: `asOf 时在办且状态为${stateTitles[state].zh}（${state}）的任务数${ofOpen.zh}`,
      en: `open tasks whose state at \`asOf\` is ${state}${ofOpen.en}`,
    },
    {
      counts: `has and is_open and state = '${state}'`,
      reasons: [...notOpen, ['true', 'OTHER_STATE']],
      events: stateOf,
    },
  );

const dueReasons: FigureSql['reasons'] = [...notOpen, ['unmet_due is null', 'NO_DEADLINE_RUNS']];
const due = { dueAt: 'unmet_due', events: dueOf };

interface ActWords {
  readonly zh: string;
  readonly en: string;
  readonly metric: string;
  readonly own: readonly DecidingEvent[];
  /** What else counts as it, told in words. */
  readonly also: BilingualText;
  /** What leaves it undecided, told in words. */
  readonly waits: BilingualText;
}
const acts: Readonly<Record<TimedAct, ActWords>> = {
  acknowledge: {
    ...{ zh: '签收', en: 'acknowledged', metric: 'acknowledge-on-time', own: ['ACKNOWLEDGED', 'CHECKED_IN'] },
    also: {
      zh: '先报到的，以报到为签收。',
      en: ' Whoever checked in before acknowledging, has acknowledged by it.',
    },
    waits: { zh: '', en: '' },
  },
  check_in: {
    ...{ zh: '报到', en: 'checked in', metric: 'check-in-on-time', own: ['CHECKED_IN', 'UNDECIDED'] },
    also: { zh: '', en: '' },
    waits: { zh: '、退回或裁定未决', en: ', or while a return or an arbitration is undecided' },
  },
  handling: {
    ...{ zh: '处置', en: 'handled', metric: 'handling-on-time' },
    own: ['COMPLETED', 'ACCEPTED_COMPLETION', 'UNDECIDED', 'EXTENSION_ASKED'],
    also: { zh: '', en: '' },
    waits: {
      zh: '、退回、裁定或延期申请未决',
      en: ', or while a return, an arbitration or an extension is undecided',
    },
  },
};
const actEvents = (act: TimedAct): readonly DecidingEvent[] => [
  ...(['NOTIFIED', 'TAKEN_OVER', 'TERMS_CHANGED', 'ENDED', 'SET_ASIDE', 'HANDED_ON'] as const),
  ...acts[act].own,
];

const rate = (act: TimedAct): WorkloadFigure => {
  const { done, due: dueAt, undecided } = timedActs[act];
  const { zh, en, metric, also, waits } = acts[act];
  return {
    ...{ version: 2, measure: 'RATE', unit: 'SHARE' },
    titles: { zh: `按时${zh}率`, en: `Share ${en} on time` },
    formulas: {
      zh:
        `分子 met ÷ 分母 decided；分母：吹哨时刻（notifiedAt）在${inWindow.zh}之内、asOf 时${zh}已见分晓（已${zh}，或已过时限）` +
        `且当时归其所有的任务；分子：其中不晚于时限${zh}的。${also.zh}不计：已退回或免除而不计责的、无该时限的、未到期的、` +
        `到期前已挂账或并案且尚未恢复${waits.zh}的（到期后才挂账或并案的照计）。` +
        `与指标 ${metric} 不同：本数按吹哨时刻取窗口内的任务，该指标按${zh}时限取窗口内到期的任务`,
      en:
        `met / decided; decided: tasks notified ${inWindow.en} that by \`asOf\` are ${en}, or past the due time, and were its ` +
        `own when that was decided; met: those of them ${en} no later than due.${also.en} Left out: tasks given back, or released ` +
        `without counting; those without such a deadline; those not due yet; those that were not due when their incident was ` +
        `suspended or merged, as long as it is${waits.en}. ` +
        `Differs from the metric ${metric}: this takes the tasks notified in the window, the metric those due in the window`,
    },
    sql: {
      ...{
        counts: `${act}_is_decided`,
        amount: `(${act}_in_time is true)::int`,
        candidates: 'notified_at >= $4',
      },
      ...{ dueAt, doneAt: done, events: actEvents(act) },
      reasons: [
        ['ended is not null and not counted', saidBy('ended')],
        [`${dueAt} is null`, 'NO_DEADLINE'],
        [`${done} is null and ${dueAt} >= as_of`, 'NOT_DUE_YET'],
        [`${done} is null and ${undecided} and undecided`, 'UNDECIDED'],
        [`${done} is null and ${undecided}`, 'EXTENSION_ASKED'],
        [`${done} is null and ${standsStill(dueAt)}`, saidBy('set_aside')],
        ['true', 'ANOTHER_HAD_IT'],
      ],
    },
  };
};

const minutes = (act: 'check_in' | 'handling', measure: 'MEDIAN' | 'P90'): WorkloadFigure => {
  const { done } = timedActs[act];
  const zh = act === 'check_in' ? '报到' : '首次获认可的办结';
  const en = act === 'check_in' ? 'the check-in' : 'the first completion that stood';
  const [zhOf, enOf] = measure === 'MEDIAN' ? ['中位数', 'median'] : ['第 90 百分位数', '90th percentile'];
  return {
    ...{ version: 1, measure, unit: 'MINUTES' },
    titles: { zh: `吹哨至${zh}用时${zhOf}`, en: `Minutes to ${en}, ${enOf}` },
    formulas: {
      zh: `吹哨时刻在${inWindow.zh}之内、asOf 前已有${zh}且当时归其所有的任务，自吹哨至${zh}的分钟数之${zhOf}（相邻两值间线性内插）；无此任务为 null`,
      en:
        `${enOf} of the minutes from the whistle to ${en}, of tasks notified ${inWindow.en} where that had come by \`asOf\` ` +
        `while the task was its own; linear between the two nearest; null where there is none`,
    },
    sql: {
      ...{ counts: `${act}_minutes is not null`, amount: `${act}_minutes`, candidates: 'notified_at >= $4' },
      ...{ doneAt: done, events: actEvents(act) },
      reasons: [
        [`${done} is null`, 'NOT_DONE'],
        ['true', 'ANOTHER_HAD_IT'],
      ],
    },
  };
};

const ended = (as: 'RETURNED' | 'RELEASED', titles: BilingualText, formulas: BilingualText): WorkloadFigure =>
  count(titles, formulas, {
    counts: `has and ended = '${as}' and ended_at >= $4`,
    reasons: [...notOpen, ['true', 'OPEN']],
    events: ['NOTIFIED', 'ENDED', 'COMPLETED', 'SET_ASIDE', 'HANDED_ON'],
  });

/** What each figure means, and how it is read, by the formula in force; earlier ones are in `workload-formulas.ts`. */
export const workloadFigures: Readonly<Record<WorkloadFigureName, WorkloadFigure>> = {
  open: count(
    { zh: '在办', en: 'Open' },
    {
      zh: `asOf 时归其所有、未办结、未退回、未免除的任务数${ofOpen.zh}`,
      en: `tasks that are its own at \`asOf\` and neither done, given back nor released${ofOpen.en}`,
    },
    { counts: 'has and is_open', reasons: notOpen, events: standing },
  ),
  'byState.NOTIFIED': inState('NOTIFIED'),
  'byState.ACKNOWLEDGED': inState('ACKNOWLEDGED'),
  'byState.CHECKED_IN': inState('CHECKED_IN'),
  'byState.WORKING': inState('WORKING'),
  'byState.RETURN_REQUESTED': inState('RETURN_REQUESTED'),
  'byState.IN_ARBITRATION': inState('IN_ARBITRATION'),
  overdue: count(
    { zh: '超期', en: 'Overdue' },
    {
      zh: '在办任务中，尚未履行的最早时限（签收、联系、报到、处置、返工）早于 asOf 的任务数',
      en: 'open tasks whose soonest unmet deadline (acknowledge, contact, check-in, handling, rework) lies before `asOf`',
    },
    { ...due, counts: 'has and unmet_due < as_of', reasons: [...dueReasons, ['true', 'NOT_OVERDUE']] },
  ),
  dueWithin24h: count(
    { zh: '24 小时内到期', en: 'Due within 24 h' },
    {
      zh: '在办且未超期的任务中，尚未履行的最早时限在 asOf 之后 24 小时之内的任务数',
      en: 'open tasks, not overdue, whose soonest unmet deadline comes less than 24 hours after `asOf`',
    },
    {
      ...{ ...due, counts: "has and unmet_due >= as_of and unmet_due < as_of + interval '24 hours'" },
      reasons: [...dueReasons, ['unmet_due < as_of', 'OVERDUE'], ['true', 'DUE_LATER']],
    },
  ),
  inflow: count(
    { zh: '流入', en: 'Inflow' },
    {
      zh: `${inWindow.zh}，因吹哨或承接而归其所有的任务，每次归入计一次`,
      en: `tasks that became its own ${inWindow.en}, by a summons or as successor of another; once for each time`,
    },
    {
      ...{ counts: 'held_since >= $4', reasons: [['true', 'BEFORE_WINDOW']] },
      events: ['NOTIFIED', 'TAKEN_OVER'],
    },
  ),
  outflow: count(
    { zh: '流出', en: 'Outflow' },
    {
      zh: `${inWindow.zh}，由其办结或移交承接单位的任务数`,
      en: `tasks that it did, or that went to its successor, ${inWindow.en}`,
    },
    {
      counts: '(has and done >= $4) or held_until >= $4',
      reasons: [...notOpen.slice(2), ['true', 'OPEN']],
      events: ['NOTIFIED', 'COMPLETED', 'HANDED_ON', 'ENDED', 'SET_ASIDE'],
    },
  ),
  returned: ended(
    'RETURNED',
    { zh: '退回', en: 'Given back' },
    {
      zh: `${inWindow.zh}退回成立（含裁定由他单位承办）的任务数`,
      en: `tasks that went back from it ${inWindow.en}: a return that was accepted, or a decision for another`,
    },
  ),
  released: ended(
    'RELEASED',
    { zh: '免除', en: 'Released' },
    {
      zh: `${inWindow.zh}被免除（撤哨、撤回、作废、免除协办等）的任务数`,
      en: `tasks taken from it ${inWindow.en}: released, or of a whistle or incident that was taken back or voided`,
    },
  ),
  lostMs: {
    ...{ version: 1, measure: 'SUM', unit: 'MILLISECONDS', sql: null },
    titles: { zh: '记其名下的贻误时间', en: 'Time lost' },
    formulas: {
      zh: `${inWindow.zh}，各事件记在其名下的贻误时段（to − from，毫秒，自然时间）之和`,
      en: `sum of the spans (to - from, in milliseconds of the clock) that events booked to it as lost ${inWindow.en}`,
    },
  },
  workedMinutes: {
    ...{ version: 1, measure: 'SUM', unit: 'MINUTES', sql: null },
    titles: { zh: '登记工时', en: 'Work booked' },
    formulas: {
      zh:
        `${inWindow.zh}，本单位人员在各任务上登记的工时（人·分钟）之和，减去其间冲减的；按登记时刻计入，任务其后移交、退回、免除、挂账、并案与否均不影响；` +
        `窗口内冲减多于登记时为负`,
      en:
        `sum of the minutes of work that its people booked on tasks ${inWindow.en}, less those they took back; by the instant of ` +
        `the booking, whatever has become of the task since; below 0 where more was taken back in the window than booked`,
    },
  },
  weighted: {
    ...{ version: 2, measure: 'SUM', unit: 'WEIGHTED_TASKS' },
    titles: { zh: '加权在办', en: 'Weighted' },
    formulas: {
      zh:
        `asOf 时在办任务之和，主办（LEAD）计 1，协办（ASSIST）计 0.5，各乘以其事项的权重（事件立案所依派单目录版本所定，未定为 1）` +
        ofOpen.zh,
      en:
        `sum over the tasks open at \`asOf\`: LEAD counts 1, ASSIST 0.5, each times the weight of its category in the version of ` +
        `the dispatch catalogue that the incident was filed under (1 where that says none)${ofOpen.en}`,
    },
    sql: {
      ...{ counts: 'has and is_open', amount: "case role when 'LEAD' then 1 else 0.5 end * weight / 100" },
      ...{ decimals: 3, candidates: inQuestion, reasons: notOpen, events: standing },
    },
  },
  acknowledgeOnTimeRate: rate('acknowledge'),
  checkInOnTimeRate: rate('check_in'),
  handlingOnTimeRate: rate('handling'),
  medianCheckInMinutes: minutes('check_in', 'MEDIAN'),
  p90CheckInMinutes: minutes('check_in', 'P90'),
  medianHandlingMinutes: minutes('handling', 'MEDIAN'),
  p90HandlingMinutes: minutes('handling', 'P90'),
};

/** A reason in SQL: a literal of this library, or the column that says it. */
export const reasonSql = (reason: string): string =>
  reason.startsWith('{') ? reason.slice(1, -1) : `'${reason}'`;
