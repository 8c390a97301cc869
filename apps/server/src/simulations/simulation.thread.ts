import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { Config } from '@shaoying/config';
import { WindowHelpers } from '@shaoying/incident-application';
import { openStores } from '@shaoying/runtime';
import { createLogger } from '@shaoying/telemetry';
import { carryOut, SimulationCancelled, type HelperData, type SimulationPlace } from './simulation.run.js';
import { SimulationStore, type HeldSimulation } from './simulation-store.js';

// The program of a thread that carries one simulation out: it computes for seconds, and the thread that answers requests
// must not wait for it. It shares nothing with the process but the addresses of the stores.

// On Linux a thread has a priority of its own: where there is one core too few, it is the simulation that waits.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);

const { config, simulation } = workerData as { readonly config: Config; readonly simulation: HeldSimulation };
const logger = createLogger({ level: config.logLevel, role: 'simulation' });
const stores = await openStores(config, {
  readModels: [],
  log: ({ level, msg, ...fields }) => logger[level]({ postgres: fields }, msg),
});
const kept = new SimulationStore(stores.pool);

const program = fileURLToPath(new URL('./simulation.helper.js', import.meta.url));
const helpers: SimulationPlace['helpers'] = (data) =>
  new WindowHelpers({
    program,
    workerData: { ...data, config } satisfies HelperData,
    onFailed: (reason) =>
      logger.warn(
        { err: reason, simulationId: simulation.id },
        'a thread that helps with a simulation has failed',
      ),
  });
/** It is ended with its thread, or by nobody wanting it. */
const never = new AbortController().signal;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'SIMULATION_FAILED';

try {
  const report = await carryOut(simulation, { log: stores.log, store: kept, helpers }, never);
  if (report === null) await kept.fail(simulation, 'LOG_IS_EMPTY');
  else if (!(await kept.finish(simulation, report))) throw new SimulationCancelled();
} catch (error) {
  if (error instanceof SimulationCancelled) {
    logger.info(
      { simulationId: simulation.id },
      'a simulation is not wanted any more, or another process has it',
    );
  } else {
    logger.error({ err: error, simulationId: simulation.id }, 'a simulation has failed');
    await kept.fail(simulation, codeOf(error));
  }
} finally {
  await stores.close();
}
