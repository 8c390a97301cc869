import type { Fact } from './vocabulary.events.js';

// 标记上报人: many reports of the same hand, or made up ones. Said, and approved by others than whoever says it; never a
// reason to drop a report (domain.md §6, 21).

export type ReporterFlagProposed = Fact<
  'ReporterFlagProposed',
  {
    readonly flagId: string;
    readonly proposingUnitId: string | null;
    /** Role and account it was proposed by: neither their office nor they themselves decide it. */
    readonly proposingRole: string;
    readonly proposedBy: string;
    readonly reason: string;
  }
>;

export type ReporterFlagApproved = Fact<
  'ReporterFlagApproved',
  { readonly flagId: string; readonly approvingUnitId: string | null; readonly reason: string }
>;

export type ReporterFlagRefused = Fact<
  'ReporterFlagRefused',
  { readonly flagId: string; readonly refusingUnitId: string | null; readonly reason: string }
>;

/** A flag of the time when it stood as soon as one office set it. It stands still; nothing writes it any more. */
export type ReporterFlagged = Fact<
  'ReporterFlagged',
  { readonly unitId: string | null; readonly reason: string }
>;
