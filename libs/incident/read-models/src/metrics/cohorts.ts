import { tasksAs, tasksAt } from '../department-tasks/tasks-at.js';
import { momentSql } from '../sql-reader.js';

/**
 * What can be counted, as it was at $1 as far as the log knew at $2: each ends in a table `at_moment` with a row per case.
 * $3 and $4 are the window, $5 days. A case's place and lead are those of the event that it is counted by.
 */
export interface Cohort {
  /** The projections it is read from. */
  readonly readModels: readonly ('containment' | 'department-tasks' | 'incident-facts')[];
  /**
   * Made once for all metrics that are asked for together. Not where the window finds its cases by an index: PostgreSQL uses
   * none for what is read several times.
   */
  readonly shared?: boolean;
  readonly sql: string;
}

const closures = `
${momentSql},
  at_moment as (
    select closures.*, null::text as task_id, null::text as department_id, as_of from containment.closures, moment
    where closed_at <= facts_until and closed_known_at <= known_at
      and (reopened_at is null or not (reopened_at <= facts_until and reopened_known_at <= known_at))
  )`;

/** The last row of a kind for each key, by the order of the log. */
const last = (kinds: string, key: string, columns = '*'): string =>
  `select distinct on (${key}) ${columns} from visible where ${kinds} order by ${key}, revision desc`;
const first = (kinds: string, key: string, columns = '*'): string =>
  `select distinct on (${key}) ${columns} from visible where ${kinds} order by ${key}, revision`;

/**
 * The moment is compared as parameters, not joined as a row: so PostgreSQL knows how much of the table is meant, and does
 * not go through one list for each row of another. See query-plans.int.spec.ts.
 */
const told = `
  visible as not materialized (
    select facts.*, $1::timestamptz as as_of from incident_facts.facts
    where fact_known_at <= $2::timestamptz and fact_at <=
      case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end
  ),
  standings as (
    ${last(`kind = 'STANDING'`, 'incident_id', 'incident_id, says as standing, fact_at as standing_at, event_id as standing_event')}
  ),
  called_off as (
    select whistle_id, revision from visible where kind = 'WHISTLE_CANCELLED'
  )`;
const facts = `with ${told}`;

const base = 'incident_id, null::text as task_id, as_of, category, severity, anonymous';
const ownPlace = 'estate_id, community_id, street_id';

/** A place that was corrected since, as far as there is one. */
const correctedPlace = ['estate_id', 'community_id', 'street_id']
  .map((unit) => `case when l.incident_id is null then f.${unit} else l.${unit} end as ${unit}`)
  .join(', ');
const corrections = `corrections as (${last(`kind = 'LOCATED'`, 'incident_id', `incident_id, ${ownPlace}`)})`;

const filed = `filed as (${first(`kind = 'FILED'`, 'incident_id')})`;

/** The last closing or reopening of each incident. */
const endings = `endings as (${last(`kind in ('CLOSED', 'REOPENED')`, 'incident_id')})`;

/** The first whistle of each incident that was not called off. */
const whistled = `whistled as (
    select distinct on (w.incident_id) w.* from visible w left join called_off x on x.whistle_id = w.whistle_id
    where w.kind = 'WHISTLED' and x.whistle_id is null order by w.incident_id, w.revision
  )`;

/** Each incident that was filed, in the place it is known to lie in. */
const incidents = `${facts},
  ${corrections}, ${filed}, ${endings}, ${whistled},
  at_moment as (
    select f.incident_id, null::text as task_id, f.as_of, f.category, f.severity, ${correctedPlace},
      w.department_id, f.fact_at as filed_at, f.event_id as filed_event, w.event_id as whistle_event,
      standing, standing_at, case when standing = 'SUSPENDED' then standing_event end as suspended_event,
      case when c.kind = 'CLOSED' then c.event_id end as closed_event
    from filed f left join corrections l on l.incident_id = f.incident_id
      left join standings s on s.incident_id = f.incident_id
      left join whistled w on w.incident_id = f.incident_id
      left join endings c on c.incident_id = f.incident_id
  )`;

