import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiTags, IntersectionType } from '@nestjs/swagger';
import type { HistoryEntry, Replay, ReplayPoint } from '@shaoying/audit';
import {
  decodeCursor,
  encodeCursor,
  pageTableOf,
  parseInstant,
  RequestRefused,
  tableOf,
  TableQuery,
  ValidationFailed,
  type Page,
} from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { scopeOf } from '@shaoying/incident-application';
import {
  isOverdue,
  trafficLightOf,
  type BoardPlace,
  type DeadlineView,
  type IncidentView,
  type Moment,
} from '@shaoying/incident-read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import {
  FindIncident,
  ListIncidents,
  ReadHistory,
  ReadLostTime,
  ReplayIncident,
  type LostTimeReport,
} from '../queries/queries.js';
import { ReadArrivals } from '../queries/evidence.query.js';
import { LostTimeAnswer, Tells } from './answers.dto.js';
import { eventColumns, repeatColumns } from './event-tables.js';
import { incidentColumns, lostTimeColumns, type ShownIncident } from './incident-tables.js';
import {
  IncidentAnswer,
  IncidentEventsAnswer,
  IncidentReplayAnswer,
  IncidentsAnswer,
  ReceiptAnswer,
  RepeatWhistlesAnswer,
} from './incident-answers.dto.js';
import { ListIncidentsQuery, MomentQuery, ReplayQuery } from './incident.dto.js';
import { momentOf } from './moment.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';
import { ReportsByReceipt } from './reports-by-receipt.js';
import { RepeatWhistles, type RepeatWarning } from './repeat-whistles.js';
import { TellsTable } from './tells-table.js';
import { VisibleIncidents } from './visible-incidents.js';

class IncidentTableQuery extends IntersectionType(ListIncidentsQuery, TableQuery) {}
class MomentTableQuery extends IntersectionType(MomentQuery, TableQuery) {}

/** What the city owes the reporter, by its clocks; those among offices are no promise to anybody outside. */
const PROMISES: readonly DeadlineView['timer'][] = [
  ...(['VERIFY', 'INCIDENT_TOTAL', 'ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING'] as const),
  ...(['REWORK', 'CALLBACK', 'FEEDBACK_WINDOW', 'SUSPENSION_REVIEW'] as const),
];

/** What offices note about a reporter, and contest of their scores, is none of what a reporter is told. */
const AMONG_OFFICES: readonly HistoryEntry['type'][] = [
  ...(['ReporterFlagProposed', 'ReporterFlagApproved', 'ReporterFlagRefused', 'ReporterFlagged'] as const),
  ...(['AppealFiled', 'AppealRefused', 'ScoreExcluded'] as const),
];

const isBoardPlace = (value: unknown): value is BoardPlace =>
  typeof value === 'object' &&
  value !== null &&
  'reportedAt' in value &&
  // As this server writes it: PostgreSQL does not take every notation that a request may use.
  parseInstant(value.reportedAt) === value.reportedAt &&
  'id' in value &&
  typeof value.id === 'string';

const board = 'incident-board';

