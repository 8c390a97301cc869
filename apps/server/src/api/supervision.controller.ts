import { Body, HttpCode, Param, Post } from '@nestjs/common';
import {
  DecideAppealCommand,
  FileAppealCommand,
  IssueSupervisionCommand,
  LiftSupervisionCommand,
  RespondToSupervisionCommand,
} from '@shaoying/incident-application';
import { AppealAnswer, CommandAnswer, SupervisionAnswer, Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { AppealDto, DecideAppealDto, IssueSupervisionDto, RespondDto } from './closing.dto.js';
import { CommandDoor, IncidentCommands, type Answer, type MadeIds } from './command-door.js';
import { ReasonDto } from './intake.dto.js';

/** 督办 by a person, and 申诉 against a score. */
@IncidentCommands()
export class SupervisionController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Order supervision 督办 of a task, or of the incident as a whole', SupervisionAnswer, 201)
  @Post(':id/supervisions')
  issue(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: IssueSupervisionDto,
  ): Promise<Answer & MadeIds> {
    const { taskId, level, notify, reason } = body;
    return this.door.run(caller, (context) => {
      return new IssueSupervisionCommand(context, id, {
        ...{ taskId: taskId ?? null, level, notify: notify ?? null, reason },
      });
    });
  }

  @Tells('Answer an order: what is done about it', CommandAnswer)
  @Post(':id/supervisions/:supervisionId/respond')
  @HttpCode(200)
  respond(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('supervisionId') supervisionId: string,
    @Body() body: RespondDto,
  ): Promise<Answer> {
    const { response } = body;
    return this.door.run(caller, (context) => {
      return new RespondToSupervisionCommand(context, id, { supervisionId, response });
    });
  }

  @Tells('Lift an order', CommandAnswer)
  @Post(':id/supervisions/:supervisionId/lift')
  @HttpCode(200)
  lift(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('supervisionId') supervisionId: string,
    @Body() body: ReasonDto,
  ): Promise<Answer> {
    const { reason } = body;
    return this.door.run(caller, (context) => {
      return new LiftSupervisionCommand(context, id, { supervisionId, reason });
    });
  }

  @Tells('Appeal 申诉: a unit contests how it is scored, once for each item', AppealAnswer, 201)
  @Post(':id/appeals')
  appeal(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: AppealDto,
  ): Promise<Answer & MadeIds> {
    const { item, itemId, reason, evidence } = body;
    return this.door.run(caller, (context) => {
      return new FileAppealCommand(context, id, {
        ...{ item, itemId: itemId ?? null, reason, evidence: evidence ?? [] },
      });
    });
  }

  @Tells('Decide an appeal: excluded 剔除 from the score, or not', CommandAnswer)
  @Post(':id/appeals/:appealId/decide')
  @HttpCode(200)
  decideAppeal(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('appealId') appealId: string,
    @Body() body: DecideAppealDto,
  ): Promise<Answer> {
    const { exclude, reason } = body;
    return this.door.run(caller, (context) => {
      return new DecideAppealCommand(context, id, { appealId, exclude, reason });
    });
  }
}
