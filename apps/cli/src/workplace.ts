import { loadConfig, systemClock, type Clock, type Config } from '@shaoying/config';
import { openStores, type Stores } from '@shaoying/runtime';
import type { EventSourcedJurisdictionDirectory } from '@shaoying/jurisdiction-application';
import { createLogger, type Logger } from '@shaoying/telemetry';

/** What commands work on: the same stores as the server's, found by the same settings, beside a running server or not. */
export interface Workplace {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stores: Stores;
}

/** Opens the stores for one piece of work and closes them after it, however it ends. @throws ConfigError, the stores' errors */
export async function atWork<T>(work: (workplace: Workplace) => Promise<T>): Promise<T> {
  const config = loadConfig(process.env);
  // A person at a terminal wants the result; who wants the log as well says so.
  const level = process.env['LOG_LEVEL'] ? config.logLevel : 'warn';
  const logger = createLogger({ level, role: 'cli' });
  const { allProjections } = await import('./read-models.js');
  const stores = await openStores(config, {
    readModels: allProjections,
    log: ({ level, msg, ...fields }) => logger[level]({ postgres: fields }, msg),
    onPostgresExit: () => logger.fatal('PostgreSQL has ended; what was under way is not done'),
  });
  try {
    return await work({ config, clock: systemClock, logger, stores });
  } finally {
    await stores.close();
  }
}

/** The jurisdiction as it is in the log now, for one piece of work. */
export async function withDirectory<T>(
  { stores }: Workplace,
  work: (directory: EventSourcedJurisdictionDirectory) => Promise<T>,
): Promise<T> {
  const { EventSourcedJurisdictionDirectory } = await import('@shaoying/jurisdiction-application');
  const directory = new EventSourcedJurisdictionDirectory(stores.log);
  await directory.start();
  try {
    return await work(directory);
  } finally {
    await directory.stop();
  }
}
