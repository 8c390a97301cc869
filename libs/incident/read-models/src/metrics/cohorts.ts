import { deadlinesOfTask, setAsideAt, tasksAs, tasksAt } from '../department-tasks/tasks-at.js';
import { casesSql, factCases, namesOf, type FactCases } from '../incident-facts/fact-cases.js';
import { factsUntil, momentSql } from '../sql-reader.js';
import { earlierCohorts } from './earlier/cohorts.js';
import type { MetricDefinition } from './metric-definition.js';

/**
 * What can be counted, as it was at $1 as far as the log knew at $2: each ends in a table `at_moment` with a row per case.
 * $3 and $4 are the window, $5 days. A case's place and lead are those of the event that it is counted by. Each version that was
 * recorded stays, the earlier ones in `earlier/cohorts.ts`; what they read of the read models stays for them.
 */
export interface Cohort {
  /** Raised when its SQL, or that of the facts it is made of, changes: see metric-definitions.unit.spec.ts. */
  readonly version: number;
  /** The projections it is read from. */
  readonly readModels: readonly ('containment' | 'department-tasks' | 'incident-facts')[];
  readonly sql: string;
}

const closures = `
${momentSql},
  at_moment as (
    select closures.*, null::text as task_id, null::text as department_id, as_of from containment.closures, moment
    where closed_at <= facts_until and closed_known_at <= known_at
      and (reopened_at is null or not (reopened_at <= facts_until and reopened_known_at <= known_at))
  )`;

/**
 * At the moment of a query: incidents that are over as they are written, where all of it was so and known by then; and made of facts
 * those that go on, and those in the midst of which the moment lies. The latter lived at it: from the first of their instants to the last.
 */
const going = `
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(${factsUntil}, $2::timestamptz), greatest(${factsUntil}, $2::timestamptz), '[]')
      and first_at <= ${factsUntil} and first_known_at <= $2::timestamptz
      and (last_at > ${factsUntil} or last_known_at > $2::timestamptz)`;

/** Asked by the incidents, which PostgreSQL would otherwise join after it has read all facts there are. */
const visible = `
  select facts.* from incident_facts.facts
  where incident_id = any(array(${going}))
    and fact_at <= ${factsUntil} and fact_known_at <= $2::timestamptz`;

/** The cases of a kind as a table. */
const casesAt = (kind: FactCases): string => `(
    ${casesSql(kind, visible, 'materialized')}
    union all
    select ${namesOf(kind)} from incident_facts.${kind.table}
    where last_at <= ${factsUntil} and last_known_at <= $2::timestamptz
  )`;

/** Not made before it is looked at: so the window finds its cases by an index. */
const atMoment = (kind: FactCases, constants: string): string => `
  with at_moment as not materialized (select c.*, ${constants} $1::timestamptz as as_of from ${casesAt(kind)} c)`;

/** The columns of a case, with the place of the event that it is counted by, and not the one that is known by now. */
function toldAtEvent(kind: FactCases): string {
  const columns = Object.keys(kind.columns).filter((name) => !(`event_${name}` in kind.columns));
  const told = columns.map((name) =>
    name.startsWith('event_') ? `${name} as ${name.slice('event_'.length)}` : name,
  );
  return told.join(', ');
}

const atEvent = (kind: FactCases, constants: string): string => `
  with at_moment as not materialized (select ${toldAtEvent(kind)}, ${constants} $1::timestamptz as as_of from ${casesAt(kind)} c)`;

const noTask = 'null::text as task_id,';
const nobody = 'null::text as department_id,';

const inOrder = 'order by blown_at, incident_id collate "C", revision';

/**
 * Each whistle of the window, with the last one before it on the same incident, or the same estate and category. Both are as old as
 * they are: whoever asks compares them with the whistle itself.
 */
const whistles = `
  with blown as not materialized (
    select * from ${casesAt(factCases.whistles)} c
    where blown_at < $4::timestamptz and blown_at >= $3::timestamptz - $5::int * interval '24 hours'
  ),
  preceded as (
    select *, incident_id as own_id,
      case when estate_id is not null then lag(blown_at) over place end as place_at,
      case when estate_id is not null then lag(blown_event) over place end as place_event,
      case when estate_id is not null then lag(incident_id) over place end as place_id,
      case when estate_id is not null then lag(revision) over place end as place_revision
    from blown
    window place as (partition by is_repeatable, estate_id, category ${inOrder})
  ),
  at_moment as (
    select incident_id, ${noTask} $1::timestamptz as as_of, category, severity, anonymous, estate_id, community_id, street_id,
      department_id, blown_at, blown_event, is_off, is_reverse, standing,
      case when prior_at is null then place_at when place_at is null then prior_at
        else greatest(prior_at, place_at) end as earlier_at,
      case when prior_at is null then place_event when place_at is null then prior_event
        when (prior_at, own_id collate "C", prior_revision) >= (place_at, place_id collate "C", place_revision)
        then prior_event else place_event end as earlier_event
    from preceded
  )`;

