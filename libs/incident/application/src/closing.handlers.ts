import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  cameWithImport,
  everyDeadline,
  type ClosingWindows,
  type IncidentState,
  type MarkOverdue,
  type SealedPersonalData,
} from '@shaoying/incident-domain';
import {
  CheckHandlingCommand,
  CloseIncidentCommand,
  CorrectFeedbackCommand,
  MarkOverdueCommand,
  RecordFeedbackCommand,
  ReopenIncidentCommand,
  type EndedDepartment,
  type ReopenedOutcome,
} from './closing.messages.js';
import { capturedBy, EvidenceCaptures } from './evidence-captures.js';
import { IncidentCommandService, type CommandOutcome } from './incident.command-service.js';
import { IncidentJurisdiction } from './incident.jurisdiction.js';
import { ReceiptCodes, receiptHashOf } from './receipt-codes.js';
import { byReceipt } from './reporter-account.js';
import { ReporterVault } from './reporter-vault.js';

const NO_WINDOWS: ClosingWindows = { reopenUntil: null, appealUntil: null };

const hashOf = (receiptCode: string | null): string | null =>
  receiptCode === null ? null : receiptHashOf(receiptCode);

const sourceOf = (receiptCode: string | null): 'CALLBACK' | 'REPORTER' =>
  receiptCode === null ? 'CALLBACK' : 'REPORTER';

/** The words of whoever rates it, where they are marked as personal; under the key of the reporter, where there is one. */
async function sealedComment(
  vault: ReporterVault,
  { subjects: [subjectId], receiptHash }: IncidentState,
  { comment, personal = false, receiptCode }: RecordFeedbackCommand['request'],
): Promise<SealedPersonalData | null> {
  if (!personal || comment === null) return null;
  // It is refused in a moment: nothing is made for it.
  if (receiptCode !== null && hashOf(receiptCode) !== receiptHash) return null;
  const sealed = await (subjectId === undefined
    ? vault.sealNew({ comment })
    : vault.seal(subjectId, { comment }));
  return { fields: ['COMMENT'], sealed };
}

@CommandHandler(MarkOverdueCommand)
export class MarkOverdueHandler implements ICommandHandler<MarkOverdueCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId, deadlineId, warning }: MarkOverdueCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'MarkOverdue',
      ...{ origin, deadlineId, warning },
      ...this.consequences(state, deadlineId, origin.now),
    }));
  }

  private consequences(
    state: IncidentState,
    deadlineId: string,
    now: string,
  ): Pick<MarkOverdue, 'deadlines' | 'closing' | 'consequence'> {
    const missed = everyDeadline(state).find((deadline) => deadline.deadlineId === deadlineId);
    // Nothing comes of a target that was set elsewhere.
    if (missed === undefined || cameWithImport(missed)) return { deadlines: [], closing: NO_WINDOWS };
    const { clocks } = this.jurisdiction;
    const windows = missed.timer === 'FEEDBACK_WINDOW' && !state.imported;
    return {
      deadlines: clocks.responseToLadder(state, deadlineId, now),
      consequence: clocks.consequence(state, deadlineId, now),
      // It closes as of the end of the window, however late that was noticed.
      closing: windows ? clocks.closing(state, missed.dueAt) : NO_WINDOWS,
    };
  }
}

@CommandHandler(CheckHandlingCommand)
export class CheckHandlingHandler implements ICommandHandler<CheckHandlingCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly receipts: ReceiptCodes,
    private readonly captures: EvidenceCaptures,
  ) {}

  async execute({ context, incidentId, request }: CheckHandlingCommand): Promise<CommandOutcome> {
    const { commandId } = context;
    const captured = await capturedBy(this.captures, request.evidence, context.actor);
    const { clocks } = this.jurisdiction;
    return this.incidents.execute(context, incidentId, (state, origin) => {
      const passed = { matter: state, at: origin.now };
      const window = clocks.start('FEEDBACK_WINDOW', passed, commandId);
      // Nobody can be called back where nobody is known.
      const reachable = state.reporterKnown && !state.reporterWithdrew;
      const callback = reachable ? clocks.start('CALLBACK', passed, commandId) : [];
      return {
        kind: 'CheckHandling',
        origin,
        partOf: this.jurisdiction.partOf(context.actor.orgUnitId, state.handlingUnits),
        alias: this.receipts.aliasOf(context.actor.id, incidentId),
        ...request,
        ...captured,
        // Where the policy has no window, feedback is not awaited.
        feedbackUntil: window[0]?.dueAt ?? origin.now,
        deadlines: [...callback, ...window],
        reworks: request.result === 'FAIL' ? clocks.reworks(state, origin.now, commandId) : [],
      };
    });
  }
}

