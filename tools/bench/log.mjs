// npm run bench:log [-- --json <file> --seconds <n> --rounds <n> --callers <n> --middle <events> --largest <events>]
//
// What the event log on PostgreSQL does, as a share of what the same PostgreSQL does with bare statements into the same
// table, in one run: appends, reads, the way from an append to a subscriber, and all of it as the log grows. Progress on
// stderr, the table on stdout; targets are shown, not enforced.
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, runAsCommand, say } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { median, rounded } from './figures.mjs';
import { openOwnPostgres } from './own-postgres.mjs';
import { RawLog } from './log/raw-log.mjs';
import { distinctStreams, hotStreams, readByPages, readBySubscription, seenAfter } from './log/engine.mjs';
import { figure, table, writeJson } from './report.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const usage =
  'usage: npm run bench:log -- [--json <file>] [--seconds <per round>] [--rounds <n>] [--callers <n>] ' +
  '[--middle <events>] [--largest <events>]';
const limits = {
  seconds: { default: 5, min: 0.1, max: 60 },
  rounds: { default: 3, min: 1, max: 20 },
  callers: { default: 64, min: 1, max: 1_000 },
  middle: { default: 1_000_000, min: 20_000, max: 50_000_000 },
  largest: { default: 5_000_000, min: 20_000, max: 50_000_000 },
};
const smallest = 10_000;
/** A round of the usual length would make a small log a large one. */
const smallestSecondsMax = 1;
/** What the log was asked for when it was planned. */
const targets = { distinct: 0.5, read: 150_000, readShare: 0.7, seenP99Ms: 50, growth: 0.85 };
const paceHz = 1_000;

/** What one length of log was measured at. */
async function measureAppends(raw, store, { seconds, rounds, callers }) {
  const results = { ceiling: [], ceilingBinary: [], distinct: [], hot: [] };
  const walBytes = [];
  const kinds = {
    ceiling: () => raw.insertBatches(seconds),
    ceilingBinary: () => raw.insertBatches(seconds, 'binary'),
    distinct: () => distinctStreams(store, callers, seconds),
    hot: () => hotStreams(store, callers, seconds),
  };
  for (let round = 1; round <= rounds; round += 1) {
    // In turn, so that a noisy neighbour hits all of them; ratios compare within a turn.
    for (const [kind, measure] of Object.entries(kinds)) {
      const before = await raw.written();
      const measured = await measure();
      const after = await raw.written();
      const bytesEach = (after.walBytes - before.walBytes) / (after.events - before.events);
      results[kind].push(measured.perSecond);
      if (kind === 'distinct') walBytes.push(bytesEach);
      say(
        `    round ${round}  ${kind.padEnd(14)} ${figure(measured.perSecond).padStart(8)} events/s  ` +
          `${figure(bytesEach)} bytes of WAL each`,
      );
    }
  }
  const share = (kind, of) => median(results[kind].map((value, turn) => value / results[of][turn]));
  return {
    rate: Object.fromEntries(Object.entries(results).map(([kind, values]) => [kind, median(values)])),
    share: {
      distinct: share('distinct', 'ceiling'),
      distinctOfBinary: share('distinct', 'ceilingBinary'),
      hot: share('hot', 'ceiling'),
    },
    walBytes: median(walBytes),
  };
}

async function measureReads(raw, store, { rounds }) {
  const results = { cursor: [], subscription: [], pages: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const kinds = {
      cursor: () => raw.readByCursor(),
      subscription: () => readBySubscription(store),
      pages: () => readByPages(store),
    };
    for (const [kind, measure] of Object.entries(kinds)) {
      const { perSecond, events } = await measure();
      results[kind].push(perSecond);
      say(
        `    round ${round}  ${kind.padEnd(14)} ${figure(perSecond).padStart(8)} events/s over ${figure(events)}`,
      );
    }
  }
  const rate = Object.fromEntries(Object.entries(results).map(([kind, values]) => [kind, median(values)]));
  const share = median(results.subscription.map((value, turn) => value / results.cursor[turn]));
  return { rate, share };
}

const megabytes = (bytes) => Math.round(bytes / 2 ** 20);

/** The largest this process has been so far: benchmark, engine and raw client together. */
const peakMegabytes = () => megabytes(process.resourceUsage().maxRSS * 1024);

