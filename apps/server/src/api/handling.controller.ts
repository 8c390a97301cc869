import { Body, HttpCode, Param, Post } from '@nestjs/common';
import {
  CompleteSelfHandlingCommand,
  EscalateLevelCommand,
  MergeIncidentCommand,
  RecordSelfHandlerContactCommand,
  ResumeIncidentCommand,
  StartSelfHandlingCommand,
  SuspendIncidentCommand,
  UnmergeIncidentCommand,
} from '@shaoying/incident-application';
import { CommandAnswer, Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { CommandDoor, completionOf, IncidentCommands, type Answer } from './command-door.js';
import {
  CompletionDto,
  EscalateDto,
  MergeDto,
  ReasonDto,
  ResumeDto,
  StartSelfHandlingDto,
  SuspendDto,
} from './intake.dto.js';
import { ContactDto } from './task.dto.js';

/** Who holds the matter, and what makes its clocks stand still. */
@IncidentCommands()
export class HandlingController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Start self-handling 自处置', CommandAnswer)
  @Post(':id/self-handling')
  @HttpCode(200)
  startSelfHandling(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: StartSelfHandlingDto,
  ): Promise<Answer> {
    const wanted = { level: body.level ?? null, note: body.note ?? null, parties: body.parties ?? [] };
    return this.door.run(caller, (context) => {
      return new StartSelfHandlingCommand(context, id, wanted);
    });
  }

  @Tells('Contact the reporter 先行联系, of what is handled without a whistle', CommandAnswer)
  @Post(':id/self-handling/contact')
  @HttpCode(200)
  contact(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: ContactDto,
  ): Promise<Answer> {
    const { reached, note } = body;
    return this.door.run(caller, (context) => {
      return new RecordSelfHandlerContactCommand(context, id, {
        reached: reached ?? true,
        note: note ?? null,
      });
    });
  }

  @Tells('Complete self-handling', CommandAnswer)
  @Post(':id/self-handling/complete')
  @HttpCode(200)
  completeSelfHandling(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: CompletionDto,
  ): Promise<Answer> {
    return this.door.run(caller, (context) => {
      return new CompleteSelfHandlingCommand(context, id, completionOf(body));
    });
  }

  @Tells('Escalate: it needs a higher level; never downward', CommandAnswer)
  @Post(':id/escalate')
  @HttpCode(200)
  escalate(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: EscalateDto,
  ): Promise<Answer> {
    const { to, reason } = body;
    return this.door.run(caller, (context) => {
      return new EscalateLevelCommand(context, id, { to, reason });
    });
  }

  @Tells('Suspend 挂账: it cannot be solved now; clocks stand still until it is resumed', CommandAnswer)
  @Post(':id/suspend')
  @HttpCode(200)
  suspend(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: SuspendDto,
  ): Promise<Answer> {
    const { reasonCode, reason, reviewAt } = body;
    return this.door.run(caller, (context) => {
      return new SuspendIncidentCommand(context, id, { reasonCode, reason, reviewAt });
    });
  }

  @Tells('Resume, or stay suspended until another review', CommandAnswer)
  @Post(':id/resume')
  @HttpCode(200)
  resume(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() body: ResumeDto): Promise<Answer> {
    const { reason, renewUntil } = body;
    return this.door.run(caller, (context) => {
      return new ResumeIncidentCommand(context, id, { reason, renewUntil: renewUntil ?? null });
    });
  }

  @Tells('Merge 并案: it is the same as another, and goes on there', CommandAnswer)
  @Post(':id/merge')
  @HttpCode(200)
  merge(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() body: MergeDto): Promise<Answer> {
    const { into, reason, keepDepartments } = body;
    return this.door.run(caller, (context) => {
      return new MergeIncidentCommand(context, id, {
        ...{ into, reason, keepDepartments: keepDepartments ?? null },
      });
    });
  }

  @Tells('Unmerge: it stands for itself again, with its clocks where they stood', CommandAnswer)
  @Post(':id/unmerge')
  @HttpCode(200)
  unmerge(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: ReasonDto,
  ): Promise<Answer> {
    const { reason } = body;
    return this.door.run(caller, (context) => {
      return new UnmergeIncidentCommand(context, id, { reason });
    });
  }
}
