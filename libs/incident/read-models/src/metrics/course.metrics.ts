import {
  everyDimension,
  notInBase,
  placeAt,
  placeNow,
  places,
  standardTerms,
  type MetricDefinition,
} from './metric-definition.js';

const ofIncidents = {
  ...{ cohort: 'incidents', windowColumn: 'filed_at', version: 1, dimensions: places, department: null },
  terms: standardTerms,
} as const satisfies Partial<MetricDefinition>;

const ofClosings = {
  ...{ cohort: 'closings', cohortVersion: 2, windowColumn: 'closed_at', version: 2 },
  dimensions: everyDimension,
  ...{ department: 'head_id', terms: standardTerms, reading: 'LOWER' },
} as const satisfies Partial<MetricDefinition>;

const firstFiled = {
  window: { zh: '按首次立案时间', en: 'by the time of the first filing' },
} as const satisfies Partial<MetricDefinition['meaning']>;

const whenClosed = {
  zh: '地点与主办部门以结案时为准（反向吹哨不改变主办部门），类别为上报时',
  en:
    'place and lead department as they were at the closing (a whistle in reverse makes nobody else the lead), category as ' +
    'reported',
};

const stayedClosed = {
  denominator: {
    zh: '最后一次结案在统计期内且未重开的事件数',
    en: 'incidents whose last closing lies in [from, to) and that were not opened again',
  },
  window: { zh: '按最后一次结案时间', en: 'by the time of the last closing' },
  dimensions: whenClosed,
} as const satisfies Partial<MetricDefinition['meaning']>;

const summedMs = (what: MetricDefinition['title']): MetricDefinition['title'] => ({
  zh: `${what.zh}之和（毫秒）；所示值为中位数（分钟）`,
  en: `the sum of ${what.en}, in milliseconds; the value told is the median, in minutes`,
});

const lastClosing = {
  zh: '最后一次结案在统计期内且未重开的事件；值为中位数（分钟），并列 90 分位；分子为毫秒总和；归属结案时的主办部门',
  en:
    'incidents whose last closing lies in [from, to) and that were not opened again; value: the median in minutes, with p90; ' +
    'numerator: their sum in milliseconds; of the lead department when it was closed',
};

