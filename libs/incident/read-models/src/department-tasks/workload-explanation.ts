import { momentValues, type Moment } from '../sql-reader.js';
import { formerHolders, isoUtc, tasksAmong, within } from './tasks-at.js';
import {
  reasonSql,
  type DecidingEvent,
  type FigureSql,
  type WorkloadFigure,
  type WorkloadFigureName,
  type WorkloadMeasure,
} from './workload-figures.js';
import { has, holdings, judged } from './workload-holdings.js';

/** Whose figure: a department's, or that of several departments' tasks in one street (null: in none that is known). */
export type WorkloadOf =
  | { readonly departmentId: string }
  | { readonly streetId: string | null; readonly departmentIds: readonly string[] };

/** Where an item stands in its explanation. */
export interface ExplanationPlace {
  readonly at: string;
  readonly key: string;
}

export interface DecidingEventTold {
  readonly what: DecidingEvent | 'BOOKED';
  readonly eventId: string;
  readonly at: string;
  /** When the log learnt of it. */
  readonly knownAt: string;
}

/** A task, or of time lost a span that was booked, of work a booking. One that a unit had twice is told of twice. */
export interface ExplainedTask {
  readonly incidentId: string;
  readonly taskId: string;
  /** Whose it is, or was; of time lost, who bears it: null for the dispatch; of work, who booked it. */
  readonly departmentId: string | null;
  /** False for what is left out, for the `reason`. */
  readonly counts: boolean;
  /** What it contributes: 1 of a number, 1 or 0 of a rate, its weight, milliseconds or minutes. Null where it does not count. */
  readonly contribution: number | null;
  readonly reason: string | null;
  /** The deadline in question, when it was met, and by how much it was missed by then or by asOf; negative: in time. */
  readonly dueAt: string | null;
  readonly doneAt: string | null;
  readonly lateMs: number | null;
  /** Oldest first. */
  readonly events: readonly DecidingEventTold[];
}

export interface WorkloadExplanation {
  /** The figure itself, made of all that counts, whatever is on the page. */
  readonly value: number | null;
  /** How many count: the denominator of a rate. */
  readonly counted: number;
  /** Of a rate: how many were met. */
  readonly met: number | null;
  /** How many were left out, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
  /** Oldest task first. */
  readonly items: readonly ExplainedTask[];
  readonly next: ExplanationPlace | null;
}

/** One row. */
export interface ExplanationRow {
  readonly counted: number;
  readonly met: number;
  readonly sum: number;
  readonly percentiles: readonly [number, number] | null;
  readonly excluded: Readonly<Record<string, number>>;
  readonly items: readonly (ExplainedTask & { readonly place: ExplanationPlace })[];
}

/** Id, instant, and instant at which it was known, of an event as the columns of a holding say it; null where it was not. */
const eventColumns: Readonly<Record<DecidingEvent, EventColumns>> = {
  NOTIFIED: ['notified_event_id', 'notified_at', 'notified_known_at'],
  ACKNOWLEDGED: ['ack_event', 'ack', 'acknowledged_known_at'],
  CONTACTED: ['contact_event', 'contact', 'contacted_known_at'],
  CHECKED_IN: ['arrived_event', 'arrived', 'checked_in_known_at'],
  WORKING: ['case when working then working_event_id end', 'working_at', 'working_known_at'],
  COMPLETED: ['done_event', 'done', 'completed_known_at'],
  ACCEPTED_COMPLETION: ['accepted_event_id', 'accepted_at', 'accepted_known_at'],
  ENDED: ['case when ended is not null then ended_event_id end', 'ended_at', 'ended_known_at'],
  TERMS_CHANGED: ['nullif(since_event_id, notified_event_id)', 'since_at', 'since_known_at'],
  UNDECIDED: causeColumns('stands'),
  EXTENSION_ASKED: causeColumns('extending'),
  SET_ASIDE: causeColumns('set_aside'),
  TAKEN_OVER: ['taken_over_event', 'held_since', 'taken_over_known_at'],
  HANDED_ON: ['handed_on_event', 'held_until', 'handed_on_known_at'],
};

function causeColumns(name: string): EventColumns {
  const part = (of: string): string => `causes -> '${name}' ->> '${of}'`;
  return [part('eventId'), `(${part('at')})::timestamptz`, `(${part('knownAt')})::timestamptz`];
}

type EventColumns = readonly [id: string, at: string, knownAt: string];

