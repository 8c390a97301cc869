// npm run bench:feeds [-- --json <file> --connections <n> --departments <n> --rate <events/s> --seconds <n> --shared <n> --idle <n> --rounds <n> --leased <items> --replayed <items> --webhooks <items> --profile <dir>]
//
// What following the feeds of departments takes: how late an item is seen while many follow, what idle streams cost, how fast
// consumers lease, how fast a feed is read from its start. The subscribers are a process of their own, events are appended by
// this one. Progress on stderr, the table on stdout; targets are shown, not enforced.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, runAsCommand, say, UsageError } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { departmentIds as idsOf, writeCity } from './feeds/city.mjs';
import { FeedWriter } from './feeds/feed-writer.mjs';
import {
  measureBareLeases,
  measureCommands,
  measureLeases,
  measureLive,
  measureMemory,
  measureReplay,
} from './feeds/measure.mjs';
import { Subscribers } from './feeds/subscribers.mjs';
import { measureWebhooks, webhookSettings, webhooksTarget } from './feeds/webhooks.mjs';
import { rounded } from './figures.mjs';
import { LoadGenerator } from './load/generator.mjs';
import { figure, table, writeJson } from './report.mjs';
import { startServer } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const usage =
  'usage: npm run bench:feeds -- [--json <file>] [--connections <following>] [--departments <n>] [--rate <events per second>] ' +
  '[--seconds <each>] [--shared <connections of one department>] [--idle <connections>] [--rounds <of commands>] ' +
  '[--leased <items>] [--replayed <items>] [--webhooks <items>] [--profile <directory for a V8 profile of the server>]';
const limits = {
  connections: { default: 1_000, min: 1, max: 4_000 },
  departments: { default: 100, min: 1, max: 1_000 },
  rate: { default: 500, min: 1, max: 10_000 },
  seconds: { default: 10, min: 0.1, max: 300 },
  shared: { default: 200, min: 1, max: 1_000 },
  idle: { default: 5_000, min: 10, max: 5_000 },
  rounds: { default: 3, min: 1, max: 20 },
  leased: { default: 20_000, min: 10, max: 1_000_000 },
  replayed: { default: 100_000, min: 100, max: 1_000_000 },
  webhooks: { default: 1_000, min: 10, max: 10_000 },
};
/** What was asked for when this was planned. */
const targets = { p99Ms: 250, kBEach: 30, commands: 0.9, leases: 2_000, replay: 20_000 };
const consumers = 8;
/** Leased at once: what one asks for who says nothing, and the most. */
const leaseSizes = [10, 100];
const itemsPerAppend = 50;
/** Different matters, so that order per incident holds up no consumer. */
const incidentsMax = 2_000;
const spareFiles = 500;

/** The subscribers hold a file for each connection, the server one more each. @throws UsageError */
function requireFiles(idle) {
  const own = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (own !== undefined && Number(own) < idle + spareFiles)
    throw new UsageError(
      `${idle} connections need ${idle + spareFiles} open files, and ${own} are allowed: ulimit -n ${idle + spareFiles}, or --idle`,
    );
}

const row = (name, value, unit, more = {}) => ({ name, value: rounded(value), unit, ...more });
const below = (value, limit, unit) => ({ target: `< ${limit} ${unit}`, ok: value < limit });
const atLeast = (value, limit, unit) => ({
  target: `≥ ${limit.toLocaleString('en-US')} ${unit}`,
  ok: value >= limit,
});
const none = (value) => ({ target: 'none', ok: value === 0 });

function liveRows(label, live) {
  return [
    row(`${label}: append to seen p50`, live.p50Ms, 'ms'),
    row(`${label}: append to seen p99`, live.p99Ms, 'ms', below(live.p99Ms, targets.p99Ms, 'ms')),
    row(`${label}: the latest`, live.maxMs, 'ms'),
    row(`${label}: events`, live.eventsPerSecond, 'events/s'),
    row(`${label}: items not seen`, live.lost, 'items', none(live.lost)),
    row(`${label}: the server's processor time`, live.cores, 'cores'),
  ];
}

