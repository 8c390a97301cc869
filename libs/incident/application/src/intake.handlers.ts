import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import type { Deadline, SealedReporter } from '@shaoying/incident-domain';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import {
  FileIncidentCommand,
  ImportIncidentCommand,
  ReportIncidentCommand,
  type ReportedOutcome,
} from './incident.messages.js';
import { claimTolerance } from './incident.tolerance.js';
import { ReceiptCodes, receiptHashOf } from './receipt-codes.js';
import { ReporterVault } from './reporter-vault.js';

@CommandHandler(ReportIncidentCommand)
export class ReportIncidentHandler implements ICommandHandler<ReportIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly receipts: ReceiptCodes,
    private readonly vault: ReporterVault,
  ) {}

  async execute({ context, request }: ReportIncidentCommand): Promise<ReportedOutcome> {
    const incidentId = uuidV5(context.commandId, 'incident');
    const { category, severity, description, location, channel, anonymous, occurredAt } = request;
    const receiptCode = this.receipts.codeFor(incidentId);
    const outcome = await this.incidents.open(context, incidentId, async (origin) => {
      this.jurisdiction.assertCategory(category);
      const place = this.jurisdiction.place(request, context.actor);
      const pins = this.jurisdiction.pins();
      const start = (): Deadline[] =>
        this.jurisdiction.filingDeadlines(category, severity, pins, origin.now, context.commandId);
      const reporter = await this.seal(context.commandId, request);
      return {
        kind: 'ReportIncident',
        ...{ origin, incidentId, category, severity, description, location, place, channel, anonymous },
        ...{ reporter, receiptHash: receiptHashOf(receiptCode), occurredAt, tolerance: claimTolerance },
        filing: request.file ? { pins, deadlines: start() } : null,
      };
    });
    return { ...outcome, receiptCode };
  }

  /** Before the event is written: a reporter whose key is not durable would be lost with the process. */
  private async seal(
    commandId: string,
    { reporter, anonymous }: ReportIncidentCommand['request'],
  ): Promise<SealedReporter | null> {
    if (reporter === null || anonymous || (reporter.name === null && reporter.phone === null)) return null;
    return this.vault.seal(uuidV5(commandId, 'reporter'), reporter);
  }
}

@CommandHandler(FileIncidentCommand)
export class FileIncidentHandler implements ICommandHandler<FileIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId }: FileIncidentCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const pins = this.jurisdiction.pins();
      const { category, severity } = state;
      const deadlines = this.jurisdiction.filingDeadlines(
        category,
        severity,
        pins,
        origin.now,
        context.commandId,
      );
      return { kind: 'FileIncident', origin, pins, deadlines };
    });
  }
}

@CommandHandler(ImportIncidentCommand)
export class ImportIncidentHandler implements ICommandHandler<ImportIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly receipts: ReceiptCodes,
  ) {}

  async execute({ context, request }: ImportIncidentCommand): Promise<CommandOutcome> {
    const { commandId } = context;
    const incidentId = uuidV5(commandId, 'incident');
    const taskId = uuidV5(commandId, `task:${request.departmentId}`);
    const { externalId, category, severity, description, location, channel, whistlingUnitId } = request;
    const { openedAt, targetAt, closedAt, departmentId } = request;
    const deadlines = targetAt === null ? [] : [importedDeadline(taskId, openedAt, targetAt)];
    return this.incidents.open(context, incidentId, async (origin) => {
      const place = this.jurisdiction.placeWithin(request.orgUnitId);
      const level = this.jurisdiction.departmentLevel(departmentId);
      return {
        kind: 'ImportIncident',
        ...{ origin, incidentId, externalId, category, severity, description, location, place, channel },
        ...{ openedAt, closedAt, whistleId: uuidV5(commandId, 'whistle'), whistlingUnitId },
        receiptHash: receiptHashOf(this.receipts.codeFor(incidentId)),
        task: { taskId, departmentId, role: 'LEAD', level, deadlines },
      };
    });
  }
}

/** The other system's own target: no policy or calendar of ours set it. */
function importedDeadline(taskId: string, startedAt: string, dueAt: string): Deadline {
  return {
    deadlineId: uuidV5(taskId, 'HANDLING'),
    timer: 'HANDLING',
    ...{ startedAt, warnAt: dueAt, dueAt },
    ...{ policyId: 'imported', policyVersion: 0, calendarId: 'imported', calendarVersion: 0 },
    provisional: false,
    firstStep: null,
  };
}
