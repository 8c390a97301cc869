// The measuring side of the subscribers' process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./subscribers.process.mjs', import.meta.url));

/** Thrown when the subscribers' process fails or ends by itself. */
export class SubscribersFailed extends Error {
  code = 'SUBSCRIBERS_FAILED';
}

export class Subscribers {
  #child;
  #waiting = new Map();
  #sequence = 0;

  constructor() {
    this.#child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.#child.on('message', ({ id, result, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new SubscribersFailed(error));
    });
    this.#child.on('exit', () => this.#failAll(new SubscribersFailed('the subscribers ended')));
    this.#child.on('error', (error) => this.#failAll(error));
  }

  /** @param deed what `subscribers.process.mjs` knows, with what it needs */
  ask(deed, given = {}) {
    const id = this.#sequence++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...given, do: deed, id }, (error) => {
        if (error) this.#failAll(error);
      });
    });
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #failAll(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
