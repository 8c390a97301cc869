// npm run bench:what-if -- [--json <file> --events <n>]
//
// How long a year of a district takes under another policy: from a log in PostgreSQL to totals and differences that are
// written, as the thread of a server does it. `measureWhatIf` measures it over a log that is there already.
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AlternativeRules, knownNow, simulateWindow } from '@shaoying/incident-application';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { foldIncident } from '@shaoying/incident-domain';
import { simpleDeadlineMinutes } from '@shaoying/incident-read-models/testing';
import { PublishedJurisdiction } from '@shaoying/jurisdiction-application';
import { DEFAULT_HANDLING_RULES } from '@shaoying/jurisdiction-domain';
import { Pool } from 'pg';
import { SIMULATION_LIMITS, SimulationStore } from '../../apps/server/dist/simulations/simulation-store.js';
import { KeptDifferences } from '../../apps/server/dist/simulations/simulation.run.js';
import { readArguments, runAsCommand, say } from './command-line.mjs';
import { conditionsOf, loadAverage, requireDurable, told } from './conditions.mjs';
import { rounded } from './figures.mjs';
import { openOwnPostgres } from './own-postgres.mjs';
import { RawLog } from './log/raw-log.mjs';
import { writeYear } from './projections/district-year.mjs';
import { figure, table, writeJson } from './report.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const usage = 'usage: npm run bench:what-if -- [--json <file>] [--events <n>]';
const limits = { events: { default: 1_000_000, min: 2_000, max: 20_000_000 } };
/** What was asked for when this was planned: a year of a district. */
const target = { seconds: 30, events: 1_000_000 };
const window = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
const mebibytes = (bytes) => bytes / 2 ** 20;

/** A policy that gives a share of the time which the generated year was decided by. */
const policyOf = (version, share) => ({
  ...{ ...DEFAULT_HANDLING_RULES, policyId: 'policy', name: 'the generated year', version, warnPercent: 80 },
  ...{ calendarId: 'default', ladderId: 'ladder' },
  rules: Object.entries(simpleDeadlineMinutes).map(([timer, minutes]) => ({
    timer,
    duration: { amount: (minutes / 60) * share, unit: 'CLOCK_HOUR' },
  })),
});

/** What governs the generated year, and the same with half the time for everything. */
function halfTheTime() {
  const directory = new PublishedJurisdiction();
  const respondWithin = { amount: 24, unit: 'CLOCK_HOUR' };
  const steps = [
    { trigger: 0, level: 'BLUE', notify: ['department'], respondWithin },
    { trigger: 50, level: 'ORANGE', notify: ['department', 'street-office'], respondWithin },
    { trigger: 100, level: 'RED', notify: ['department', 'supervision-centre'], respondWithin },
  ];
  const workingHours = [
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '18:00' },
  ];
  const calendar = {
    ...{
      calendarId: 'default',
      version: 1,
      utcOffsetMinutes: 480,
      workingHours,
      workingDayRule: 'SAME_TIME',
    },
    years: { 2026: { holidays: [], makeUpWorkdays: [] }, 2027: { holidays: [], makeUpWorkdays: [] } },
  };
  directory.apply({ type: 'WorkingCalendarPublished', data: { calendar } });
  directory.apply({
    type: 'EscalationLadderPublished',
    data: { ladder: { ladderId: 'ladder', name: 'the generated year', version: 1, steps } },
  });
  const catalogue = { catalogueId: 'catalogue', name: 'the generated year', version: 1, categories: [] };
  directory.apply({ type: 'DispatchCataloguePublished', data: { catalogue } });
  for (const [version, share] of [
    [1, 1],
    [2, 0.5],
  ])
    directory.apply({ type: 'DeadlinePolicyPublished', data: { policy: policyOf(version, share) } });
  const policy = { policyId: 'policy', policyVersion: 2 };
  return new AlternativeRules(directory, { policy, ladder: null, calendar: null });
}

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

/**
 * Lives the generated year of a log again with half the time for everything.
 * @param store the log, with a year of `writeYear` in it
 * @param pool of the same PostgreSQL, for the differences
 * @returns what it took, and what came of it
 */
export async function measureWhatIf({ store, pool }) {
  const foldSeconds = await foldOnce(store);
  const simulations = await SimulationStore.open(pool);
  const id = crypto.randomUUID();
  await simulations.ask(id, 'bench', { window });
  const kept = new KeptDifferences(id, simulations);
  let peakBytes = 0;
  const startedMs = performance.now();
  const processor = process.cpuUsage();
  const report = await simulateWindow({
    ...{ store, rules: halfTheTime(), window, knownAt: await knownNow(store) },
    signal: new AbortController().signal,
    onProgress: ({ incidentsDone, incidentsTotal }) => {
      if (incidentsDone % 6_400 === 0)
        say(`  ${figure(incidentsDone)} of ${figure(incidentsTotal)} incidents`);
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    },
    onDifferences: (differences) => kept.add(differences),
  });
  await kept.write();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(processor);
  await simulations.remove(id);
  return {
    seconds,
    foldSeconds,
    processorSeconds: (user + system) / 1e6,
    memoryMiB: mebibytes(peakBytes),
    report,
  };
}

/** Rows of the table; a smaller year is told as it was, and beside it what a whole one would take at its rate. */
export function whatIfRows({ seconds, foldSeconds, processorSeconds, memoryMiB, report }) {
  const whole = (seconds * target.events) / report.events;
  const row = (name, value, unit, more = {}) => ({ name, value: rounded(value), unit, ...more });
  const told = Math.min(report.differences, SIMULATION_LIMITS.differencesMax).toLocaleString('en-US');
  return [
    row('every incident of the year read and folded once', foldSeconds, 's'),
    row(
      `what-if over ${report.incidents.toLocaleString('en-US')} incidents, ${told} differences written`,
      seconds,
      's',
      {
        ratio: rounded(seconds / foldSeconds),
      },
    ),
    row('what-if, at that rate a year of 1,000,000 events', whole, 's', {
      ...{ target: `< ${target.seconds} s`, ok: whole < target.seconds },
    }),
    row('what-if, events per second', report.events / seconds, 'events/s'),
    row('what-if, processor time of this process per event', (processorSeconds * 1e6) / report.events, 'µs'),
    row('what-if, memory of the process', memoryMiB, 'MiB'),
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
  const measured = await measureWhatIf({ store: raw.store, pool });
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

if (process.argv[1] === fileURLToPath(import.meta.url))
  await runAsCommand(() => readArguments(process.argv.slice(2), usage, limits), bench);
