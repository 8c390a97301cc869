import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { CommandEndpoint } from '@shaoying/http';
import {
  AnonymousAllowed,
  hasAnyRole,
  RoleNotPermitted,
  Roles,
  TokenOptional,
  type Principal,
  type Role,
} from '@shaoying/identity';
import {
  AcknowledgeTaskCommand,
  BlowWhistleCommand,
  CheckHandlingCommand,
  CheckInCommand,
  CloseIncidentCommand,
  CompleteSelfHandlingCommand,
  CompleteTaskCommand,
  FileIncidentCommand,
  RecordFeedbackCommand,
  ReportIncidentCommand,
  StartSelfHandlingCommand,
  type CommandContext,
  type CommandOutcome,
} from '@shaoying/incident-application';
import type { Location } from '@shaoying/incident-domain';
import type { Command } from '@nestjs/cqrs';
import { CommandAnswer, ReportAnswer, WhistleAnswer, Tells } from './answers.dto.js';
import { actorOf, mayCommand } from './access-policy.js';
import { Caller, type CommandCaller } from './caller.js';
import {
  BlowWhistleDto,
  CheckHandlingDto,
  CheckInDto,
  CompletionDto,
  EmptyDto,
  FeedbackDto,
  ReportIncidentDto,
  StartSelfHandlingDto,
  type LocationDto,
} from './incident.dto.js';
import { Refused } from './refused.js';

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly revision: number;
}

/** The commands of an incident's main path. Every one takes Idempotency-Key and If-Match. */
@ApiTags('incidents')
@ApiBearerAuth()
@ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'Same key, same body: the first answer again',
})
@ApiHeader({ name: 'If-Match', required: false, description: 'Revision as the last ETag gave it' })
@Controller('v1/incidents')
export class IncidentCommandsController {
  private readonly endpoint = new CommandEndpoint();

  constructor(private readonly commands: CommandBus) {}

  @Tells('Report an incident', ReportAnswer, 201)
  @Post()
  @AnonymousAllowed()
  @Roles(...mayCommand.report)
  async report(
    @Caller() caller: CommandCaller,
    @Body() body: ReportIncidentDto,
  ): Promise<Answer & { receiptCode: string }> {
    // Others' reports are verified before they are filed; told, not passed over in silence.
    if (body.file === true && !hasAnyRole(caller.principal, mayCommand.fileAtOnce))
      throw new RoleNotPermitted();
    const { category, severity, description, channel } = body;
    const reporter = reporterOf(body.reporter);
    const outcome = await this.endpoint.run(caller.request, caller.reply, caller.principal, (context) =>
      this.commands.execute(
        new ReportIncidentCommand(withActor(context, caller.principal, mayCommand.report), {
          ...{ category, severity, description, channel, location: locationOf(body.location), reporter },
          ...{
            gridId: body.gridId ?? null,
            estateId: body.estateId ?? null,
            occurredAt: body.occurredAt ?? null,
          },
          anonymous: body.anonymous ?? reporter === null,
          file: body.file === true,
        }),
      ),
    );
    void caller.reply.header('Location', `/v1/incidents/${outcome.incidentId}`);
    return { ...answerOf(outcome), receiptCode: outcome.receiptCode };
  }

  /** Checks a report as POST /v1/incidents would, and records nothing. */
  @Tells('Check a report without recording it')
  @Post('validate')
  @HttpCode(200)
  @AnonymousAllowed()
  @Roles(...mayCommand.report)
  validate(@Body() _body: ReportIncidentDto): { valid: true } {
    return { valid: true };
  }

  @Tells('File 立案: the clocks start, policy and calendar are pinned', CommandAnswer)
  @Post(':id/file')
  @HttpCode(200)
  @Roles(...mayCommand.file)
  file(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() _body: EmptyDto): Promise<Answer> {
    return this.run(caller, mayCommand.file, (context) => new FileIncidentCommand(context, id));
  }

  @Tells('Start self-handling 自处置', CommandAnswer)
  @Post(':id/self-handling')
  @HttpCode(200)
  @Roles(...mayCommand.selfHandle)
  startSelfHandling(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: StartSelfHandlingDto,
  ): Promise<Answer> {
    const wanted = { level: body.level ?? null, note: body.note ?? null };
    return this.run(caller, mayCommand.selfHandle, (context) => {
      return new StartSelfHandlingCommand(context, id, wanted);
    });
  }

  @Tells('Complete self-handling', CommandAnswer)
  @Post(':id/self-handling/complete')
  @HttpCode(200)
  @Roles(...mayCommand.selfHandle)
  completeSelfHandling(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: CompletionDto,
  ): Promise<Answer> {
    return this.run(caller, mayCommand.selfHandle, (context) => {
      return new CompleteSelfHandlingCommand(context, id, completionOf(body));
    });
  }

