import type { EventStoreDbEventStoreOptions } from '../eventstoredb-event-store.js';
import { EventStoreDbEventStore } from '../eventstoredb-event-store.js';
import { LogServerDouble } from './log-server.double.js';
import type { LogServerDoubleOptions } from './log-server.double.js';

export interface OpenDouble {
  readonly server: LogServerDouble;
  readonly store: EventStoreDbEventStore;
  /** What an operator would have been told. */
  readonly warnings: string[];
  another(options?: Partial<EventStoreDbEventStoreOptions>): Promise<EventStoreDbEventStore>;
  close(): Promise<void>;
}

/** A test server and a handle on it, with short time-outs where a test names them. */
export async function openDouble(
  serverOptions: LogServerDoubleOptions = {},
  storeOptions: Partial<EventStoreDbEventStoreOptions> = {},
): Promise<OpenDouble> {
  const server = await LogServerDouble.start(serverOptions);
  const handles: EventStoreDbEventStore[] = [];
  const warnings: string[] = [];
  const another = async (options: Partial<EventStoreDbEventStoreOptions> = {}) => {
    const onWarning = (message: string): void => void warnings.push(message);
    const handle = await EventStoreDbEventStore.open({
      url: server.url,
      onWarning,
      ...storeOptions,
      ...options,
    });
    handles.push(handle);
    return handle;
  };
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()));
    await server.goAway();
  };
  return { server, store: await another(), warnings, another, close };
}
