import { everyDimension, notInBase, standardTerms, type MetricDefinition } from './metric-definition.js';
import { responseRate } from './on-time.metrics.js';

const feedback = {
  ...{ measure: 'RATE', reading: 'HIGHER', cohort: 'callbacks', windowColumn: 'told_at', version: 2 },
  cohortVersion: 2,
  ...{ events: ['asked_event', 'rated_event', 'corrected_event'], dimensions: everyDimension },
  ...{ department: 'head_id', terms: standardTerms },
} as const satisfies Partial<MetricDefinition>;

const notAsked = [
  ...notInBase,
  ['anonymous', 'ANONYMOUS'],
  ['left_out', 'EXCLUDED_ON_APPEAL'],
  ['not answered and told_at >= as_of', 'NOT_DUE_YET'],
  ['not answered', 'NO_ANSWER'],
] as const satisfies MetricDefinition['exclusions'];

const words = {
  zh:
    '统计期内收到回访评价（每轮次以最后一次为准，更正后按更正）的轮次数；评价期满无人回答的按期满计入覆盖率；' +
    '不计：匿名报告，并案、撤回、作废，经申诉剔除的评价；归属评价时的主办部门',
  en:
    'of cycles whose feedback (the last of the cycle, as corrected) was given in [from, to); not: anonymous reports, ' +
    'incidents merged, withdrawn or voided, feedback excluded on appeal; of the lead department when it was given. ' +
    'Coverage: answered / (answered and not answered until the end of the feedback window)',
};

const ofAnswers = {
  window: {
    zh: '按回访评价时间；无人回答的按评价期满时间',
    en: 'by the time the feedback was given; of what nobody answered, by the end of the feedback window',
  },
  dimensions: {
    zh: '地点与主办部门以评价（无人回答的以核查通过）时为准（反向吹哨不改变主办部门），类别为上报时',
    en:
      'place and lead department as they were when the feedback was given (of what nobody answered, when the check was ' +
      'passed; a whistle in reverse makes nobody else the lead), category as reported',
  },
} as const satisfies Partial<MetricDefinition['meaning']>;

/**
 * Of what a city may weigh, those of which the version in force is not the first. Named, so that a composite that was published stays
 * made of what it was made of: whoever raises the version of a rate raises that of the composite too.
 */
const inForce = {
  ...{ 'acknowledge-on-time': 6, 'check-in-on-time': 6, 'handling-on-time': 6, 'response-rate': 5 },
  ...{ 'closing-on-time': 3, 'closing-rate': 3, 'whistle-rate': 2, 'suspension-rate': 2 },
  ...{ 'late-suspension-rate': 3, 'resolution-rate': 2, 'satisfaction-rate': 2, 'reopen-rate': 2 },
  ...{ 'time-to-resolution': 2, 'time-to-first-completion': 2, 'time-before-escalation': 2 },
  'repeat-whistle-rate': 2,
};

export const threeRatesMetrics: readonly MetricDefinition[] = [
  responseRate,
  {
    ...{ ...feedback, name: 'resolution-rate', title: { zh: '解决率', en: 'Resolution rate' } },
    formula: {
      zh: `（已解决 + 部分解决权重 × 部分解决）÷ 回答了是否解决的轮次数：${words.zh}`,
      en: `(SOLVED + weightPartlySolved × PARTLY) / callbacks answered on "solved?", ${words.en}`,
    },
    meaning: {
      numerator: {
        zh: '其中已解决的轮次数 + 部分解决权重 × 部分解决的轮次数',
        en: 'those of them SOLVED + weightPartlySolved × those PARTLY solved',
      },
      denominator: {
        zh: '统计期内回答了是否解决的轮次数（每轮次以最后一次为准）',
        en: 'cycles answered on "solved?" in [from, to), the last answer of each',
      },
      ...ofAnswers,
    },
    ...{ exclusions: notAsked, numerator: `solved = 'SOLVED'`, unanswered: ['NO_ANSWER'] },
    partial: { condition: `solved = 'PARTLY'`, weight: 'weightPartlySolved' },
  },
  {
    ...{ ...feedback, name: 'satisfaction-rate', title: { zh: '满意率', en: 'Satisfaction rate' } },
    formula: {
      zh: `（满意 + 基本满意权重 × 基本满意）÷ 已评价满意度的轮次数：${words.zh}`,
      en: `(SATISFIED + weightBasicallySatisfied × BASICALLY_SATISFIED) / rated, ${words.en}`,
    },
    meaning: {
      numerator: {
        zh: '其中满意的轮次数 + 基本满意权重 × 基本满意的轮次数',
        en: 'those of them SATISFIED + weightBasicallySatisfied × those BASICALLY_SATISFIED',
      },
      denominator: {
        zh: '统计期内评价了满意度的轮次数（每轮次以最后一次为准）',
        en: 'cycles rated in [from, to), the last rating of each',
      },
      ...ofAnswers,
    },
    exclusions: [...notAsked, [`rating = 'NOT_RATED'`, 'NOT_RATED']],
    ...{ numerator: `rating = 'SATISFIED'`, unanswered: ['NO_ANSWER', 'NOT_RATED'] },
    partial: { condition: `rating = 'BASICALLY_SATISFIED'`, weight: 'weightBasicallySatisfied' },
  },
  {
    ...{
      ...feedback,
      name: 'three-rates',
      version: 8,
      measure: 'COMPOSITE',
      title: { zh: '三率综合', en: 'Three rates' },
    },
    formula: {
      zh: 'Σ 权重 × 率（响应率、解决率、满意率），权重随已公布的指标定义；任一率分母为零则无值；分子分母为各率件数之和',
      en:
        'Σ weight × rate of response, resolution and satisfaction, weights as published; no value where a denominator is 0; ' +
        'numerator and denominator are the sums of those of its rates',
    },
    meaning: {
      numerator: { zh: '各率分子之和', en: 'the sum of the numerators of its rates' },
      denominator: { zh: '各率分母之和', en: 'the sum of the denominators of its rates' },
      window: { zh: '各率按其自己的口径', en: 'each of its rates by its own' },
      dimensions: { zh: '各率按其自己的口径', en: 'each of its rates by its own' },
    },
    ...{ exclusions: [], numerator: 'false', rates: inForce },
    terms: {
      ...standardTerms,
      weights: [
        { metricId: 'response-rate', weight: 0.1 },
        { metricId: 'resolution-rate', weight: 0.5 },
        { metricId: 'satisfaction-rate', weight: 0.4 },
      ],
    },
  },
];
