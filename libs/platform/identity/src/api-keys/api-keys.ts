import { uuidV5, type Clock } from '@shaoying/config';
import {
  RevisionConflict,
  type Actor,
  type AppendResult,
  type EventStore,
  type NewEvent,
  type Position,
  type RecordedEvent,
} from '@shaoying/event-store';
import type { Principal } from '../principal.js';
import {
  ApiKeyCommandReused,
  ApiKeyEnded,
  ApiKeyExpired,
  ApiKeyInvalid,
  ApiKeyLifetime,
  ApiKeyNotFound,
  ApiKeyRevoked,
  NoApiKeyToMatch,
} from './api-key.errors.js';
import {
  apiKeyStreamId,
  decodeApiKeyEvent,
  fitsItsSchema,
  type ApiKeyEvent,
  type RecordedApiKeyEvent,
} from './api-key.events.js';
import type { ApiKeyRole } from './api-key.roles.js';
import { foldApiKey, judgeSecret, stateOf, type ApiKey } from './api-key.state.js';
import { isApiKeyId, mintApiKey, readApiKey, type PresentedKey } from './api-key.text.js';

const dayMs = 86_400_000;
/** Revoking must not lose to a rotation at the same moment, nor go round for ever. */
const attemptsMax = 5;

/** Id of the actor that the events of a machine name. */
export const apiKeyActorId = (keyId: string): string => `key-${keyId}`;

/** Who manages keys, and by which request. */
export interface ApiKeyCommand {
  readonly commandId: string;
  readonly requestHash?: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** W3C Trace Context of the request. */
  readonly traceparent?: string;
  readonly actor: Actor;
  /** Revision of the key that the caller decided on. */
  readonly ifMatch?: number;
}

export interface NewApiKey {
  /** Of the system that will use it; never a person's name. */
  readonly label: string;
  readonly role: ApiKeyRole;
  readonly orgUnitId: string;
  readonly readOnly: boolean;
  readonly days: number;
}

export interface ApiKeyOutcome {
  /** Right after what the command did, whatever has been done to it since. */
  readonly key: ApiKey;
  /** Shown once: a repeated request, which finds its first answer in the log, cannot show it again. */
  readonly secret: string | null;
  readonly revision: number;
  readonly position: Position;
  readonly replayed: boolean;
}

export interface ApiKeysOptions {
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  readonly clock: Clock;
  /** Setting `API_KEY_DAYS_MAX`. */
  readonly daysMax: number;
  /** Told of each good use. */
  readonly onUse?: (keyId: string) => void;
}

/**
 * API keys of department systems. What a key may is in a stream of its own, and every request reads it there: what one
 * process was told about a key counts at the next request to any other (docs/adr/0014).
 */
export class ApiKeys {
  constructor(private readonly options: ApiKeysOptions) {}

  /** @throws ApiKeyInvalid, ApiKeyExpired, ApiKeyRevoked, and what the store throws */
  async verify(credential: string): Promise<Principal> {
    const presented = readApiKey(credential);
    if (presented === null) throw new ApiKeyInvalid();
    const { key, endsAt } = await this.admit(presented);
    this.options.onUse?.(key.keyId);
    return Object.freeze({
      ...{ id: apiKeyActorId(key.keyId), roles: Object.freeze([key.role]), orgUnitId: key.orgUnitId },
      ...{ expiresAt: endsAt, readOnly: key.readOnly },
      stillCounts: () => this.admit(presented).then(() => true, unlessRefused),
    });
  }

  /** @throws ApiKeyLifetime, ApiKeyCommandReused, NoApiKeyToMatch, and what the store throws */
  async issue({ days, ...scope }: NewApiKey, command: ApiKeyCommand): Promise<ApiKeyOutcome> {
    const keyId = uuidV5(command.commandId, 'api-key').replaceAll('-', '').slice(0, 16);
    if (command.ifMatch !== undefined) {
      const [first] = (await this.read(keyId)).map(decodeApiKeyEvent);
      if (first === undefined) throw new NoApiKeyToMatch();
      return this.outcome(keyId, null, command, { ...first, duplicate: true });
    }
    const expiresAt = this.after(days);
    const { text, secretHash } = mintApiKey(keyId);
    const data = { keyId, ...scope, secretHash, expiresAt };
    const written = await this.append(keyId, 'none', { type: 'ApiKeyIssued', data }, command);
    return this.outcome(keyId, text, command, written);
  }

  /**
   * A new secret; the one before it counts until `overlapMs` from now, any older one no more. The key lives for `days` from
   * now, or as long again as it was given last.
   * @throws ApiKeyNotFound, ApiKeyEnded, ApiKeyLifetime, ApiKeyCommandReused, RevisionConflict, and what the store throws
   */
  async rotate(
    keyId: string,
    { overlapMs, days }: { readonly overlapMs: number; readonly days: number | null },
    command: ApiKeyCommand,
  ): Promise<ApiKeyOutcome> {
    const { key, events } = await this.load(keyId);
    const earlier = events.find(({ commandId }) => commandId === command.commandId);
    if (earlier) return this.outcome(keyId, null, command, { ...earlier, duplicate: true });
    assertUnchanged(key, command);
    const now = this.options.clock.now();
    if (stateOf(key, now) !== 'ACTIVE') throw new ApiKeyEnded();
    const overlapEndsMs = Math.min(now.getTime() + overlapMs, Date.parse(key.secret.endsAt));
    const { text, secretHash } = mintApiKey(keyId);
    const data = {
      ...{
        keyId,
        secretHash,
        expiresAt: this.after(days ?? Math.min(lifetimeDays(key), this.options.daysMax)),
      },
      formerSecretEndsAt: new Date(overlapEndsMs).toISOString(),
    };
    const written = await this.append(keyId, key.revision, { type: 'ApiKeyRotated', data }, command);
    return this.outcome(keyId, text, command, written);
  }

