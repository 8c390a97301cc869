import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { capturedBy, EvidenceCaptures } from './evidence-captures.js';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { claimTolerance } from './incident.tolerance.js';
import {
  AcknowledgeTaskCommand,
  BookWorkCommand,
  CheckInCommand,
  CompleteTaskCommand,
  RecordContactCommand,
  ReleaseTaskCommand,
  ReportProgressCommand,
  RequestReleaseCommand,
  UrgeTaskCommand,
} from './task.messages.js';

@CommandHandler(AcknowledgeTaskCommand)
export class AcknowledgeTaskHandler implements ICommandHandler<AcknowledgeTaskCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId }: AcknowledgeTaskCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'AcknowledgeTask',
      origin,
      taskId,
    }));
  }
}

@CommandHandler(RecordContactCommand)
export class RecordContactHandler implements ICommandHandler<RecordContactCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: RecordContactCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'RecordContact',
      ...{ origin, taskId },
      ...request,
    }));
  }
}

@CommandHandler(CheckInCommand)
export class CheckInHandler implements ICommandHandler<CheckInCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly captures: EvidenceCaptures,
  ) {}

  async execute({ context, incidentId, taskId, request }: CheckInCommand): Promise<CommandOutcome> {
    const { evidence, location } = request;
    const captured = await capturedBy(this.captures, evidence, context.actor, location);
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'CheckIn',
      origin,
      taskId,
      ...request,
      ...captured,
      tolerance: claimTolerance,
    }));
  }
}

@CommandHandler(ReportProgressCommand)
export class ReportProgressHandler implements ICommandHandler<ReportProgressCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: ReportProgressCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'ReportProgress',
      ...{ origin, taskId, ...request, workedMinutes: request.workedMinutes ?? null },
    }));
  }
}

@CommandHandler(CompleteTaskCommand)
export class CompleteTaskHandler implements ICommandHandler<CompleteTaskCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly captures: EvidenceCaptures,
  ) {}

  async execute({ context, incidentId, taskId, request }: CompleteTaskCommand): Promise<CommandOutcome> {
    const { clocks } = this.jurisdiction;
    const captured = await capturedBy(this.captures, request.evidence, context.actor);
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'CompleteTask',
      ...{ origin, taskId, ...request, workedMinutes: request.workedMinutes ?? null },
      ...captured,
      deadlines: clocks.start('CHECK', { matter: state, at: origin.now }, context.commandId),
    }));
  }
}

@CommandHandler(BookWorkCommand)
export class BookWorkHandler implements ICommandHandler<BookWorkCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: BookWorkCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'BookWork',
      ...{ origin, taskId },
      ...request,
    }));
  }
}

@CommandHandler(RequestReleaseCommand)
export class RequestReleaseHandler implements ICommandHandler<RequestReleaseCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: RequestReleaseCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'RequestRelease',
      ...{ origin, taskId },
      ...request,
    }));
  }
}

@CommandHandler(ReleaseTaskCommand)
export class ReleaseTaskHandler implements ICommandHandler<ReleaseTaskCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, taskId, request }: ReleaseTaskCommand): Promise<CommandOutcome> {
    const { clocks } = this.jurisdiction;
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'ReleaseTask',
      ...{ origin, taskId },
      ...request,
      deadlines: clocks.start('CHECK', { matter: state, at: origin.now }, context.commandId),
    }));
  }
}

@CommandHandler(UrgeTaskCommand)
export class UrgeTaskHandler implements ICommandHandler<UrgeTaskCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, taskId, request }: UrgeTaskCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'UrgeTask',
      ...{ origin, taskId },
      ...request,
    }));
  }
}
