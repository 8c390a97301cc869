import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiHeader,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
  getSchemaPath,
  IntersectionType,
} from '@nestjs/swagger';
import {
  decodeCursor,
  encodeCursor,
  TableQuery,
  PageQuery,
  pageTableOf,
  parsePosition,
  RequestRefused,
  requestTraceparent,
  type Page,
} from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { scopeOf } from '@shaoying/incident-application';
import type { QueueItem } from '@shaoying/incident-read-models';
import { resumePosition, streamFeed } from '@shaoying/subscriptions';
import { IsOptional } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { ReadQueue } from '../queries/queries.js';
import { CloudEventAnswer, DispatchesAnswer, QueueAnswer, Tells } from './answers.dto.js';
import { isFeedPosition } from './consumer-groups.dto.js';
import { assertReaches } from './department-door.js';
import { queueColumns } from './incident-tables.js';
import { MomentQuery } from './incident.dto.js';
import { listBytes } from './json-bytes.js';
import { momentOf } from './moment.js';
import { OpenStreams } from './open-streams.js';
import { isQueuePlace } from './queue-place.js';
import { reached } from './read-your-writes.js';
import { TellsTable } from './tells-table.js';

class QueueQuery extends IntersectionType(PageQuery, MomentQuery, TableQuery) {}

class StreamQuery {
  @ApiPropertyOptional({ description: 'Position after which to start' })
  @IsOptional()
  after?: string;
}

class FeedQuery extends IntersectionType(PageQuery, StreamQuery) {}

/** Queues and feeds of departments, and of streets that are whistled to. */
@ApiTags('departments')
@ApiBearerAuth()
@Controller('v1')
export class DepartmentsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
    private readonly streams: OpenStreams,
  ) {}

  @TellsTable('Open tasks of a department, oldest first', {
    ...{ type: QueueAnswer, columns: queueColumns, isPage: true },
  })
  @Get('departments/:id/queue')
  async queue(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: QueueQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<QueueItem> | string> {
    assertReaches(this.platform, request, principal, id);
    await reached(this.platform, 'department-tasks', request);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    const after = decodeCursor(query.cursor, isQueuePlace) ?? null;
    const page = await this.queries.execute(
      new ReadQueue(id, momentOf(query, this.platform.clock), { limit: query.limit, after }, scope),
    );
    const told: Page<QueueItem> = {
      ...{ items: page.items, nextCursor: page.next ? encodeCursor(page.next) : null },
    };
    return pageTableOf(request, reply, query, told, ({ items }) => items, queueColumns);
  }

  /** The dispatch feed by paging: the same items as the stream's. */
  @Tells('The dispatch feed by paging', DispatchesAnswer)
  @Get('departments/:id/dispatches')
  async dispatches(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query() { after, cursor, limit }: FeedQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    assertReaches(this.platform, request, principal, id);
    await reached(this.platform, 'dispatch-feed', request);
    if (cursor !== undefined && !isFeedPosition(cursor)) throw new RequestRefused('INVALID_CURSOR');
    // The cursor of a feed is a position: it goes on from a page, whatever the first one began after.
    const start = cursor ?? parsePosition(after) ?? '0';
    const items = await this.platform.feeds.read(id, start, limit + 1);
    const page = items.slice(0, limit);
    const position = page.at(-1)?.position ?? start;
    const rest = JSON.stringify({ nextCursor: items.length > limit ? position : null, position });
    // Items are JSON already: read and written again they would be most of what a page costs.
    void reply.type('application/json; charset=utf-8');
    return listBytes(
      '{"items":[',
      page.map(({ cloudEvent }) => cloudEvent),
      `],${rest.slice(1)}`,
    );
  }

  /** The dispatch feed as Server-Sent Events; `id:` is the position and `Last-Event-ID` resumes after it. */
  @Tells(
    'The dispatch feed as Server-Sent Events: id is the position, event is dispatch, data one CloudEvent',
  )
  @ApiExtraModels(CloudEventAnswer)
  @ApiResponse({
    status: 200,
    content: { 'text/event-stream': { schema: { $ref: getSchemaPath(CloudEventAnswer) } } },
  })
  @Get('departments/:id/dispatches/stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false })
  stream(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query() { after }: StreamQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): void {
    assertReaches(this.platform, request, principal, id);
    const start = resumePosition(parsePosition(lastEventId || undefined), parsePosition(after || undefined));
    const holder = { unitId: id, accountId: principal.id };
    this.streams.enter(holder);
    reply.hijack();
    const { id: requestId, headers } = request;
    const trace = { id: requestId, headers: { traceparent: headers['traceparent'] } };
    // Not waited for: what handles a request would be kept for as long as the stream is open, by the thousand.
    void streamFeed({
      source: this.platform.feeds,
      feedId: id,
      after: start,
      response: reply.raw,
      signal: this.streams.signal,
      ...(principal.expiresAt === undefined ? {} : { expiresAt: principal.expiresAt }),
      ...(principal.stillCounts === undefined ? {} : { stillCounts: principal.stillCounts }),
      onError: (error) =>
        this.platform.logger.warn(
          { err: error, departmentId: id, traceparent: requestTraceparent(trace) },
          'dispatch stream ended',
        ),
    }).finally(() => this.streams.leave(holder));
  }
}
