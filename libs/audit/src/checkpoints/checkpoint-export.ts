import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, syncFolder } from '@shaoying/config';
import { parseCheckpoint, type Checkpoint } from './checkpoint.js';
import { parseNote } from './signed-note.js';

/** Where signed checkpoints go so that who runs the log cannot take them back. */
export interface CheckpointExport {
  /** For messages; without what a URL may hold in secrets. */
  readonly name: string;
  /** The last one that is there, of whatever origin; null where there is none. @throws MalformedNote, what is asked throws */
  last(): Promise<Checkpoint | null>;
  /** Resolves when it is there to stay. */
  write(note: string): Promise<void>;
}

/** Longer than any note that we write. */
const tailBytes = 64 * 1024;
const answerMsMax = 10_000;

const signaturesBegin = '— ';

/** Notes in a text, each followed by an empty line of its own. One that a power cut left half-written spoils no other. */
export function notesIn(text: string): string[] {
  const blocks = text.split('\n\n').map((block) => block.replace(/^\n+/, ''));
  return blocks.flatMap((block, at) => {
    const isWhole = block.startsWith(signaturesBegin) && at > 0 && at < blocks.length - 1;
    return isWhole ? [`${blocks[at - 1]}\n\n${block}\n`] : [];
  });
}

/**
 * Appended to a file, and on disk before a checkpoint counts as exported. It is for the operator to put it beyond his own
 * reach: a share that takes appends only, a disk of another office.
 */
export class FileExport implements CheckpointExport {
  constructor(readonly name: string) {}

  async last(): Promise<Checkpoint | null> {
    const file = await open(this.name, 'r').catch(unlessMissing);
    if (!file) return null;
    try {
      return lastIn(await tailOf(file));
    } finally {
      await file.close();
    }
  }

  async write(note: string): Promise<void> {
    const folder = dirname(this.name);
    await makeFolder(folder, 0o700);
    const file = await open(this.name, 'a', 0o644);
    try {
      await file.writeFile(`${await this.separator()}${note}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(folder);
  }

  /** Ends what a power cut left half-written, so that it cannot spoil what follows. */
  private async separator(): Promise<string> {
    const file = await open(this.name, 'r').catch(unlessMissing);
    if (!file) return '';
    try {
      const tail = await tailOf(file);
      return tail === '' || tail.endsWith('\n\n') ? '' : '\n\n';
    } finally {
      await file.close();
    }
  }
}

async function tailOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const from = Math.max(0, size - tailBytes);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
  return buffer.subarray(0, bytesRead).toString('utf8');
}

function lastIn(tail: string): Checkpoint | null {
  const note = notesIn(tail).at(-1);
  return note === undefined ? null : parseCheckpoint(parseNote(note).text);
}

function unlessMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/**
 * Sent by `POST` as `text/plain`, one note a request, to whoever keeps them: a witness, an archive. Any 2xx is a receipt. What
 * was sent last is kept in `memory`, since nobody need let us read there.
 */
export class UrlExport implements CheckpointExport {
  readonly name: string;

  constructor(
    private readonly url: string,
    private readonly memory: FileExport,
  ) {
    this.name = new URL(url).origin;
  }

  last(): Promise<Checkpoint | null> {
    return this.memory.last();
  }

  /** @throws Error unless it was taken */
  async write(note: string): Promise<void> {
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: note,
      redirect: 'error',
      signal: AbortSignal.timeout(answerMsMax),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`${this.name} answered a checkpoint with ${answer.status}`);
    await this.memory.write(note);
  }
}
