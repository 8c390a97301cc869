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
}

class ExplainQuery extends MetricQuery {
  @ApiPropertyOptional({ description: 'Key of the row to explain; absent for what has no such dimension' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  key?: string;
}

type Corrected = Pick<MetricAnswer, 'knownAt' | 'terms' | 'rows'>;
type ToldMetric = MetricAnswer & { readonly corrected?: Corrected };

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
    const { metric, window, moment, by, termsOf } = await this.asked(request, name, query);
    const answer = await this.queries.execute(new ComputeMetric(metric, window, moment, by, termsOf));
    const told =
      query.knownAt === undefined ? answer : { ...answer, corrected: await this.corrected(answer, metric) };
    return tableOf(request, reply, query, told, ({ rows }) => rows, metricColumns);
  }

  /** A number that was published beside what is known, and in force, by now. */
  private async corrected(
    { asOf, from, to, by }: MetricAnswer,
    metric: MetricDefinition,
  ): Promise<Corrected> {
    const { directory, clock } = this.platform;
    const moment = momentOf({ asOf }, clock);
    const asked = new ComputeMetric(metric, { from, to }, moment, by, termsAt(directory, moment));
    const { knownAt, terms, rows } = await this.queries.execute(asked);
    return { knownAt, terms, rows };
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
  ): Promise<ScopedExplanation | string> {
    const { metric, window, moment, by, termsOf } = await this.asked(request, name, query);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    // What is in scope is the board's to say.
    if (scope !== null) await reached(this.platform, 'incident-board', request);
    const asked = new ExplainMetric(metric, window, moment, by, query.key ?? null, termsOf, scope);
    return tableOf(
      request,
      reply,
      query,
      await this.queries.execute(asked),
      explanationRows,
      explanationColumns,
    );
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
    return { metric, window, moment, by, termsOf };
  }
}
