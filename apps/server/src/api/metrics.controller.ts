import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiPropertyOptional, ApiTags, IntersectionType } from '@nestjs/swagger';
import { IsInstant, TableQuery, tableOf } from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { scopeOf } from '@shaoying/incident-application';
import {
  METRIC_DIMENSIONS,
  MetricsQuery,
  type MetricAnswer,
  type MetricDefinition,
  type MetricDimension,
  type MetricListing,
} from '@shaoying/incident-read-models';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { ComputeMetric, ExplainMetric, type ScopedExplanation } from '../queries/queries.js';
import { MetricAnswerShape, MetricExplanationShape, MetricListAnswer, Tells } from './answers.dto.js';
import { MomentQuery } from './incident.dto.js';
import { termsAt } from './metric-terms.js';
import { explanationColumns, explanationRows, metricColumns } from './metric-tables.js';
import { METRIC_UNITS, UnitsNow, type MetricRowNow, type MetricUnits } from './metric-units.js';
import { momentOf } from './moment.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';

class MetricQuery extends IntersectionType(MomentQuery, TableQuery) {
  @ApiPropertyOptional({
    format: 'date-time',
    description: 'Start of the window, included; default: the beginning',
  })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'End of the window, excluded; default: no end' })
  @IsOptional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({ enum: METRIC_DIMENSIONS })
  @IsOptional()
  @IsIn(METRIC_DIMENSIONS)
  by?: MetricDimension;

  @ApiPropertyOptional({
    ...{ enum: METRIC_UNITS, default: 'AS_THEN' },
    description: 'AS_NOW counts what units had that are no more for the one that has taken over by asOf',
  })
  @IsOptional()
  @IsIn(METRIC_UNITS)
  units?: MetricUnits;
}

class ExplainQuery extends MetricQuery {
  @ApiPropertyOptional({ description: 'Key of the row to explain; absent for what has no such dimension' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  key?: string;
}

interface Corrected extends Pick<MetricAnswer, 'knownAt' | 'terms'> {
  readonly rows: readonly MetricRowNow[];
}
interface ToldMetric extends MetricAnswer {
  readonly units: MetricUnits;
  readonly rows: readonly MetricRowNow[];
  readonly corrected?: Corrected;
}

const beginning = '1970-01-01T00:00:00.000Z';
const end = '2200-12-31T23:59:59.999Z';

/** Numbers, each with its formula and what stands behind it. */
@ApiTags('metrics')
@ApiBearerAuth()
@Controller('v1/metrics')
export class MetricsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly metrics: MetricsQuery,
    private readonly platform: Platform,
  ) {}

  @Tells('Metrics with formula, version, and the terms that are published', MetricListAnswer)
  @Get()
  list(): { items: readonly MetricListing[] } {
    const { directory, clock } = this.platform;
    return { items: this.metrics.list(termsAt(directory, momentOf({}, clock))) };
  }

  @Tells('A metric, in total or by a dimension', MetricAnswerShape)
  @Get(':name')
  async compute(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('name') name: string,
    @Query() query: MetricQuery,
  ): Promise<ToldMetric | string> {
    const { metric, window, moment, by, termsOf, units, unitsNow } = await this.asked(request, name, query);
    const { takenOver } = unitsNow;
    const answer = await this.queries.execute(
      new ComputeMetric(metric, window, moment, by, termsOf, takenOver),
    );
    const told = {
      ...{ ...answer, units, rows: unitsNow.told(answer.rows) },
      ...(query.knownAt !== undefined && { corrected: await this.corrected(answer, metric, unitsNow) }),
    };
    return tableOf(request, reply, query, told, ({ rows }) => rows, metricColumns);
  }

  /** A number that was published beside what is known, and in force, by now. */
  private async corrected(
    { asOf, from, to, by }: MetricAnswer,
    metric: MetricDefinition,
    unitsNow: UnitsNow,
  ): Promise<Corrected> {
    const { directory, clock } = this.platform;
    const moment = momentOf({ asOf }, clock);
    const termsOf = termsAt(directory, moment);
    const asked = new ComputeMetric(metric, { from, to }, moment, by, termsOf, unitsNow.takenOver);
    const { knownAt, terms, rows } = await this.queries.execute(asked);
    return { knownAt, terms, rows: unitsNow.told(rows) };
  }

  /**
   * The incidents in numerator and denominator with their deciding events, and the excluded with reasons. Those outside
   * the caller's scope are counted as `withheld` and not named.
   */
  @Tells(
    'The incidents behind a number with their deciding events, and the excluded with reasons; what is out of scope is counted',
    MetricExplanationShape,
  )
  @Get(':name/explain')
  async explain(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('name') name: string,
    @Query() query: ExplainQuery,
  ): Promise<(ScopedExplanation & { readonly units: MetricUnits }) | string> {
    const { metric, window, moment, by, termsOf, units, unitsNow } = await this.asked(request, name, query);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    // What is in scope is the board's to say.
    if (scope !== null) await reached(this.platform, 'incident-board', request);
    const key = query.key ?? null;
    const asked = new ExplainMetric(metric, window, moment, by, key, termsOf, unitsNow.takenOver, scope);
    const explained = { ...(await this.queries.execute(asked)), units };
    return tableOf(request, reply, query, explained, explanationRows, explanationColumns);
  }

  private async asked(request: FastifyRequest, name: string, query: MetricQuery) {
    const metric: MetricDefinition | undefined = this.metrics.definition(name);
    if (metric === undefined) throw new Refused('METRIC_NOT_FOUND');
    const by = query.by ?? null;
    if (by !== null && !metric.dimensions.includes(by)) throw new Refused('METRIC_DIMENSION');
    const window = { from: query.from ?? beginning, to: query.to ?? end };
    const moment = momentOf(query, this.platform.clock);
    const termsOf = termsAt(this.platform.directory, moment);
    for (const readModel of this.metrics.readModels(metric, termsOf))
      await reached(this.platform, readModel, request);
    const units = query.units ?? 'AS_THEN';
    const unitsNow = UnitsNow.of(this.platform.directory, units, by, moment.asOf);
    return { metric, window, moment, by, termsOf, units, unitsNow };
  }
}
