import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { decodeCursor, encodeCursor, PageQuery } from '@shaoying/http';
import { CurrentPrincipal, type Principal } from '@shaoying/identity';
import type { Delivery } from '@shaoying/subscriptions';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { Tells } from './answers.dto.js';
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
  constructor(
    private readonly platform: Platform,
    private readonly streams: OpenStreams,
  ) {}

  @Tells('Make a group of consumers; one that is there stays where it is', ConsumerGroupsAnswer)
  @Post()
  @HttpCode(200)
  async make(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() { name, after = '0', maxDeliveries = maxDeliveriesDefault }: MakeConsumerGroupDto,
  ): Promise<ConsumerGroupsAnswer> {
    assertReaches(this.platform, request, principal, id);
    const { consumerGroups } = this.platform;
    await consumerGroups.create(id, name, after, maxDeliveries);
    return { items: (await consumerGroups.list(id)).filter((group) => group.name === name) };
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

  @Tells('Lease the next items, or wait for some; of one incident one at a time, in order', LeaseAnswer)
  @Post(':group/lease')
  @HttpCode(200)
  async lease(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { max = 10, visibilitySeconds = visibilitySecondsDefault, waitSeconds = 0 }: LeaseDto,
  ): Promise<Buffer> {
    assertReaches(this.platform, request, principal, id);
    const asked = { max, visibilityMs: visibilitySeconds * 1_000, waitMs: waitSeconds * 1_000 };
    const holder = { unitId: id, accountId: principal.id };
    const deliveries = await this.streams.whileOpen(holder, reply, (signal) =>
      this.platform.consumerGroups.lease(id, nameOf(group), { ...asked, signal }),
    );
    void reply.type('application/json; charset=utf-8');
    return listBytes('{"items":[', deliveries.map(leasedText), ']}');
  }

  @Tells('Items are done: nobody gets them again', SettledAnswer)
  @Post(':group/ack')
  @HttpCode(200)
  async acknowledge(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { deliveryIds }: AcknowledgeDto,
  ): Promise<SettledAnswer> {
    assertReaches(this.platform, request, principal, id);
    return this.platform.consumerGroups.acknowledge(id, nameOf(group), deliveryIds);
  }

  @Tells('Items are not done: they are delivered again after a while', SettledAnswer)
  @Post(':group/nack')
  @HttpCode(200)
  async giveBack(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { deliveryIds, delaySeconds = 0 }: GiveBackDto,
  ): Promise<SettledAnswer> {
    assertReaches(this.platform, request, principal, id);
    return this.platform.consumerGroups.giveBack(id, nameOf(group), deliveryIds, delaySeconds * 1_000);
  }

  @Tells('Items take longer: for as long again nobody else gets them', SettledAnswer)
  @Post(':group/extend')
  @HttpCode(200)
  async extend(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { deliveryIds, visibilitySeconds = visibilitySecondsDefault }: ExtendDto,
  ): Promise<SettledAnswer> {
    assertReaches(this.platform, request, principal, id);
    return this.platform.consumerGroups.extend(id, nameOf(group), deliveryIds, visibilitySeconds * 1_000);
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

  @Tells('Dead letters are delivered again', RedrivenAnswer)
  @Post(':group/dead-letters/redrive')
  @HttpCode(200)
  async redrive(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('group') group: string,
    @Body() { positions }: RedriveDto,
  ): Promise<RedrivenAnswer> {
    assertReaches(this.platform, request, principal, id);
    return { redriven: await this.platform.consumerGroups.redrive(id, nameOf(group), positions ?? null) };
  }
}

/** Whatever could not be the name of a group is none. @throws Refused */
function nameOf(group: string): string {
  if (!groupName.test(group)) throw new Refused('CONSUMER_GROUP_NOT_FOUND');
  return group;
}