  @Tells('Blow the whistle 吹哨: one lead, any assists', WhistleAnswer, 201)
  @Post(':id/whistles')
  @Roles(...mayCommand.blowWhistle)
  async blowWhistle(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: BlowWhistleDto,
  ): Promise<Answer & { whistleId: string; tasks: object[] }> {
    const { kind, lead, assists = [], reason } = body;
    const outcome = await this.endpoint.run(caller.request, caller.reply, caller.principal, (context) =>
      this.commands.execute(
        new BlowWhistleCommand(withActor(context, caller.principal, mayCommand.blowWhistle), id, {
          kind,
          lead,
          assists,
          reason,
        }),
      ),
    );
    const { whistleId, state } = outcome;
    const tasks = state.tasks
      .filter((task) => task.whistleId === whistleId)
      .map(({ taskId, departmentId, role, deadlines }) => ({
        ...{ taskId, departmentId, role },
        deadlines: deadlines.map(({ firstStep: _, ...deadline }) => deadline),
      }));
    void caller.reply.header('Location', `/v1/incidents/${id}`);
    return { ...answerOf(outcome), whistleId, tasks };
  }

  @Tells('Acknowledge a task 签收', CommandAnswer)
  @Post(':id/tasks/:taskId/acknowledge')
  @HttpCode(200)
  @Roles(...mayCommand.handleTask)
  acknowledge(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() _body: EmptyDto,
  ): Promise<Answer> {
    return this.run(caller, mayCommand.handleTask, (context) => {
      return new AcknowledgeTaskCommand(context, id, taskId);
    });
  }

  @Tells('Check in 报到; late is recorded for ever', CommandAnswer)
  @Post(':id/tasks/:taskId/check-in')
  @HttpCode(200)
  @Roles(...mayCommand.handleTask)
  checkIn(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: CheckInDto,
  ): Promise<Answer> {
    const { note, evidence } = completionOf(body);
    const location = body.location ? locationOf(body.location) : null;
    return this.run(caller, mayCommand.handleTask, (context) => {
      return new CheckInCommand(context, id, taskId, {
        occurredAt: body.occurredAt ?? null,
        location,
        note,
        evidence,
      });
    });
  }

  @Tells('Complete a task', CommandAnswer)
  @Post(':id/tasks/:taskId/complete')
  @HttpCode(200)
  @Roles(...mayCommand.handleTask)
  completeTask(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('taskId') taskId: string,
    @Body() body: CompletionDto,
  ): Promise<Answer> {
    return this.run(caller, mayCommand.handleTask, (context) => {
      return new CompleteTaskCommand(context, id, taskId, completionOf(body));
    });
  }

  @Tells('Check on site 核查: pass, or back for rework', CommandAnswer)
  @Post(':id/check')
  @HttpCode(200)
  @Roles(...mayCommand.check)
  check(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: CheckHandlingDto,
  ): Promise<Answer> {
    const { result, note, evidence = [] } = body;
    return this.run(caller, mayCommand.check, (context) => {
      return new CheckHandlingCommand(context, id, { result, note, evidence });
    });
  }

  @Tells('Record feedback 回访: by callback, or by the reporter with the receipt code', CommandAnswer)
  @Post(':id/feedback')
  @HttpCode(200)
  @TokenOptional()
  @Roles(...mayCommand.feedback)
  feedback(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: FeedbackDto,
  ): Promise<Answer> {
    const { solved, satisfaction, comment = null } = body;
    const receiptCode = body.receiptCode ?? null;
    if (receiptCode === null && !hasAnyRole(caller.principal, ['callback']))
      throw new Refused('RECEIPT_CODE_REQUIRED');
    return this.run(caller, mayCommand.feedback, (context) => {
      return new RecordFeedbackCommand(context, id, { solved, satisfaction, comment, receiptCode });
    });
  }

  @Tells('Close 结案: after feedback, or when its window is over', CommandAnswer)
  @Post(':id/close')
  @HttpCode(200)
  @Roles(...mayCommand.close)
  close(@Caller() caller: CommandCaller, @Param('id') id: string, @Body() _body: EmptyDto): Promise<Answer> {
    return this.run(caller, mayCommand.close, (context) => new CloseIncidentCommand(context, id));
  }

  private async run(
    caller: CommandCaller,
    permitted: readonly Role[],
    command: (context: CommandContext) => Command<CommandOutcome>,
  ): Promise<Answer> {
    const outcome = await this.endpoint.run(caller.request, caller.reply, caller.principal, (context) =>
      this.commands.execute(command(withActor(context, caller.principal, permitted))),
    );
    return answerOf(outcome);
  }
}

function withActor(
  context: Omit<CommandContext, 'actor'>,
  principal: Principal,
  permitted: readonly Role[],
): CommandContext {
  return { ...context, actor: actorOf(principal, permitted) };
}

function answerOf({ incidentId, state, revision }: CommandOutcome): Answer {
  return { id: incidentId, state: state.lifecycle, revision };
}

function locationOf({ lon, lat, crs, address }: LocationDto): Location {
  return { lon: lon ?? null, lat: lat ?? null, crs: crs ?? 'WGS84', address: address ?? null };
}

/** Somebody who leaves neither name nor number is nobody who could be contacted. */
function reporterOf(
  given: ReportIncidentDto['reporter'],
): { name: string | null; phone: string | null } | null {
  const { name = null, phone = null } = given ?? {};
  return name === null && phone === null ? null : { name, phone };
}

function completionOf({ note, evidence }: CompletionDto): {
  note: string | null;
  evidence: readonly string[];
} {
  return { note: note ?? null, evidence: evidence ?? [] };
}
