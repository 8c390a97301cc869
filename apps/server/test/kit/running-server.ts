import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const repositoryRoot = join(__dirname, '../../../..');
const main = join(repositoryRoot, 'bundle/server.js');

/** A first start makes a PostgreSQL cluster: 1 s on a quiet machine. */
const startMsMax = 150_000;
const pollMs = 20;
const outputCharsMax = 16 * 1024 * 1024;

/** Variables of the test run itself; the server's settings come from the spec alone. */
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER', 'LOGNAME', 'NODE_COMPILE_CACHE'];

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Thrown when the server ended before it was listening, or was not in time. */
export class ServerDidNotStart extends Error {
  readonly code = 'SERVER_DID_NOT_START';
}

/** The real server: a process of its own, as `npm start` runs it. */
export class ServerProcess {
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  private exit: Exit | null = null;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = (this.stdout + text).slice(-outputCharsMax);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-outputCharsMax);
    });
    // 'close' and not 'exit': the last line of a dying process counts.
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.stderr += String(error);
        resolve((this.exit = { code: 127, signal: null }));
      });
      child.once('close', (code, signal) => resolve((this.exit = { code, signal })));
    });
  }

  static launch(env: Readonly<Record<string, string>>): ServerProcess {
    // Counted: starting them is most of what many a spec takes.
    const notes = process.env['TEST_PROCESSOR_TIME'];
    if (notes !== undefined) appendFileSync(notes, 'server\n');
    const kept = Object.fromEntries(inherited.map((name) => [name, process.env[name]]));
    const child = spawn(process.execPath, ['--enable-source-maps', '--trace-deprecation', main], {
      cwd: repositoryRoot,
      env: { ...kept, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ServerProcess(child);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get exitTold(): string {
    return this.exit === null ? 'runs' : `ended ${JSON.stringify(this.exit)}`;
  }

  get ended(): boolean {
    return this.exit !== null;
  }

  /** The address it says it listens on. @throws ServerDidNotStart */
  async listening(): Promise<string> {
    const deadline = Date.now() + startMsMax;
    for (;;) {
      const url = /is listening on (\S+)[\s\S]*Data stays in /.exec(this.stdout)?.[1];
      if (url !== undefined) return url;
      if (this.ended || Date.now() > deadline) {
        throw new ServerDidNotStart(`${JSON.stringify(this.exit)}\n${this.stderr.slice(-4_000)}`);
      }
      await sleep(pollMs);
    }
  }

  /** Sends a signal and waits for the end, 30 s at most. @returns how it ended and after how long */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit & { readonly tookMs: number }> {
    const startedMs = performance.now();
    this.child.kill(signal);
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    const exit = await this.exited;
    clearTimeout(impatience);
    return { ...exit, tookMs: performance.now() - startedMs };
  }

  /** Lines of its log. */
  log(): readonly Readonly<Record<string, unknown>>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
