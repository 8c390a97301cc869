import { answered, holderAt, setAsideAt, unitAt } from '../department-tasks/tasks-at.js';
import {
  everyDimension,
  notInBase,
  placeAt,
  places,
  standardTerms,
  type Exclusion,
  type MetricDefinition,
} from './metric-definition.js';

interface Act {
  readonly name: string;
  readonly title: MetricDefinition['title'];
  /** In words. */
  readonly acted: { readonly zh: string; readonly en: string };
  readonly deadline: { readonly zh: string; readonly en: string };
  /** What else counts as the act. */
  readonly counted?: { readonly zh: string; readonly en: string };
  readonly due: string;
  readonly done: string;
  readonly event: string;
  /** Condition under which the clock runs on without being read: a decision says whose time it is. */
  readonly undecided: string;
  /** Since when its clock stands still: null of what stood still by nothing that was to be done. */
  readonly stillSince?: string;
  readonly version: number;
  /** Applied before all others. */
  readonly leftOut?: readonly Exclusion[];
}

function onTime(act: Act): MetricDefinition {
  const { name, title, version, acted, deadline, due, done, event, undecided, leftOut = [] } = act;
  const also = { zh: act.counted ? `；${act.counted.zh}` : '', en: act.counted ? `; ${act.counted.en}` : '' };
  const { stillSince = `case when done is null and ended is null then ${setAsideAt} end` } = act;
  const byDecision = leftOut.length > 0;
  const decided = `least(${done}, ${due})`;
  const place = placeAt({
    zh: `${acted.zh}或到期（以先者为准）时`,
    en: 'the time at which the deadline was met or fell due, whichever came first',
  });
  return {
    ...{ name, title, version, measure: 'RATE', reading: 'HIGHER', cohort: 'tasks', windowColumn: due },
    formula: {
      zh:
        `不晚于时限${acted.zh}的任务数 ÷ ${deadline.zh}时限落在统计期内且已见分晓（已${acted.zh}，或已过时限）的任务数；` +
        `不计：已准予退回或免责解除的任务，并案、撤回的事件，挂账期间尚未${acted.zh}的任务（挂账前已过时限的照计），时限待裁决的任务` +
        `${byDecision ? '，经申诉剔除的任务' : ''}；` +
        `地点与承办部门以${acted.zh}或到期（以先者为准）时为准${also.zh}`,
      en:
        `tasks ${acted.en} at or before their due time / tasks whose ${deadline.en} deadline lies in ` +
        `[from, to) and is decided at asOf (met, or past its due time); not: tasks returned or released without blame, ` +
        `of incidents merged, withdrawn or, unless met or missed before that, suspended, or whose deadline waits for a decision` +
        `${byDecision ? ', or that were excluded on appeal' : ''}; a task whose ` +
        `department or area changed is of those that had it when the deadline was met or fell due, whichever came first${also.en}`,
    },
    meaning: {
      numerator: {
        zh: `其中不晚于时限${acted.zh}的任务数${also.zh}`,
        en: `those of them ${acted.en} at or before their due time${also.en}`,
      },
      denominator: {
        zh: `${deadline.zh}时限落在统计期内且已见分晓（已${acted.zh}，或已过时限）的任务数，减去不计的任务`,
        en:
          `tasks whose ${deadline.en} deadline lies in [from, to) and is decided at asOf (met, or past its due time), ` +
          'without the excluded',
      },
      window: { zh: `按${deadline.zh}时限`, en: `by due time of the ${deadline.en} deadline` },
      dimensions: {
        zh: `${place.zh}；部门为同一时刻的承办部门`,
        en: `${place.en}; department: whoever had the task at that time`,
      },
    },
    exclusions: [
      ...leftOut,
      [`set_aside = 'MERGED'`, 'MERGED'],
      [`set_aside = 'WITHDRAWN'`, 'WITHDRAWN'],
      [`ended = 'RETURNED'`, 'RETURNED'],
      [`ended = 'RELEASED' and not counted`, 'RELEASED'],
      // Never retroactively (domain.md §3.4 b): what was missed before it was approved, was missed.
      [`${done} is null and set_aside is not null and ${due} >= ${stillSince}`, 'SUSPENDED'],
      [`${done} is null and ended is null and ${undecided}`, 'UNDECIDED'],
      [`${done} is null and ${due} >= as_of`, 'NOT_DUE_YET'],
    ],
    numerator: `${done} <= ${due}`,
    ...{ events: ['notified_event_id', event], dimensions: everyDimension, terms: standardTerms },
    units: {
      ...{ estate: unitAt('estate', decided), community: unitAt('community', decided) },
      street: unitAt('street', decided),
    },
    department: holderAt(decided),
  };
}

