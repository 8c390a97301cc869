import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import {
  LogQuery,
  OversightTrail,
  type EventFilters,
  type LogFilter,
  type LogPage,
  type OversightCaller,
} from '@shaoying/audit';
import { isOpaqueId, parsePosition, prefersCsv } from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { actorOf } from './actors.js';
import { headersOf, Tells } from './answers.dto.js';
import { EventExports } from './event-exports.js';
import { EventsQuery, LoggedEventsAnswer, type EventsFormat } from './events.dto.js';
import { Refused } from './refused.js';

interface EventsAnswer extends Pick<LogPage, 'items' | 'position'> {
  readonly nextCursor: string | null;
}

/** The whole log, by filter. What is asked about a person, and what is taken away, is on record before it is told. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1')
export class EventsController {
  constructor(
    private readonly platform: Platform,
    private readonly log: LogQuery,
    private readonly trail: OversightTrail,
    private readonly exports: EventExports,
  ) {}

  @Tells('The log by filter, page by page, or as an export (csv, ndjson) that can be verified')
  @ApiExtraModels(LoggedEventsAnswer)
  @ApiResponse({
    status: 200,
    headers: headersOf(['Shaoying-Position']),
    content: {
      'application/json': { schema: { $ref: getSchemaPath(LoggedEventsAnswer) } },
      'text/csv': { schema: { type: 'string', description: 'RFC 4180, UTF-8; the whole selection' } },
      'application/x-ndjson': {
        schema: { type: 'string', description: 'One event in a line, then its proof' },
      },
    },
  })
  @Get('events')
  async events(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Query() query: EventsQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const filter = this.filterOf(query);
    const after = parsePosition(query.after || undefined) ?? '0';
    const caller = { actor: actorOf(principal, permitted), correlationId: correlationOf(request) };
    void reply.header('vary', 'Accept');
    const format = query.format ?? formatOf(request);
    if (format === 'json') {
      void reply.send(await this.page(caller, filter, query, after, reply));
      return;
    }
    const filters = await this.filtersKept(query, filter, after);
    const wanted = { filter, filters, purpose: query.purpose ?? null, after };
    await this.exports.send(caller, { ...wanted, format: format === 'csv' ? 'CSV' : 'NDJSON' }, reply);
  }

  private async page(
    caller: OversightCaller,
    filter: LogFilter,
    query: EventsQuery,
    after: string,
    reply: FastifyReply,
  ): Promise<EventsAnswer> {
    const { items, position, isEnd } = await this.log.page(filter, after, query.limit);
    if (filter.actorId !== null && query.purpose !== undefined) {
      const filters = filtersOf(query, items.length > 0);
      const data = { filters, purpose: query.purpose, after, position, count: items.length };
      const recorded = await this.trail.record(caller, { type: 'PersonQueried', data });
      void reply.header('Shaoying-Position', recorded).header('Cache-Control', 'no-store');
    }
    return { items, nextCursor: isEnd ? null : position, position };
  }

  /** @throws Refused PURPOSE_REQUIRED, ORG_UNIT_NOT_FOUND */
  private filterOf({ actor, purpose, org, incidentId, types, from, to }: EventsQuery): LogFilter {
    if (actor !== undefined && purpose === undefined) throw new Refused('PURPOSE_REQUIRED');
    const { directory } = this.platform;
    if (org !== undefined && directory.orgUnit(org) === undefined && directory.grid(org) === undefined)
      throw new Refused('ORG_UNIT_NOT_FOUND');
    const within = (id: string): string[] =>
      directory.orgUnits().flatMap((unit) => (directory.isWithin(unit.id, id) ? [unit.id] : []));
    return {
      ...{ actorId: actor ?? null, incidentId: incidentId ?? null, types: [...new Set(types ?? [])] },
      orgUnitIds: org === undefined ? null : new Set([org, ...within(org)]),
      ...{ from: from ?? null, to: to ?? null },
    };
  }

  /** An export is recorded before it is read: whether the log knows the account is looked up first. */
  private async filtersKept(query: EventsQuery, filter: LogFilter, after: string): Promise<EventFilters> {
    if (filter.actorId === null) return filtersOf(query, true);
    const upTo = await this.platform.stores.log.head();
    const first = await this.log.matching(filter, after, upTo).next();
    return filtersOf(query, first.done !== true);
  }
}

/** @param known whether the log has the account: what it does not have it is not told by being asked about */
function filtersOf(query: EventsQuery, known: boolean): EventFilters {
  const { actor, org, incidentId, types, from, to } = query;
  return {
    ...{ actorId: known ? (actor ?? null) : null, orgUnitId: org ?? null, incidentId: incidentId ?? null },
    ...{ types: [...new Set(types ?? [])], from: from ?? null, to: to ?? null },
  };
}

/** As commands have it: what the client says, where it can be kept. */
export const correlationOf = ({ headers, id }: FastifyRequest): string => {
  const said = headers['x-correlation-id'];
  return isOpaqueId(said) ? said : id;
};

function formatOf(request: FastifyRequest): EventsFormat {
  const { accept } = request.headers;
  if (/^application\/(x-)?ndjson\b/i.test(accept ?? '')) return 'ndjson';
  return prefersCsv(accept) ? 'csv' : 'json';
}
