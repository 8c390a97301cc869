import { Controller, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CommandsInProgress, commandContext } from '@shaoying/http';
import type { Publication } from '@shaoying/jurisdiction-application';
import { Platform } from '../platform.js';
import { actorOf } from './actors.js';
import { Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { PublicationAnswer, PublishQuery } from './jurisdiction.dto.js';

/** Ways of the publisher that take one body of any JSON; the shapes of documents are checked there. */
type Way =
  | 'publishOrgUnits'
  | 'renameOrgUnit'
  | 'mergeOrgUnits'
  | 'splitOrgUnit'
  | 'publishCategories'
  | 'publishCatalogue'
  | 'publishGridMap'
  | 'publishPolicy'
  | 'publishLadder'
  | 'publishCalendar'
  | 'publishMetricDefinition';

const dryRunAnswer = {
  status: 200,
  type: PublicationAnswer,
  description: 'Of a dry run: what would be published',
};
const documentSchema = { schema: { type: 'object', additionalProperties: true } };

/**
 * Publication of new versions, by administrators. Every document is validated together with everything in force; what is
 * in force already adds nothing. Open incidents keep the versions they were filed under.
 */
@ApiTags('jurisdiction')
@ApiBearerAuth()
@ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'Same key, same body: the first answer again',
})
@ApiHeader({
  name: 'If-Match',
  required: false,
  description: 'Version of the document that this one follows',
})
@Controller('v1')
export class JurisdictionPublicationController {
  private readonly commands = new CommandsInProgress();

  constructor(private readonly platform: Platform) {}

  @Tells('Establish org units and revise those that differ: {orgUnits: […]}', PublicationAnswer, 201)
  @Post('org-units')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  orgUnits(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    const { body } = caller.request;
    const { orgUnits = null, ...more } = isObject(body) ? body : {};
    // A misspelt field is a problem, not silence: what is no list of units is refused as what it is.
    const units = Object.keys(more).length === 0 ? orgUnits : body;
    return this.publish(caller, query, 'publishOrgUnits', units);
  }

  @Tells(
    'Rename an org unit or give it another code: {id, name?, divisionCode?, from}',
    PublicationAnswer,
    201,
  )
  @Post('org-units/rename')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  rename(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'renameOrgUnit');
  }

  @Tells('Merge org units into a new one or one that is there: {unitIds, into, from}', PublicationAnswer, 201)
  @Post('org-units/merge')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  merge(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'mergeOrgUnits');
  }

  @Tells('Split an org unit: {id, into: […], from, children?: [{id, parentId}]}', PublicationAnswer, 201)
  @Post('org-units/split')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  split(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'splitOrgUnit');
  }

  @Tells(
    'Add or replace categories: {catalogueId?, name?, categories: […]}; others stay',
    PublicationAnswer,
    201,
  )
  @Post('categories')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  categories(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishCategories');
  }

  @Tells('Publish the next version of a whole dispatch catalogue', PublicationAnswer, 201)
  @Post('catalogues')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  catalogue(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishCatalogue');
  }

  @Tells(
    'Publish the next version of a grid map; redrawn boundaries hold from effectiveFrom',
    PublicationAnswer,
    201,
  )
  @Post('grid-maps')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  gridMap(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishGridMap');
  }

  @Tells('Publish the next version of a deadline policy; open incidents keep theirs', PublicationAnswer, 201)
  @Post('deadline-policies')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  policy(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishPolicy');
  }

  @Tells('Publish the next version of an escalation ladder', PublicationAnswer, 201)
  @Post('ladders')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  ladder(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishLadder');
  }

  @Tells('Publish the next version of a working calendar', PublicationAnswer, 201)
  @Post('calendars')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  calendar(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishCalendar');
  }

  @Tells('Publish the next version of a metric definition', PublicationAnswer, 201)
  @Post('metric-definitions')
  @ApiBody(documentSchema)
  @ApiResponse(dryRunAnswer)
  metricDefinition(@Caller() caller: CommandCaller, @Query() query: PublishQuery): Promise<Publication> {
    return this.publish(caller, query, 'publishMetricDefinition');
  }

  private async publish(
    { request, reply, principal, permitted }: CommandCaller,
    { dryRun }: PublishQuery,
    way: Way,
    body: unknown = request.body,
  ): Promise<Publication> {
    const { ifMatch, causationId: _, ...context } = commandContext(request, principal);
    const now = this.platform.clock.now().toISOString();
    const actor = actorOf(principal, permitted);
    const expected = ifMatch === undefined ? {} : { expectedVersion: ifMatch };
    const { publisher } = this.platform;
    if (dryRun === 'true') {
      void reply.status(200);
      return publisher[way](body, actor, now, { ...expected, dryRun: true });
    }
    const { replayed, ...publication } = await this.commands.run(context.commandId, () =>
      publisher[way](body, actor, now, { ...context, ...expected }),
    );
    const [first, ...others] = publication.published;
    if (first !== undefined && others.length === 0) void reply.header('ETag', `"${first.version}"`);
    if (replayed) void reply.header('Idempotency-Replayed', 'true');
    void reply.header('Shaoying-Position', publication.position);
    return publication;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
