// npm run bench:timers [-- --json <file> --backend postgres|redis|both --deadlines <n> --open <n> --rate <n> --seconds <n> --rounds <n>]
//
// What deadlines cost: arming them, as a share of what bare BullMQ does on the same server in the same run; how late they
// fire; a million open ones; due times by the calendar. Progress on stderr, the table on stdout; targets are shown, not
// enforced.
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, runAsCommand, say } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { rounded } from './figures.mjs';
import { openOwnPostgres } from './own-postgres.mjs';
import { figure, table as drawn, writeJson } from './report.mjs';
import { measureArming } from './timers/arming.mjs';
import { postgresBackend, redisBackend } from './timers/backends.mjs';
import { measureCalendar } from './timers/calendar.mjs';
import { DeadlineTable } from './timers/deadline-table.mjs';
import { measureFiring } from './timers/firing.mjs';
import { measureManyOpen } from './timers/many-open.mjs';
import { startRedis } from './timers/redis-server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const usage =
  'usage: npm run bench:timers -- [--json <file>] [--backend postgres|redis|both] [--deadlines <to arm>] ' +
  '[--open <deadlines>] [--rate <fired per second>] [--seconds <of firing>] [--rounds <of arming>]';
const limits = {
  /** A scheduler arms no more at once. */
  deadlines: { default: 100_000, min: 100, max: 100_000 },
  open: { default: 1_000_000, min: 1_000, max: 1_000_000 },
  rate: { default: 500, min: 1, max: 5_000 },
  seconds: { default: 20, min: 1, max: 300 },
  rounds: { default: 3, min: 1, max: 20 },
};
const choices = { backend: { default: 'both', of: ['both', 'postgres', 'redis'] } };
const targets = { arming: 0.5, p99Ms: 1_000, sweepMs: 1_000, calendarMs: 100 };
const onCommandPath =
  'A whistle to three departments writes up to 12 deadlines as part of its events and arms none of them: no command ' +
  'waits for the alarm clock. The scheduler arms what the read model shows, in the process beside the API.';

async function measureAll(backends, table, options) {
  say('  due times by the calendar');
  const calendar = measureCalendar();
  say(`  ${figure(options.open)} open deadlines`);
  const manyOpen = await measureManyOpen(backends[0], table, options, (done) =>
    say(`    filling the table: ${figure(done)}`),
  );
  const byBackend = new Map();
  for (const backend of backends) {
    say(`  arming ${figure(options.deadlines)} deadlines on ${backend.name}`);
    const arming = await measureArming(backend, table, options);
    say(`  firing ${options.rate}/s for ${options.seconds} s on ${backend.name}`);
    byBackend.set(backend.name, { arming, firing: await measureFiring(backend, table, options) });
  }
  const peakMb = Math.round((process.resourceUsage().maxRSS * 1024) / 2 ** 20);
  return { calendar, manyOpen, byBackend, peakMb };
}

const row = (name, value, unit, more = {}) => ({ name, value: rounded(value), unit, ...more });
const below = (value, limit, unit) => ({ target: `< ${limit} ${unit}`, ok: value < limit });
const none = (value) => ({ target: 'none', ok: value === 0 });

function armingRows(backend, { raw, scheduler, ratio }) {
  const judged = { ratio: rounded(ratio), target: targets.arming, ok: ratio >= targets.arming };
  return [
    row(`(1) bare BullMQ addBulk, ${backend}`, raw, 'alarms/s'),
    row(`(1) arming by the scheduler, ${backend}`, scheduler, 'alarms/s', judged),
  ];
}

function firingRows(backend, firing) {
  return [
    row(`(2) lateness p50, ${backend}`, firing.p50Ms, 'ms'),
    row(`(2) lateness p99, ${backend}`, firing.p99Ms, 'ms', below(firing.p99Ms, targets.p99Ms, 'ms')),
    row(`(2) lateness of the latest, ${backend}`, firing.maxMs, 'ms'),
    row(`(2) fired early, ${backend}`, firing.early, 'deadlines', none(firing.early)),
    row(`(2) lost, ${backend}`, firing.lost, 'deadlines', none(firing.lost)),
    row(`(2) fired twice, ${backend}`, firing.twice, 'deadlines', none(firing.twice)),
    row(`(2) found by the sweeper, ${backend}`, firing.lostAndFound, 'deadlines'),
  ];
}

