// npm run bench:projections [-- --json <file> --events <n> --rounds <n> --growth <n> --incidents <n> --seconds <n>]
//
// How fast all read models together are rebuilt from the log of a generated district-year, beside the ceiling of a bare read
// of that log and bare inserts of as many rows on the same PostgreSQL; how far they are behind under a steady load; what
// workload, metrics and explanations take then, and once the log is several times as long; and the pages of a board of very
// many incidents. Progress on stderr, the table on stdout; targets are shown, not enforced.
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DepartmentTasksQuery, incidentProjections, MetricsQuery } from '@shaoying/incident-read-models';
import { ProjectionEngine } from '@shaoying/projections';
import { Pool } from 'pg';
import { readArguments, runAsCommand, say } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { median, percentile, rounded } from './figures.mjs';
import { openOwnPostgres } from './own-postgres.mjs';
import { RawLog } from './log/raw-log.mjs';
import { boardPages } from './projections/board.mjs';
import { costsOf } from './projections/cost.mjs';
import { writeYear } from './projections/district-year.mjs';
import { liveLag } from './projections/live-lag.mjs';
import { figure, table, writeJson } from './report.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const usage =
  'usage: npm run bench:projections -- [--json <file>] [--events <n>] [--rounds <n>] [--growth <times>] ' +
  '[--incidents <n>] [--seconds <n>] [--rate <commands a second>]';
const limits = {
  events: { default: 1_000_000, min: 2_000, max: 20_000_000 },
  rounds: { default: 20, min: 2, max: 1_000 },
  growth: { default: 5, min: 2, max: 100 },
  incidents: { default: 1_000_000, min: 1_000, max: 100_000_000 },
  seconds: { default: 20, min: 0.1, max: 3_600 },
  rate: { default: 1_000, min: 1, max: 100_000 },
};
/** What the read models were asked for when they were planned. */
const targets = {
  ...{ perSecond: 40_000, share: 0.4, endToStart: 0.8, memoryMiB: 512 },
  ...{ workloadMs: 50, metricMs: 300, explainMs: 1_000, lagMs: 500, growth: 2, pageMs: 50 },
};
const ceilingSeconds = 5;
/** Of the year, for what each read model costs by itself. */
const costEventsMax = 3_000;
const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: (fields, text) => say(`${text} ${JSON.stringify(fields)}`),
};
const mebibytes = (bytes) => bytes / 2 ** 20;

/**
 * From nothing to the end of the log. Rates are compared while every read model is under way: the dearest one alone, after the others,
 * goes by another rate from its start to its end.
 */
async function rebuildAll(store, url, events) {
  const engine = new ProjectionEngine({ store, url, projections: incidentProjections, log: quiet });
  const reached = [];
  const positions = new Map(incidentProjections.map(({ name }) => [name, 0]));
  let peakBytes = 0;
  let allGoing = true;
  const startedMs = performance.now();
  const onProgress = ({ name, position }) => {
    positions.set(name, Number(position));
    allGoing &&= Number(position) < events;
    const done = [...positions.values()].reduce((sum, one) => sum + one, 0) / positions.size;
    reached.push({ atMs: performance.now() - startedMs, events: done, allGoing });
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  };
  const telling = setInterval(
    () => say(`  ${figure(reached.at(-1)?.events ?? 0)} of ${figure(events)} events`),
    1_000,
  );
  await Promise.all(incidentProjections.map(({ name }) => engine.rebuild(name, { onProgress })));
  clearInterval(telling);
  const tookMs = performance.now() - startedMs;
  await engine.stop();
  const together = reached.filter((point) => point.allGoing);
  const last = together.at(-1) ?? { atMs: tookMs, events };
  const at = (share) => together.find((point) => point.events >= share * last.events)?.atMs ?? last.atMs;
  const endToStart = at(0.2) / Math.max(last.atMs - at(0.8), 1);
  say(`  all of them under way for ${figure(last.events)} events each`);
  return { perSecond: (events * 1_000) / tookMs, endToStart, memoryMiB: mebibytes(peakBytes) };
}

/** Serving tables go on to the end of the log. */
async function catchUp(store, url) {
  const engine = new ProjectionEngine({ store, url, projections: incidentProjections, log: quiet });
  engine.start();
  const head = Number(await store.head());
  for (let slowest = 0; slowest < head; await sleep(500)) {
    const states = await engine.status();
    slowest = Math.min(...states.map(({ position }) => Number(position)));
    say(`  ${figure(slowest)} of ${figure(head)} events in every read model`);
  }
  await engine.stop();
}

