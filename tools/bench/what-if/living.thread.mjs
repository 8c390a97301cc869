// The thread that a simulation is carried out in, as in a server: it lives the generated year again, with another one that helps
// where it is told to, and writes the differences. Posts `{ incidentsDone, incidentsTotal }` now and then, `{ lived }` at the end.
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { knownNow, simulateWindow, WindowHelpers } from '@shaoying/incident-application';
import { Pool } from 'pg';
import {
  SIMULATION_LIMITS,
  SimulationStore,
} from '../../../apps/server/dist/simulations/simulation-store.js';
import { KeptDifferences } from '../../../apps/server/dist/simulations/simulation.run.js';
import { halfTheTime } from './half-the-time.mjs';

const { url, window, timers, threads } = workerData;
const program = fileURLToPath(new URL('./helper.thread.mjs', import.meta.url));

const store = await PostgresEventStore.open({ url });
const pool = new Pool({ connectionString: url, max: 2 });
const simulations = await SimulationStore.open(pool);
const id = crypto.randomUUID();
await simulations.ask(id, 'bench', { window });
const kept = new KeptDifferences(await simulations.claim(), simulations);
const knownAt = await knownNow(store);
const failures = [];
const helpers = new WindowHelpers({
  ...{ program, workerData: { url, window, knownAt, timers }, helpedFrom: 0, threads },
  onFailed: ({ message }) => failures.push(message),
});

const startedMs = performance.now();
const report = await simulateWindow({
  ...{ store, rules: halfTheTime(timers), window, knownAt, helpers: helpers.for },
  signal: new AbortController().signal,
  onProgress: (progress) => {
    if (progress.incidentsDone % 6_400 === 0) parentPort.postMessage(progress);
  },
  onDifferences: (differences) => kept.add(differences),
  differencesMax: SIMULATION_LIMITS.differencesMax,
});
await kept.write();
const seconds = (performance.now() - startedMs) / 1_000;

await helpers.close();
await simulations.remove(id);
await pool.end();
await store.close();
parentPort.postMessage({ lived: { seconds, report, failures } });
