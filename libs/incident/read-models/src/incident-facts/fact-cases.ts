/*
 * What can be counted of an incident's facts, case by case, told by those facts alone: the same SQL says it of incidents that go on
 * when a number is asked for, and writes it down once for those that are over (docs/adr/0031-cases-of-incidents-that-are-over.md).
 */

/** One kind of case. Its SQL reads `visible`: whole facts, of whatever incidents, as far as they count. */
export interface FactCases {
  /** Where those of incidents that are over are kept. */
  readonly table: string;
  /** Of a row of it. */
  readonly key: readonly string[];
  /** By which a window finds them. */
  readonly foundBy: string;
  readonly ctes: readonly string[];
  readonly columns: Readonly<Record<string, string>>;
  readonly from: string;
}

/** The last row of a kind for each key, by the order of the log. */
const last = (kinds: string, key: string, columns = '*'): string =>
  `select distinct on (${key}) ${columns} from visible where ${kinds} order by ${key}, revision desc`;
const first = (kinds: string, key: string, columns = '*'): string =>
  `select distinct on (${key}) ${columns} from visible where ${kinds} order by ${key}, revision`;

const standings = `standings as (
  ${last(`kind = 'STANDING'`, 'incident_id', 'incident_id, says as standing, fact_at as standing_at, event_id as standing_event')}
)`;
const calledOff = `called_off as (select whistle_id, revision from visible where kind = 'WHISTLE_CANCELLED')`;

const places = ['estate_id', 'community_id', 'street_id'] as const;
const corrections = `corrections as (${last(`kind = 'LOCATED'`, 'incident_id', `incident_id, ${places.join(', ')}`)})`;
const filed = `filed as (${first(`kind = 'FILED'`, 'incident_id')})`;

