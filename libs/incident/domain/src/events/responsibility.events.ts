import type { Deadline, Fact, LostTime, ResponsibilityLevel, TaskAssignment } from './vocabulary.events.js';

/** Why a department says a task is not its own (退单). */
export const RETURN_REASONS = ['NOT_OUR_FUNCTION', 'NOT_OUR_AREA', 'OWNERSHIP_UNCLEAR'] as const;

export type ReturnReason = (typeof RETURN_REASONS)[number];

export type ReturnRequested = Fact<
  'ReturnRequested',
  {
    readonly returnId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly reasonCode: ReturnReason;
    /** Rule or document it rests on. */
    readonly basis: string;
    readonly suggestedUnitId: string | null;
    /** Which return of the cycle this is, from 1: the accepted ones before it, and itself. */
    readonly ordinal: number;
    /** Of the task's ACKNOWLEDGE, which a request answers. */
    readonly dueAt: string | null;
    readonly late: boolean;
    /** RETURN_DECISION. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** The task ends RETURNED; `newTask` summons whoever has it from here on. */
export type ReturnAccepted = Fact<
  'ReturnAccepted',
  {
    readonly returnId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly decidingUnitId: string | null;
    readonly note: string | null;
    /** Null: an assisting department that nobody replaces. */
    readonly newTask: TaskAssignment | null;
    readonly lostTime: readonly LostTime[];
  }
>;

/** The task is the department's; the time it cost is booked to it. */
export type ReturnRejected = Fact<
  'ReturnRejected',
  {
    readonly returnId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly decidingUnitId: string | null;
    readonly reason: string;
    readonly lostTime: readonly LostTime[];
  }
>;

export type ArbitrationOpened = Fact<
  'ArbitrationOpened',
  {
    readonly arbitrationId: string;
    readonly taskId: string;
    readonly cause: 'RETURNS' | 'REFUSALS' | 'REQUESTED';
    /** Units whose responsibility is in question; none of them decides. */
    readonly parties: readonly string[];
    /** ARBITRATION. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** What a decision on responsibility rests on. */
export const ARBITRATION_RULES = [
  'STATUTORY_FUNCTION',
  'TERRITORIAL_RESPONSIBILITY',
  'FIRST_RECEIVER',
  'FALLBACK_RESPONSIBILITY',
  'DISPATCH_CATALOGUE',
] as const;

export type ArbitrationRule = (typeof ARBITRATION_RULES)[number];

/** 裁定. Final: whoever has the task by it cannot return it. */
export type ResponsibilityDecided = Fact<
  'ResponsibilityDecided',
  {
    readonly arbitrationId: string;
    readonly taskId: string;
    readonly arbitratingUnitId: string | null;
    readonly responsibleUnitId: string;
    readonly rule: ArbitrationRule;
    readonly reason: string;
    /** Null where the task stays with the department that has it, or goes to one that is in the whistle already. */
    readonly newTask: TaskAssignment | null;
    readonly lostTime: readonly LostTime[];
    /** Entry that would have spared the dispute, for whoever keeps the dispatch catalogue; nothing is changed by it. */
    readonly catalogueProposal: {
      readonly category: string;
      readonly areaId: string | null;
      readonly departmentId: string;
      readonly basis: string;
    };
  }
>;

export type DepartmentAdded = Fact<
  'DepartmentAdded',
  { readonly whistleId: string; readonly task: TaskAssignment; readonly reason: string }
>;

/** Exactly one lead before, exactly one after. */
export type LeadChanged = Fact<
  'LeadChanged',
  {
    readonly whistleId: string;
    readonly fromTaskId: string;
    readonly fromDepartmentId: string;
    readonly toTaskId: string;
    readonly toDepartmentId: string;
    /** Null where a department that assisted leads from here on. */
    readonly newTask: TaskAssignment | null;
    /** Whether who led before goes on assisting. */
    readonly formerLead: 'ASSIST' | 'RELEASED';
    readonly reason: string;
    readonly lostTime: readonly LostTime[];
  }
>;

/** The lead says an assisting department holds the matter up. Recorded whatever the street makes of it. */
export type ReleaseRequested = Fact<
  'ReleaseRequested',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly leadDepartmentId: string;
    readonly reason: string;
  }
>;

export const RELEASE_REASONS = ['NOT_NEEDED', 'HOLDS_UP', 'SUMMONED_IN_ERROR'] as const;

export type ReleaseReason = (typeof RELEASE_REASONS)[number];

export type TaskReleased = Fact<
  'TaskReleased',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly reasonCode: ReleaseReason;
    readonly reason: string;
    /** Whether it counts against the department: it held the matter up. */
    readonly counted: boolean;
  }
>;

/** The department merged, split, or is gone: its task goes on, with its clocks, under its successor. */
export type TaskTransferred = Fact<
  'TaskTransferred',
  {
    readonly taskId: string;
    readonly fromDepartmentId: string;
    readonly toDepartmentId: string;
    readonly level: ResponsibilityLevel;
    readonly reason: string;
  }
>;
