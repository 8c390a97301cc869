import type { ToChild, ToParent } from './messages.js';

/** What a child process is doing, for as long as its parent wants it to. */
export interface ServedWork {
  /** What the parent may ask, by the words of its question. */
  readonly answers: Readonly<Record<string, () => Promise<unknown>>>;
  close(): Promise<void>;
}

/** Whatever still hangs then is cut off. Less than a parent waits before it kills. */
const closeMsMax = 2_500;

/**
 * Makes this process the child of a `SupervisedProcess`: begins the task it is sent, answers, ends when told to, and ends
 * at once when the parent is gone, however that died: the channel between them closes with it.
 *
 * Signals are the parent's: a Ctrl-C reaches both processes, and one that stopped by itself would look as if it had died.
 *
 * @param begin its `fail` ends this process in order, as a failure, for the parent to start another
 */
export function serveParent<Task>(begin: (task: Task, fail: () => void) => Promise<ServedWork>): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  // Not in order: locks that the next one needs go with the connections, and nobody is left to wait for anything else.
  process.on('disconnect', () => process.exit(1));
  let work: Promise<ServedWork> | undefined;
  let ending = false;
  const end = async (exitCode: number): Promise<void> => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(exitCode || 1), closeMsMax);
    await work?.then((begun) => begun.close()).catch(() => undefined);
    process.exit(exitCode);
  };
  process.on('message', (message: ToChild) => {
    if (message.kind === 'stop') return void end(0);
    if (message.kind === 'ask') return void answer(message.id, message.question, work);
    work = begin(message.task as Task, () => void end(1));
    work.then(
      () => tell({ kind: 'ready' }),
      (error: unknown) => {
        tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
        void end(1);
      },
    );
  });
}

async function answer(id: number, question: string, work: Promise<ServedWork> | undefined): Promise<void> {
  const value = await work?.then(({ answers }) => answers[question]?.()).catch(() => undefined);
  tell({ kind: 'answer', id, value });
}

function tell(message: ToParent): void {
  // A parent that is gone is told of by 'disconnect'.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
