// A thread that lives parts of the generated year, as the one of a server does of a window; its rules are not in the log.
import { parentPort, workerData } from 'node:worker_threads';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { help } from '@shaoying/incident-application';
import { halfTheTime } from './half-the-time.mjs';

const { url, window, knownAt, timers } = workerData;
const store = await PostgresEventStore.open({ url });
await help(parentPort, { store, window, knownAt, rules: halfTheTime(timers) });
await store.close();
parentPort.close();