/** How incidents go: whistled for, closed, opened again, set aside, and how long it took. */
export const courseMetrics: readonly MetricDefinition[] = [
  {
    ...{ ...ofIncidents, name: 'whistle-rate', title: { zh: '吹哨率', en: 'Whistle rate' } },
    ...{ version: 2, cohortVersion: 2, measure: 'RATE', reading: 'BAND', exclusions: notInBase },
    formula: {
      zh: '吹过哨（未取消）的事件数 ÷ 统计期内立案的事件数；不计：并案、撤回、作废；有合理区间，并非越高越好',
      en:
        'incidents with a whistle that was not called off / incidents first filed in [from, to); not: merged, withdrawn, voided. ' +
        'It has a band: more is not better',
    },
    meaning: {
      numerator: {
        zh: '其中吹过哨（未取消）的事件数',
        en: 'those of them with a whistle that was not called off',
      },
      denominator: { zh: '统计期内首次立案的事件数', en: 'incidents first filed in [from, to)' },
      ...firstFiled,
      dimensions: placeAt({ zh: '首次立案时', en: 'the first filing' }),
    },
    ...{ numerator: 'whistle_event is not null', events: ['filed_event', 'whistle_event'] },
  },
  {
    ...{ ...ofIncidents, name: 'suspension-rate', title: { zh: '挂账率', en: 'Suspension rate' } },
    ...{
      ...{ version: 2, measure: 'RATE' },
      reading: 'LOWER',
      exclusions: [...notInBase, ['closed_event is not null', 'CLOSED']],
    },
    formula: {
      zh: '挂账中的事件数 ÷ 在办事件数（统计期内立案、截至该时刻未结案）；并列挂账时长（分钟）中位数与 90 分位',
      en:
        'incidents suspended at asOf / incidents first filed in [from, to) and open at asOf; with median and p90 of how long they ' +
        'have been suspended, in minutes',
    },
    meaning: {
      numerator: { zh: '其中挂账中的事件数', en: 'those of them suspended at asOf' },
      denominator: {
        zh: '统计期内首次立案、截至该时刻未结案的事件数',
        en: 'incidents first filed in [from, to) and open at asOf',
      },
      ...firstFiled,
      // What is counted is how it stands at the moment itself: no earlier event decides whose it is (docs/adr/0033-every-formula-stays.md).
      dimensions: placeNow,
    },
    numerator: `standing = 'SUSPENDED'`,
    amount: `case when standing = 'SUSPENDED' then greatest(extract(epoch from as_of - standing_at), 0) * 1000 end`,
    events: ['filed_event', 'suspended_event'],
  },
  {
    ...{ ...ofIncidents, name: 'late-suspension-rate', cohort: 'suspensions', windowColumn: 'suspended_at' },
    ...{ title: { zh: '临期挂账率', en: 'Late suspension rate' }, measure: 'RATE', reading: 'LOWER' },
    ...{ version: 3, cohortVersion: 3, dimensions: everyDimension, department: 'head_id' },
    terms: { ...standardTerms, thresholdPercent: 80 },
    exclusions: [...notInBase, ['used_percent is null', 'UNTIMED']],
    formula: {
      zh:
        '批准时总时限已用超过 thresholdPercent%（默认 80%）的挂账数 ÷ 统计期内批准的挂账数；已用时间与总时限均以批准时记入日志的毫秒数计，恰为该比例的不计入' +
        '（早期只记整数百分比、向下取整，恰为该比例的无从区分，计入）；均扣除此前的挂账时间；每次挂账各计一件，续挂不另计；' +
        '不计：无总时限的挂账，并案、撤回、作废的事件',
      en:
        'suspensions that took effect when more than thresholdPercent (80 by default) of the total time was used up / suspensions ' +
        'approved in [from, to); by the milliseconds that the approval has put on record, so that exactly that much does not count ' +
        '(early ones have a whole percent on record, rounded down, which cannot tell it and counts); without the time suspended ' +
        'before; each suspension by itself, a renewal is none; not: without a total deadline, of incidents merged, withdrawn or voided',
    },
    meaning: {
      numerator: {
        zh: '其中批准时总时限已用超过 thresholdPercent% 的挂账数',
        en: 'those of them approved when more than thresholdPercent of the total time was used up',
      },
      denominator: {
        zh: '统计期内批准、且有总时限的挂账数',
        en: 'suspensions approved in [from, to), of incidents with a total deadline',
      },
      window: { zh: '按批准挂账时间', en: 'by the time the suspension was approved' },
      dimensions: {
        zh: '地点与主办部门以批准挂账时为准（反向吹哨不改变主办部门），类别为上报时',
        en:
          'place and lead department as they were when it was approved (a whistle in reverse makes nobody else the lead), ' +
          'category as reported',
      },
    },
    numerator: `case when allowed_ms is null then used_percent >= threshold_percent
      else used_ms * 100 > threshold_percent * allowed_ms end`,
    events: ['filed_event', 'suspended_event'],
  },
  {
    ...{ ...ofClosings, name: 'reopen-rate', title: { zh: '重开率', en: 'Reopen rate' }, measure: 'RATE' },
    exclusions: notInBase,
    formula: {
      zh: 'windowDays 天内又重开的结案数 ÷ 统计期内的结案数；不计：并案、撤回、作废；归属结案时的主办部门',
      en:
        'closings followed by a reopening within windowDays / closings in [from, to); not: of incidents merged, withdrawn or ' +
        'voided; of the lead department when it was closed',
    },
    meaning: {
      numerator: {
        zh: '其中 windowDays 天内又重开的结案数',
        en: 'those of them followed by a reopening within windowDays',
      },
      denominator: { zh: '统计期内的结案数', en: 'closings in [from, to)' },
      window: { zh: '按结案时间', en: 'by the time of the closing' },
      dimensions: whenClosed,
    },
    numerator: `reopened_at <= closed_at + window_days * interval '24 hours'`,
    events: ['closed_event', 'reopened_event'],
  },
  {
    ...{ ...ofClosings, name: 'time-to-resolution', title: { zh: '总办结时长', en: 'Time to resolution' } },
    ...{ measure: 'DURATION', numerator: 'true', amount: 'total_ms' },
    exclusions: [...notInBase, ['reopened_event is not null', 'REOPENED']],
    formula: {
      zh: `首次立案至最后结案，扣除挂账时间：${lastClosing.zh}`,
      en: `first filing to last closing minus the time suspended, of ${lastClosing.en}`,
    },
    meaning: {
      numerator: summedMs({
        zh: '首次立案至最后结案、扣除挂账的时长',
        en: 'the times from first filing to last closing, minus the time suspended',
      }),
      ...stayedClosed,
    },
    events: ['filed_event', 'closed_event'],
  },
  {
    ...{
      ...ofClosings,
      name: 'time-to-first-completion',
      title: { zh: '首次办结时长', en: 'Time to first completion' },
    },
    ...{ measure: 'DURATION', numerator: 'true', amount: 'first_ms' },
    exclusions: [
      ...notInBase,
      ['reopened_event is not null', 'REOPENED'],
      ['completed_event is null', 'NEVER_COMPLETED'],
    ],
    formula: {
      zh: `首次立案至首次处置完成：${lastClosing.zh}`,
      en: `first filing to first completed handling, of ${lastClosing.en}`,
    },
    meaning: {
      numerator: summedMs({
        zh: '首次立案至首次处置完成的时长',
        en: 'the times from first filing to first completed handling',
      }),
      ...stayedClosed,
      denominator: {
        zh: `${stayedClosed.denominator.zh}，且处置完成过`,
        en: `${stayedClosed.denominator.en} and whose handling was completed`,
      },
    },
    events: ['filed_event', 'completed_event', 'closed_event'],
  },
  {
    ...{
      ...ofClosings,
      name: 'time-before-escalation',
      title: { zh: '升级前时长', en: 'Time before escalation' },
    },
    // Long: kept by whoever could not solve it. Short: passed on without an attempt.
    ...{ measure: 'DURATION', reading: 'BAND', numerator: 'true', amount: 'escalated_ms' },
    exclusions: [
      ...notInBase,
      ['reopened_event is not null', 'REOPENED'],
      ['escalated_event is null', 'NEVER_ESCALATED'],
    ],
    formula: {
      zh: `首次立案至首次升级（首次未取消的吹哨，或首次上报上一层级，以先者为准），含挂账时间；不计从未升级的事件：${lastClosing.zh}`,
      en:
        `first filing to first escalation (the first whistle that was not called off, or the first step to a higher level, whichever ` +
        `came first), with the time suspended; not: incidents that were never escalated; of ${lastClosing.en}`,
    },
    meaning: {
      numerator: summedMs({
        zh: '首次立案至首次升级（吹哨或上报上一层级）的时长',
        en: 'the times from first filing to first escalation (a whistle, or a step to a higher level)',
      }),
      ...stayedClosed,
      denominator: {
        zh: `${stayedClosed.denominator.zh}，且升级过`,
        en: `${stayedClosed.denominator.en} and that were escalated`,
      },
    },
    events: ['filed_event', 'escalated_event', 'closed_event'],
  },
];
