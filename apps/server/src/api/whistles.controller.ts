import { Body, HttpCode, Param, Post } from '@nestjs/common';
import {
  AddDepartmentCommand,
  ApproveWhistleCommand,
  BlowWhistleCommand,
  CancelWhistleCommand,
  ChangeLeadCommand,
  EvaluateTaskCommand,
  type CommandOutcome,
} from '@shaoying/incident-application';
import { Tells, WhistleAnswer, WhistleStateAnswer } from './answers.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import {
  answerOf,
  CommandDoor,
  IncidentCommands,
  madeIds,
  type Answer,
  type MadeIds,
} from './command-door.js';
import { ReasonDto } from './intake.dto.js';
import { repeatsOf, type RepeatWarning } from './repeat-whistles.js';
import {
  AddDepartmentDto,
  ApproveWhistleDto,
  BlowWhistleDto,
  ChangeLeadDto,
  EvaluationDto,
} from './whistle.dto.js';

/** What a command about a whistle answers, with the tasks that departments have by it. */
interface Whistled extends Answer, MadeIds {
  readonly whistleId: string;
  readonly whistleState: string;
  readonly tasks: readonly object[];
}

/** 吹哨: who is summoned, by whom, and how they are rated afterwards. */
@IncidentCommands()
export class WhistlesController {
  constructor(private readonly door: CommandDoor) {}

  @Tells(
    'Blow the whistle 吹哨: one lead, any assists; or propose it, by the rule of its kind',
    WhistleAnswer,
    201,
    ['Location'],
  )
  @Post(':id/whistles')
  async blowWhistle(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() body: BlowWhistleDto,
  ): Promise<Whistled & { warnings: readonly RepeatWarning[] }> {
    const { kind, lead, reason } = body;
    const outcome = await this.door.send(caller, (context) => {
      return new BlowWhistleCommand(context, id, {
        ...{ kind, lead, assists: body.assists ?? [], reason, origin: body.origin ?? null },
      });
    });
    void caller.reply.header('Location', `/v1/incidents/${id}`);
    const { whistleId } = outcome;
    return { ...whistled(outcome, whistleId), warnings: repeatsOf(id, outcome.state.whistles, whistleId) };
  }

  @Tells(
    'Approve a proposed whistle, which blows it, or ratify one that acted first; or refuse it',
    WhistleStateAnswer,
  )
  @Post(':id/whistles/:whistleId/approve')
  @HttpCode(200)
  approve(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('whistleId') whistleId: string,
    @Body() body: ApproveWhistleDto,
  ): Promise<Whistled> {
    const { approve, note } = body;
    return this.run(caller, whistleId, (context) => {
      return new ApproveWhistleCommand(context, id, whistleId, {
        ...{ approve: approve ?? true, note: note ?? null },
      });
    });
  }

  @Tells('Cancel a whistle; its open tasks are released', WhistleStateAnswer)
  @Post(':id/whistles/:whistleId/cancel')
  @HttpCode(200)
  cancel(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('whistleId') whistleId: string,
    @Body() body: ReasonDto,
  ): Promise<Whistled> {
    const { reason } = body;
    return this.run(caller, whistleId, (context) => {
      return new CancelWhistleCommand(context, id, whistleId, { reason });
    });
  }

  @Tells('Evaluate 评哨: how the whistling unit rates one department, once', WhistleStateAnswer)
  @Post(':id/whistles/:whistleId/evaluate')
  @HttpCode(200)
  evaluate(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('whistleId') whistleId: string,
    @Body() body: EvaluationDto,
  ): Promise<Whistled> {
    const { taskId, score, comment } = body;
    return this.run(caller, whistleId, (context) => {
      return new EvaluateTaskCommand(context, id, whistleId, { taskId, score, comment: comment ?? null });
    });
  }

  @Tells('Add a department that assists', WhistleStateAnswer)
  @Post(':id/whistles/:whistleId/departments')
  @HttpCode(200)
  addDepartment(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('whistleId') whistleId: string,
    @Body() body: AddDepartmentDto,
  ): Promise<Whistled> {
    const { departmentId, reason } = body;
    return this.run(caller, whistleId, (context) => {
      return new AddDepartmentCommand(context, id, whistleId, { departmentId, reason });
    });
  }

  @Tells('Change the lead; exactly one before, exactly one after', WhistleStateAnswer)
  @Post(':id/whistles/:whistleId/lead')
  @HttpCode(200)
  changeLead(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Param('whistleId') whistleId: string,
    @Body() body: ChangeLeadDto,
  ): Promise<Whistled> {
    const { departmentId, reason, formerLead } = body;
    return this.run(caller, whistleId, (context) => {
      return new ChangeLeadCommand(context, id, whistleId, {
        ...{ departmentId, reason, formerLead: formerLead ?? 'ASSIST' },
      });
    });
  }

  private async run(
    caller: CommandCaller,
    whistleId: string,
    command: Parameters<CommandDoor['run']>[1],
  ): Promise<Whistled> {
    return whistled(await this.door.send(caller, command), whistleId);
  }
}

function whistled(outcome: CommandOutcome, whistleId: string): Whistled {
  const { state, events } = outcome;
  const whistle = state.whistles.find((candidate) => candidate.whistleId === whistleId);
  const tasks = state.tasks
    .filter((task) => task.whistleId === whistleId)
    .map(({ taskId, departmentId, role, state: taskState, deadlines }) => ({
      ...{ taskId, departmentId, role, taskState },
      deadlines: deadlines.map(({ steps: _, ...deadline }) => deadline),
    }));
  const whistleState = whistle?.state ?? 'UNKNOWN';
  return { ...answerOf(outcome), whistleId, whistleState, tasks, ...madeIds(events) };
}
