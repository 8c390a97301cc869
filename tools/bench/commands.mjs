// npm run bench:commands [-- --json <file> --seconds <n> --rounds <n> --connections <n> --profile <dir>]
//
// How many commands a second one server carries out, as a share of what its HTTP layer can do at all: rounds of a no-op
// with the same authentication and the same validated body, of reports, and of check-ins, taken in turn, so that a noisy
// neighbour hits all three; the median of the rounds counts. Progress on stderr, the table on stdout. Targets are shown,
// not enforced: a figure that only holds on a quiet machine must not fail a build.
import { readArguments, runAsCommand, say } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { median, rounded } from './figures.mjs';
import { LoadGenerator } from './load/generator.mjs';
import { scenarioFor } from './load/scenario.mjs';
import { postgresSeconds, processesBeside, processSeconds, used } from './processor-time.mjs';
import { figure, table, writeJson } from './report.mjs';
import { startServer } from './server.mjs';

const usage =
  'usage: npm run bench:commands -- [--json <file>] [--seconds <per round>] [--rounds <n>] [--connections <n>] ' +
  '[--profile <directory for a V8 profile of the server>]';
const limits = {
  seconds: { default: 5, min: 0.1, max: 60 },
  rounds: { default: 3, min: 1, max: 20 },
  connections: { default: 64, min: 1, max: 1_000 },
};
/** What was asked for when this was planned; ratios to the no-op. */
const targets = { report: 0.5, checkIn: 0.35 };
/** Ratios between two kinds: what the first has and the second has not may cost so much. */
const costs = {
  access: {
    of: 'report',
    to: 'reportOpen',
    target: 0.85,
    title: 'who is it, may they, how often: (2) to (2a)',
  },
  sealing: {
    of: 'reportEncrypted',
    to: 'reportUnencrypted',
    target: 0.95,
    title: 'encrypting a reporter: (2c) to (2d)',
  },
  reporter: {
    of: 'reportPersonal',
    to: 'report',
    target: null,
    title: 'all that a reporter costs, read, checked, sealed and kept: (2b) to (2)',
  },
};
const kinds = [
  ...['validate', 'report', 'reportOpen', 'reportPersonal', 'reportEncrypted', 'reportUnencrypted'],
  'checkIn',
];
/** Answered by the API without a door; see open-server.process.mjs. */
const openKinds = ['reportOpen', 'reportEncrypted', 'reportUnencrypted'];
const titles = {
  validate: '(1) no-op: POST /v1/incidents/validate',
  report: '(2) POST /v1/incidents',
  reportOpen: '(2a) the same without authentication, authorization and limits',
  reportPersonal: '(2b) the same with name and phone, sealed',
  reportEncrypted: '(2c) (2b) without authentication, authorization and limits',
  reportUnencrypted: '(2d) (2c) with name and phone kept as they came',
  checkIn: '(3) POST …/check-in',
};
/** Check-ins to prepare before any is measured; later rounds prepare by the rate of the one before. */
const firstTasksPerSecond = 1_500;
const spareTasks = 1.5;
const preparedMax = 200_000;

/** Processor time so far: of the process that answers, of the one beside it that plays the other roles, of PostgreSQL. */
function secondsSoFar({ pid, besideOf, postgresPid }) {
  const beside = processesBeside(besideOf).map((child) => processSeconds(child) ?? 0);
  return {
    server: processSeconds(pid),
    beside: beside.reduce((a, b) => a + b, 0),
    postgres: postgresSeconds(postgresPid),
  };
}

/**
 * One round of one kind: settled before, so that nothing left over burdens it; what it leaves over is told.
 * @param side `{ answering, generator }`: the process that answers, and the one that asks it
 */
async function round(server, { answering, generator }, kind, seconds) {
  await server.settled();
  const before = secondsSoFar(answering);
  const figures = await generator.run(kind, seconds);
  const after = secondsSoFar(answering);
  const byProcess = used(before.postgres, after.postgres);
  const elapsedSeconds = figures.elapsedMs / 1_000;
  const cores = {
    server: before.server === null ? null : (after.server - before.server) / elapsedSeconds,
    beside: (after.beside - before.beside) / elapsedSeconds,
    postgres:
      byProcess.size === 0 ? null : [...byProcess.values()].reduce((a, b) => a + b, 0) / elapsedSeconds,
    generator: figures.generatorCores,
  };
  const connections = await connectionShares(server, byProcess, elapsedSeconds);
  const behindMs = await server.settled();
  return { ...figures, cores, connections, behindMs };
}

/** Cores used by PostgreSQL on behalf of each kind of connection, by its application name. */
async function connectionShares(server, byProcess, elapsedSeconds) {
  const rows = await server.query(
    `select pid, coalesce(nullif(application_name, ''), backend_type) as name from pg_stat_activity`,
  );
  const shares = {};
  for (const { pid, name } of rows) {
    shares[name] = (shares[name] ?? 0) + (byProcess.get(pid) ?? 0) / elapsedSeconds;
  }
  return Object.fromEntries(Object.entries(shares).filter(([, share]) => share >= 0.01));
}

