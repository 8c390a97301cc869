import { Body, HttpCode, Param, Post } from '@nestjs/common';
import {
  ArbitrateCommand,
  DecideExtensionCommand,
  DecideReturnCommand,
  OpenArbitrationCommand,
  RequestExtensionCommand,
  RequestReturnCommand,
} from '@shaoying/incident-application';
import { TaskStateAnswer, Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { CommandDoor, IncidentCommands, type TaskAnswer } from './command-door.js';
import { EmptyDto } from './incident.dto.js';
import { ArbitrateDto, DecideExtensionDto, DecideReturnDto, ExtensionDto, ReturnDto } from './task.dto.js';

/** 退单, 裁定, 延期: whose task it is, and how long it may take. */
@IncidentCommands()
export class ReturnsController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Return a task 退单: not ours, by this rule; in its own window', TaskStateAnswer)
  @Post(':id/tasks/:taskId/return')
  @HttpCode(200)
  requestReturn(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ReturnDto,
  ): Promise<TaskAnswer> {
    const { reasonCode, basis, suggestedUnit } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new RequestReturnCommand(context, id, taskId, {
        ...{ reasonCode, basis, suggestedUnitId: suggestedUnit ?? null },
      });
    });
  }

  @Tells('Decide a return: accepted, with who gets it; or refused', TaskStateAnswer)
  @Post(':id/tasks/:taskId/return/decide')
  @HttpCode(200)
  decideReturn(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: DecideReturnDto,
  ): Promise<TaskAnswer> {
    const { accept, reason, newUnit } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new DecideReturnCommand(context, id, taskId, {
        ...{ accept, reason: reason ?? null, newUnitId: newUnit ?? null },
      });
    });
  }

  @Tells('Open arbitration: the dispatcher cannot decide who is responsible', TaskStateAnswer)
  @Post(':id/tasks/:taskId/arbitration')
  @HttpCode(200)
  openArbitration(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() _body: EmptyDto,
  ): Promise<TaskAnswer> {
    return this.door.runOnTask(caller, taskId, (context) => {
      return new OpenArbitrationCommand(context, id, taskId, {});
    });
  }

  @Tells('Arbitrate 裁定: binding and final', TaskStateAnswer)
  @Post(':id/tasks/:taskId/arbitrate')
  @HttpCode(200)
  arbitrate(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ArbitrateDto,
  ): Promise<TaskAnswer> {
    const { responsibleUnit, rule, reason } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new ArbitrateCommand(context, id, taskId, { responsibleUnitId: responsibleUnit, rule, reason });
    });
  }

  @Tells('Ask for an extension 延期: the lead, before it is due', TaskStateAnswer)
  @Post(':id/tasks/:taskId/extension')
  @HttpCode(200)
  requestExtension(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ExtensionDto,
  ): Promise<TaskAnswer> {
    const { amount, unit, reason } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new RequestExtensionCommand(context, id, taskId, { amount, unit, reason });
    });
  }

  @Tells('Decide an extension: who may depends on the how-manieth it is', TaskStateAnswer)
  @Post(':id/tasks/:taskId/extension/decide')
  @HttpCode(200)
  decideExtension(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: DecideExtensionDto,
  ): Promise<TaskAnswer> {
    const { grant, reason } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new DecideExtensionCommand(context, id, taskId, { grant, reason: reason ?? null });
    });
  }
}