/** Milliseconds of each of `rounds` calls, in order of length. */
async function timed(rounds, call, warmUp = call) {
  await warmUp(0);
  const tookMs = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await call(round);
    tookMs.push(performance.now() - startedMs);
  }
  return tookMs.sort((a, b) => a - b);
}

const window = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
const inTheYear = (share) => new Date(Date.parse(window.from) + share * 365 * 24 * 3_600_000).toISOString();
const momentAt = (asOf) => ({ asOf, knownAt: asOf });

async function ask(pool, rounds) {
  const workloads = new DepartmentTasksQuery(pool);
  const metrics = new MetricsQuery(pool);
  const everyDepartment = Array.from({ length: 30 }, (_, n) => `dp-${n}`);
  const askWorkload = (round) => {
    const asOf = inTheYear(((round % 10) + 1) / 11);
    return workloads.workload(
      everyDepartment,
      momentAt(asOf),
      new Date(Date.parse(asOf) - 30 * 24 * 3_600_000).toISOString(),
    );
  };
  const firstWorkload = await timed(9, (round) => askWorkload(round + 1), askWorkload);
  const workload = await timed(rounds, askWorkload);
  const byStreet = new Map();
  for (const { name } of metrics.list()) {
    const metric = metrics.definition(name);
    const took = await timed(Math.min(rounds, 5), () =>
      metrics.compute(metric, window, momentAt(window.to), 'street'),
    );
    byStreet.set(name, median(took));
    say(`  ${name.padEnd(28)} ${figure(median(took)).padStart(8)} ms`);
  }
  const explained = await timed(Math.min(rounds, 5), () =>
    metrics.explain(metrics.definition('check-in-on-time'), window, momentAt(window.to), null, null),
  );
  return { firstWorkload, workload, byStreet, explained };
}

const row = (name, value, unit, more = {}) => ({ name, value: rounded(value), unit, ...more });
const below = (value, target, unit) => ({ target: `< ${target} ${unit}`, ok: value < target });
const slowestOf = ({ byStreet }) => [...byStreet].sort(([, a], [, b]) => b - a)[0];
const p99 = (tookMs) => percentile(tookMs, 0.99);

function rowsOfBuilding({ ceiling, built, events, lag, rate }) {
  const ofTarget = built.perSecond >= targets.perSecond && built.perSecond / ceiling >= targets.share;
  return [
    row(`(a) a bare read and bare inserts of ${events.toLocaleString('en-US')} events`, ceiling, 'events/s'),
    row('(b) all read models from the log', built.perSecond, 'events/s', {
      ratio: rounded(built.perSecond / ceiling),
      target: `≥ ${targets.perSecond} and ≥ ${targets.share} of (a)`,
      ok: ofTarget,
    }),
    row('(b) rate at the end to that at the start', built.endToStart, '', {
      target: `≥ ${targets.endToStart}`,
      ok: built.endToStart >= targets.endToStart,
    }),
    row(
      '(b) memory of the process',
      built.memoryMiB,
      'MiB',
      below(built.memoryMiB, targets.memoryMiB, 'MiB'),
    ),
    row(`(c) commands taken of ${rate} a second`, lag.rate, '/s', { ratio: rounded(lag.rate / rate) }),
    row('(c) until a command is in every read model, p50', lag.medianMs, 'ms'),
    row('(c) the same, p99', lag.p99Ms, 'ms', below(lag.p99Ms, targets.lagMs, 'ms')),
  ];
}

const rowsOfCosts = (costs) =>
  costs.map(({ name, batchSize, postgresUs, nodeUs, walBytes }) =>
    row(
      `(g) an event in ${name}, ${batchSize} a batch; with ${figure(nodeUs)} µs of this process, ${figure(walBytes)} bytes of WAL`,
      postgresUs,
      'µs of PostgreSQL',
    ),
  );

