import { uuidV5, uuidV7, type Clock } from '@shaoying/config';
import {
  ImportIncidentCommand,
  type CommandOutcome,
  type ImportIncidentHandler,
} from '@shaoying/incident-application';
import { comparePositions, START, type Position } from '@shaoying/event-store';
import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../cli.errors.js';
import type { Rejection } from './rejections.js';
import type { TicketRow } from './ticket-file.js';
import type { TicketMap } from './ticket-map.js';
import type { Ticket } from './ticket-rows.js';
import type { TicketUnits } from './ticket-units.js';

/** Namespace of the commands of imported cases; the same case of the same source is always the same command. */
const TICKETS = '6f2a1c0e-3d43-5b7a-9e56-0c4d8a7b1f92';

/** Appends waiting together: enough to fill the batches of group commit, far below what the store queues. */
export const IN_FLIGHT = 64;

// 0.2 + 0.4 + … + 6.4 s is about 13 s: longer than a PostgreSQL needs to come back.
const attemptsMax = 7;
const firstRetryMs = 200;
const passing = new Set(['OVERLOADED', 'STORE_UNAVAILABLE', 'UNKNOWN_OUTCOME']);

const alreadyThereDifferently = new Set(['IDEMPOTENCY_KEY_REUSED', 'EVENT_ID_TAKEN', 'INCIDENT_EXISTS']);

export interface ImportCounts {
  /** Rows of the file that were looked at. */
  rows: number;
  imported: number;
  /** In the log before, by an earlier import or an earlier row of the same contents. */
  alreadyThere: number;
  rejected: number;
  eventsWritten: number;
}

export interface ImportRun {
  readonly handler: Pick<ImportIncidentHandler, 'execute'>;
  readonly map: TicketMap;
  readonly units: TicketUnits;
  readonly clock: Clock;
  /** Aborted: no further row is begun, what is under way is finished. */
  readonly signal: AbortSignal;
  readonly onRejection: (rejection: Rejection) => void;
  /** Called after each row is done. */
  readonly onProgress: (counts: Readonly<ImportCounts>) => void;
}

/** What an import has done, and up to where a reader must have read to see all of it. */
export interface ImportResult extends ImportCounts {
  readonly position: Position;
}

/**
 * Brings rows into the log, {@link IN_FLIGHT} at a time. Each case is one command with an id of its own, so that
 * running an import again, or several at once, adds what is missing and nothing else.
 * @throws what the store throws when it stays out of reach
 */
export async function importTickets(rows: AsyncIterable<TicketRow>, run: ImportRun): Promise<ImportResult> {
  return new TicketImport(run).run(rows);
}

class TicketImport {
  private readonly counts: ImportCounts = {
    rows: 0,
    imported: 0,
    alreadyThere: 0,
    rejected: 0,
    eventsWritten: 0,
  };
  private readonly correlationId: string;
  private readonly underWay = new Set<Promise<void>>();
  private position: Position = START;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly it: ImportRun) {
    this.correlationId = uuidV7(it.clock);
  }

  async run(rows: AsyncIterable<TicketRow>): Promise<ImportResult> {
    for await (const row of rows) {
      if (this.it.signal.aborted || this.failure) break;
      this.begin(row);
      if (this.underWay.size >= IN_FLIGHT) await Promise.race(this.underWay);
    }
    await Promise.all(this.underWay);
    if (this.failure) throw this.failure.error;
    return { ...this.counts, position: this.position };
  }

  private begin(row: TicketRow): void {
    if ('rejection' in row) {
      this.reject(row.rejection);
      return;
    }
    const work = this.bring(row.ticket, row.line)
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  private async bring(ticket: Ticket, line: number): Promise<void> {
    const command = this.commandOf(ticket);
    const { externalId } = ticket;
    if (command === null) {
      return this.reject({ line, column: null, code: 'UNIT_UNKNOWN', externalId });
    }
    try {
      this.count(await this.executeStubbornly(command));
    } catch (error) {
      if (!alreadyThereDifferently.has(codeOf(error) ?? '')) throw error;
      this.reject({ line, column: null, code: 'ALREADY_IMPORTED_DIFFERENTLY', externalId });
    }
  }

  private async executeStubbornly(command: ImportIncidentCommand): Promise<CommandOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.it.handler.execute(command);
      } catch (error) {
        if (attempt >= attemptsMax || !passing.has(codeOf(error) ?? '')) throw error;
        await sleep(firstRetryMs * 2 ** (attempt - 1));
      }
    }
  }

  private commandOf(ticket: Ticket): ImportIncidentCommand | null {
    const { map, units } = this.it;
    const departmentId = units.departmentId(ticket.department);
    const orgUnitId = units.placeId(ticket.neighbourhood);
    if (departmentId === undefined || orgUnitId === undefined) return null;
    const { externalId, category, severity, description, location, channel } = ticket;
    const { openedAt, targetAt, closedAt } = ticket;
    const whistlingUnitId = map.jurisdiction.whistlingUnitId ?? null;
    const request = {
      ...{ externalId, category, severity, description, location, orgUnitId, channel },
      ...{ departmentId, whistlingUnitId, openedAt, targetAt, closedAt },
    };
    const commandId = uuidV5(TICKETS, `${map.source}:${externalId}`);
    const context = {
      commandId,
      // Of what enters the log: the same case with other contents is told apart from the same case again.
      requestHash: hash('sha256', JSON.stringify(request), 'hex'),
      correlationId: this.correlationId,
      causationId: commandId,
      actor: { id: 'system:import', role: 'system', orgUnitId: null },
    };
    return new ImportIncidentCommand(context, request);
  }

  private count({ replayed, events, position }: CommandOutcome): void {
    this.counts.rows += 1;
    if (comparePositions(position, this.position) > 0) this.position = position;
    if (replayed) this.counts.alreadyThere += 1;
    else {
      this.counts.imported += 1;
      this.counts.eventsWritten += events.length;
    }
    this.it.onProgress(this.counts);
  }

  private reject(rejection: Rejection): void {
    this.counts.rows += 1;
    this.counts.rejected += 1;
    this.it.onRejection(rejection);
    this.it.onProgress(this.counts);
  }
}
