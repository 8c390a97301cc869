import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags, IntersectionType } from '@nestjs/swagger';
import { isUuid, uuidV5 } from '@shaoying/config';
import {
  commandContext,
  decodeCursor,
  encodeCursor,
  PageQuery,
  pageTableOf,
  TableQuery,
  type Page,
} from '@shaoying/http';
import type { Difference } from '@shaoying/incident-application';
import {
  documentsOf,
  JurisdictionInvalid,
  knowsVersions,
  type AlternativeDocuments,
  type JurisdictionDocuments,
} from '@shaoying/jurisdiction-application';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { SimulationRuns } from '../simulations/simulation-runs.js';
import { SimulationStore, type Simulation } from '../simulations/simulation-store.js';
import { actorOf } from './actors.js';
import { Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { Refused } from './refused.js';
import { differenceColumns, differenceRows } from './simulation-tables.js';
import { DifferencesAnswer, SimulateDto, SimulationAnswer } from './simulations.dto.js';
import { TellsTable } from './tells-table.js';

class DifferencesQuery extends IntersectionType(PageQuery, TableQuery) {}

/** Namespace of simulations: the same Idempotency-Key is the same one. */
const SIMULATIONS = '5a1f6c0e-9d0b-5b62-8a47-3c7e2f19d4b8';

const windowMsMax = 5 * 366 * 24 * 3_600_000;

const isPlace = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

/** A past window under other rules. Nothing of it is in the log. */
@ApiTags('oversight')
@ApiBearerAuth()
@Controller('v1/simulations')
export class SimulationsController {
  constructor(
    private readonly platform: Platform,
    private readonly store: SimulationStore,
    private readonly runs: SimulationRuns,
  ) {}

  @Tells(
    'Live a past window again under another deadline policy, ladder or calendar; changes nothing',
    SimulationAnswer,
    202,
    ['Location', 'Idempotency-Replayed'],
  )
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Same key, same body: the same simulation again',
  })
  @Post()
  @HttpCode(202)
  async ask(@Caller() caller: CommandCaller, @Body() body: SimulateDto): Promise<SimulationAnswer> {
    const { request, reply, principal } = caller;
    const spanMs = Date.parse(body.to) - Date.parse(body.from);
    if (spanMs <= 0 || spanMs > windowMsMax) throw new Refused('SIMULATION_WINDOW');
    const { districtId, streetId, departmentId } = body.scope ?? {};
    // A misspelt unit makes no difference, which would be told as what the rules come to.
    for (const unitId of [districtId, streetId, departmentId])
      if (unitId !== undefined && this.platform.directory.orgUnit(unitId) === undefined)
        throw new Refused('SIMULATION_SCOPE');
    const given = asSent(request.body);
    const documents = await this.soundDocuments(caller, given);
    const { commandId, requestHash } = commandContext(request, principal);
    const id = uuidV5(SIMULATIONS, commandId);
    const { from, to, scope = {} } = body;
    const { policies, ladders, calendars } = documents;
    const asked = {
      window: { from, to, ...scope },
      deadlinePolicy: policies[0] ?? given.deadlinePolicy,
      ladder: ladders[0] ?? given.ladder,
      calendar: calendars[0] ?? given.calendar,
    };
    const { replayed } = await this.store.ask(id, requestHash, asked);
    if (replayed) void reply.header('Idempotency-Replayed', 'true');
    else this.runs.look();
    void reply.header('Location', `/v1/simulations/${id}`);
    return this.found(id);
  }

  @Tells('How far a simulation is, and what came of it', SimulationAnswer)
  @Get(':id')
  tell(@Param('id') id: string): Promise<SimulationAnswer> {
    return this.found(id);
  }

  @TellsTable('What would have been otherwise, one by one; 100,000 at the most', {
    ...{ type: DifferencesAnswer, columns: differenceColumns, isPage: true },
  })
  @Get(':id/differences')
  async differences(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Query() query: DifferencesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<Difference> | string> {
    const { limit, cursor } = query;
    await this.found(id);
    const after = decodeCursor(cursor, isPlace) ?? 0;
    const rows = await this.store.differences(id, after, limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const told: Page<Difference> = {
      items: page.map(({ difference }) => difference),
      nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.place) : null,
    };
    return pageTableOf(
      request,
      reply,
      query,
      told,
      ({ items }) => differenceRows(id, items),
      differenceColumns,
    );
  }

  @Tells('End a simulation, and forget what came of it')
  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string): Promise<void> {
    if (!isUuid(id) || !(await this.store.remove(id))) throw new Refused('SIMULATION_NOT_FOUND');
  }

  private async found(id: string): Promise<SimulationAnswer> {
    const simulation = isUuid(id) ? await this.store.find(id) : null;
    if (simulation === null) throw new Refused('SIMULATION_NOT_FOUND');
    return answerOf(simulation, this.platform.clock.now());
  }

  /** The documents of an alternative; what would not be published is not simulated. @throws JurisdictionInvalid, Refused */
  private async soundDocuments(
    { principal, permitted }: CommandCaller,
    given: AlternativeDocuments,
  ): Promise<JurisdictionDocuments> {
    const { publisher, directory, clock } = this.platform;
    if (!knowsVersions(directory, given)) throw new Refused('ALTERNATIVE_NOT_PUBLISHED');
    const documents = documentsOf(given);
    const [now, actor] = [clock.now().toISOString(), actorOf(principal, permitted)];
    const { problems = [] } = await publisher.publish(documents, actor, now, { dryRun: true });
    if (problems.length > 0) throw new JurisdictionInvalid(problems);
    return documents;
  }
}

/** Documents as they were sent: in a rule `null` is another thing than nothing, which it is nowhere else. */
function asSent(body: unknown): AlternativeDocuments {
  const { deadlinePolicy, ladder, calendar } = body as AlternativeDocuments;
  return { deadlinePolicy, ladder, calendar };
}

function answerOf(simulation: Simulation, now: Date): SimulationAnswer {
  const { id, state, request, askedAt, startedAt, endedAt, knownAt, failure, report } = simulation;
  const { from, to, ...scope } = request.window;
  return {
    ...{ id, state, from, to, scope, askedAt, startedAt, endedAt, knownAt, failure },
    progress: progressOf(simulation, now),
    report: report as SimulationAnswer['report'],
  };
}

function progressOf({ progress, startedAt, endedAt }: Simulation, now: Date): SimulationAnswer['progress'] {
  if (progress === null || startedAt === null) return null;
  const { incidentsDone, incidentsTotal, eventsDone } = progress;
  const seconds = (Date.parse(endedAt ?? now.toISOString()) - Date.parse(startedAt)) / 1_000;
  const isMoving = seconds > 0 && incidentsDone > 0;
  return {
    ...{ incidentsDone, incidentsTotal, eventsDone },
    eventsPerSecond: isMoving ? Math.round(eventsDone / seconds) : null,
    secondsLeft: isMoving ? Math.ceil(((incidentsTotal - incidentsDone) * seconds) / incidentsDone) : null,
  };
}