  /** Ends a key for good; once it was, again is the same. @throws ApiKeyNotFound, RevisionConflict, and what the store throws */
  async revoke(keyId: string, command: ApiKeyCommand): Promise<ApiKeyOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      const { key, events } = await this.load(keyId);
      const { position, revision } = events.at(-1) as RecordedApiKeyEvent;
      if (key.revokedAt !== null) return { key, secret: null, revision, position, replayed: true };
      assertUnchanged(key, command);
      try {
        const event = { type: 'ApiKeyRevoked', data: { keyId } } as const;
        const written = await this.append(keyId, revision, event, command);
        return await this.outcome(keyId, null, command, written);
      } catch (error) {
        if (!hasCode(error, 'REVISION_CONFLICT') || attempt === attemptsMax) throw error;
      }
    }
  }

  /** @throws ApiKeyNotFound, and what the store throws */
  async find(keyId: string): Promise<ApiKey> {
    return (await this.load(keyId)).key;
  }

  private async admit(presented: PresentedKey): Promise<{ readonly key: ApiKey; readonly endsAt: Date }> {
    const key = foldApiKey((await this.read(presented.keyId)).map(decodeApiKeyEvent));
    if (key === undefined) throw new ApiKeyInvalid();
    const { verdict, endsAt } = judgeSecret(key, presented.secretHash, this.options.clock.now());
    if (verdict === 'UNKNOWN') throw new ApiKeyInvalid();
    if (verdict === 'REVOKED') throw new ApiKeyRevoked();
    if (verdict === 'EXPIRED') throw new ApiKeyExpired();
    return { key, endsAt };
  }

  private async load(
    keyId: string,
  ): Promise<{ readonly key: ApiKey; readonly events: readonly RecordedApiKeyEvent[] }> {
    // Ids come from addresses, too: what is none is in no stream.
    const events = isApiKeyId(keyId) ? (await this.read(keyId)).map(decodeApiKeyEvent) : [];
    const key = foldApiKey(events);
    if (key === undefined) throw new ApiKeyNotFound();
    return { key, events };
  }

  /** Empty when there is no such stream. */
  private async read(keyId: string): Promise<RecordedEvent[]> {
    try {
      return await this.options.store.readStream(apiKeyStreamId(keyId));
    } catch (error) {
      if (hasCode(error, 'STREAM_NOT_FOUND')) return [];
      throw error;
    }
  }

  private append(
    keyId: string,
    expected: number | 'none',
    event: ApiKeyEvent,
    { ifMatch: _, ...command }: ApiKeyCommand,
  ): Promise<AppendResult> {
    if (!fitsItsSchema(event)) throw new TypeError(`data of ${event.type} does not fit its schema`);
    const now = this.options.clock.now().toISOString();
    const envelope = {
      eventId: uuidV5(command.commandId, '0'),
      schemaVersion: 1,
      occurredAt: now,
      recordedAt: now,
    };
    const entry: NewEvent = { ...event, ...envelope, ...command };
    return this.options.store.append(apiKeyStreamId(keyId), expected, [entry]);
  }

  /** As it was when the command had been carried out; what an earlier attempt had written shows no secret. @throws ApiKeyCommandReused */
  private async outcome(
    keyId: string,
    secret: string | null,
    { commandId, requestHash }: ApiKeyCommand,
    { revision, position, duplicate }: Pick<AppendResult, 'revision' | 'position' | 'duplicate'>,
  ): Promise<ApiKeyOutcome> {
    const { events } = await this.load(keyId);
    const last = events.findIndex((event) => event.commandId === commandId);
    const key = foldApiKey(events.slice(0, last + 1));
    if (key === undefined || (duplicate && events[last]?.requestHash !== requestHash))
      throw new ApiKeyCommandReused();
    return { key, secret: duplicate ? null : secret, revision, position, replayed: duplicate };
  }

  /** @throws ApiKeyLifetime */
  private after(days: number): string {
    const { clock, daysMax } = this.options;
    if (!(days > 0 && days <= daysMax)) throw new ApiKeyLifetime(daysMax);
    return new Date(clock.now().getTime() + days * dayMs).toISOString();
  }
}

/** @throws RevisionConflict */
function assertUnchanged({ keyId, revision }: ApiKey, { ifMatch }: ApiKeyCommand): void {
  if (ifMatch === undefined || ifMatch === revision) return;
  throw new RevisionConflict(apiKeyStreamId(keyId), ifMatch, revision);
}

function lifetimeDays({ steps, secret }: ApiKey): number {
  const given = steps.at(-1)?.at ?? secret.endsAt;
  return (Date.parse(secret.endsAt) - Date.parse(given)) / dayMs;
}

/** A log that cannot be asked now says nothing about a key. */
function unlessRefused(error: unknown): boolean {
  const refusals = [ApiKeyInvalid, ApiKeyExpired, ApiKeyRevoked];
  return !refusals.some((refusal) => error instanceof refusal);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
