/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, and when nobody reads the output any more, so that a command ends at a
 * boundary of its own choosing; a second signal of a person who does not want to wait ends the process at once.
 */
export function onInterruption(note: (text: string) => void): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(1);
      note(`${signal}: stopping …`);
      controller.abort();
    });
  }
  process.stdout.once('error', () => controller.abort());
  return controller;
}

/**
 * What becomes of the process when its output cannot be written: whoever reads it has gone (`| head`), or the disk under
 * `>` is full. Without this the first of them is a stack on the terminal, and what follows it is never done.
 * @param onLost once, with what to say of it; null where the reader has gone, which they know
 */
export function onLostOutput(onLost: (remark: string | null) => void): void {
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isLost) return;
    isLost = true;
    onLost(error.code === 'EPIPE' ? null : `standard output cannot be written: ${error.message}`);
  });
  // There is nobody left to tell.
  process.stderr.on('error', () => undefined);
}
