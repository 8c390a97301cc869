import type { Severity, Urgency } from './dispatch-catalogue.js';
import type { Duration } from './working-calendar.js';

export const TIMER_KINDS = [
  'VERIFY',
  'DISPATCH',
  'ACKNOWLEDGE',
  'CONTACT',
  'CHECK_IN',
  'HANDLING',
  'INCIDENT_TOTAL',
  'RETURN_WINDOW',
  'RETURN_DECISION',
  'ARBITRATION',
  'EXTENSION_DECISION',
  'CHECK',
  'CALLBACK',
  'FEEDBACK_WINDOW',
  'SUSPENSION_REVIEW',
  'SUPERVISION_RESPONSE',
  'RATIFICATION',
  'REWORK',
  'REOPEN_WINDOW',
  'APPEAL_WINDOW',
] as const;
export type TimerKind = (typeof TIMER_KINDS)[number];

export const WHISTLE_KINDS = ['PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT', 'EMERGENCY'] as const;
/** 群众诉求哨, 重点工作哨, 综合执法哨, 应急处置哨 (《北京市街道办事处条例》 Art. 5). */
export type WhistleKind = (typeof WHISTLE_KINDS)[number];

export const TASK_ROLES = ['LEAD', 'ASSIST'] as const;
export type TaskRole = (typeof TASK_ROLES)[number];

/** What a rule asks of the case; an absent field asks nothing. */
export interface RuleConditions {
  readonly category?: string;
  readonly whistleKind?: WhistleKind;
  readonly urgency?: Urgency;
  readonly severity?: Severity;
  readonly role?: TaskRole;
}

/** One stage of a timer that runs in several (GB/T 30428): `现场处置`, `整改完成`. */
export interface DeadlineStage {
  readonly name: string;
  /** From the start of the timer, not from the end of the stage before. */
  readonly duration: Duration;
}

export interface DeadlineRule {
  readonly timer: TimerKind;
  readonly when?: RuleConditions;
  /** `null`: under these conditions the timer is not started at all. Absent exactly when there are stages. */
  readonly duration?: Duration | null;
  /** Instead of one duration: in order, each in the unit of the first and longer than the one before. */
  readonly stages?: readonly DeadlineStage[];
  /** Percent of the time allowed, 1 to 99. Default: the policy's. */
  readonly warnPercent?: number;
}

/** What happens to the clock when a department's task goes to another one (domain.md §3.4 a). */
export const CLOCK_ON_RETURN = ['RESTART', 'CONTINUE', 'APPORTION'] as const;
export type ClockOnReturn = (typeof CLOCK_ON_RETURN)[number];

/** Who may blow a whistle of one kind, and how. */
export interface WhistleRule {
  /** Roles that may propose it. */
  readonly proposers: readonly string[];
  /** Roles that may approve, and ratify, it. */
  readonly approvers: readonly string[];
  /** Blown before it is approved, to be ratified within the timer RATIFICATION. */
  readonly actsFirst: boolean;
  /** Who approves must be another person than who proposed. */
  readonly fourEyes: boolean;
}

export interface ExtensionRules {
  /** Extensions of one task; 0: none is ever granted. */
  readonly max: number;
  /** Roles by ordinal, those of the first extension first; as many lists as `max`. */
  readonly approvers: readonly (readonly string[])[];
}

/** How matters are handled under one version of a policy: who may propose and approve what, how often, until when. */
export interface HandlingRules {
  readonly clockOnReturn: ClockOnReturn;
  /** Returns after which the case goes to arbitration by itself; 2 by default. */
  readonly returnsBeforeArbitration: number;
  /** Refused returns after which the case goes to arbitration by itself; 2 by default. */
  readonly refusalsBeforeArbitration: number;
  readonly extensions: ExtensionRules;
  readonly whistles: Readonly<Record<WhistleKind, WhistleRule>>;
  /** A whistle for the same estate and category within so many days counts as a repeat; 180 by default. */
  readonly repeatWhistleDays: number;
}

export interface DeadlinePolicy extends HandlingRules {
  readonly policyId: string;
  readonly name: string;
  readonly version: number;
  /** The calendar its working hours and days are counted in. */
  readonly calendarId: string;
  /** The ladder climbed when a deadline is broken. */
  readonly ladderId: string;
  /** Percent of the time allowed at which a warning is due, 1 to 99; 80 by default. */
  readonly warnPercent: number;
  readonly rules: readonly DeadlineRule[];
}

const APPROVED_FIRST: WhistleRule = {
  proposers: ['street-office', 'community'],
  approvers: ['street-office'],
  actsFirst: false,
  fourEyes: false,
};

/** What a policy document says where it does not say otherwise. */
export const DEFAULT_HANDLING_RULES: HandlingRules = {
  clockOnReturn: 'RESTART',
  returnsBeforeArbitration: 2,
  refusalsBeforeArbitration: 2,
  extensions: { max: 2, approvers: [['street-office'], ['supervision-centre']] },
  whistles: {
    PUBLIC_DEMAND: APPROVED_FIRST,
    KEY_WORK: APPROVED_FIRST,
    JOINT_ENFORCEMENT: APPROVED_FIRST,
    EMERGENCY: {
      proposers: ['street-office', 'community', 'grid-worker'],
      approvers: ['street-office'],
      actsFirst: true,
      fourEyes: true,
    },
  },
  repeatWhistleDays: 180,
};
