/** A deadline that nothing has met, and whose breach, or a later step of its ladder, is not on record. */
export interface OpenDeadline {
  readonly deadlineId: string;
  readonly incidentId: string;
  /** Null for deadlines of the whole incident. */
  readonly taskId: string | null;
  /** Which timer of the incident, such as `check-in`. */
  readonly timer: string;
  /** When to wake for it: the instant of its warning, its due time, or that of the step. ISO 8601 in UTC with milliseconds. */
  readonly dueAt: string;
  /** What to wake for. −1: the warning; 0: the breach; else that step of the ladder, which comes after it. */
  readonly step: number;
}

/** Where a page ended: pages are in order of (dueAt, deadlineId), both compared as the database compares them. */
export interface DeadlineCursor {
  readonly dueAt: string;
  readonly deadlineId: string;
}

/** The truth about deadlines, kept by the open-deadlines read model in PostgreSQL. Every list is in due order. */
export interface OpenDeadlines {
  /** Open deadlines with `after` < (dueAt, deadlineId) and dueAt ≤ `untilIso`, overdue ones included. */
  dueWithin(untilIso: string, after: DeadlineCursor | null, limit: number): Promise<OpenDeadline[]>;
  /** Null when met, cancelled, held back, unknown, or recorded as breached with no further step to come. */
  stillOpen(deadlineId: string): Promise<OpenDeadline | null>;
  /** Open deadlines with dueAt ≤ `nowIso`, oldest first. */
  overdueSince(nowIso: string, limit: number): Promise<OpenDeadline[]>;
  /** `due`: open with dueAt ≤ `nowIso`. `oldestDueAt`: the smallest dueAt of all open ones, null when there is none. */
  counts(nowIso: string): Promise<{ open: number; due: number; oldestDueAt: string | null }>;
  /** Calls `listener` after deadlines were projected. Answers with what ends that. */
  onChange(listener: () => void): () => void;
}
