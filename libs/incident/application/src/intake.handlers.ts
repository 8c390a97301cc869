import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import {
  IMPORTED_POLICY,
  type Deadline,
  type SealedPersonalData,
  type SealedReporter,
} from '@shaoying/incident-domain';
import {
  IncidentCommandService,
  type CommandBuilder,
  type CommandContext,
  type CommandOutcome,
} from './incident.command-service.js';
import { IncidentRefused, UnknownReference } from './incident.errors.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { claimTolerance } from './incident.tolerance.js';
import {
  DecideReporterFlagCommand,
  FileIncidentCommand,
  FlagReporterCommand,
  ImportIncidentCommand,
  LocateIncidentCommand,
  RejectIncidentCommand,
  ReportIncidentCommand,
  SupplementReportCommand,
  VerifyIncidentCommand,
  VoidIncidentCommand,
  WithdrawIncidentCommand,
  type ReportedOutcome,
} from './intake.messages.js';
import { ReceiptCodes, receiptHashOf } from './receipt-codes.js';
import { byReceipt, underAlias, withoutName } from './reporter-account.js';
import { personalFieldsOf, ReporterVault } from './reporter-vault.js';

@CommandHandler(ReportIncidentCommand)
export class ReportIncidentHandler implements ICommandHandler<ReportIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly receipts: ReceiptCodes,
    private readonly vault: ReporterVault,
  ) {}

  async execute({ context: sent, request }: ReportIncidentCommand): Promise<ReportedOutcome> {
    const { commandId } = sent;
    const incidentId = uuidV5(commandId, 'incident');
    const named = request.anonymous
      ? withoutName(sent, true)
      : underAlias(sent, (id) => this.receipts.aliasOf(id, incidentId));
    const context = isPersonal(request) ? this.receipts.blinded(named) : named;
    const { category, severity, description, location, channel, anonymous, occurredAt } = request;
    const receiptCode = this.receipts.codeFor(incidentId);
    const outcome = await this.incidents.open(context, incidentId, async (origin) => {
      const { now } = origin;
      this.jurisdiction.assertCategory(category);
      const recurrenceOf = await this.known(request.recurrenceOf ?? null, context);
      const { place } = this.jurisdiction.place(request, context.actor, earlierOf(occurredAt, now));
      const pins = this.jurisdiction.pins();
      const matter = { category, severity, pins };
      const known = { ...matter, reporterKnown: isReporterKnown(request), reporterWithdrew: false };
      const filing = request.file
        ? { pins, deadlines: this.jurisdiction.filingDeadlines(known, pins, now, commandId) }
        : null;
      // What is filed at once needs no verifying.
      const deadlines =
        filing === null ? this.jurisdiction.clocks.start('VERIFY', { matter, at: now }, commandId) : [];
      const { reporter, personal } = await this.seal(request);
      return {
        kind: 'ReportIncident',
        ...{ origin, incidentId, category, severity, description, location, place, channel, anonymous },
        ...{
          reporter,
          personal,
          receiptHash: receiptHashOf(receiptCode),
          occurredAt,
          tolerance: claimTolerance,
        },
        ...{ recurrenceOf, evidence: request.evidence ?? [], deadlines, filing },
      };
    });
    return { ...outcome, receiptCode };
  }

  /**
   * What the caller does not see is told like what does not exist. Reporters see nothing, and may name what they reported
   * before: it is linked where it exists, and no answer tells them whether it does.
   * @throws UnknownReference
   */
  private async known(incidentId: string | null, context: CommandContext): Promise<string | null> {
    if (incidentId === null) return null;
    const found = await this.incidents.find(incidentId);
    if (found !== null && (await this.incidents.isSeen(found.state, context))) return incidentId;
    const { role } = context.actor;
    if (role === 'resident' || role === 'anonymous') return found === null ? null : incidentId;
    throw new UnknownReference('UNKNOWN_INCIDENT', incidentId);
  }

  /**
   * Before the events are written: a reporter whose key is not durable would be lost with the process. Name and number
   * of somebody who wants to be nobody are not kept at all; what they have marked as personal is, for whoever comes.
   */
  private async seal(request: ReportIncidentCommand['request']): Promise<{
    reporter: SealedReporter | null;
    personal: SealedPersonalData | null;
  }> {
    const { reporter: given, description, location } = request;
    const { privateNote = null, personal: marked = [] } = request;
    const reporter = given !== null && isReporterKnown(request) ? await this.vault.sealNew(given) : null;
    const more = {
      ...(marked.includes('DESCRIPTION') ? { description } : {}),
      ...(marked.includes('LOCATION') && location !== null ? { location } : {}),
      ...(privateNote === null ? {} : { note: privateNote }),
      // Also of those that come later.
      ...(marked.includes('PHOTOS') ? { photos: request.evidence ?? [] } : {}),
    };
    const fields = personalFieldsOf(more);
    if (fields.length === 0) return { reporter, personal: null };
    const sealed = await (reporter === null
      ? this.vault.sealNew(more)
      : this.vault.seal(reporter.subjectId, more));
    return { reporter, personal: { fields, sealed } };
  }
}

/** Whether there is somebody who can be told and called. */
const isReporterKnown = ({ reporter, anonymous }: ReportIncidentCommand['request']): boolean =>
  reporter !== null && !anonymous && (reporter.name !== null || reporter.phone !== null);

