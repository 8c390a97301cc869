import {
  Controller,
  Get,
  Param,
  Query,
  Req,
  Res,
  UseInterceptors,
  type StreamableFile,
} from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiPropertyOptional, ApiTags, IntersectionType } from '@nestjs/swagger';
import { decodeCursor, encodeCursor, IsInstant, TableQuery, tableOf, wantsCsv } from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { scopeOf } from '@shaoying/incident-application';
import {
  EXPLAINED_MAX,
  METRIC_DIMENSIONS,
  MetricsQuery,
  type CompanionMetric,
  type MetricAnswer,
  type MetricDefinition,
  type MetricDimension,
  type MetricExplanation,
  type MetricListing,
  type MetricPlace,
  type MetricWindow,
  type Moment,
  type TermsOf,
} from '@shaoying/incident-read-models';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { ComputeMetric, ExplainMetric, ReadCompanions } from '../queries/queries.js';
import { MetricAnswerShape, MetricExplanationShape, MetricListAnswer, Tells } from './answers.dto.js';
import { DirectoryHasRead } from './directory-has-read.js';
import { MomentQuery } from './incident.dto.js';
import { explanationCsv, isExplainedCursor } from './metric-pages.js';
import { termsAt } from './metric-terms.js';
import { metricColumns, metricTableRows } from './metric-tables.js';
import {
  METRIC_UNITS,
  UnitsNow,
  unitsThatExist,
  type MetricRowNow,
  type MetricUnits,
} from './metric-units.js';
import { momentOf } from './moment.js';
import { reached, reachedPosition } from './read-your-writes.js';
import { Refused } from './refused.js';

const wholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;

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

  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: 1, maximum: 9_999 },
    description:
      'Of the formula; default: the one in force. Whatever a number was published by can be computed again: `versions` in the list',
  })
  @Transform(wholeNumber)
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(9_999)
  version?: number;
}

class ExplainQuery extends MetricQuery {
  @ApiPropertyOptional({ description: 'Key of the row to explain; absent for what has no such dimension' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  key?: string;

  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: 1, maximum: EXPLAINED_MAX, default: EXPLAINED_MAX },
    description: 'Cases and excluded ones of a page; as CSV the whole list is told, whatever the limit',
  })
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(EXPLAINED_MAX)
  limit: number = EXPLAINED_MAX;

  @ApiPropertyOptional({
    description:
      'nextCursor of the page before, unchanged, with the rest of the query; it holds the moment and the version of the first page',
  })
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  cursor?: string;
}

interface MetricList {
  readonly asOf: string;
  readonly knownAt: string;
  readonly items: readonly MetricListing[];
}

interface Corrected extends Pick<MetricAnswer, 'knownAt' | 'terms'> {
  readonly rows: readonly MetricRowNow[];
}
interface ToldMetric extends MetricAnswer {
  readonly units: MetricUnits;
  readonly rows: readonly MetricRowNow[];
  /** What it is never shown without: totals of the same window and moment. */
  readonly companions: readonly CompanionMetric[];
  readonly corrected?: Corrected;
}

interface ToldExplanation extends Omit<MetricExplanation, 'next'> {
  readonly units: MetricUnits;
  /** There are more than this page lists. */
  readonly truncated: boolean;
  readonly nextCursor: string | null;
}

/** What a query means. */
interface Asked {
  readonly metric: MetricDefinition;
  readonly window: MetricWindow;
  readonly moment: Moment;
  readonly by: MetricDimension | null;
  readonly termsOf: TermsOf;
  readonly units: MetricUnits;
  readonly unitsNow: UnitsNow;
}

const beginning = '1970-01-01T00:00:00.000Z';
const end = '2200-12-31T23:59:59.999Z';