function rowsOfAsking({ asked, grown, growth, pages, incidents }) {
  const [slowest, slowestMs] = slowestOf(asked);
  const workloadMs = p99(asked.workload);
  const firstMs = p99(asked.firstWorkload);
  const explainMs = median(asked.explained);
  const times = (name, before, after) =>
    row(name, after / before, 'times', below(after / before, targets.growth, 'times'));
  const [worst, worstMs] = [...pages]
    .map(([name, took]) => [name, p99(took)])
    .sort(([, a], [, b]) => b - a)[0];
  return [
    row(
      '(d) workload of all departments at an instant, p99',
      workloadMs,
      'ms',
      below(workloadMs, targets.workloadMs, 'ms'),
    ),
    row(
      '(d) the same of a month that the connection has not seen, the slowest of nine',
      firstMs,
      'ms',
      below(firstMs, targets.workloadMs, 'ms'),
    ),
    row('(d) a metric of the year by street, median of all', median([...asked.byStreet.values()]), 'ms'),
    row(`(d) the slowest of them, ${slowest}`, slowestMs, 'ms', below(slowestMs, targets.metricMs, 'ms')),
    row(
      '(d) an explanation of the year, up to 5,000 cases',
      explainMs,
      'ms',
      below(explainMs, targets.explainMs, 'ms'),
    ),
    times(`(e) workload at ${growth} times the events`, workloadMs, p99(grown.workload)),
    times(
      `(e) all metrics at ${growth} times the events`,
      ...[asked, grown].map(({ byStreet }) => [...byStreet.values()].reduce((sum, one) => sum + one, 0)),
    ),
    times(`(e) the explanation at ${growth} times the events`, explainMs, median(grown.explained)),
    row(
      `(f) a page of ${incidents.toLocaleString('en-US')} incidents, p99 of the slowest filter: ${worst}`,
      worstMs,
      'ms',
      below(worstMs, targets.pageMs, 'ms'),
    ),
  ];
}

function print(rows, conditions) {
  const lines = rows.map(({ name, value, unit, ratio, target, ok }) => [
    ...[name, figure(value), unit, ratio === undefined ? '' : figure(ratio), target ?? ''],
    ok === undefined ? '' : ok ? 'met' : 'missed',
  ]);
  process.stdout.write(
    `\n${table(['', 'value', 'unit', 'ratio', 'target', ''], lines)}\n\n${told(conditions)}\n`,
  );
}

async function bench(options, opened) {
  const loadAverageBefore = loadAverage();
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const dataDir = await mkdtemp(join(root, 'tmp', 'bench-projections-'));
  opened.push(() => rmSync(dataDir, { recursive: true, force: true }));
  say('starting PostgreSQL on an empty folder …');
  const postgres = await openOwnPostgres(opened, dataDir, { makesDatabases: true });
  const raw = await RawLog.open(postgres.url);
  opened.push(() => raw.close());
  const conditions = await conditionsOf(dataDir, (setting) => raw.show(setting));
  requireDurable(conditions);
  const events = await writeYear(raw, options.events, (done) =>
    say(`  writing the year: ${figure(done)} events`),
  );
  say('what each read model costs');
  const costs = await costsOf(postgres.url, raw.store, incidentProjections, costEventsMax);
  say('rebuilding the read models');
  const built = await rebuildAll(raw.store, postgres.url, events);
  say('the ceiling');
  const read = await raw.readByCursor();
  const pool = new Pool({ connectionString: postgres.url, max: 4 });
  opened.push(() => pool.end());
  await pool.query('vacuum analyze');
  say('asking');
  const asked = await ask(pool, options.rounds);
  say('commands');
  const { rate, seconds } = options;
  const lag = await liveLag({
    store: raw.store,
    url: postgres.url,
    rate,
    perSecond: rate,
    seconds,
    log: quiet,
  });
  for (let year = 1; year < options.growth; year += 1)
    await writeYear(
      raw,
      options.events,
      (done) => say(`  year ${year} before: ${figure(done)} events`),
      year,
    );
  await catchUp(raw.store, postgres.url);
  await pool.query('vacuum analyze');
  say('asking again');
  const grown = await ask(pool, options.rounds);
  // Last: what it writes is no event of a life.
  const insert = await raw.insertBatches(Math.min(ceilingSeconds, options.events / 10_000), 'binary');
  // One after the other, as it would be on one connection.
  const ceiling = 1 / (1 / read.perSecond + 1 / insert.perSecond);
  const pages = await boardPages(pool, options.incidents, options.rounds, say);
  Object.assign(conditions, {
    ...{ events, rounds: options.rounds, growth: options.growth, incidents: options.incidents },
    ...{ loadAverageBefore, loadAverageAfter: loadAverage() },
  });
  const { growth, incidents } = options;
  const rows = [
    ...rowsOfBuilding({ ceiling, built, events, lag, rate }),
    ...rowsOfAsking({ asked, grown, growth, pages, incidents }),
    ...rowsOfCosts(costs),
  ];
  print(rows, conditions);
  if (options.json) await writeJson(options.json, rows, conditions);
}

await runAsCommand(() => readArguments(process.argv.slice(2), usage, limits), bench);
