// What is measured of the engine: through the port alone, as the server uses it.
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { percentile } from '../figures.mjs';
import { newStreamId, sampleEvent } from './sample-event.mjs';

/** `callers` loops for `seconds`, each as fast as its answers come. */
async function closedLoop(callers, seconds, appendOnce) {
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let done = 0;
  const loop = async (caller) => {
    while (performance.now() < endMs) {
      await appendOnce(caller);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
  return { perSecond: (done * 1_000) / (performance.now() - startedMs) };
}

/** Every append opens a stream of its own. */
export function distinctStreams(store, callers, seconds) {
  return closedLoop(callers, seconds, () => store.append(newStreamId(), 'none', [sampleEvent()]));
}

/** Every caller appends to one stream, again and again, at the revision it was last told. */
export function hotStreams(store, callers, seconds) {
  const streams = Array.from({ length: callers }, () => ({ id: newStreamId(), revision: -1 }));
  return closedLoop(callers, seconds, async (caller) => {
    const stream = streams[caller];
    const expected = stream.revision === -1 ? 'none' : stream.revision;
    stream.revision = (await store.append(stream.id, expected, [sampleEvent()])).revision;
  });
}

/** From the first event to the end of the log as it is now, as a projection that is built anew reads it. */
export async function readBySubscription(store) {
  const head = BigInt(await store.head());
  const startedMs = performance.now();
  let events = 0;
  for await (const batch of store.subscribe(START, { batchSize: 1_000 })) {
    events += batch.length;
    if (BigInt(batch.at(-1).position) >= head) break;
  }
  return { events, perSecond: (events * 1_000) / (performance.now() - startedMs) };
}

export async function readByPages(store) {
  const startedMs = performance.now();
  let events = 0;
  for (let after = START; ;) {
    const page = await store.readAll(after, { limit: 1_000 });
    if (page.length === 0) break;
    events += page.length;
    after = page.at(-1).position;
  }
  return { events, perSecond: (events * 1_000) / (performance.now() - startedMs) };
}

/**
 * Appends at a steady pace through one handle while another, as a second process would have it, is subscribed: from the
 * moment before each append to the moment its event is seen. The pace does not wait for answers, and begins when one event
 * has been seen: making the connections takes some 80 ms, as much as a hundredth of a short run.
 */
export async function seenAfter(url, { perSecond, seconds }) {
  const [writer, reader] = [await PostgresEventStore.open({ url }), await PostgresEventStore.open({ url })];
  const startedMs = new Map();
  const tookMs = [];
  const total = perSecond * seconds;
  const from = await reader.head();
  let firstSeen;
  const connected = new Promise((resolve) => (firstSeen = resolve));
  const reading = (async () => {
    for await (const batch of reader.subscribe(from)) {
      const seenMs = performance.now();
      firstSeen();
      for (const { eventId } of batch)
        if (startedMs.has(eventId)) tookMs.push(seenMs - startedMs.get(eventId));
      if (tookMs.length === total) return;
    }
  })();
  await writer.append(newStreamId(), 'none', [sampleEvent()]);
  await connected;
  const beganMs = performance.now();
  const appends = [];
  for (let sent = 0; sent < total; await sleep(1)) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) * perSecond) / 1_000));
    for (; sent < due; sent += 1) {
      const event = sampleEvent();
      startedMs.set(event.eventId, performance.now());
      appends.push(writer.append(newStreamId(), 'none', [event]));
    }
  }
  const offered = (total * 1_000) / (performance.now() - beganMs);
  await Promise.all(appends);
  await reading;
  await Promise.all([writer.close(), reader.close()]);
  tookMs.sort((a, b) => a - b);
  return { perSecond: offered, p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) };
}
