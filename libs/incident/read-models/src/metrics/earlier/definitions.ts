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
  {
    name: 'acknowledge-on-time',
    title: {
      zh: '按时签收率',
      en: 'Acknowledged on time',
    },
    version: 4,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'tasks',
    windowColumn: 'acknowledge_due',
    formula: {
      zh: '不晚于时限签收的任务数 ÷ 签收时限落在统计期内且已见分晓（已签收，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未签收的事件，时限待裁决的任务；移交的任务，归属签收或到期（以先者为准）时的承办部门',
      en: 'tasks acknowledged at or before their due time / tasks whose acknowledge deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task that was transferred is of the department that had it when the deadline was met or fell due, whichever came first',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限签收的任务数',
        en: 'those of them acknowledged at or before their due time',
      },
      denominator: {
        zh: '签收时限落在统计期内且已见分晓（已签收，或已过时限）的任务数，减去不计的任务',
        en: 'tasks whose acknowledge deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded',
      },
      window: {
        zh: '按签收时限',
        en: 'by due time of the acknowledge deadline',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时；部门为签收或到期（以先者为准）时的承办部门',
        en: 'place as it is known at that moment, category as reported; department: whoever had the task when the deadline was met or fell due, whichever came first',
      },
    },
    exclusions: [
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['ack is null and set_aside is not null', 'SUSPENDED'],
      ['ack is null and ended is null and false', 'UNDECIDED'],
      ['ack is null and acknowledge_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'ack <= acknowledge_due',
    events: ['notified_event_id', 'ack_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    department:
      'case when former is null then department_id else coalesce(\n    (select held."departmentId" from json_to_recordset(former) as held (\n    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(ack, acknowledge_due) < held.until order by held.until limit 1),\n    department_id) end',
  },
  {
    name: 'check-in-on-time',
    title: {
      zh: '按时报到率',
      en: 'Checked in on time',
    },
    version: 4,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'tasks',
    windowColumn: 'check_in_due',
    formula: {
      zh: '不晚于时限报到的任务数 ÷ 报到时限落在统计期内且已见分晓（已报到，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未报到的事件，时限待裁决的任务；移交的任务，归属报到或到期（以先者为准）时的承办部门',
      en: 'tasks checked in at or before their due time / tasks whose check-in deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task that was transferred is of the department that had it when the deadline was met or fell due, whichever came first',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限报到的任务数',
        en: 'those of them checked in at or before their due time',
      },
      denominator: {
        zh: '报到时限落在统计期内且已见分晓（已报到，或已过时限）的任务数，减去不计的任务',
        en: 'tasks whose check-in deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded',
      },
      window: {
        zh: '按报到时限',
        en: 'by due time of the check-in deadline',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时；部门为报到或到期（以先者为准）时的承办部门',
        en: 'place as it is known at that moment, category as reported; department: whoever had the task when the deadline was met or fell due, whichever came first',
      },
    },
    exclusions: [
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['arrived is null and set_aside is not null', 'SUSPENDED'],
      ['arrived is null and ended is null and undecided', 'UNDECIDED'],
      ['arrived is null and check_in_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'arrived <= check_in_due',
    events: ['notified_event_id', 'arrived_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    department:
      'case when former is null then department_id else coalesce(\n    (select held."departmentId" from json_to_recordset(former) as held (\n    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(arrived, check_in_due) < held.until order by held.until limit 1),\n    department_id) end',
  },
  {
    name: 'handling-on-time',
    title: {
      zh: '按期处置率',
      en: 'Handled on time',
    },
    version: 4,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'tasks',
    windowColumn: 'handling_due',
    formula: {
      zh: '不晚于时限办结的任务数 ÷ 处置时限落在统计期内且已见分晓（已办结，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未办结的事件，时限待裁决的任务；移交的任务，归属办结或到期（以先者为准）时的承办部门',
      en: 'tasks done at or before their due time / tasks whose handling deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task that was transferred is of the department that had it when the deadline was met or fell due, whichever came first',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限办结的任务数',
        en: 'those of them done at or before their due time',
      },
      denominator: {
        zh: '处置时限落在统计期内且已见分晓（已办结，或已过时限）的任务数，减去不计的任务',
        en: 'tasks whose handling deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded',
      },
      window: {
        zh: '按处置时限',
        en: 'by due time of the handling deadline',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时；部门为办结或到期（以先者为准）时的承办部门',
        en: 'place as it is known at that moment, category as reported; department: whoever had the task when the deadline was met or fell due, whichever came first',
      },
    },
    exclusions: [
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['handled is null and set_aside is not null', 'SUSPENDED'],
      ['handled is null and ended is null and (undecided or extending)', 'UNDECIDED'],
      ['handled is null and handling_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'handled <= handling_due',
    events: ['notified_event_id', 'handled_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    department:
      'case when former is null then department_id else coalesce(\n    (select held."departmentId" from json_to_recordset(former) as held (\n    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(handled, handling_due) < held.until order by held.until limit 1),\n    department_id) end',
  },
  {
    name: 'response-rate',
    title: {
      zh: '响应率',
      en: 'Response rate',
    },
    version: 2,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'responses',
    windowColumn: 'contact_due',
    formula: {
      zh: '不晚于时限联系到报告人的任务数 ÷ 联系时限落在统计期内且已见分晓（已联系到报告人，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未联系到报告人的事件，时限待裁决的任务，经申诉剔除的任务；移交的任务，归属联系到报告人或到期（以先者为准）时的承办部门；未经吹哨自行处置的，每一立案轮次按一件计，自立案起算，不归属任何部门，地点为截至该时刻所知；不计：时限届满前已由吹哨接手的轮次',
      en: 'tasks whose reporter was contacted at or before their due time / tasks whose contact deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision, or that were excluded on appeal; a task that was transferred is of the department that had it when the deadline was met or fell due, whichever came first; where it is handled without a whistle, each cycle is one case, timed from its filing, of no department, in the place that is known at that moment; not: cycles that a whistle took over before the time was over',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限联系到报告人的任务数与轮次数',
        en: 'those of them whose reporter was contacted at or before the due time',
      },
      denominator: {
        zh: '联系时限落在统计期内且已见分晓（已联系到报告人，或已过时限）的任务数，减去不计的任务，加未经吹哨自行处置的立案轮次数',
        en: 'tasks whose contact deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded; and as many cycles as were handled without a whistle',
      },
      window: {
        zh: '按联系时限',
        en: 'by due time of the contact deadline',
      },
      dimensions: {
        zh: '地点为截至该时刻所知，类别为上报时；部门为联系到报告人或到期（以先者为准）时的承办部门；未经吹哨的不归属任何部门',
        en: 'place as it is known at that moment, category as reported; department: whoever had the task when the deadline was met or fell due, whichever came first; of no department where there was no whistle',
      },
    },
    exclusions: [
      [
        "exists (\n     select 1 from department_tasks.exclusions x, moment, json_array_elements(deadlines) listed\n     where x.incident_id = judged_of.incident_id and decided_at <= facts_until and decided_known_at <= moment.known_at\n       and listed ->> 'timer' = 'CONTACT' and listed ->> 'deadlineId' = x.deadline_id)",
        'EXCLUDED_ON_APPEAL',
      ],
      ["ended = 'TAKEN_OVER'", 'TAKEN_OVER'],
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['contact is null and set_aside is not null', 'SUSPENDED'],
      ['contact is null and ended is null and undecided', 'UNDECIDED'],
      ['contact is null and contact_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'contact <= contact_due',
    events: ['notified_event_id', 'contact_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    department:
      'case when former is null then department_id else coalesce(\n    (select held."departmentId" from json_to_recordset(former) as held (\n    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(contact, contact_due) < held.until order by held.until limit 1),\n    department_id) end',
  },
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
    name: 'suspension-rate',
    title: {
      zh: '挂账率',
      en: 'Suspension rate',
    },
    measure: 'RATE',
    reading: 'LOWER',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['closed_event is not null', 'CLOSED'],
    ],
    formula: {
      zh: '挂账中的事件数 ÷ 在办事件数（统计期内立案、截至该时刻未结案）；并列挂账时长（分钟）中位数与 90 分位',
      en: 'incidents suspended at asOf / incidents first filed in [from, to) and open at asOf; with median and p90 of how long they have been suspended, in minutes',
    },
    meaning: {
      numerator: {
        zh: '其中挂账中的事件数',
        en: 'those of them suspended at asOf',
      },
      denominator: {
        zh: '统计期内首次立案、截至该时刻未结案的事件数',
        en: 'incidents first filed in [from, to) and open at asOf',
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
    numerator: "standing = 'SUSPENDED'",
    amount:
      "case when standing = 'SUSPENDED' then greatest(extract(epoch from as_of - standing_at), 0) * 1000 end",
    events: ['filed_event', 'suspended_event'],
  },
  {
    measure: 'COMPOSITE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 3,
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
    rates: {
      'closing-on-time': 2,
      'closing-rate': 2,
      'whistle-rate': 2,
    },
  },
  {
    cohort: 'suspensions',
    windowColumn: 'suspended_at',
    version: 1,
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
      thresholdPercent: 80,
    },
    name: 'late-suspension-rate',
    title: {
      zh: '临期挂账率',
      en: 'Late suspension rate',
    },
    measure: 'RATE',
    reading: 'LOWER',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['used_percent is null', 'UNTIMED'],
    ],
    formula: {
      zh: '批准时总时限已用超过 thresholdPercent%（默认 80%）的挂账数 ÷ 统计期内批准的挂账数；已用比例为批准时记入日志的整数百分比（向下取整，故恰为该比例的也计入），扣除此前的挂账时间；每次挂账各计一件，续挂不另计；不计：无总时限的挂账，并案、撤回、作废的事件',
      en: 'suspensions that took effect when more than thresholdPercent (80 by default) of the total time was used up / suspensions approved in [from, to); by the whole percent that the approval has put on record (rounded down, so that exactly that much counts too), without the time suspended before; each suspension by itself, a renewal is none; not: without a total deadline, of incidents merged, withdrawn or voided',
    },
    meaning: {
      numerator: {
        zh: '其中批准时总时限已用达到或超过 thresholdPercent% 的挂账数',
        en: 'those of them approved when thresholdPercent of the total time, or more, was used up',
      },
      denominator: {
        zh: '统计期内批准、且有总时限的挂账数',
        en: 'suspensions approved in [from, to), of incidents with a total deadline',
      },
      window: {
        zh: '按批准挂账时间',
        en: 'by the time the suspension was approved',
      },
      dimensions: {
        zh: '地点与主办部门以批准挂账时为准，类别为上报时',
        en: 'place and lead department as they were when it was approved, category as reported',
      },
    },
    numerator: 'used_percent >= threshold_percent',
    events: ['filed_event', 'suspended_event'],
  },
  {
    measure: 'COMPOSITE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 4,
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
    rates: {
      'acknowledge-on-time': 5,
      'check-in-on-time': 5,
      'handling-on-time': 5,
      'response-rate': 3,
      'closing-on-time': 2,
      'closing-rate': 2,
      'whistle-rate': 2,
      'suspension-rate': 2,
    },
  },
  {
    name: 'acknowledge-on-time',
    title: { zh: '按时签收率', en: 'Acknowledged on time' },
    version: 5,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'tasks',
    windowColumn: 'acknowledge_due',
    formula: {
      zh: '不晚于时限签收的任务数 ÷ 签收时限落在统计期内且已见分晓（已签收，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未签收的事件，时限待裁决的任务；地点与承办部门以签收或到期（以先者为准）时为准',
      en: 'tasks acknowledged at or before their due time / tasks whose acknowledge deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task whose department or area changed is of those that had it when the deadline was met or fell due, whichever came first',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限签收的任务数',
        en: 'those of them acknowledged at or before their due time',
      },
      denominator: {
        zh: '签收时限落在统计期内且已见分晓（已签收，或已过时限）的任务数，减去不计的任务',
        en: 'tasks whose acknowledge deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded',
      },
      window: { zh: '按签收时限', en: 'by due time of the acknowledge deadline' },
      dimensions: {
        zh: '地点以签收或到期（以先者为准）时为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时；部门为同一时刻的承办部门',
        en: 'place as of the time at which the deadline was met or fell due, whichever came first (as it was found or corrected in that cycle; what went to other units with its area later, is not theirs), category as reported; department: whoever had the task at that time',
      },
    },
    exclusions: [
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['ack is null and set_aside is not null', 'SUSPENDED'],
      ['ack is null and ended is null and false', 'UNDECIDED'],
      ['ack is null and acknowledge_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'ack <= acknowledge_due',
    events: ['notified_event_id', 'ack_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    units: {
      estate: `case when event_places is null then estate_id else (
    select lain ->> 'estateId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(ack, acknowledge_due) order by nth desc limit 1) end`,
      community: `case when event_places is null then community_id else (
    select lain ->> 'communityId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(ack, acknowledge_due) order by nth desc limit 1) end`,
      street: `case when event_places is null then street_id else (
    select lain ->> 'streetId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(ack, acknowledge_due) order by nth desc limit 1) end`,
    },
    department: `case when former is null then department_id else coalesce(
    (select held."departmentId" from json_to_recordset(former) as held (
    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(ack, acknowledge_due) < held.until order by held.until limit 1),
    department_id) end`,
  },
  {
    name: 'check-in-on-time',
    title: { zh: '按时报到率', en: 'Checked in on time' },
    version: 5,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'tasks',
    windowColumn: 'check_in_due',
    formula: {
      zh: '不晚于时限报到的任务数 ÷ 报到时限落在统计期内且已见分晓（已报到，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未报到的事件，时限待裁决的任务；地点与承办部门以报到或到期（以先者为准）时为准',
      en: 'tasks checked in at or before their due time / tasks whose check-in deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task whose department or area changed is of those that had it when the deadline was met or fell due, whichever came first',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限报到的任务数',
        en: 'those of them checked in at or before their due time',
      },
      denominator: {
        zh: '报到时限落在统计期内且已见分晓（已报到，或已过时限）的任务数，减去不计的任务',
        en: 'tasks whose check-in deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded',
      },
      window: { zh: '按报到时限', en: 'by due time of the check-in deadline' },
      dimensions: {
        zh: '地点以报到或到期（以先者为准）时为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时；部门为同一时刻的承办部门',
        en: 'place as of the time at which the deadline was met or fell due, whichever came first (as it was found or corrected in that cycle; what went to other units with its area later, is not theirs), category as reported; department: whoever had the task at that time',
      },
    },
    exclusions: [
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['arrived is null and set_aside is not null', 'SUSPENDED'],
      ['arrived is null and ended is null and undecided', 'UNDECIDED'],
      ['arrived is null and check_in_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'arrived <= check_in_due',
    events: ['notified_event_id', 'arrived_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    units: {
      estate: `case when event_places is null then estate_id else (
    select lain ->> 'estateId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(arrived, check_in_due) order by nth desc limit 1) end`,
      community: `case when event_places is null then community_id else (
    select lain ->> 'communityId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(arrived, check_in_due) order by nth desc limit 1) end`,
      street: `case when event_places is null then street_id else (
    select lain ->> 'streetId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(arrived, check_in_due) order by nth desc limit 1) end`,
    },
    department: `case when former is null then department_id else coalesce(
    (select held."departmentId" from json_to_recordset(former) as held (
    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(arrived, check_in_due) < held.until order by held.until limit 1),
    department_id) end`,
  },
  {
    name: 'handling-on-time',
    title: { zh: '按期处置率', en: 'Handled on time' },
    version: 5,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'tasks',
    windowColumn: 'handling_due',
    formula: {
      zh: '不晚于时限办结的任务数 ÷ 处置时限落在统计期内且已见分晓（已办结，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未办结的事件，时限待裁决的任务；地点与承办部门以办结或到期（以先者为准）时为准',
      en: 'tasks done at or before their due time / tasks whose handling deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision; a task whose department or area changed is of those that had it when the deadline was met or fell due, whichever came first',
    },
    meaning: {
      numerator: { zh: '其中不晚于时限办结的任务数', en: 'those of them done at or before their due time' },
      denominator: {
        zh: '处置时限落在统计期内且已见分晓（已办结，或已过时限）的任务数，减去不计的任务',
        en: 'tasks whose handling deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded',
      },
      window: { zh: '按处置时限', en: 'by due time of the handling deadline' },
      dimensions: {
        zh: '地点以办结或到期（以先者为准）时为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时；部门为同一时刻的承办部门',
        en: 'place as of the time at which the deadline was met or fell due, whichever came first (as it was found or corrected in that cycle; what went to other units with its area later, is not theirs), category as reported; department: whoever had the task at that time',
      },
    },
    exclusions: [
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['handled is null and set_aside is not null', 'SUSPENDED'],
      ['handled is null and ended is null and (undecided or extending)', 'UNDECIDED'],
      ['handled is null and handling_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'handled <= handling_due',
    events: ['notified_event_id', 'handled_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    units: {
      estate: `case when event_places is null then estate_id else (
    select lain ->> 'estateId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(handled, handling_due) order by nth desc limit 1) end`,
      community: `case when event_places is null then community_id else (
    select lain ->> 'communityId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(handled, handling_due) order by nth desc limit 1) end`,
      street: `case when event_places is null then street_id else (
    select lain ->> 'streetId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(handled, handling_due) order by nth desc limit 1) end`,
    },
    department: `case when former is null then department_id else coalesce(
    (select held."departmentId" from json_to_recordset(former) as held (
    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(handled, handling_due) < held.until order by held.until limit 1),
    department_id) end`,
  },
  {
    name: 'response-rate',
    title: { zh: '响应率', en: 'Response rate' },
    version: 3,
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'responses',
    windowColumn: 'contact_due',
    formula: {
      zh: '不晚于时限联系到报告人的任务数 ÷ 联系时限落在统计期内且已见分晓（已联系到报告人，或已过时限）的任务数；不计：已准予退回或免责解除的任务，并案、撤回以及挂账未联系到报告人的事件，时限待裁决的任务，经申诉剔除的任务；地点与承办部门以联系到报告人或到期（以先者为准）时为准；未经吹哨自行处置的，每一立案轮次按一件计，自立案起算，不归属任何部门；不计：时限届满前已由吹哨接手的轮次',
      en: 'tasks whose reporter was contacted at or before their due time / tasks whose contact deadline lies in [from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, of incidents merged, withdrawn or, unless met, suspended, or whose deadline waits for a decision, or that were excluded on appeal; a task whose department or area changed is of those that had it when the deadline was met or fell due, whichever came first; where it is handled without a whistle, each cycle is one case, timed from its filing, of no department; not: cycles that a whistle took over before the time was over',
    },
    meaning: {
      numerator: {
        zh: '其中不晚于时限联系到报告人的任务数与轮次数',
        en: 'those of them whose reporter was contacted at or before the due time',
      },
      denominator: {
        zh: '联系时限落在统计期内且已见分晓（已联系到报告人，或已过时限）的任务数，减去不计的任务，加未经吹哨自行处置的立案轮次数',
        en: 'tasks whose contact deadline lies in [from, to) and is decided at asOf (met, or past its due time), without the excluded; and as many cycles as were handled without a whistle',
      },
      window: { zh: '按联系时限', en: 'by due time of the contact deadline' },
      dimensions: {
        zh: '地点以联系到报告人或到期（以先者为准）时为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时；部门为同一时刻的承办部门；未经吹哨的不归属任何部门',
        en: 'place as of the time at which the deadline was met or fell due, whichever came first (as it was found or corrected in that cycle; what went to other units with its area later, is not theirs), category as reported; department: whoever had the task at that time; of no department where there was no whistle',
      },
    },
    exclusions: [
      [
        `exists (
     select 1 from department_tasks.exclusions x, moment, json_array_elements(deadlines) listed
     where x.incident_id = judged_of.incident_id and decided_at <= facts_until and decided_known_at <= moment.known_at
       and listed ->> 'timer' = 'CONTACT' and listed ->> 'deadlineId' = x.deadline_id)`,
        'EXCLUDED_ON_APPEAL',
      ],
      ["ended = 'TAKEN_OVER'", 'TAKEN_OVER'],
      ["set_aside = 'MERGED'", 'MERGED'],
      ["set_aside = 'WITHDRAWN'", 'WITHDRAWN'],
      ["ended = 'RETURNED'", 'RETURNED'],
      ["ended = 'RELEASED' and not counted", 'RELEASED'],
      ['contact is null and set_aside is not null', 'SUSPENDED'],
      ['contact is null and ended is null and undecided', 'UNDECIDED'],
      ['contact is null and contact_due >= as_of', 'NOT_DUE_YET'],
    ],
    numerator: 'contact <= contact_due',
    events: ['notified_event_id', 'contact_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    units: {
      estate: `case when event_places is null then estate_id else (
    select lain ->> 'estateId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(contact, contact_due) order by nth desc limit 1) end`,
      community: `case when event_places is null then community_id else (
    select lain ->> 'communityId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(contact, contact_due) order by nth desc limit 1) end`,
      street: `case when event_places is null then street_id else (
    select lain ->> 'streetId' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= least(contact, contact_due) order by nth desc limit 1) end`,
    },
    department: `case when former is null then department_id else coalesce(
    (select held."departmentId" from json_to_recordset(former) as held (
    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz) where least(contact, contact_due) < held.until order by held.until limit 1),
    department_id) end`,
    cohortVersion: 2,
  },
  {
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'totals',
    cohortVersion: 2,
    version: 2,
    windowColumn: 'total_due',
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
    title: { zh: '结案率', en: 'Closing rate' },
    formula: {
      zh: '已结案的轮次数 ÷ 总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数；不计：并案、撤回、作废、不予受理，以及挂账未结的事件；地点以结案或到期（以先者为准）时为准',
      en: 'closed cycles / cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time); not: of incidents merged, withdrawn, voided, rejected or, unless closed, suspended; in the place as of the closing or the due time, whichever came first',
    },
    meaning: {
      numerator: { zh: '其中已结案的轮次数', en: 'those of them that are closed' },
      denominator: {
        zh: '总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数（应结案），减去不计的轮次',
        en: 'cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time), without the excluded',
      },
      window: { zh: '按总时限', en: 'by due time of the total deadline' },
      dimensions: {
        zh: '地点以结案或到期（以先者为准）时为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时；不归属部门',
        en: 'place as of the closing or the due time, whichever came first (as it was found or corrected in that cycle; what went to other units with its area later, is not theirs), category as reported; of no department',
      },
    },
    numerator: 'closed_at is not null',
  },
  {
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'totals',
    cohortVersion: 2,
    version: 2,
    windowColumn: 'total_due',
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
    title: { zh: '按期结案率', en: 'Closed on time' },
    formula: {
      zh: '不晚于总时限结案的轮次数 ÷ 总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数；不计：并案、撤回、作废、不予受理，以及挂账未结的事件；地点以结案或到期（以先者为准）时为准',
      en: 'cycles closed at or before their due time / cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time); not: of incidents merged, withdrawn, voided, rejected or, unless closed, suspended; in the place as of the closing or the due time, whichever came first',
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
      window: { zh: '按总时限', en: 'by due time of the total deadline' },
      dimensions: {
        zh: '地点以结案或到期（以先者为准）时为准（本轮次内的定位更正计入，此后的区划移交不计），类别为上报时；不归属部门',
        en: 'place as of the closing or the due time, whichever came first (as it was found or corrected in that cycle; what went to other units with its area later, is not theirs), category as reported; of no department',
      },
    },
    numerator: 'closed_at <= total_due',
  },
  {
    measure: 'COMPOSITE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 5,
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
        { metricId: 'response-rate', weight: 0.1 },
        { metricId: 'resolution-rate', weight: 0.5 },
        { metricId: 'satisfaction-rate', weight: 0.4 },
      ],
    },
    name: 'three-rates',
    title: { zh: '三率综合', en: 'Three rates' },
    formula: {
      zh: 'Σ 权重 × 率（响应率、解决率、满意率），权重随已公布的指标定义；任一率分母为零则无值；分子分母为各率件数之和',
      en: 'Σ weight × rate of response, resolution and satisfaction, weights as published; no value where a denominator is 0; numerator and denominator are the sums of those of its rates',
    },
    meaning: {
      numerator: { zh: '各率分子之和', en: 'the sum of the numerators of its rates' },
      denominator: { zh: '各率分母之和', en: 'the sum of the denominators of its rates' },
      window: { zh: '各率按其自己的口径', en: 'each of its rates by its own' },
      dimensions: { zh: '各率按其自己的口径', en: 'each of its rates by its own' },
    },
    exclusions: [],
    numerator: 'false',
    rates: {
      'acknowledge-on-time': 5,
      'check-in-on-time': 5,
      'handling-on-time': 5,
      'response-rate': 3,
      'closing-on-time': 2,
      'closing-rate': 2,
      'whistle-rate': 2,
      'suspension-rate': 2,
      'late-suspension-rate': 2,
    },
  },
  {
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 1,
    events: ['asked_event', 'rated_event', 'corrected_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    name: 'resolution-rate',
    title: { zh: '解决率', en: 'Resolution rate' },
    formula: {
      zh: '（已解决 + 部分解决权重 × 部分解决）÷ 回答了是否解决的轮次数：统计期内收到回访评价（每轮次以最后一次为准，更正后按更正）的轮次数；评价期满无人回答的按期满计入覆盖率；不计：匿名报告，并案、撤回、作废，经申诉剔除的评价；归属评价时的主办部门',
      en: '(SOLVED + weightPartlySolved × PARTLY) / callbacks answered on "solved?", of cycles whose feedback (the last of the cycle, as corrected) was given in [from, to); not: anonymous reports, incidents merged, withdrawn or voided, feedback excluded on appeal; of the lead department when it was given. Coverage: answered / (answered and not answered until the end of the feedback window)',
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
      window: {
        zh: '按回访评价时间；无人回答的按评价期满时间',
        en: 'by the time the feedback was given; of what nobody answered, by the end of the feedback window',
      },
      dimensions: {
        zh: '地点与主办部门以评价（无人回答的以核查通过）时为准，类别为上报时',
        en: 'place and lead department as they were when the feedback was given (of what nobody answered, when the check was passed), category as reported',
      },
    },
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['anonymous', 'ANONYMOUS'],
      ['left_out', 'EXCLUDED_ON_APPEAL'],
      ['not answered and told_at >= as_of', 'NOT_DUE_YET'],
      ['not answered', 'NO_ANSWER'],
    ],
    numerator: "solved = 'SOLVED'",
    unanswered: ['NO_ANSWER'],
    partial: { condition: "solved = 'PARTLY'", weight: 'weightPartlySolved' },
  },
  {
    measure: 'RATE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 1,
    events: ['asked_event', 'rated_event', 'corrected_event'],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    name: 'satisfaction-rate',
    title: { zh: '满意率', en: 'Satisfaction rate' },
    formula: {
      zh: '（满意 + 基本满意权重 × 基本满意）÷ 已评价满意度的轮次数：统计期内收到回访评价（每轮次以最后一次为准，更正后按更正）的轮次数；评价期满无人回答的按期满计入覆盖率；不计：匿名报告，并案、撤回、作废，经申诉剔除的评价；归属评价时的主办部门',
      en: '(SATISFIED + weightBasicallySatisfied × BASICALLY_SATISFIED) / rated, of cycles whose feedback (the last of the cycle, as corrected) was given in [from, to); not: anonymous reports, incidents merged, withdrawn or voided, feedback excluded on appeal; of the lead department when it was given. Coverage: answered / (answered and not answered until the end of the feedback window)',
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
      window: {
        zh: '按回访评价时间；无人回答的按评价期满时间',
        en: 'by the time the feedback was given; of what nobody answered, by the end of the feedback window',
      },
      dimensions: {
        zh: '地点与主办部门以评价（无人回答的以核查通过）时为准，类别为上报时',
        en: 'place and lead department as they were when the feedback was given (of what nobody answered, when the check was passed), category as reported',
      },
    },
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['anonymous', 'ANONYMOUS'],
      ['left_out', 'EXCLUDED_ON_APPEAL'],
      ['not answered and told_at >= as_of', 'NOT_DUE_YET'],
      ['not answered', 'NO_ANSWER'],
      ["rating = 'NOT_RATED'", 'NOT_RATED'],
    ],
    numerator: "rating = 'SATISFIED'",
    unanswered: ['NO_ANSWER', 'NOT_RATED'],
    partial: { condition: "rating = 'BASICALLY_SATISFIED'", weight: 'weightBasicallySatisfied' },
  },
  {
    measure: 'COMPOSITE',
    reading: 'HIGHER',
    cohort: 'callbacks',
    windowColumn: 'told_at',
    version: 6,
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
        { metricId: 'response-rate', weight: 0.1 },
        { metricId: 'resolution-rate', weight: 0.5 },
        { metricId: 'satisfaction-rate', weight: 0.4 },
      ],
    },
    name: 'three-rates',
    title: { zh: '三率综合', en: 'Three rates' },
    formula: {
      zh: 'Σ 权重 × 率（响应率、解决率、满意率），权重随已公布的指标定义；任一率分母为零则无值；分子分母为各率件数之和',
      en: 'Σ weight × rate of response, resolution and satisfaction, weights as published; no value where a denominator is 0; numerator and denominator are the sums of those of its rates',
    },
    meaning: {
      numerator: { zh: '各率分子之和', en: 'the sum of the numerators of its rates' },
      denominator: { zh: '各率分母之和', en: 'the sum of the denominators of its rates' },
      window: { zh: '各率按其自己的口径', en: 'each of its rates by its own' },
      dimensions: { zh: '各率按其自己的口径', en: 'each of its rates by its own' },
    },
    exclusions: [],
    numerator: 'false',
    rates: {
      'acknowledge-on-time': 6,
      'check-in-on-time': 6,
      'handling-on-time': 6,
      'response-rate': 4,
      'closing-on-time': 3,
      'closing-rate': 3,
      'whistle-rate': 2,
      'suspension-rate': 2,
      'late-suspension-rate': 2,
    },
  },
  {
    cohort: 'closings',
    windowColumn: 'closed_at',
    version: 1,
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    reading: 'LOWER',
    name: 'reopen-rate',
    title: { zh: '重开率', en: 'Reopen rate' },
    measure: 'RATE',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
    ],
    formula: {
      zh: 'windowDays 天内又重开的结案数 ÷ 统计期内的结案数；不计：并案、撤回、作废；归属结案时的主办部门',
      en: 'closings followed by a reopening within windowDays / closings in [from, to); not: of incidents merged, withdrawn or voided; of the lead department when it was closed',
    },
    meaning: {
      numerator: {
        zh: '其中 windowDays 天内又重开的结案数',
        en: 'those of them followed by a reopening within windowDays',
      },
      denominator: { zh: '统计期内的结案数', en: 'closings in [from, to)' },
      window: { zh: '按结案时间', en: 'by the time of the closing' },
      dimensions: {
        zh: '地点与主办部门以结案时为准，类别为上报时',
        en: 'place and lead department as they were at the closing, category as reported',
      },
    },
    numerator: "reopened_at <= closed_at + window_days * interval '24 hours'",
    events: ['closed_event', 'reopened_event'],
  },
  {
    cohort: 'closings',
    windowColumn: 'closed_at',
    version: 1,
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    reading: 'LOWER',
    name: 'time-to-resolution',
    title: { zh: '总办结时长', en: 'Time to resolution' },
    measure: 'DURATION',
    numerator: 'true',
    amount: 'total_ms',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['reopened_event is not null', 'REOPENED'],
    ],
    formula: {
      zh: '首次立案至最后结案，扣除挂账时间：最后一次结案在统计期内且未重开的事件；值为中位数（分钟），并列 90 分位；分子为毫秒总和；归属结案时的主办部门',
      en: 'first filing to last closing minus the time suspended, of incidents whose last closing lies in [from, to) and that were not opened again; value: the median in minutes, with p90; numerator: their sum in milliseconds; of the lead department when it was closed',
    },
    meaning: {
      numerator: {
        zh: '首次立案至最后结案、扣除挂账的时长之和（毫秒）；所示值为中位数（分钟）',
        en: 'the sum of the times from first filing to last closing, minus the time suspended, in milliseconds; the value told is the median, in minutes',
      },
      denominator: {
        zh: '最后一次结案在统计期内且未重开的事件数',
        en: 'incidents whose last closing lies in [from, to) and that were not opened again',
      },
      window: { zh: '按最后一次结案时间', en: 'by the time of the last closing' },
      dimensions: {
        zh: '地点与主办部门以结案时为准，类别为上报时',
        en: 'place and lead department as they were at the closing, category as reported',
      },
    },
    events: ['filed_event', 'closed_event'],
  },
  {
    cohort: 'closings',
    windowColumn: 'closed_at',
    version: 1,
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    reading: 'LOWER',
    name: 'time-to-first-completion',
    title: { zh: '首次办结时长', en: 'Time to first completion' },
    measure: 'DURATION',
    numerator: 'true',
    amount: 'first_ms',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['reopened_event is not null', 'REOPENED'],
      ['completed_event is null', 'NEVER_COMPLETED'],
    ],
    formula: {
      zh: '首次立案至首次处置完成：最后一次结案在统计期内且未重开的事件；值为中位数（分钟），并列 90 分位；分子为毫秒总和；归属结案时的主办部门',
      en: 'first filing to first completed handling, of incidents whose last closing lies in [from, to) and that were not opened again; value: the median in minutes, with p90; numerator: their sum in milliseconds; of the lead department when it was closed',
    },
    meaning: {
      numerator: {
        zh: '首次立案至首次处置完成的时长之和（毫秒）；所示值为中位数（分钟）',
        en: 'the sum of the times from first filing to first completed handling, in milliseconds; the value told is the median, in minutes',
      },
      denominator: {
        zh: '最后一次结案在统计期内且未重开的事件数，且处置完成过',
        en: 'incidents whose last closing lies in [from, to) and that were not opened again and whose handling was completed',
      },
      window: { zh: '按最后一次结案时间', en: 'by the time of the last closing' },
      dimensions: {
        zh: '地点与主办部门以结案时为准，类别为上报时',
        en: 'place and lead department as they were at the closing, category as reported',
      },
    },
    events: ['filed_event', 'completed_event', 'closed_event'],
  },
  {
    cohort: 'closings',
    windowColumn: 'closed_at',
    version: 1,
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
    },
    reading: 'BAND',
    name: 'time-before-escalation',
    title: { zh: '升级前时长', en: 'Time before escalation' },
    measure: 'DURATION',
    numerator: 'true',
    amount: 'escalated_ms',
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['reopened_event is not null', 'REOPENED'],
      ['escalated_event is null', 'NEVER_ESCALATED'],
    ],
    formula: {
      zh: '首次立案至首次升级（首次未取消的吹哨，或首次上报上一层级，以先者为准），含挂账时间；不计从未升级的事件：最后一次结案在统计期内且未重开的事件；值为中位数（分钟），并列 90 分位；分子为毫秒总和；归属结案时的主办部门',
      en: 'first filing to first escalation (the first whistle that was not called off, or the first step to a higher level, whichever came first), with the time suspended; not: incidents that were never escalated; of incidents whose last closing lies in [from, to) and that were not opened again; value: the median in minutes, with p90; numerator: their sum in milliseconds; of the lead department when it was closed',
    },
    meaning: {
      numerator: {
        zh: '首次立案至首次升级（吹哨或上报上一层级）的时长之和（毫秒）；所示值为中位数（分钟）',
        en: 'the sum of the times from first filing to first escalation (a whistle, or a step to a higher level), in milliseconds; the value told is the median, in minutes',
      },
      denominator: {
        zh: '最后一次结案在统计期内且未重开的事件数，且升级过',
        en: 'incidents whose last closing lies in [from, to) and that were not opened again and that were escalated',
      },
      window: { zh: '按最后一次结案时间', en: 'by the time of the last closing' },
      dimensions: {
        zh: '地点与主办部门以结案时为准，类别为上报时',
        en: 'place and lead department as they were at the closing, category as reported',
      },
    },
    events: ['filed_event', 'escalated_event', 'closed_event'],
  },
  {
    cohort: 'suspensions',
    windowColumn: 'suspended_at',
    version: 2,
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 30,
      weights: [],
      thresholdPercent: 80,
    },
    name: 'late-suspension-rate',
    title: { zh: '临期挂账率', en: 'Late suspension rate' },
    measure: 'RATE',
    reading: 'LOWER',
    cohortVersion: 2,
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['used_percent is null', 'UNTIMED'],
    ],
    formula: {
      zh: '批准时总时限已用超过 thresholdPercent%（默认 80%）的挂账数 ÷ 统计期内批准的挂账数；已用时间与总时限均以批准时记入日志的毫秒数计，恰为该比例的不计入（早期只记整数百分比、向下取整，恰为该比例的无从区分，计入）；均扣除此前的挂账时间；每次挂账各计一件，续挂不另计；不计：无总时限的挂账，并案、撤回、作废的事件',
      en: 'suspensions that took effect when more than thresholdPercent (80 by default) of the total time was used up / suspensions approved in [from, to); by the milliseconds that the approval has put on record, so that exactly that much does not count (early ones have a whole percent on record, rounded down, which cannot tell it and counts); without the time suspended before; each suspension by itself, a renewal is none; not: without a total deadline, of incidents merged, withdrawn or voided',
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
        zh: '地点与主办部门以批准挂账时为准，类别为上报时',
        en: 'place and lead department as they were when it was approved, category as reported',
      },
    },
    numerator: `case when allowed_ms is null then used_percent >= threshold_percent
      else used_ms * 100 > threshold_percent * allowed_ms end`,
    events: ['filed_event', 'suspended_event'],
  },
  {
    version: 1,
    exclusions: [
      ["standing = 'MERGED'", 'MERGED'],
      ["standing = 'WITHDRAWN'", 'WITHDRAWN'],
      ["standing = 'VOIDED'", 'VOIDED'],
      ["standing = 'REJECTED'", 'REJECTED'],
      ['is_off', 'CALLED_OFF'],
    ],
    dimensions: ['estate', 'community', 'street', 'category', 'department'],
    department: 'department_id',
    terms: {
      definitionVersion: null,
      minimumSample: 20,
      weightBasicallySatisfied: 1,
      weightPartlySolved: 0,
      windowDays: 180,
      weights: [],
    },
    name: 'repeat-whistle-rate',
    title: { zh: '重复吹哨率', en: 'Repeat whistle rate' },
    measure: 'RATE',
    reading: 'LOWER',
    cohort: 'whistles',
    windowColumn: 'blown_at',
    formula: {
      zh: '此前窗口期（windowDays 天）内同一事件、或同一小区同类事项已吹过哨的吹哨数 ÷ 统计期内的吹哨数；不计：已取消的吹哨；不计：并案、撤回、作废的事件，也不作为前次吹哨',
      en: 'whistles within windowDays of an earlier one on the same incident, or the same estate and category / whistles blown in [from, to); not: whistles called off; not: of incidents merged, withdrawn or voided; what does not count is no earlier whistle either',
    },
    meaning: {
      numerator: {
        zh: '其中此前 windowDays 天内同一事件、或同一小区同类事项已吹过哨的吹哨数',
        en: 'those of them within windowDays of an earlier whistle on the same incident, or the same estate and category',
      },
      denominator: { zh: '统计期内未取消的吹哨数', en: 'whistles blown in [from, to) and not called off' },
      window: { zh: '按吹哨时间', en: 'by the time the whistle was blown' },
      dimensions: {
        zh: '地点以吹哨时为准，类别为上报时；部门为主办部门',
        en: 'place as it was at the whistle, category as reported; department: the lead',
      },
    },
    numerator: "earlier_at >= blown_at - window_days * interval '24 hours'",
    events: [
      'blown_event',
      "case when earlier_at >= blown_at - window_days * interval '24 hours' then earlier_event end",
    ],
  },
];
