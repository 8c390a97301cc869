import { Body, HttpCode, Param, Post } from '@nestjs/common';
import {
  AcknowledgeTaskCommand,
  BookWorkCommand,
  CheckInCommand,
  CompleteTaskCommand,
  RecordContactCommand,
  ReleaseTaskCommand,
  ReportProgressCommand,
  RequestReleaseCommand,
  TransferTaskCommand,
  UrgeTaskCommand,
} from '@shaoying/incident-application';
import { TaskStateAnswer, Tells } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { CommandDoor, completionOf, IncidentCommands, locationOf, type TaskAnswer } from './command-door.js';
import { EmptyDto } from './incident.dto.js';
import { NoteDto, ReasonDto } from './intake.dto.js';
import {
  CheckInDto,
  ContactDto,
  ProgressDto,
  ReleaseDto,
  TaskCompletionDto,
  TransferTaskDto,
  WorkDto,
} from './task.dto.js';

/** 报到 and what comes of it: one department's part in a whistle. */
@IncidentCommands()
export class TasksController {
  constructor(private readonly door: CommandDoor) {}

  @Tells('Acknowledge a task 签收', TaskStateAnswer)
  @Post(':id/tasks/:taskId/acknowledge')
  @HttpCode(200)
  acknowledge(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() _body: EmptyDto,
  ): Promise<TaskAnswer> {
    return this.door.runOnTask(caller, taskId, (context) => {
      return new AcknowledgeTaskCommand(context, id, taskId);
    });
  }

  @Tells('Contact the reporter 先行联系', TaskStateAnswer)
  @Post(':id/tasks/:taskId/contact')
  @HttpCode(200)
  contact(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ContactDto,
  ): Promise<TaskAnswer> {
    const { reached, note } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new RecordContactCommand(context, id, taskId, {
        ...{ reached: reached ?? true, note: note ?? null },
      });
    });
  }

  @Tells('Check in 报到; late is recorded for ever', TaskStateAnswer)
  @Post(':id/tasks/:taskId/check-in')
  @HttpCode(200)
  checkIn(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: CheckInDto,
  ): Promise<TaskAnswer> {
    const location = body.location ? locationOf(body.location) : null;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new CheckInCommand(context, id, taskId, {
        ...{ occurredAt: body.occurredAt ?? null, location },
        ...completionOf(body),
      });
    });
  }

  @Tells('Report progress; with a stage: that it is done', TaskStateAnswer)
  @Post(':id/tasks/:taskId/progress')
  @HttpCode(200)
  progress(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ProgressDto,
  ): Promise<TaskAnswer> {
    const { note, stage, evidence, workedMinutes } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new ReportProgressCommand(context, id, taskId, {
        ...{ note, stage: stage ?? null, evidence: evidence ?? [], workedMinutes: workedMinutes ?? null },
      });
    });
  }

  @Tells('Complete a task', TaskStateAnswer)
  @Post(':id/tasks/:taskId/complete')
  @HttpCode(200)
  complete(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: TaskCompletionDto,
  ): Promise<TaskAnswer> {
    return this.door.runOnTask(caller, taskId, (context) => {
      return new CompleteTaskCommand(context, id, taskId, {
        ...{ ...completionOf(body), workedMinutes: body.workedMinutes ?? null },
      });
    });
  }

  @Tells('Book work on a task 登记工时, or take back what was booked', TaskStateAnswer)
  @Post(':id/tasks/:taskId/work')
  @HttpCode(200)
  work(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: WorkDto,
  ): Promise<TaskAnswer> {
    const { workedMinutes, note } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new BookWorkCommand(context, id, taskId, { workedMinutes, note: note ?? null });
    });
  }

  @Tells('Ask that an assisting department be released: by the lead', TaskStateAnswer)
  @Post(':id/tasks/:taskId/release/request')
  @HttpCode(200)
  requestRelease(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ReasonDto,
  ): Promise<TaskAnswer> {
    const { reason } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new RequestReleaseCommand(context, id, taskId, { reason });
    });
  }

  @Tells('Release an assisting department', TaskStateAnswer)
  @Post(':id/tasks/:taskId/release')
  @HttpCode(200)
  release(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: ReleaseDto,
  ): Promise<TaskAnswer> {
    const { reasonCode, reason } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new ReleaseTaskCommand(context, id, taskId, { reasonCode: reasonCode ?? 'NOT_NEEDED', reason });
    });
  }

  @Tells('Urge 催办: a reminder, no order', TaskStateAnswer)
  @Post(':id/tasks/:taskId/urge')
  @HttpCode(200)
  urge(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: NoteDto,
  ): Promise<TaskAnswer> {
    return this.door.runOnTask(caller, taskId, (context) => {
      return new UrgeTaskCommand(context, id, taskId, { note: body.note ?? null });
    });
  }

  @Tells('Transfer a task to whoever has taken over from its department; its clocks run on', TaskStateAnswer)
  @Post(':id/tasks/:taskId/transfer')
  @HttpCode(200)
  transfer(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: TransferTaskDto,
  ): Promise<TaskAnswer> {
    const { to, reason } = body;
    return this.door.runOnTask(caller, taskId, (context) => {
      return new TransferTaskCommand(context, id, taskId, { to, reason });
    });
  }
}
