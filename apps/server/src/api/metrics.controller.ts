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
import {
  decodeCursor,
  encodeCursor,
  IsInstant,
  IsNotBeforeFrom,
  TableQuery,
  tableOf,
  wantsCsv,
} from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { scopeOf, type Scope } from '@shaoying/incident-application';
import {
  EXPLAINED_MAX,
  METRIC_DIMENSIONS,
  MetricsQuery,
  type CompanionMetric,
  type MetricDefinition,
  type MetricDimension,
  type MetricExplanation,
  type MetricPlace,
  type MetricWindow,
  type Moment,
  type TermsOf,
} from '@shaoying/incident-read-models';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, ValidateBy } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { ComputeMetric, ExplainMetric, ExplainMetricOn, ReadCompanions } from '../queries/queries.js';
import { assertKnown } from './department-door.js';
import { DirectoryHasRead } from './directory-has-read.js';
import { explanationColumns } from './explanation-table.js';
import { MomentQuery } from './incident.dto.js';
import { MetricAnswerShape, MetricExplanationShape, MetricListAnswer } from './metric-answers.dto.js';
import { metricListColumns, metricListRows, type MetricList } from './metric-list-table.js';
import { explanationCsv, isExplainedCursor } from './metric-pages.js';
import { metricColumns, metricTableRows, type Corrected, type ToldMetric } from './metric-tables.js';
import { termsAt } from './metric-terms.js';
import { METRIC_UNITS, UnitsNow, unitsThatExist, type MetricUnits } from './metric-units.js';
import { momentOf } from './moment.js';
import { reached, reachedPosition } from './read-your-writes.js';
import { Refused } from './refused.js';
import { TellsTable } from './tells-table.js';
import { unitsAt } from './units-at.js';
import { wholeNumber } from './whole-number.js';

