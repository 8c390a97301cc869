import { Buffer } from 'node:buffer';
import type { Position, RecordedEvent } from '@shaoying/event-store';
import type { LogFilter, LogQuery } from '../log/log-query.js';
import { leafOf } from '../tree/index.js';
import type { LogProofs, ProvingCheckpoint } from './log-proofs.js';

export interface ExportRequest {
  readonly filter: LogFilter;
  readonly after: Position;
  readonly upTo: Position;
}

/** A piece of an export: what goes out, and how many events are in it. */
export interface ExportPiece {
  readonly text: string;
  readonly events: number;
}

/** Proofs asked for at once: each is some rows of the tree. */
const proofsAtOnce = 16;

/** Whether every leaf is in it from the first on: then indexes and the checkpoint prove it without a path for each. */
const isWhole = ({ filter, after }: ExportRequest): boolean => {
  const { actorId, orgUnitIds, incidentId, types, from, to } = filter;
  const all = [actorId, orgUnitIds, incidentId, from, to].every((part) => part === null);
  return all && types.length === 0 && /^0+$/.test(after);
};

/**
 * The export that `shaoying verify` checks (docs/formats/audit.md): header, leaves as they are stored, and the checkpoint that speaks
 * about them at the end. Of what is filtered each leaf has its proof. Events that no checkpoint covers yet are not in it.
 */
export async function* ndjsonExport(
  log: LogQuery,
  proofs: LogProofs,
  checkpoint: ProvingCheckpoint,
  request: ExportRequest,
): AsyncGenerator<ExportPiece> {
  const { origin, algorithm, size, note } = checkpoint;
  yield { text: lineOf({ format: 'shaoying-audit/1', origin, algorithm, from: 0 }), events: 0 };
  const whole = isWhole(request);
  let next = 0;
  for await (const page of log.matching(request.filter, request.after, request.upTo)) {
    const leaves = whole
      ? page.map((event, offset): Leaf => ({ event, index: next + offset, proof: null }))
      : await provedLeaves(page, proofs, checkpoint);
    next += page.length;
    const covered = leaves.filter(({ index }) => index < size);
    if (covered.length > 0) yield { text: covered.map(leafLine).join(''), events: covered.length };
    if (covered.length < leaves.length) break;
  }
  yield { text: lineOf({ checkpoint: note }), events: 0 };
}

interface Leaf {
  readonly event: RecordedEvent;
  readonly index: number;
  readonly proof: readonly string[] | null;
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;

/** Members in the order that the format asks for, the event's own text last. */
function leafLine({ event, index, proof }: Leaf): string {
  const path = proof === null ? '' : `"proof":${JSON.stringify(proof)},`;
  return `{"index":${index},"position":"${event.position}",${path}"event":${leafOf(event)}}\n`;
}

async function provedLeaves(
  page: readonly RecordedEvent[],
  proofs: LogProofs,
  { size, algorithm }: ProvingCheckpoint,
): Promise<Leaf[]> {
  const places = await proofs.placesOf(page.map(({ eventId }) => eventId));
  const indexes = new Map(places.map(({ eventId, index }) => [eventId, index]));
  const leaves: Leaf[] = [];
  for (let from = 0; from < page.length; from += proofsAtOnce) {
    const some = page.slice(from, from + proofsAtOnce).map(async (event): Promise<Leaf> => {
      const index = indexes.get(event.eventId) ?? Infinity;
      if (index >= size) return { event, index, proof: null };
      const path = await proofs.inclusionProof(index, size, algorithm);
      return { event, index, proof: path.map((hash) => Buffer.from(hash).toString('base64')) };
    });
    leaves.push(...(await Promise.all(some)));
  }
  return leaves;
}