const eventsOf = (
  events: readonly (readonly [what: DecidingEventTold['what'], columns: EventColumns])[],
): string => {
  const told = events.map(([what, columns]) => `('${what}', ${columns.join(', ')})`);
  return `(select coalesce(jsonb_agg(jsonb_build_object('what', what, 'eventId', id, 'at', ${isoUtc('at')},
      'knownAt', ${isoUtc('known')}) order by at, known, what), '[]')
    from (values ${told.join(', ')}) as event (what, id, at, known) where id is not null)`;
};

/** The transfer by which a holding began, and the one by which it ended. */
const transfers = `
  left join lateral (
    select held."eventId" as taken_over_event, held."knownAt" as taken_over_known_at
    from ${formerHolders} where held.until = held_since and held."departmentId" <> holder order by held.until limit 1
  ) taken on held_since <> notified_at or held_until is not null
  left join lateral (
    select held."eventId" as handed_on_event, held."knownAt" as handed_on_known_at
    from ${formerHolders} where held.until = held_until and held."departmentId" = holder limit 1
  ) handed on true`;

/** `told`: every row that the figure is made of or leaves out. */
function toldOfTasks(figure: FigureSql, whose: string): string {
  const { counts, amount, candidates, reasons, dueAt, doneAt } = figure;
  const [due, done] = [dueAt ?? 'null::timestamptz', doneAt ?? 'null::timestamptz'];
  const why = reasons.map(([condition, reason]) => `when ${condition} then ${reasonSql(reason)}`).join(' ');
  return `
  judged as (
    select holdings.*, ${has} as has, ${judged('acknowledge')}, ${judged('check_in')}, ${judged('handling')}
    from holdings offset 0
  ),
  told as (
    select *, case when not is_counted then case ${why} end end as reason
    from (
      select *, holder as unit_id, notified_at as place_at,
        md5(concat_ws(' ', task_id, holder, extract(epoch from held_since), extract(epoch from held_until))) as place_key,
        (${counts}) is true as is_counted, (${amount})::float8 as amount, ${due} as due_at, ${done} as done_at,
        extract(epoch from coalesce(${done}, as_of) - ${due}) * 1000 as late_ms
      from judged where ((${counts}) is true or ${candidates}) and ${whose}
    ) judged_of
  )`;
}

/** The same of time lost: what they bear, and beside it what others bear of the same tasks. */
const toldOfLosses = (inStreet: boolean): string => `
  losses as (
    select lost.* from department_tasks.lost_times lost cross join moment
    where booked_at >= $4::timestamptz and ${within('booked')}
      ${inStreet ? 'and exists (select from placed where (placed.task_id, placed.incident_id) = (lost.task_id, lost.incident_id))' : ''}
  ),
  told as (
    select incident_id, task_id, unit_id, booked_at as place_at, md5(concat_ws(' ', event_id, ordinal)) as place_key,
      coalesce(unit_id = any($3::text[]), false) as is_counted,
      (extract(epoch from to_at - from_at) * 1000)::float8 as amount,
      case when unit_id = any($3::text[]) then null when unit_id is null then 'BORNE_BY_DISPATCH'
        else 'BORNE_BY_ANOTHER' end as reason,
      null::timestamptz as due_at, null::timestamptz as done_at, null::numeric as late_ms,
      event_id, booked_at, booked_known_at
    from losses
    where unit_id = any($3::text[]) or task_id in (select task_id from holdings)
  )`;

/** The same of work: what they booked, and beside it what others booked on the same tasks. */
const toldOfWork = (inStreet: boolean): string => `
  told as (
    select incident_id, task_id, unit_id, booked_at as place_at, md5(event_id) as place_key,
      unit_id = any($3::text[]) as is_counted, minutes::float8 as amount,
      case when unit_id = any($3::text[]) then null else 'BOOKED_BY_ANOTHER' end as reason,
      null::timestamptz as due_at, null::timestamptz as done_at, null::numeric as late_ms,
      event_id, booked_at, booked_known_at
    from department_tasks.work_bookings work cross join moment
    where booked_at >= $4::timestamptz and ${within('booked')}
      and (unit_id = any($3::text[]) or task_id in (select task_id from holdings))
      ${inStreet ? 'and exists (select from placed where (placed.task_id, placed.incident_id) = (work.task_id, work.incident_id))' : ''}
  )`;

const booking = eventsOf([['BOOKED', ['event_id', 'booked_at', 'booked_known_at']]]);

