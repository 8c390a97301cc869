import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const program = 'redis-server';
const startMsMax = 10_000;
const answerMsMax = 2_000;

export interface OwnRedisOptions {
  /** Folder for its files, which must exist and stays. Default: one of its own, removed with it. */
  readonly dir?: string;
  /** Beside those that a clock wants: nothing is evicted, nothing is kept on disk. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Whether there is a Redis to start on this machine. */
export function hasRedisServer(): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/** Whether a Redis answers at this address. */
export async function answersPing(url: string): Promise<boolean> {
  const limits = { connectTimeout: answerMsMax, commandTimeout: answerMsMax, maxRetriesPerRequest: 0 };
  const client = new Redis(url, {
    ...{ lazyConnect: true, retryStrategy: () => null, ...limits },
    // Otherwise a timer of 2 s outlives the connection and Jest says that it cannot end.
    disconnectTimeout: 100,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

/**
 * A `redis-server` that one test, one test run or one benchmark owns, to be killed, paused and wiped. It keeps its port,
 * and what it was told to keep on disk, over restarts.
 */
export class OwnRedis {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly dirIsOurs: boolean,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** @throws Error with its last words when it does not start */
  static async start({ dir, settings = {} }: OwnRedisOptions = {}): Promise<OwnRedis> {
    const home = dir ?? (await mkdtemp(join(tmpdir(), 'shaoying-own-redis-')));
    const redis = new OwnRedis(await freePort(), home, dir === undefined, settings);
    try {
      await redis.start();
    } catch (error) {
      await redis.remove();
      throw error;
    }
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const given = {
      ...{ port: String(this.port), bind: '127.0.0.1', dir: this.dir, logfile: join(this.dir, 'redis.log') },
      ...{ save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', ...this.settings },
    };
    const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
    // In a session of its own: a Ctrl-C ends the tests, and they end it.
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    this.child = child;
    child.on('error', () => undefined);
    child.unref();
    for (const end = Date.now() + startMsMax; Date.now() < end; await sleep(20)) {
      if (hasEnded(child)) break;
      if (await answersPing(this.url)) return;
    }
    const log = await readFile(join(this.dir, 'redis.log'), 'utf8').catch(() => '');
    throw new Error(`${program} did not start: ${log.slice(-1_000)}`);
  }

  /** What a client of one's own asks or tells it. */
  async ask<Answer>(work: (client: Redis) => Promise<Answer>): Promise<Answer> {
    const client = new Redis(this.url, { disconnectTimeout: 100 });
    client.on('error', () => undefined);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  /** SIGSTOP: its connections stay, and nobody answers. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.child?.kill('SIGCONT');
  }

  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Orderly. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** Ends it, whatever happened before, and removes a folder of its own. */
  async remove(): Promise<void> {
    await this.kill();
    if (this.dirIsOurs) await rm(this.dir, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.pid === undefined || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill(signal);
    await exited;
  }
}

const hasEnded = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
