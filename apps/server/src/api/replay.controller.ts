import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiHeader,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import {
  dayOf,
  isReplayable,
  parseSpeed,
  ReplayFeed,
  replayedUnit,
  UnitReplay,
  windowOfDay,
  type ReplayedEvent,
  type ReplayedUnit,
  type ReplaySpeed,
  type ReplayWindow,
} from '@shaoying/audit';
import { parsePosition } from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { scopeOf, sees } from '@shaoying/incident-application';
import { resumePosition, streamFeed } from '@shaoying/subscriptions';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { Tells } from './answers.dto.js';
import { assertReaches } from './department-door.js';
import { OpenStreams } from './open-streams.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';
import { ReplayedEventAnswer, UnitReplayQuery } from './replay.dto.js';

/** Each holds up to 20,000 events of half a kilobyte: 320 MB at the worst. */
const replaysMax = 32;

const board = 'incident-board';

/** Of a stream whose items are told by a schema of their own. */
const Replayed = (): MethodDecorator =>
  ApiResponse({
    status: 200,
    description: 'event: replayed, data: one of these; event: end at the end',
    content: { 'text/event-stream': { schema: { $ref: getSchemaPath(ReplayedEventAnswer) } } },
  });

/** A day of a department or of a place, played again: straight from the log, at any speed. */
@ApiTags('oversight')
@ApiBearerAuth()
@ApiExtraModels(ReplayedEventAnswer)
@ApiHeader({ name: 'Last-Event-ID', required: false })
@Controller('v1')
export class ReplayController {
  private open = 0;

  constructor(
    private readonly platform: Platform,
    private readonly replay: UnitReplay,
    private readonly streams: OpenStreams,
  ) {}

  @Tells("A department's day as Server-Sent Events, at any speed; ends at the end")
  @Replayed()
  @Get('departments/:id/replay/stream')
  async department(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: UnitReplayQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    assertReaches(this.platform, request, principal, id);
    await this.play(id, { request, principal, permitted, query, lastEventId, reply });
  }

  @Tells(
    "A street's, community's, estate's, district's or city's day as Server-Sent Events, as far as in sight",
  )
  @Replayed()
  @Get('org-units/:id/replay/stream')
  async place(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: UnitReplayQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.play(id, { request, principal, permitted, query, lastEventId, reply });
  }

  private async play(id: string, asked: Asked): Promise<void> {
    const unit = replayedUnit(id, this.platform.directory);
    if (unit === undefined) throw new Refused('ORG_UNIT_NOT_FOUND');
    const { after, speed, window } = this.termsOf(asked);
    await reached(this.platform, board, asked.request);
    if (this.open >= replaysMax) throw new Refused('TOO_MANY_REPLAYS');
    const holder = { unitId: id, accountId: asked.principal.id };
    this.streams.enter(holder);
    this.open += 1;
    try {
      const events = await this.eventsOf(unit, window, asked);
      await this.send(unit, new ReplayFeed(events, speed, after), after, asked);
    } finally {
      this.open -= 1;
      this.streams.leave(holder);
    }
  }

  private eventsOf(unit: ReplayedUnit, window: ReplayWindow, asked: Asked): Promise<ReplayedEvent[]> {
    const { principal, permitted, query } = asked;
    const scope = scopeOf(principal, permitted, this.platform.directory);
    return this.replay.events({
      ...{ unit, window, knownAt: query.knownAt ?? null },
      sees: (view) => sees(scope, view),
    });
  }

  private async send(unit: ReplayedUnit, source: ReplayFeed, after: string, asked: Asked): Promise<void> {
    const { principal, reply } = asked;
    reply.hijack();
    await streamFeed({
      ...{ source, feedId: unit.id, after, response: reply.raw, eventName: 'replayed' },
      signal: this.streams.signal,
      ...(principal.expiresAt === undefined ? {} : { expiresAt: principal.expiresAt }),
      ...(principal.stillCounts === undefined ? {} : { stillCounts: principal.stillCounts }),
      onError: (error) => this.platform.logger.warn({ err: error, unitId: unit.id }, 'replay ended'),
    });
  }

  /** @throws Refused REPLAY_WINDOW, RequestRefused INVALID_POSITION */
  private termsOf({ query, lastEventId }: Asked): {
    after: string;
    speed: ReplaySpeed;
    window: ReplayWindow;
  } {
    const { from, to } = query;
    const isSpan = from !== undefined || to !== undefined;
    if (isSpan && query.day !== undefined) throw new Refused('REPLAY_WINDOW');
    const day = query.day ?? dayOf(this.platform.clock.now().toISOString());
    const window = isSpan ? { from: from ?? '', to: to ?? '' } : windowOfDay(day);
    const speed = parseSpeed(query.speed ?? '60x');
    if (window === undefined || speed === undefined || !isReplayable(window))
      throw new Refused('REPLAY_WINDOW');
    const last = parsePosition(lastEventId || undefined);
    return { window, speed, after: resumePosition(last, parsePosition(query.after || undefined)) };
  }
}

interface Asked {
  readonly request: FastifyRequest;
  readonly principal: Principal;
  readonly permitted: readonly Role[];
  readonly query: UnitReplayQuery;
  readonly lastEventId: string | undefined;
  readonly reply: FastifyReply;
}
