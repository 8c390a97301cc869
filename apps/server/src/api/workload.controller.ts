import { Controller, Get, Param, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiProperty, ApiPropertyOptional, ApiTags, IntersectionType } from '@nestjs/swagger';
import {
  decodeCursor,
  encodeCursor,
  IsInstant,
  IsOpaqueId,
  PageQuery,
  pageTableOf,
  parseInstant,
  TableQuery,
  tableOf,
} from '@shaoying/http';
import { CurrentPrincipal, PermittedRoles, type Principal, type Role } from '@shaoying/identity';
import { reachesDepartment, scopeOf } from '@shaoying/incident-application';
import {
  WORKLOAD_FIGURES,
  workloadDefinition,
  workloadDefinitions,
  workloadFigure,
  type ExplanationPlace,
  type LostTimeSum,
  type Moment,
  type StreetWorkload,
  type Workload,
  type WorkloadDefinition,
  type WorkloadFigureName,
  type WorkloadOf,
  type WorkloadVersions,
} from '@shaoying/incident-read-models';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import {
  ExplainWorkload,
  ReadLostTimeSums,
  ReadStreetWorkload,
  ReadWorkload,
  type ScopedWorkloadExplanation,
} from '../queries/queries.js';
import { DirectoryHasRead } from './directory-has-read.js';
import { operationAt } from './caller.js';
import { assertKnown, assertReaches, unitsWithTasks } from './department-door.js';
import { MomentQuery } from './incident.dto.js';
import { momentOf } from './moment.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';
import { TellsTable } from './tells-table.js';
import { unitsAt } from './units-at.js';
import { wholeNumber } from './whole-number.js';
import { OneWorkloadAnswer, WorkloadExplanationAnswer, WorkloadsAnswer } from './workload-answers.dto.js';
import {
  workloadColumns,
  workloadExplanationColumns,
  workloadExplanationRows,
  workloadRows,
} from './workload-tables.js';

class WorkloadQuery extends IntersectionType(MomentQuery, TableQuery) {
  @ApiPropertyOptional({
    format: 'date-time',
    description: 'Start of the window; default 30 days before asOf',
  })
  @IsOptional()
  @IsInstant()
  from?: string;
}

/** `weighted@1,inflow@1`: figures, each with the version of its formula. */
const VERSIONED_FIGURES = new RegExp(
  `^(?:${WORKLOAD_FIGURES.map((name) => name.replace('.', '\\.')).join('|')})@[1-9][0-9]{0,3}$`,
);

class FormulasQuery {
  @ApiPropertyOptional({
    ...{ type: [String], example: ['weighted@1'] },
    description:
      'Figures that are to be by an earlier formula, each with its version; `versions` of the definitions has those on record. ' +
      'What is not named is by the formula in force',
  })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(WORKLOAD_FIGURES.length)
  @Matches(VERSIONED_FIGURES, { each: true })
  // Two versions of one figure would be one number with two names.
  @ArrayUnique((formula: unknown) => String(formula).split('@')[0])
  formulas?: string[];
}

class UnitsQuery extends WorkloadQuery {
  @ApiPropertyOptional({
    enum: ['CITY', 'DISTRICT', 'SUBDISTRICT', 'COMMUNITY'],
    description: 'Level that the departments belong to by asOf; of a street office its own',
  })
  @IsOptional()
  @IsIn(['CITY', 'DISTRICT', 'SUBDISTRICT', 'COMMUNITY'])
  level?: string;

  @ApiPropertyOptional({ enum: ['department', 'street'], description: 'A row for each; default department' })
  @IsOptional()
  @IsIn(['department', 'street'])
  by?: 'department' | 'street';

  @ApiPropertyOptional({ description: 'Unit the departments belong to by asOf, at any depth' })
  @IsOptional()
  @IsOpaqueId()
  parent?: string;
}

class OneWorkloadQuery extends IntersectionType(WorkloadQuery, FormulasQuery) {}

class WorkloadsQuery extends IntersectionType(UnitsQuery, FormulasQuery) {}

/** @throws Refused for a version that is not on record */
function versionsOf({ formulas = [] }: FormulasQuery): WorkloadVersions {
  const versions = formulas.map((formula) => {
    const [name, version] = formula.split('@') as [WorkloadFigureName, string];
    assertOnRecord(name, Number(version));
    return [name, Number(version)] as const;
  });
  return Object.fromEntries(versions);
}

function assertOnRecord(name: WorkloadFigureName, version: number | undefined): void {
  if (workloadFigure(name, version) === undefined) throw new Refused('METRIC_VERSION_NOT_FOUND');
}

