import type { IncidentEvent } from '@shaoying/incident-domain';
import {
  BlowWhistleCommand,
  CheckHandlingCommand,
  CheckInCommand,
  CloseIncidentCommand,
  CompleteTaskCommand,
  MarkOverdueCommand,
  RecordFeedbackCommand,
  ReportIncidentCommand,
  RequestReturnCommand,
  type CommandContext,
  type CommandOutcome,
  type ReportedOutcome,
  type WhistleOutcome,
} from '../index.js';
import type { SampleOffice } from './sample-office.js';
import {
  checkInRequest,
  checkRequest,
  done,
  feedbackRequest,
  reportRequest,
  whistleRequest,
} from './sample-requests.js';

/** The way of an incident through a sample office, so that a spec begins where its matter does. */
export class OfficeSteps {
  /** @param handlers over the office's own log and clock, unless given */
  constructor(
    readonly office: SampleOffice,
    readonly handlers: ReturnType<SampleOffice['handlers']> = office.handlers(),
  ) {}

  resident = (): CommandContext => this.office.as('resident', null);
  street = (key?: string): CommandContext => this.office.as('street-office', 'st-hepan', key);
  community = (): CommandContext => this.office.as('community', 'co-liuyin');
  centre = (key?: string): CommandContext => this.office.as('supervision-centre', null, key);
  department = (id: string): CommandContext => this.office.as('department', id);
  arbitrator = (): CommandContext => this.office.as('arbitrator', 'di-qinghe');

  report(change: Partial<ReportIncidentCommand['request']> = {}): Promise<ReportedOutcome> {
    return this.handlers.report.execute(
      new ReportIncidentCommand(this.resident(), { ...reportRequest, ...change }),
    );
  }

  filed(change: Partial<ReportIncidentCommand['request']> = {}): Promise<ReportedOutcome> {
    return this.report({ ...change, file: true });
  }

  blow(incidentId: string, change: Partial<BlowWhistleCommand['request']> = {}): Promise<WhistleOutcome> {
    return this.handlers.blowWhistle.execute(
      new BlowWhistleCommand(this.street(), incidentId, { ...whistleRequest, assists: [], ...change }),
    );
  }

  /** Filed and whistled: 水务局 leads, nobody assists. */
  async whistled(
    change: Partial<BlowWhistleCommand['request']> = {},
    of: Partial<ReportIncidentCommand['request']> = {},
  ): Promise<WhistleOutcome & { taskId: string; receiptCode: string }> {
    const { incidentId, receiptCode } = await this.filed(of);
    const blown = await this.blow(incidentId, change);
    return { ...blown, receiptCode, taskId: blown.state.tasks[0]?.taskId ?? '' };
  }

  checkIn(incidentId: string, taskId: string, departmentId: string): Promise<CommandOutcome> {
    const context = this.department(departmentId);
    return this.handlers.checkIn.execute(new CheckInCommand(context, incidentId, taskId, checkInRequest));
  }

  complete(incidentId: string, taskId: string, departmentId: string): Promise<CommandOutcome> {
    const context = this.department(departmentId);
    return this.handlers.complete.execute(new CompleteTaskCommand(context, incidentId, taskId, done));
  }

  /** Every department of a whistle checks in and completes. */
  async handled({ incidentId, state }: CommandOutcome): Promise<void> {
    for (const { taskId, departmentId } of state.tasks) {
      await this.checkIn(incidentId, taskId, departmentId);
      await this.complete(incidentId, taskId, departmentId);
    }
  }

  /** From handling to the end. */
  async closed(whistled: CommandOutcome): Promise<CommandOutcome> {
    const { incidentId } = whistled;
    await this.handled(whistled);
    await this.handlers.check.execute(new CheckHandlingCommand(this.centre(), incidentId, checkRequest));
    const callback = this.office.as('callback', null);
    await this.handlers.feedback.execute(new RecordFeedbackCommand(callback, incidentId, feedbackRequest));
    return this.handlers.close.execute(new CloseIncidentCommand(this.centre(), incidentId));
  }

  requestReturn(
    incidentId: string,
    taskId: string,
    departmentId: string,
    suggestedUnitId: string | null = null,
  ): Promise<CommandOutcome> {
    return this.handlers.requestReturn.execute(
      new RequestReturnCommand(this.department(departmentId), incidentId, taskId, {
        ...{ reasonCode: 'NOT_OUR_FUNCTION', basis: '三定方案第四条', suggestedUnitId },
      }),
    );
  }

  /** An alarm of the timers; `step` tells the alarms of one deadline apart. */
  alarm(incidentId: string, deadlineId: string, step = 'BREACH'): Promise<CommandOutcome> {
    const context = this.office.as('system', null, `${deadlineId}-${step}`);
    return this.handlers.markOverdue.execute(
      new MarkOverdueCommand(context, incidentId, deadlineId, step === 'WARNING'),
    );
  }

  /** Types of all that happened to incidents, in order. */
  async types(): Promise<string[]> {
    return (await this.office.incidentEvents()).map(({ type }) => type);
  }
}

/** The code of a refusal; 'no error' where there was none. */
export const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  );

/** The one event of this type among what a command did. @throws Error where there is none */
export function eventOf<Type extends IncidentEvent['type']>(
  { events }: CommandOutcome,
  type: Type,
): Extract<IncidentEvent, { type: Type }> {
  const event = events.find((candidate) => candidate.type === type);
  if (event === undefined)
    throw new Error(`no ${type} among ${events.map((known) => known.type).join(', ')}`);
  return event as Extract<IncidentEvent, { type: Type }>;
}
