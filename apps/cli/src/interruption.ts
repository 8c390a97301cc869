/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that a command ends at a boundary of its own choosing; a second
 * signal of a person who does not want to wait ends the process at once.
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
  return controller;
}
