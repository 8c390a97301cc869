import { parentPort, workerData } from 'node:worker_threads';
import { help } from '@shaoying/incident-application';
import { openStores } from '@shaoying/runtime';
import { createLogger } from '@shaoying/telemetry';
import { windowUnder, type SimulateHelperData } from './simulate.command.js';

// The program of a thread that lives parts of what `simulate` was asked for.

const { config, ...asked } = workerData as SimulateHelperData;
const logger = createLogger({ level: 'warn', role: 'cli' });
const stores = await openStores(config, {
  readModels: [],
  log: ({ level, msg, ...fields }) => logger[level]({ postgres: fields }, msg),
});
try {
  if (parentPort !== null) await help(parentPort, await windowUnder(stores.log, asked));
} finally {
  await stores.close();
  parentPort?.close();
}
