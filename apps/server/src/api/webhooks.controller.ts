import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { CommandEndpoint, decodeCursor, encodeCursor, PageQuery } from '@shaoying/http';
import { CurrentPrincipal, type Principal } from '@shaoying/identity';
import {
  attemptsOf,
  deliveryStateOf,
  rangeOf,
  TooManyWebhooks,
  WebhookIsDisabled,
  WebhookNotFound,
  Webhooks,
  webhooksOf,
  type Webhook,
  type WebhookCommand,
  type WebhookOutcome,
} from '@shaoying/webhooks';
import type { FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { actorOf } from './actors.js';
import { Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { isFeedPosition } from './consumer-groups.dto.js';
import { assertReaches } from './department-door.js';
import { KeyedRequests, TakesKey } from './keyed-requests.js';
import { reached, reachedPosition } from './read-your-writes.js';
import {
  concurrencyDefault,
  overlapHoursDefault,
  perSecondDefault,
  RedeliverAnswer,
  RedeliverDto,
  RegisterWebhookDto,
  RotateWebhookDto,
  WebhookAnswer,
  WebhookDeliveriesAnswer,
  WebhooksAnswer,
  WebhookSecretAnswer,
} from './webhooks.dto.js';
import './webhooks.problems.js';

/** More would be other systems' copies of the same. */
const webhooksPerDepartmentMax = 20;

/** Where a department's systems are called with its dispatches, and how that goes. */
@ApiTags('departments')
@ApiBearerAuth()
@Controller('v1/departments/:id/webhooks')
export class WebhooksController {
  private readonly endpoint = new CommandEndpoint();
  private readonly requests = new KeyedRequests();

  constructor(private readonly platform: Platform) {}

  @Tells('Have a system called with the dispatches; the secret is shown once', WebhookSecretAnswer, 201, [
    'Location',
  ])
  @Post()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async register(
    @Caller() caller: CommandCaller,
    @Param('id') departmentId: string,
    @Body() body: RegisterWebhookDto,
  ): Promise<WebhookSecretAnswer> {
    assertReaches(this.platform, caller.request, caller.principal, departmentId);
    const { webhooks, registrations, deliveries, stores } = this.platform;
    const { url, concurrency = concurrencyDefault, perSecond = perSecondDefault } = body;
    const after = body.after ?? (await stores.log.head());
    const outcome = await this.run(caller, (command) =>
      registrations.run(departmentId, async () => {
        await this.assertRoom(departmentId, command);
        return webhooks.register({ departmentId, url, after, concurrency, perSecond }, command);
      }),
    );
    if (!outcome.current.deleted) await deliveries.begin(outcome.current);
    const { webhookId } = outcome.webhook;
    void caller.reply.header('Location', `/v1/departments/${departmentId}/webhooks/${webhookId}`);
    return { ...answerOf(outcome.webhook, null), secret: outcome.secret };
  }

  @Tells("The department's webhooks, without their secrets", WebhooksAnswer)
  @Get()
  async list(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') departmentId: string,
  ): Promise<WebhooksAnswer> {
    assertReaches(this.platform, request, principal, departmentId);
    await reached(this.platform, 'webhook-index', request);
    const ids = await webhooksOf(this.platform.stores.readModels, departmentId);
    const found = await Promise.all(ids.map((id) => this.platform.webhooks.lookUp(id)));
    const present = found.filter((webhook) => webhook !== undefined && !webhook.deleted);
    return { items: await Promise.all(present.map((webhook) => this.answerOf(webhook as Webhook))) };
  }

  @Tells('A webhook, what was done to it, and how deliveries go', WebhookAnswer)
  @Get(':webhookId')
  async one(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
  ): Promise<WebhookAnswer> {
    assertReaches(this.platform, request, principal, departmentId);
    return this.answerOf(await this.find(departmentId, webhookId));
  }

  @Tells('End a webhook, and forget its secrets', undefined, 204, ['ETag', 'Shaoying-Position'])
  @Delete(':webhookId')
  @HttpCode(204)
  async remove(
    @Caller() caller: CommandCaller,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
  ): Promise<void> {
    await this.assertOwn(caller, departmentId, webhookId);
    const { webhooks, deliveries } = this.platform;
    await this.run(caller, (command) => webhooks.remove(webhookId, command));
    await deliveries.forget(webhookId);
  }

  @Tells('A new secret; for a while both sign', WebhookSecretAnswer)
  @Post(':webhookId/rotate')
  @HttpCode(200)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async rotate(
    @Caller() caller: CommandCaller,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
    @Body() { overlapHours = overlapHoursDefault }: RotateWebhookDto,
  ): Promise<WebhookSecretAnswer> {
    await this.assertOwn(caller, departmentId, webhookId);
    const { webhooks } = this.platform;
    const overlapMs = overlapHours * 3_600_000;
    const { webhook, secret } = await this.run(caller, (command) =>
      webhooks.rotate(webhookId, overlapMs, command),
    );
    return { ...(await this.answerOf(webhook)), secret };
  }

  @Tells('Call it no more until it is enabled; what comes waits', WebhookAnswer)
  @Post(':webhookId/disable')
  @HttpCode(200)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async disable(
    @Caller() caller: CommandCaller,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
  ): Promise<WebhookAnswer> {
    await this.assertOwn(caller, departmentId, webhookId);
    const { webhooks, deliveries } = this.platform;
    const { webhook, current } = await this.run(caller, (command) =>
      webhooks.disable(webhookId, 'BY_HAND', command),
    );
    // What has been done since the first time stands: a repetition stops nothing that was enabled again.
    if (webhook.revision === current.revision) await deliveries.setDisabled(webhookId);
    return this.answerOf(webhook);
  }

  @Tells('Call it again, with all that has waited', WebhookAnswer)
  @Post(':webhookId/enable')
  @HttpCode(200)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async enable(
    @Caller() caller: CommandCaller,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
  ): Promise<WebhookAnswer> {
    await this.assertOwn(caller, departmentId, webhookId);
    const { webhooks, deliveries } = this.platform;
    const { webhook, current } = await this.run(caller, (command) => webhooks.enable(webhookId, command));
    if (webhook.revision === current.revision) await deliveries.setEnabled(webhookId);
    return this.answerOf(webhook);
  }

  @Tells('Attempts to deliver, the newest first, without what was said', WebhookDeliveriesAnswer)
  @Get(':webhookId/deliveries')
  async deliveries(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<WebhookDeliveriesAnswer> {
    assertReaches(this.platform, request, principal, departmentId);
    await this.find(departmentId, webhookId);
    const before = decodeCursor(cursor, isFeedPosition) ?? null;
    const found = await attemptsOf(this.platform.stores.readModels, webhookId, before, limit + 1);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      items: page.map(({ id: _, ...attempt }) => attempt),
      nextCursor: last ? encodeCursor(last.id) : null,
    };
  }

  @Tells('Deliver items once more, under their ids; a thousand at once', RedeliverAnswer, 200, [
    'Idempotency-Replayed',
  ])
  @TakesKey()
  @Post(':webhookId/redeliver')
  @HttpCode(200)
  async redeliver(
    @Caller() caller: CommandCaller,
    @Param('id') departmentId: string,
    @Param('webhookId') webhookId: string,
    @Body() body: RedeliverDto,
  ): Promise<RedeliverAnswer> {
    assertReaches(this.platform, caller.request, caller.principal, departmentId);
    const webhook = await this.find(departmentId, webhookId);
    const { deliveries } = this.platform;
    const { redelivered, next } = await this.requests.run(caller, async (command) => {
      const earlier = command && (await deliveries.redelivered(command));
      if (earlier !== undefined) return earlier;
      if (webhook.disabled !== null) throw new WebhookIsDisabled();
      return deliveries.redeliver(webhook, rangeOf(body), command);
    });
    return { redelivered, next };
  }

  private run(
    { request, reply, principal, permitted }: CommandCaller,
    act: (command: WebhookCommand) => Promise<WebhookOutcome>,
  ): Promise<WebhookOutcome> {
    const actor = actorOf(principal, permitted);
    return this.endpoint.run(request, reply, principal, (context) => act({ ...context, actor }));
  }

  /** One of another department is told like one that never was. @throws WebhookNotFound */
  private async find(departmentId: string, webhookId: string): Promise<Webhook> {
    const webhook = await this.platform.webhooks.find(webhookId);
    if (webhook.departmentId !== departmentId) throw new WebhookNotFound();
    return webhook;
  }

  /** Deleted ones too, so that a repeated deletion gets its first answer. @throws Refused, WebhookNotFound */
  private async assertOwn(
    { request, principal }: CommandCaller,
    departmentId: string,
    webhookId: string,
  ): Promise<void> {
    assertReaches(this.platform, request, principal, departmentId);
    const webhook = await this.platform.webhooks.lookUp(webhookId);
    if (webhook?.departmentId !== departmentId) throw new WebhookNotFound();
  }

  /**
   * Of all that is registered by now. A repeated request takes no place of its own.
   * @throws TooManyWebhooks, Refused READ_MODEL_BEHIND after 5 s
   */
  private async assertRoom(departmentId: string, command: WebhookCommand): Promise<void> {
    const { stores, webhooks } = this.platform;
    await reachedPosition(this.platform, 'webhook-index', await stores.log.head());
    const ids = await webhooksOf(stores.readModels, departmentId);
    if (ids.length < webhooksPerDepartmentMax) return;
    if ((await webhooks.lookUp(Webhooks.idOf(command))) === undefined)
      throw new TooManyWebhooks(webhooksPerDepartmentMax);
  }

  private async answerOf(webhook: Webhook): Promise<WebhookAnswer> {
    return answerOf(webhook, await deliveryStateOf(this.platform.stores.readModels, webhook.webhookId));
  }
}

/** @param state how deliveries go; null where none has begun */
function answerOf(webhook: Webhook, state: Awaited<ReturnType<typeof deliveryStateOf>>): WebhookAnswer {
  const begun = { position: webhook.after, waiting: 0, givenUp: 0, failuresInARow: 0 };
  const never = { failingSince: null, deliveredAt: null };
  const { webhookId: id, url, concurrency, perSecond, disabled, former, steps } = webhook;
  return {
    ...{ id, url, state: disabled === null ? 'ENABLED' : 'DISABLED', disabledBecause: disabled },
    ...{ concurrency, perSecond, formerSecretEndsAt: former?.endsAt ?? null },
    ...(state ?? { ...begun, ...never }),
    history: [...steps],
  };
}
