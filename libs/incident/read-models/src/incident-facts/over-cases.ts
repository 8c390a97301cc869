import type { ProjectionTransaction } from '@shaoying/projections';
import { casesSql, factCases, namesOf, type FactCases } from './fact-cases.js';

/*
 * Cases of incidents that are over are written down as they are, whoever asks: what a year is counted from is one row a case
 * then, found by the window, instead of all facts of all years. They hold for a moment by which every fact of the incident was so
 * and known; whatever else there is, incidents that go on and those in their midst at the moment, is made of facts when it is asked for.
 */

const kinds: readonly FactCases[] = Object.values(factCases);

/** Of which incidents, and the facts of those or of more. */
interface Those {
  readonly ends: string;
  readonly facts: string;
  readonly made: 'materialized' | 'not materialized';
}

const allOver: Those = { ends: 'over_ends', facts: 'select facts.* from facts', made: 'not materialized' };
const these: Those = {
  ends: '(select * from over_ends where incident_id = any(these))',
  facts: 'select facts.* from facts where incident_id = any(these)',
  made: 'materialized',
};

/** With the incident's last instants: a case is as it is written from both of them on. */
const written = (kind: FactCases, { ends, facts, made }: Those): string => `
  select ${namesOf(kind)}, e.last_at, e.last_known_at
  from (${casesSql(kind, facts, made)}) told join ${ends} e using (incident_id)`;

const endsOf = (facts: string): string => `
  select incident_id, min(fact_at) as first_at, min(fact_known_at) as first_known_at, max(fact_at) as last_at,
    max(fact_known_at) as last_known_at,
    tstzrange(least(min(fact_at), min(fact_known_at)), greatest(max(fact_at), max(fact_known_at)), '[]') as lived
  from (${facts}) facts group by incident_id`;

const tableOf = (kind: FactCases): string => `
  create table if not exists ${kind.table} as ${written(kind, allOver)};
  ${kind.key.map((column) => `alter table ${kind.table} alter column ${column} set not null;`).join(' ')}
  create unique index if not exists ${kind.table}_key on ${kind.table} (${kind.key.join(', ')});
  create index if not exists ${kind.table}_by_time on ${kind.table} (${kind.foundBy});`;

const statementsOf = (kind: FactCases): string => `
    delete from ${kind.table} where incident_id = any(changed);
    insert into ${kind.table} ${written(kind, these)};`;

/**
 * The tables, with all incidents that are over by now in them, and the function that keeps them. Projections' sessions join row by row, which here would be each with each.
 */
export const overCases = `
  set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on; set local work_mem = '64MB';
  analyze cases; analyze facts;
  create index if not exists cases_going_on on cases (incident_id) where not is_over;
  create table if not exists over_ends as ${endsOf(`${allOver.facts} where incident_id in (select incident_id from cases where is_over)`)};
  alter table over_ends alter column incident_id set not null;
  create unique index if not exists over_ends_key on over_ends (incident_id);
  create index if not exists over_ends_lived on over_ends using gist (lived);
  analyze over_ends;
  ${kinds.map(tableOf).join('')}
  create or replace function settle(changed text[], these text[]) returns void language plpgsql
    set enable_nestloop = off set enable_hashjoin = on as $settle$
  begin
    delete from over_ends where incident_id = any(changed);
    insert into over_ends ${endsOf(these.facts)};
    ${kinds.map(statementsOf).join('')}
  end $settle$;
`;

/**
 * Writes anew what is kept of some incidents.
 * @param changed of which something may be kept that is otherwise now
 * @param over those of them that are over now
 */
export async function settle(
  tx: ProjectionTransaction,
  changed: readonly string[],
  over: readonly string[],
): Promise<void> {
  if (changed.length === 0) return;
  // Not there while the rows of a rebuild are written: the tables are made of all of them at once.
  const [made] = await tx.query<{ made: boolean }>(
    `select to_regprocedure('settle(text[], text[])') is not null as made`,
  );
  if (made?.made === true) await tx.query('select settle($1::text[], $2::text[])', [changed, over]);
}
