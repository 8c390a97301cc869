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
  'CHECK',
  'CALLBACK',
  'FEEDBACK_WINDOW',
  'SUSPENSION_REVIEW',
  'SUPERVISION_RESPONSE',
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

export interface DeadlineRule {
  readonly timer: TimerKind;
  readonly when?: RuleConditions;
  /** `null`: under these conditions the timer is not started at all. */
  readonly duration: Duration | null;
  /** Percent of the time allowed, 1 to 99. Default: the policy's. */
  readonly warnPercent?: number;
}

/** What happens to the clock when a department's task goes to another one (domain.md §3.4 a). */
export const CLOCK_ON_RETURN = ['RESTART', 'CONTINUE', 'APPORTION'] as const;
export type ClockOnReturn = (typeof CLOCK_ON_RETURN)[number];

export interface DeadlinePolicy {
  readonly policyId: string;
  readonly name: string;
  readonly version: number;
  /** The calendar its working hours and days are counted in. */
  readonly calendarId: string;
  /** The ladder climbed when a deadline is broken. */
  readonly ladderId: string;
  /** Percent of the time allowed at which a warning is due, 1 to 99; 80 by default. */
  readonly warnPercent: number;
  readonly clockOnReturn: ClockOnReturn;
  /** Returns after which the case goes to arbitration by itself; 2 by default. */
  readonly returnsBeforeArbitration: number;
  readonly rules: readonly DeadlineRule[];
}
