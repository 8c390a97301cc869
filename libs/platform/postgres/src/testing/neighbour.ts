import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

interface Opened {
  readonly pid: number;
  readonly url: string;
  readonly startedHere: boolean;
}

/** Another process that opens the data directory, says so, and closes when its input ends. */
export class Neighbour {
  private constructor(
    private readonly child: ChildProcess,
    readonly opened: Opened,
  ) {}

  /** `library` is the built `@shaoying/postgres`. */
  static async start(
    library: string,
    dataDir: string,
    as: { uid?: number; gid?: number } = {},
  ): Promise<Neighbour> {
    const code = `
      import { openEmbeddedPostgres } from ${JSON.stringify(library)};
      const options = { dataDir: ${JSON.stringify(dataDir)}, memoryBytes: 1024 ** 3 };
      const { close, ...rest } = await openEmbeddedPostgres(options);
      console.log(JSON.stringify(rest));
      process.stdin.on('end', () => void close()).resume();`;
    const args = ['--input-type=module', '-e', code];
    // In a process group of its own, so that a test can do to it what Ctrl-C in a terminal does.
    const options = { detached: true, stdio: 'pipe', cwd: '/', ...as } as const;
    const child = spawn(process.execPath, args, options);
    let complaint = '';
    child.stderr.on('data', (chunk) => (complaint += String(chunk)));
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`neighbour ended: ${complaint}`)));
    ended.catch(() => undefined);
    const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
    return new Neighbour(child, JSON.parse(line.toString('utf8')) as Opened);
  }

  async close(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.stdin?.end();
    expect(await exit).toEqual([0, null]);
  }

  async signalGroup(signal: NodeJS.Signals): Promise<void> {
    const exit = once(this.child, 'exit');
    process.kill(-(this.child.pid ?? 0), signal);
    await exit;
  }
}
