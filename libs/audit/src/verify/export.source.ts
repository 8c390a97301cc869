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

const leavesPerBatch = 2_000;
/** An event of the largest size that the log takes, and its envelope. */
const lineCharsMax = 2 * 1024 * 1024;

/** A whole log in a file, as `shaoying-audit/1`. */
export class ExportSource implements VerifySource {
  readonly total = null;
  algorithm: TreeAlgorithm | null = null;
  private readonly checkpoints: string[] = [];

  constructor(readonly name: string) {}

  async checkpointSizes(): Promise<ReadonlySet<number>> {
    const sizes = new Set<number>();
    this.checkpoints.length = 0;
    for await (const { text, line } of this.lines()) {
      if (line === 1) this.algorithm = headerIn(text).algorithm;
      else if (text.startsWith('{"checkpoint":')) this.checkpoints.push(noteIn(text, line));
      else {
        const signed = checkpointOfLeaf(leafIn(text, line).leaf);
        if (signed) sizes.add(signed.size);
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
    let batch: SourceLeaf[] = [];
    let expected = 0;
    for await (const { text, line } of this.lines()) {
      if (line === 1 || text.startsWith('{"checkpoint":')) continue;
      const { index, position, leaf } = leafIn(text, line);
      if (index !== expected) {
        // What is before it is looked at first: it may be what is wrong.
        if (batch.length > 0) yield batch;
        throw new MalformedLine(
          `line ${line} is the leaf with index ${index}, the one with ${expected} is missing`,
          line,
        );
      }
      expected += 1;
      batch.push({ position, leaf });
      if (batch.length < leavesPerBatch) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  notes(): readonly string[] {
    return this.checkpoints;
  }

  /** By hand: `readline` splits at other characters than the newline, which a leaf may hold. */
  private async *lines(): AsyncGenerator<{ readonly text: string; readonly line: number }> {
    let [rest, line] = ['', 0];
    for await (const chunk of createReadStream(this.name, { encoding: 'utf8', highWaterMark: 1024 * 1024 })) {
      const parts = (rest + (chunk as string)).split('\n');
      rest = parts.pop() ?? '';
      for (const text of parts) yield { text, line: (line += 1) };
      if (rest.length > lineCharsMax)
        throw new MalformedLine(`line ${line + 1} is longer than any event`, line + 1);
    }
    if (rest !== '') throw new MalformedLine(`line ${line + 1} has no end: the file is cut off`, line + 1);
  }
}

function headerIn(text: string): ExportHeader {
  const header = jsonIn(text, 1) as Partial<ExportHeader>;
  const algorithm = TREE_ALGORITHMS.find((known) => known === header.algorithm);
  if (header.format !== EXPORT_FORMAT || !algorithm || typeof header.origin !== 'string') {
    throw new MalformedLine(`line 1 is no header of a file of the format ${EXPORT_FORMAT}`, 1);
  }
  if (header.from !== 0)
    throw new MalformedLine('the file does not begin with the first event of the log', 1);
  return { format: EXPORT_FORMAT, origin: header.origin, algorithm, from: 0 };
}

function noteIn(text: string, line: number): string {
  const { checkpoint } = jsonIn(text, line) as { checkpoint?: unknown };
  if (typeof checkpoint !== 'string') throw new MalformedLine(`line ${line} is no checkpoint`, line);
  return checkpoint;
}

const leafLine = /^\{"index":(0|[1-9]\d{0,15}),"position":"(\d{1,19})","event":/;

function leafIn(text: string, line: number): { index: number; position: string; leaf: string } {
  const match = leafLine.exec(text);
  if (!match || !text.endsWith('}')) {
    throw new MalformedLine(`line ${line} is neither a leaf nor a checkpoint`, line);
  }
  const [head, index, position] = match as unknown as [string, string, string];
  return { index: Number(index), position, leaf: text.slice(head.length, -1) };
}

function jsonIn(text: string, line: number): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new MalformedLine(`line ${line} is no JSON object`, line);
}
