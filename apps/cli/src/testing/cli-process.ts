import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CliAnswer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line as a user runs it, against one database and a data folder of its own. */
export class CliProcess {
  private constructor(
    private readonly root: string,
    readonly dataDir: string,
    private readonly databaseUrl: string,
    private readonly settings: NodeJS.ProcessEnv = {},
  ) {}

  /** The same with other settings. */
  with(settings: NodeJS.ProcessEnv): CliProcess {
    return new CliProcess(this.root, this.dataDir, this.databaseUrl, settings);
  }

  /** @param root of the workspace */
  static async over(root: string, databaseUrl: string): Promise<CliProcess> {
    execFileSync(process.execPath, [join(root, 'tools/build.mjs'), '--quiet'], { cwd: root });
    return new CliProcess(root, await mkdtemp(join(tmpdir(), 'shaoying-cli-')), databaseUrl);
  }

  get env(): NodeJS.ProcessEnv {
    const { INIT_CWD: _, ...inherited } = process.env;
    const url = this.databaseUrl;
    const stores = { EVENT_STORE_URL: url, READ_MODEL_URL: url, TIMERS_URL: url };
    const defaults = { DATA_DIR: this.dataDir, NODE_ENV: 'development', LOG_LEVEL: 'warn' };
    return { ...inherited, ...stores, ...defaults, ...this.settings };
  }

  start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<CliAnswer> } {
    const script = join(this.root, 'bundle/cli.js');
    const child = spawn(process.execPath, [script, ...args], { cwd: this.root, env: this.env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<CliAnswer>((resolve) =>
      child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr })),
    );
    return { child, ended };
  }

  async run(...args: string[]): Promise<CliAnswer> {
    return this.start(args).ended;
  }

  /** Runs with `--json` and reads the answer. @throws Error with what the command said when that is no JSON */
  async json<Answer>(...args: string[]): Promise<Answer> {
    const { stdout, stderr, exitCode } = await this.run(...args, '--json');
    try {
      return JSON.parse(stdout) as Answer;
    } catch {
      throw new Error(`exit ${exitCode}: ${stdout}${stderr}`);
    }
  }

  async remove(): Promise<void> {
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
