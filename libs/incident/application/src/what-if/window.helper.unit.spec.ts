import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { HelperFailed, WindowHelper, WindowHelpers } from './window.helper.js';

/** A thread that answers what it is told to. */
class Thread extends EventEmitter {
  private readonly asked: number[] = [];

  postMessage(message: { readonly id: number } | null): void {
    if (message === null) this.emit('exit', 0);
    else this.asked.push(message.id);
  }

  /** The part that was asked first, of those that are not answered. */
  fail(failure: string): void {
    this.emit('message', { id: this.asked.shift(), failure });
  }
}

const helped = () => {
  const thread = new Thread();
  const told: string[] = [];
  const helper = new WindowHelper(thread as unknown as Worker, (reason) => told.push(reason.message));
  return { thread, told, helper };
};

describe('a thread that helps, and fails', () => {
  it('tells of the first part that it cannot live, and of no other', async () => {
    const { thread, told, helper } = helped();
    const asked = [helper.live(['one']), helper.live(['two'])];
    thread.fail('the log is away');
    thread.fail('the log is away still');
    const answers = await Promise.allSettled(asked);
    expect(
      answers.map((answer) => answer.status === 'rejected' && answer.reason instanceof HelperFailed),
    ).toEqual([true, true]);
    await helper.close();
    expect(told).toEqual(['the log is away']);
  });

  it('tells once that it has died, of what', async () => {
    const { thread, told, helper } = helped();
    const asked = helper.live(['one']);
    thread.emit('error', new Error('no memory left'));
    thread.emit('exit', 1);
    await expect(asked).rejects.toBeInstanceOf(HelperFailed);
    await expect(helper.live(['two'])).rejects.toThrow('no memory left');
    expect(told).toEqual(['Error: no memory left']);
  });

  it('says nothing when it ends because it is let go', async () => {
    const { told, helper } = helped();
    await helper.close();
    expect(told).toEqual([]);
  });

  it('is done without where it cannot be started, and that is told', async () => {
    const told: HelperFailed[] = [];
    // What no thread can be given.
    const workerData = { never: () => undefined };
    const onFailed = (reason: HelperFailed): void => void told.push(reason);
    const helpers = new WindowHelpers({ program: '/no/program.js', workerData, threads: 2, onFailed });
    expect(helpers.for(1_000_000)).toEqual([]);
    expect(told).toEqual([expect.any(HelperFailed)]);
    expect(told[0]?.message).toContain('could not be cloned');
    await helpers.close();
  });
});
