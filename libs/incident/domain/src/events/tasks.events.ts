import type { DeadlineMove, DeadlineOf, DurationUnit, Fact, Location } from './vocabulary.events.js';

export type TaskAcknowledged = Fact<
  'TaskAcknowledged',
  {
    readonly taskId: string;
    readonly departmentId: string;
    /** True when it did not sign: it checked in, asked for the return, or let the return window run out. */
    readonly implied: boolean;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type DepartmentCheckedIn = Fact<
  'DepartmentCheckedIn',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly dueAt: string | null;
    /** A fact for ever: no later extension turns it. */
    readonly late: boolean;
    /** The time the department claimed, where it was not admitted as it stood. */
    readonly claimedAt: string | null;
    /** True when an earlier claimed time lacked evidence or came outside the tolerance (domain.md §6, 25). */
    readonly disputed: boolean;
    readonly location: Location | null;
    readonly note: string | null;
    /** SHA-256 of photos and papers, hexadecimal. */
    readonly evidence: readonly string[];
  }
>;

/** 先行联系: the first contact with the reporter. */
export type ReporterContacted = Fact<
  'ReporterContacted',
  {
    readonly taskId: string;
    readonly departmentId: string;
    /** False: tried, nobody answered. Only a contact that was made stops the clock. */
    readonly reached: boolean;
    readonly note: string | null;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type ProgressReported = Fact<
  'ProgressReported',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly note: string;
    readonly evidence: readonly string[];
  }
>;

/** One stage of staged handling is done; the task is not. */
export type TaskStageCompleted = Fact<
  'TaskStageCompleted',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly stage: string;
    readonly note: string | null;
    readonly evidence: readonly string[];
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type TaskCompleted = Fact<
  'TaskCompleted',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly dueAt: string | null;
    readonly late: boolean;
    readonly note: string | null;
    readonly evidence: readonly string[];
  }
>;

/** 工时: work on a task that its unit tells of, in whole minutes of its people together. */
export type WorkBooked = Fact<
  'WorkBooked',
  {
    readonly taskId: string;
    /** Whose people worked, and whose books it is in; a successor of it has books of its own. */
    readonly departmentId: string;
    /** Never 0. Below 0 it takes back what the unit booked on the task before, and no more than that. */
    readonly workedMinutes: number;
    /** Why, of what is taken back; null where it was told with progress or completion. */
    readonly note: string | null;
  }
>;

/** 催办: a reminder; no order. */
export type TaskUrged = Fact<
  'TaskUrged',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly urgingUnitId: string | null;
    readonly note: string | null;
  }
>;

export type ExtensionRequested = Fact<
  'ExtensionRequested',
  {
    readonly extensionId: string;
    readonly taskId: string;
    readonly departmentId: string;
    /** Which extension of the task this would be, from 1; its approver depends on it. */
    readonly ordinal: number;
    readonly amount: number;
    readonly unit: DurationUnit;
    readonly reason: string;
    /** EXTENSION_DECISION; none where the policy that is pinned sets no time for it. */
    readonly deadlines: readonly DeadlineOf<'EXTENSION_DECISION'>[];
  }
>;

export type ExtensionGranted = Fact<
  'ExtensionGranted',
  {
    readonly extensionId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly ordinal: number;
    readonly approvingUnitId: string | null;
    readonly moves: readonly DeadlineMove[];
  }
>;

export type ExtensionRefused = Fact<
  'ExtensionRefused',
  {
    readonly extensionId: string;
    readonly taskId: string;
    readonly departmentId: string;
    readonly ordinal: number;
    readonly refusingUnitId: string | null;
    readonly reason: string;
  }
>;