/** What is booked, by the name of its figure: its table, and how it is told of. */
const bookings: Partial<Record<WorkloadFigureName, { table: string; told: (inStreet: boolean) => string }>> =
  {
    lostMs: { table: 'lost_times', told: toldOfLosses },
    workedMinutes: { table: 'work_bookings', told: toldOfWork },
  };

/** Where the tasks lie that something was booked about. */
const bookedAbout = (table: string): string =>
  tasksAmong(
    'booked_about',
    `(select * from department_tasks.tasks where task_id in
    (select task_id from department_tasks.${table} where booked_at >= $4::timestamptz))`,
  );

/** Text and values of the question. @param limit items told, of one more than which there is a next page */
export function explanationSql(
  name: WorkloadFigureName,
  { sql }: WorkloadFigure,
  of: WorkloadOf,
  moment: Moment,
  from: string,
  page: { readonly limit: number; readonly after: ExplanationPlace | null },
): { text: string; values: unknown[] } {
  const inStreet = !('departmentId' in of);
  const values: unknown[] = [...momentValues(moment), inStreet ? of.departmentIds : [of.departmentId], from];
  if (inStreet) values.push(of.streetId);
  const booked = bookings[name];
  const whose = inStreet ? 'street_id is not distinct from $5::text' : 'true';
  const told = sql === null ? booked?.told(inStreet) : toldOfTasks(sql, whose);
  if (told === undefined) throw new Error(`nothing says how ${name} is told of`);
  const where =
    booked !== undefined && inStreet
      ? `, ${bookedAbout(booked.table)}, placed as (select * from booked_about where ${whose})`
      : '';
  const events =
    sql === null ? booking : eventsOf(sql.events.map((what) => [what, eventColumns[what]] as const));
  const next = values.length + 1;
  const after =
    page.after === null ? '' : `where (place_at, place_key) > ($${next}::timestamptz, $${next + 1})`;
  if (page.after !== null) values.push(page.after.at, page.after.key);
  const text = `${holdings}${where}, ${told}
    select count(*) filter (where is_counted)::int as counted,
      ${sumOf(sql)} as sum,
      count(*) filter (where is_counted and amount = 1)::int as met,
      percentile_cont(array[0.5, 0.9]) within group (order by amount) filter (where is_counted) as percentiles,
      (select coalesce(jsonb_object_agg(reason, number), '{}')
       from (select reason, count(*) as number from told where not is_counted group by 1) left_out) as excluded,
      (select coalesce(jsonb_agg(jsonb_build_object('incidentId', incident_id, 'taskId', task_id, 'departmentId', unit_id,
          'counts', is_counted, 'contribution', case when is_counted then amount end, 'reason', reason,
          'dueAt', ${isoUtc('due_at')}, 'doneAt', ${isoUtc('done_at')}, 'lateMs', late_ms::float8, 'events', ${events},
          'place', jsonb_build_object('at', ${isoUtc('place_at')}, 'key', place_key))
          order by place_at, place_key), '[]')
       from (select * from told ${after} order by place_at, place_key limit ${page.limit + 1}) page ${sql === null ? '' : transfers}) as items
    from told`;
  return { text, values };
}

/** Fractions are rounded where the figure's own sum is exact: 0.1 and 0.2 in binary are not 0.3. */
export function sumOf(sql: FigureSql | null): string {
  const sum = 'coalesce(sum(amount) filter (where is_counted), 0)';
  return sql?.decimals === undefined ? `${sum}::float8` : `round(${sum}::numeric, ${sql.decimals})::float8`;
}

/** @param limit as it was asked with */
export function explanationOf(
  { measure }: WorkloadFigure,
  { counted, met, sum, percentiles, excluded, items }: ExplanationRow,
  limit: number,
): WorkloadExplanation {
  const page = items.slice(0, limit);
  return {
    ...{ value: valueOf(measure, { counted, met, sum, percentiles }), counted, excluded },
    met: measure === 'RATE' ? met : null,
    items: page.map(({ place: _, ...item }) => item),
    next: items.length > limit ? (page.at(-1)?.place ?? null) : null,
  };
}

/** What a figure is of what counts. */
export function valueOf(
  measure: WorkloadMeasure,
  { counted, met, sum, percentiles }: Pick<ExplanationRow, 'counted' | 'met' | 'sum' | 'percentiles'>,
): number | null {
  switch (measure) {
    case 'COUNT':
      return counted;
    case 'SUM':
      return sum;
    case 'RATE':
      return counted === 0 ? null : met / counted;
    case 'MEDIAN':
      return percentiles?.[0] ?? null;
    case 'P90':
      return percentiles?.[1] ?? null;
  }
}
