import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiHeader, ApiPropertyOptional, ApiTags, IntersectionType } from '@nestjs/swagger';
import {
  decodeCursor,
  encodeCursor,
  tableOf,
  TableQuery,
  IsInstant,
  IsOpaqueId,
  PageQuery,
  parsePosition,
  requestTraceparent,
  type Page,
} from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { reachesDepartment, scopeOf } from '@shaoying/incident-application';
import type {
  LostTimeSum,
  Moment,
  QueueItem,
  StreetWorkload,
  Workload,
} from '@shaoying/incident-read-models';
import { resumePosition, streamFeed } from '@shaoying/subscriptions';
import { IsIn, IsOptional } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { ReadLostTimeSums, ReadQueue, ReadStreetWorkload, ReadWorkload } from '../queries/queries.js';
import { DispatchesAnswer, QueueAnswer, WorkloadAnswer, WorkloadsAnswer, Tells } from './answers.dto.js';
import { operationAt } from './caller.js';
import { MomentQuery } from './incident.dto.js';
import { assertReaches } from './department-door.js';
import { listBytes } from './json-bytes.js';
import { OpenStreams } from './open-streams.js';
import { isQueuePlace } from './queue-place.js';
import { reached } from './read-your-writes.js';
import { momentOf } from './moment.js';
import { workloadColumns } from './metric-tables.js';
import { Refused } from './refused.js';

class QueueQuery extends IntersectionType(PageQuery, MomentQuery) {}

class FeedQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Position after which to start' })
  @IsOptional()
  after?: string;
}

class WorkloadQuery extends IntersectionType(MomentQuery, TableQuery) {
  @ApiPropertyOptional({
    format: 'date-time',
    description: 'Start of the window; default 30 days before asOf',
  })
  @IsOptional()
  @IsInstant()
  from?: string;
}

class WorkloadListQuery extends WorkloadQuery {
  @ApiPropertyOptional({
    enum: ['CITY', 'DISTRICT', 'SUBDISTRICT'],
    description: 'Level the departments belong to',
  })
  @IsOptional()
  @IsIn(['CITY', 'DISTRICT', 'SUBDISTRICT', 'COMMUNITY'])
  level?: string;

  @ApiPropertyOptional({ enum: ['department', 'street'], description: 'A row for each; default department' })
  @IsOptional()
  @IsIn(['department', 'street'])
  by?: 'department' | 'street';

  @ApiPropertyOptional({ description: 'Unit the departments belong to, at any depth' })
  @IsOptional()
  @IsOpaqueId()
  parent?: string;
}

/** Time lost, and whose, stands beside what everybody has to do. */
interface WorkloadsAnswered {
  readonly items: readonly (Workload | StreetWorkload)[];
  readonly lostTime: readonly LostTimeSum[];
}

const windowMs = 30 * 24 * 3_600_000;

/** Queues, feeds and workload of departments. */
@ApiTags('departments')
@ApiBearerAuth()
@Controller('v1')
export class DepartmentsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
    private readonly streams: OpenStreams,
  ) {}

  @Tells('Open tasks of a department, oldest first', QueueAnswer)
  @Get('departments/:id/queue')
  async queue(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: QueueQuery,
  ): Promise<Page<QueueItem>> {
    assertReaches(this.platform, request, principal, id);
    await reached(this.platform, 'department-tasks', request);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    const after = decodeCursor(query.cursor, isQueuePlace) ?? null;
    const page = await this.queries.execute(
      new ReadQueue(id, momentOf(query, this.platform.clock), { limit: query.limit, after }, scope),
    );
    return { items: page.items, nextCursor: page.next ? encodeCursor(page.next) : null };
  }

  /** The dispatch feed by paging: the same items as the stream's. */
  @Tells('The dispatch feed by paging', DispatchesAnswer)
  @Get('departments/:id/dispatches')
  async dispatches(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query() { after, limit }: FeedQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    assertReaches(this.platform, request, principal, id);
    await reached(this.platform, 'dispatch-feed', request);
    const start = parsePosition(after) ?? '0';
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
  @Get('departments/:id/dispatches/stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false })
  stream(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query() { after }: FeedQuery,
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

  @Tells('Workload of a department at a moment', WorkloadAnswer)
  @Get('departments/:id/workload')
  async workload(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query() query: WorkloadQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Workload | string> {
    assertReaches(this.platform, request, principal, id);
    await reached(this.platform, 'department-tasks', request);
    const [workload] = await this.queries.execute(new ReadWorkload([id], ...this.windowOf(query)));
    if (workload === undefined) throw new Refused('DEPARTMENT_NOT_FOUND');
    return tableOf(request, reply, query, workload, (row) => [row], workloadColumns);
  }

  @Tells('Workload of all departments in scope', WorkloadsAnswer)
  @Get('workload')
  async workloads(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Query() query: WorkloadListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkloadsAnswered | string> {
    await reached(this.platform, 'department-tasks', request);
    const { directory } = this.platform;
    const operation = operationAt(request);
    const departments = directory
      .orgUnits('DEPARTMENT')
      .filter(({ id }) => reachesDepartment(principal, operation, id, directory))
      .filter(({ id }) => query.level === undefined || directory.ancestors(id)[0]?.kind === query.level)
      .filter(({ id }) => query.parent === undefined || directory.isWithin(id, query.parent));
    const ids = departments.map(({ id }) => id);
    const window = this.windowOf(query);
    const [items, lostTime] = await Promise.all([
      this.queries.execute(
        query.by === 'street' ? new ReadStreetWorkload(ids, ...window) : new ReadWorkload(ids, ...window),
      ),
      this.queries.execute(new ReadLostTimeSums(ids, ...window)),
    ]);
    const answer: WorkloadsAnswered = { items, lostTime };
    return tableOf(request, reply, query, answer, (told) => told.items, workloadColumns);
  }

  private windowOf(query: WorkloadQuery): [moment: Moment, from: string] {
    const moment = momentOf(query, this.platform.clock);
    return [moment, query.from ?? new Date(Date.parse(moment.asOf) - windowMs).toISOString()];
  }
}