function tell(kind, index, { perSecond, p50Ms, p99Ms, failures, sample, cores, behindMs }) {
  const shares = `${figure(costMs({ cores, perSecond }))} ms of processor each; server ${figure(cores.server)} + beside ${figure(cores.beside)} + postgres ${figure(cores.postgres)} + generator ${figure(cores.generator)} cores`;
  say(
    `  round ${index}  ${kind.padEnd(14)} ${figure(perSecond).padStart(7)}/s  p50 ${figure(p50Ms)} ms  p99 ${figure(p99Ms)} ms  ` +
      `errors ${failures}  ${shares}  read models ${figure(behindMs)} ms behind`,
  );
  if (failures > 0) say(`    first error: ${sample}`);
}

/** @returns rounds by kind */
async function measure(server, sides, { seconds, rounds }) {
  const results = Object.fromEntries(kinds.map((kind) => [kind, []]));
  let tasksPerSecond = firstTasksPerSecond;
  for (let index = 0; index <= rounds; index += 1) {
    // Forwards and backwards in turn: whoever always came later would have the larger log and the hotter machine.
    for (const kind of index % 2 === 0 ? kinds : kinds.toReversed()) {
      // Round 0 warms up: V8 compiles, PostgreSQL fills its caches, files grow to their first size. What answers one kind
      // alone has as long for it as the other has for all of them.
      const warmUpSeconds = Math.min(kind === 'reportOpen' ? 6 : 2, seconds);
      const lengthSeconds = index === 0 ? warmUpSeconds : seconds;
      if (kind === 'checkIn') {
        const wanted = Math.min(preparedMax, Math.ceil(tasksPerSecond * lengthSeconds * spareTasks));
        say(`  preparing ${wanted.toLocaleString('en-US')} tasks to check in on …`);
        await sides.usual.generator.prepare(wanted);
      }
      const side = openKinds.includes(kind) ? sides.open : sides.usual;
      if (side === sides.open) await side.answering.encrypt(kind !== 'reportUnencrypted');
      const figures = await round(server, side, kind, lengthSeconds);
      tell(kind, index === 0 ? 'warm-up' : index, figures);
      if (kind === 'checkIn') tasksPerSecond = Math.max(500, figures.perSecond);
      if (index > 0) results[kind].push(figures);
    }
  }
  return results;
}

/**
 * Processor time per request, server (both its processes) and PostgreSQL together, in ms: what a command costs, whoever else uses the machine
 * while it is measured. NaN where the system does not tell.
 */
function costMs({ cores, perSecond }) {
  if (cores.server === null || cores.postgres === null) return Number.NaN;
  return ((cores.server + cores.beside + cores.postgres) * 1_000) / perSecond;
}

const failuresOf = (rounds) => rounds.reduce((sum, { failures }) => sum + failures, 0);
const middleOf = (rounds, pick) => median(rounds.map(pick));

/** Ratio of each round to that of another kind in the same turn, then the middle: neighbours come and go between turns. */
function ratioOf(results, kind, to = 'validate') {
  return median(results[kind].map(({ perSecond }, turn) => perSecond / results[to][turn].perSecond));
}

/** A round in which nothing was answered, short and on a busy machine, has no ratio and meets nothing. */
const isMet = (ratio, target) => Number.isFinite(ratio) && ratio >= target;

/** Processor time that the first kind takes beyond the second, as a share of the second: what neighbours disturb least. */
const surplusOf = (results, { of, to }) => middleOf(results[of], costMs) / middleOf(results[to], costMs) - 1;

function costRowsOf(results) {
  return Object.entries(costs).flatMap(([name, cost]) => {
    const ratio = ratioOf(results, cost.of, cost.to);
    return [
      {
        ...{ name: `${name} ratio`, value: rounded(ratio), unit: 'ratio', ratio: rounded(ratio) },
        ...(cost.target === null ? {} : { target: cost.target, ok: isMet(ratio, cost.target) }),
      },
      { name: `${name} processor time`, value: rounded(surplusOf(results, cost)), unit: 'share' },
    ];
  });
}

