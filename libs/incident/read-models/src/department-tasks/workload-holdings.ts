import { factsUntil, momentSql, momentUntil } from '../sql-reader.js';
import { answered, formerHolders, setAsideAt, tasksOf } from './tasks-at.js';
import {
  columnsInBrief,
  givenOnAndOpenAfter,
  openAfter,
  openInBrief,
  othersInBrief,
  settledInBrief,
} from './tasks-in-question.js';

// What every figure of workload is read from: $1 and $2 are the moment, $3 departments, $4 the start of the window.

/** Acts that have a deadline: the column of the act, the one it was due by, and what leaves it open whose time it is. */
export const timedActs = {
  acknowledge: { done: answered.at, due: 'acknowledge_due', undecided: 'false' },
  check_in: { done: 'arrived', due: 'check_in_due', undecided: 'undecided' },
  handling: { done: 'handled', due: 'handling_due', undecided: '(undecided or extending)' },
} as const;
export type TimedAct = keyof typeof timedActs;

const windowBegin = 'least($1::timestamptz, $2::timestamptz, $4::timestamptz)';
const settledBy = 'least($5::timestamptz, $2::timestamptz)';
const theirs = 'department_id = any($3::text[])';

/** A task that one department has had all the time, as its holding. */
const heldByOne = (columns: string, tasks: string): string =>
  `select ${columns}, department_id as holder, notified_at as held_since, null::timestamptz as held_until from ${tasks} by_one`;

/** All that was ever given on, which is little, is asked whether they had it: of other tasks nothing is unpacked. */
const heldBySeveral = (columns: string, until: string): string => `
    select ${columns}, holder, held_since, held_until
    from ${givenOnAndOpenAfter(windowBegin, until)} given_on cross join lateral (
      select held."departmentId" as holder, held.since as held_since, held.until as held_until from ${formerHolders}
      union all
      select department_id, coalesce((select max(held.until) from ${formerHolders}), notified_at), null
    ) held_by
    where holder = any($3::text[])`;

/** A row for each of the departments $3 that has or had a task of the window; `held_until` is null of the one that has it. */
export const holdings = `
${momentSql},
  holdings as (${tasksOf(`(
    ${heldByOne('*', openAfter(windowBegin, factsUntil, `${theirs} and former is null`))}
    union all${heldBySeveral('given_on.*', factsUntil)}
  )`)})`;

/** Of a question that is planned once: see `factsUntilValue`. */
const until = '$5::timestamptz';
export const holdingsMoment = momentUntil(until);

/**
 * The same in three tables, each with what workload asks of its rows made as it can be made of them: of all at once it takes twice
 * as long. Read `moment` of {@link holdingsMoment}.
 */
export const holdingsByKind = {
  open: tasksOf(`(${heldByOne('*', openInBrief(theirs))})`),
  /** Over, and settled by the moment: never open. */
  settled: heldByOne('*, $1::timestamptz as as_of', `(${settledInBrief(windowBegin, settledBy, theirs)})`),
  others: tasksOf(`(
    ${heldByOne(columnsInBrief, othersInBrief(windowBegin, until, settledBy, theirs))}
    union all${heldBySeveral(columnsInBrief, until)}
  )`),
} as const;
export type HoldingKind = keyof typeof holdingsByKind;

/** Of a holding: it is the department that has the task, and answers for how it stands. */
export const has = 'held_until is null';

/** Not by the name: a task may come back to a department that had it before. An offline check-in may be the first's. */
export const heldAt = (instant: string): string =>
  `(${instant} >= held_since or held_since = notified_at) and (${has} or ${instant} < held_until)`;

/**
 * What is to be done stands still: its incident was suspended, or merged into another, before it was due. Never retroactively: what
 * had been missed by then was missed (domain.md §3.4 b).
 */
export const standsStill = (due: string): string =>
  `(set_aside is not null and done is null and ended is null and ${due} >= ${setAsideAt})`;

/**
 * An act that is judged: done, or its time is over and nothing was undecided; what was given away is not. It is that of
 * whoever had the task when it was done, or should have been.
 */
const decided = ({ done, due, undecided }: (typeof timedActs)[TimedAct]): string =>
  `notified_at >= $4 and (ended is null or counted) and ${due} is not null
   and (${done} is not null or (${due} < as_of and not ${undecided} and ${standsStill(due)} is not true))
   and ${heldAt(`least(${done}, ${due})`)}`;

/** What is asked of an act of each holding. */
export const judged = (act: TimedAct): string => {
  const { done, due } = timedActs[act];
  return `(${decided(timedActs[act])}) is true as ${act}_is_decided, ${done} <= ${due} as ${act}_in_time,
    case when notified_at >= $4 and ${done} is not null and ${heldAt(done)}
      then date_part('epoch', ${done} - notified_at) / 60 end as ${act}_minutes`;
};
