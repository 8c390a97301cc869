import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import {
  whistleOf,
  type IncidentState,
  type TaskAssignment,
  type WhistleOrigin,
} from '@shaoying/incident-domain';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import {
  AddDepartmentCommand,
  ApproveWhistleCommand,
  BlowWhistleCommand,
  CancelWhistleCommand,
  ChangeLeadCommand,
  EvaluateTaskCommand,
  type WhistleOutcome,
} from './whistle.messages.js';

/** Departments that blow a whistle do it in reverse 反向吹哨. */
const byDepartment = (role: string): boolean => role === 'department';

const ORIGIN_OF_ROLE: Readonly<Record<string, WhistleOrigin>> = {
  department: 'DEPARTMENT',
  'grid-worker': 'PATROL',
};

@CommandHandler(BlowWhistleCommand)
export class BlowWhistleHandler implements ICommandHandler<BlowWhistleCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  async execute({ context, incidentId, request }: BlowWhistleCommand): Promise<WhistleOutcome> {
    const { commandId, actor } = context;
    const { kind, lead, assists, reason } = request;
    const whistleId = uuidV5(commandId, 'whistle');
    const summoned = [
      { departmentId: lead, role: 'LEAD' as const },
      ...assists.map((departmentId) => ({ departmentId, role: 'ASSIST' as const })),
    ];
    const reverse = byDepartment(actor.role);
    const outcome = await this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'BlowWhistle',
      ...{ origin, whistleId, whistle: kind, reason },
      origination: request.origin ?? ORIGIN_OF_ROLE[actor.role] ?? 'REPORT',
      rules: this.jurisdiction.rules(state),
      tasks: summoned.map(({ departmentId, role }) =>
        this.jurisdiction.assign(state, {
          taskId: uuidV5(commandId, `task:${departmentId}`),
          ...{ departmentId, role, whistleKind: kind, reverse, start: origin.now },
        }),
      ),
      deadlines: this.jurisdiction.clocks.start(
        'RATIFICATION',
        { matter: state, at: origin.now, whistleKind: kind },
        whistleId,
      ),
    }));
    return { ...outcome, whistleId };
  }
}

@CommandHandler(ApproveWhistleCommand)
export class ApproveWhistleHandler implements ICommandHandler<ApproveWhistleCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, whistleId, request }: ApproveWhistleCommand): Promise<CommandOutcome> {
    const { approve, note } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'ApproveWhistle',
      ...{ origin, whistleId, approve, note },
      rules: this.jurisdiction.rules(state),
      tasks: approve ? this.summoned(state, whistleId, context.commandId, origin.now) : [],
    }));
  }

  /** Clocks start when it is blown, which the approval does; a whistle that acted first has summoned them already. */
  private summoned(state: IncidentState, whistleId: string, idSeed: string, start: string): TaskAssignment[] {
    const whistle = whistleOf(state, whistleId);
    if (whistle?.state !== 'PROPOSED') return [];
    const { kind, reverse, summons } = whistle;
    return summons.map(({ departmentId, role }) =>
      this.jurisdiction.assign(state, {
        taskId: uuidV5(idSeed, `task:${departmentId}`),
        ...{ departmentId, role, whistleKind: kind, reverse, start },
      }),
    );
  }
}

@CommandHandler(CancelWhistleCommand)
export class CancelWhistleHandler implements ICommandHandler<CancelWhistleCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, whistleId, request }: CancelWhistleCommand): Promise<CommandOutcome> {
    const { clocks } = this.jurisdiction;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'CancelWhistle',
      ...{ origin, whistleId },
      ...request,
      deadlines: clocks.start('CHECK', { matter: state, at: origin.now }, context.commandId),
    }));
  }
}

@CommandHandler(EvaluateTaskCommand)
export class EvaluateTaskHandler implements ICommandHandler<EvaluateTaskCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, whistleId, request }: EvaluateTaskCommand): Promise<CommandOutcome> {
    const evaluationId = uuidV5(context.commandId, 'evaluation');
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'EvaluateTask',
      ...{ origin, whistleId, evaluationId },
      ...request,
    }));
  }
}

@CommandHandler(AddDepartmentCommand)
export class AddDepartmentHandler implements ICommandHandler<AddDepartmentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, whistleId, request }: AddDepartmentCommand): Promise<CommandOutcome> {
    const { departmentId, reason } = request;
    const taskId = uuidV5(context.commandId, `task:${departmentId}`);
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'AddDepartment',
      ...{ origin, whistleId, reason },
      task: this.jurisdiction.join(state, whistleId, {
        ...{ taskId, departmentId, role: 'ASSIST', start: origin.now },
      }),
    }));
  }
}

@CommandHandler(ChangeLeadCommand)
export class ChangeLeadHandler implements ICommandHandler<ChangeLeadCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, whistleId, request }: ChangeLeadCommand): Promise<CommandOutcome> {
    const { departmentId, reason, formerLead } = request;
    const taskId = uuidV5(context.commandId, `task:${departmentId}`);
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'ChangeLead',
      ...{ origin, whistleId, departmentId, reason, formerLead },
      newTask: takesPart(state, whistleId, departmentId)
        ? null
        : this.jurisdiction.join(state, whistleId, {
            ...{ taskId, departmentId, role: 'LEAD', start: origin.now },
          }),
    }));
  }
}

/** Whether a department has a part in the whistle that it has not given away. */
function takesPart({ tasks }: IncidentState, whistleId: string, departmentId: string): boolean {
  return tasks.some(
    (task) =>
      task.whistleId === whistleId &&
      task.departmentId === departmentId &&
      task.state !== 'RETURNED' &&
      task.state !== 'RELEASED',
  );
}
