import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import {
  ConsumerGroupNotFound,
  isDeliveryId,
  type Delivery,
  type LeaseCommand,
  type LeaseRequest,
  type Lent,
  type Settled,
} from '@shaoying/subscriptions';
import { Platform } from '../platform.js';
import { Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { maxDeliveriesDefault, visibilitySecondsDefault } from './consumer-groups.dto.js';
import { assertReaches } from './department-door.js';
import { EmptyDto } from './incident.dto.js';
import { listBytes } from './json-bytes.js';
import { KeyedRequests, TakesKey } from './keyed-requests.js';
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
@TakesKey()
@Controller('v1/departments/:id/leases')
export class LeasesController {
  private readonly requests = new KeyedRequests();

  constructor(
    private readonly platform: Platform,
    private readonly streams: OpenStreams,
  ) {}

  @Tells(
    'Lease the next dispatches, or wait for some; of one incident one at a time, in order. Consumers of the group default',
    ...([LeasedAnswer, 200, ['Idempotency-Replayed']] as const),
  )
  @Post()
  @HttpCode(200)
  async lease(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body()
    { max = 10, visibilityTimeoutSeconds = visibilitySecondsDefault, waitSeconds = 0 }: LeaseDispatchesDto,
  ): Promise<Buffer> {
    const { request, reply, principal } = caller;
    assertReaches(this.platform, request, principal, id);
    const asked = { max, visibilityMs: visibilityTimeoutSeconds * 1_000, waitMs: waitSeconds * 1_000 };
    const holder = { unitId: id, accountId: principal.id };
    const { deliveries } = await this.requests.run(caller, (command) =>
      this.streams.whileOpen(holder, reply, (signal) => this.leased(id, { ...asked, signal }, command)),
    );
    void reply.type('application/json; charset=utf-8');
    return listBytes('{"items":[', deliveries.map(leasedText), ']}');
  }

  @Tells(
    'A leased dispatch is done: nobody gets it again. Once it is, again is the same',
    ...([OneLeaseAnswer, 200, ['Idempotency-Replayed']] as const),
  )
  @Post(':leaseId/ack')
  @HttpCode(200)
  acknowledge(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('leaseId') leaseId: string,
    @Body() _body: EmptyDto,
  ): Promise<OneLeaseAnswer> {
    const { consumerGroups } = this.platform;
    return this.settled(caller, id, leaseId, (command) =>
      consumerGroups.acknowledge(id, ownGroup, [leaseId], command),
    );
  }

  @Tells(
    'A leased dispatch is not done: it is delivered again after a while. Once it is given back, again is the same',
    ...([OneLeaseAnswer, 200, ['Idempotency-Replayed']] as const),
  )
  @Post(':leaseId/nack')
  @HttpCode(200)
  giveBack(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('leaseId') leaseId: string,
    @Body() { delaySeconds = 0 }: GiveUpLeaseDto,
  ): Promise<OneLeaseAnswer> {
    const { consumerGroups } = this.platform;
    return this.settled(caller, id, leaseId, (command) =>
      consumerGroups.giveBack(id, ownGroup, [leaseId], delaySeconds * 1_000, command),
    );
  }

  @Tells(
    'A leased dispatch takes longer: for as long again nobody else gets it',
    ...([OneLeaseAnswer, 200, ['Idempotency-Replayed']] as const),
  )
  @Post(':leaseId/extend')
  @HttpCode(200)
  extend(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('leaseId') leaseId: string,
    @Body() { visibilityTimeoutSeconds = visibilitySecondsDefault }: ExtendLeaseDto,
  ): Promise<OneLeaseAnswer> {
    const { consumerGroups } = this.platform;
    const visibilityMs = visibilityTimeoutSeconds * 1_000;
    return this.settled(caller, id, leaseId, (command) =>
      consumerGroups.extend(id, ownGroup, [leaseId], visibilityMs, command),
    );
  }

  private async leased(id: string, asked: LeaseRequest, command?: LeaseCommand): Promise<Lent> {
    const { consumerGroups } = this.platform;
    const lease = async (): Promise<Lent> => {
      if (command !== undefined) return consumerGroups.leaseOnce(id, ownGroup, asked, command);
      return { deliveries: await consumerGroups.lease(id, ownGroup, asked), replayed: false };
    };
    try {
      return await lease();
    } catch (error) {
      if (!(error instanceof ConsumerGroupNotFound)) throw error;
      await consumerGroups.create(id, ownGroup, '0', maxDeliveriesDefault);
      return lease();
    }
  }

  /** @throws Refused LEASE_NOT_FOUND for what is no lease, and for one that has ended otherwise, or so long ago that nothing is kept of it */
  private async settled(
    caller: CommandCaller,
    id: string,
    leaseId: string,
    act: (command: LeaseCommand | undefined) => Promise<Settled>,
  ): Promise<OneLeaseAnswer> {
    assertReaches(this.platform, caller.request, caller.principal, id);
    await this.requests.run(caller, async (command) => {
      if (!isDeliveryId(leaseId)) throw new Refused('LEASE_NOT_FOUND');
      const settled = await act(command).catch(refusedIfNoGroup);
      if (settled.settled.length === 0) throw new Refused('LEASE_NOT_FOUND');
      return settled;
    });
    return { leaseId };
  }
}

function refusedIfNoGroup(error: unknown): never {
  throw error instanceof ConsumerGroupNotFound ? new Refused('LEASE_NOT_FOUND') : error;
}
