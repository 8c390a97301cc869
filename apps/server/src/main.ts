import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, loadConfig, type Config } from '@shaoying/config';
import { PhotoProcess } from '@shaoying/files';
import { createHttpApplication, mountOpenApi } from '@shaoying/http';
import { AccessGuard, operationOf, type Credentials } from '@shaoying/identity';
import { accessPolicy, assertInPolicy } from '@shaoying/incident-application';
import { createLogger, type Logger } from '@shaoying/telemetry';
import { fileURLToPath } from 'node:url';
import { apiVersion } from './api-version.js';
import { credentialsOf } from './api-keys.module.js';
import { AppModule } from './app.module.js';
import { BackgroundRoles, sharedOut } from './background-roles.js';
import { Platform } from './platform.js';
import { openRequestLimits, PHOTOS_OF_REPORT, type OpenRequestLimits } from './request-limits.js';
import { publishSampleJurisdiction } from './sample-jurisdiction.js';
import { welcome } from './welcome.js';

const photoProgram = fileURLToPath(new URL('./photo.process.js', import.meta.url));

/** Ctrl-C ends everything within 5 s; whatever still hangs by then is cut off, */
const stopMsMax = 4_500;
/** and PostgreSQL is told to stop, which it does by itself: nothing of what it has acknowledged is lost. */
const cutOffMsMax = 400;
/** Exit code: nothing was done, and starting again changes nothing. */
const unusableSettings = 2;

async function main(): Promise<void> {
  const config = readConfig();
  if (config === null) return;
  const { here } = sharedOut(config);
  const logger = createLogger({ level: config.logLevel, role: here.join(',') });
  const stop = stopper(logger);
  try {
    await stop.after(start(config, logger, stop));
  } catch (error) {
    if (stop.signal.aborted) return;
    logger.fatal({ err: error }, 'could not start');
    process.stderr.write(`Shaoying could not start: ${reasonOf(error, config)}\n`);
    await stop(error instanceof ConfigError ? unusableSettings : 1);
  }
}

function reasonOf(error: unknown, { host, port }: Config): string {
  if (!(error instanceof Error)) return String(error);
  const inUse = 'code' in error && error.code === 'EADDRINUSE';
  return inUse ? `${host}:${port} is in use; choose another port with PORT` : error.message;
}

async function start(config: Config, logger: Logger, stop: Stopper): Promise<void> {
  const { here, beside } = sharedOut(config);
  const fail = () => void stop(1);
  const opening = open({ ...config, roles: here }, logger, stop);
  const background = beside.length > 0 ? new BackgroundRoles(beside, opening, logger, fail) : null;
  // At once, beside requests that are still answered, and in the middle of its start.
  stop.signal.addEventListener('abort', () => void background?.stop());
  const platform = await opening;
  stop.also(async () => background?.stop());
  const credentials = await credentialsOf(platform);
  const limits = await openRequestLimits(platform, credentials).catch(async (error: unknown) => {
    // Who plays the timers needs the same store, and says so by its own name.
    await background?.begun;
    throw error;
  });
  stop.also(() => limits.close());
  const app = await serve(platform, background, { credentials, limits });
  stop.also(() => app.close());
  await background?.begun;
  await app.listen(config.port, config.host);
  const url = await app.getUrl();
  logger.info({ url, roles: config.roles }, 'started');
  process.stdout.write(`${await welcome(platform, url)}\n`);
}

/** Opens what the roles work on, with a jurisdiction in it. */
async function open(config: Config, logger: Logger, stop: Stopper): Promise<Platform> {
  const photos = new PhotoProcess({
    program: photoProgram,
    onDeath: (reason) => logger.warn({ reason }, 'a photo was not decoded'),
  });
  stop.also(() => Promise.resolve(photos.close()));
  const platform = await Platform.open(config, logger, () => void stop(1), stop.signal, photos);
  stop.also(() => platform.close());
  stop.onCutOff(() => platform.stores.cutOff());
  stop.signal.throwIfAborted();
  await publishSampleJurisdiction(platform);
  stop.signal.throwIfAborted();
  return platform;
}

function readConfig(): Config | null {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = unusableSettings;
    return null;
  }
}

async function serve(
  platform: Platform,
  background: BackgroundRoles | null,
  { credentials, limits }: { readonly credentials: Credentials; readonly limits: OpenRequestLimits },
): Promise<NestFastifyApplication> {
  const { config, logger, metrics } = platform;
  const app = await createHttpApplication(await AppModule.of(platform, background, limits.reporterUploads), {
    logger,
    metrics: metrics.http,
    guards: [new AccessGuard(credentials, accessPolicy, { anonymousReports: config.allowAnonymousReports })],
    onRoute: (method, pattern) => assertInPolicy(operationOf(method, pattern)),
    limits,
    ...{ trustedProxies: config.trustedProxies, corsOrigins: config.corsOrigins },
    connectionsMax: config.connectionsMax,
    uploads: {
      paths: ['/v1/files', PHOTOS_OF_REPORT],
      mediaTypes: [/^(image|video|audio)\//, /^application\/(?!json\b)/, /^text\//],
    },
  });
  mountOpenApi(app, {
    title: 'Shaoying 哨应',
    description: 'Grid-based incident handling: 街道吹哨、部门报到. Every number explains itself.',
    version: apiVersion,
  });
  return app;
}

interface Stopper {
  (exitCode: number): Promise<void>;
  /** Aborts when stopping begins, for what need not wait until the start is over. */
  readonly signal: AbortSignal;
  /** Something to close before what was opened earlier. */
  also(close: () => Promise<unknown>): void;
  /** Something to do where closing takes too long, before the process ends all the same. */
  onCutOff(cut: () => Promise<unknown>): void;
  /**
   * Runs the start. A signal in the middle of it waits for its end: closing PostgreSQL under connections that are still
   * being made would end the process with their errors.
   */
  after(starting: Promise<void>): Promise<void>;
}

/** Closes what was opened, last first, once, on SIGINT or SIGTERM. */
function stopper(logger: Logger): Stopper {
  const closers: (() => Promise<unknown>)[] = [];
  const cuts: (() => Promise<unknown>)[] = [];
  const stopping = new AbortController();
  let started: Promise<unknown> = Promise.resolve();
  const stop = async (exitCode: number): Promise<void> => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => {
      logger.error('stopping took too long; what hangs is cut off');
      setTimeout(() => process.exit(exitCode || 1), cutOffMsMax);
      const cutOff = cuts.map((cut) =>
        cut().catch((error: unknown) => logger.error({ err: error }, 'closing failed')),
      );
      void Promise.all(cutOff).then(() => process.exit(exitCode || 1));
    }, stopMsMax).unref();
    await started;
    for (const close of closers.reverse()) {
      await close().catch((error: unknown) => logger.error({ err: error }, 'closing failed'));
    }
    logger.info('stopped');
    process.exit(exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      logger.info({ signal }, 'stopping');
      void stop(0);
    });
  }
  return Object.assign(stop, {
    signal: stopping.signal,
    also: (close: () => Promise<unknown>) => void closers.push(close),
    onCutOff: (cut: () => Promise<unknown>) => void cuts.push(cut),
    after: (starting: Promise<void>) => {
      started = starting.catch(() => undefined);
      return starting;
    },
  });
}

await main();
