import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { help } from '@shaoying/incident-application';
import { openStores } from '@shaoying/runtime';
import { createLogger } from '@shaoying/telemetry';
import { windowOf, type HelperData } from './simulation.run.js';

// The program of a thread that lives parts of a simulation for the thread that carries it out, and writes nothing.

// On Linux a thread has a priority of its own: where there is one core too few, it is the simulation that waits.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);

const { config, request, knownAt } = workerData as HelperData;
const logger = createLogger({ level: config.logLevel, role: 'simulation-helper' });
const stores = await openStores(config, {
  readModels: [],
  log: ({ level, msg, ...fields }) => logger[level]({ postgres: fields }, msg),
});
try {
  if (parentPort !== null) await help(parentPort, await windowOf(stores.log, request, knownAt));
} finally {
  await stores.close();
  parentPort?.close();
}