/** Columns of some table, under their own names. */
const columnsOf = (table: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${table}.${name}`]));
const caseOf = (table: string): Record<string, string> =>
  columnsOf(table, 'incident_id', 'category', 'severity');
const placeOf = (table: string): Record<string, string> => columnsOf(table, ...places);
/** The place of `f`, or the one that it was corrected to since. */
const correctedPlace = Object.fromEntries(
  places.map((unit) => [unit, `case when l.incident_id is null then f.${unit} else l.${unit} end`]),
);

/**
 * Where a cycle lay as of an event: as that was found or corrected in the cycle, also after the event, since it lay there all the
 * time; what went to other units with its area, is theirs from then on (docs/adr/0033-every-formula-stays.md).
 * @param cycles as `f`
 * @param event instant of it
 */
const placedBy = (cycles: string, event: string): string => `placed as (
  select distinct on (f.incident_id, f.cycle) f.incident_id, f.cycle, ${places.map((unit) => `l.${unit}`).join(', ')}
  from visible l join (${cycles}) f on f.incident_id = l.incident_id and f.cycle = l.cycle and f.revision < l.revision
  where l.kind = 'LOCATED' and (l.says is distinct from 'AREA_TRANSFER' or l.fact_at <= ${event})
  order by f.incident_id, f.cycle, l.revision desc
)`;
const eventPlaces = Object.fromEntries(
  places.map((unit) => [
    `event_${unit}`,
    `case when p.incident_id is null then f.${unit} else p.${unit} end`,
  ]),
);

/** The first whistle of each incident that was not called off. */
const whistled = `whistled as (
  select distinct on (w.incident_id) w.* from visible w left join called_off x on x.whistle_id = w.whistle_id
  where w.kind = 'WHISTLED' and x.whistle_id is null order by w.incident_id, w.revision
)`;

/** What first took each incident beyond whoever had it: a whistle that was not called off, or a higher level. */
const escalated = `escalated as (
  select distinct on (e.incident_id) e.* from visible e left join called_off x on x.whistle_id = e.whistle_id
  where e.kind = 'ESCALATED' or (e.kind = 'WHISTLED' and x.whistle_id is null) order by e.incident_id, e.revision
)`;

/** Each incident that was filed, in the place it is known to lie in, and in that of its filing. */
const incidents: FactCases = {
  ...{ table: 'over_incidents', key: ['incident_id'], foundBy: 'filed_at' },
  ctes: [
    ...[standings, calledOff, corrections, filed, whistled],
    // The last closing or reopening of each.
    `endings as (${last(`kind in ('CLOSED', 'REOPENED')`, 'incident_id')})`,
    placedBy('select * from filed', 'f.fact_at'),
  ],
  columns: {
    ...{
      ...caseOf('f'),
      ...correctedPlace,
      ...eventPlaces,
      department_id: 'w.department_id',
      filed_at: 'f.fact_at',
    },
    ...{ filed_event: 'f.event_id', whistle_event: 'w.event_id', standing: 's.standing' },
    ...{
      standing_at: 's.standing_at',
      suspended_event: `case when s.standing = 'SUSPENDED' then s.standing_event end`,
    },
    closed_event: `case when c.kind = 'CLOSED' then c.event_id end`,
  },
  from: `filed f left join corrections l on l.incident_id = f.incident_id
    left join standings s on s.incident_id = f.incident_id
    left join whistled w on w.incident_id = f.incident_id
    left join endings c on c.incident_id = f.incident_id
    left join placed p on p.incident_id = f.incident_id`,
};

/** Each cycle with the time it was due by, in the place the incident is known to lie in, and in that where it was closed or fell due. */
const totals: FactCases = {
  ...{ table: 'over_totals', key: ['incident_id', 'filed_event'], foundBy: 'total_due' },
  ctes: [
    ...[standings, corrections],
    `moved as (${last(`kind = 'DUE_MOVED'`, 'incident_id, cycle')})`,
    `ended as materialized (select * from visible where kind = 'CLOSED')`,
    `reopened as materialized (select * from visible where kind = 'REOPENED')`,
    placedBy(
      `select o.*, least(c.fact_at, coalesce(m.due_at, o.due_at)) as ended_at
       from visible o left join ended c on c.incident_id = o.incident_id and c.cycle = o.cycle
         left join moved m on m.incident_id = o.incident_id and m.cycle = o.cycle
       where o.kind = 'FILED'`,
      'f.ended_at',
    ),
  ],
  columns: {
    ...{
      ...caseOf('f'),
      ...correctedPlace,
      ...eventPlaces,
      filed_event: 'f.event_id',
      total_due: 'coalesce(m.due_at, f.due_at)',
    },
    ...{ moved_event: 'm.event_id', closed_at: 'c.fact_at', closed_event: 'c.event_id' },
    ...{ taken_up: 'o.incident_id is not null', standing: 's.standing', standing_at: 's.standing_at' },
  },
  from: `visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join ended c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join reopened o on o.incident_id = f.incident_id and o.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
      left join placed p on p.incident_id = f.incident_id and p.cycle = f.cycle
    where f.kind = 'FILED' and f.due_at is not null`,
};

const msBetween = (from: string, to: string): string => `extract(epoch from ${to} - ${from}) * 1000`;

/** Each closing, with the filing, the first escalation and completion and the pauses before it, and what reopened it. */
const closings: FactCases = {
  ...{ table: 'over_closings', key: ['incident_id', 'closed_event'], foundBy: 'closed_at' },
  ctes: [
    ...[standings, calledOff, filed],
    `completed as (${first(`kind = 'COMPLETED'`, 'incident_id')})`,
    `reopened as (select * from visible where kind = 'REOPENED')`,
    escalated,
    `spans as (
      select incident_id, says, fact_at, lead(fact_at) over (partition by incident_id order by revision) as ended_at
      from visible where kind = 'STANDING'
    )`,
    `paused as (
      select incident_id, sum(${msBetween('fact_at', 'ended_at')}) as ms
      from spans where says = 'SUSPENDED' group by 1
    )`,
  ],
  columns: {
    ...{ ...caseOf('c'), ...placeOf('c'), department_id: 'c.department_id', closed_at: 'c.fact_at' },
    ...{
      closed_event: 'c.event_id',
      filed_event: 'f.event_id',
      reopened_at: 'o.fact_at',
      reopened_event: 'o.event_id',
    },
    ...{ completed_event: 'd.event_id', standing: 's.standing' },
    total_ms: `${msBetween('f.fact_at', 'c.fact_at')} - coalesce(p.ms, 0)`,
    first_ms: msBetween('f.fact_at', 'd.fact_at'),
    escalated_event: 'e.event_id',
    escalated_ms: msBetween('f.fact_at', 'e.fact_at'),
    head_id: 'c.head_id',
  },
  from: `visible c left join filed f on f.incident_id = c.incident_id
      left join completed d on d.incident_id = c.incident_id
      left join escalated e on e.incident_id = c.incident_id
      left join reopened o on o.incident_id = c.incident_id and o.cycle = c.cycle
      left join paused p on p.incident_id = c.incident_id
      left join standings s on s.incident_id = c.incident_id
    where c.kind = 'CLOSED'`,
};

const asTold = Object.fromEntries(
  ['category', 'severity', ...places, 'department_id', 'head_id'].map((name) => [
    name,
    `case when r.incident_id is null then a.${name} else r.${name} end`,
  ]),
);
const lastAnswer = (kinds: string): string => last(kinds, 'incident_id, cycle');

/** Each cycle in which a resident was asked or has answered, with the last word on it: a correction, where one came after. */
const callbacks: FactCases = {
  ...{ table: 'over_callbacks', key: ['incident_id', 'cycle'], foundBy: 'told_at' },
  ctes: [
    standings,
    `asked as (${lastAnswer(`kind = 'CHECKED' and says = 'PASS'`)})`,
    `rated as (${lastAnswer(`kind = 'RATED'`)})`,
    `corrected as (${lastAnswer(`kind = 'RATING_CORRECTED'`)})`,
    `left_out as (select distinct incident_id, cycle from visible where kind = 'RATING_EXCLUDED')`,
  ],
  columns: {
    ...{
      incident_id: 'coalesce(r.incident_id, a.incident_id)',
      cycle: 'coalesce(r.cycle, a.cycle)',
      ...asTold,
    },
    ...{ anonymous: 'coalesce(r.anonymous, a.anonymous)', told_at: 'coalesce(r.fact_at, a.due_at)' },
    answered: 'r.incident_id is not null',
    solved: 'case when w.incident_id is null then r.says else w.says end',
    rating: 'case when w.incident_id is null then r.rating else w.rating end',
    ...{ asked_event: 'a.event_id', rated_event: 'r.event_id', corrected_event: 'w.event_id' },
    ...{ left_out: 'x.incident_id is not null', standing: 's.standing' },
  },
  from: `asked a full join rated r on r.incident_id = a.incident_id and r.cycle = a.cycle
    left join corrected w on w.incident_id = r.incident_id and w.cycle = r.cycle and w.revision > r.revision
    left join left_out x on x.incident_id = coalesce(r.incident_id, a.incident_id)
      and x.cycle = coalesce(r.cycle, a.cycle)
    left join standings s on s.incident_id = coalesce(r.incident_id, a.incident_id)`,
};

/**
 * Each whistle, whether it counts as one, and the last one before it on the same incident that does as it does; and the same without
 * those that departments have blown in reverse (`prior`).
 */
const whistles: FactCases = {
  ...{ table: 'over_whistles', key: ['incident_id', 'blown_event'], foundBy: 'blown_at' },
  ctes: [
    ...[standings, calledOff],
    `blown as (
      select w.*, x.whistle_id is not null as is_off, s.standing,
        x.whistle_id is null and (s.standing is null or s.standing in ('ON', 'SUSPENDED')) as is_valid,
        w.says is not null as is_reverse
      from visible w left join called_off x on x.whistle_id = w.whistle_id
        left join standings s on s.incident_id = w.incident_id
      where w.kind = 'WHISTLED'
    )`,
  ],
  columns: {
    ...{ ...caseOf('w'), anonymous: 'w.anonymous', ...placeOf('w'), department_id: 'w.department_id' },
    ...{ revision: 'w.revision', blown_at: 'w.fact_at', blown_event: 'w.event_id', standing: 'w.standing' },
    ...{ is_off: 'w.is_off', is_valid: 'w.is_valid', own_at: 'lag(w.fact_at) over own' },
    ...{ own_event: 'lag(w.event_id) over own', own_revision: 'lag(w.revision) over own' },
    ...{ is_reverse: 'w.is_reverse', is_repeatable: 'w.is_valid and not w.is_reverse' },
    ...{ prior_at: 'lag(w.fact_at) over prior', prior_event: 'lag(w.event_id) over prior' },
    prior_revision: 'lag(w.revision) over prior',
  },
  from: `blown w window own as (partition by w.incident_id, w.is_valid order by w.fact_at, w.revision),
      prior as (partition by w.incident_id, w.is_valid and not w.is_reverse order by w.fact_at, w.revision)`,
};

const holderOf = (decided: string): string => `coalesce(
      (select h.department_id from visible h where h.kind = 'TRANSFERRED' and h.incident_id = ${decided}.incident_id
         and h.task_id = ${decided}.task_id and h.revision < ${decided}.revision order by h.revision desc limit 1),
      (select h.department_id from visible h where h.kind = 'SUMMONED' and h.incident_id = ${decided}.incident_id
         and h.task_id = ${decided}.task_id limit 1))`;

/** Each task that was given to a department, with what was asked and decided about it. */
const summonses: FactCases = {
  ...{ table: 'over_summonses', key: ['incident_id', 'task_id'], foundBy: 'summoned_at' },
  ctes: [
    standings,
    `asked_back as (${first(`kind = 'RETURN_ASKED'`, 'task_id')})`,
    `gone as (
      select distinct on (task_id) task_id, event_id from visible d
      where kind = 'RETURN_ACCEPTED' or (kind = 'DECIDED' and department_id is distinct from ${holderOf('d')})
      order by task_id, revision
    )`,
  ],
  columns: {
    ...{ ...caseOf('t'), task_id: 't.task_id', ...placeOf('t'), department_id: 't.department_id' },
    ...{ summoned_at: 't.fact_at', summoned_event: 't.event_id', return_event: 'r.event_id' },
    ...{ gone_event: 'g.event_id', standing: 's.standing' },
  },
  from: `visible t left join asked_back r on r.task_id = t.task_id left join gone g on g.task_id = t.task_id
      left join standings s on s.incident_id = t.incident_id
    where t.kind = 'SUMMONED'`,
};

/** Each incident that was whistled for, with its returns. */
const disputes: FactCases = {
  ...{ table: 'over_disputes', key: ['incident_id'], foundBy: 'blown_at' },
  ctes: [
    ...[standings, calledOff, whistled],
    `returns as (
      select incident_id, count(*)::int as n, array_agg(event_id order by revision) as events
      from visible where kind = 'RETURN_ASKED' group by 1
    )`,
  ],
  columns: {
    ...{ ...caseOf('w'), ...placeOf('w'), department_id: 'w.department_id', blown_at: 'w.fact_at' },
    ...{
      blown_event: 'w.event_id',
      more_returns: 'greatest(coalesce(r.n, 0) - 1, 0)',
      return_events: 'r.events',
    },
    standing: 's.standing',
  },
  from: `whistled w left join returns r on r.incident_id = w.incident_id
    left join standings s on s.incident_id = w.incident_id`,
};

/** Each task that was completed and checked, by its first check; not what was done in a whistle that was called off. */
const checks: FactCases = {
  ...{ table: 'over_checks', key: ['incident_id', 'task_id'], foundBy: 'checked_at' },
  ctes: [
    ...[standings, calledOff],
    `done as (${first(`kind = 'DONE'`, 'task_id')})`,
    `failed as (${first(`kind = 'SENT_BACK'`, 'task_id')})`,
    `checked as (
      select distinct on (d.task_id) d.task_id as of_task, d.department_id as by_department, d.event_id as done_event, c.*
      from done d join visible c
        on c.kind = 'CHECKED' and c.incident_id = d.incident_id and c.cycle = d.cycle and c.revision > d.revision
        left join visible t on t.kind = 'SUMMONED' and t.task_id = d.task_id
        left join called_off x on x.whistle_id = t.whistle_id
      where x.whistle_id is null or x.revision > c.revision
      order by d.task_id, c.revision
    )`,
  ],
  columns: {
    ...{ ...caseOf('c'), task_id: 'c.of_task', ...placeOf('c'), department_id: 'c.by_department' },
    ...{
      checked_at: 'c.fact_at',
      check_event: 'c.event_id',
      done_event: 'c.done_event',
      failed_event: 'f.event_id',
    },
    standing: 's.standing',
  },
  from: `checked c left join failed f on f.task_id = c.of_task
    left join standings s on s.incident_id = c.incident_id`,
};

/**
 * Each time a reporter is to be called by whoever handles it without a whistle. The first whistle of a cycle takes that over, unless
 * it was missed by then. In the place the incident is known to lie in, and in that where it was called or fell due.
 */
const contacts: FactCases = {
  ...{ table: 'over_contacts', key: ['incident_id', 'notified_event_id'], foundBy: 'contact_due' },
  ctes: [
    ...[standings, corrections],
    `moved as (${last(`kind = 'CONTACT_MOVED'`, 'incident_id, cycle')})`,
    `called as (${first(`kind = 'CONTACTED'`, 'incident_id, cycle')})`,
    `taken_over as (${first(`kind = 'WHISTLED'`, 'incident_id, cycle')})`,
    placedBy(
      `select o.*, least(c.fact_at, coalesce(m.due_at, o.due_at)) as ended_at
       from visible o left join called c on c.incident_id = o.incident_id and c.cycle = o.cycle
         left join moved m on m.incident_id = o.incident_id and m.cycle = o.cycle
       where o.kind = 'CONTACT_TIMED'`,
      'f.ended_at',
    ),
  ],
  columns: {
    ...{
      ...caseOf('f'),
      ...correctedPlace,
      ...eventPlaces,
      contact_due: 'coalesce(m.due_at, f.due_at)',
      contact: 'c.fact_at',
    },
    ...{ contact_event: 'c.event_id', notified_event_id: 'f.event_id' },
    set_aside: `case when s.standing in ('MERGED', 'SUSPENDED') then s.standing
        when s.standing in ('WITHDRAWN', 'VOIDED', 'REJECTED') then 'WITHDRAWN' end`,
    still_since: 's.standing_at',
    ended: `case when c.incident_id is null and w.fact_at <= coalesce(m.due_at, f.due_at) then 'TAKEN_OVER' end`,
    deadline_id: 'f.says',
  },
  from: `visible f left join corrections l on l.incident_id = f.incident_id
      left join moved m on m.incident_id = f.incident_id and m.cycle = f.cycle
      left join called c on c.incident_id = f.incident_id and c.cycle = f.cycle
      left join taken_over w on w.incident_id = f.incident_id and w.cycle = f.cycle
      left join standings s on s.incident_id = f.incident_id
      left join placed p on p.incident_id = f.incident_id and p.cycle = f.cycle
    where f.kind = 'CONTACT_TIMED'`,
};

/** Each suspension from its approval on, with the share of the total time that was used up by then. */
const suspensions: FactCases = {
  ...{ table: 'over_suspensions', key: ['incident_id', 'suspended_event'], foundBy: 'suspended_at' },
  ctes: [standings, `filings as (${first(`kind = 'FILED'`, 'incident_id, cycle')})`],
  columns: {
    ...{ ...caseOf('v'), ...placeOf('v'), department_id: 'v.department_id', suspended_at: 'v.fact_at' },
    ...{ suspended_event: 'v.event_id', used_percent: 'v.used_percent', filed_event: 'f.event_id' },
    ...{ used_ms: 'v.used_ms', allowed_ms: 'v.allowed_ms', head_id: 'v.head_id' },
    standing: 's.standing',
  },
  from: `visible v left join filings f on f.incident_id = v.incident_id and f.cycle = v.cycle
      left join standings s on s.incident_id = v.incident_id
    where v.kind = 'STANDING' and v.says = 'SUSPENDED'`,
};

export const factCases = {
  ...{ incidents, totals, closings, callbacks, whistles, summonses, disputes, checks, contacts, suspensions },
} as const satisfies Record<string, FactCases>;

export const namesOf = ({ columns }: FactCases): string => Object.keys(columns).join(', ');

/**
 * `with visible as (…), … select …`: the cases of the facts that `visible` selects.
 * @param made whether these are made once, or found for each kind of fact anew
 */
export function casesSql(
  { ctes, columns, from }: FactCases,
  visible: string,
  made: 'materialized' | 'not materialized',
): string {
  const told = Object.entries(columns).map(([name, value]) => `${value} as ${name}`);
  return `with visible as ${made} (${visible}), ${ctes.join(', ')} select ${told.join(', ')} from ${from}`;
}
