// (1) From the open deadlines to armed alarms, against bare delayed jobs: in turn, so that neighbours hit both.
import { say } from '../command-line.mjs';
import { median } from '../figures.mjs';
import { figure } from '../report.mjs';
import { openScheduler } from './scheduler.mjs';

const minute = 60_000;

const perSecond = (count, ms) => (count * 1_000) / ms;

async function timed(work) {
  const startedMs = performance.now();
  const answer = await work();
  return { answer, ms: performance.now() - startedMs };
}

/** One arming by a scheduler that has armed nothing yet, reading included. */
async function armOnce(backend, table, deadlines) {
  const scheduler = await openScheduler(backend, table);
  try {
    const { answer, ms } = await timed(() => scheduler.arm());
    if (answer !== deadlines) throw new Error(`armed ${answer} of ${deadlines} deadlines`);
    const delayed = (await scheduler.status()).clock?.delayed;
    if (delayed !== deadlines) throw new Error(`${delayed} of ${deadlines} alarms are in the queue`);
    return perSecond(deadlines, ms);
  } finally {
    await scheduler.stop();
  }
}

async function addOnce(backend, deadlines) {
  const raw = await backend.raw();
  try {
    const { ms } = await timed(() => raw.add(deadlines));
    return perSecond(deadlines.length, ms);
  } finally {
    await raw.close();
  }
}

/** Everything in the table, as the ceiling is given it: in memory, nothing to be read. */
async function inMemory(table, deadlines) {
  const all = await table.query.dueWithin('2100-01-01T00:00:00.000Z', null, deadlines);
  if (all.length !== deadlines) throw new Error(`${all.length} of ${deadlines} deadlines are open`);
  return all;
}

export async function measureArming(backend, table, { deadlines, rounds }) {
  const results = { raw: [], scheduler: [] };
  for (let round = 0; round <= rounds; round += 1) {
    // Within the scheduler's horizon of 15 minutes, and not due before the round is over.
    await table.fill(deadlines, { fromMs: Date.now() + 8 * minute, spanMs: 6 * minute });
    const given = await inMemory(table, deadlines);
    await (await backend.raw()).close();
    const kinds = {
      raw: () => addOnce(backend, given),
      scheduler: () => armOnce(backend, table, deadlines),
    };
    for (const [kind, measure] of Object.entries(kinds)) {
      await backend.wipe();
      const rate = await measure();
      say(`    round ${round}  ${kind.padEnd(10)} ${figure(rate).padStart(8)} alarms/s`);
      // Round 0 warms up: V8 compiles, PostgreSQL caches plans and pages.
      if (round > 0) results[kind].push(rate);
    }
  }
  await backend.wipe();
  return {
    raw: median(results.raw),
    scheduler: median(results.scheduler),
    ratio: median(results.scheduler.map((rate, turn) => rate / results.raw[turn])),
  };
}
