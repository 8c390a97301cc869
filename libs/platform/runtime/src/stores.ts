import { EMBEDDED, type Config } from '@shaoying/config';
import type { EventStore } from '@shaoying/event-store';
import { PostgresEventStore } from '@shaoying/event-store-postgres';
import { createPool, openEmbeddedPostgres, type EmbeddedPostgres, type LogLine } from '@shaoying/postgres';
import type { Pool } from 'pg';
import { ReadModelReader } from './read-model-reader.js';
import { requireDataDir } from './data-dir.js';
import { refuseUnsafeStart } from './safe-start.js';
import type { AskedReadModel } from './table-versions.js';

/** Thrown when a URL names an engine that this release cannot open. */
export class EngineNotAvailable extends Error {
  readonly code = 'ENGINE_NOT_AVAILABLE';
}

/** The three stores of a process, opened by their URLs alone. The URLs here name the servers, the embedded one too. */
export interface Stores {
  readonly log: EventStore;
  readonly eventStoreUrl: string;
  readonly readModelUrl: string;
  /** For queries; a pool of its own behind it. */
  readonly readModels: ReadModelReader;
  /** The same pool, for what also writes there (keys of personal data). */
  readonly pool: Pool;
  readonly timersUrl: string;
  /** False when PostgreSQL was running already, or is not ours to start. */
  readonly postgresStartedHere: boolean;
  /** Closes what was opened; the last process to leave stops the embedded PostgreSQL. */
  close(): Promise<void>;
  /** For a process that ends whatever is open: has the embedded PostgreSQL stopped, if it is the last one there. */
  cutOff(): Promise<void>;
}

export interface StoresOptions {
  /** Those that are asked here, by the versions that the questions were written for. */
  readonly readModels: readonly AskedReadModel[];
  readonly log: (line: LogLine) => void;
  /** The embedded PostgreSQL ended without having been asked to. */
  readonly onPostgresExit?: () => void;
  /** Ends the opening between its steps; what is open by then is closed. */
  readonly signal?: AbortSignal;
}

/**
 * Opens log, read models and timers as configured; starts or joins the embedded PostgreSQL when any of them needs it.
 * @throws ConfigError where the data folder can hold nothing, and in production where they are unsafe; EngineNotAvailable, what the engines throw, and the signal's reason
 */
export async function openStores(config: Config, options: StoresOptions): Promise<Stores> {
  await requireDataDir(config);
  await refuseUnsafeStart(config);
  const embedded = await openEmbeddedIfNeeded(config, options);
  const resolve = (url: string): string => (url === EMBEDDED && embedded ? embedded.url : url);
  const opened: (() => Promise<unknown>)[] = embedded ? [() => embedded.close()] : [];
  const close = async (): Promise<void> => {
    while (opened.length > 0) await opened.pop()?.();
  };
  try {
    options.signal?.throwIfAborted();
    const eventStoreUrl = resolve(config.eventStoreUrl);
    const log = await openLog(eventStoreUrl, options);
    opened.push(() => log.close());
    options.signal?.throwIfAborted();
    const readModelUrl = resolve(config.readModelUrl);
    const pool = createPool(readModelUrl, {
      max: 10,
      applicationName: 'shaoying-queries',
      log: options.log,
    });
    opened.push(() => pool.end());
    const timersUrl = resolve(config.timersUrl);
    return {
      log,
      eventStoreUrl,
      readModelUrl,
      readModels: new ReadModelReader(pool, options.readModels),
      pool,
      timersUrl,
      postgresStartedHere: embedded?.startedHere ?? false,
      close,
      cutOff: async () => embedded?.close(),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openEmbeddedIfNeeded(
  config: Config,
  options: StoresOptions,
): Promise<EmbeddedPostgres | null> {
  const { eventStoreUrl, readModelUrl, timersUrl, dataDir } = config;
  if (![eventStoreUrl, readModelUrl, timersUrl].includes(EMBEDDED)) return null;
  const { log, onPostgresExit } = options;
  const memoryBytes = config.postgresMemoryMb > 0 ? config.postgresMemoryMb * 1024 * 1024 : undefined;
  return openEmbeddedPostgres({
    ...{ dataDir, log, memoryBytes },
    ...(onPostgresExit ? { onExit: onPostgresExit } : {}),
  });
}

async function openLog(url: string, { log }: StoresOptions): Promise<EventStore> {
  const onWarning = (message: string): void => log({ level: 'warn', msg: message });
  if (/^postgres(ql)?:/.test(url)) return PostgresEventStore.open({ url, onWarning });
  // Loaded where it is asked for: its client takes a tenth of the start of every process that does without it.
  const { EventStoreDbEventStore, isEventStoreDbUrl } = await import('@shaoying/event-store-eventstoredb');
  if (isEventStoreDbUrl(url)) return EventStoreDbEventStore.open({ url, onWarning });
  const scheme = url.slice(0, url.indexOf(':'));
  throw new EngineNotAvailable(`EVENT_STORE_URL: there is no engine for ${scheme}:`);
}