@CommandHandler(RecordFeedbackCommand)
export class RecordFeedbackHandler implements ICommandHandler<RecordFeedbackCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
    private readonly vault: ReporterVault,
    private readonly receipts: ReceiptCodes,
  ) {}

  execute({ context: sent, incidentId, request }: RecordFeedbackCommand): Promise<CommandOutcome> {
    const { solved, satisfaction, comment, receiptCode } = request;
    const named = byReceipt(sent, receiptCode);
    const context = request.personal === true ? this.receipts.blinded(named) : named;
    const { clocks } = this.jurisdiction;
    return this.incidents.execute(context, incidentId, async (state, origin) => ({
      kind: 'RecordFeedback',
      ...{ origin, solved, satisfaction, comment },
      source: sourceOf(receiptCode),
      receiptHash: hashOf(receiptCode),
      personal: await sealedComment(this.vault, state, request),
      reworks: solved === 'UNSOLVED' ? clocks.reworks(state, origin.now, context.commandId) : [],
      mergedInto: await this.goingOn(state),
    }));
  }

  /** A duplicate's reporter speaks of the incident that goes on. */
  private async goingOn({
    mergedInto,
  }: IncidentState): Promise<Pick<IncidentState, 'lifecycle' | 'feedbackUntil'> | null> {
    if (mergedInto === null) return null;
    const target = await this.incidents.find(mergedInto);
    if (target === null) return null;
    const { lifecycle, feedbackUntil } = target.state;
    return { lifecycle, feedbackUntil };
  }
}

@CommandHandler(CorrectFeedbackCommand)
export class CorrectFeedbackHandler implements ICommandHandler<CorrectFeedbackCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly vault: ReporterVault,
    private readonly receipts: ReceiptCodes,
  ) {}

  execute({ context: sent, incidentId, request }: CorrectFeedbackCommand): Promise<CommandOutcome> {
    const { solved, satisfaction, comment, reason, receiptCode } = request;
    const named = byReceipt(sent, receiptCode);
    const context = request.personal === true ? this.receipts.blinded(named) : named;
    return this.incidents.execute(context, incidentId, async (state, origin) => ({
      kind: 'CorrectFeedback',
      ...{ origin, solved, satisfaction, comment, reason },
      source: sourceOf(receiptCode),
      receiptHash: hashOf(receiptCode),
      personal: await sealedComment(this.vault, state, request),
    }));
  }
}

@CommandHandler(CloseIncidentCommand)
export class CloseIncidentHandler implements ICommandHandler<CloseIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  execute({ context, incidentId }: CloseIncidentCommand): Promise<CommandOutcome> {
    return this.incidents.execute(context, incidentId, (state, origin) => ({
      kind: 'CloseIncident',
      origin,
      closing: state.imported ? NO_WINDOWS : this.jurisdiction.clocks.closing(state, origin.now),
    }));
  }
}

@CommandHandler(ReopenIncidentCommand)
export class ReopenIncidentHandler implements ICommandHandler<ReopenIncidentCommand> {
  constructor(
    private readonly incidents: IncidentCommandService,
    private readonly jurisdiction: IncidentJurisdiction,
  ) {}

  async execute({ context: sent, incidentId, request }: ReopenIncidentCommand): Promise<ReopenedOutcome> {
    const { reason, receiptCode } = request;
    const context = byReceipt(sent, receiptCode);
    const outcome = await this.incidents.execute(context, incidentId, (state, origin) => {
      // A new cycle is governed by what is in force now (domain.md §6, 13).
      const pins = this.jurisdiction.pins();
      return {
        kind: 'ReopenIncident',
        ...{ origin, reason, pins },
        by: receiptCode === null ? 'OFFICE' : 'REPORTER',
        receiptHash: hashOf(receiptCode),
        deadlines: this.jurisdiction.filingDeadlines(state, pins, origin.now, context.commandId),
      };
    });
    return { ...outcome, endedDepartments: this.ended(outcome) };
  }

  /** Departments of earlier cycles that are gone, with who has taken over: nobody is summoned by reopening. */
  private ended({ state, events }: CommandOutcome): EndedDepartment[] {
    const at = events.at(-1)?.occurredAt;
    if (at === undefined) return [];
    const { directory } = this.jurisdiction;
    const departments = new Set(state.tasks.map(({ departmentId }) => departmentId));
    return [...departments]
      .filter((departmentId) => !directory.isActive(departmentId, at))
      .map((departmentId) => ({ departmentId, successors: directory.successors(departmentId, at) }));
  }
}
