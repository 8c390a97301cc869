import { OPEN_TASK_STATES, workloadFigures, type WorkloadFigureName } from './workload-figures.js';
import {
  has,
  holdingsByKind,
  holdingsMoment,
  judged,
  type HoldingKind,
  type TimedAct,
} from './workload-holdings.js';

// The sums of workload: what each figure counts is in workload-figures.ts.

const counted = (name: WorkloadFigureName): string =>
  `count(*) filter (where ${workloadFigures[name].sql?.counts ?? 'false'})`;

const ofOpen = {
  open: counted('open'),
  ...Object.fromEntries(OPEN_TASK_STATES.map((state) => [state.toLowerCase(), counted(`byState.${state}`)])),
  ...{ overdue: counted('overdue'), due_within_24h: counted('dueWithin24h') },
  half_weights: `coalesce(sum(case role when 'LEAD' then 2 else 1 end * weight) filter (where has and is_open), 0)`,
};
const ofOver = {
  ...{ returned: counted('returned'), released: counted('released'), outflow: counted('outflow') },
};
const ratesOf = (act: TimedAct): Readonly<Record<string, string>> => ({
  [`${act}_met`]: `count(*) filter (where ${act}_is_decided and ${act}_in_time)`,
  [`${act}_decided`]: `count(*) filter (where ${act}_is_decided)`,
});
const sums: Readonly<Record<string, string>> = {
  ...{ ...ofOpen, ...ofOver, inflow: counted('inflow') },
  ...{ ...ratesOf('acknowledge'), ...ratesOf('check_in'), ...ratesOf('handling') },
};

/** What is none of a kind's, whatever its rows are, is not made of each of them. */
const none: Readonly<Record<HoldingKind, object>> = { open: ofOver, settled: ofOpen, others: {} };
const asked: Readonly<Record<HoldingKind, string>> = {
  ...{ open: 'is_open, state, unmet_due, role, weight,', settled: '' },
  others: 'is_open, state, unmet_due, role, weight,',
};

const minutesOf = (act: TimedAct): string =>
  `array_agg(${act}_minutes) filter (where ${act}_minutes is not null) as ${act}_minutes`;

/** What is asked of a row several times is made once: a table with an offset stays one. */
const sumsOf = (kind: HoldingKind, by: string): string => `
    select key, ${Object.entries(sums)
      .map(([name, sum]) => `${name in none[kind] ? '0' : sum} as ${name}`)
      .join(', ')}, ${minutesOf('check_in')}, ${minutesOf('handling')}
    from (
      select ${by} as key, ${has} as has, ${asked[kind]} ended, ended_at, as_of, held_since, held_until, done,
        ${judged('acknowledge')}, ${judged('check_in')}, ${judged('handling')}
      from (${holdingsByKind[kind]}) holdings offset 0
    ) chosen group by 1`;

const timesOf = (act: TimedAct): string => `
    (select percentile_cont(array[0.5, 0.9]) within group (order by minutes)
     from kinds own cross join unnest(${act}_minutes) minutes
     where own.key is not distinct from kinds.key) as ${act}_times`;

/**
 * The figures of the departments $3 from $4 to the moment $1, $2 with the facts until $5: a row for each of them, or for each street
 * their tasks lie in.
 */
export const workloadSql = (by: 'holder' | 'street_id'): string => `${holdingsMoment},
  kinds as materialized (${[sumsOf('open', by), sumsOf('settled', by), sumsOf('others', by)].join(' union all ')}
  )
  select key, ${Object.keys(sums)
    .map((name) => `sum(${name})::${name === 'half_weights' ? 'float8' : 'int'} as ${name}`)
    .join(', ')}, ${timesOf('check_in')}, ${timesOf('handling')}
  from kinds group by 1 order by 1 nulls last`;
