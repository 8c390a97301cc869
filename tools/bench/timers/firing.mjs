// (2) From due time to the command: the scheduler as the server starts it, alarms at a steady pace. A breach is put on
// record as the projection does it, some tenths of a second later and in batches.
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../figures.mjs';
import { openScheduler } from './scheduler.mjs';

const recordEveryMs = 100;
/** After the last due time; a deadline that has not been fired by then is lost. */
const patienceMs = 30_000;
/** Before the first due time: what starting and arming may take, at least a thousand alarms a second. */
const leadMs = (deadlines) => 3_000 + deadlines;

export async function measureFiring(backend, table, { rate, seconds }) {
  const deadlines = rate * seconds;
  await backend.wipe();
  const fromMs = Date.now() + leadMs(deadlines);
  const spanMs = seconds * 1_000;
  await table.fill(deadlines, { fromMs, spanMs });
  const firedAt = new Map();
  const latenessMs = [];
  let twice = 0;
  let toRecord = [];
  const fire = async (deadline) => {
    const nowMs = Date.now();
    if (firedAt.has(deadline.deadlineId)) twice += 1;
    else latenessMs.push(nowMs - Date.parse(deadline.dueAt));
    firedAt.set(deadline.deadlineId, nowMs);
    toRecord.push(deadline);
  };
  const scheduler = await openScheduler(backend, table, { fire });
  try {
    await scheduler.start();
    const armedMs = Date.now();
    const giveUpMs = fromMs + spanMs + patienceMs;
    while (firedAt.size < deadlines && Date.now() < giveUpMs) {
      await sleep(recordEveryMs);
      const batch = toRecord;
      toRecord = [];
      if (batch.length > 0) await table.recordBreaches(batch);
    }
    // Whatever rings a second time does so within the sweeper's grace and one sweep.
    await sleep(Math.min(8_000, spanMs));
    const { lostAndFound } = await scheduler.status();
    latenessMs.sort((a, b) => a - b);
    return {
      deadlines,
      p50Ms: percentile(latenessMs, 0.5),
      p99Ms: percentile(latenessMs, 0.99),
      maxMs: latenessMs.at(-1) ?? Number.NaN,
      early: latenessMs.filter((ms) => ms < 0).length,
      lost: deadlines - firedAt.size,
      twice,
      lostAndFound,
      armedInTime: armedMs <= fromMs,
    };
  } finally {
    await scheduler.stop();
    await backend.wipe();
  }
}
