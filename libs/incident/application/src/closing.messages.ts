import { Command } from '@nestjs/cqrs';
import { uuidV5 } from '@shaoying/config';
import type { CheckHandling, RecordFeedback } from '@shaoying/incident-domain';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';
import { IncidentMessage, IncidentRequest } from './incident.messages.js';

/** Sent by the timers role when a deadline's alarm fires, and again by its sweeper. */
export class MarkOverdueCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
    readonly deadlineId: string,
    /** Whether it is the alarm of the warning. */
    readonly warning: boolean,
  ) {
    super();
  }

  /** The same for every attempt of the same alarm, whoever sends it. */
  static of(alarm: DueAlarm): MarkOverdueCommand {
    const { incidentId, deadlineId } = alarm;
    const commandId = uuidV5(ALARMS, `${deadlineId}-${tierOf(alarm)}`);
    const actor = { id: 'system:timers', role: 'system', orgUnitId: null };
    const context = { commandId, correlationId: commandId, causationId: commandId, actor };
    return new MarkOverdueCommand(context, incidentId, deadlineId, alarm.step < 0);
  }
}

/** What an alarm is about: −1 the warning, 0 the breach, then the steps of the ladder. */
export interface DueAlarm {
  readonly incidentId: string;
  readonly deadlineId: string;
  readonly dueAt: string;
  readonly step: number;
}

/** Namespace of the commands that alarms send. */
const ALARMS = '0b8c5a4e-52d7-5f0e-8b1c-7a1c9f6f2d35';

/** Of a deadline that is moved after its warning there is another one; breach and steps come once. */
function tierOf({ step, dueAt }: DueAlarm): string {
  if (step < 0) return `WARNING-${dueAt}`;
  return step === 0 ? 'BREACH' : `STEP-${step}`;
}

export class CheckHandlingCommand extends IncidentRequest<
  Pick<CheckHandling, 'result' | 'note' | 'evidence'>
> {}

type Feedback = Pick<RecordFeedback, 'solved' | 'satisfaction' | 'comment'> & {
  /** Whether the comment is personal: sealed, with a word in its place. */
  readonly personal?: boolean;
  /** Null: recorded by a callback operator. */
  readonly receiptCode: string | null;
};

export class RecordFeedbackCommand extends IncidentRequest<Feedback> {}

export class CorrectFeedbackCommand extends IncidentRequest<Feedback & { readonly reason: string }> {}

export class CloseIncidentCommand extends IncidentMessage {}

/** A department that handled the incident before and no longer exists. */
export interface EndedDepartment {
  readonly departmentId: string;
  readonly successors: readonly string[];
}

export interface ReopenedOutcome extends CommandOutcome {
  /** For whoever blows the next whistle. */
  readonly endedDepartments: readonly EndedDepartment[];
}

export class ReopenIncidentCommand extends IncidentRequest<
  {
    readonly reason: string;
    /** Null: reopened by an office. */
    readonly receiptCode: string | null;
  },
  ReopenedOutcome
> {}
