// (3) Very many open deadlines in the table: what a sweep, a walk and the question of readiness cost, and what memory.
import { openScheduler } from './scheduler.mjs';

const hour = 3_600_000;
const horizons = { default: {}, long: { horizonMs: 48 * hour } };
/** As many as may have been lost by a clock that lost its memory for a few seconds. */
const overdueMax = 1_000;

async function timedMs(work) {
  const startedMs = performance.now();
  const answer = await work();
  return { answer, ms: performance.now() - startedMs };
}

export const residentMegabytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20);

/** The first walk arms, the second finds everything armed: that is the one of every minute. */
async function walks(backend, table, options) {
  await backend.wipe();
  const scheduler = await openScheduler(backend, table, options);
  try {
    const first = await timedMs(() => scheduler.arm());
    const again = await timedMs(() => scheduler.arm());
    return { armed: first.answer, firstMs: first.ms, againMs: again.ms, residentMb: residentMegabytes() };
  } finally {
    await scheduler.stop();
    await backend.wipe();
  }
}

export async function measureManyOpen(backend, table, { open }, onProgress) {
  await table.fill(open, { fromMs: Date.now() + 60_000, spanMs: 48 * hour }, onProgress);
  const beforeMb = residentMegabytes();
  const near = await walks(backend, table, horizons.default);
  const far = await walks(backend, table, horizons.long);
  const scheduler = await openScheduler(backend, table);
  try {
    const idle = await timedMs(() => scheduler.sweep());
    const readiness = await timedMs(() => scheduler.readiness());
    const overdue = Math.min(overdueMax, Math.ceil(open / 10));
    await table.makeOverdue(overdue);
    const busy = await timedMs(() => scheduler.sweep());
    // More when some fell due by themselves meanwhile.
    if (busy.answer < overdue) throw new Error(`swept ${busy.answer} of ${overdue} overdue deadlines`);
    return {
      ...{ near, far, beforeMb, overdue },
      ...{ idleSweepMs: idle.ms, busySweepMs: busy.ms, readinessMs: readiness.ms },
    };
  } finally {
    await scheduler.stop();
  }
}
