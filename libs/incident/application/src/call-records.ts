import { uuidV5, type Clock } from '@shaoying/config';
import type { EventStore, NewEvent } from '@shaoying/event-store';
import type { CallRecord } from '@shaoying/incident-contracts';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';
import { IdempotencyKeyReused } from './incident.errors.js';

/** Where the last event of a command over many incidents lies. */
export type CommandTrace = Pick<CommandOutcome, 'revision' | 'position' | 'replayed'>;

/** What the server's clock says, for handlers that act at no incident. */
export abstract class ServerClock implements Clock {
  abstract now(): Date;
}

/** What calls over many incidents have answered; see `CallRecord`. */
export class CallRecords {
  constructor(private readonly store: EventStore) {}

  /** The answer of an earlier attempt; null where none came to its end. @throws IdempotencyKeyReused */
  async find<Data>(
    record: CallRecord<Data>,
    { commandId, requestHash }: CommandContext,
  ): Promise<(Data & CommandTrace) | null> {
    const recorded = await this.store.readStream(record.streamId(commandId)).catch(noStream);
    const event = recorded[0];
    if (event === undefined) return null;
    if (event.requestHash !== requestHash)
      throw new IdempotencyKeyReused('this Idempotency-Key was used with another body');
    const { revision, position } = event;
    return { ...record.decode(event), revision, position, replayed: true };
  }

  /** Writes the answer down. Of two attempts at once the first one's counts. @throws what the store throws */
  async keep<Data extends object>(
    record: CallRecord<Data>,
    context: CommandContext,
    data: Data,
    now: string,
  ): Promise<Data & CommandTrace> {
    const { commandId } = context;
    const { ifMatch: _, sight: __, ...envelope } = context;
    record.assert(data);
    const event: NewEvent = {
      ...{ ...envelope, eventId: uuidV5(commandId, '0'), type: record.type, data },
      ...{ schemaVersion: record.version, occurredAt: now, recordedAt: now },
    };
    const written = await this.store.append(record.streamId(commandId), 'none', [event]);
    const earlier = written.duplicate ? await this.find(record, context) : null;
    const { revision, position } = written;
    return earlier ?? { ...data, revision, position, replayed: false };
  }
}

/** The record without the free text that its caller gave: an answer repeats no words. */
export const withoutReason = <Data extends { readonly reason: string }>({
  reason: _,
  ...answer
}: Data): Omit<Data, 'reason'> => answer;

function noStream(error: unknown): [] {
  if (error instanceof Error && 'code' in error && error.code === 'STREAM_NOT_FOUND') return [];
  throw error;
}