/** 剔除 of a contact that was missed. */
const contactLeftOut: Exclusion = [
  `exists (
     select 1 from department_tasks.exclusions x, moment, json_array_elements(deadlines) listed
     where x.incident_id = judged_of.incident_id and decided_at <= facts_until and decided_known_at <= moment.known_at
       and listed ->> 'timer' = 'CONTACT' and listed ->> 'deadlineId' = x.deadline_id)`,
  'EXCLUDED_ON_APPEAL',
];

const contacts = onTime({
  ...{ name: 'response-rate', title: { zh: '响应率', en: 'Response rate' }, version: 5 },
  acted: { zh: '联系到报告人', en: 'whose reporter was contacted' },
  deadline: { zh: '联系', en: 'contact' },
  ...{ due: 'contact_due', done: 'contact', event: 'contact_event', undecided: 'undecided' },
  stillSince: 'still_since',
  leftOut: [contactLeftOut, [`ended = 'TAKEN_OVER'`, 'TAKEN_OVER']],
});

/** After what has come to nothing, and before everything that only a call can be. */
function withAnonymous(exclusions: readonly Exclusion[]): readonly Exclusion[] {
  const after = exclusions.findIndex(([, reason]) => reason === 'WITHDRAWN') + 1;
  return [...exclusions.slice(0, after), ['anonymous', 'ANONYMOUS'], ...exclusions.slice(after)];
}

/**
 * Of tasks whose contact with the reporter is timed, and of incidents that are handled without a whistle: a reporter who
 * cannot be reached starts no clock. Anonymous reports are told with it as left out.
 */
export const responseRate: MetricDefinition = {
  ...contacts,
  ...{ cohort: 'responses', cohortVersion: 4 },
  exclusions: withAnonymous(contacts.exclusions),
  formula: {
    zh:
      `${contacts.formula.zh}；未经吹哨自行处置的，每一立案轮次按一件计，自立案起算，不归属任何部门；` +
      `不计：时限届满前已由吹哨接手的轮次，匿名报告（无从联系，不起算；每一事件按一件列入不计，以立案时间归入统计期）`,
    en:
      `${contacts.formula.en}; where it is handled without a whistle, each cycle is one case, timed from its filing, of no ` +
      `department; not: cycles that a whistle took over before the time was over, anonymous reports (nobody can be called and no ` +
      `clock runs; each incident is told once among the excluded, by its filing in [from, to))`,
  },
  meaning: {
    ...contacts.meaning,
    numerator: {
      zh: '其中不晚于时限联系到报告人的任务数与轮次数',
      en: 'those of them whose reporter was contacted at or before the due time',
    },
    denominator: {
      zh: `${contacts.meaning.denominator.zh}，加未经吹哨自行处置的立案轮次数`,
      en: `${contacts.meaning.denominator.en}; and as many cycles as were handled without a whistle`,
    },
    dimensions: {
      zh: `${contacts.meaning.dimensions.zh}；未经吹哨的与匿名报告不归属任何部门，匿名报告的地点以立案时为准`,
      en:
        `${contacts.meaning.dimensions.en}; of no department where there was no whistle, and where it was reported anonymously, ` +
        `in the place as of its filing`,
    },
  },
};

