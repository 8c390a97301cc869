import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import {
  LogQuery,
  ndjsonExport,
  OversightTrail,
  type EventFilters,
  type ExportPiece,
  type ExportRequest,
  type LogFilter,
  type OversightCaller,
  type QueryPurpose,
} from '@shaoying/audit';
import { csvOf } from '@shaoying/http';
import type { FastifyReply } from 'fastify';
import { Platform } from '../platform.js';
import { AuditSources } from './audit-sources.js';
import { eventColumns } from './event-tables.js';
import { OpenStreams } from './open-streams.js';
import { Refused } from './refused.js';

/** Each reads the log as fast as its client takes it. */
const exportsMax = 8;
/** A client that takes nothing for so long is cut off. */
const stallMsMax = 60_000;

export interface WantedExport {
  readonly format: 'CSV' | 'NDJSON';
  readonly filter: LogFilter;
  /** As the trail names them. */
  readonly filters: EventFilters;
  readonly purpose: QueryPurpose | null;
  readonly after: string;
}

/** Exports of the log: on record before their first byte goes out, and again when they end, however that is. */
@Injectable()
export class EventExports {
  private open = 0;

  constructor(
    private readonly platform: Platform,
    private readonly log: LogQuery,
    private readonly trail: OversightTrail,
    private readonly streams: OpenStreams,
    private readonly sources: AuditSources,
  ) {}

  /** @throws Refused TOO_MANY_EXPORTS, NO_CHECKPOINT_YET; what the log throws */
  async send(caller: OversightCaller, wanted: WantedExport, reply: FastifyReply): Promise<void> {
    if (this.open >= exportsMax) throw new Refused('TOO_MANY_EXPORTS');
    this.open += 1;
    let begun = false;
    try {
      const exportId = randomUUID();
      const upTo = await this.platform.stores.log.head();
      const pieces = await this.piecesOf(wanted, { filter: wanted.filter, after: wanted.after, upTo }, reply);
      const { format, filters, purpose, after } = wanted;
      const position = await this.trail.record(caller, {
        type: 'EventsExported',
        data: { exportId, format, filters, purpose, after, upTo },
      });
      begun = true;
      const body = Readable.from(this.recorded(caller, exportId, pieces), { objectMode: false });
      reply.raw.setTimeout(stallMsMax, () => reply.raw.destroy());
      const name = `shaoying-events-${exportId}.${format.toLowerCase()}`;
      void reply
        .header('Shaoying-Position', position)
        .header('Cache-Control', 'no-store')
        .header('Content-Disposition', `attachment; filename="${name}"`)
        .type(format === 'CSV' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson')
        .send(body);
    } finally {
      if (!begun) this.open -= 1;
    }
  }

  private async piecesOf(
    { format }: WantedExport,
    request: ExportRequest,
    reply: FastifyReply,
  ): Promise<AsyncGenerator<ExportPiece>> {
    const checkpoint = await this.sources.proofs.lastCheckpoint();
    if (format === 'CSV') {
      const note = checkpoint?.note;
      if (note !== undefined)
        void reply.header('Shaoying-Checkpoint', Buffer.from(note, 'utf8').toString('base64'));
      return this.csvPieces(request);
    }
    if (checkpoint === null) throw new Refused('NO_CHECKPOINT_YET');
    return ndjsonExport(this.log, this.sources.proofs, checkpoint, request);
  }

  private async *csvPieces({ filter, after, upTo }: ExportRequest): AsyncGenerator<ExportPiece> {
    yield { text: csvOf(eventColumns, []), events: 0 };
    const heading = csvOf(eventColumns, []).length;
    for await (const page of this.log.matching(filter, after, upTo)) {
      const rows = page.map((event) => ({ ...event, line: this.log.lineOf(event) }));
      yield { text: csvOf(eventColumns, rows).slice(heading), events: rows.length };
    }
  }

  /** What goes out, with its end on record: also when the client goes away, or the server does. */
  private async *recorded(
    caller: OversightCaller,
    exportId: string,
    pieces: AsyncGenerator<ExportPiece>,
  ): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let [events, bytes, complete] = [0, 0, false];
    try {
      for await (const piece of pieces) {
        this.streams.signal.throwIfAborted();
        const chunk = Buffer.from(piece.text, 'utf8');
        events += piece.events;
        bytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
      complete = true;
    } finally {
      this.open -= 1;
      const data = { exportId, complete, events, bytes, sha256: hash.digest('hex') };
      // The client has what it has: that its end cannot be recorded is told to whoever runs the server.
      await this.trail
        .record(caller, { type: 'EventsExportEnded', data })
        .catch((error: unknown) => this.platform.logger.error({ err: error, exportId }, 'export not closed'));
    }
  }
}
