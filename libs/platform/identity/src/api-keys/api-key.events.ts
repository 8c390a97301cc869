import type { RecordedEvent } from '@shaoying/event-store';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { API_KEY_ROLES } from './api-key.roles.js';

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
/** SHA-256 of the key as its system holds it; never the key. */
const SecretHash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const closed = { additionalProperties: false };

const schemas = {
  ApiKeyIssued: Type.Object(
    {
      keyId: Id,
      /** Of the system that uses it; never a person's name. */
      label: Type.String({ minLength: 1, maxLength: 100 }),
      role: Type.Enum([...API_KEY_ROLES]),
      orgUnitId: Id,
      readOnly: Type.Boolean(),
      secretHash: SecretHash,
      expiresAt: Instant,
    },
    closed,
  ),
  ApiKeyRotated: Type.Object(
    { keyId: Id, secretHash: SecretHash, expiresAt: Instant, formerSecretEndsAt: Instant },
    closed,
  ),
  ApiKeyRevoked: Type.Object({ keyId: Id }, closed),
} satisfies Record<string, TSchema>;

export type ApiKeyEventType = keyof typeof schemas;

export type ApiKeyEvent = {
  [Name in ApiKeyEventType]: { readonly type: Name; readonly data: Readonly<Static<(typeof schemas)[Name]>> };
}[ApiKeyEventType];

/** An event of a key with its envelope. */
export type RecordedApiKeyEvent = ApiKeyEvent & Omit<RecordedEvent, 'type' | 'data'>;

/** Wire name → version and schema of its data, for the golden corpus. All are as they were when they were new. */
export const apiKeyCatalogue: Readonly<Record<ApiKeyEventType, { version: 1; schema: TSchema }>> = {
  ApiKeyIssued: { version: 1, schema: schemas.ApiKeyIssued },
  ApiKeyRotated: { version: 1, schema: schemas.ApiKeyRotated },
  ApiKeyRevoked: { version: 1, schema: schemas.ApiKeyRevoked },
};

const validators = {
  ApiKeyIssued: Compile(schemas.ApiKeyIssued),
  ApiKeyRotated: Compile(schemas.ApiKeyRotated),
  ApiKeyRevoked: Compile(schemas.ApiKeyRevoked),
};

const streamPrefix = 'api-key-';

export const apiKeyStreamId = (keyId: string): string => streamPrefix + keyId;

/** Thrown when the log holds an event of a key that this release does not know: such a key opens nothing. */
export class UnknownApiKeyEvent extends Error {
  readonly code = 'UNKNOWN_EVENT';
}

/** @throws UnknownApiKeyEvent for foreign types, newer versions and data that does not fit */
export function decodeApiKeyEvent(event: RecordedEvent): RecordedApiKeyEvent {
  if (!isApiKeyEvent(event)) {
    throw new UnknownApiKeyEvent(
      `event ${event.type} at position ${event.position} is unknown to this release`,
    );
  }
  return event;
}

export function fitsItsSchema({ type, data }: ApiKeyEvent): boolean {
  return validators[type].Check(data);
}

function isApiKeyEvent(event: RecordedEvent): event is RecordedApiKeyEvent {
  return (
    Object.hasOwn(schemas, event.type) &&
    event.schemaVersion === 1 &&
    validators[event.type as ApiKeyEventType].Check(event.data)
  );
}