function rowsOf(results) {
  return kinds.flatMap((kind) => {
    const rounds = results[kind];
    const ratio = kind === 'validate' ? null : ratioOf(results, kind);
    const target = targets[kind] ?? null;
    return [
      {
        name: kind,
        value: rounded(middleOf(rounds, ({ perSecond }) => perSecond)),
        unit: 'requests/s',
        ...(ratio === null ? {} : { ratio: rounded(ratio) }),
        ...(target === null ? {} : { target, ok: isMet(ratio, target) }),
      },
      { name: `${kind} p50`, value: rounded(middleOf(rounds, ({ p50Ms }) => p50Ms)), unit: 'ms' },
      { name: `${kind} p99`, value: rounded(middleOf(rounds, ({ p99Ms }) => p99Ms)), unit: 'ms' },
      { name: `${kind} errors`, value: failuresOf(rounds), unit: 'requests' },
      { name: `${kind} processor time`, value: rounded(middleOf(rounds, costMs)), unit: 'ms/request' },
      {
        name: `${kind} read models behind`,
        value: rounded(middleOf(rounds, ({ behindMs }) => behindMs)),
        unit: 'ms',
      },
    ];
  });
}

function coresOf(results) {
  return Object.fromEntries(
    kinds.map((kind) => {
      const share = (who) => rounded(middleOf(results[kind], ({ cores }) => cores[who] ?? Number.NaN));
      const names = new Set(results[kind].flatMap(({ connections }) => Object.keys(connections)));
      const connections = Object.fromEntries(
        [...names].map((name) => [name, rounded(middleOf(results[kind], (r) => r.connections[name] ?? 0))]),
      );
      const shares = Object.fromEntries(
        ['server', 'beside', 'postgres', 'generator'].map((who) => [who, share(who)]),
      );
      return [kind, { ...shares, connections }];
    }),
  );
}

function print(results, conditions) {
  const lines = kinds.map((kind) => {
    const rounds = results[kind];
    const ratio = kind === 'validate' ? null : ratioOf(results, kind);
    const target = targets[kind];
    const verdict = target === undefined ? '' : `≥ ${target}${ratio >= target ? '  met' : '  missed'}`;
    const of = (pick) => figure(middleOf(rounds, pick));
    return [
      ...[titles[kind], of((r) => r.perSecond), of((r) => r.p50Ms), of((r) => r.p99Ms), failuresOf(rounds)],
      ...[ratio === null ? '' : figure(ratio), verdict],
    ];
  });
  const head = ['', 'requests/s', 'p50 ms', 'p99 ms', 'errors', 'ratio to (1)', 'target'];
  const cores = Object.entries(conditions.coresUsed).map(([kind, used]) => {
    const rounds = results[kind];
    return [
      ...[
        titles[kind],
        figure(used.server),
        figure(used.beside),
        figure(used.postgres),
        figure(used.generator),
      ],
      figure(middleOf(rounds, costMs)),
      figure(middleOf(rounds, ({ behindMs }) => behindMs)),
    ];
  });
  const coresHead = [
    'cores used by',
    'server',
    'beside it',
    'postgres',
    'generator',
    'ms per request',
    'read models behind, ms',
  ];
  const costLines = Object.values(costs).map((cost) => {
    const ratio = ratioOf(results, cost.of, cost.to);
    const verdict =
      cost.target === null ? '' : `≥ ${cost.target}${ratio >= cost.target ? '  met' : '  missed'}`;
    return [cost.title, figure(ratio), verdict, `${figure(surplusOf(results, cost) * 100)} %`];
  });
  const costHead = ['what it costs', 'ratio', 'target', 'processor time'];
  const { connections, rounds, seconds } = conditions;
  process.stdout.write(
    `\n${table(head, lines)}\n\n${table(costHead, costLines)}\n\n${table(coresHead, cores)}\n\n` +
      `${connections} connections, ${rounds} rounds of ${seconds} s each, medians. ${told(conditions)}\n`,
  );
}

async function bench(options, opened) {
  const loadAverageBefore = loadAverage();
  const nodeOptions = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  say('starting a server on an empty folder …');
  const starting = startServer({ nodeOptions, name: 'commands' });
  opened.push(() =>
    starting.then(
      (server) => server.stop(),
      () => undefined,
    ),
  );
  const server = await starting;
  const conditions = await conditionsOf(server.dataDir, (setting) => server.show(setting));
  requireDurable(conditions);
  const scenario = await scenarioFor(server);
  const open = await server.openBeside(scenario.principal);
  opened.push(() => open.stop());
  const side = async (answering) => {
    const generator = new LoadGenerator();
    opened.push(() => generator.close());
    await generator.open(answering.url, options.connections, scenario);
    return { answering, generator };
  };
  const sides = { usual: await side(server), open: await side(open) };
  const results = await measure(server, sides, options);
  const { seconds, rounds, connections } = options;
  Object.assign(conditions, {
    seconds,
    rounds,
    connections,
    loadAverageBefore,
    loadAverageAfter: loadAverage(),
  });
  conditions.coresUsed = coresOf(results);
  print(results, conditions);
  if (options.json) await writeJson(options.json, [...rowsOf(results), ...costRowsOf(results)], conditions);
}

await runAsCommand(() => readArguments(process.argv.slice(2), usage, limits), bench);