/** One row or the other: whoever names both means neither. */
const InsteadOfDepartment = (): PropertyDecorator =>
  ValidateBy({
    name: 'insteadOfDepartment',
    validator: {
      validate: (_, asked) => (asked?.object as ExplainWorkloadQuery).departmentId === undefined,
      defaultMessage: () => '$property stands instead of departmentId, not beside it',
    },
  });

class ExplainWorkloadQuery extends IntersectionType(UnitsQuery, PageQuery) {
  @ApiProperty({ enum: WORKLOAD_FIGURES, description: 'Name of the figure' })
  @IsIn(WORKLOAD_FIGURES)
  figure!: WorkloadFigureName;

  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: 1, maximum: 9_999 },
    description: 'Of its formula; default: the one in force',
  })
  @Transform(wholeNumber)
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(9_999)
  version?: number;

  @ApiPropertyOptional({ description: 'Whose figure: a department, or a street that is whistled to' })
  @ValidateIf(
    ({ by, departmentId, streetId }: ExplainWorkloadQuery) =>
      departmentId !== undefined || (by !== 'street' && streetId === undefined),
  )
  @IsOpaqueId()
  departmentId?: string;

  @ApiPropertyOptional({
    description:
      'Instead of departmentId: a row by street. With by=street and neither: what lies in no street known',
  })
  @IsOptional()
  @IsOpaqueId()
  @InsteadOfDepartment()
  streetId?: string;
}

/** Time lost, and whose, stands beside what everybody has to do; and what the figures mean. */
interface WorkloadsAnswered {
  readonly items: readonly (Workload | StreetWorkload)[];
  readonly lostTime: readonly LostTimeSum[];
  readonly definitions: readonly WorkloadDefinition[];
}

type OneWorkload = Workload & Pick<WorkloadsAnswered, 'definitions'>;

type Explained = WorkloadDefinition &
  Omit<ScopedWorkloadExplanation, 'next'> & {
    readonly figure: WorkloadFigureName;
    readonly departmentId?: string;
    readonly streetId?: string | null;
    readonly asOf: string;
    readonly knownAt: string;
    readonly from: string;
    readonly nextCursor: string | null;
  };

/** Pages after the first are of its moment and by its formula: otherwise they would not add up to one figure. */
interface ExplainedPlace extends ExplanationPlace {
  readonly version: number;
  readonly asOf: string;
  readonly knownAt: string;
  readonly from: string;
}

const isExplainedPlace = (value: unknown): value is ExplainedPlace => {
  if (typeof value !== 'object' || value === null) return false;
  const { key, version, ...instants } = value as Record<string, unknown>;
  // As this server writes them: PostgreSQL does not take every notation that a request may use.
  return (
    typeof key === 'string' &&
    Number.isInteger(version) &&
    ['at', 'asOf', 'knownAt', 'from'].every(
      (name) => instants[name] !== undefined && parseInstant(instants[name]) === instants[name],
    )
  );
};

const hadSomethingToDo = (told: Workload): boolean =>
  [told.open, told.inflow, told.outflow, told.returned, told.released, told.lostMs].some((n) => n > 0) ||
  told.workedMinutes !== 0 ||
  [told.acknowledgeOnTime, told.checkInOnTime, told.handlingOnTime].some(({ decided }) => decided > 0);

const windowMs = 30 * 24 * 3_600_000;

/** What departments, and streets that are whistled to, have to do, and what is behind each figure of it. */
@ApiTags('departments')
@ApiBearerAuth()
@Controller('v1')
@UseInterceptors(DirectoryHasRead)
export class WorkloadController {
  constructor(
    private readonly queries: QueryBus,
    private readonly platform: Platform,
  ) {}

