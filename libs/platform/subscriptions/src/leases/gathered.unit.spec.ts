import { Gathered, waitingMax } from './gathered.js';

/** Answers each with its number in the batch, once it is let go. */
class Slow {
  readonly batches: (readonly string[])[] = [];
  private readonly releases: (() => void)[] = [];
  readonly gathered = new Gathered<string, string>((requests) => this.answerAll(requests));

  private async answerAll(requests: readonly string[]): Promise<readonly string[]> {
    this.batches.push(requests);
    await new Promise<void>((resolve) => this.releases.push(resolve));
    if (requests.includes('bad')) throw new Error('refused');
    return requests.map((request, index) => `${request}: ${index}`);
  }

  async release(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.releases.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('questions that are gathered', () => {
  it('of one turn go together, those that come meanwhile go next, each with its own answer', async () => {
    const slow = new Slow();
    const first = [slow.gathered.ask('a', 'one'), slow.gathered.ask('a', 'two')];
    await new Promise((resolve) => setImmediate(resolve));
    const later = ['three', 'four'].map((request) => slow.gathered.ask('a', request));
    await slow.release();
    await slow.release();
    expect(await Promise.all([...first, ...later])).toEqual(['one: 0', 'two: 1', 'three: 0', 'four: 1']);
    expect(slow.batches).toEqual([
      ['one', 'two'],
      ['three', 'four'],
    ]);
  });

  it('of different keys do not wait for one another', async () => {
    const slow = new Slow();
    const answers = [slow.gathered.ask('a', 'one'), slow.gathered.ask('b', 'two')];
    await slow.release();
    await slow.release();
    expect(await Promise.all(answers)).toEqual(['one: 0', 'two: 0']);
  });

  it('fail together, and those after them do not', async () => {
    const slow = new Slow();
    const failing = [slow.gathered.ask('a', 'one'), slow.gathered.ask('a', 'bad')];
    const told = Promise.allSettled(failing);
    await slow.release();
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = slow.gathered.ask('a', 'two');
    await slow.release();
    expect(await next).toBe('two: 0');
  });

  it('are refused beyond as many as may wait, until there is room again; another key is not full', async () => {
    const slow = new Slow();
    const underWay = slow.gathered.ask('a', 'under way');
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = Array.from({ length: waitingMax }, (_, index) => slow.gathered.ask('a', String(index)));
    const refused = { code: 'OVERLOADED', retryAfterSeconds: 1 };
    await expect(slow.gathered.ask('a', 'one more')).rejects.toMatchObject(refused);
    const another = slow.gathered.ask('b', 'one');
    await slow.release();
    await slow.release();
    // Two hundred are under way now.
    const again = slow.gathered.ask('a', 'again');
    for (let go = 0; go <= waitingMax / 200 + 1; go += 1) await slow.release();
    expect(await Promise.all([underWay, another])).toEqual(['under way: 0', 'one: 0']);
    expect(await Promise.all(waiting)).toHaveLength(waitingMax);
    expect(await again).toBe('again: 0');
  });

  it('are two hundred at once and no more', async () => {
    const slow = new Slow();
    const answers = Array.from({ length: 201 }, (_, index) => slow.gathered.ask('a', String(index)));
    await slow.release();
    await slow.release();
    await Promise.all(answers);
    expect(slow.batches.map(({ length }) => length)).toEqual([200, 1]);
  });
});
