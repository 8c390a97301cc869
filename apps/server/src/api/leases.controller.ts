import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '@shaoying/identity';
import {
  ConsumerGroupNotFound,
  isDeliveryId,
  type Delivery,
  type LeaseRequest,
  type Settled,
} from '@shaoying/subscriptions';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { Tells } from './answers.dto.js';
import { maxDeliveriesDefault, visibilitySecondsDefault } from './consumer-groups.dto.js';
import { assertReaches } from './department-door.js';
import { EmptyDto } from './incident.dto.js';
import { listBytes } from './json-bytes.js';
import {
  ExtendLeaseDto,
  GiveUpLeaseDto,
  LeaseDispatchesDto,
  LeasedAnswer,
  OneLeaseAnswer,
} from './leases.dto.js';
import { OpenStreams } from './open-streams.js';
import { Refused } from './refused.js';

/** The group that a department has without making one. Its dead letters, and how far it is, stand with those of the other groups. */
const ownGroup = 'default';

/** Items are JSON already: reading and writing them again would be most of what answering costs. */
const leasedText = ({ deliveryId, cloudEvent, ...delivery }: Delivery): string =>
  `${JSON.stringify({ leaseId: deliveryId, ...delivery }).slice(0, -1)},"event":${cloudEvent}}`;

/**
 * Leases for a department whose systems all share the work: the consumer group `default`, made at the first lease, from everything
 * there ever was. Whoever made a group of that name before has it begin where he said.
 */
@ApiTags('departments')
@ApiBearerAuth()
@Controller('v1/departments/:id/leases')
export class LeasesController {
  constructor(
    private readonly platform: Platform,
    private readonly streams: OpenStreams,
  ) {}

  @Tells(
    'Lease the next dispatches, or wait for some; of one incident one at a time, in order. Consumers of the group default',
    LeasedAnswer,
  )
  @Post()
  @HttpCode(200)
  async lease(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('id') id: string,
    @Body()
    { max = 10, visibilityTimeoutSeconds = visibilitySecondsDefault, waitSeconds = 0 }: LeaseDispatchesDto,
  ): Promise<Buffer> {
    assertReaches(this.platform, request, principal, id);
    const asked = { max, visibilityMs: visibilityTimeoutSeconds * 1_000, waitMs: waitSeconds * 1_000 };
    const holder = { unitId: id, accountId: principal.id };
    const deliveries = await this.streams.whileOpen(holder, reply, (signal) =>
      this.leased(id, { ...asked, signal }),
    );
    void reply.type('application/json; charset=utf-8');
    return listBytes('{"items":[', deliveries.map(leasedText), ']}');
  }

  @Tells('A leased dispatch is done: nobody gets it again', OneLeaseAnswer)
  @Post(':leaseId/ack')
  @HttpCode(200)
  acknowledge(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('leaseId') leaseId: string,
    @Body() _body: EmptyDto,
  ): Promise<OneLeaseAnswer> {
    assertReaches(this.platform, request, principal, id);
    const { consumerGroups } = this.platform;
    return settled(leaseId, () => consumerGroups.acknowledge(id, ownGroup, [leaseId]));
  }

  @Tells('A leased dispatch is not done: it is delivered again after a while', OneLeaseAnswer)
  @Post(':leaseId/nack')
  @HttpCode(200)
  giveBack(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('leaseId') leaseId: string,
    @Body() { delaySeconds = 0 }: GiveUpLeaseDto,
  ): Promise<OneLeaseAnswer> {
    assertReaches(this.platform, request, principal, id);
    const { consumerGroups } = this.platform;
    return settled(leaseId, () => consumerGroups.giveBack(id, ownGroup, [leaseId], delaySeconds * 1_000));
  }

  @Tells('A leased dispatch takes longer: for as long again nobody else gets it', OneLeaseAnswer)
  @Post(':leaseId/extend')
  @HttpCode(200)
  extend(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('leaseId') leaseId: string,
    @Body() { visibilityTimeoutSeconds = visibilitySecondsDefault }: ExtendLeaseDto,
  ): Promise<OneLeaseAnswer> {
    assertReaches(this.platform, request, principal, id);
    const { consumerGroups } = this.platform;
    const visibilityMs = visibilityTimeoutSeconds * 1_000;
    return settled(leaseId, () => consumerGroups.extend(id, ownGroup, [leaseId], visibilityMs));
  }

  private async leased(id: string, asked: LeaseRequest): Promise<readonly Delivery[]> {
    const { consumerGroups } = this.platform;
    try {
      return await consumerGroups.lease(id, ownGroup, asked);
    } catch (error) {
      if (!(error instanceof ConsumerGroupNotFound)) throw error;
      await consumerGroups.create(id, ownGroup, '0', maxDeliveriesDefault);
      return consumerGroups.lease(id, ownGroup, asked);
    }
  }
}

/** @throws Refused LEASE_NOT_FOUND for what is no lease, and for one that has ended: nothing is kept of those. */
async function settled(leaseId: string, act: () => Promise<Settled>): Promise<OneLeaseAnswer> {
  if (!isDeliveryId(leaseId)) throw new Refused('LEASE_NOT_FOUND');
  try {
    if ((await act()).settled.length > 0) return { leaseId };
  } catch (error) {
    if (!(error instanceof ConsumerGroupNotFound)) throw error;
  }
  throw new Refused('LEASE_NOT_FOUND');
}
