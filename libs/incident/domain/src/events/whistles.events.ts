import type { Deadline, Fact, TaskAssignment, TaskRole, WhistleKind } from './vocabulary.events.js';

/** What gave rise to a whistle 哨源. */
export const WHISTLE_ORIGINS = ['REPORT', 'PATROL', 'HOTLINE', 'LEADER', 'DEPARTMENT'] as const;

export type WhistleOrigin = (typeof WHISTLE_ORIGINS)[number];

export interface Summons {
  readonly departmentId: string;
  readonly role: TaskRole;
}

/** A whistle that waits for its approval; nobody is summoned yet. */
export type WhistleProposed = Fact<
  'WhistleProposed',
  {
    readonly whistleId: string;
    readonly kind: WhistleKind;
    readonly reason: string;
    readonly origin: WhistleOrigin;
    readonly proposingUnitId: string | null;
    readonly proposedBy: string;
    readonly summons: readonly Summons[];
  }
>;

export type WhistleApproved = Fact<
  'WhistleApproved',
  {
    readonly whistleId: string;
    readonly approvingUnitId: string | null;
    readonly note: string | null;
  }
>;

export type WhistleRefused = Fact<
  'WhistleRefused',
  { readonly whistleId: string; readonly refusingUnitId: string | null; readonly reason: string }
>;

export type WhistleBlown = Fact<
  'WhistleBlown',
  {
    readonly whistleId: string;
    readonly kind: WhistleKind;
    readonly reason: string;
    readonly whistlingUnitId: string | null;
    /** Account that blew or proposed it; null where it was not recorded. */
    readonly blownBy: string | null;
    readonly origin: WhistleOrigin;
    /** Blown by a department 反向吹哨. */
    readonly reverse: boolean;
    /** TO_BE_RATIFIED: it acted first and is approved afterwards, or flagged. */
    readonly approval: 'NOT_NEEDED' | 'APPROVED' | 'TO_BE_RATIFIED';
    /** Earlier whistles on this incident. */
    readonly repeats: readonly string[];
    readonly tasks: readonly TaskAssignment[];
    /** Of the whistle itself: RATIFICATION. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** An emergency whistle was approved after it had acted. */
export type WhistleRatified = Fact<
  'WhistleRatified',
  {
    readonly whistleId: string;
    readonly ratifyingUnitId: string | null;
    readonly note: string | null;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

/** It was not ratified in time: visible for ever, undone by nothing (domain.md §6, 10). */
export type WhistleFlagged = Fact<
  'WhistleFlagged',
  { readonly whistleId: string; readonly reason: 'NOT_RATIFIED' | 'RATIFICATION_REFUSED' }
>;

/** The open tasks of a cancelled whistle are released and counted against nobody. */
export type WhistleCancelled = Fact<
  'WhistleCancelled',
  {
    readonly whistleId: string;
    readonly cancellingUnitId: string | null;
    readonly reason: string;
    readonly taskIds: readonly string[];
  }
>;

/** 评哨: how the whistling unit rates one department's part. */
export type TaskEvaluated = Fact<
  'TaskEvaluated',
  {
    readonly evaluationId: string;
    readonly whistleId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly evaluatingUnitId: string | null;
    /** 1, worst, to 5. */
    readonly score: number;
    readonly comment: string | null;
  }
>;
