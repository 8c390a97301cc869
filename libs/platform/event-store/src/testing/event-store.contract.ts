import { appendContract } from './append.contract.js';
import { concurrencyContract } from './concurrency.contract.js';
import { fidelityContract } from './fidelity.contract.js';
import { readContract } from './read.contract.js';
import { subscribeContract } from './subscribe.contract.js';
import { unreadableContract } from './unreadable.contract.js';
import { LIMITS } from '../event-store.js';
import type { EventStore, RecordedEvent } from '../event-store.js';

/** An engine under test, on an empty log. */
export interface EngineUnderTest {
  readonly store: EventStore;
  /** A second handle on the same log, as a second process would have. */
  another(): Promise<EventStore>;
  /** Makes the data of an event no JSON where it is stored, as whoever has the disk could. See {@link Capabilities}. */
  spoil?(event: RecordedEvent): Promise<void>;
  /** Closes every handle and throws the log away. */
  close(): Promise<void>;
}

/** Where engines may differ; everything else is the same for all. */
export interface Capabilities {
  /** Whether an event id that another stream holds is refused. EventStoreDB keeps no index over all ids. Default true. */
  readonly seesIdsOfOtherStreams?: boolean;
  /** False for a server that keeps what earlier runs wrote. Default true. */
  readonly startsEmpty?: boolean;
  /** Bytes of one append where the server takes less than `LIMITS.appendBytesMax`; at least 2 MiB. */
  readonly appendBytesMax?: number;
  /** False for a server whose storage is out of reach: what became unreadable there is not judged. Default true. */
  readonly canBeSpoilt?: boolean;
  /** False for another way of appending to an engine whose reading is judged beside it. Default true. */
  readonly readsAnew?: boolean;
}

export type MakeEngine = () => Promise<EngineUnderTest>;

/** How a contract reaches the engine of the running test. */
export interface Engine {
  (): EngineUnderTest;
  readonly seesIdsOfOtherStreams: boolean;
  readonly startsEmpty: boolean;
  readonly appendBytesMax: number;
}

/**
 * What every event log owes its callers, as a Jest block. `makeEngine` is called once per chapter: tests keep apart by
 * their stream ids and start from the head of the log.
 */
export function eventStoreContract(
  name: string,
  makeEngine: MakeEngine,
  capabilities: Capabilities = {},
): void {
  const {
    seesIdsOfOtherStreams = true,
    startsEmpty = true,
    appendBytesMax = LIMITS.appendBytesMax,
    readsAnew = true,
    canBeSpoilt = true,
  } = capabilities;
  const chapters = {
    ...{ appendContract, fidelityContract, subscribeContract, concurrencyContract },
    ...(readsAnew ? { readContract } : {}),
    ...(readsAnew && canBeSpoilt ? { unreadableContract } : {}),
  };
  describe(`event store contract: ${name}`, () => {
    for (const [chapter, contract] of Object.entries(chapters)) {
      describe(chapter.replace('Contract', ''), () => {
        let engine: EngineUnderTest;
        beforeAll(async () => {
          engine = await makeEngine();
        });
        afterAll(() => engine.close());
        contract(Object.assign(() => engine, { seesIdsOfOtherStreams, startsEmpty, appendBytesMax }));
      });
    }
  });
}
