import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Count, Id, Instant, List, Nullable, OneOf, Text } from './parts.js';

// Who handles it without a whistle: the estate and its parties, or a higher level; and how handling ends.

export const SelfHandlingStarted = Closed({
  level: part.Level,
  handlingUnitId: Nullable(Id),
  parties: List(
    OneOf('GRID', 'RESIDENTS_COMMITTEE', 'OWNERS_COMMITTEE', 'PROPERTY_COMPANY', 'LANE_CHIEF', 'VOLUNTEERS'),
  ),
  note: Nullable(Text),
});

export const ReporterContactedBySelfHandler = Closed({
  cycle: Count,
  handlingUnitId: Nullable(Id),
  reached: Type.Boolean(),
  note: Nullable(Text),
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

export const IncidentEscalated = Closed({
  from: Nullable(part.Level),
  to: part.Level,
  unitId: Nullable(Id),
  reason: Text,
});

export const HandlingCompleted = Closed({
  mode: OneOf('SELF', 'WHISTLE'),
  cycle: Count,
  level: part.Level,
  note: Nullable(Text),
  evidence: part.Evidence,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
  deadlines: List(part.Deadline),
});

export const EvidenceFlagged = Closed({
  of: OneOf('CHECK_IN', 'TASK', 'SELF_HANDLING', 'CHECK'),
  taskId: Nullable(Id),
  unitId: Nullable(Id),
  evidence: part.Sha256,
  mismatches: List(OneOf('TIME', 'PLACE')),
  capturedAt: Nullable(Instant),
  claimedFrom: Instant,
  claimedTo: Instant,
  distance: Nullable(OneOf('UP_TO_1_KM', 'OVER_1_KM', 'OVER_10_KM', 'OVER_100_KM')),
});
