import type { Deadline, Fact, ResponsibilityLevel, Satisfaction, Solved } from './vocabulary.events.js';

export type CheckPassed = Fact<
  'CheckPassed',
  {
    readonly cycle: number;
    readonly checkingUnitId: string | null;
    readonly note: string;
    readonly evidence: readonly string[];
    /** End of the time in which the resident's feedback is awaited. */
    readonly feedbackUntil: string;
    /** CALLBACK, FEEDBACK_WINDOW. */
    readonly deadlines: readonly Deadline[];
  }
>;

export type CheckFailed = Fact<
  'CheckFailed',
  {
    readonly cycle: number;
    readonly checkingUnitId: string | null;
    readonly note: string;
    readonly evidence: readonly string[];
    readonly rework: number;
    /** Tasks that go back to their departments. */
    readonly taskIds: readonly string[];
    /** REWORK, for each of them. */
    readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
  }
>;

export type FeedbackRecorded = Fact<
  'FeedbackRecorded',
  {
    readonly cycle: number;
    readonly solved: Solved;
    readonly satisfaction: Satisfaction;
    readonly comment: string | null;
    readonly source: 'CALLBACK' | 'REPORTER';
    readonly rework: number;
    /** Tasks that go back to their departments because it is not solved. */
    readonly taskIds: readonly string[];
    /** REWORK, for each of them. */
    readonly reworks: readonly { readonly taskId: string; readonly deadline: Deadline }[];
  }
>;

/** A further word on feedback that is on record; the first one stays (domain.md §6, 30). */
export type FeedbackCorrected = Fact<
  'FeedbackCorrected',
  {
    readonly cycle: number;
    readonly solved: Solved;
    readonly satisfaction: Satisfaction;
    readonly comment: string | null;
    readonly source: 'CALLBACK' | 'REPORTER';
    readonly reason: string;
  }
>;

export type IncidentClosed = Fact<
  'IncidentClosed',
  {
    readonly cycle: number;
    /** Highest level that held handling responsibility in the closing cycle. */
    readonly resolutionLevel: ResponsibilityLevel;
    /** End of the time in which it may be opened again; null where it was not recorded: no end. */
    readonly reopenUntil: string | null;
    /** End of the time in which a unit may contest how it is scored; null likewise. */
    readonly appealUntil: string | null;
  }
>;

/** A new cycle begins; the filing that follows it pins what governs it. Earlier results stay (domain.md §6, 13). */
export type IncidentReopened = Fact<
  'IncidentReopened',
  {
    readonly cycle: number;
    readonly by: 'REPORTER' | 'OFFICE';
    readonly unitId: string | null;
    readonly reason: string;
  }
>;

/** What a unit may contest. */
export const APPEAL_ITEMS = ['FEEDBACK', 'EVALUATION', 'OVERDUE', 'RETURN', 'RELEASE'] as const;

export type AppealItem = (typeof APPEAL_ITEMS)[number];

export type AppealFiled = Fact<
  'AppealFiled',
  {
    readonly appealId: string;
    readonly unitId: string;
    readonly item: AppealItem;
    /** Of the item: an evaluation, a deadline, a return, a task; null for the feedback of the cycle. */
    readonly itemId: string | null;
    readonly cycle: number;
    readonly reason: string;
    readonly evidence: readonly string[];
  }
>;

/** 剔除: the item is left out of the unit's score, not out of the record. */
export type ScoreExcluded = Fact<
  'ScoreExcluded',
  {
    readonly appealId: string;
    readonly unitId: string;
    readonly item: AppealItem;
    readonly itemId: string | null;
    readonly cycle: number;
    readonly decidingUnitId: string | null;
    readonly reason: string;
  }
>;

export type AppealRefused = Fact<
  'AppealRefused',
  {
    readonly appealId: string;
    readonly unitId: string;
    readonly decidingUnitId: string | null;
    readonly reason: string;
  }
>;
