import { momentSql } from '../sql-reader.js';

/** It was so, and known, by the moment. */
export const within = (act: string): string => `${act}_at <= facts_until and ${act}_known_at <= known_at`;

/**
 * Tasks as they were at $1 as far as the log knew at $2, each by the terms that held then: an instant that was later, or
 * learnt later, is null, and so is its event. `unmet_due` is the soonest deadline that nothing had met by then.
 * @param name of the table they are in
 */
export const tasksAs = (name: string): string => `
${momentSql},
  facts as (
    select t.*,
      case when ${within('acknowledged')} then acknowledged_at end as ack,
      case when ${within('acknowledged')} then acknowledged_event_id end as ack_event,
      case when ${within('checked_in')} then checked_in_at end as arrived,
      case when ${within('checked_in')} then checked_in_event_id end as arrived_event,
      ${within('contacted')} is true as contacted,
      case when ${within('contacted')} then contacted_at end as contact,
      case when ${within('contacted')} then contacted_event_id end as contact_event,
      ${within('working')} is true as working,
      case when ${within('completed')} then completed_at end as done,
      case when ${within('completed')} then completed_event_id end as done_event,
      coalesce(accepted_at, case when ${within('completed')} then completed_at end) as handled,
      case when accepted_at is not null then accepted_event_id when ${within('completed')} then completed_event_id end
        as handled_event,
      case when ${within('ended')} then ended_as end as ended,
      stands is not null and stands <> 'ACKNOWLEDGED' as undecided,
      as_of
    from department_tasks.tasks t cross join moment
    where ${within('since')} and (until_at is null or not (${within('until')}))
  ),
  ${name} as (
    select facts.*,
      done is null and ended is null and set_aside is null as is_open,
      case when done is not null then 'DONE' when ended is not null then ended when undecided then stands
           when working then 'WORKING' when arrived is not null then 'CHECKED_IN'
           when ack is not null or stands is not null then 'ACKNOWLEDGED' else 'NOTIFIED' end as state,
      case when done is null and ended is null and set_aside is null then least(
        case when ack is null and arrived is null and stands is null then acknowledge_due end,
        case when not undecided then least(
          case when arrived is null then check_in_due end, case when not contacted then contact_due end,
          case when not extending and accepted_at is null then stage_due end) end,
        rework_due) end as unmet_due
    from facts
  )`;

export const tasksAt = tasksAs('at_moment');

/** The former holders of a task as a table. */
export const formerHolders = `json_to_recordset(former) as held ("departmentId" text, since timestamptz, until timestamptz)`;

/**
 * Who had the task of a row of {@link tasksAt} at an instant: from a transfer on it is the successor's, and what was due
 * or done before stays with whoever had it then.
 */
export const holderAt = (
  instant: string,
): string => `case when former is null then department_id else coalesce(
    (select held."departmentId" from ${formerHolders} where ${instant} < held.until order by held.until limit 1),
    department_id) end`;

/** When a row of a task was over, and known to be; null while it is not. A task is over at a moment only if that is before. */
const over = `least(greatest(completed_at, completed_known_at), greatest(ended_at, ended_known_at),
  greatest(until_at, until_known_at))`;
const overOrNever = `coalesce(${over}, 'infinity')`;
/** What is over within this time of its beginning, as nearly all is, began at most so long before its end. */
const shortTime = "interval '30 days'";
/** The same added to an instant: a day of a session's time zone may have 23 hours. */
const shortHours = "interval '720 hours'";
const isShort = `${over} - since_at <= ${shortTime}`;

/**
 * The two indexes that keep what was over long before a moment out of sight, and what began long after it: of what was short,
 * and of the rest, which is what is open still and a little more. In one of both, so many rows that the end of each must be kept in
 * order were read as were over at any time after the moment: half of a year where the moment lies in its middle. What began only
 * after the moment is passed by in the index. And one of what was given on from department to department.
 */
export const openAfterIndexes = `
  create index if not exists tasks_short_by_end on tasks (department_id, (${overOrNever}), since_at)
    where ${isShort};
  create index if not exists tasks_long_by_end on tasks (department_id, (${overOrNever}), since_at)
    where (${isShort}) is not true;
  create index if not exists tasks_given_on on tasks ((${overOrNever}), since_at) where former is not null;
`;

/**
 * True for every row of a task that was open at some moment after `instant`, and for some more.
 * @param until only of what began by then
 */
export function openAfter(instant: string, until?: string): string {
  const short = `${isShort} and ${overOrNever} >= ${instant}`;
  const long = `(${isShort}) is not true and ${overOrNever} >= ${instant}`;
  if (until === undefined) return `(${short} or ${long})`;
  const hasBegun = `since_at <= ${until}`;
  return `(${short} and ${overOrNever} <= (${until}) + ${shortHours} and ${hasBegun} or ${long} and ${hasBegun})`;
}

/** The same of those tasks that several departments have had. */
export const givenOnAndOpenAfter = (instant: string, until: string): string =>
  `former is not null and ${overOrNever} >= ${instant} and since_at <= ${until}`;