function manyOpenRows({ near, far, overdue, idleSweepMs, busySweepMs, readinessMs, beforeMb }, open) {
  const sweep = (ms) => below(ms, targets.sweepMs, 'ms');
  const of = `of ${open.toLocaleString('en-US')} open`;
  return [
    row(`(3) a sweep that finds none due, ${of}`, idleSweepMs, 'ms', sweep(idleSweepMs)),
    row(
      `(3) a sweep that fires ${overdue.toLocaleString('en-US')}, ${of}`,
      busySweepMs,
      'ms',
      sweep(busySweepMs),
    ),
    row(`(3) the question of readiness, ${of}`, readinessMs, 'ms'),
    row('(3) armed within 15 minutes', near.armed, 'deadlines'),
    row('(3) the walk that arms them', near.firstMs, 'ms'),
    row('(3) the same walk when all are armed', near.againMs, 'ms'),
    row('(3) armed within 48 hours, at most 100,000', far.armed, 'deadlines'),
    row('(3) the walk that arms those', far.firstMs, 'ms'),
    row('(3) the same walk when all of those are armed', far.againMs, 'ms'),
    row('(3) memory before any walk', beforeMb, 'MiB'),
    row('(3) memory after the walks within 15 minutes', near.residentMb, 'MiB'),
    row('(3) memory after the walks within 48 hours', far.residentMb, 'MiB'),
  ];
}

function rowsOf({ calendar, manyOpen, byBackend, peakMb }, options) {
  const { firstMs, addMs, betweenMs } = calendar;
  const quick = (ms) => ({ target: `≤ ${targets.calendarMs} ms`, ok: ms <= targets.calendarMs });
  return [
    ...[...byBackend].flatMap(([backend, { arming, firing }]) => [
      ...armingRows(backend, arming),
      ...firingRows(backend, firing),
    ]),
    ...manyOpenRows(manyOpen, options.open),
    row('(4) 10,000 additions of 15 working days, the first time', firstMs, 'ms', quick(firstMs)),
    row('(4) the same with a new calendar each time', addMs, 'ms', quick(addMs)),
    row('(4) 10,000 times the working time between the two', betweenMs, 'ms', quick(betweenMs)),
    row('memory of the process, peak', peakMb, 'MiB'),
  ];
}

function print(rows, conditions) {
  const lines = rows.map(({ name, value, unit, ratio, target, ok }) => [
    name,
    figure(value),
    unit,
    ratio === undefined ? '' : figure(ratio),
    target === undefined ? '' : `${typeof target === 'number' ? `≥ ${target}` : target}`,
    ok === undefined ? '' : ok ? 'met' : 'missed',
  ]);
  const { rounds, deadlines, rate, seconds, redis } = conditions;
  process.stdout.write(
    `\n${drawn(['', 'value', 'unit', 'ratio', 'target', ''], lines)}\n\n` +
      `${deadlines.toLocaleString('en-US')} deadlines armed in ${rounds} rounds, medians; ${rate}/s fired for ${seconds} s. ` +
      `Redis: ${redis}. ${told(conditions)}\n${onCommandPath}\n`,
  );
}

/** The backends asked for, and in words what came of Redis. */
async function openBackends({ backend }, { url, table, dataDir }, opened) {
  const backends = backend === 'redis' ? [] : [postgresBackend(url, table)];
  if (backend === 'postgres') return { backends, redis: 'not asked for' };
  const redis = await startRedis(dataDir);
  if (redis === null) {
    const skipped = 'skipped, there is no redis-server on the path';
    if (backends.length === 0) throw new Error(`nothing to measure: Redis was ${skipped}`);
    say(`  Redis: ${skipped}`);
    return { backends, redis: skipped };
  }
  opened.push(() => redis.stop());
  return { backends: [...backends, redisBackend(redis)], redis: `${redis.version}, in memory alone` };
}

async function bench(options, opened) {
  const loadAverageBefore = loadAverage();
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const folder = await mkdtemp(join(root, 'tmp', 'bench-timers-'));
  opened.push(() => rmSync(folder, { recursive: true, force: true }));
  say('starting PostgreSQL on an empty folder …');
  const dataDir = join(folder, 'postgres');
  mkdirSync(dataDir);
  const postgres = await openOwnPostgres(opened, dataDir);
  const table = await DeadlineTable.open(postgres.url);
  opened.push(() => table.close());
  const { backends, redis } = await openBackends(
    options,
    { url: postgres.url, table, dataDir: folder },
    opened,
  );
  const conditions = await conditionsOf(folder, (setting) => table.show(setting));
  requireDurable(conditions);
  // Makes the queue's own tables, which are emptied from here on.
  for (const backend of backends) await (await backend.raw()).close();
  const measured = await measureAll(backends, table, options);
  const { deadlines, open, rate, seconds, rounds } = options;
  Object.assign(conditions, { deadlines, open, rate, seconds, rounds, redis });
  Object.assign(conditions, { loadAverageBefore, loadAverageAfter: loadAverage() });
  const rows = rowsOf(measured, options);
  print(rows, conditions);
  if (options.json) await writeJson(options.json, rows, conditions);
}

await runAsCommand(() => readArguments(process.argv.slice(2), usage, limits, choices), bench);