const closing = {
  ...{ measure: 'RATE', reading: 'HIGHER', cohort: 'totals', cohortVersion: 3, version: 3 },
  windowColumn: 'total_due',
  ...{ events: ['filed_event', 'moved_event', 'closed_event'], dimensions: places, department: null },
  exclusions: [
    ...notInBase,
    ['closed_at is null and taken_up', 'WITHDRAWN'],
    [`closed_at is null and standing = 'SUSPENDED' and total_due >= standing_at`, 'SUSPENDED'],
    ['closed_at is null and total_due >= as_of', 'NOT_DUE_YET'],
  ],
  terms: standardTerms,
} as const satisfies Partial<MetricDefinition>;

/** Like {@link holderAt} of a task: whose it was when it was decided, whatever comes later. */
const whereItEnded = placeAt({
  zh: '结案或到期（以先者为准）时',
  en: 'the closing or the due time, whichever came first',
});

const dueToClose = {
  zh:
    '总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数；不计：并案、撤回、作废、不予受理的事件，以及挂账未结的事件（挂账前已过总时限的照计）；' +
    '地点以结案或到期（以先者为准）时为准',
  en:
    'cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time); not: of incidents ' +
    'merged, withdrawn, voided, rejected or, unless closed or due before that, suspended; in the place as of the closing or the ' +
    'due time, whichever came first',
};

const meaningOf = (closed: MetricDefinition['title']): MetricDefinition['meaning'] => ({
  numerator: closed,
  denominator: {
    zh: '总时限落在统计期内且已见分晓（已结案，或已过时限）的立案轮次数（应结案），减去不计的轮次',
    en:
      'cycles whose total deadline lies in [from, to) and is decided at asOf (closed, or past its due time), without the ' +
      'excluded',
  },
  window: { zh: '按总时限', en: 'by due time of the total deadline' },
  dimensions: { zh: `${whereItEnded.zh}；不归属部门`, en: `${whereItEnded.en}; of no department` },
});

export const onTimeMetrics: readonly MetricDefinition[] = [
  onTime({
    ...{ name: 'acknowledge-on-time', title: { zh: '按时签收率', en: 'Acknowledged on time' }, version: 6 },
    ...{ acted: { zh: '签收', en: 'acknowledged' }, deadline: { zh: '签收', en: 'acknowledge' } },
    counted: {
      zh: '先报到的，以报到为签收',
      en: 'whoever checked in before acknowledging, has acknowledged by it',
    },
    // Its clock stops by either (domain.md §3.4), and a check-in without a network may be heard of after the signature.
    ...{ due: 'acknowledge_due', done: answered.at, event: answered.event, undecided: 'false' },
  }),
  onTime({
    ...{ name: 'check-in-on-time', title: { zh: '按时报到率', en: 'Checked in on time' }, version: 6 },
    ...{ acted: { zh: '报到', en: 'checked in' }, deadline: { zh: '报到', en: 'check-in' } },
    ...{ due: 'check_in_due', done: 'arrived', event: 'arrived_event', undecided: 'undecided' },
  }),
  onTime({
    ...{ name: 'handling-on-time', title: { zh: '按期处置率', en: 'Handled on time' }, version: 6 },
    ...{ acted: { zh: '办结', en: 'done' }, deadline: { zh: '处置', en: 'handling' } },
    ...{
      due: 'handling_due',
      done: 'handled',
      event: 'handled_event',
      undecided: '(undecided or extending)',
    },
  }),
  {
    ...{ ...closing, name: 'closing-rate', title: { zh: '结案率', en: 'Closing rate' } },
    formula: { zh: `已结案的轮次数 ÷ ${dueToClose.zh}`, en: `closed cycles / ${dueToClose.en}` },
    meaning: meaningOf({ zh: '其中已结案的轮次数', en: 'those of them that are closed' }),
    numerator: 'closed_at is not null',
  },
  {
    ...{ ...closing, name: 'closing-on-time', title: { zh: '按期结案率', en: 'Closed on time' } },
    formula: {
      zh: `不晚于总时限结案的轮次数 ÷ ${dueToClose.zh}`,
      en: `cycles closed at or before their due time / ${dueToClose.en}`,
    },
    meaning: meaningOf({
      zh: '其中不晚于总时限结案的轮次数',
      en: 'those of them closed at or before their due time',
    }),
    numerator: 'closed_at <= total_due',
  },
];
