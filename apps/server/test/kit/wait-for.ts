import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Default 60,000 ms: a net, for the machine may be busy with other specs. What must be quick says so. */
  readonly timeoutMs?: number;
  /** Default 25 ms. */
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither undefined nor false. @returns that answer
 * @throws Error with the last failure when the time is over
 */
export async function waitFor<Value>(
  what: string,
  ask: () => Value | undefined | false | Promise<Value | undefined | false>,
  { timeoutMs = 60_000, everyMs = 25 }: Patience = {},
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  let failure: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: failure });
    await sleep(everyMs);
  }
}
