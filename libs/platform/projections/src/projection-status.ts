import type { Position } from '@shaoying/event-store';
import type { Checkpoint } from './checkpoints.js';
import type { Activity } from './projection-runner.js';

/** How one projection stands, as anybody may ask who has the database. */
export interface ProjectionStatus {
  readonly name: string;
  /** Of the tables that serve; null before the first start. */
  readonly version: number | null;
  /** Of the code in this process. */
  readonly codeVersion: number;
  readonly position: Position;
  readonly head: Position;
  /** Events between position and head; on engines whose positions are not dense, an upper bound. */
  readonly lagEvents: number;
  /** Age of the oldest event not yet applied; 0 at the head. */
  readonly lagSeconds: number;
  readonly status: 'absent' | 'running' | 'stopped';
  readonly errorPosition: Position | null;
  readonly error: string | null;
  readonly updatedAt: Date | null;
  /** True when some process holds the projection's lock. */
  readonly held: boolean;
  /** What this process does for it; null when the engine was not started here. */
  readonly activity: Activity | null;
  /** Why this process's last attempt failed. */
  readonly failure: string | null;
  /** A rebuild begun and not yet swapped in, of this version or in an upgrade, and the event that it has stopped at. */
  readonly rebuild: {
    readonly version: number;
    readonly position: Position;
    /** Events that it does not have yet, as {@link lagEvents}. */
    readonly lagEvents: number;
    readonly startedAt: Date;
    readonly errorPosition: Position | null;
    readonly error: string | null;
  } | null;
  /** Tables that served before, and may again. */
  readonly retired: {
    readonly version: number;
    readonly position: Position;
    readonly retiredAt: Date;
  } | null;
}

/** What its checkpoint says; of a projection that never was started, nothing. */
export function outcomeOf(row: Checkpoint | undefined) {
  return {
    version: row?.version ?? null,
    status: row?.status ?? ('absent' as const),
    errorPosition: row?.errorPosition ?? null,
    error: row?.error ?? null,
    updatedAt: row?.updatedAt ?? null,
  };
}

/** The one place that takes positions for numbers: right where they are dense, and only for people to look at. */
export function distance(position: Position, head: Position): number {
  const events = BigInt(head) - BigInt(position);
  return events > 0n ? Number(events) : 0;
}