/** Reading incidents: as they stand, as they were, and what happened to them. */
@ApiTags('incidents')
@Controller('v1')
export class IncidentQueriesController {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
    private readonly repeats: RepeatWhistles,
    private readonly visible: VisibleIncidents,
    private readonly reports: ReportsByReceipt,
  ) {}

  @TellsTable(
    'List incidents within scope, newest first. At a moment (asOf, knownAt) a page may have fewer items than there are',
    { type: IncidentsAnswer, columns: incidentColumns, isPage: true },
  )
  @Get('incidents')
  @ApiBearerAuth()
  async list(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Query() query: IncidentTableQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<ShownIncident> | string> {
    await reached(this.platform, board, request);
    const { limit, cursor, asOf: _a, knownAt: _k, format: _f, ...filter } = query;
    const scope = scopeOf(principal, permitted, this.platform.directory);
    const moment = momentOf(query, this.platform.clock);
    const after = decodeCursor(cursor, isBoardPlace) ?? null;
    const page = await this.queries.execute(new ListIncidents(filter, scope, { limit, after }, moment));
    const told: Page<ShownIncident> = {
      items: page.items.map((view) => shown(view, moment.asOf)),
      nextCursor: page.next ? encodeCursor(page.next) : null,
    };
    return pageTableOf(request, reply, query, told, ({ items }) => items, incidentColumns);
  }

  @Tells(
    'One incident with whistles, tasks, deadlines and cycles; asOf and knownAt replay it from the log',
    IncidentAnswer,
    200,
    ['ETag'],
  )
  @Get('incidents/:id')
  @ApiBearerAuth()
  async find(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() { asOf, knownAt }: MomentQuery,
  ): Promise<ShownIncident> {
    await reached(this.platform, board, request);
    const moment = momentOf({ asOf, knownAt }, this.platform.clock);
    const then = await this.at(moment, principal, permitted, id);
    void reply.header('ETag', `"${then.revision}"`);
    return shown(then, moment.asOf);
  }

  /** As it was at a moment, to whoever sees it by now. @throws Refused INCIDENT_NOT_FOUND */
  private async at(
    moment: Moment,
    principal: Principal,
    permitted: readonly Role[],
    id: string,
  ): Promise<IncidentView> {
    const view = await this.visible.find(principal, permitted, id);
    const then = moment.live ? view : await this.queries.execute(new FindIncident(id, moment));
    if (then === null) throw new Refused('INCIDENT_NOT_FOUND');
    return then;
  }

  @TellsTable(
    'Earlier whistles 重复吹哨 on this incident, and on its estate and category, in the days the policy counts',
    { type: RepeatWhistlesAnswer, columns: repeatColumns },
  )
  @Get('incidents/:id/repeat-whistles')
  @ApiBearerAuth()
  async repeatWhistles(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: MomentTableQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ items: readonly RepeatWarning[] } | string> {
    await reached(this.platform, board, request);
    const moment = momentOf(query, this.platform.clock);
    const view = await this.at(moment, principal, permitted, id);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    const told = { items: await this.repeats.around(view, scope, moment) };
    return tableOf(request, reply, query, told, ({ items }) => items, repeatColumns);
  }

  /** What a reporter may see of the case, by the secret code alone. */
  @Tells('What the reporter may see: state, promises, history without persons', ReceiptAnswer)
  @Get('receipts/:receiptCode')
  async receipt(@Req() request: FastifyRequest, @Param('receiptCode') code: string): Promise<object> {
    await reached(this.platform, board, request);
    const view = await this.reports.find(code);
    const history = await this.queries.execute(new ReadHistory(view.id));
    // A duplicate goes on in another incident: its reporter is told how that one stands.
    const followed = await this.visible.goingOn(view);
    const deadlines = [...followed.deadlines, ...followed.tasks.flatMap((task) => task.deadlines)];
    return {
      ...{ id: view.id, state: followed.state, category: view.category, reportedAt: view.reportedAt },
      ...{ filedAt: view.filedAt, closedAt: followed.closedAt, merged: followed !== view },
      notice: view.rejected?.notice ?? null,
      promises: deadlines
        .filter(({ timer }) => PROMISES.includes(timer))
        .map(({ timer, dueAt, status, metAt }) => ({ timer, dueAt, status, metAt })),
      history: history
        .filter(({ type }) => !AMONG_OFFICES.includes(type))
        .map(({ type, occurredAt, line }) => ({ type, occurredAt, line })),
      photos: await this.queries.execute(new ReadArrivals(view.id)),
    };
  }

  /** Every event with its envelope and a sentence in Chinese and English. */
  @TellsTable('Every event with its envelope and a line in Chinese and English', {
    ...{ type: IncidentEventsAnswer, columns: eventColumns },
  })
  @Get('incidents/:id/events')
  @ApiTags('oversight')
  @ApiBearerAuth()
  async events(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: TableQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ items: HistoryEntry[] } | string> {
    await reached(this.platform, board, request);
    await this.visible.find(principal, permitted, id);
    const told = { items: await this.queries.execute(new ReadHistory(id)) };
    return tableOf(request, reply, query, told, ({ items }) => items, eventColumns);
  }

  /** The state at an instant or revision, and what changed next. Straight from the log. */
  @Tells('The state at an instant or revision, and what changed next', IncidentReplayAnswer)
  @Get('incidents/:id/replay')
  @ApiTags('oversight')
  @ApiBearerAuth()
  async replay(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: ReplayQuery,
  ): Promise<Replay> {
    await reached(this.platform, board, request);
    await this.visible.find(principal, permitted, id);
    return this.queries.execute(new ReplayIncident(id, replayPoint(query)));
  }

  @TellsTable('Time that was lost before the right department had it, and by whose account', {
    ...{ type: LostTimeAnswer, columns: lostTimeColumns },
  })
  @Get('incidents/:id/lost-time')
  @ApiBearerAuth()
  async lostTime(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('id') id: string,
    @Query() query: MomentTableQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<(LostTimeReport & { id: string }) | string> {
    await reached(this.platform, board, request);
    const moment = momentOf(query, this.platform.clock);
    await this.at(moment, principal, permitted, id);
    const told = { id, ...(await this.queries.execute(new ReadLostTime(id, moment))) };
    return tableOf(request, reply, query, told, ({ spans }) => spans, lostTimeColumns);
  }
}

const knownAtWithoutInstant = {
  ...{ field: 'knownAt', code: 'WITHOUT_INSTANT' },
  message: 'knownAt goes with an instant, not with a revision',
  messageZh: 'knownAt 只能与时刻一起使用，不能与版本号一起使用',
};

function shown(view: IncidentView, at: string): ShownIncident {
  return { ...view, overdue: isOverdue(view, at), trafficLight: trafficLightOf(view, at) };
}

/** @throws RequestRefused INVALID_INSTANT, ValidationFailed */
function replayPoint({ at, knownAt }: ReplayQuery): ReplayPoint {
  if (/^\d{1,9}$/.test(at)) {
    // A revision is what the log knew as it was recorded: another instant of knowing would be passed over in silence.
    if (knownAt !== undefined) throw new ValidationFailed([knownAtWithoutInstant]);
    return { revision: Number(at) };
  }
  const asOf = parseInstant(at);
  if (asOf === undefined) throw new RequestRefused('INVALID_INSTANT');
  return { asOf, knownAt: knownAt ?? null };
}
