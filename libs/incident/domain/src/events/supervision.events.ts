import type { Deadline, EarlierTimer, Fact, IncidentTimer, SupervisionLevel } from './vocabulary.events.js';

/**
 * So much of a deadline's time is used up, as its policy says (80 %), that whoever owes it is told. `occurredAt` is the
 * instant it was to be told at, however late that was noticed. Once for each due instant: one that is moved warns anew.
 */
export type DeadlineWarned = Fact<
  'DeadlineWarned',
  {
    readonly deadlineId: string;
    readonly timer: IncidentTimer;
    readonly dueAt: string;
    /** The task whose department owes it; null where it is owed by nobody's task. */
    readonly taskId: string | null;
    readonly departmentId: string | null;
    readonly cycle: number;
  }
>;

/** A task's deadline passed unmet. `occurredAt` is the due instant, however late it was noticed. */
export type TaskOverdue = Fact<
  'TaskOverdue',
  {
    readonly taskId: string;
    readonly departmentId: string;
    readonly deadlineId: string;
    readonly timer: EarlierTimer;
    readonly dueAt: string;
  }
>;

/** A deadline of the incident, of a whistle or of an order passed unmet. `occurredAt` is the due instant. */
export type IncidentOverdue = Fact<
  'IncidentOverdue',
  {
    readonly deadlineId: string;
    readonly timer: IncidentTimer;
    readonly dueAt: string;
    readonly cycle: number;
  }
>;

/**
 * 督办: a step of the escalation ladder was taken for a deadline that was missed, or a person ordered it. The time to
 * answer it in is a deadline of its own.
 */
export type SupervisionIssued = Fact<
  'SupervisionIssued',
  {
    readonly supervisionId: string;
    /** Null where the order concerns the incident as a whole. */
    readonly taskId: string | null;
    readonly departmentId: string | null;
    /** The deadline that was missed; null where a person ordered it. */
    readonly deadlineId: string | null;
    /**
     * When that deadline was due as the order was issued; it may be moved afterwards. Null on orders that were issued
     * before they said so (`deadlineId` names where it stands), and on a person's.
     */
    readonly dueAt: string | null;
    /** Place on the ladder that the incident has pinned, from 1: the step that answers the breach itself; else null. */
    readonly step: number | null;
    readonly level: SupervisionLevel;
    readonly notify: readonly string[];
    readonly issuedBy: 'LADDER' | 'PERSON';
    /** Of a person's order. */
    readonly reason: string | null;
    /** SUPERVISION_RESPONSE. */
    readonly deadlines: readonly Deadline[];
  }
>;

export type SupervisionResponded = Fact<
  'SupervisionResponded',
  {
    readonly supervisionId: string;
    readonly taskId: string | null;
    readonly respondingUnitId: string | null;
    readonly response: string;
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

export type SupervisionLifted = Fact<
  'SupervisionLifted',
  {
    readonly supervisionId: string;
    readonly taskId: string | null;
    readonly departmentId: string | null;
    /** What ended it. BY_PERSON: whoever may issue orders lifted it. ENDED: task or incident ended otherwise. */
    readonly reason: 'CHECKED_IN' | 'ACKNOWLEDGED' | 'COMPLETED' | 'MET' | 'BY_PERSON' | 'ENDED';
    readonly note: string | null;
  }
>;
