// The measuring side of the load generator's process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./generator.process.mjs', import.meta.url));

/** Thrown when the load generator fails or ends by itself. */
export class GeneratorFailed extends Error {
  code = 'GENERATOR_FAILED';
}

export class LoadGenerator {
  #child;
  #waiting = new Map();
  #sequence = 0;

  constructor() {
    this.#child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.#child.on('message', ({ id, result, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new GeneratorFailed(error));
    });
    this.#child.on('exit', () => this.#failAll(new GeneratorFailed('the load generator ended')));
    this.#child.on('error', (error) => this.#failAll(error));
  }

  /** @param scenario see `commands.mjs` */
  open(url, connections, scenario) {
    return this.#ask({ do: 'open', url, connections, scenario });
  }

  prepare(tasks) {
    return this.#ask({ do: 'prepare', tasks });
  }

  /** @param request `validate`, `report`, `reportOpen`, `reportPersonal` or `checkIn` */
  run(request, seconds) {
    return this.#ask({ do: 'run', request, seconds });
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #ask(message) {
    const id = this.#sequence++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...message, id }, (error) => {
        if (error) this.#failAll(error);
      });
    });
  }

  #failAll(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