/** Numbers, each with its formula and what stands behind it. */
@ApiTags('metrics')
@ApiBearerAuth()
@Controller('v1/metrics')
@UseInterceptors(DirectoryHasRead)
export class MetricsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly metrics: MetricsQuery,
    private readonly platform: Platform,
  ) {}

  @Tells(
    'Metrics with formula, its parts in words, the version in force and those that can be computed, and the terms that a number of that moment is computed by',
    MetricListAnswer,
  )
  @Get()
  list(@Query() query: MomentQuery): MetricList {
    const { directory, clock } = this.platform;
    const moment = momentOf(query, clock);
    const { asOf, knownAt } = moment;
    return { asOf, knownAt, items: this.metrics.list(termsAt(directory, moment)) };
  }

  @Tells('A metric, in total or by a dimension', MetricAnswerShape)
  @Get(':name')
  async compute(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Param('name') name: string,
    @Query() query: MetricQuery,
  ): Promise<ToldMetric | string> {
    const asked = await this.asked(request, name, query);
    const { metric, window, moment, by, termsOf, units, unitsNow } = asked;
    const { directory } = this.platform;
    const scope = scopeOf(principal, permitted, directory);
    const existing = unitsThatExist(directory, by, moment.asOf, scope);
    const answer = await this.queries.execute(
      new ComputeMetric(metric, window, moment, by, termsOf, unitsNow.takenOver, existing),
    );
    for (const companion of this.metrics.companionsOf(metric))
      await this.hasReached(request, companion, termsOf);
    const companions = await this.queries.execute(new ReadCompanions(metric, window, moment, termsOf));
    const told = {
      ...{ ...answer, units, rows: unitsNow.told(answer.rows), companions },
      ...(query.knownAt !== undefined && { corrected: await this.corrected(asked, existing) }),
    };
    return tableOf(request, reply, query, told, metricTableRows, metricColumns);
  }

  /** A number that was published beside what is known, and in force, by now. */
  private async corrected(
    { metric, window, moment: { asOf }, by, unitsNow }: Asked,
    existing: readonly string[],
  ): Promise<Corrected> {
    const { directory, clock } = this.platform;
    const moment = momentOf({ asOf }, clock);
    const termsOf = termsAt(directory, moment);
    const asked = new ComputeMetric(metric, window, moment, by, termsOf, unitsNow.takenOver, existing);
    const { knownAt, terms, rows } = await this.queries.execute(asked);
    return { knownAt, terms, rows: unitsNow.told(rows) };
  }

  /**
   * The incidents in numerator and denominator with their deciding events, and the excluded with reasons, page by page.
   * Those outside the caller's scope are counted as `withheld` and not named.
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
  ): Promise<ToldExplanation | StreamableFile> {
    const cursor = decodeCursor(query.cursor, isExplainedCursor);
    const first = cursor && { ...cursor.moment, version: cursor.version };
    const asked = await this.asked(request, name, { ...query, ...first });
    const scope = scopeOf(principal, permitted, this.platform.directory);
    // What is in scope is the board's to say.
    if (scope !== null) await reached(this.platform, 'incident-board', request);
    const inCsv = wantsCsv(request, reply, query);
    const limit = inCsv ? EXPLAINED_MAX : query.limit;
    const pageAt = ({ moment, termsOf }: Pick<Asked, 'moment' | 'termsOf'>, from: MetricPlace | null) => {
      const { metric, window, by, unitsNow } = asked;
      const page = { limit, from, scope };
      const key = query.key ?? null;
      return this.queries.execute(
        new ExplainMetric(metric, window, moment, by, key, termsOf, unitsNow.takenOver, page),
      );
    };
    let at: Pick<Asked, 'moment' | 'termsOf'> = asked;
    let page = await pageAt(at, cursor?.place ?? null);
    if (page.next !== null && asked.moment.live) {
      at = await this.pinned(asked);
      page = await pageAt(at, null);
    }
    if (inCsv) return explanationCsv(page, (place) => pageAt(at, place));
    const { next, ...told } = page;
    const { version } = told;
    const { asOf, knownAt } = at.moment;
    return {
      ...{ ...told, units: asked.units, truncated: next !== null },
      nextCursor: next === null ? null : encodeCursor({ moment: { asOf, knownAt }, version, place: next }),
    };
  }

  /**
   * The same moment for every page: all that was on record when the first was asked for, once the read models have it. A live answer
   * has also what comes in between, so its pages would overlap.
   */
  private async pinned({ metric, moment, termsOf }: Asked): Promise<Pick<Asked, 'moment' | 'termsOf'>> {
    const head = await this.platform.stores.log.head();
    for (const readModel of this.metrics.readModels(metric, termsOf))
      await reachedPosition(this.platform, readModel, head);
    const fixed = { ...moment, live: false };
    return { moment: fixed, termsOf: termsAt(this.platform.directory, fixed) };
  }

  private async asked(request: FastifyRequest, name: string, query: MetricQuery): Promise<Asked> {
    if (this.metrics.definition(name) === undefined) throw new Refused('METRIC_NOT_FOUND');
    const metric = this.metrics.definition(name, query.version);
    if (metric === undefined) throw new Refused('METRIC_VERSION_NOT_FOUND');
    const by = query.by ?? null;
    if (by !== null && !metric.dimensions.includes(by)) throw new Refused('METRIC_DIMENSION');
    const window = { from: query.from ?? beginning, to: query.to ?? end };
    const moment = momentOf(query, this.platform.clock);
    const termsOf = termsAt(this.platform.directory, moment);
    await this.hasReached(request, metric, termsOf);
    const units = query.units ?? 'AS_THEN';
    const unitsNow = UnitsNow.of(this.platform.directory, units, by, moment.asOf);
    return { metric, window, moment, by, termsOf, units, unitsNow };
  }

  /** Waits until what a number is read from has what the caller has written. */
  private async hasReached(
    request: FastifyRequest,
    metric: MetricDefinition,
    termsOf: TermsOf,
  ): Promise<void> {
    for (const readModel of this.metrics.readModels(metric, termsOf))
      await reached(this.platform, readModel, request);
  }
}