const response = [
  ...[
    'incident_id',
    'task_id',
    'as_of',
    'category',
    'severity',
    'estate_id, community_id, street_id',
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
    'event_places',
    'anonymous',
  ],
].join(', ');

/** Of a call that is to be made still; what is over stands still by nothing. */
const stillSince = `case when done is null and ended is null then ${setAsideAt} end as still_since`;

/**
 * Each time a reporter is to be called: by a department about its task, and by whoever handles it without a whistle about
 * the incident. And what nobody is called about, since it was reported anonymously: once, by its filing, only to be counted as left out
 * (domain.md §6, 19). Whether it was is of the report, which nothing changes.
 */
const responses = `${tasksAs('of_departments')},
  of_nobody as not materialized (
    select ${toldAtEvent(factCases.incidents)} from ${casesAt(factCases.incidents)} c
    where exists (select from incident_facts.cases k where k.incident_id = c.incident_id and k.anonymous)
  ),
  of_incidents as not materialized (
    select ${toldAtEvent(factCases.contacts)}, ${noTask} ${nobody} $1::timestamptz as as_of, false as counted, false as undecided,
      null::json as former, null::json as event_places, false as anonymous,
      json_build_array(json_build_object('timer', 'CONTACT', 'deadlineId', deadline_id)) as deadlines
    from ${casesAt(factCases.contacts)} c
  ),
  at_moment as (
    select ${response.replace('anonymous', 'false as anonymous')}, ${stillSince}, ${deadlinesOfTask('of_departments')} as deadlines
    from of_departments
    union all
    select ${response}, still_since, deadlines from of_incidents
    union all
    select incident_id, ${noTask} $1::timestamptz as as_of, category, severity, estate_id, community_id, street_id, ${nobody}
      filed_at as contact_due, null::timestamptz as contact, null::text as contact_event, filed_event as notified_event_id,
      case when standing = 'MERGED' then standing when standing in ('WITHDRAWN', 'VOIDED', 'REJECTED') then 'WITHDRAWN' end as set_aside,
      null::text as ended, false as counted, false as undecided, null::json as former, null::json as event_places, true as anonymous,
      null::timestamptz as still_since, null::json as deadlines
    from of_nobody
  )`;

const ofFacts = (sql: string, version = 1): Cohort => ({ version, readModels: ['incident-facts'], sql });

export const cohorts = {
  closures: { version: 1, readModels: ['containment'], sql: closures },
  tasks: { version: 1, readModels: ['department-tasks'], sql: tasksAt },
  responses: { version: 4, readModels: ['department-tasks', 'incident-facts'], sql: responses },
  incidents: ofFacts(atEvent(factCases.incidents, noTask), 2),
  totals: ofFacts(atEvent(factCases.totals, `${noTask} ${nobody}`), 3),
  closings: ofFacts(atMoment(factCases.closings, noTask), 2),
  callbacks: ofFacts(atMoment(factCases.callbacks, noTask), 2),
  whistles: ofFacts(whistles, 2),
  summonses: ofFacts(atMoment(factCases.summonses, '')),
  disputes: ofFacts(atMoment(factCases.disputes, noTask)),
  checks: ofFacts(atMoment(factCases.checks, '')),
  suspensions: ofFacts(atMoment(factCases.suspensions, noTask), 3),
} as const satisfies Record<string, Cohort>;

export type CohortName = keyof typeof cohorts;

/** What a definition counts, in the version that it holds on to. @throws Error where that is not kept */
export function cohortOf({
  cohort,
  cohortVersion = 1,
}: Pick<MetricDefinition, 'cohort' | 'cohortVersion'>): Cohort {
  const found = [cohorts[cohort], ...(earlierCohorts[cohort] ?? [])].find(
    ({ version }) => version === cohortVersion,
  );
  if (found === undefined) throw new Error(`version ${cohortVersion} of the cohort ${cohort} is not kept`);
  return found;
}