/** Each cycle with the time it was due by, in the place the incident is known to lie in. */
const totals = `${facts},
  ${corrections},
  moved as (${last(`kind = 'DUE_MOVED'`, 'incident_id, cycle')}),
  ended as materialized (select * from visible where kind = 'CLOSED'),
  taken_up as materialized (select * from visible where kind = 'REOPENED'),
  at_moment as (
    select f.incident_id, null::text as task_id, f.as_of, f.category, f.severity, ${correctedPlace},
      null::text as department_id, f.event_id as filed_event, coalesce(m.due_at, f.due_at) as total_due,
      m.event_id as moved_event, c.fact_at as closed_at, c.event_id as closed_event,
      o.incident_id is not null as taken_up, standing
    from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join ended c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join taken_up o on o.incident_id = f.incident_id and o.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
    where f.kind = 'FILED' and f.due_at is not null
  )`;

const msBetween = (from: string, to: string): string => `extract(epoch from ${to} - ${from}) * 1000`;

/** Each closing, with the filing, the first completion and the pauses before it, and what reopened it. */
const closings = `${facts},
  ${filed},
  completed as (${first(`kind = 'COMPLETED'`, 'incident_id')}),
  reopened as (select * from visible where kind = 'REOPENED'),
  spans as (
    select incident_id, says, fact_at, lead(fact_at) over (partition by incident_id order by revision) as ended_at
    from visible where kind = 'STANDING'
  ),
  paused as (
    select incident_id, sum(${msBetween('fact_at', 'ended_at')}) as ms
    from spans where says = 'SUSPENDED' group by 1
  ),
  at_moment as (
    select c.incident_id, null::text as task_id, c.as_of, c.category, c.severity, c.estate_id, c.community_id,
      c.street_id, c.department_id, c.fact_at as closed_at, c.event_id as closed_event, f.event_id as filed_event,
      o.fact_at as reopened_at, o.event_id as reopened_event, d.event_id as completed_event, standing,
      ${msBetween('f.fact_at', 'c.fact_at')} - coalesce(p.ms, 0) as total_ms,
      ${msBetween('f.fact_at', 'd.fact_at')} as first_ms
    from visible c left join filed f on f.incident_id = c.incident_id
      left join completed d on d.incident_id = c.incident_id
      left join reopened o on o.incident_id = c.incident_id and o.cycle = c.cycle
      left join paused p on p.incident_id = c.incident_id
      left join standings s on s.incident_id = c.incident_id
    where c.kind = 'CLOSED'
  )`;

const asTold = ['category', 'severity', 'estate_id', 'community_id', 'street_id', 'department_id']
  .map((name) => `case when r.incident_id is null then a.${name} else r.${name} end as ${name}`)
  .join(', ');

/** What an index of `facts` holds in the order of cycles, for those that are read by the year: see `fact-tables.ts`. */
const answerColumns = [
  ...['incident_id', 'cycle', 'revision', 'fact_at', 'due_at', 'event_id', 'says', 'rating', 'as_of'],
  ...['category', 'severity', 'anonymous', ownPlace, 'department_id'],
].join(', ');
const lastAnswer = (kinds: string): string => last(kinds, 'incident_id, cycle', answerColumns);

/** Each cycle in which a resident was asked or has answered, with the last word on it: a correction, where one came after. */
const callbacks = `${facts},
  asked as (${lastAnswer(`kind = 'CHECKED' and says = 'PASS'`)}),
  rated as (${lastAnswer(`kind = 'RATED'`)}),
  corrected as (${lastAnswer(`kind = 'RATING_CORRECTED'`)}),
  left_out as (select distinct incident_id, cycle from visible where kind = 'RATING_EXCLUDED'),
  at_moment as (
    select coalesce(r.incident_id, a.incident_id) as incident_id, null::text as task_id, ${asTold},
      coalesce(r.as_of, a.as_of) as as_of, coalesce(r.anonymous, a.anonymous) as anonymous,
      coalesce(r.fact_at, a.due_at) as told_at, r.incident_id is not null as answered,
      case when w.incident_id is null then r.says else w.says end as solved,
      case when w.incident_id is null then r.rating else w.rating end as rating,
      a.event_id as asked_event, r.event_id as rated_event, w.event_id as corrected_event,
      x.incident_id is not null as left_out, standing
    from asked a full join rated r on r.incident_id = a.incident_id and r.cycle = a.cycle
      left join corrected w on w.incident_id = r.incident_id and w.cycle = r.cycle and w.revision > r.revision
      left join left_out x on x.incident_id = coalesce(r.incident_id, a.incident_id)
        and x.cycle = coalesce(r.cycle, a.cycle)
      left join standings s on s.incident_id = coalesce(r.incident_id, a.incident_id)
  )`;

