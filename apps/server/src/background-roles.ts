import type { Config, ProcessRole } from '@shaoying/config';
import { SupervisedProcess } from '@shaoying/runtime';
import type { Measurements } from '@shaoying/telemetry';
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

  /** Starts their process and does not wait for it. */
  constructor(
    readonly roles: readonly ProcessRole[],
    platform: Platform,
  ) {
    const { stores, logger, fail } = platform;
    const { eventStoreUrl, readModelUrl, timersUrl } = stores;
    // The embedded PostgreSQL is this process's to start and to bring back; the other one knows nothing but its address.
    const task: Config = { ...platform.config, roles, eventStoreUrl, readModelUrl, timersUrl };
    const name = roles.join(',');
    this.supervised = new SupervisedProcess({ name, program, task, log: logger, onGivenUp: fail });
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
    return this.supervised.ask<Measurements>('measurements', answerMsMax).catch(() => []);
  }

  stop(): Promise<void> {
    return this.supervised.stop();
  }
}
