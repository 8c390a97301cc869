import { appendContract } from './append.contract.js';
import { concurrencyContract } from './concurrency.contract.js';
import { fidelityContract } from './fidelity.contract.js';
import { readContract } from './read.contract.js';
import { subscribeContract } from './subscribe.contract.js';
import type { EventStore } from '../event-store.js';

/** An engine under test, on an empty log. */
export interface EngineUnderTest {
  readonly store: EventStore;
  /** A second handle on the same log, as a second process would have. */
  another(): Promise<EventStore>;
  /** Closes every handle and throws the log away. */
  close(): Promise<void>;
}

export type MakeEngine = () => Promise<EngineUnderTest>;

/** How a contract reaches the engine of the running test. */
export type Engine = () => EngineUnderTest;

/**
 * What every event log owes its callers, as a Jest block. `makeEngine` is called once per chapter: tests keep apart by
 * their stream ids and start from the head of the log.
 */
export function eventStoreContract(name: string, makeEngine: MakeEngine): void {
  const chapters = { appendContract, readContract, fidelityContract, subscribeContract, concurrencyContract };
  describe(`event store contract: ${name}`, () => {
    for (const [chapter, contract] of Object.entries(chapters)) {
      describe(chapter.replace('Contract', ''), () => {
        let engine: EngineUnderTest;
        beforeAll(async () => {
          engine = await makeEngine();
        });
        afterAll(() => engine.close());
        contract(() => engine);
      });
    }
  });
}