class MetricListQuery extends IntersectionType(MomentQuery, TableQuery) {}

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
  @IsNotBeforeFrom()
  to?: string;

  @ApiPropertyOptional({ enum: METRIC_DIMENSIONS })
  @IsOptional()
  @IsIn(METRIC_DIMENSIONS)
  by?: MetricDimension;

  @ApiPropertyOptional({
    ...{ enum: METRIC_UNITS, default: 'AS_THEN' },
    description:
      'AS_NOW counts what units had that are no more for the one that has taken over by asOf, as far as that was known at knownAt',
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

/** A key alone would be told with the numbers of the total. */
const NeedsBy = (): PropertyDecorator =>
  ValidateBy({
    name: 'needsBy',
    validator: {
      validate: (_key, asked) => (asked?.object as ExplainQuery).by !== undefined,
      defaultMessage: () => '$property is of a row of a dimension: say which by by',
    },
  });

class ExplainQuery extends MetricQuery {
  @ApiPropertyOptional({
    description: 'With by: key of the row to explain; absent, or empty, for what has no such dimension',
  })
  @Transform(({ value }: { value: unknown }): unknown => (value === '' ? undefined : value))
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @NeedsBy()
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

  @TellsTable(
    'Metrics with formula, its parts in words, the version in force and those that can be computed, and the terms that a number of that moment is computed by',
    { type: MetricListAnswer, columns: metricListColumns },
  )
  @Get()
  list(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Query() query: MetricListQuery,
  ): MetricList | string {
    const { directory, clock } = this.platform;
    const moment = momentOf(query, clock);
    const { asOf, knownAt } = moment;
    const told = { asOf, knownAt, items: this.metrics.list(termsAt(directory, moment)) };
    return tableOf(request, reply, query, told, metricListRows, metricListColumns);
  }

  @TellsTable('A metric, in total or by a dimension', {
    ...{ type: MetricAnswerShape, columns: metricColumns },
    rows:
      'A row per key (kind METRIC), behind it those of what a composite is made of (PART), at the end those it is not to be shown ' +
      'without (COMPANION); one alone (NONE) where there is nothing to tell. Each says what it is of; beside what was known at ' +
      'knownAt stands, where that was asked for, what is known now (corrected…).',
  })
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
    const existing = unitsThatExist(unitsAt(directory, moment), by, moment.asOf, scope);
    const answer = await this.queries.execute(
      new ComputeMetric(metric, window, moment, by, termsOf, unitsNow.takenOver, existing),
    );
    const companions = await this.companions(request, asked);
    const told = {
      ...{ ...answer, units, rows: unitsNow.told(answer.rows), companions },
      ...(query.knownAt !== undefined && { corrected: await this.corrected(request, asked, scope) }),
    };
    return tableOf(request, reply, query, told, metricTableRows, metricColumns);
  }

  /** A number that was published beside what is known, and in force, by now: that one is not shown alone either. */
  private async corrected(request: FastifyRequest, asked: Asked, scope: Scope | null): Promise<Corrected> {
    const { metric, window, by, units } = asked;
    const { directory, clock } = this.platform;
    const moment = momentOf({ asOf: asked.moment.asOf }, clock);
    const termsOf = termsAt(directory, moment);
    const known = unitsAt(directory, moment);
    const unitsNow = UnitsNow.of(known, units, by, moment.asOf);
    const existing = unitsThatExist(known, by, moment.asOf, scope);
    const { knownAt, terms, rows } = await this.queries.execute(
      new ComputeMetric(metric, window, moment, by, termsOf, unitsNow.takenOver, existing),
    );
    const companions = await this.companions(request, { metric, window, moment, termsOf });
    return { knownAt, terms, rows: unitsNow.told(rows), companions };
  }

  private async companions(
    request: FastifyRequest,
    { metric, window, moment, termsOf }: Pick<Asked, 'metric' | 'window' | 'moment' | 'termsOf'>,
  ): Promise<readonly CompanionMetric[]> {
    for (const companion of this.metrics.companionsOf(metric))
      await this.hasReached(request, companion, termsOf);
    return this.queries.execute(new ReadCompanions(metric, window, moment, termsOf));
  }

  /**
   * The incidents in numerator and denominator with their deciding events, and the excluded with reasons, page by page.
   * Those outside the caller's scope are counted as `withheld` and not named.
   */
  @TellsTable(
    'The incidents behind a number with their deciding events, and the excluded with reasons; what is out of scope is counted',
    {
      ...{ type: MetricExplanationShape, columns: explanationColumns },
      rows:
        'Whole, whatever the limit: the columns numerator, denominator and excluded add up to the number. The last row (place ' +
        'WITHHELD) is what is out of scope; one alone (NONE) where there is no case.',
    },
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
    const { key, by } = query;
    // A misspelt unit has nothing, and nothing would be told as its number. Categories are also those of other systems.
    if (key !== undefined && by !== 'category') assertKnown(this.platform, key);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    // What is in scope is the board's to say.
    if (scope !== null) await reached(this.platform, 'incident-board', request);
    const inCsv = wantsCsv(request, reply, query);
    const limit = inCsv ? EXPLAINED_MAX : query.limit;
    const questionAt = ({ moment, termsOf }: Pick<Asked, 'moment' | 'termsOf'>, from: MetricPlace | null) => {
      const { metric, window, by, unitsNow } = asked;
      const page = { limit, from, scope };
      const key = query.key ?? null;
      return new ExplainMetric(metric, window, moment, by, key, termsOf, unitsNow.takenOver, page);
    };
    let at: Pick<Asked, 'moment' | 'termsOf'> = asked;
    let question = questionAt(at, cursor?.place ?? null);
    let page = await this.queries.execute(question);
    if (page.next !== null && asked.moment.live) {
      at = await this.pinned(asked);
      question = questionAt(at, null);
      page = await this.queries.execute(question);
    }
    if (inCsv)
      return explanationCsv(page, asked.units, (place) =>
        this.queries.execute(new ExplainMetricOn(question, place)),
      );
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
    const unitsNow = UnitsNow.of(unitsAt(this.platform.directory, moment), units, by, moment.asOf);
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
