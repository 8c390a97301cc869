import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { isUuid } from '@shaoying/config';
import {
  ForgetReporterCommand,
  ReporterVault,
  RevealReporterCommand,
  type RevealedReporter,
} from '@shaoying/incident-application';
import { FORGOTTEN } from '@shaoying/personal-data';
import { FindSubject } from '../queries/queries.js';
import { Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { answerOf, CommandDoor, IncidentCommands, type Answer } from './command-door.js';
import { EmptyDto } from './incident.dto.js';
import { ForgottenAnswer, RevealAnswer, RevealReporterDto } from './persons.dto.js';
import { Refused } from './refused.js';

/** Who reported it: told to whoever has the matter in hand, on record before it is told. */
@IncidentCommands()
export class RevealController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Reveal the reporter to whoever has the matter in hand; recorded before it is told', RevealAnswer)
  @Post(':id/reporter/reveal')
  @HttpCode(200)
  async reveal(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: RevealReporterDto,
  ): Promise<Answer & { reporter: RevealedReporter }> {
    const { purpose, reason, fields = ['NAME', 'PHONE'] } = body;
    const outcome = await this.door.send(caller, (context) => {
      return new RevealReporterCommand(context, id, { purpose, reason, fields });
    });
    void caller.reply.header('Cache-Control', 'no-store');
    return { ...answerOf(outcome), reporter: outcome.reporter };
  }
}

/** The right to be forgotten. */
@ApiTags('persons')
@ApiBearerAuth()
@ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'Same key, same body: the first answer again',
})
@Controller('v1')
export class ForgettingController {
  constructor(
    private readonly door: CommandDoor,
    private readonly queries: QueryBus,
    private readonly vault: ReporterVault,
  ) {}

  @Tells('Forget the reporter of an incident for ever; the case stays whole', ForgottenAnswer)
  @Post('incidents/:id/reporter/forget')
  @HttpCode(200)
  async forgetReporter(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() _body: EmptyDto,
  ): Promise<ForgottenAnswer> {
    const { incidentId, subjectIds } = await this.door.send(caller, (context) => {
      return new ForgetReporterCommand(context, id);
    });
    return { incidentId, subjectIds: [...subjectIds], reporter: FORGOTTEN };
  }

  @Tells('Forget a person by the reference that incidents show, for ever', ForgottenAnswer)
  @Post('subjects/:subjectId/forget')
  @HttpCode(200)
  async forget(
    @Caller() caller: CommandCaller,
    @Param('subjectId') subjectId: string,
    @Body() body: EmptyDto,
  ): Promise<ForgottenAnswer> {
    if (!isUuid(subjectId)) throw new Refused('SUBJECT_NOT_FOUND');
    // First of all: whatever is or is not known of an incident, nobody reads of this person any more.
    await this.vault.forget(subjectId);
    const incidentId = await this.queries.execute(new FindSubject(subjectId.toLowerCase()));
    if (incidentId !== null) return this.forgetReporter(caller, incidentId, body);
    return { incidentId, subjectIds: [subjectId], reporter: FORGOTTEN };
  }
}
