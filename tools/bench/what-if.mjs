// npm run bench:what-if -- [--json <file> --events <n>]
//
// How long a year of a district takes under another policy: from a log in PostgreSQL to totals and differences that are
// written, as the threads of a server do it.
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import { THREAD_MEMORY, threadsOn } from '@shaoying/incident-application';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { foldIncident } from '@shaoying/incident-domain';
import { Pool } from 'pg';
import { SIMULATION_LIMITS } from '../../apps/server/dist/simulations/simulation-store.js';
import { readArguments, runAsCommand, say } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { rounded } from './figures.mjs';
import { openOwnPostgres } from './own-postgres.mjs';
import { RawLog } from './log/raw-log.mjs';
import { writeYear } from './projections/district-year.mjs';
import { figure, table, writeJson } from './report.mjs';
import { allTimers } from './what-if/half-the-time.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const usage = 'usage: npm run bench:what-if -- [--json <file>] [--events <n>]';
const limits = { events: { default: 1_000_000, min: 2_000, max: 20_000_000 } };
/** What was asked for when this was planned: a year of a district. */
const target = { seconds: 30, events: 1_000_000 };
const window = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
const living = fileURLToPath(new URL('./what-if/living.thread.mjs', import.meta.url));
const mebibytes = (bytes) => bytes / 2 ** 20;

/** Every incident read and folded once, as a command does before it decides: what no simulation can be faster than. */
async function foldOnce(store) {
  const streams = new Set();
  for (
    let after = '0', page;
    (page = await store.readAll(after, { limit: 5_000, types: ['IncidentFiled'] })).length > 0;
  ) {
    for (const { streamId } of page) streams.add(streamId);
    after = page.at(-1).position;
  }
  const ids = [...streams];
  const startedMs = performance.now();
  for (let place = 0; place < ids.length; place += 64) {
    const stories = await Promise.all(ids.slice(place, place + 64).map((id) => store.readStream(id)));
    for (const story of stories) foldIncident(story.map(decodeIncidentEvent));
  }
  return (performance.now() - startedMs) / 1_000;
}

/** Lives the year as a server does, in a thread with the room of one, which others may help. */
async function livedAgain({ url, threads, timers = allTimers }) {
  const processor = process.cpuUsage();
  const workerData = { url, window, timers, threads };
  const thread = new Worker(living, { workerData, resourceLimits: THREAD_MEMORY });
  let peakBytes = 0;
  const watching = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 100);
  try {
    const { seconds, report, failures } = await new Promise((resolve, reject) => {
      thread.on('error', reject);
      thread.on('exit', () => reject(new Error('the thread has ended')));
      thread.on('message', ({ lived, incidentsDone, incidentsTotal }) => {
        if (lived) resolve(lived);
        else say(`  ${figure(incidentsDone)} of ${figure(incidentsTotal)} incidents`);
      });
    });
    for (const message of failures) say(`  the second thread has failed: ${message}`);
    const { user, system } = process.cpuUsage(processor);
    return { seconds, processorSeconds: (user + system) / 1e6, memoryMiB: mebibytes(peakBytes), report };
  } finally {
    clearInterval(watching);
    await thread.terminate();
  }
}

/**
 * Lives the generated year of a log again with half the time for everything, on one thread and with a second one; and, as
 * most questions are, with half the time for one thing alone.
 * @param store the log, with a year of `writeYear` in it
 * @param url of the same PostgreSQL
 * @returns what it took, and what came of it
 */
async function measureWhatIf({ store, url }) {
  const foldSeconds = await foldOnce(store);
  const alone = await livedAgain({ url, threads: 1 });
  const helped = await livedAgain({ url, threads: 2 });
  if (!isDeepStrictEqual(helped.report, alone.report)) throw new Error('two threads tell another report');
  const threads = threadsOn(availableParallelism());
  const oneTimer = await livedAgain({ url, threads, timers: ['CHECK_IN'] });
  return { foldSeconds, alone, helped, oneTimer, asServed: threads === 1 ? alone : helped };
}

