import type { MetricDefinition } from '../metric-definition.js';

/**
 * Definitions that were in force once, each written out as it was recorded: a number that was published by one of them is computed
 * by it for ever. They share nothing with those in force, and nothing in them is ever changed (see metric-definitions.unit.spec.ts).
 */
export const earlierDefinitions: readonly MetricDefinition[] = [
  {
    cohort: 'incidents',
    windowColumn: 'filed_at',
    version: 1,
    dimensions: ['estate', 'community', 'street', 'category'],
    department: null,
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    name: 'whistle-rate',
    title: {
      zh: '吹哨率',
      en: 'Whistle rate',
    },
    measure: 'RATE',
    reading: 'BAND',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
    ],
    formula: {
      zh: '吹过哨（未取消）的事件数 ÷ 统计期内立案的事件数；不计：并案、撤回、作废；有合理区间，并非越高越好',
      en: 'incidents with a whistle that was not called off / incidents first filed in [from, to); not: merged, withdrawn, voided. It has a band: more is not better',
    },
    meaning: {
      numerator: {
        zh: '其中吹过哨（未取消）的事件数',
        en: 'those of them with a whistle that was not called off',
      },
      denominator: {
        zh: '统计期内首次立案的事件数',
        en: 'incidents first filed in [from, to)',
      },
      window: {
        zh: '按首次立案时间',
        en: 'by the time of the first filing',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时',
        en: 'place as it is known at that moment, category as reported',
      },
    },
    numerator: 'whistle_event is not null',
    events: ['filed_event', 'whistle_event'],
  },
  {
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'totals',
    windowColumn: 'total_due',
    version: 1,
    events: ['filed_event', 'moved_event', 'closed_event'],
    dimensions: ['estate', 'community', 'street', 'category'],
    department: null,
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['closed_at is null and taken_up', 'WITHDRAWN'],
      ["closed_at is null and standing = 'SUSPENDED'", 'SUSPENDED'],
      ['closed_at is null and total_due >= as_of', 'NOT_DUE_YET'],
    ],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    name: 'closing-rate',
    title: {
      zh: '结案率',
      en: 'Closing rate',
    },
    formula: {
      zh: '已结案的轮次数 ÷ 总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数；不计：并案、撤回、作废、不予受理，以及挂账未结的事件；地点为截至该时刻所知',
      en: 'closed cycles / cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time); not: of incidents merged, withdrawn, voided, rejected or, unless closed, suspended; in the place that is known at that moment',
    },
    meaning: {
      numerator: {
        zh: '其中已结案的轮次数',
        en: 'those of them that are closed',
      },
      denominator: {
        zh: '总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数（应结案），减去不计的轮次',
        en: 'cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time), without the excluded',
      },
      window: {
        zh: '按总时限',
        en: 'by due time of the total deadline',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时；不归属部门',
        en: 'place as it is known at that moment, category as reported; of no department',
      },
    },
    numerator: 'closed_at is not null',
  },
  {
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'totals',
    windowColumn: 'total_due',
    version: 1,
    events: ['filed_event', 'moved_event', 'closed_event'],
    dimensions: ['estate', 'community', 'street', 'category'],
    department: null,
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['closed_at is null and taken_up', 'WITHDRAWN'],
      ["closed_at is null and standing = 'SUSPENDED'", 'SUSPENDED'],
      ['closed_at is null and total_due >= as_of', 'NOT_DUE_YET'],
    ],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    name: 'closing-on-time',
    title: {
      zh: '按期结案率',
      en: 'Closed on time',
    },
    formula: {
      zh: '不晚于总时限结案的轮次数 ÷ 总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数；不计：并案、撤回、作废、不予受理，以及挂账未结的事件；地点为截至该时刻所知',
      en: 'cycles closed at or before their due time / cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time); not: of incidents merged, withdrawn, voided, rejected or, unless closed, suspended; in the place that is known at that moment',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于总时限结案的轮次数',
        en: 'those of them closed at or before their due time',
      },
      denominator: {
        zh: '总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数（应结案），减去不计的轮次',
        en: 'cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time), without the excluded',
      },
      window: {
        zh: '按总时限',
        en: 'by due time of the total deadline',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时；不归属部门',
        en: 'place as it is known at that moment, category as reported; of no department',
      },
    },
    numerator: 'closed_at <= total_due',
  },
  {
    measure: 'COMPOSITE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 2,
    events: ['asked_event', 'rated_event', 'corrected_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [
        {
          metricId: 'response-rate',
          weight: 0.1,
        },
        {
          metricId: 'resolution-rate',
          weight: 0.5,
        },
        {
          metricId: 'satisfaction-rate',
          weight: 0.4,
        },
      ],
    },
    name: 'three-rates',
    title: {
      zh: '三率综合',
      en: 'Three rates',
    },
    formula: {
      zh: 'Σ 权重 × 率（响应率、解决率、满意率），权重随已公布的指标定义；任一率分母为零则无值；分子分母为各率件数之和',
      en: 'Σ weight × rate of response, resolution and satisfaction, weights as published; no value where a denominator is 0; numerator and denominator are the sums of those of its rates',
    },
    meaning: {
      numerator: {
        zh: '各率分子之和',
        en: 'the sum of the numerators of its rates',
      },
      denominator: {
        zh: '各率分母之和',
        en: 'the sum of the denominators of its rates',
      },
      window: {
        zh: '各率按其自己的口径',
        en: 'each of its rates by its own',
      },
      dimensions: {
        zh: '各率按其自己的口径',
        en: 'each of its rates by its own',
      },
    },
    exclusions: [],
    numerator: 'false',
  },
];
