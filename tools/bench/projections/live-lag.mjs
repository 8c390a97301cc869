// How long what was acknowledged takes to be in every read model, under a steady load: projector, load and readers share
// this process, which a server's API and projector do not.
import { setTimeout as sleep } from 'node:timers/promises';
import { incidentProjections } from '@shaoying/incident-read-models';
import { ProjectionEngine, ReadModelGate } from '@shaoying/projections';
import { percentile } from '../figures.mjs';
import { oneMoreLife } from './district-year.mjs';

const eventsPerCommand = 2;
const tickMs = 10;
const openLives = 200;
/** Of the commands, one in so many is waited for. */
const watchedEvery = 10;
const waitMsMax = 60_000;
/** Sent before any is counted: the first batches of a process are compiled and planned, which decides a p99 of few seconds. */
const warmUpSecondsMax = 3;

/** The next command of one of several lives, each in its turn. */
function* commands() {
  const lives = Array.from({ length: openLives }, (_, index) => oneMoreLife(index));
  for (let turn = 0, next = openLives; ; turn += 1) {
    const place = turn % openLives;
    if (lives[place].length === 0) lives[place] = oneMoreLife(next++);
    yield lives[place].splice(0, eventsPerCommand);
  }
}

/**
 * @param perSecond commands that are sent, whatever has come back
 * @param seconds that are counted, after some that are not
 * @returns commands a second that were acknowledged, and the 99th percentile of the lag in milliseconds
 */
export async function liveLag({ store, url, perSecond, seconds, log }) {
  const engine = new ProjectionEngine({ store, url, projections: incidentProjections, log });
  const gate = new ReadModelGate({ url, log });
  engine.start();
  gate.start();
  const head = await store.head();
  await Promise.all(incidentProjections.map(({ name }) => gate.waitFor(name, head, waitMsMax)));
  const lagsMs = [];
  const under = new Set();
  const last = new Map();
  let acknowledged = 0;
  let isCounting = false;
  const send = async ([first, ...more], isWatched) => {
    const { streamId, revision } = first;
    // Of one life no command overtakes another.
    await last.get(streamId);
    const events = [first, ...more].map(({ event }) => event);
    const { position } = await store.append(streamId, revision === 0 ? 'none' : revision - 1, events);
    if (!isCounting) return;
    acknowledged += 1;
    if (!isWatched) return;
    const atMs = performance.now();
    await Promise.all(incidentProjections.map(({ name }) => gate.waitFor(name, position, waitMsMax)));
    lagsMs.push(performance.now() - atMs);
  };
  const next = commands();
  /** @returns milliseconds it took */
  const load = async (forSeconds) => {
    const startedMs = performance.now();
    for (let sent = 0; performance.now() - startedMs < forSeconds * 1_000; await sleep(tickMs)) {
      const due = ((performance.now() - startedMs) * perSecond) / 1_000;
      for (; sent < due; sent += 1) {
        const command = next.next().value;
        const work = send(command, sent % watchedEvery === 0);
        last.set(command[0].streamId, work);
        under.add(work);
        void work.finally(() => under.delete(work));
      }
    }
    return performance.now() - startedMs;
  };
  await load(Math.min(warmUpSecondsMax, seconds));
  isCounting = true;
  const tookMs = await load(seconds);
  const rate = (acknowledged * 1_000) / tookMs;
  await Promise.all(under);
  await Promise.all([engine.stop(), gate.stop()]);
  lagsMs.sort((a, b) => a - b);
  return { rate, medianMs: percentile(lagsMs, 0.5), p99Ms: percentile(lagsMs, 0.99) };
}
