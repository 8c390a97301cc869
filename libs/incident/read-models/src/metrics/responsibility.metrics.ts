import { everyDimension, notInBase, standardTerms, type MetricDefinition } from './metric-definition.js';

const ofDepartments = {
  ...{ version: 1, exclusions: notInBase, dimensions: everyDimension, department: 'department_id' },
  terms: standardTerms,
} as const satisfies Partial<MetricDefinition>;

const outOfBase = { zh: '不计：并案、撤回、作废的事件', en: 'not: of incidents merged, withdrawn or voided' };
const summoned = {
  zh: `统计期内派给部门的任务数；${outOfBase.zh}；归属被派的部门`,
  en: `tasks given to a department in [from, to); ${outOfBase.en}; of the department they were given to`,
};

const asOf = (
  event: MetricDefinition['title'],
  whose: MetricDefinition['title'],
): MetricDefinition['title'] => ({
  zh: `地点以${event.zh}时为准，类别为上报时；部门为${whose.zh}`,
  en: `place as it was at the ${event.en}, category as reported; department: ${whose.en}`,
});

const ofSummonses = {
  denominator: { zh: '统计期内派给部门的任务数', en: 'tasks given to a department in [from, to)' },
  window: { zh: '按派给部门的时间', en: 'by the time the task was given to the department' },
  dimensions: asOf({ zh: '派给', en: 'dispatch' }, { zh: '被派的部门', en: 'the one it was given to' }),
} as const satisfies Partial<MetricDefinition['meaning']>;

