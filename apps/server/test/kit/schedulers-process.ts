import { loadConfig } from '@shaoying/config';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SchedulersTask } from '../../src/testing/schedulers.process.js';
import { repositoryRoot } from './running-server.js';

const program = join(repositoryRoot, 'bundle/schedulers.process.js');

/** A process of schedulers. It loads its program at once, and begins its work when told to. */
export class SchedulersProcess {
  private stderr = '';

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  static load(): SchedulersProcess {
    return new SchedulersProcess(fork(program, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }));
  }

  /** @throws Error when it cannot begin */
  async begin(databaseUrl: string, dataDir: string, schedulers: number): Promise<void> {
    const stores = { EVENT_STORE_URL: databaseUrl, READ_MODEL_URL: databaseUrl, TIMERS_URL: databaseUrl };
    const config = loadConfig({ ROLES: 'timers', DATA_DIR: dataDir, LOG_LEVEL: 'error', ...stores });
    const task: SchedulersTask = { config, schedulers };
    this.child.send({ kind: 'begin', task });
    const [{ kind, reason }] = (await once(this.child, 'message')) as [{ kind: string; reason?: string }];
    if (kind !== 'ready') throw new Error(`${kind}: ${reason}\n${this.stderr}`);
  }

  /** @throws Error when it had ended by itself, which would prove nothing of a kill */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) throw new Error(`it had ended: ${this.stderr}`);
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