const inOrder = 'order by fact_at, incident_id collate "C", revision';

/** Each whistle of the window, with the last one before it on the same incident, or the same estate and category. */
const whistles = `${facts},
  blown as (
    select w.*, x.whistle_id is not null as is_off, standing,
      x.whistle_id is null and (standing is null or standing in ('ON', 'SUSPENDED')) as is_valid
    from visible w left join called_off x on x.whistle_id = w.whistle_id
      left join standings s on s.incident_id = w.incident_id
    where w.kind = 'WHISTLED' and w.fact_at < $4::timestamptz
      and w.fact_at >= $3::timestamptz - $5::int * interval '24 hours'
  ),
  preceded as (
    select *, lag(fact_at) over own as own_at, lag(event_id) over own as own_event,
      lag(revision) over own as own_revision, incident_id as own_id,
      case when estate_id is not null then lag(fact_at) over place end as place_at,
      case when estate_id is not null then lag(event_id) over place end as place_event,
      case when estate_id is not null then lag(incident_id) over place end as place_id,
      case when estate_id is not null then lag(revision) over place end as place_revision
    from blown
    window own as (partition by is_valid, incident_id ${inOrder}),
      place as (partition by is_valid, estate_id, category ${inOrder})
  ),
  at_moment as (
    select ${base}, ${ownPlace}, department_id, fact_at as blown_at, event_id as blown_event, is_off, standing,
      case when own_at is null then place_at when place_at is null then own_at
        else greatest(own_at, place_at) end as earlier_at,
      case when own_at is null then place_event when place_at is null then own_event
        when (own_at, own_id collate "C", own_revision) >= (place_at, place_id collate "C", place_revision)
        then own_event else place_event end as earlier_event
    from preceded
  )`;

const holderOf = (decided: string): string => `coalesce(
      (select h.department_id from visible h where h.kind = 'TRANSFERRED' and h.incident_id = ${decided}.incident_id
         and h.task_id = ${decided}.task_id and h.revision < ${decided}.revision order by h.revision desc limit 1),
      (select h.department_id from visible h where h.kind = 'SUMMONED' and h.incident_id = ${decided}.incident_id
         and h.task_id = ${decided}.task_id limit 1))`;

/** Each task that was given to a department, with what was asked and decided about it. */
const summonses = `${facts},
  asked_back as (${first(`kind = 'RETURN_ASKED'`, 'task_id')}),
  gone as (
    select distinct on (task_id) task_id, event_id from visible d
    where kind = 'RETURN_ACCEPTED' or (kind = 'DECIDED' and department_id is distinct from ${holderOf('d')})
    order by task_id, revision
  ),
  at_moment as (
    select t.incident_id, t.task_id, t.as_of, t.category, t.severity, t.estate_id, t.community_id, t.street_id,
      t.department_id, t.fact_at as summoned_at, t.event_id as summoned_event, r.event_id as return_event,
      g.event_id as gone_event, standing
    from visible t left join asked_back r on r.task_id = t.task_id left join gone g on g.task_id = t.task_id
      left join standings s on s.incident_id = t.incident_id
    where t.kind = 'SUMMONED'
  )`;

/** Each incident that was whistled for, with its returns. */
const disputes = `${facts},
  ${whistled},
  returns as (
    select incident_id, count(*)::int as n, array_agg(event_id order by revision) as events
    from visible where kind = 'RETURN_ASKED' group by 1
  ),
  at_moment as (
    select w.incident_id, null::text as task_id, w.as_of, w.category, w.severity, w.estate_id, w.community_id,
      w.street_id, w.department_id, w.fact_at as blown_at, w.event_id as blown_event,
      greatest(coalesce(r.n, 0) - 1, 0) as more_returns, r.events as return_events, standing
    from whistled w left join returns r on r.incident_id = w.incident_id
      left join standings s on s.incident_id = w.incident_id
  )`;

