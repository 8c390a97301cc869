import type { Config, ProcessRole } from '@shaoying/config';
import { SupervisedProcess } from '@shaoying/runtime';
import type { Logger, Measurements } from '@shaoying/telemetry';
import { fileURLToPath } from 'node:url';
import type { Platform } from './platform.js';
import type { Trouble } from './readiness.js';

/** Longer than a check of the other process may take. */
const answerMsMax = 2_500;

const program = fileURLToPath(new URL('./background.process.js', import.meta.url));

/**
 * The roles of this process, and those it has played by one beside it: the API answers on one thread, and what fills the
 * read models would take a third of it.
 */
export function sharedOut({ roles, processes }: Config): {
  readonly here: readonly ProcessRole[];
  readonly beside: readonly ProcessRole[];
} {
  if (processes === 1 || !roles.includes('api')) return { here: roles, beside: [] };
  return { here: ['api'], beside: roles.filter((role) => role !== 'api') };
}

/** The other roles, in their process: how they are, and their end. */
export class BackgroundRoles {
  private readonly supervised: SupervisedProcess;

  /**
   * Starts their process, which loads its program beside what this one does, and does not wait for it.
   * @param opened what is open when their work may begin; one that fails ends their process too
   */
  constructor(
    readonly roles: readonly ProcessRole[],
    opened: Promise<Platform>,
    log: Logger,
    fail: () => void,
  ) {
    // The embedded PostgreSQL is this process's to start and to bring back; the other one knows nothing but its address.
    const task = opened.then(({ config, stores: { eventStoreUrl, readModelUrl, timersUrl } }): Config => {
      return { ...config, roles, eventStoreUrl, readModelUrl, timersUrl };
    });
    this.supervised = new SupervisedProcess({ name: roles.join(','), program, task, log, onGivenUp: fail });
  }

  /** Resolves when they have begun their work. @throws ProcessDidNotStart */
  get begun(): Promise<void> {
    return this.supervised.begun;
  }

  async troubles(): Promise<readonly Trouble[]> {
    try {
      return await this.supervised.ask<readonly Trouble[]>('troubles', answerMsMax);
    } catch {
      const reason = this.supervised.pid === null ? 'ended, and is started again' : 'no answer';
      return [{ part: `process ${this.roles.join(',')}`, reason }];
    }
  }

  /** None while the process is away. */
  measurements(): Promise<Measurements> {
    return this.supervised.ask<Measurements>('measurements', answerMsMax).catch(() => '');
  }

  stop(): Promise<void> {
    return this.supervised.stop();
  }
}
