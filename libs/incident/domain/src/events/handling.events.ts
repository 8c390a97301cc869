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
