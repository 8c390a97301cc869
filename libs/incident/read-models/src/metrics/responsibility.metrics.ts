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
    ...{ numerator: 'failed_event is not null', events: ['done_event', 'check_event', 'failed_event'] },
  },
  {
    ...{ ...ofDepartments, name: 'return-rate', title: { zh: '退回率', en: 'Return rate' } },
    ...{ measure: 'RATE', reading: 'BAND', cohort: 'summonses', windowColumn: 'summoned_at' },
    formula: {
      zh: `申请过退回的任务数 ÷ ${summoned.zh}`,
      en: `tasks whose return was asked for / ${summoned.en}`,
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
    ...{ numerator: 'gone_event is null', events: ['summoned_event', 'gone_event'] },
  },
  {
    ...{ ...ofDepartments, name: 'buck-passing-index', title: { zh: '推诿指数', en: 'Buck-passing index' } },
    ...{ measure: 'INDEX', reading: 'LOWER', cohort: 'disputes', windowColumn: 'blown_at' },
    formula: {
      zh: `Σ max(0, 申请退回次数 − 1) ÷ 首次有效吹哨在统计期内的事件数；${outOfBase.zh}；归属首次吹哨的主办部门`,
      en: `Σ max(0, returns asked for − 1) / incidents whose first whistle not called off lies in [from, to); ${outOfBase.en}; of the lead department of that whistle`,
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
    formula: {
      zh: `此前窗口期（windowDays 天）内同一事件、或同一小区同类事项已吹过哨的吹哨数 ÷ 统计期内的吹哨数；不计：已取消的吹哨；${outOfBase.zh}，也不作为前次吹哨`,
      en:
        `whistles within windowDays of an earlier one on the same incident, or the same estate and category / whistles blown in ` +
        `[from, to); not: whistles called off; ${outOfBase.en}; what does not count is no earlier whistle either`,
    },
    exclusions: [...notInBase, ['is_off', 'CALLED_OFF']],
    numerator: `earlier_at >= blown_at - window_days * interval '24 hours'`,
    events: [
      'blown_event',
      `case when earlier_at >= blown_at - window_days * interval '24 hours' then earlier_event end`,
    ],
    terms: { ...standardTerms, windowDays: 180 },
  },
];
