/** What the queue stores of an alarm. `attempt` is 1-based and grows when a handler throws. */
export interface AlarmJob {
  readonly deadlineId: string;
  readonly tier: string;
  readonly dueAt: string;
  readonly attempt: number;
}

export interface QueuedAlarm {
  readonly jobId: string;
  readonly job: AlarmJob;
  /** Milliseconds from now; 0 for at once. */
  readonly delayMs: number;
}

export type AlarmProcessor = (jobId: string, job: AlarmJob) => Promise<void>;

/** The little of BullMQ that the alarm clock needs; one implementation per backend. */
export interface QueueEngine {
  /** A job id that exists already, in any state, is left as it is. */
  add(alarms: readonly QueuedAlarm[]): Promise<void>;
  remove(jobIds: readonly string[]): Promise<void>;
  counts(): Promise<{ delayed: number; active: number }>;
  work(process: AlarmProcessor, concurrency: number): Promise<void>;
  /** Stops fetching, waits for the jobs being processed, then disconnects. */
  close(): Promise<void>;
  /** For a `close` that takes too long: disconnects at once and lets the jobs being processed stall. */
  abandon(): void;
}
