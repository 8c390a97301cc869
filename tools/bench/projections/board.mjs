// A board of very many incidents, made by SQL as the projection lays it out, and its pages by every filter.
import { IncidentBoardQuery, incidentBoard } from '@shaoying/incident-read-models';
import { foldText, wordsOf } from '../../../libs/incident/read-models/dist/incident-board/search-words.js';
import { percentile } from '../figures.mjs';

const minutesApart = 0.5;
const now = '2026-12-31T00:00:00.000Z';
/** Rare, of two characters; and one that a fifth of all descriptions have. */
const words = { rare: '井盖', frequent: '路灯' };

const arrayOf = (text) => `'{${wordsOf(foldText(text)).join(',')}}'::integer[]`;

/** What every incident of the board has been through, for a page has to be folded: the first events of one that is there. */
const sample = `
  create schema sample;
  create table sample.reports as select incident_id, report from incident_board.reports limit 1;
  create table sample.events as
  select e.revision, e.event from incident_board.events e join sample.reports using (incident_id) where e.revision <= 2;
  drop schema incident_board cascade`;

/** One incident in 5,000 has the rare word, one in 20,000 is of the rare kind; 20 streets, 400 estates, 30 departments, nine tenths closed. */
const fill = (incidents) => `
  insert into incidents
  select 'inc-' || n, at, case when n % 10 = 0 then 'HANDLING' else 'CLOSED' end, n % 1000 <> 0
  from (select n, '${now}'::timestamptz - n * interval '${minutesApart} minutes' as at from generate_series(1, ${incidents}) n) g;
  insert into reports
  select 'inc-' || n, md5(n::text), '${now}'::timestamptz - n * interval '${minutesApart} minutes',
    'street-' || n % 20, 'community-' || n % 100, 'estate-' || n % 400,
    case when n % 20000 = 1 then 'GAS_LEAK' when n % 3 = 0 then 'GARBAGE' else 'PARKING' end,
    case when n % 20000 = 1 then 'GROUP' when n % 5 = 0 then 'MAJOR' else 'MINOR' end,
    case when n % 5000 = 0 then '${words.rare}' when n % 5 = 1 then '${words.frequent}' else '垃圾' end || '第' || n || '号',
    (case when n % 5000 = 0 then ${arrayOf(words.rare)} when n % 5 = 1 then ${arrayOf(words.frequent)}
       else ${arrayOf('垃圾')} end) || ${arrayOf('第')} || array[n % 1000],
    (select report from sample.reports)
  from generate_series(1, ${incidents}) n;
  insert into events
  select 'inc-' || n, revision, event from generate_series(1, ${incidents}) n, sample.events;
  insert into involvements
  select 'dp-' || n % 30, '${now}'::timestamptz - n * interval '${minutesApart} minutes', 'inc-' || n
  from generate_series(1, ${incidents}) n where n % 2 = 0;
  insert into deadlines (incident_id, deadline_id, owner_id, timer, due_at, taken, lifecycle, held, provisional, reported_at)
  select 'inc-' || n, 'd-' || n, null, 'INCIDENT_TOTAL', '${now}'::timestamptz + (n % 9 - 4) * interval '1 day', -1,
    case when n % 10 = 0 then 'HANDLING' else 'CLOSED' end, 0, false,
    '${now}'::timestamptz - n * interval '${minutesApart} minutes'
  from generate_series(1, ${incidents}) n where n % 10 = 0`;

const filters = {
  'the newest': {},
  'a street': { streetId: 'street-7' },
  'a community': { communityId: 'community-7' },
  'an estate of a street': { streetId: 'street-7', estateId: 'estate-7' },
  'a department': { departmentId: 'dp-8' },
  'a state': { state: 'HANDLING' },
  'a category and severity': { category: 'GARBAGE', severity: 'MAJOR' },
  'a rare category': { category: 'GAS_LEAK' },
  'a rare severity that is open': { severity: 'GROUP', state: 'HANDLING' },
  'a category that none has': { category: 'NOISE' },
  'what is overdue': { overdue: true },
  'a month': { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
  [`q=${words.rare}`]: { q: words.rare },
  [`q=${words.frequent}`]: { q: words.frequent },
  [`q=${words.rare} in a street`]: { q: words.rare, streetId: 'street-0' },
};

/**
 * @param pool of a database with a board of any incidents, which is replaced
 * @returns milliseconds of each filter's pages (of 50, some far down), in order of length
 */
export async function boardPages(pool, incidents, rounds, say) {
  const client = await pool.connect();
  try {
    await client.query(sample);
    await client.query('create schema incident_board; set search_path to incident_board');
    await client.query(`${incidentBoard.schema}; ${incidentBoard.indexes}`);
    for (const statement of fill(incidents).split(';')) {
      await client.query(statement);
      say(`  the board: ${statement.trim().split('\n')[0]}`);
    }
    await client.query('vacuum analyze');
    await client.query('reset search_path');
  } finally {
    client.release();
  }
  const board = new IncidentBoardQuery(pool);
  const tookMs = new Map();
  for (const [name, filter] of Object.entries(filters)) {
    const times = [];
    let after = null;
    await board.list(filter, null, { limit: 50, after, now });
    for (let round = 0; round < rounds; round += 1) {
      const startedMs = performance.now();
      ({ next: after } = await board.list(filter, null, { limit: 50, after, now }));
      times.push(performance.now() - startedMs);
    }
    times.sort((a, b) => a - b);
    tookMs.set(name, times);
    say(`  ${name.padEnd(28)} p99 ${percentile(times, 0.99).toFixed(1)} ms`);
  }
  return tookMs;
}
