import type { DeadlineMove, Fact, Pins } from './vocabulary.events.js';

/** A deadline that goes on under another version of its policy or calendar. */
export interface RescheduledDeadline extends DeadlineMove {
  /** The task it belongs to; null where it is the incident's, a whistle's or an order's. */
  readonly taskId: string | null;
  /** When it was due until now. */
  readonly formerDueAt: string;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly calendarId: string;
  readonly calendarVersion: number;
}

/**
 * Open deadlines go on under other versions: because somebody ordered it (domain.md §3.4 e), or because the year is
 * published that a provisional due time reaches into (domain.md §5). Without this event nothing published moves anything.
 */
export type DeadlinesRescheduled = Fact<
  'DeadlinesRescheduled',
  {
    readonly cause: 'POLICY_MOVED' | 'CALENDAR_PUBLISHED';
    /** In the words of whoever ordered it; null where a year was published. */
    readonly reason: string | null;
    /** What governs the incident from now on; null: what governed it before. */
    readonly pins: Pins | null;
    readonly moves: readonly RescheduledDeadline[];
  }
>;
