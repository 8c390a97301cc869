import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { commandContext, IsInstant } from '@shaoying/http';
import { CurrentPrincipal, Roles, type Principal } from '@shaoying/identity';
import {
  DURATION_UNITS,
  ORG_UNIT_KINDS,
  type Category,
  type DeadlinePolicy,
  type DueAnswer,
  type DurationUnit,
  type Grid,
  type OrgUnit,
  type OrgUnitKind,
  type WorkingCalendar,
} from '@shaoying/jurisdiction-contracts';
import type { Publication } from '@shaoying/jurisdiction-application';
import { IsIn, IsNumber, IsOptional, Max, Min } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { DueAnswerShape, Tells } from './answers.dto.js';
import { actorOf, mayCommand } from './access-policy.js';
import { Refused } from './refused.js';

class OrgUnitsQuery {
  @ApiPropertyOptional({ enum: ORG_UNIT_KINDS })
  @IsOptional()
  @IsIn(ORG_UNIT_KINDS)
  kind?: OrgUnitKind;
}

class DueDto {
  @ApiProperty({ format: 'date-time' })
  @IsInstant()
  start!: string;

  @ApiProperty({ minimum: 0, maximum: 100_000 })
  @IsNumber()
  @Min(0)
  @Max(100_000)
  amount!: number;

  @ApiProperty({ enum: DURATION_UNITS })
  @IsIn(DURATION_UNITS)
  unit!: DurationUnit;
}

const documentSchema = { schema: { type: 'object', additionalProperties: true } };

/** Reference data in force, and the publication of new versions. Lists are whole: a city has some hundreds of units. */
@ApiTags('jurisdiction')
@ApiBearerAuth()
@Controller('v1')
export class JurisdictionController {
  constructor(private readonly platform: Platform) {}

  @Tells('Org units in force')
  @Get('org-units')
  orgUnits(@Query() { kind }: OrgUnitsQuery): { items: readonly OrgUnit[] } {
    return { items: this.platform.directory.orgUnits(kind) };
  }

  @Tells('Categories of the dispatch catalogue')
  @Get('categories')
  categories(): { items: readonly Category[] } {
    return { items: this.platform.directory.categories() };
  }

  @Tells('Grids with their boundaries')
  @Get('grids')
  grids(): { items: readonly Grid[] } {
    return { items: this.platform.directory.grids() };
  }

  @Tells('Deadline policies in force')
  @Get('deadline-policies')
  policies(): { items: readonly DeadlinePolicy[] } {
    return { items: this.platform.directory.policies() };
  }

  @Tells('Working calendars in force')
  @Get('calendars')
  calendars(): { items: readonly WorkingCalendar[] } {
    return { items: this.platform.directory.calendars() };
  }

  /** A calculator; records nothing. */
  @Tells('When a duration from an instant is over; records nothing', DueAnswerShape)
  @Post('calendars/:id/due')
  @HttpCode(200)
  due(@Param('id') id: string, @Body() body: DueDto): DueAnswer {
    const { directory } = this.platform;
    if (directory.calendar(id) === undefined) throw new Refused('CALENDAR_NOT_FOUND');
    const { start, amount, unit } = body;
    return directory.due(id, { start, amount, unit });
  }

  /** Publishes a policy or its next version. Open incidents keep the version they were filed under. */
  @Tells('Publish the next version of a deadline policy; open incidents keep theirs')
  @Post('deadline-policies')
  @Roles(...mayCommand.publish)
  @ApiBody(documentSchema)
  publishPolicy(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Publication> {
    return this.publish(request, reply, principal, 'publishPolicy');
  }

  /** Publishes a calendar or its next version. */
  @Tells('Publish the next version of a working calendar')
  @Post('calendars')
  @Roles(...mayCommand.publish)
  @ApiBody(documentSchema)
  publishCalendar(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Publication> {
    return this.publish(request, reply, principal, 'publishCalendar');
  }

  private async publish(
    request: FastifyRequest,
    reply: FastifyReply,
    principal: Principal,
    what: 'publishPolicy' | 'publishCalendar',
  ): Promise<Publication> {
    const { commandId, correlationId, requestHash } = commandContext(request, principal);
    const now = this.platform.clock.now().toISOString();
    const actor = actorOf(principal, mayCommand.publish);
    const publication = await this.platform.publisher[what](request.body, actor, now, {
      ...{ commandId, correlationId, requestHash },
    });
    void reply.header('Shaoying-Position', publication.position);
    return publication;
  }
}
