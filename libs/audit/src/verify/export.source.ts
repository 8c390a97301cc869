import { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { parseCheckpoint } from '../checkpoints/checkpoint.js';
import { parseNote } from '../checkpoints/signed-note.js';
import { TREE_ALGORITHMS, type TreeAlgorithm } from '../tree/tree-hash.js';
import { checkpointOfLeaf } from './checkpoint-in-leaf.js';
import { MalformedLine, type SourceLeaf, type VerifySource } from './verify.source.js';

/** Name and version of the format, in its first line (docs/formats/audit.md). */
export const EXPORT_FORMAT = 'shaoying-audit/1';

export interface ExportHeader {
  readonly format: typeof EXPORT_FORMAT;
  readonly origin: string;
  readonly algorithm: TreeAlgorithm;
  /** Index of the first leaf. */
  readonly from: number;
}

/** The lines of an export, without the newline at their ends. `leaf` is the canonical line of an event. */
export const exportLines = {
  header: (header: Omit<ExportHeader, 'format'>): string =>
    JSON.stringify({ format: EXPORT_FORMAT, ...header }),
  leaf: (index: number, position: string, leaf: string): string =>
    `{"index":${index},"position":"${position}","event":${leaf}}`,
  checkpoint: (note: string): string => JSON.stringify({ checkpoint: note }),
} as const;

const chunkBytes = 1024 * 1024;
/** An event of the largest size that the log takes, and its envelope. */
const lineBytesMax = 2 * 1024 * 1024;
const newline = 0x0a;
const beforeNote = Buffer.from('{"checkpoint":');

interface Line {
  /** Without its newline. */
  readonly bytes: Buffer;
  /** From 1 on. */
  readonly line: number;
}

const isNote = ({ bytes }: Line): boolean => bytes.subarray(0, beforeNote.length).equals(beforeNote);

/** A whole log in a file, as `shaoying-audit/1`. */
export class ExportSource implements VerifySource {
  readonly total = null;
  algorithm: TreeAlgorithm | null = null;
  private readonly checkpoints: string[] = [];

  constructor(readonly name: string) {}

  async checkpointSizes(): Promise<ReadonlySet<number>> {
    const sizes = new Set<number>();
    this.checkpoints.length = 0;
    for await (const lines of this.lines()) {
      for (const read of lines) {
        if (read.line === 1) this.algorithm = headerIn(read).algorithm;
        else if (isNote(read)) this.checkpoints.push(noteIn(read));
        else {
          const signed = checkpointOfLeaf(leafIn(read).leaf);
          if (signed) sizes.add(signed.size);
        }
      }
    }
    if (this.algorithm === null) throw new MalformedLine('the file is empty', 1);
    for (const note of this.checkpoints) {
      const { size, algorithm } = parseCheckpoint(parseNote(note).text);
      if (algorithm === this.algorithm) sizes.add(size);
    }
    return sizes;
  }

  async *leaves(): AsyncGenerator<readonly SourceLeaf[]> {
    let expected = 0;
    for await (const lines of this.lines()) {
      const batch: SourceLeaf[] = [];
      for (const read of lines) {
        if (read.line === 1 || isNote(read)) continue;
        const { index, position, leaf } = leafIn(read);
        if (index !== expected) {
          // What is before it is looked at first: it may be what is wrong.
          if (batch.length > 0) yield batch;
          throw new MalformedLine(
            `line ${read.line} is the leaf with index ${index}, the one with ${expected} is missing`,
            read.line,
          );
        }
        expected += 1;
        batch.push({ position, leaf });
      }
      if (batch.length > 0) yield batch;
    }
  }

  notes(): readonly string[] {
    return this.checkpoints;
  }

  /** By hand, and as bytes: `readline` splits at other characters than the newline, and text is not what was hashed. */
  private async *lines(): AsyncGenerator<readonly Line[]> {
    let rest: Buffer = Buffer.alloc(0);
    let line = 0;
    for await (const chunk of createReadStream(this.name, { highWaterMark: chunkBytes })) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      const lines: Line[] = [];
      let from = 0;
      for (let end; (end = bytes.indexOf(newline, from)) !== -1; from = end + 1)
        lines.push({ bytes: bytes.subarray(from, end), line: (line += 1) });
      yield lines;
      rest = bytes.subarray(from);
      if (rest.length > lineBytesMax)
        throw new MalformedLine(`line ${line + 1} is longer than any event`, line + 1);
    }
    if (rest.length > 0)
      throw new MalformedLine(`line ${line + 1} has no end: the file is cut off`, line + 1);
  }
}

function headerIn(first: Line): ExportHeader {
  const header = jsonIn(first) as Partial<ExportHeader>;
  const algorithm = TREE_ALGORITHMS.find((known) => known === header.algorithm);
  if (header.format !== EXPORT_FORMAT || !algorithm || typeof header.origin !== 'string') {
    throw new MalformedLine(`line 1 is no header of a file of the format ${EXPORT_FORMAT}`, 1);
  }
  if (header.from !== 0)
    throw new MalformedLine('the file does not begin with the first event of the log', 1);
  return { format: EXPORT_FORMAT, origin: header.origin, algorithm, from: 0 };
}

function noteIn(read: Line): string {
  const { checkpoint } = jsonIn(read) as { checkpoint?: unknown };
  if (typeof checkpoint !== 'string')
    throw new MalformedLine(`line ${read.line} is no checkpoint`, read.line);
  return checkpoint;
}

const leafLine = /^\{"index":(0|[1-9]\d{0,15}),"position":"(\d{1,19})","event":/;
/** What stands before the event, at its longest. */
const leafHeadBytesMax = 80;
const closingBrace = 0x7d;

function leafIn({ bytes, line }: Line): { index: number; position: string; leaf: Buffer } {
  const match = leafLine.exec(bytes.toString('latin1', 0, leafHeadBytesMax));
  if (!match || bytes.at(-1) !== closingBrace) {
    throw new MalformedLine(`line ${line} is neither a leaf nor a checkpoint`, line);
  }
  const [head, index, position] = match as unknown as [string, string, string];
  return { index: Number(index), position, leaf: bytes.subarray(head.length, -1) };
}

function jsonIn({ bytes, line }: Line): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new MalformedLine(`line ${line} is no JSON object`, line);
}
