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
import { tableOf } from '@shaoying/http';
import type { PublishedJurisdiction } from '@shaoying/jurisdiction-application';
import {
  calendarShape,
  catalogueShape,
  gridMapShape,
  ladderShape,
  metricShape,
  orgUnitShape,
  policyShape,
} from '@shaoying/jurisdiction-contracts';
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
import { entryOf, listOf, openApiSchema, TellsSchema, withFields } from './document-schemas.js';
import { categoryColumns, orgUnitColumns } from './jurisdiction-tables.js';
import {
  AtQuery,
  CategoriesQuery,
  DocumentsQuery,
  DueDto,
  LocateDto,
  LocatedAnswer,
  OrgUnitsQuery,
  ResponsibleAnswer,
  ResponsibleQuery,
} from './jurisdiction.dto.js';
import { Refused } from './refused.js';
import { TellsTable } from './tells-table.js';

const version = { type: 'integer' };
const orgUnit = withFields(orgUnitShape, { version });
const orgUnitInTime = withFields(orgUnitShape, {
  ...{ version, active: { type: 'boolean' } },
  versions: { type: 'array', items: openApiSchema(orgUnitShape.schema) },
  successors: { type: 'array', items: { type: 'string' } },
});

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

  /** Units and boundaries hold by the day: which day, and as far as what the log knew. */
  private by({ asOf, at, knownAt }: AtQuery): { directory: PublishedJurisdiction; instant: string } {
    const instant = asOf ?? at ?? this.platform.clock.now().toISOString();
    return { directory: knownAt === undefined ? this.directory : this.directory.knownAt(knownAt), instant };
  }

  /** Documents come into force as they are published, which the log knows at once: the earlier instant of the two says which. */
  private inForce({ asOf, knownAt }: DocumentsQuery): PublishedJurisdiction {
    const [instant] = [asOf, knownAt].filter((each) => each !== undefined).sort();
    return instant === undefined ? this.directory : this.directory.knownAt(instant);
  }

  @TellsTable('Org units that exist at an instant, as they are then', {
    ...{ schema: listOf(orgUnit), columns: orgUnitColumns },
  })
  @Get('org-units')
  orgUnits(
    @Req() request: FastifyRequest,
    @Query() query: OrgUnitsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Items<OrgUnit & { readonly version: number }> | string {
    const { directory, instant } = this.by(query);
    const units = directory.orgUnits(query.kind, instant);
    const told = { items: units.map((unit) => ({ ...unit, version: directory.orgUnitVersion(unit.id) })) };
    return tableOf(request, reply, query, told, ({ items }) => items, orgUnitColumns);
  }

  @TellsSchema(
    'One org unit: as it is at an instant, all its versions, and who has taken over',
    orgUnitInTime,
  )
  @Get('org-units/:id')
  orgUnit(@Param('id') id: string, @Query() query: AtQuery): OrgUnitAnswer {
    const { directory, instant } = this.by(query);
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

  @TellsTable('Categories of the dispatch catalogue, now or at an instant', {
    ...{ schema: listOf(entryOf(catalogueShape, 'categories')), columns: categoryColumns },
  })
  @Get('categories')
  categories(
    @Req() request: FastifyRequest,
    @Query() query: CategoriesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Items<Category> | string {
    const told = { items: this.inForce(query).categories() };
    return tableOf(request, reply, query, told, ({ items }) => items, categoryColumns);
  }

  @Tells('Who is responsible for a category in a place', ResponsibleAnswer)
  @Get('categories/:code/responsible')
  responsible(@Param('code') code: string, @Query() query: ResponsibleQuery): Responsibility {
    const answer = this.inForce(query).responsible(code, query.areas ?? []);
    if (answer === undefined) throw new Refused('CATEGORY_NOT_FOUND');
    return answer;
  }

  @TellsSchema(
    'Dispatch catalogues in force, now or at an instant',
    listOf(openApiSchema(catalogueShape.schema)),
  )
  @Get('catalogues')
  catalogues(@Query() query: DocumentsQuery): Items<DispatchCatalogue> {
    return { items: this.inForce(query).catalogues() };
  }

  @TellsSchema(
    'Grids with their boundaries, as they were at an instant',
    listOf(entryOf(gridMapShape, 'grids')),
  )
  @Get('grids')
  grids(@Query() query: AtQuery): Items<Grid> {
    const { directory, instant } = this.by(query);
    return { items: directory.grids(instant) };
  }

  @TellsSchema(
    'Latest version of each grid map; of those that held at an instant, where one is named',
    listOf(openApiSchema(gridMapShape.schema)),
  )
  @Get('grid-maps')
  gridMaps(@Query() query: AtQuery): Items<GridMap> {
    return { items: this.by(query).directory.gridMaps(query.asOf ?? query.at) };
  }

  @Tells('The grid of a point; records nothing', LocatedAnswer)
  @Post('grids/locate')
  @HttpCode(200)
  locate(@Body() { lon, lat, crs = 'WGS84', at }: LocateDto): LocatedAnswer {
    const nowhere = { gridId: null, orgUnitId: null, gridMapId: null, gridMapVersion: null, others: [] };
    return this.directory.locate({ lon, lat, crs }, at ?? this.platform.clock.now().toISOString()) ?? nowhere;
  }

  @TellsSchema('Deadline policies in force, now or at an instant', listOf(openApiSchema(policyShape.schema)))
  @Get('deadline-policies')
  policies(@Query() query: DocumentsQuery): Items<DeadlinePolicy> {
    return { items: this.inForce(query).policies() };
  }

  @TellsSchema('Escalation ladders in force, now or at an instant', listOf(openApiSchema(ladderShape.schema)))
  @Get('ladders')
  ladders(@Query() query: DocumentsQuery): Items<EscalationLadder> {
    return { items: this.inForce(query).ladders() };
  }

  @TellsSchema('Metric definitions in force, now or at an instant', listOf(openApiSchema(metricShape.schema)))
  @Get('metric-definitions')
  metricDefinitions(@Query() query: DocumentsQuery): Items<MetricDefinition> {
    return { items: this.inForce(query).metricDefinitions() };
  }

  @TellsSchema(
    'Working calendars in force, now or at an instant',
    listOf(openApiSchema(calendarShape.schema)),
  )
  @Get('calendars')
  calendars(@Query() query: DocumentsQuery): Items<WorkingCalendar> {
    return { items: this.inForce(query).calendars() };
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