async function measureAll(raw, store, options, url) {
  const sizes = [...new Set([smallest, options.middle, options.largest])].sort((a, b) => a - b);
  const appends = new Map();
  const peaks = new Map();
  let reads;
  let seen;
  for (const size of sizes) {
    await raw.fillTo(size, (done) => say(`  filling the log: ${figure(done)} of ${figure(size)} events`));
    say(`  appends at ${figure(size)} events`);
    // Round 0 warms up: V8 compiles, PostgreSQL caches plans and pages.
    const seconds = size === smallest ? Math.min(smallestSecondsMax, options.seconds) : options.seconds;
    if (size === smallest) await measureAppends(raw, store, { ...options, rounds: 1, seconds });
    appends.set(size, await measureAppends(raw, store, { ...options, seconds }));
    if (size === options.middle) {
      say('  reads of the whole log');
      reads = await measureReads(raw, store, options);
      say(`  from append to subscriber, ${paceHz} appends/s`);
      seen = await seenAfter(url, { perSecond: paceHz, seconds: options.seconds * options.rounds });
    }
    peaks.set(size, peakMegabytes());
  }
  return { sizes, appends, reads, seen, peaks };
}

function rowsOf({ sizes, appends, reads, seen, peaks }) {
  const at = (size) => appends.get(size);
  const [first, last] = [at(sizes[0]), at(sizes.at(-1))];
  const row = (name, value, unit, more = {}) => ({ name, value: rounded(value), unit, ...more });
  const judged = (ratio, target) => ({ ratio: rounded(ratio), target, ok: ratio >= target });
  const rows = sizes.flatMap((size) => {
    const { rate, share, walBytes } = at(size);
    const of = `from ${size.toLocaleString('en-US')} events on`;
    return [
      row(`(a) bare 100-row inserts, ${of}`, rate.ceiling, 'events/s'),
      row(`(a2) the same with binary arrays, ${of}`, rate.ceilingBinary, 'events/s'),
      row(
        `(b) single appends to distinct streams, ${of}`,
        rate.distinct,
        'events/s',
        judged(share.distinct, targets.distinct),
      ),
      row(`(b2) the same as a share of (a2), ${of}`, rate.distinct, 'events/s', {
        ratio: rounded(share.distinctOfBinary),
      }),
      row(`(c) single appends to hot streams, revision expected, ${of}`, rate.hot, 'events/s', {
        ratio: rounded(share.hot),
      }),
      row(`WAL per event of (b), ${of}`, walBytes, 'bytes'),
    ];
  });
  const fastEnough = reads.rate.subscription >= targets.read || reads.share >= targets.readShare;
  rows.push(
    row('(d) a bare cursor over the whole log', reads.rate.cursor, 'events/s'),
    row('(d) the whole log by subscription', reads.rate.subscription, 'events/s', {
      ratio: rounded(reads.share),
      target: `≥ 150,000/s or ≥ ${targets.readShare} of the cursor`,
      ok: fastEnough,
    }),
    row('(d) the whole log page by page', reads.rate.pages, 'events/s'),
    row('(e) append to subscriber, p50', seen.p50Ms, 'ms'),
    row('(e) append to subscriber, p99', seen.p99Ms, 'ms', {
      target: `< ${targets.seenP99Ms} ms`,
      ok: seen.p99Ms < targets.seenP99Ms,
    }),
    row('(e) appends really offered', seen.perSecond, 'appends/s'),
    row(
      '(f) (b) at the largest log to (b) at the smallest',
      last.rate.distinct,
      'events/s',
      judged(last.rate.distinct / first.rate.distinct, targets.growth),
    ),
    row('(f) the same of the ceiling (a)', last.rate.ceiling, 'events/s', {
      ratio: rounded(last.rate.ceiling / first.rate.ceiling),
    }),
  );
  for (const [size, peak] of peaks) {
    rows.push(row(`memory of the process, peak up to ${size.toLocaleString('en-US')} events`, peak, 'MiB'));
  }
  return rows;
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
  const { callers, rounds, seconds } = conditions;
  process.stdout.write(
    `\n${table(['', 'value', 'unit', 'ratio', 'target', ''], lines)}\n\n` +
      `${callers} callers, ${rounds} rounds of ${seconds} s each, medians. ${told(conditions)}\n`,
  );
}

async function bench(options, opened) {
  const loadAverageBefore = loadAverage();
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const dataDir = await mkdtemp(join(root, 'tmp', 'bench-log-'));
  opened.push(() => rmSync(dataDir, { recursive: true, force: true }));
  say('starting PostgreSQL on an empty folder …');
  const postgres = await openOwnPostgres(opened, dataDir);
  const raw = await RawLog.open(postgres.url);
  opened.push(() => raw.close());
  const conditions = await conditionsOf(dataDir, (setting) => raw.show(setting));
  requireDurable(conditions);
  const measured = await measureAll(raw, raw.store, options, postgres.url);
  const { seconds, rounds, callers } = options;
  Object.assign(conditions, { seconds, rounds, callers, loadAverageBefore, loadAverageAfter: loadAverage() });
  const rows = rowsOf(measured);
  print(rows, conditions);
  if (options.json) await writeJson(options.json, rows, conditions);
}

await runAsCommand(() => {
  const options = readArguments(process.argv.slice(2), usage, limits);
  return { ...options, largest: Math.max(options.largest, options.middle) };
}, bench);