async function measureFollowing(bench, ids, options) {
  const { connections, rate, seconds, shared } = options;
  say(`  ${connections} connections of ${ids.length} departments, ${rate} events/s for ${seconds} s`);
  const many = await measureLive(bench, ids, { connections, rate, seconds });
  say(`    p50 ${figure(many.p50Ms)} ms, p99 ${figure(many.p99Ms)} ms, ${many.lost} items lost`);
  const sharedRate = Math.max(1, Math.round(rate / 10));
  say(`  ${shared} connections of one department, ${sharedRate} events/s`);
  const one = await measureLive(bench, ids.slice(0, 1), { connections: shared, rate: sharedRate, seconds });
  return [
    ...liveRows(`(1) ${connections} connections, each its department's share`, many),
    ...liveRows(`(2) ${shared} connections of one department`, one),
  ];
}

async function measureIdle(bench, ids, { idle, rounds, seconds }) {
  say(`  memory of ${idle} idle connections`);
  const memory = await measureMemory(bench, ids, idle);
  say(`    ${figure(memory.kBEach)} kB each; commands with them and without`);
  const commands = await measureCommands(bench, ids, {
    ...{ connections: idle, rounds, seconds },
    told: (turn, without, having) =>
      say(`    turn ${turn}: ${figure(without)}/s without, ${figure(having)}/s with them`),
  });
  const label = `(3) ${idle} idle connections`;
  const judged = {
    ratio: rounded(commands.ratio),
    target: targets.commands,
    ok: commands.ratio >= targets.commands,
  };
  return [
    row(`${label}: memory each`, memory.kBEach, 'kB', below(memory.kBEach, targets.kBEach, 'kB')),
    row(`${label}: first byte p99`, memory.firstByteP99Ms, 'ms'),
    row(`${label}: ended by the server`, memory.over, 'streams', none(memory.over)),
    row('(3) reports without them', commands.without, 'requests/s'),
    row('(3) reports with them', commands.having, 'requests/s', judged),
    row('(3) errors', commands.failures, 'requests', none(commands.failures)),
  ];
}

async function measureTaking(bench, ids, { leased, replayed }) {
  const { server, writer, incidentIds } = bench;
  const [leaseId, replayId] = [ids[0], ids.at(-1)];
  const each = Math.min(itemsPerAppend, Math.ceil(replayed / incidentIds.length));
  const filled = incidentIds.slice(0, Math.ceil(replayed / each));
  say(`  writing ${figure(filled.length * each)} items to be read, and as many as are leased`);
  const [{ head }] = await server.query('select max(position)::text as head from log.events');
  await writer.fill(leaseId, incidentIds, Math.ceil(leased / incidentIds.length));
  await server.settled();
  const rows = [];
  for (const max of leaseSizes) {
    const items = incidentIds.length * Math.ceil(leased / incidentIds.length);
    const leases = await measureLeases(bench, leaseId, { consumers, max, items, after: head });
    const bare = await measureBareLeases(server, leaseId, { max, items, after: head });
    say(
      `    ${figure(leases.perSecond)} items leased and acknowledged a second, ${max} at once; bare ${figure(bare)}`,
    );
    const judged = max === leaseSizes.at(-1) ? atLeast(leases.perSecond, targets.leases, 'items/s') : {};
    const ratio = rounded(leases.perSecond / bare);
    rows.push(
      row(`(4) bare leases and deletions by one connection, ${max} at once`, bare, 'items/s'),
      row(`(4) leased and acknowledged, ${max} at once`, leases.perSecond, 'items/s', { ...judged, ratio }),
    );
  }
  await writer.fill(replayId, filled, each);
  await server.settled();
  const [{ items }] = await server.query(
    'select count(*)::int as items from dispatch_feed.items where department_id = $1',
    [replayId],
  );
  const replay = await measureReplay(bench, replayId, items);
  const of = `(5) a feed of ${items.toLocaleString('en-US')} items from its start`;
  const ratio = (value) => ({ ratio: rounded(value / replay.bare) });
  return [
    ...rows,
    row(`${of}: bare reads, pages of 200`, replay.bare, 'items/s'),
    row(`${of}: by the stream`, replay.stream, 'items/s', atLeast(replay.stream, targets.replay, 'items/s')),
    row(
      `${of}: stream, as a share of bare reads`,
      replay.stream / replay.bare,
      'share',
      ratio(replay.stream),
    ),
    row(`${of}: by pages of 200`, replay.pages, 'items/s', atLeast(replay.pages, targets.replay, 'items/s')),
    row(`${of}: pages, as a share of bare reads`, replay.pages / replay.bare, 'share', ratio(replay.pages)),
  ];
}

