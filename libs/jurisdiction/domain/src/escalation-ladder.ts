import type { TimerKind } from './deadline-policy.js';
import type { Duration } from './working-calendar.js';

export const SUPERVISION_LEVELS = ['BLUE', 'ORANGE', 'RED'] as const;
export type SupervisionLevel = (typeof SUPERVISION_LEVELS)[number];

export const LADDER_CONSEQUENCES = ['RAISE_LEVEL', 'OPEN_ARBITRATION'] as const;
/**
 * What a step brings beside its order. RAISE_LEVEL: a matter that no whistle is about goes to the next level up.
 * OPEN_ARBITRATION: it is decided for good whose task it is.
 */
export type LadderConsequence = (typeof LADDER_CONSEQUENCES)[number];

/** One rung of 督办. */
export interface LadderStep {
  /** Percent of the time allowed by which the deadline is past due: 0 at the breach, 100 when as much again has gone. */
  readonly trigger: number;
  readonly level: SupervisionLevel;
  /** Roles told, such as `department`, `street-office`, `supervision-centre`. */
  readonly notify: readonly string[];
  readonly respondWithin: Duration;
  /** Absent: the order is all. */
  readonly consequence?: LadderConsequence;
}

export interface EscalationLadder {
  readonly ladderId: string;
  readonly name: string;
  readonly version: number;
  /** In order of trigger; the first answers the breach itself. */
  readonly steps: readonly LadderStep[];
  /** Timers that climb another way; an empty list: a breach of this timer is recorded and nothing more. */
  readonly byTimer?: Readonly<Partial<Record<TimerKind, readonly LadderStep[]>>>;
}
