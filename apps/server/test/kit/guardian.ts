import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Told of folders (`dir`) and servers (`pid`), one per line. When its input ends without `done`, the test run has died:
 * it stops those servers and their PostgreSQL, and removes the folders. A number that became another program's is left
 * alone.
 */
const watch = `
dirs=''; pids=''
while read -r word value; do
  case $word in dir) dirs="$dirs $value";; pid) pids="$pids $value";; done) exit 0;; esac
done
for pid in $pids; do
  ps -o args= -p "$pid" | grep -q 'bundle/server.js' && kill -9 "$pid"
done
for dir in $dirs; do
  for file in "$dir"/*/postgres/postmaster.pid; do
    [ -e "$file" ] || continue
    pid=$(head -n 1 "$file")
    ps -o args= -p "$pid" | grep -q postgres && kill -9 "$pid"
  done
  rm -rf "$dir"
done
`;

/**
 * Cleans up after a test run that is killed: its own hooks do not run then. A shell of its own session, so that a Ctrl-C
 * ends the tests and not this.
 */
export class Guardian {
  private readonly shell: ChildProcess;

  constructor() {
    this.shell = spawn('sh', ['-c', watch], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.shell.on('error', () => undefined);
    this.shell.stdin?.on('error', () => undefined);
    this.shell.unref();
  }

  minds(word: 'dir' | 'pid', value: string | number): void {
    this.shell.stdin?.write(`${word} ${value}\n`);
  }

  /** Everything is cleaned up already. */
  async dismiss(): Promise<void> {
    if (this.shell.exitCode !== null) return;
    const gone = new Promise((resolve) => this.shell.once('exit', resolve));
    this.shell.stdin?.end('done\n');
    await gone;
  }
}
