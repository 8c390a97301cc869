import type { Job } from 'bullmq';
import type { AlarmJob, AlarmProcessor, QueuedAlarm, QueueEngine } from './queue-engine.js';

interface BullQueue {
  addBulk(jobs: { name: string; data: AlarmJob; opts: Record<string, unknown> }[]): Promise<unknown>;
  remove(jobId: string, options: { removeChildren: boolean }): Promise<number>;
  getJobCounts(...types: ('delayed' | 'active' | 'waiting')[]): Promise<Record<string, number>>;
  close(): Promise<void>;
}

interface BullWorker {
  waitUntilReady(): Promise<unknown>;
  close(force: boolean): Promise<void>;
}

/** Connections that BullMQ does not own and so neither watches nor closes. */
export interface OwnConnections {
  areUp(): boolean;
  /** At once; rejects what waits for an answer. */
  disconnect(): void;
}

export type BullProcessor = (job: Job<AlarmJob>) => Promise<void>;

/** Options of every worker, whatever the backend. */
export const WORKER_OPTIONS = {
  // A killed worker's alarms are taken over by another after at most lock + stalled check; the sweeper is quicker.
  lockDuration: 30_000,
  stalledInterval: 15_000,
  // Stalling means that a process died, not that the alarm is bad: thirty kills in a row must not lose it.
  maxStalledCount: 1_000,
  // Default 15 s: after a restart of the server alarms would be that late.
  runRetryDelay: 1_000,
} as const;

const JOB_OPTIONS = {
  // A kept job, completed or failed, blocks its id for ever, and with it the next alarm of the same deadline.
  removeOnComplete: true,
  removeOnFail: true,
  // Back-off is ours, see BullMqAlarmClock: BullMQ's own goes through moveToDelayed, which has an open bug on the
  // PostgreSQL backend with two workers (taskforcesh/bullmq#4814).
  attempts: 1,
} as const;

/** Removals under way at once. */
const REMOVE_BATCH = 100;

/** Binds a BullMQ queue, and the worker made on demand, to the alarm clock. */
export class BullMqEngine implements QueueEngine {
  private worker: BullWorker | undefined;

  constructor(
    private readonly queue: BullQueue,
    private readonly newWorker: (process: BullProcessor, concurrency: number) => BullWorker,
    private readonly connections: OwnConnections,
  ) {}

  async add(alarms: readonly QueuedAlarm[]): Promise<void> {
    const timestamp = Date.now();
    await this.queue.addBulk(
      alarms.map(({ jobId, job, delayMs }) => ({
        name: job.tier,
        data: job,
        opts: { ...JOB_OPTIONS, jobId, timestamp, delay: delayMs },
      })),
    );
  }

  async remove(jobIds: readonly string[]): Promise<void> {
    for (let start = 0; start < jobIds.length; start += REMOVE_BATCH) {
      const batch = jobIds.slice(start, start + REMOVE_BATCH);
      await Promise.all(batch.map((jobId) => this.queue.remove(jobId, { removeChildren: false })));
    }
  }

  async counts(): Promise<{ delayed: number; active: number }> {
    const {
      delayed = 0,
      active = 0,
      waiting = 0,
    } = await this.queue.getJobCounts('delayed', 'active', 'waiting');
    return { delayed, active: active + waiting };
  }

  async work(process: AlarmProcessor, concurrency: number): Promise<void> {
    this.worker = this.newWorker((job) => process(job.id ?? '', job.data), concurrency);
    await this.worker.waitUntilReady();
  }

  async close(): Promise<void> {
    try {
      // Without force a worker first waits for its blocking connection to end, which never happens while that is
      // reconnecting: closing would hang for as long as the server is down.
      await this.worker?.close(!this.connections.areUp());
      await this.queue.close();
    } finally {
      this.connections.disconnect();
    }
  }

  abandon(): void {
    this.connections.disconnect();
  }
}
