import { factsUntil } from '../sql-reader.js';
import { formerHolders, givenOnAndOpenAfter, openAfter, tasksAmong, tasksAs } from './tasks-at.js';

// What every figure of workload is read from: $1 and $2 are the moment, $3 departments, $4 the start of the window.

/** Acts that have a deadline: the column of the act, the one it was due by, and what leaves it open whose time it is. */
export const timedActs = {
  acknowledge: { done: 'ack', due: 'acknowledge_due', undecided: 'false' },
  check_in: { done: 'arrived', due: 'check_in_due', undecided: 'undecided' },
  handling: { done: 'handled', due: 'handling_due', undecided: '(undecided or extending)' },
} as const;
export type TimedAct = keyof typeof timedActs;

const windowBegin = 'least($1::timestamptz, $2::timestamptz, $4::timestamptz)';

/**
 * A row for each of the departments $3 that has or had a task of the window; `held_until` is null of the one that has it. All that
 * was ever given on, which is little, is asked whether they had it: of other tasks nothing is unpacked.
 */
export const holdings = `
${tasksAs('theirs', openAfter(windowBegin, factsUntil, 'department_id = any($3::text[])'))},
${tasksAmong('given_on', givenOnAndOpenAfter(windowBegin, factsUntil))},
  holdings as (
    select * from (
      select theirs.*, department_id as holder, case when former is null then notified_at
        else coalesce((select max(held.until) from ${formerHolders}), notified_at) end as held_since, null::timestamptz as held_until
      from theirs offset 0
    ) own
    union all
    select given_on.*, held."departmentId", held.since, held.until
    from given_on cross join lateral ${formerHolders} where held."departmentId" = any($3::text[])
  )`;

/** Of a holding: it is the department that has the task, and answers for how it stands. */
export const has = 'held_until is null';

/** Not by the name: a task may come back to a department that had it before. An offline check-in may be the first's. */
export const heldAt = (instant: string): string =>
  `(${instant} >= held_since or held_since = notified_at) and (${has} or ${instant} < held_until)`;

/**
 * An act that is judged: done, or its time is over and nothing was undecided; what was given away is not. It is that of
 * whoever had the task when it was done, or should have been.
 */
const decided = ({ done, due, undecided }: (typeof timedActs)[TimedAct]): string =>
  `notified_at >= $4 and (ended is null or counted) and ${due} is not null
   and (${done} is not null or (${due} < as_of and not ${undecided} and set_aside is null))
   and ${heldAt(`least(${done}, ${due})`)}`;

/** What is asked of an act of each holding. */
export const judged = (act: TimedAct): string => {
  const { done, due } = timedActs[act];
  return `(${decided(timedActs[act])}) is true as ${act}_is_decided, ${done} <= ${due} as ${act}_in_time,
    case when notified_at >= $4 and ${done} is not null and ${heldAt(done)}
      then date_part('epoch', ${done} - notified_at) / 60 end as ${act}_minutes`;
};
