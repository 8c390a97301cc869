/*
 * The child of supervised-process.int.spec.ts: begins what its task says, and leaves notes of what it did.
 */
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { serveParent } from '../supervision/serve-parent.js';

export interface ChildTask {
  /** File for its notes, a word per line. */
  readonly notes: string;
  /** While this file is there, it cannot begin. */
  readonly obstacle: string;
  /** Never begins. */
  readonly hangs?: boolean;
}

serveParent<ChildTask>(async ({ notes, obstacle, hangs = false }) => {
  if (existsSync(obstacle)) throw new Error('there is an obstacle');
  if (hangs) await new Promise(() => undefined);
  await appendFile(notes, 'begun\n');
  let asked = 0;
  return {
    answers: {
      pid: () => Promise.resolve(process.pid),
      'not a number': () => Promise.resolve({ value: Number.NaN }),
      'how often': () => Promise.resolve((asked += 1)),
      never: () => new Promise(() => undefined),
    },
    close: () => appendFile(notes, 'closed\n'),
  };
});