/** Each task that was completed and checked, by its first check; not what was done in a whistle that was called off. */
const checks = `${facts},
  done as (${first(`kind = 'DONE'`, 'task_id')}),
  failed as (${first(`kind = 'SENT_BACK'`, 'task_id')}),
  checked as (
    select distinct on (d.task_id) d.task_id as of_task, d.department_id as by_department, d.event_id as done_event, c.*
    from done d join visible c
      on c.kind = 'CHECKED' and c.incident_id = d.incident_id and c.cycle = d.cycle and c.revision > d.revision
      left join visible t on t.kind = 'SUMMONED' and t.task_id = d.task_id
      left join called_off x on x.whistle_id = t.whistle_id
    where x.whistle_id is null or x.revision > c.revision
    order by d.task_id, c.revision
  ),
  at_moment as (
    select c.incident_id, c.of_task as task_id, c.as_of, c.category, c.severity, c.estate_id, c.community_id,
      c.street_id, c.by_department as department_id, c.fact_at as checked_at, c.event_id as check_event, c.done_event,
      f.event_id as failed_event, standing
    from checked c left join failed f on f.task_id = c.of_task
      left join standings s on s.incident_id = c.incident_id
  )`;

const response = [
  ...[
    'incident_id',
    'task_id',
    'as_of',
    'category',
    'severity',
    ownPlace,
    'department_id',
    'contact_due',
    'contact',
  ],
  ...[
    'contact_event',
    'notified_event_id',
    'set_aside',
    'ended',
    'counted',
    'undecided',
    'former',
    'deadlines',
  ],
].join(', ');

/**
 * Each time a reporter is to be called: by a department about its task, and by whoever handles it without a whistle about
 * the incident. The first whistle of a cycle takes the latter over, unless it was missed by then.
 */
const responses = `${tasksAs('of_departments')},
  ${told},
  ${corrections},
  moved as (${last(`kind = 'CONTACT_MOVED'`, 'incident_id, cycle')}),
  called as (${first(`kind = 'CONTACTED'`, 'incident_id, cycle')}),
  taken_over as (${first(`kind = 'WHISTLED'`, 'incident_id, cycle')}),
  of_incidents as (
    select f.incident_id, null::text as task_id, f.as_of, f.category, f.severity, ${correctedPlace},
      null::text as department_id, coalesce(m.due_at, f.due_at) as contact_due, c.fact_at as contact,
      c.event_id as contact_event, f.event_id as notified_event_id,
      case when standing in ('MERGED', 'SUSPENDED') then standing
        when standing in ('WITHDRAWN', 'VOIDED', 'REJECTED') then 'WITHDRAWN' end as set_aside,
      case when c.incident_id is null and w.fact_at <= coalesce(m.due_at, f.due_at) then 'TAKEN_OVER' end as ended,
      false as counted, false as undecided, null::json as former,
      json_build_array(json_build_object('timer', 'CONTACT', 'deadlineId', f.says)) as deadlines
    from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join called c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join taken_over w on w.incident_id = f.incident_id and w.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
    where f.kind = 'CONTACT_TIMED'
  ),
  at_moment as (select ${response} from of_departments union all select ${response} from of_incidents)`;

const ofFacts = (sql: string): Cohort => ({ readModels: ['incident-facts'], sql });

export const cohorts = {
  closures: { readModels: ['containment'], sql: closures },
  tasks: { readModels: ['department-tasks'], sql: tasksAt },
  responses: { readModels: ['department-tasks', 'incident-facts'], sql: responses },
  incidents: ofFacts(incidents),
  totals: ofFacts(totals),
  closings: ofFacts(closings),
  callbacks: { ...ofFacts(callbacks), shared: true },
  whistles: ofFacts(whistles),
  summonses: ofFacts(summonses),
  disputes: ofFacts(disputes),
  checks: ofFacts(checks),
} as const satisfies Record<string, Cohort>;

export type CohortName = keyof typeof cohorts;
