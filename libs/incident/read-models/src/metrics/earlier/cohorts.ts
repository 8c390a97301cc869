import type { Cohort } from '../cohorts.js';

/**
 * Cohorts as they were recorded, for the definitions that hold on to them: their whole SQL, with nothing shared, so that
 * whatever is changed of those in force leaves them as they are. What they read of read models has to stay there for them.
 */
export const earlierCohorts: Readonly<Record<string, readonly Cohort[]>> = {
  incidents: [
    {
      version: 1,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select c.*, null::text as task_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), called_off as (select whistle_id, revision from visible where kind = 'WHISTLE_CANCELLED'), corrections as (select distinct on (incident_id) incident_id, estate_id, community_id, street_id from visible where kind = 'LOCATED' order by incident_id, revision desc), filed as (select distinct on (incident_id) * from visible where kind = 'FILED' order by incident_id, revision), whistled as (
  select distinct on (w.incident_id) w.* from visible w left join called_off x on x.whistle_id = w.whistle_id
  where w.kind = 'WHISTLED' and x.whistle_id is null order by w.incident_id, w.revision
), endings as (select distinct on (incident_id) * from visible where kind in ('CLOSED', 'REOPENED') order by incident_id, revision desc) select f.incident_id as incident_id, f.category as category, f.severity as severity, case when l.incident_id is null then f.estate_id else l.estate_id end as estate_id, case when l.incident_id is null then f.community_id else l.community_id end as community_id, case when l.incident_id is null then f.street_id else l.street_id end as street_id, w.department_id as department_id, f.fact_at as filed_at, f.event_id as filed_event, w.event_id as whistle_event, s.standing as standing, s.standing_at as standing_at, case when s.standing = 'SUSPENDED' then s.standing_event end as suspended_event, case when c.kind = 'CLOSED' then c.event_id end as closed_event from filed f left join corrections l on l.incident_id = f.incident_id
    left join standings s on s.incident_id = f.incident_id
    left join whistled w on w.incident_id = f.incident_id
    left join endings c on c.incident_id = f.incident_id
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, department_id, filed_at, filed_event, whistle_event, standing, standing_at, suspended_event, closed_event from incident_facts.over_incidents
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
  ],
  totals: [
    {
      version: 1,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select c.*, null::text as task_id, null::text as department_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), corrections as (select distinct on (incident_id) incident_id, estate_id, community_id, street_id from visible where kind = 'LOCATED' order by incident_id, revision desc), moved as (select distinct on (incident_id, cycle) * from visible where kind = 'DUE_MOVED' order by incident_id, cycle, revision desc), ended as materialized (select * from visible where kind = 'CLOSED'), reopened as materialized (select * from visible where kind = 'REOPENED') select f.incident_id as incident_id, f.category as category, f.severity as severity, case when l.incident_id is null then f.estate_id else l.estate_id end as estate_id, case when l.incident_id is null then f.community_id else l.community_id end as community_id, case when l.incident_id is null then f.street_id else l.street_id end as street_id, f.event_id as filed_event, coalesce(m.due_at, f.due_at) as total_due, m.event_id as moved_event, c.fact_at as closed_at, c.event_id as closed_event, o.incident_id is not null as taken_up, s.standing as standing from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join ended c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join reopened o on o.incident_id = f.incident_id and o.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
    where f.kind = 'FILED' and f.due_at is not null
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, filed_event, total_due, moved_event, closed_at, closed_event, taken_up, standing from incident_facts.over_totals
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
    {
      version: 2,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select incident_id, category, severity, event_estate_id as estate_id, event_community_id as community_id, event_street_id as street_id, filed_event, total_due, moved_event, closed_at, closed_event, taken_up, standing, null::text as task_id, null::text as department_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), corrections as (select distinct on (incident_id) incident_id, estate_id, community_id, street_id from visible where kind = 'LOCATED' order by incident_id, revision desc), moved as (select distinct on (incident_id, cycle) * from visible where kind = 'DUE_MOVED' order by incident_id, cycle, revision desc), ended as materialized (select * from visible where kind = 'CLOSED'), reopened as materialized (select * from visible where kind = 'REOPENED'), placed as (
  select distinct on (f.incident_id, f.cycle) f.incident_id, f.cycle, l.estate_id, l.community_id, l.street_id
  from visible l join (select o.*, least(c.fact_at, coalesce(m.due_at, o.due_at)) as ended_at
       from visible o left join ended c on c.incident_id = o.incident_id and c.cycle = o.cycle
         left join moved m on m.incident_id = o.incident_id and m.cycle = o.cycle
       where o.kind = 'FILED') f on f.incident_id = l.incident_id and f.cycle = l.cycle and f.revision < l.revision
  where l.kind = 'LOCATED' and (l.says is distinct from 'AREA_TRANSFER' or l.fact_at <= f.ended_at)
  order by f.incident_id, f.cycle, l.revision desc
) select f.incident_id as incident_id, f.category as category, f.severity as severity, case when l.incident_id is null then f.estate_id else l.estate_id end as estate_id, case when l.incident_id is null then f.community_id else l.community_id end as community_id, case when l.incident_id is null then f.street_id else l.street_id end as street_id, case when p.incident_id is null then f.estate_id else p.estate_id end as event_estate_id, case when p.incident_id is null then f.community_id else p.community_id end as event_community_id, case when p.incident_id is null then f.street_id else p.street_id end as event_street_id, f.event_id as filed_event, coalesce(m.due_at, f.due_at) as total_due, m.event_id as moved_event, c.fact_at as closed_at, c.event_id as closed_event, o.incident_id is not null as taken_up, s.standing as standing from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join ended c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join reopened o on o.incident_id = f.incident_id and o.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
      left join placed p on p.incident_id = f.incident_id and p.cycle = f.cycle
    where f.kind = 'FILED' and f.due_at is not null
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, event_estate_id, event_community_id, event_street_id, filed_event, total_due, moved_event, closed_at, closed_event, taken_up, standing from incident_facts.over_totals
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
  ],
  responses: [
    {
      version: 1,
      readModels: ['department-tasks', 'incident-facts'],
      sql: `
  with moment as not materialized (
    select $1::timestamptz as as_of, $2::timestamptz as known_at,
      case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end as facts_until
  ), 
  of_departments as (
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
        case when acknowledged_at <= facts_until and acknowledged_known_at <= known_at then acknowledged_at end as ack,
        case when acknowledged_at <= facts_until and acknowledged_known_at <= known_at then acknowledged_event_id end as ack_event,
        case when checked_in_at <= facts_until and checked_in_known_at <= known_at then checked_in_at end as arrived,
        case when checked_in_at <= facts_until and checked_in_known_at <= known_at then checked_in_event_id end as arrived_event,
        contacted_at <= facts_until and contacted_known_at <= known_at is true as contacted,
        case when contacted_at <= facts_until and contacted_known_at <= known_at then contacted_at end as contact,
        case when contacted_at <= facts_until and contacted_known_at <= known_at then contacted_event_id end as contact_event,
        working_at <= facts_until and working_known_at <= known_at is true as working,
        case when completed_at <= facts_until and completed_known_at <= known_at then completed_at end as done,
        case when completed_at <= facts_until and completed_known_at <= known_at then completed_event_id end as done_event,
        coalesce(accepted_at, case when completed_at <= facts_until and completed_known_at <= known_at then completed_at end) as handled,
        case when accepted_at is not null then accepted_event_id when completed_at <= facts_until and completed_known_at <= known_at then completed_event_id end
          as handled_event,
        case when ended_at <= facts_until and ended_known_at <= known_at then ended_as end as ended,
        stands is not null and stands <> 'ACKNOWLEDGED' as undecided,
        as_of
      from department_tasks.tasks t cross join moment
      where since_at <= facts_until and since_known_at <= known_at and (until_at is null or not (until_at <= facts_until and until_known_at <= known_at))
    ) facts
  ),
  of_incidents as not materialized (
    select c.*, null::text as task_id, null::text as department_id, $1::timestamptz as as_of, false as counted, false as undecided, null::json as former,
      json_build_array(json_build_object('timer', 'CONTACT', 'deadlineId', deadline_id)) as deadlines
    from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), corrections as (select distinct on (incident_id) incident_id, estate_id, community_id, street_id from visible where kind = 'LOCATED' order by incident_id, revision desc), moved as (select distinct on (incident_id, cycle) * from visible where kind = 'CONTACT_MOVED' order by incident_id, cycle, revision desc), called as (select distinct on (incident_id, cycle) * from visible where kind = 'CONTACTED' order by incident_id, cycle, revision), taken_over as (select distinct on (incident_id, cycle) * from visible where kind = 'WHISTLED' order by incident_id, cycle, revision) select f.incident_id as incident_id, f.category as category, f.severity as severity, case when l.incident_id is null then f.estate_id else l.estate_id end as estate_id, case when l.incident_id is null then f.community_id else l.community_id end as community_id, case when l.incident_id is null then f.street_id else l.street_id end as street_id, coalesce(m.due_at, f.due_at) as contact_due, c.fact_at as contact, c.event_id as contact_event, f.event_id as notified_event_id, case when s.standing in ('MERGED', 'SUSPENDED') then s.standing
        when s.standing in ('WITHDRAWN', 'VOIDED', 'REJECTED') then 'WITHDRAWN' end as set_aside, case when c.incident_id is null and w.fact_at <= coalesce(m.due_at, f.due_at) then 'TAKEN_OVER' end as ended, f.says as deadline_id from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join called c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join taken_over w on w.incident_id = f.incident_id and w.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
    where f.kind = 'CONTACT_TIMED'
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, deadline_id from incident_facts.over_contacts
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c
  ),
  at_moment as (
    select incident_id, task_id, as_of, category, severity, estate_id, community_id, street_id, department_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, counted, undecided, former, (select told.deadlines from department_tasks.task_deadlines told where (told.task_id, told.version) = (of_departments.task_id, of_departments.version)) as deadlines from of_departments
    union all
    select incident_id, task_id, as_of, category, severity, estate_id, community_id, street_id, department_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, counted, undecided, former, deadlines from of_incidents
  )`,
    },
    {
      version: 2,
      readModels: ['department-tasks', 'incident-facts'],
      sql: `
  with moment as not materialized (
    select $1::timestamptz as as_of, $2::timestamptz as known_at,
      case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end as facts_until
  ), 
  of_departments as (
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
        case when acknowledged_at <= facts_until and acknowledged_known_at <= known_at then acknowledged_at end as ack,
        case when acknowledged_at <= facts_until and acknowledged_known_at <= known_at then acknowledged_event_id end as ack_event,
        case when checked_in_at <= facts_until and checked_in_known_at <= known_at then checked_in_at end as arrived,
        case when checked_in_at <= facts_until and checked_in_known_at <= known_at then checked_in_event_id end as arrived_event,
        contacted_at <= facts_until and contacted_known_at <= known_at is true as contacted,
        case when contacted_at <= facts_until and contacted_known_at <= known_at then contacted_at end as contact,
        case when contacted_at <= facts_until and contacted_known_at <= known_at then contacted_event_id end as contact_event,
        working_at <= facts_until and working_known_at <= known_at is true as working,
        case when completed_at <= facts_until and completed_known_at <= known_at then completed_at end as done,
        case when completed_at <= facts_until and completed_known_at <= known_at then completed_event_id end as done_event,
        coalesce(accepted_at, case when completed_at <= facts_until and completed_known_at <= known_at then completed_at end) as handled,
        case when accepted_at is not null then accepted_event_id when completed_at <= facts_until and completed_known_at <= known_at then completed_event_id end
          as handled_event,
        case when ended_at <= facts_until and ended_known_at <= known_at then ended_as end as ended,
        stands is not null and stands <> 'ACKNOWLEDGED' as undecided,
        as_of
      from department_tasks.tasks t cross join moment
      where since_at <= facts_until and since_known_at <= known_at and (until_at is null or not (until_at <= facts_until and until_known_at <= known_at))
    ) facts
  ),
  of_incidents as not materialized (
    select incident_id, category, severity, event_estate_id as estate_id, event_community_id as community_id, event_street_id as street_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, deadline_id, null::text as task_id, null::text as department_id, $1::timestamptz as as_of, false as counted, false as undecided,
      null::json as former, null::json as event_places,
      json_build_array(json_build_object('timer', 'CONTACT', 'deadlineId', deadline_id)) as deadlines
    from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), corrections as (select distinct on (incident_id) incident_id, estate_id, community_id, street_id from visible where kind = 'LOCATED' order by incident_id, revision desc), moved as (select distinct on (incident_id, cycle) * from visible where kind = 'CONTACT_MOVED' order by incident_id, cycle, revision desc), called as (select distinct on (incident_id, cycle) * from visible where kind = 'CONTACTED' order by incident_id, cycle, revision), taken_over as (select distinct on (incident_id, cycle) * from visible where kind = 'WHISTLED' order by incident_id, cycle, revision), placed as (
  select distinct on (f.incident_id, f.cycle) f.incident_id, f.cycle, l.estate_id, l.community_id, l.street_id
  from visible l join (select o.*, least(c.fact_at, coalesce(m.due_at, o.due_at)) as ended_at
       from visible o left join called c on c.incident_id = o.incident_id and c.cycle = o.cycle
         left join moved m on m.incident_id = o.incident_id and m.cycle = o.cycle
       where o.kind = 'CONTACT_TIMED') f on f.incident_id = l.incident_id and f.cycle = l.cycle and f.revision < l.revision
  where l.kind = 'LOCATED' and (l.says is distinct from 'AREA_TRANSFER' or l.fact_at <= f.ended_at)
  order by f.incident_id, f.cycle, l.revision desc
) select f.incident_id as incident_id, f.category as category, f.severity as severity, case when l.incident_id is null then f.estate_id else l.estate_id end as estate_id, case when l.incident_id is null then f.community_id else l.community_id end as community_id, case when l.incident_id is null then f.street_id else l.street_id end as street_id, case when p.incident_id is null then f.estate_id else p.estate_id end as event_estate_id, case when p.incident_id is null then f.community_id else p.community_id end as event_community_id, case when p.incident_id is null then f.street_id else p.street_id end as event_street_id, coalesce(m.due_at, f.due_at) as contact_due, c.fact_at as contact, c.event_id as contact_event, f.event_id as notified_event_id, case when s.standing in ('MERGED', 'SUSPENDED') then s.standing
        when s.standing in ('WITHDRAWN', 'VOIDED', 'REJECTED') then 'WITHDRAWN' end as set_aside, case when c.incident_id is null and w.fact_at <= coalesce(m.due_at, f.due_at) then 'TAKEN_OVER' end as ended, f.says as deadline_id from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join called c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join taken_over w on w.incident_id = f.incident_id and w.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
      left join placed p on p.incident_id = f.incident_id and p.cycle = f.cycle
    where f.kind = 'CONTACT_TIMED'
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, event_estate_id, event_community_id, event_street_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, deadline_id from incident_facts.over_contacts
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c
  ),
  at_moment as (
    select incident_id, task_id, as_of, category, severity, estate_id, community_id, street_id, department_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, counted, undecided, former, event_places, (select told.deadlines from department_tasks.task_deadlines told where (told.task_id, told.version) = (of_departments.task_id, of_departments.version)) as deadlines from of_departments
    union all
    select incident_id, task_id, as_of, category, severity, estate_id, community_id, street_id, department_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, counted, undecided, former, event_places, deadlines from of_incidents
  )`,
    },
    {
      version: 3,
      readModels: ['department-tasks', 'incident-facts'],
      sql: `
  with moment as not materialized (
    select $1::timestamptz as as_of, $2::timestamptz as known_at,
      case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end as facts_until
  ), 
  of_departments as (
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
        case when acknowledged_at <= facts_until and acknowledged_known_at <= known_at then acknowledged_at end as ack,
        case when acknowledged_at <= facts_until and acknowledged_known_at <= known_at then acknowledged_event_id end as ack_event,
        case when checked_in_at <= facts_until and checked_in_known_at <= known_at then checked_in_at end as arrived,
        case when checked_in_at <= facts_until and checked_in_known_at <= known_at then checked_in_event_id end as arrived_event,
        contacted_at <= facts_until and contacted_known_at <= known_at is true as contacted,
        case when contacted_at <= facts_until and contacted_known_at <= known_at then contacted_at end as contact,
        case when contacted_at <= facts_until and contacted_known_at <= known_at then contacted_event_id end as contact_event,
        working_at <= facts_until and working_known_at <= known_at is true as working,
        case when completed_at <= facts_until and completed_known_at <= known_at then completed_at end as done,
        case when completed_at <= facts_until and completed_known_at <= known_at then completed_event_id end as done_event,
        coalesce(accepted_at, case when completed_at <= facts_until and completed_known_at <= known_at then completed_at end) as handled,
        case when accepted_at is not null then accepted_event_id when completed_at <= facts_until and completed_known_at <= known_at then completed_event_id end
          as handled_event,
        case when ended_at <= facts_until and ended_known_at <= known_at then ended_as end as ended,
        stands is not null and stands <> 'ACKNOWLEDGED' as undecided,
        as_of
      from department_tasks.tasks t cross join moment
      where since_at <= facts_until and since_known_at <= known_at and (until_at is null or not (until_at <= facts_until and until_known_at <= known_at))
    ) facts
  ),
  of_incidents as not materialized (
    select incident_id, category, severity, event_estate_id as estate_id, event_community_id as community_id, event_street_id as street_id, contact_due, contact, contact_event, notified_event_id, set_aside, still_since, ended, deadline_id, null::text as task_id, null::text as department_id, $1::timestamptz as as_of, false as counted, false as undecided,
      null::json as former, null::json as event_places,
      json_build_array(json_build_object('timer', 'CONTACT', 'deadlineId', deadline_id)) as deadlines
    from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), corrections as (select distinct on (incident_id) incident_id, estate_id, community_id, street_id from visible where kind = 'LOCATED' order by incident_id, revision desc), moved as (select distinct on (incident_id, cycle) * from visible where kind = 'CONTACT_MOVED' order by incident_id, cycle, revision desc), called as (select distinct on (incident_id, cycle) * from visible where kind = 'CONTACTED' order by incident_id, cycle, revision), taken_over as (select distinct on (incident_id, cycle) * from visible where kind = 'WHISTLED' order by incident_id, cycle, revision), placed as (
  select distinct on (f.incident_id, f.cycle) f.incident_id, f.cycle, l.estate_id, l.community_id, l.street_id
  from visible l join (select o.*, least(c.fact_at, coalesce(m.due_at, o.due_at)) as ended_at
       from visible o left join called c on c.incident_id = o.incident_id and c.cycle = o.cycle
         left join moved m on m.incident_id = o.incident_id and m.cycle = o.cycle
       where o.kind = 'CONTACT_TIMED') f on f.incident_id = l.incident_id and f.cycle = l.cycle and f.revision < l.revision
  where l.kind = 'LOCATED' and (l.says is distinct from 'AREA_TRANSFER' or l.fact_at <= f.ended_at)
  order by f.incident_id, f.cycle, l.revision desc
) select f.incident_id as incident_id, f.category as category, f.severity as severity, case when l.incident_id is null then f.estate_id else l.estate_id end as estate_id, case when l.incident_id is null then f.community_id else l.community_id end as community_id, case when l.incident_id is null then f.street_id else l.street_id end as street_id, case when p.incident_id is null then f.estate_id else p.estate_id end as event_estate_id, case when p.incident_id is null then f.community_id else p.community_id end as event_community_id, case when p.incident_id is null then f.street_id else p.street_id end as event_street_id, coalesce(m.due_at, f.due_at) as contact_due, c.fact_at as contact, c.event_id as contact_event, f.event_id as notified_event_id, case when s.standing in ('MERGED', 'SUSPENDED') then s.standing
        when s.standing in ('WITHDRAWN', 'VOIDED', 'REJECTED') then 'WITHDRAWN' end as set_aside, s.standing_at as still_since, case when c.incident_id is null and w.fact_at <= coalesce(m.due_at, f.due_at) then 'TAKEN_OVER' end as ended, f.says as deadline_id from visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join called c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join taken_over w on w.incident_id = f.incident_id and w.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
      left join placed p on p.incident_id = f.incident_id and p.cycle = f.cycle
    where f.kind = 'CONTACT_TIMED'
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, event_estate_id, event_community_id, event_street_id, contact_due, contact, contact_event, notified_event_id, set_aside, still_since, ended, deadline_id from incident_facts.over_contacts
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c
  ),
  at_moment as (
    select incident_id, task_id, as_of, category, severity, estate_id, community_id, street_id, department_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, counted, undecided, former, event_places, case when done is null and ended is null then (causes -> 'set_aside' ->> 'at')::timestamptz end as still_since, (select told.deadlines from department_tasks.task_deadlines told where (told.task_id, told.version) = (of_departments.task_id, of_departments.version)) as deadlines from of_departments
    union all
    select incident_id, task_id, as_of, category, severity, estate_id, community_id, street_id, department_id, contact_due, contact, contact_event, notified_event_id, set_aside, ended, counted, undecided, former, event_places, still_since, deadlines from of_incidents
  )`,
    },
  ],
  suspensions: [
    {
      version: 1,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select c.*, null::text as task_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), filings as (select distinct on (incident_id, cycle) * from visible where kind = 'FILED' order by incident_id, cycle, revision) select v.incident_id as incident_id, v.category as category, v.severity as severity, v.estate_id as estate_id, v.community_id as community_id, v.street_id as street_id, v.department_id as department_id, v.fact_at as suspended_at, v.event_id as suspended_event, v.used_percent as used_percent, f.event_id as filed_event, s.standing as standing from visible v left join filings f on f.incident_id = v.incident_id and f.cycle = v.cycle
      left join standings s on s.incident_id = v.incident_id
    where v.kind = 'STANDING' and v.says = 'SUSPENDED'
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, department_id, suspended_at, suspended_event, used_percent, filed_event, standing from incident_facts.over_suspensions
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
    {
      version: 2,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select c.*, null::text as task_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), filings as (select distinct on (incident_id, cycle) * from visible where kind = 'FILED' order by incident_id, cycle, revision) select v.incident_id as incident_id, v.category as category, v.severity as severity, v.estate_id as estate_id, v.community_id as community_id, v.street_id as street_id, v.department_id as department_id, v.fact_at as suspended_at, v.event_id as suspended_event, v.used_percent as used_percent, f.event_id as filed_event, v.used_ms as used_ms, v.allowed_ms as allowed_ms, s.standing as standing from visible v left join filings f on f.incident_id = v.incident_id and f.cycle = v.cycle
      left join standings s on s.incident_id = v.incident_id
    where v.kind = 'STANDING' and v.says = 'SUSPENDED'
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, department_id, suspended_at, suspended_event, used_percent, filed_event, used_ms, allowed_ms, standing from incident_facts.over_suspensions
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
  ],
  callbacks: [
    {
      version: 1,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select c.*, null::text as task_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), asked as (select distinct on (incident_id, cycle) * from visible where kind = 'CHECKED' and says = 'PASS' order by incident_id, cycle, revision desc), rated as (select distinct on (incident_id, cycle) * from visible where kind = 'RATED' order by incident_id, cycle, revision desc), corrected as (select distinct on (incident_id, cycle) * from visible where kind = 'RATING_CORRECTED' order by incident_id, cycle, revision desc), left_out as (select distinct incident_id, cycle from visible where kind = 'RATING_EXCLUDED') select coalesce(r.incident_id, a.incident_id) as incident_id, coalesce(r.cycle, a.cycle) as cycle, case when r.incident_id is null then a.category else r.category end as category, case when r.incident_id is null then a.severity else r.severity end as severity, case when r.incident_id is null then a.estate_id else r.estate_id end as estate_id, case when r.incident_id is null then a.community_id else r.community_id end as community_id, case when r.incident_id is null then a.street_id else r.street_id end as street_id, case when r.incident_id is null then a.department_id else r.department_id end as department_id, coalesce(r.anonymous, a.anonymous) as anonymous, coalesce(r.fact_at, a.due_at) as told_at, r.incident_id is not null as answered, case when w.incident_id is null then r.says else w.says end as solved, case when w.incident_id is null then r.rating else w.rating end as rating, a.event_id as asked_event, r.event_id as rated_event, w.event_id as corrected_event, x.incident_id is not null as left_out, s.standing as standing from asked a full join rated r on r.incident_id = a.incident_id and r.cycle = a.cycle
    left join corrected w on w.incident_id = r.incident_id and w.cycle = r.cycle and w.revision > r.revision
    left join left_out x on x.incident_id = coalesce(r.incident_id, a.incident_id)
      and x.cycle = coalesce(r.cycle, a.cycle)
    left join standings s on s.incident_id = coalesce(r.incident_id, a.incident_id)
    union all
    select incident_id, cycle, category, severity, estate_id, community_id, street_id, department_id, anonymous, told_at, answered, solved, rating, asked_event, rated_event, corrected_event, left_out, standing from incident_facts.over_callbacks
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
  ],
  closings: [
    {
      version: 1,
      readModels: ['incident-facts'],
      sql: `
  with at_moment as not materialized (select c.*, null::text as task_id, $1::timestamptz as as_of from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), called_off as (select whistle_id, revision from visible where kind = 'WHISTLE_CANCELLED'), filed as (select distinct on (incident_id) * from visible where kind = 'FILED' order by incident_id, revision), completed as (select distinct on (incident_id) * from visible where kind = 'COMPLETED' order by incident_id, revision), reopened as (select * from visible where kind = 'REOPENED'), escalated as (
  select distinct on (e.incident_id) e.* from visible e left join called_off x on x.whistle_id = e.whistle_id
  where e.kind = 'ESCALATED' or (e.kind = 'WHISTLED' and x.whistle_id is null) order by e.incident_id, e.revision
), spans as (
      select incident_id, says, fact_at, lead(fact_at) over (partition by incident_id order by revision) as ended_at
      from visible where kind = 'STANDING'
    ), paused as (
      select incident_id, sum(extract(epoch from ended_at - fact_at) * 1000) as ms
      from spans where says = 'SUSPENDED' group by 1
    ) select c.incident_id as incident_id, c.category as category, c.severity as severity, c.estate_id as estate_id, c.community_id as community_id, c.street_id as street_id, c.department_id as department_id, c.fact_at as closed_at, c.event_id as closed_event, f.event_id as filed_event, o.fact_at as reopened_at, o.event_id as reopened_event, d.event_id as completed_event, s.standing as standing, extract(epoch from c.fact_at - f.fact_at) * 1000 - coalesce(p.ms, 0) as total_ms, extract(epoch from d.fact_at - f.fact_at) * 1000 as first_ms, e.event_id as escalated_event, extract(epoch from e.fact_at - f.fact_at) * 1000 as escalated_ms from visible c left join filed f on f.incident_id = c.incident_id
      left join completed d on d.incident_id = c.incident_id
      left join escalated e on e.incident_id = c.incident_id
      left join reopened o on o.incident_id = c.incident_id and o.cycle = c.cycle
      left join paused p on p.incident_id = c.incident_id
      left join standings s on s.incident_id = c.incident_id
    where c.kind = 'CLOSED'
    union all
    select incident_id, category, severity, estate_id, community_id, street_id, department_id, closed_at, closed_event, filed_event, reopened_at, reopened_event, completed_event, standing, total_ms, first_ms, escalated_event, escalated_ms from incident_facts.over_closings
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c)`,
    },
  ],
  whistles: [
    {
      version: 1,
      readModels: ['incident-facts'],
      sql: `
  with blown as not materialized (
    select * from (
    with visible as materialized (
  select facts.* from incident_facts.facts
  where incident_id = any(array(
    select incident_id from incident_facts.cases where not is_over
    union all
    select incident_id from incident_facts.over_ends
    where lived && tstzrange(least(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), greatest(case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end, $2::timestamptz), '[]')
      and first_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and first_known_at <= $2::timestamptz
      and (last_at > case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end or last_known_at > $2::timestamptz)))
    and fact_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and fact_known_at <= $2::timestamptz), standings as (
  select distinct on (incident_id) incident_id, says as standing, fact_at as standing_at, event_id as standing_event from visible where kind = 'STANDING' order by incident_id, revision desc
), called_off as (select whistle_id, revision from visible where kind = 'WHISTLE_CANCELLED'), blown as (
      select w.*, x.whistle_id is not null as is_off, s.standing,
        x.whistle_id is null and (s.standing is null or s.standing in ('ON', 'SUSPENDED')) as is_valid
      from visible w left join called_off x on x.whistle_id = w.whistle_id
        left join standings s on s.incident_id = w.incident_id
      where w.kind = 'WHISTLED'
    ) select w.incident_id as incident_id, w.category as category, w.severity as severity, w.anonymous as anonymous, w.estate_id as estate_id, w.community_id as community_id, w.street_id as street_id, w.department_id as department_id, w.revision as revision, w.fact_at as blown_at, w.event_id as blown_event, w.standing as standing, w.is_off as is_off, w.is_valid as is_valid, lag(w.fact_at) over own as own_at, lag(w.event_id) over own as own_event, lag(w.revision) over own as own_revision from blown w window own as (partition by w.incident_id, w.is_valid order by w.fact_at, w.revision)
    union all
    select incident_id, category, severity, anonymous, estate_id, community_id, street_id, department_id, revision, blown_at, blown_event, standing, is_off, is_valid, own_at, own_event, own_revision from incident_facts.over_whistles
    where last_at <= case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end and last_known_at <= $2::timestamptz
  ) c
    where blown_at < $4::timestamptz and blown_at >= $3::timestamptz - $5::int * interval '24 hours'
  ),
  preceded as (
    select *, incident_id as own_id,
      case when estate_id is not null then lag(blown_at) over place end as place_at,
      case when estate_id is not null then lag(blown_event) over place end as place_event,
      case when estate_id is not null then lag(incident_id) over place end as place_id,
      case when estate_id is not null then lag(revision) over place end as place_revision
    from blown
    window place as (partition by is_valid, estate_id, category order by blown_at, incident_id collate "C", revision)
  ),
  at_moment as (
    select incident_id, null::text as task_id, $1::timestamptz as as_of, category, severity, anonymous, estate_id, community_id, street_id,
      department_id, blown_at, blown_event, is_off, standing,
      case when own_at is null then place_at when place_at is null then own_at
        else greatest(own_at, place_at) end as earlier_at,
      case when own_at is null then place_event when place_at is null then own_event
        when (own_at, own_id collate "C", own_revision) >= (place_at, place_id collate "C", place_revision)
        then own_event else place_event end as earlier_event
    from preceded
  )`,
    },
  ],
};
