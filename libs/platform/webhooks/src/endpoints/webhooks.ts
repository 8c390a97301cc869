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
import type { PersonalDataVault } from '@shaoying/personal-data';
import { assertMayBeCalled, type AddressPolicy } from '../sending/address-policy.js';
import { NoWebhookToMatch, WebhookCommandReused, WebhookNotFound } from './webhook.errors.js';
import {
  decodeWebhookEvent,
  fitsItsSchema,
  isWebhookId,
  webhookStreamId,
  type DisableCause,
  type RecordedWebhookEvent,
  type WebhookEvent,
} from './webhook.events.js';
import { mintSecret } from './webhook-secret.js';
import { foldWebhook, type Webhook } from './webhook.state.js';

/** Who manages endpoints, and by which request. */
export interface WebhookCommand {
  readonly commandId: string;
  readonly requestHash?: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: Actor;
  /** Revision of the endpoint that the caller decided on. */
  readonly ifMatch?: number;
}

export interface NewWebhook {
  readonly departmentId: string;
  readonly url: string;
  /** Position in the feed after which it begins. */
  readonly after: Position;
  readonly concurrency: number;
  readonly perSecond: number;
}

export interface WebhookOutcome {
  /** Right after what the command did, whatever has been done to it since. */
  readonly webhook: Webhook;
  /** As the log has it now. */
  readonly current: Webhook;
  /** Shown once: a repeated request, which finds its first answer in the log, cannot show it again. */
  readonly secret: string | null;
  readonly revision: number;
  readonly position: Position;
  readonly replayed: boolean;
}

export interface WebhooksOptions {
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  readonly vault: Pick<PersonalDataVault, 'sealNew' | 'seal' | 'forget'>;
  readonly clock: Clock;
  readonly addresses: AddressPolicy;
}

/** Endpoints of departments, each in a stream of its own that whoever delivers reads at each run (docs/adr/0021). */
export class Webhooks {
  constructor(private readonly options: WebhooksOptions) {}

  /** The id that a command registers under; the same for its repetition. */
  static idOf({ commandId }: Pick<WebhookCommand, 'commandId'>): string {
    return uuidV5(commandId, 'webhook').replaceAll('-', '').slice(0, 16);
  }

  /** @throws WebhookUrlRefused, WebhookCommandReused, NoWebhookToMatch, and what the store and the vault throw */
  async register(wanted: NewWebhook, command: WebhookCommand): Promise<WebhookOutcome> {
    const webhookId = Webhooks.idOf(command);
    if (command.ifMatch !== undefined) {
      const earlier = earlierOf((await this.read(webhookId)).events, command);
      if (earlier === undefined) throw new NoWebhookToMatch();
      return this.outcome(webhookId, null, command, earlier);
    }
    const url = assertMayBeCalled(wanted.url, this.options.addresses).href;
    const secret = mintSecret();
    const sealed = await this.options.vault.sealNew({ secret });
    const data = { ...wanted, webhookId, url, secret: sealed };
    const written = await this.append(webhookId, 'none', { type: 'WebhookRegistered', data }, command);
    return this.outcome(webhookId, secret, command, written);
  }

  /**
   * A new secret; the one before it signs too until `overlapMs` from now, any older one no more.
   * @throws WebhookNotFound, WebhookCommandReused, RevisionConflict, and what the store and the vault throw
   */
  async rotate(webhookId: string, overlapMs: number, command: WebhookCommand): Promise<WebhookOutcome> {
    const { events, webhook } = await this.read(webhookId);
    if (webhook === undefined || webhook.deleted) throw new WebhookNotFound();
    const earlier = earlierOf(events, command);
    if (earlier) return this.outcome(webhookId, null, command, earlier);
    assertUnchanged(webhook, command);
    const secret = mintSecret();
    const sealed = await this.options.vault.seal(webhook.secret.subjectId, { secret });
    const endsAt = new Date(this.options.clock.now().getTime() + overlapMs).toISOString();
    const data = { webhookId, secret: sealed, formerSecretEndsAt: endsAt };
    const event: WebhookEvent = { type: 'WebhookSecretRotated', data };
    const written = await this.append(webhookId, webhook.revision, event, command);
    return this.outcome(webhookId, secret, command, written);
  }

  /** Calls it no more until it is enabled; once it is disabled, again is the same. @throws as `rotate` */
  async disable(webhookId: string, cause: DisableCause, command: WebhookCommand): Promise<WebhookOutcome> {
    const event: WebhookEvent = { type: 'WebhookDisabled', data: { webhookId, cause } };
    return this.unless(({ disabled }) => disabled !== null, event, command);
  }

  /** Calls it again; what waits for it is as new. @throws as `rotate` */
  async enable(webhookId: string, command: WebhookCommand): Promise<WebhookOutcome> {
    const event: WebhookEvent = { type: 'WebhookEnabled', data: { webhookId } };
    return this.unless(({ disabled }) => disabled === null, event, command);
  }

