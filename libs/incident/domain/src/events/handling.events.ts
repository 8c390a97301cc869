import type { Deadline, Fact, ResponsibilityLevel } from './vocabulary.events.js';

/** 三方协同: who of an estate takes part when it handles the matter itself. */
export const PARTIES = [
  'GRID',
  'RESIDENTS_COMMITTEE',
  'OWNERS_COMMITTEE',
  'PROPERTY_COMPANY',
  'LANE_CHIEF',
  'VOLUNTEERS',
] as const;

export type Party = (typeof PARTIES)[number];

export type SelfHandlingStarted = Fact<
  'SelfHandlingStarted',
  {
    readonly level: ResponsibilityLevel;
    readonly handlingUnitId: string | null;
    readonly parties: readonly Party[];
    readonly note: string | null;
  }
>;

/**
 * 先行联系 by whoever handles it without a whistle. What departments say is `ReporterContacted`, of their task; older logs have
 * that one only.
 */
export type ReporterContactedBySelfHandler = Fact<
  'ReporterContactedBySelfHandler',
  {
    readonly cycle: number;
    readonly handlingUnitId: string | null;
    /** False: tried, and nobody answered; that stops no clock. */
    readonly reached: boolean;
    readonly note: string | null;
    /** Of the incident's CONTACT, from its filing; null where none was started. */
    readonly dueAt: string | null;
    readonly late: boolean;
  }
>;

/** The matter needs a higher level than the one that holds it. Never downward. */
export type IncidentEscalated = Fact<
  'IncidentEscalated',
  {
    readonly from: ResponsibilityLevel | null;
    readonly to: ResponsibilityLevel;
    readonly unitId: string | null;
    readonly reason: string;
  }
>;

export type HandlingCompleted = Fact<
  'HandlingCompleted',
  {
    readonly mode: 'SELF' | 'WHISTLE';
    readonly cycle: number;
    readonly level: ResponsibilityLevel;
    readonly note: string | null;
    readonly evidence: readonly string[];
    /** Of the incident's total deadline. */
    readonly dueAt: string | null;
    readonly late: boolean;
    /** CHECK. */
    readonly deadlines: readonly Deadline[];
  }
>;

/** What of a photo contradicts what was said of it. */
export const EVIDENCE_MISMATCHES = ['TIME', 'PLACE'] as const;

export type EvidenceMismatch = (typeof EVIDENCE_MISMATCHES)[number];

export type CaptureDistance = 'UP_TO_1_KM' | 'OVER_1_KM' | 'OVER_10_KM' | 'OVER_100_KM';

/** A photo was taken, as its camera says, at another time or place than what it is evidence of. */
export type EvidenceFlagged = Fact<
  'EvidenceFlagged',
  {
    /** What it was offered for. */
    readonly of: 'CHECK_IN' | 'TASK' | 'SELF_HANDLING' | 'CHECK';
    readonly taskId: string | null;
    readonly unitId: string | null;
    /** SHA-256, as the event before names it. */
    readonly evidence: string;
    readonly mismatches: readonly EvidenceMismatch[];
    readonly capturedAt: string | null;
    readonly claimedFrom: string;
    readonly claimedTo: string;
    /** From the claimed place; null where that is not what differs. Never the place itself. */
    readonly distance: CaptureDistance | null;
  }
>;
