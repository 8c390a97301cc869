import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { CheckHandlingCommand, CloseIncidentCommand, RecordFeedbackCommand } from './incident.messages.js';
import { receiptHashOf } from './receipt-codes.js';

@CommandHandler(CheckHandlingCommand)
export class CheckHandlingHandler implements ICommandHandler<CheckHandlingCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: CheckHandlingCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'CheckHandling',
      origin,
      ...request,
      feedbackUntil: this.jurisdiction.feedbackUntil(state, origin.now),
    }));
  }
}

@CommandHandler(RecordFeedbackCommand)
export class RecordFeedbackHandler implements ICommandHandler<RecordFeedbackCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: RecordFeedbackCommand): Promise<CommandOutcome> {
    const { solved, satisfaction, comment, receiptCode } = request;
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'RecordFeedback',
      ...{ origin, solved, satisfaction, comment },
      source: receiptCode === null ? 'CALLBACK' : 'REPORTER',
      receiptHash: receiptCode === null ? null : receiptHashOf(receiptCode),
    }));
  }
}

@CommandHandler(CloseIncidentCommand)
export class CloseIncidentHandler implements ICommandHandler<CloseIncidentCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId }: CloseIncidentCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({ kind: 'CloseIncident', origin }));
  }
}
