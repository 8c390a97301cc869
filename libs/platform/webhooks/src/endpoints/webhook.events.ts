import type { RecordedEvent } from '@shaoying/event-store';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
const closed = { additionalProperties: false };
/** What the vault has sealed; the endpoint is its own subject. */
const Sealed = Type.Object(
  {
    subjectId: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
    keyId: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
    ciphertext: Type.String({ minLength: 40, maxLength: 1_000 }),
  },
  closed,
);

/** Why an endpoint is called no more: somebody said so, it answered 410, or nothing was delivered for three days. */
export const DISABLE_CAUSES = ['BY_HAND', 'GONE', 'FAILING'] as const;
export type DisableCause = (typeof DISABLE_CAUSES)[number];

const schemas = {
  WebhookRegistered: Type.Object(
    {
      webhookId: Id,
      departmentId: Id,
      url: Type.String({ minLength: 1, maxLength: 500 }),
      /** Position in the feed after which it begins. */
      after: Type.String({ pattern: '^\\d{1,19}$' }),
      /** Deliveries under way at once. */
      concurrency: Type.Integer({ minimum: 1, maximum: 16 }),
      /** Deliveries begun in a second. */
      perSecond: Type.Integer({ minimum: 1, maximum: 500 }),
      secret: Sealed,
    },
    closed,
  ),
  WebhookSecretRotated: Type.Object({ webhookId: Id, secret: Sealed, formerSecretEndsAt: Instant }, closed),
  WebhookDisabled: Type.Object({ webhookId: Id, cause: Type.Enum([...DISABLE_CAUSES]) }, closed),
  WebhookEnabled: Type.Object({ webhookId: Id }, closed),
  WebhookDeleted: Type.Object({ webhookId: Id }, closed),
} satisfies Record<string, TSchema>;

export type WebhookEventType = keyof typeof schemas;

export type WebhookEvent = {
  [Name in WebhookEventType]: {
    readonly type: Name;
    readonly data: Readonly<Static<(typeof schemas)[Name]>>;
  };
}[WebhookEventType];

/** An event of an endpoint with its envelope. */
export type RecordedWebhookEvent = WebhookEvent & Omit<RecordedEvent, 'type' | 'data'>;

/** Wire name → version and schema of its data, for the golden corpus. All are as they were when they were new. */
export const webhookCatalogue: Readonly<Record<WebhookEventType, { version: 1; schema: TSchema }>> = {
  WebhookRegistered: { version: 1, schema: schemas.WebhookRegistered },
  WebhookSecretRotated: { version: 1, schema: schemas.WebhookSecretRotated },
  WebhookDisabled: { version: 1, schema: schemas.WebhookDisabled },
  WebhookEnabled: { version: 1, schema: schemas.WebhookEnabled },
  WebhookDeleted: { version: 1, schema: schemas.WebhookDeleted },
};

const validators = {
  WebhookRegistered: Compile(schemas.WebhookRegistered),
  WebhookSecretRotated: Compile(schemas.WebhookSecretRotated),
  WebhookDisabled: Compile(schemas.WebhookDisabled),
  WebhookEnabled: Compile(schemas.WebhookEnabled),
  WebhookDeleted: Compile(schemas.WebhookDeleted),
};

export const webhookStreamId = (webhookId: string): string => `webhook-${webhookId}`;

export const isWebhookId = (id: string): boolean => /^[0-9a-f]{16}$/.test(id);

/** Thrown when the log holds an event of an endpoint that this release does not know: such an endpoint is not called. */
export class UnknownWebhookEvent extends Error {
  readonly code = 'UNKNOWN_EVENT';
}

/** @throws UnknownWebhookEvent for foreign types, newer versions and data that does not fit */
export function decodeWebhookEvent(event: RecordedEvent): RecordedWebhookEvent {
  if (!isWebhookEvent(event)) {
    throw new UnknownWebhookEvent(
      `event ${event.type} at position ${event.position} is unknown to this release`,
    );
  }
  return event;
}

export function fitsItsSchema({ type, data }: WebhookEvent): boolean {
  return validators[type].Check(data);
}

function isWebhookEvent(event: RecordedEvent): event is RecordedWebhookEvent {
  return (
    Object.hasOwn(schemas, event.type) &&
    event.schemaVersion === 1 &&
    validators[event.type as WebhookEventType].Check(event.data)
  );
}