/** 推诿扯皮, dispatch and rework: who was asked, who gave back, what had to be done again. */
export const responsibilityMetrics: readonly MetricDefinition[] = [
  {
    ...{ ...ofDepartments, name: 'rework-rate', title: { zh: '返工率', en: 'Rework rate' } },
    ...{ measure: 'RATE', reading: 'LOWER', cohort: 'checks', windowColumn: 'checked_at' },
    formula: {
      zh: `核查不通过至少一次的任务数 ÷ 首次核查在统计期内的已办结任务数；${outOfBase.zh}；已取消吹哨中的任务不在核查之列；归属首次办结的部门`,
      en:
        `tasks that failed at least one check / completed tasks whose first check lies in [from, to); ${outOfBase.en}; ` +
        `what was done in a whistle called off is not checked; of the department that completed it first`,
    },
    meaning: {
      numerator: { zh: '其中核查不通过至少一次的任务数', en: 'those of them that failed at least one check' },
      denominator: {
        zh: '首次核查在统计期内的已办结任务数',
        en: 'completed tasks whose first check lies in [from, to)',
      },
      window: { zh: '按首次核查时间', en: 'by the time of the first check' },
      dimensions: asOf(
        { zh: '首次核查', en: 'first check' },
        { zh: '首次办结的部门', en: 'the one that completed it first' },
      ),
    },
    ...{ numerator: 'failed_event is not null', events: ['done_event', 'check_event', 'failed_event'] },
  },
  {
    ...{ ...ofDepartments, name: 'return-rate', title: { zh: '退回率', en: 'Return rate' } },
    ...{ measure: 'RATE', reading: 'BAND', cohort: 'summonses', windowColumn: 'summoned_at' },
    formula: {
      zh: `申请过退回的任务数 ÷ ${summoned.zh}`,
      en: `tasks whose return was asked for / ${summoned.en}`,
    },
    meaning: {
      numerator: { zh: '其中申请过退回的任务数', en: 'those of them whose return was asked for' },
      ...ofSummonses,
    },
    ...{ numerator: 'return_event is not null', events: ['summoned_event', 'return_event'] },
  },
  {
    ...{ ...ofDepartments, name: 'dispatch-accuracy', title: { zh: '派遣准确率', en: 'Dispatch accuracy' } },
    ...{ measure: 'RATE', reading: 'HIGHER', cohort: 'summonses', windowColumn: 'summoned_at' },
    formula: {
      zh: `既未准予退回、也未经裁定改派的任务数 ÷ ${summoned.zh}`,
      en: `tasks neither returned by decision nor given to another by arbitration / ${summoned.en}`,
    },
    meaning: {
      numerator: {
        zh: '其中既未准予退回、也未经裁定改派的任务数',
        en: 'those of them neither returned by decision nor given to another by arbitration',
      },
      ...ofSummonses,
    },
    ...{ numerator: 'gone_event is null', events: ['summoned_event', 'gone_event'] },
  },
  {
    ...{ ...ofDepartments, name: 'buck-passing-index', title: { zh: '推诿指数', en: 'Buck-passing index' } },
    ...{ measure: 'INDEX', reading: 'LOWER', cohort: 'disputes', windowColumn: 'blown_at' },
    formula: {
      zh: `Σ max(0, 申请退回次数 − 1) ÷ 首次有效吹哨在统计期内的事件数；${outOfBase.zh}；归属首次吹哨的主办部门`,
      en: `Σ max(0, returns asked for − 1) / incidents whose first whistle not called off lies in [from, to); ${outOfBase.en}; of the lead department of that whistle`,
    },
    meaning: {
      numerator: {
        zh: '各事件 max(0, 申请退回次数 − 1) 之和',
        en: 'the sum over the incidents of max(0, returns asked for − 1)',
      },
      denominator: {
        zh: '首次有效吹哨在统计期内的事件数',
        en: 'incidents whose first whistle not called off lies in [from, to)',
      },
      window: { zh: '按首次有效吹哨时间', en: 'by the time of the first whistle not called off' },
      dimensions: asOf({ zh: '该次吹哨', en: 'whistle' }, { zh: '该次吹哨的主办部门', en: 'the lead of it' }),
    },
    ...{ numerator: 'more_returns > 0', amount: 'more_returns' },
    ...{ events: ['blown_event'], eventLists: ['return_events'] },
  },
  {
    ...{
      ...ofDepartments,
      name: 'repeat-whistle-rate',
      title: { zh: '重复吹哨率', en: 'Repeat whistle rate' },
    },
    ...{ measure: 'RATE', reading: 'LOWER', cohort: 'whistles', windowColumn: 'blown_at' },
    ...{ version: 2, cohortVersion: 2 },
    formula: {
      zh: `此前窗口期（windowDays 天）内同一事件、或同一小区同类事项已吹过哨的吹哨数 ÷ 统计期内的吹哨数；不计：已取消的吹哨，部门的反向吹哨；${outOfBase.zh}，也不作为前次吹哨`,
      en:
        `whistles within windowDays of an earlier one on the same incident, or the same estate and category / whistles blown in ` +
        `[from, to); not: whistles called off, and those of departments in reverse; ${outOfBase.en}; what does not count is no earlier whistle either`,
    },
    meaning: {
      numerator: {
        zh: '其中此前 windowDays 天内同一事件、或同一小区同类事项已吹过哨的吹哨数',
        en:
          'those of them within windowDays of an earlier whistle on the same incident, or the same estate and ' +
          'category',
      },
      denominator: {
        zh: '统计期内未取消的吹哨数（反向吹哨除外）',
        en: 'whistles blown in [from, to), not called off and not in reverse',
      },
      window: { zh: '按吹哨时间', en: 'by the time the whistle was blown' },
      dimensions: asOf({ zh: '吹哨', en: 'whistle' }, { zh: '主办部门', en: 'the lead' }),
    },
    exclusions: [...notInBase, ['is_off', 'CALLED_OFF'], ['is_reverse', 'REVERSE']],
    numerator: `earlier_at >= blown_at - window_days * interval '24 hours'`,
    events: [
      'blown_event',
      `case when earlier_at >= blown_at - window_days * interval '24 hours' then earlier_event end`,
    ],
    terms: { ...standardTerms, windowDays: 180 },
  },
];
