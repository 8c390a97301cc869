import { momentSql } from '../sql-reader.js';

/** It was so, and known, by the moment. */
export const within = (act: string): string => `${act}_at <= facts_until and ${act}_known_at <= known_at`;

/** A return is asked for, or an arbitration. */
export const isUndecided = `stands is not null and stands <> 'ACKNOWLEDGED'`;

/** All there are. */
const everyTask = 'department_tasks.tasks';

/**
 * Tasks as they were at $1 as far as the log knew at $2, each by the terms that held then: an instant that was later, or
 * learnt later, is null, and so is its event. `unmet_due` is the soonest deadline that nothing had met by then. Reads `moment`.
 * @param among of which, in SQL
 */
export const tasksOf = (among: string): string => `
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
    from (
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
        ${isUndecided} as undecided,
        as_of
      from ${among} t cross join moment
      where ${within('since')} and (until_at is null or not (${within('until')}))
    ) facts`;

/** Since when the incident of a row of {@link tasksAt} is set aside; null where it is not. */
export const setAsideAt = `(causes -> 'set_aside' ->> 'at')::timestamptz`;

/** What stopped the clock of acknowledging of a row of {@link tasksAt}: whoever has come has answered, whatever was signed later. */
export const answered = {
  at: 'least(ack, arrived)',
  event: 'case when arrived < ack or ack is null then arrived_event else ack_event end',
} as const;

/** The same as a table. @param name of it */
export const tasksAmong = (name: string, among = everyTask): string => `
  ${name} as (${tasksOf(among)}
  )`;

/** The same as the first table of a query. */
export const tasksAs = (name: string, among = everyTask): string =>
  `${momentSql}, ${tasksAmong(name, among)}`;

export const tasksAt = tasksAs('at_moment');

/** An instant as answers tell it. */
export const isoUtc = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The former holders of a task as a table. */
export const formerHolders = `json_to_recordset(former) as held (
    "departmentId" text, since timestamptz, until timestamptz, "eventId" text, "knownAt" timestamptz)`;

/**
 * Who had the task of a row of {@link tasksAt} at an instant: from a transfer on it is the successor's, and what was due
 * or done before stays with whoever had it then.
 */
export const holderAt = (
  instant: string,
): string => `case when former is null then department_id else coalesce(
    (select held."departmentId" from ${formerHolders} where ${instant} < held.until order by held.until limit 1),
    department_id) end`;

/**
 * The unit of a row of {@link tasksAt} at an instant: where it lay as of an event of its own, which is not where it is known to lie
 * where its area went to other units after the event, or where that was found in a later cycle.
 */
export const unitAt = (
  unit: 'estate' | 'community' | 'street',
  instant: string,
): string => `case when event_places is null then ${unit}_id else (
    select lain ->> '${unit}Id' from json_array_elements(event_places) with ordinality as places (lain, nth)
    where lain ->> 'since' is null or (lain ->> 'since')::timestamptz <= ${instant} order by nth desc limit 1) end`;

/** Deadlines of a row of a task, JSON as {@link TaskRow} has them. */
export const deadlinesOfTask = (task: string): string =>
  `(select told.deadlines from department_tasks.task_deadlines told where (told.task_id, told.version) = (${task}.task_id, ${task}.version))`;
