import * as part from './parts.js';
import { Closed, Count, Id, Instant, List, Nullable, OneOf, Text } from './parts.js';

// From the check to the end, and what comes after it.

const Solved = OneOf('SOLVED', 'PARTLY', 'UNSOLVED');
const Satisfaction = OneOf('SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED');
const Source = OneOf('CALLBACK', 'REPORTER');

export const CheckPassed = Closed({
  cycle: Count,
  checkingUnitId: Nullable(Id),
  note: Text,
  evidence: part.Evidence,
  feedbackUntil: Instant,
  deadlines: List(part.Deadline),
});

export const CheckFailed = Closed({
  cycle: Count,
  checkingUnitId: Nullable(Id),
  note: Text,
  evidence: part.Evidence,
  rework: Count,
  taskIds: List(Id),
  reworks: List(part.Rework),
});

export const FeedbackRecorded = Closed({
  cycle: Count,
  solved: Solved,
  satisfaction: Satisfaction,
  comment: Nullable(Text),
  source: Source,
  rework: Count,
  taskIds: List(Id),
  reworks: List(part.Rework),
});

export const FeedbackCorrected = Closed({
  cycle: Count,
  solved: Solved,
  satisfaction: Satisfaction,
  comment: Nullable(Text),
  source: Source,
  reason: Text,
});

export const IncidentClosed = Closed({
  cycle: Count,
  resolutionLevel: part.Level,
  reopenUntil: Nullable(Instant),
  appealUntil: Nullable(Instant),
});

export const IncidentReopened = Closed({
  cycle: Count,
  by: OneOf('REPORTER', 'OFFICE'),
  unitId: Nullable(Id),
  reason: Text,
});

const AppealItem = OneOf('FEEDBACK', 'EVALUATION', 'OVERDUE', 'RETURN', 'RELEASE');

export const AppealFiled = Closed({
  appealId: Id,
  unitId: Id,
  item: AppealItem,
  itemId: Nullable(Id),
  cycle: Count,
  reason: Text,
  evidence: part.Evidence,
});

export const ScoreExcluded = Closed({
  appealId: Id,
  unitId: Id,
  item: AppealItem,
  itemId: Nullable(Id),
  cycle: Count,
  decidingUnitId: Nullable(Id),
  reason: Text,
});

export const AppealRefused = Closed({
  appealId: Id,
  unitId: Id,
  decidingUnitId: Nullable(Id),
  reason: Text,
});
