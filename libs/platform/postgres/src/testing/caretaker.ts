import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Ends the server that runs on the cluster below a folder, takes the disk off that is mounted there, and removes the
 * folder. A pid that became another program's is left alone.
 */
const clearUp = `
while read -r _; do :; done
file=$2/data/postmaster.pid
if [ "$1" = cluster ] && [ -e "$file" ]; then
  pid=$(head -n 1 "$file")
  tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$2" && kill -9 "$pid"
fi
if [ "$1" = disk ]; then umount -l "$2"; fi
rm -rf "$2"
`;

/**
 * Clears up when its input ends: because the test asks for it, or because the test run was killed. A shell of its own
 * session, so that a Ctrl-C ends the tests and not this.
 */
export class Caretaker {
  private constructor(private readonly shell: ChildProcess) {}

  static of(what: 'cluster' | 'disk', folder: string): Caretaker {
    const shell = spawn('sh', ['-c', clearUp, 'sh', what, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    shell.on('error', () => undefined);
    shell.stdin.on('error', () => undefined);
    shell.unref();
    return new Caretaker(shell);
  }

  /** May be called again. */
  async clearUp(): Promise<void> {
    if (this.shell.exitCode !== null) return;
    const gone = once(this.shell, 'exit');
    this.shell.stdin?.end();
    await gone;
  }
}
