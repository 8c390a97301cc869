import { Command } from '@nestjs/cqrs';
import type { IncidentTimer } from '@shaoying/incident-domain';
import type { CommandTrace } from './call-records.js';
import type { CommandContext, CommandOutcome } from './incident.command-service.js';
import type { StayingDeadline } from './incident.rescheduling.js';

/** Moves the provisional deadlines of one incident into the years that are published by now. */
export class FixProvisionalDeadlinesCommand extends Command<CommandOutcome> {
  constructor(
    readonly context: CommandContext,
    readonly incidentId: string,
  ) {
    super();
  }
}

export interface MovedDeadline {
  readonly incidentId: string;
  readonly deadlineId: string;
  readonly timer: IncidentTimer;
  readonly formerDueAt: string;
  readonly dueAt: string;
  readonly provisional: boolean;
}

/** What moving open deadlines under another version of a policy has done, or would do. */
export interface DeadlinesMoved {
  readonly policyId: string;
  readonly policyVersion: number;
  readonly moved: readonly MovedDeadline[];
  readonly stayed: readonly ({ readonly incidentId: string } & StayingDeadline)[];
  /** The last incident that was looked at, where there are more behind it: the next call goes on from there. */
  readonly next: string | null;
}

/** Moves what is open under another version of a policy, so many incidents a call (domain.md §3.4 e). */
export class MoveOpenDeadlinesCommand extends Command<DeadlinesMoved & CommandTrace> {
  constructor(
    readonly context: CommandContext,
    readonly policyId: string,
    readonly request: {
      /** Null: the version in force. */
      readonly policyVersion: number | null;
      readonly reason: string;
      /** Goes on behind the incident an earlier call has looked at last. */
      readonly after: string | null;
    },
  ) {
    super();
  }
}
