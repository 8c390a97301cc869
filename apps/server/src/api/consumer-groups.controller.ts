import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { decodeCursor, encodeCursor, PageQuery } from '@shaoying/http';
import { CurrentPrincipal, type Principal } from '@shaoying/identity';
import type { Delivery, LeaseCommand, LeaseRequest, Lent, Settled } from '@shaoying/subscriptions';
import type { FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import {
  AcknowledgeDto,
  ConsumerGroupsAnswer,
  DeadLettersAnswer,
  ExtendDto,
  GiveBackDto,
  groupName,
  isFeedPosition,
  LeaseAnswer,
  LeaseDto,
  MakeConsumerGroupDto,
  maxDeliveriesDefault,
  RedriveDto,
  RedrivenAnswer,
  SettledAnswer,
  visibilitySecondsDefault,
} from './consumer-groups.dto.js';
import { assertReaches } from './department-door.js';
import { listBytes } from './json-bytes.js';
import { KeyedRequests, TakesKey } from './keyed-requests.js';
import { OpenStreams } from './open-streams.js';
import { Refused } from './refused.js';

const parsed = (cloudEvent: string): unknown => JSON.parse(cloudEvent);
/** Items are JSON already: reading and writing them again would be most of what answering costs. */
const leasedText = ({ cloudEvent, ...delivery }: Delivery): string =>
  `${JSON.stringify(delivery).slice(0, -1)},"event":${cloudEvent}}`;

/** Groups of consumers of a department's feed: each gets everything, and its consumers share the work. */
@ApiTags('departments')
@ApiBearerAuth()
@Controller('v1/departments/:id/consumer-groups')
export class ConsumerGroupsController {
  private readonly requests = new KeyedRequests();

  constructor(
    private readonly platform: Platform,
    private readonly streams: OpenStreams,
  ) {}

  @Tells('Make a group of consumers; one that is there stays where it is', ConsumerGroupsAnswer, 200, [
    'Idempotency-Replayed',
  ])
  @TakesKey()
  @Post()
  @HttpCode(200)
  async make(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() { name, after = '0', maxDeliveries = maxDeliveriesDefault }: MakeConsumerGroupDto,
  ): Promise<ConsumerGroupsAnswer> {
    assertReaches(this.platform, caller.request, caller.principal, id);
    const { group } = await this.requests.run(caller, (command) =>
      this.platform.consumerGroups.make(id, name, after, maxDeliveries, command),
    );
    return { items: [group] };
  }

  @Tells('The groups of consumers of a feed, with what they have left to do', ConsumerGroupsAnswer)
  @Get()
  async list(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
  ): Promise<ConsumerGroupsAnswer> {
    assertReaches(this.platform, request, principal, id);
    return { items: await this.platform.consumerGroups.list(id) };
  }

  @Tells('Forget a group of consumers, with all it has left to do')
  @Delete(':group')
  @HttpCode(204)
  async remove(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('group') group: string,
  ): Promise<void> {
    assertReaches(this.platform, request, principal, id);
    await this.platform.consumerGroups.remove(id, nameOf(group));
  }

  @Tells(
    'Lease the next items, or wait for some; of one incident one at a time, in order',
    LeaseAnswer,
    200,
    ['Idempotency-Replayed'],
  )
  @TakesKey()
  @Post(':group/lease')
  @HttpCode(200)
  async lease(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { max = 10, visibilitySeconds = visibilitySecondsDefault, waitSeconds = 0 }: LeaseDto,
  ): Promise<Buffer> {
    const { request, reply, principal } = caller;
    assertReaches(this.platform, request, principal, id);
    const asked = { max, visibilityMs: visibilitySeconds * 1_000, waitMs: waitSeconds * 1_000 };
    const holder = { unitId: id, accountId: principal.id };
    const { deliveries } = await this.requests.run(caller, (command) =>
      this.streams.whileOpen(holder, reply, (signal) =>
        this.leased(id, nameOf(group), { ...asked, signal }, command),
      ),
    );
    void reply.type('application/json; charset=utf-8');
    return listBytes('{"items":[', deliveries.map(leasedText), ']}');
  }

  @Tells('Items are done: nobody gets them again. Once they are, again is the same', SettledAnswer, 200, [
    'Idempotency-Replayed',
  ])
  @TakesKey()
  @Post(':group/ack')
  @HttpCode(200)
  async acknowledge(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { deliveryIds }: AcknowledgeDto,
  ): Promise<SettledAnswer> {
    return this.settled(caller, id, (command) =>
      this.platform.consumerGroups.acknowledge(id, nameOf(group), deliveryIds, command),
    );
  }

  @Tells(
    'Items are not done: they are delivered again after a while. Once they are given back, again is the same',
    ...([SettledAnswer, 200, ['Idempotency-Replayed']] as const),
  )
  @TakesKey()
  @Post(':group/nack')
  @HttpCode(200)
  async giveBack(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { deliveryIds, delaySeconds = 0 }: GiveBackDto,
  ): Promise<SettledAnswer> {
    const delayMs = delaySeconds * 1_000;
    return this.settled(caller, id, (command) =>
      this.platform.consumerGroups.giveBack(id, nameOf(group), deliveryIds, delayMs, command),
    );
  }

  @Tells('Items take longer: for as long again nobody else gets them', SettledAnswer, 200, [
    'Idempotency-Replayed',
  ])
  @TakesKey()
  @Post(':group/extend')
  @HttpCode(200)
  async extend(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { deliveryIds, visibilitySeconds = visibilitySecondsDefault }: ExtendDto,
  ): Promise<SettledAnswer> {
    const visibilityMs = visibilitySeconds * 1_000;
    return this.settled(caller, id, (command) =>
      this.platform.consumerGroups.extend(id, nameOf(group), deliveryIds, visibilityMs, command),
    );
  }

  @Tells('Items that were delivered too often without an acknowledgement', DeadLettersAnswer)
  @Get(':group/dead-letters')
  async deadLetters(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('group') group: string,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<DeadLettersAnswer> {
    assertReaches(this.platform, request, principal, id);
    const after = decodeCursor(cursor, isFeedPosition) ?? '0';
    const letters = await this.platform.consumerGroups.deadLetters(id, nameOf(group), after, limit + 1);
    const page = letters.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ cloudEvent, ...letter }) => ({ ...letter, event: parsed(cloudEvent) })),
      nextCursor: letters.length > limit && last !== undefined ? encodeCursor(last.position) : null,
    };
  }

  @Tells('Dead letters are delivered again', RedrivenAnswer, 200, ['Idempotency-Replayed'])
  @TakesKey()
  @Post(':group/dead-letters/redrive')
  @HttpCode(200)
  async redrive(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { positions }: RedriveDto,
  ): Promise<RedrivenAnswer> {
    assertReaches(this.platform, caller.request, caller.principal, id);
    const { redriven } = await this.requests.run(caller, (command) =>
      this.platform.consumerGroups.redrive(id, nameOf(group), positions ?? null, command),
    );
    return { redriven: [...redriven] };
  }

  private async leased(
    id: string,
    group: string,
    asked: LeaseRequest,
    command?: LeaseCommand,
  ): Promise<Lent> {
    const { consumerGroups } = this.platform;
    if (command !== undefined) return consumerGroups.leaseOnce(id, group, asked, command);
    return { deliveries: await consumerGroups.lease(id, group, asked), replayed: false };
  }

  private async settled(
    caller: CommandCaller,
    id: string,
    act: (command: LeaseCommand | undefined) => Promise<Settled>,
  ): Promise<SettledAnswer> {
    assertReaches(this.platform, caller.request, caller.principal, id);
    const { settled, lost } = await this.requests.run(caller, act);
    return { settled, lost };
  }
}

/** Whatever could not be the name of a group is none. @throws Refused */
function nameOf(group: string): string {
  if (!groupName.test(group)) throw new Refused('CONSUMER_GROUP_NOT_FOUND');
  return group;
}
