/** A deadline that is neither met nor recorded as breached. */
export interface OpenDeadline {
  readonly deadlineId: string;
  readonly incidentId: string;
  /** Null for deadlines of the whole incident. */
  readonly taskId: string | null;
  /** Which timer of the incident, such as `check-in`. */
  readonly timer: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly dueAt: string;
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
  /** Null when met, recorded as breached, cancelled or unknown. */
  stillOpen(deadlineId: string): Promise<OpenDeadline | null>;
  /** Open deadlines with dueAt ≤ `nowIso`, oldest first. */
  overdueSince(nowIso: string, limit: number): Promise<OpenDeadline[]>;
  /** `due`: open with dueAt ≤ `nowIso`. `oldestDueAt`: the smallest dueAt of all open ones, null when there is none. */
  counts(nowIso: string): Promise<{ open: number; due: number; oldestDueAt: string | null }>;
  /** Calls `listener` after deadlines were projected. Answers with what ends that. */
  onChange(listener: () => void): () => void;
}
