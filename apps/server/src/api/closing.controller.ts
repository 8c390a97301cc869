import { Body, HttpCode, Param, Post } from '@nestjs/common';
import {
  CheckHandlingCommand,
  CloseIncidentCommand,
  CorrectFeedbackCommand,
  RecordFeedbackCommand,
  ReopenIncidentCommand,
  type EndedDepartment,
} from '@shaoying/incident-application';
import { CommandAnswer, ReopenAnswer, Tells } from './answers.dto.js';
import { byReceiptOrRight, Caller, type CommandCaller } from './caller.js';
import { CheckHandlingDto, CorrectFeedbackDto, FeedbackDto, ReopenDto } from './closing.dto.js';
import { answerOf, CommandDoor, IncidentCommands, type Answer } from './command-door.js';
import { EmptyDto } from './incident.dto.js';

/** 核查, 回访, 结案: whether it is done, by others than those who did it. */
@IncidentCommands()
export class ClosingController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Check on site 核查: pass, or back for rework', CommandAnswer)
  @Post(':id/check')
  @HttpCode(200)
  check(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: CheckHandlingDto,
  ): Promise<Answer> {
    const { result, note, evidence } = body;
    return this.door.run(caller, (context) => {
      return new CheckHandlingCommand(context, id, { result, note, evidence: evidence ?? [] });
    });
  }

  @Tells('Record feedback 回访: by callback, or by the reporter with the receipt code', CommandAnswer)
  @Post(':id/feedback')
  @HttpCode(200)
  feedback(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: FeedbackDto,
  ): Promise<Answer> {
    const { solved, satisfaction, comment = null } = body;
    const receiptCode = body.receiptCode ?? null;
    return this.door.run(byReceiptOrRight(caller, receiptCode), (context) => {
      return new RecordFeedbackCommand(context, id, {
        ...{ solved, satisfaction, comment, receiptCode },
        personal: isPersonal(body),
      });
    });
  }

  @Tells('Correct feedback: the first word stays beside it', CommandAnswer)
  @Post(':id/feedback/correct')
  @HttpCode(200)
  correctFeedback(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: CorrectFeedbackDto,
  ): Promise<Answer> {
    const { solved, satisfaction, comment = null, reason } = body;
    const receiptCode = body.receiptCode ?? null;
    return this.door.run(byReceiptOrRight(caller, receiptCode), (context) => {
      return new CorrectFeedbackCommand(context, id, {
        ...{ solved, satisfaction, comment, reason, receiptCode },
        personal: isPersonal(body),
      });
    });
  }

  @Tells('Close 结案: after feedback, or when its window is over', CommandAnswer)
  @Post(':id/close')
  @HttpCode(200)
  close(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() _body: EmptyDto): Promise<Answer> {
    return this.door.run(caller, (context) => new CloseIncidentCommand(context, id));
  }

  @Tells('Reopen: another cycle, under what is in force now; by the reporter or an office', ReopenAnswer)
  @Post(':id/reopen')
  @HttpCode(200)
  async reopen(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: ReopenDto,
  ): Promise<Answer & { cycle: number; endedDepartments: readonly EndedDepartment[] }> {
    const { reason } = body;
    const receiptCode = body.receiptCode ?? null;
    const outcome = await this.door.send(byReceiptOrRight(caller, receiptCode), (context) => {
      return new ReopenIncidentCommand(context, id, { reason, receiptCode });
    });
    const { state, endedDepartments } = outcome;
    return { ...answerOf(outcome), cycle: state.cycle, endedDepartments };
  }
}

const isPersonal = ({ personal }: FeedbackDto): boolean => personal?.includes('comment') === true;
