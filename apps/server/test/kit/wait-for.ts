import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Default 60,000 ms: a net, for the machine may be busy with other specs. What must be quick says so. */
  readonly timeoutMs?: number;
  /** Default: 10 ms at first, then longer and longer up to 100. Who answers needs the same processor as what is waited for. */
  readonly everyMs?: number;
}

const everyMsAtFirst = 10;
const everyMsAtMost = 100;
const longerBy = 1.3;

/**
 * Asks until the answer is neither undefined nor false. @returns that answer
 * @throws Error with the last failure when the time is over
 */
export async function waitFor<Value>(
  what: string,
  ask: () => Value | undefined | false | Promise<Value | undefined | false>,
  { timeoutMs = 60_000, everyMs }: Patience = {},
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  let failure: unknown;
  let pauseMs = everyMs ?? everyMsAtFirst;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: failure });
    await sleep(pauseMs);
    pauseMs = everyMs ?? Math.min(everyMsAtMost, pauseMs * longerBy);
  }
}
