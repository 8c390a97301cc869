import { isUndecided } from './tasks-at.js';

// Which tasks a question about a moment has to look at.

/**
 * When nothing more becomes known of a row of a task: when it was replaced by later terms, or else the last of its instants, each
 * with when it was known. A moment from then on finds the row as it is. Null of what is open.
 */
export const settledAt = `case when not is_over then null when until_at is not null then greatest(until_at, until_known_at)
  else greatest(since_at, since_known_at, notified_at, notified_known_at, acknowledged_at, acknowledged_known_at, contacted_at,
    contacted_known_at, checked_in_at, checked_in_known_at, working_at, working_known_at, completed_at, completed_known_at,
    accepted_at, accepted_known_at, ended_at, ended_known_at) end`;

/** What is settled within this time of its beginning, as nearly all is, began at most so long before that. */
const shortTime = "interval '30 days'";
/** The same added to an instant: a day of a session's time zone may have 23 hours. */
const shortHours = "interval '720 hours'";
/** Of what is over: settled soon, and had by one department all the time. */
const isPlain = `settled_at - since_at <= ${shortTime} and former is null`;
const isNotPlain = `(${isPlain}) is not true`;

/**
 * What is open still lies apart, close together. Of what is over, two indexes keep what was settled long before a moment out of sight,
 * and what began long after it: one of what is plain, one of the rest, which is little. In one of both, so many rows that the end of each
 * must be kept in order were read as were over at any time after the moment: half of a year where the moment lies in its middle. What
 * began only after the moment is passed by in the index. The first has all that workload asks: no row is looked at. And two of what
 * was given on from department to department; of open tasks `settled_at` is in no index, for an act that changed it could not stay
 * on its page.
 */
export const indexesByMoment = `
  create index if not exists open_tasks_of_department on open_tasks (department_id, notified_at, task_id);
  create index if not exists over_tasks_plain on over_tasks (department_id, settled_at, since_at)
    include (until_at, street_id, notified_at, completed_at, accepted_at, ended_as, ended_at, counted, acknowledge_due,
      acknowledged_at, check_in_due, checked_in_at, handling_due, stands, extending, set_aside) where ${isPlain};
  create index if not exists over_tasks_not_plain on over_tasks (department_id, settled_at, since_at) where ${isNotPlain};
  create index if not exists open_tasks_given_on on open_tasks (since_at) where former is not null;
  create index if not exists over_tasks_given_on on over_tasks (settled_at, since_at) where former is not null;
`;

/**
 * Every row of a task that was open at some moment after `instant`, and some more, of what began by `until`.
 * @param whose condition on the rows, by the department
 */
export function openAfter(instant: string, until: string, whose: string): string {
  const those = `${whose} and since_at <= ${until}`;
  return `(
      select * from department_tasks.open_tasks where ${those}
      union all
      select * from department_tasks.over_tasks
      where ${those} and ${isPlain} and settled_at >= ${instant} and settled_at <= (${until}) + ${shortHours}
      union all
      select * from department_tasks.over_tasks where ${those} and ${isNotPlain} and settled_at >= ${instant}
    )`;
}

/** The same of those tasks that several departments have had. */
export const givenOnAndOpenAfter = (instant: string, until: string): string => `(
      select * from department_tasks.open_tasks where former is not null and since_at <= ${until}
      union all
      select * from department_tasks.over_tasks where former is not null and settled_at >= ${instant} and since_at <= ${until}
    )`;

const never = 'null::timestamptz';
const unsaid = 'null::text';

/** What `tasksOf` and workload read of a row. By what events it is so, workload does not ask. */
const brief = [
  ...(['department_id', 'street_id', 'role', 'weight', 'since_at', 'since_known_at'] as const),
  ...(['until_at', 'until_known_at', 'notified_at', 'acknowledge_due', 'acknowledged_at'] as const),
  ...(['acknowledged_known_at', 'acknowledged_event_id', 'contact_due', 'contacted_at'] as const),
  ...(['contacted_known_at', 'contacted_event_id', 'check_in_due', 'checked_in_at'] as const),
  ...(['checked_in_known_at', 'checked_in_event_id', 'handling_due', 'stage_due', 'rework_due'] as const),
  ...([
    'working_at',
    'working_known_at',
    'completed_at',
    'completed_known_at',
    'completed_event_id',
  ] as const),
  ...(['accepted_at', 'accepted_event_id', 'ended_as', 'ended_at', 'ended_known_at', 'counted'] as const),
  ...(['stands', 'extending', 'set_aside', 'causes'] as const),
];
type Known = Readonly<Partial<Record<(typeof brief)[number], string>>>;
const noEvents: Known = {
  ...{ acknowledged_event_id: unsaid, contacted_event_id: unsaid, checked_in_event_id: unsaid },
  ...{ completed_event_id: unsaid, accepted_event_id: unsaid },
};
const notOver: Known = {
  ...{ until_at: never, until_known_at: never, completed_at: never, completed_known_at: never },
  ...{ ended_as: unsaid, ended_at: never, ended_known_at: never },
};

/** @param known what need not be read */
const inBrief = (known: Known = {}): string =>
  brief
    .map((name) => {
      const value = { ...noEvents, ...known }[name];
      return value === undefined ? name : `${value} as ${name}`;
    })
    .join(', ');

/** The columns of {@link openInBrief} and {@link othersInBrief}. */
export const columnsInBrief = brief.join(', ');

/** Of the tasks of {@link openAfter} that one department had all the time: what is open now. Since when, `tasksOf` asks. */
export const openInBrief = (whose: string): string =>
  `(select ${inBrief(notOver)} from department_tasks.open_tasks where ${whose} and former is null)`;

/**
 * And what is over and plain, and was settled by the moment: as `tasksOf` has it, and without a row being looked at. How it stood
 * before it was over, it does not say.
 */
export const settledInBrief = (instant: string, by: string, whose: string): string => `
      select department_id, street_id, notified_at, acknowledge_due, acknowledged_at as ack, check_in_due, checked_in_at as arrived,
        handling_due, completed_at as done, coalesce(accepted_at, completed_at) as handled, ended_as as ended, ended_at, counted,
        ${isUndecided} as undecided, extending, set_aside, null::json as causes
      from department_tasks.over_tasks
      where ${whose} and ${isPlain} and settled_at >= ${instant} and settled_at <= ${by} and until_at is null`;

/** And what is over and was under way at the moment, and the few that were long in hand. */
export const othersInBrief = (instant: string, until: string, by: string, whose: string): string => `(
      select ${inBrief()} from department_tasks.over_tasks
      where ${whose} and ${isPlain} and since_at <= ${until} and settled_at > ${by} and settled_at <= (${until}) + ${shortHours}
      union all
      select ${inBrief()} from department_tasks.over_tasks
      where ${whose} and former is null and ${isNotPlain} and since_at <= ${until} and settled_at >= ${instant}
    )`;