  /** Ends it for good, and forgets its secrets in every copy of the log. @throws as `rotate` */
  async remove(webhookId: string, command: WebhookCommand): Promise<WebhookOutcome> {
    const { events, webhook } = await this.read(webhookId);
    if (webhook === undefined) throw new WebhookNotFound();
    let written: Pick<AppendResult, 'revision' | 'position' | 'duplicate'>;
    if (webhook.deleted) {
      // An earlier attempt may have died before it had forgotten the secrets.
      if (!events.some(({ commandId }) => commandId === command.commandId)) throw new WebhookNotFound();
      written = { ...(events.at(-1) as RecordedWebhookEvent), duplicate: true };
    } else {
      assertUnchanged(webhook, command);
      const event: WebhookEvent = { type: 'WebhookDeleted', data: { webhookId } };
      written = await this.append(webhookId, webhook.revision, event, command);
    }
    await this.options.vault.forget(webhook.secret.subjectId);
    return this.outcome(webhookId, null, command, written);
  }

  /** @throws WebhookNotFound, also of one that is deleted, and what the store throws */
  async find(webhookId: string): Promise<Webhook> {
    const webhook = await this.lookUp(webhookId);
    if (webhook === undefined || webhook.deleted) throw new WebhookNotFound();
    return webhook;
  }

  /** Deleted ones too; undefined for what was never registered. @throws what the store throws */
  async lookUp(webhookId: string): Promise<Webhook | undefined> {
    return (await this.read(webhookId)).webhook;
  }

  private async unless(
    isSo: (webhook: Webhook) => boolean,
    event: WebhookEvent,
    command: WebhookCommand,
  ): Promise<WebhookOutcome> {
    const { webhookId } = event.data;
    const { events, webhook } = await this.read(webhookId);
    if (webhook === undefined || webhook.deleted) throw new WebhookNotFound();
    const earlier = earlierOf(events, command);
    if (earlier) return this.outcome(webhookId, null, command, earlier);
    if (isSo(webhook)) {
      const { revision, position } = events.at(-1) as RecordedWebhookEvent;
      return { webhook, current: webhook, secret: null, revision, position, replayed: true };
    }
    assertUnchanged(webhook, command);
    const written = await this.append(webhookId, webhook.revision, event, command);
    return this.outcome(webhookId, null, command, written);
  }

  private async read(
    webhookId: string,
  ): Promise<{ readonly webhook: Webhook | undefined; readonly events: readonly RecordedWebhookEvent[] }> {
    // Ids come from addresses, too: what is none is in no stream.
    const stored = isWebhookId(webhookId) ? await this.stream(webhookId) : [];
    const events = stored.map(decodeWebhookEvent);
    return { events, webhook: foldWebhook(events) };
  }

  private async stream(webhookId: string): Promise<RecordedEvent[]> {
    try {
      return await this.options.store.readStream(webhookStreamId(webhookId));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'STREAM_NOT_FOUND') return [];
      throw error;
    }
  }

  private append(
    webhookId: string,
    expected: number | 'none',
    event: WebhookEvent,
    { ifMatch: _, ...command }: WebhookCommand,
  ): Promise<AppendResult> {
    if (!fitsItsSchema(event)) throw new TypeError(`data of ${event.type} does not fit its schema`);
    const now = this.options.clock.now().toISOString();
    const eventId = uuidV5(command.commandId, '0');
    const envelope = { eventId, schemaVersion: 1, occurredAt: now, recordedAt: now };
    const entry: NewEvent = { ...event, ...envelope, ...command };
    return this.options.store.append(webhookStreamId(webhookId), expected, [entry]);
  }

  /** As it was when the command had been carried out; what an earlier attempt had written shows no secret. @throws WebhookCommandReused */
  private async outcome(
    webhookId: string,
    secret: string | null,
    { commandId, requestHash }: WebhookCommand,
    { revision, position, duplicate }: Pick<AppendResult, 'revision' | 'position' | 'duplicate'>,
  ): Promise<WebhookOutcome> {
    const { webhook: current, events } = await this.read(webhookId);
    const last = events.findIndex((event) => event.commandId === commandId);
    const webhook = foldWebhook(events.slice(0, last + 1));
    if (
      webhook === undefined ||
      current === undefined ||
      (duplicate && events[last]?.requestHash !== requestHash)
    )
      throw new WebhookCommandReused();
    return { webhook, current, secret: duplicate ? null : secret, revision, position, replayed: duplicate };
  }
}

/**
 * What an earlier attempt of this command has written. Looked for before anything else: a caller who lost the answer sends
 * the same `If-Match` again, which no longer fits by what it did itself.
 */
function earlierOf(
  events: readonly RecordedWebhookEvent[],
  { commandId }: WebhookCommand,
): Pick<AppendResult, 'revision' | 'position' | 'duplicate'> | undefined {
  const earlier = events.find((event) => event.commandId === commandId);
  return earlier && { ...earlier, duplicate: true };
}

/** @throws RevisionConflict */
function assertUnchanged({ webhookId, revision }: Webhook, { ifMatch }: WebhookCommand): void {
  if (ifMatch === undefined || ifMatch === revision) return;
  throw new RevisionConflict(webhookStreamId(webhookId), ifMatch, revision);
}
