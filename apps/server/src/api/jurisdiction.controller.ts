import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { TableQuery, tableOf } from '@shaoying/http';
import type {
  Category,
  DeadlinePolicy,
  DispatchCatalogue,
  DueAnswer,
  EscalationLadder,
  Grid,
  GridMap,
  MetricDefinition,
  OrgUnit,
  Responsibility,
  WorkingCalendar,
} from '@shaoying/jurisdiction-contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { DueAnswerShape, Tells } from './answers.dto.js';
import { DirectoryHasRead } from './directory-has-read.js';
import { categoryColumns, orgUnitColumns } from './jurisdiction-tables.js';
import {
  AtQuery,
  DueDto,
  LocateDto,
  LocatedAnswer,
  OrgUnitsQuery,
  ResponsibleAnswer,
  ResponsibleQuery,
} from './jurisdiction.dto.js';
import { Refused } from './refused.js';
import { TellsTable } from './tells-table.js';

interface Items<T> {
  readonly items: readonly T[];
}

/** A unit as it is, and as it was: its versions by first day, and who has taken over. */
interface OrgUnitAnswer extends OrgUnit {
  readonly version: number;
  readonly active: boolean;
  readonly versions: readonly OrgUnit[];
  readonly successors: readonly string[];
}

/**
 * Reference data, and calculators over it that record nothing. Lists are whole: a city has some hundreds of units. What
 * is published has its own doors, in {@link JurisdictionPublicationController}.
 */
@ApiTags('jurisdiction')
@ApiBearerAuth()
@Controller('v1')
@UseInterceptors(DirectoryHasRead)
export class JurisdictionController {
  constructor(private readonly platform: Platform) {}

  private get directory() {
    return this.platform.directory;
  }

  private now(): string {
    return this.platform.clock.now().toISOString();
  }

  @TellsTable('Org units that exist at an instant, as they are then', { columns: orgUnitColumns })
  @Get('org-units')
  orgUnits(
    @Req() request: FastifyRequest,
    @Query() query: OrgUnitsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Items<OrgUnit & { readonly version: number }> | string {
    const units = this.directory.orgUnits(query.kind, query.at ?? this.now());
    const told = {
      items: units.map((unit) => ({ ...unit, version: this.directory.orgUnitVersion(unit.id) })),
    };
    return tableOf(request, reply, query, told, ({ items }) => items, orgUnitColumns);
  }

  @Tells('One org unit: as it is at an instant, all its versions, and who has taken over')
  @Get('org-units/:id')
  orgUnit(@Param('id') id: string, @Query() { at }: AtQuery): OrgUnitAnswer {
    const { directory } = this;
    const instant = at ?? this.now();
    const unit = directory.orgUnit(id, instant);
    if (unit === undefined) throw new Refused('ORG_UNIT_NOT_FOUND');
    return {
      ...unit,
      version: directory.orgUnitVersion(id),
      active: directory.isActive(id, instant),
      versions: directory.orgUnitPhases(id),
      successors: directory.successors(id, instant).filter((successor) => successor !== id),
    };
  }

  @TellsTable('Categories of the dispatch catalogue', { columns: categoryColumns })
  @Get('categories')
  categories(
    @Req() request: FastifyRequest,
    @Query() query: TableQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Items<Category> | string {
    const told = { items: this.directory.categories() };
    return tableOf(request, reply, query, told, ({ items }) => items, categoryColumns);
  }

  @Tells('Who is responsible for a category in a place', ResponsibleAnswer)
  @Get('categories/:code/responsible')
  responsible(@Param('code') code: string, @Query() { areas = [] }: ResponsibleQuery): Responsibility {
    const answer = this.directory.responsible(code, areas);
    if (answer === undefined) throw new Refused('CATEGORY_NOT_FOUND');
    return answer;
  }

  @Tells('Dispatch catalogues in force')
  @Get('catalogues')
  catalogues(): Items<DispatchCatalogue> {
    return { items: this.directory.catalogues() };
  }

  @Tells('Grids with their boundaries, as they were at an instant')
  @Get('grids')
  grids(@Query() { at }: AtQuery): Items<Grid> {
    return { items: this.directory.grids(at ?? this.now()) };
  }

  @Tells('Latest version of each grid map')
  @Get('grid-maps')
  gridMaps(): Items<GridMap> {
    return { items: this.directory.gridMaps() };
  }

  @Tells('The grid of a point; records nothing', LocatedAnswer)
  @Post('grids/locate')
  @HttpCode(200)
  locate(@Body() { lon, lat, crs = 'WGS84', at }: LocateDto): LocatedAnswer {
    const nowhere = { gridId: null, orgUnitId: null, gridMapId: null, gridMapVersion: null, others: [] };
    return this.directory.locate({ lon, lat, crs }, at ?? this.now()) ?? nowhere;
  }

  @Tells('Deadline policies in force')
  @Get('deadline-policies')
  policies(): Items<DeadlinePolicy> {
    return { items: this.directory.policies() };
  }

  @Tells('Escalation ladders in force')
  @Get('ladders')
  ladders(): Items<EscalationLadder> {
    return { items: this.directory.ladders() };
  }

  @Tells('Metric definitions in force')
  @Get('metric-definitions')
  metricDefinitions(): Items<MetricDefinition> {
    return { items: this.directory.metricDefinitions() };
  }

  @Tells('Working calendars in force')
  @Get('calendars')
  calendars(): Items<WorkingCalendar> {
    return { items: this.directory.calendars() };
  }

  @Tells('When a duration from an instant is over; records nothing', DueAnswerShape)
  @Post('calendars/:id/due')
  @HttpCode(200)
  due(@Param('id') id: string, @Body() body: DueDto): DueAnswer {
    if (this.directory.calendar(id) === undefined) throw new Refused('CALENDAR_NOT_FOUND');
    const { start, amount, unit } = body;
    return this.directory.due(id, { start, amount, unit });
  }
}