/** By a server of its own, which may call a receiver on this machine. */
async function measureHooks(opened, { webhooks }) {
  say('webhooks: starting a server of their own …');
  const starting = startServer({ env: webhookSettings, name: 'webhooks' });
  opened.push(() =>
    starting.then(
      (server) => server.stop(),
      () => undefined,
    ),
  );
  const { one, several } = await measureWebhooks(await starting, { dispatches: webhooks, endpoints: 4 });
  return Object.entries({ 'one endpoint': one, 'four endpoints': several }).flatMap(([of, measured]) => [
    row(
      `webhooks to ${of}`,
      measured.perSecond,
      'deliveries/s',
      atLeast(measured.perSecond, webhooksTarget, 'deliveries/s'),
    ),
    row(
      `webhooks to ${of}: processor time of server and PostgreSQL`,
      measured.costMs.server + measured.costMs.postgres,
      'ms each',
    ),
    row(`webhooks to ${of}: until the first one`, measured.waitedSeconds * 1_000, 'ms'),
    row(`webhooks to ${of}: told twice`, measured.twice, 'deliveries'),
  ]);
}

/** The load generator of `bench:commands`, sending reports alone. */
async function reportsOf(server) {
  const generator = new LoadGenerator();
  const body = JSON.stringify({
    ...{
      category: 'rubbish-heap',
      severity: 'MINOR',
      description: '楼前堆放装修垃圾，已有三天，请尽快处理。',
    },
    location: { lon: 116.4, lat: 39.9, crs: 'WGS84', address: '柳荫花园 3 号楼' },
    ...{ estateId: 'es-liuyin-garden', channel: 'PATROL' },
  });
  const reporter = await server.token('street-office', 'st-hepan');
  await generator.open(server.url, 64, { reporter, reports: [body] });
  return generator;
}

function print(rows, conditions) {
  const lines = rows.map(({ name, value, unit, ratio, target, ok }) => [
    ...[name, figure(value), unit, ratio === undefined ? '' : figure(ratio)],
    target === undefined ? '' : typeof target === 'number' ? `≥ ${target}` : target,
    ok === undefined ? '' : ok ? 'met' : 'missed',
  ]);
  const { seconds, rounds } = conditions;
  process.stdout.write(
    `\n${table(['', 'value', 'unit', 'ratio', 'target', ''], lines)}\n\n` +
      `${seconds} s each; reports over 64 connections in ${rounds} turns, medians; ${consumers} consumers of one group. ` +
      `Events appended one by one past the API, without deadlines. ${told(conditions)}\n`,
  );
}

async function bench(options, opened) {
  requireFiles(options.idle);
  const loadAverageBefore = loadAverage();
  const tmp = join(root, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const cityDir = await mkdtemp(join(tmp, 'bench-feeds-city-'));
  opened.push(() => rmSync(cityDir, { recursive: true, force: true }));
  const nodeOptions = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  say('starting a server on an empty folder …');
  const env = { JURISDICTION_FILE: writeCity(root, cityDir, options.departments) };
  const starting = startServer({ nodeOptions, env, name: 'feeds' });
  opened.push(() =>
    starting.then(
      (server) => server.stop(),
      () => undefined,
    ),
  );
  const server = await starting;
  const conditions = await conditionsOf(server.dataDir, (setting) => server.show(setting));
  requireDurable(conditions);
  const writer = await FeedWriter.open(server.postgresUrl);
  opened.push(() => writer.close());
  const subscribers = new Subscribers();
  opened.push(() => subscribers.close());
  const generator = await reportsOf(server);
  opened.push(() => generator.close());
  const incidentIds = await writer.report(Math.min(incidentsMax, options.replayed, options.leased));
  await server.settled();
  const running = { server, writer, subscribers, generator, incidentIds };
  const ids = idsOf(options.departments);
  const rows = [
    // First: a server that has been busy has room in its heap, and idle streams would seem to cost nothing.
    ...(await measureIdle(running, ids, options)),
    ...(await measureFollowing(running, ids, options)),
    ...(await measureTaking(running, ids, options)),
    ...(await measureHooks(opened, options)),
  ];
  Object.assign(conditions, { ...options, loadAverageBefore, loadAverageAfter: loadAverage() });
  print(rows, conditions);
  if (options.json) await writeJson(options.json, rows, conditions);
}

await runAsCommand(() => readArguments(process.argv.slice(2), usage, limits), bench);