/** Rows of the table; a smaller year is told as it was, and beside it what a whole one would take at its rate. */
function whatIfRows({ foldSeconds, alone, helped, oneTimer, asServed }) {
  const { report } = alone;
  const row = (name, value, unit, more = {}) => ({ name, value: rounded(value), unit, ...more });
  const told = Math.min(report.differences, SIMULATION_LIMITS.differencesMax).toLocaleString('en-US');
  const whole = (seconds) => (seconds * target.events) / report.events;
  const wholeYear = (name, seconds) =>
    row(`${name}, at that rate a year of 1,000,000 events`, whole(seconds), 's', {
      ...{ target: `< ${target.seconds} s`, ok: whole(seconds) < target.seconds },
    });
  const times = (seconds) => ({ ratio: rounded(seconds / foldSeconds) });
  const about = `what-if over ${report.incidents.toLocaleString('en-US')} incidents, ${told} differences written`;
  return [
    row('every incident of the year read and folded once', foldSeconds, 's'),
    row(`${about}, one thread`, alone.seconds, 's', times(alone.seconds)),
    row('the same with two threads', helped.seconds, 's', times(helped.seconds)),
    row('one thread, times as long', alone.seconds / helped.seconds, ''),
    wholeYear(
      'what-if with as many threads as a server uses, half the time for everything',
      asServed.seconds,
    ),
    row(
      `half the time for checking in alone, ${oneTimer.report.differences.toLocaleString('en-US')} differences`,
      ...[oneTimer.seconds, 's', times(oneTimer.seconds)],
    ),
    wholeYear('what-if, half the time for checking in', oneTimer.seconds),
    row('what-if, events per second', report.events / asServed.seconds, 'events/s'),
    row(
      'what-if, processor time per event, one thread',
      (alone.processorSeconds * 1e6) / report.events,
      'µs',
    ),
    row(
      'what-if, processor time per event, two threads',
      (helped.processorSeconds * 1e6) / report.events,
      'µs',
    ),
    row('what-if, memory of the process, one thread', alone.memoryMiB, 'MiB'),
    row('what-if, memory of the process, two threads', helped.memoryMiB, 'MiB'),
  ];
}

async function bench(options, opened) {
  const loadAverageBefore = loadAverage();
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const dataDir = await mkdtemp(join(root, 'tmp', 'bench-what-if-'));
  opened.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const postgres = await openOwnPostgres(opened, dataDir);
  const raw = await RawLog.open(postgres.url);
  opened.push(() => raw.close());
  const conditions = await conditionsOf(dataDir, (setting) => raw.show(setting));
  requireDurable(conditions);
  await writeYear(raw, options.events, (done) => say(`  writing the year: ${figure(done)} events`));
  const pool = new Pool({ connectionString: postgres.url, max: 2 });
  opened.push(() => pool.end());
  await pool.query('analyze');
  const measured = await measureWhatIf({ store: raw.store, url: postgres.url });
  const rows = whatIfRows(measured);
  Object.assign(conditions, {
    ...{ events: options.events, loadAverageBefore, loadAverageAfter: loadAverage() },
  });
  const lines = rows.map(({ name, value, unit, ratio, target: aim, ok }) => [
    ...[
      name,
      figure(value),
      unit,
      ratio === undefined ? '' : figure(ratio),
      aim ?? '',
      ok === undefined ? '' : ok ? 'met' : 'missed',
    ],
  ]);
  process.stdout.write(
    `\n${table(['', 'value', 'unit', 'times the first', 'target', ''], lines)}\n\n${told(conditions)}\n`,
  );
  if (options.json) await writeJson(options.json, rows, conditions);
}

await runAsCommand(() => readArguments(process.argv.slice(2), usage, limits), bench);
