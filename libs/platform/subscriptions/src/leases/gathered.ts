import { TooManyWaiting } from '../subscriptions.errors.js';

/** Asked by one caller, to be answered with what all others get who asked meanwhile. */
interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

/** In one go; more wait for the next one. */
const atOnceMax = 200;
/** Of one key, beside those under way: ten goes. Whoever comes then would hardly be answered before he gives up. */
export const waitingMax = 2_000;

/**
 * Group commit for questions: while one is being answered, others of the same key gather for the next go, so that one statement and
 * one flush to disk serve them all. Whoever asks alone waits for nobody.
 */
export class Gathered<Request, Answer> {
  /** Those of a key that is not here are neither waiting nor under way. */
  private readonly waiting = new Map<string, Waiting<Request, Answer>[]>();

  /** @param answerAll never of two keys together; answers as many as it was asked, in their order, or throws for all of them */
  constructor(private readonly answerAll: (requests: readonly Request[]) => Promise<readonly Answer[]>) {}

  /** @throws TooManyWaiting, and what answering throws */
  ask(key: string, request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const entry = { request, resolve, reject };
      const gathering = this.waiting.get(key);
      if (gathering !== undefined && gathering.length >= waitingMax)
        return void reject(new TooManyWaiting(waitingMax));
      if (gathering !== undefined) return void gathering.push(entry);
      this.waiting.set(key, [entry]);
      this.goOn(key);
    });
  }

  /*
   * In the next turn of the event loop: callers that have just been answered run first, and often ask again. Answered at once, the first
   * of them would go alone, and callers in a closed loop would fall apart into two halves that take turns.
   */
  private goOn(key: string): void {
    setImmediate(() => void this.answer(key));
  }

  private async answer(key: string): Promise<void> {
    const batch = this.waiting.get(key)?.splice(0, atOnceMax) ?? [];
    try {
      const answers = await this.answerAll(batch.map(({ request }) => request));
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    if (this.waiting.get(key)?.length === 0) this.waiting.delete(key);
    else this.goOn(key);
  }
}