  @TellsTable('Workload of a department, or of a street that is whistled to, at a moment', {
    ...{ type: OneWorkloadAnswer, columns: workloadColumns },
  })
  @Get('departments/:id/workload')
  async workload(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Query() query: OneWorkloadQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OneWorkload | string> {
    assertReaches(this.platform, request, principal, id);
    await reached(this.platform, 'department-tasks', request);
    const versions = versionsOf(query);
    const [workload] = await this.queries.execute(new ReadWorkload([id], ...this.windowOf(query), versions));
    if (workload === undefined) throw new Refused('DEPARTMENT_NOT_FOUND');
    const told = { ...workload, definitions: workloadDefinitions(versions) };
    const rows = (): ReturnType<typeof workloadRows> => workloadRows([workload], [], query.formulas);
    return tableOf(request, reply, query, told, rows, workloadColumns);
  }

  @TellsTable(
    'Workload of all departments in scope, and of the streets that were whistled to and have something to tell',
    {
      ...{ type: WorkloadsAnswer, columns: workloadColumns },
      rows: 'Behind what they have to do the time that was lost (lost…), a row for each who bears it.',
    },
  )
  @Get('workload')
  async workloads(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @Query() query: WorkloadsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkloadsAnswered | string> {
    await reached(this.platform, 'department-tasks', request);
    const versions = versionsOf(query);
    const window = this.windowOf(query);
    const ids = this.unitsOf(request, principal, query, window[0]);
    const [items, lostTime] = await Promise.all([
      query.by === 'street'
        ? this.queries.execute(new ReadStreetWorkload(ids, ...window, versions))
        : this.departmentsAndWhistledStreets(ids, ...window, versions),
      this.queries.execute(new ReadLostTimeSums(ids, ...window)),
    ]);
    const answer: WorkloadsAnswered = { items, lostTime, definitions: workloadDefinitions(versions) };
    const rows = (told: WorkloadsAnswered) => workloadRows(told.items, told.lostTime, query.formulas);
    return tableOf(request, reply, query, answer, rows, workloadColumns);
  }

  /** Of the streets those that have something to tell: most are never whistled to. */
  private async departmentsAndWhistledStreets(
    ids: readonly string[],
    moment: Moment,
    from: string,
    versions: WorkloadVersions,
  ): Promise<Workload[]> {
    const all = await this.queries.execute(new ReadWorkload(ids, moment, from, versions));
    const { directory } = this.platform;
    return all.filter(
      (told) => directory.orgUnit(told.departmentId)?.kind !== 'SUBDISTRICT' || hadSomethingToDo(told),
    );
  }

  /** Tasks outside the caller's scope count as they do in the figure, and are not named. */
  @TellsTable(
    'Every task behind a figure of workload, with the events that decided, what it contributes, and what is left out and why',
    { type: WorkloadExplanationAnswer, columns: workloadExplanationColumns, isPage: true },
  )
  @Get('workload/explain')
  async explain(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
    @PermittedRoles() permitted: readonly Role[],
    @Query() query: ExplainWorkloadQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Explained | string> {
    const { figure, departmentId, limit } = query;
    if (departmentId !== undefined) assertReaches(this.platform, request, principal, departmentId);
    assertKnown(this.platform, query.streetId);
    await reached(this.platform, 'department-tasks', request);
    const scope = scopeOf(principal, permitted, this.platform.directory);
    // What is in scope is the board's to say.
    if (scope !== null) await reached(this.platform, 'incident-board', request);
    const place = decodeCursor(query.cursor, isExplainedPlace) ?? null;
    const version = place?.version ?? query.version;
    assertOnRecord(figure, version);
    const definition = workloadDefinition(figure, version);
    const [moment, from] = this.windowOf(place ?? query);
    const { asOf, knownAt } = moment;
    const of: WorkloadOf =
      departmentId === undefined
        ? {
            streetId: query.streetId ?? null,
            departmentIds: this.unitsOf(request, principal, query, moment),
          }
        : { departmentId };
    const page = { limit, after: place };
    const asked = new ExplainWorkload(figure, of, moment, from, page, scope, version);
    const { next, ...explained } = await this.queries.execute(asked);
    const whose = departmentId === undefined ? { streetId: query.streetId ?? null } : { departmentId };
    const told: Explained = {
      ...{ figure, ...definition, ...whose, asOf, knownAt, from, ...explained },
      nextCursor: next && encodeCursor({ ...next, asOf, knownAt, from, version: definition.version }),
    };
    return pageTableOf(request, reply, query, told, workloadExplanationRows, workloadExplanationColumns);
  }

  /**
   * Who has, or had, tasks, as the jurisdiction stood by then and as far as the log knew: of those the caller reaches by now, those of a
   * level, below a unit.
   */
  private unitsOf(
    request: FastifyRequest,
    principal: Principal,
    { level, parent }: UnitsQuery,
    moment: Moment,
  ): string[] {
    const { directory } = this.platform;
    assertKnown(this.platform, parent);
    const known = unitsAt(directory, moment);
    const at = moment.asOf;
    const operation = operationAt(request);
    const levelOf = (id: string): string | undefined => {
      const unit = known.orgUnit(id, at);
      return unit?.kind === 'DEPARTMENT' ? known.ancestors(id, at)[0]?.kind : unit?.kind;
    };
    return unitsWithTasks(known)
      .map(({ id }) => id)
      .filter((id) => known.orgUnit(id, at) !== undefined)
      .filter((id) => reachesDepartment(principal, operation, id, directory))
      .filter((id) => level === undefined || levelOf(id) === level)
      .filter((id) => parent === undefined || known.isWithin(id, parent, at));
  }

  private windowOf(query: Pick<WorkloadQuery, 'asOf' | 'knownAt' | 'from'>): [moment: Moment, from: string] {
    const moment = momentOf(query, this.platform.clock);
    return [moment, query.from ?? new Date(Date.parse(moment.asOf) - windowMs).toISOString()];
  }
}
