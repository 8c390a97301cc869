import type { Deadline, DeadlineMove, Fact } from './vocabulary.events.js';

export const SUSPENSION_REASONS = [
  'OWNERLESS',
  'IN_COURT',
  'NEEDS_FUNDS',
  'NEEDS_LEGISLATION',
  'WEATHER',
  'UNDER_CONSTRUCTION',
] as const;

export type SuspensionReason = (typeof SUSPENSION_REASONS)[number];

/** Of the total time, in milliseconds of its own unit: what was used up of what is allowed. What the clock stood still is in neither. */
export interface UsedTime {
  readonly usedMs: number;
  readonly allowedMs: number;
}

/** 挂账: it cannot be solved now. Clocks stand still from the approval on, never from before it (domain.md §3.4 b). */
export type IncidentSuspended = Fact<
  'IncidentSuspended',
  {
    readonly reasonCode: SuspensionReason;
    readonly reason: string;
    readonly approvingUnitId: string | null;
    readonly reviewAt: string;
    /** Percent of the total time used up at the approval, whole; null without a total deadline (domain.md §6, 27). */
    readonly usedPercent: number | null;
    /** The same exactly; null without a total deadline, where it allowed nothing, and in what was recorded before it was. */
    readonly usedTime: UsedTime | null;
    /** SUSPENSION_REVIEW. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** It stays suspended until another review. */
export type SuspensionRenewed = Fact<
  'SuspensionRenewed',
  {
    readonly approvingUnitId: string | null;
    readonly reason: string;
    readonly reviewAt: string;
    readonly deadlines: readonly Deadline[];
  }
>;

export type IncidentResumed = Fact<
  'IncidentResumed',
  {
    readonly unitId: string | null;
    readonly reason: string;
    readonly moves: readonly DeadlineMove[];
  }
>;

/** It is the same as `into` and goes on there. Clocks stand still; each reporter keeps receipt and feedback. */
export type IncidentMerged = Fact<
  'IncidentMerged',
  {
    readonly into: string;
    readonly unitId: string | null;
    readonly reason: string;
  }
>;

export type IncidentUnmerged = Fact<
  'IncidentUnmerged',
  {
    readonly from: string;
    readonly unitId: string | null;
    readonly reason: string;
    readonly moves: readonly DeadlineMove[];
  }
>;

/** Written to the incident that goes on, before its duplicate is merged into it: so no two can each end in the other. */
export type DuplicateJoined = Fact<
  'DuplicateJoined',
  { readonly incidentId: string; readonly unitId: string | null }
>;

export type DuplicateLeft = Fact<
  'DuplicateLeft',
  { readonly incidentId: string; readonly unitId: string | null }
>;