const isPersonal = ({ reporter, privateNote, personal = [] }: ReportIncidentCommand['request']): boolean =>
  reporter !== null || (privateNote ?? null) !== null || personal.length > 0;

/** Boundaries are those of the time it happened, where that lies in the past. */
function earlierOf(occurredAt: string | null, now: string): string {
  return occurredAt !== null && Date.parse(occurredAt) < Date.parse(now) ? occurredAt : now;
}

@CommandHandler(SupplementReportCommand)
export class SupplementReportHandler implements ICommandHandler<SupplementReportCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  /**
   * Nothing is kept of what would be refused. Killed in between, a photo lies there that no event names: nobody sees it, the
   * same one sent again completes it, and a sweep removes it.
   */
  async execute({ context: sent, incidentId, request }: SupplementReportCommand): Promise<CommandOutcome> {
    const { receiptCode, sha256, keep, takeBack } = request;
    const context = byReceipt(sent, receiptCode);
    const receiptHash = receiptHashOf(receiptCode);
    const build: CommandBuilder = (_, origin) => {
      return { kind: 'SupplementReport', ...{ origin, receiptHash }, evidence: [sha256] };
    };
    await this.incidents.weigh(context, incidentId, build);
    await keep();
    try {
      return await this.incidents.execute(context, incidentId, build);
    } catch (error) {
      // Forgotten while it was on its way: it may have missed the removal of the others.
      if (error instanceof IncidentRefused && error.code === 'REPORTER_FORGOTTEN') await takeBack();
      throw error;
    }
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
      const level = this.jurisdiction.pastDepartmentLevel(departmentId);
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
    ...{ policyId: IMPORTED_POLICY, policyVersion: 0, calendarId: 'imported', calendarVersion: 0 },
    ...{ provisional: false, unit: null, stage: null, steps: [] },
  };
}

@CommandHandler(LocateIncidentCommand)
export class LocateIncidentHandler implements ICommandHandler<LocateIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, request }: LocateIncidentCommand): Promise<CommandOutcome> {
    const { location, gridId, estateId, reason } = request;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const byHand = gridId !== null || estateId !== null;
      // Whoever corrects a place says where it is; their own area is no answer.
      const nobody = { ...context.actor, orgUnitId: null };
      const { place, gridMapId, gridMapVersion } = this.jurisdiction.place(request, nobody, origin.now);
      if (place.districtId === null) throw new UnknownReference('PLACE_NOT_FOUND', incidentId);
      return {
        kind: 'LocateIncident',
        ...{ origin, location, place, reason },
        ...(byHand ? { gridMapId: null, gridMapVersion: null } : { gridMapId, gridMapVersion }),
        method: byHand ? 'BY_HAND' : 'BY_POINT',
        suggestedDepartmentId: this.jurisdiction.suggestedInstead(state, place),
      };
    });
  }
}

@CommandHandler(VerifyIncidentCommand)
export class VerifyIncidentHandler implements ICommandHandler<VerifyIncidentCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: VerifyIncidentCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'VerifyIncident',
      origin,
      ...request,
    }));
  }
}

@CommandHandler(RejectIncidentCommand)
export class RejectIncidentHandler implements ICommandHandler<RejectIncidentCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: RejectIncidentCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'RejectIncident',
      origin,
      ...request,
    }));
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
      const deadlines = this.jurisdiction.filingDeadlines(state, pins, origin.now, context.commandId);
      return { kind: 'FileIncident', origin, pins, deadlines };
    });
  }
}

@CommandHandler(WithdrawIncidentCommand)
export class WithdrawIncidentHandler implements ICommandHandler<WithdrawIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context: sent, incidentId, request }: WithdrawIncidentCommand): Promise<CommandOutcome> {
    const { reason, receiptCode } = request;
    const context = byReceipt(sent, receiptCode);
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'WithdrawIncident',
      ...{ origin, reason, hazard: this.jurisdiction.isHazard(state.category) },
      receiptHash: receiptCode === null ? null : receiptHashOf(receiptCode),
    }));
  }
}

@CommandHandler(VoidIncidentCommand)
export class VoidIncidentHandler implements ICommandHandler<VoidIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly receipts: ReceiptCodes,
  ) {}

  execute({ context, incidentId, request }: VoidIncidentCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'VoidIncident',
      ...{ origin, alias: this.receipts.aliasOf(context.actor.id, incidentId) },
      ...request,
    }));
  }
}

@CommandHandler(FlagReporterCommand)
export class FlagReporterHandler implements ICommandHandler<FlagReporterCommand> {
  constructor(private readonly incidents: IncidentCommandService) {}

  execute({ context, incidentId, request }: FlagReporterCommand): Promise<CommandOutcome> {
    const flagId = uuidV5(context.commandId, 'flag');
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'FlagReporter',
      ...{ origin, flagId },
      ...request,
    }));
  }
}

@CommandHandler(DecideReporterFlagCommand)
export class DecideReporterFlagHandler implements ICommandHandler<DecideReporterFlagCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly receipts: ReceiptCodes,
  ) {}

  execute({ context, incidentId, request }: DecideReporterFlagCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (_, origin) => ({
      kind: 'DecideReporterFlag',
      ...{ origin, alias: this.receipts.aliasOf(context.actor.id, incidentId) },
      ...request,
    }));
  }
}
