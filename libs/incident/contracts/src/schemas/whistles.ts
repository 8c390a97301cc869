import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Id, Instant, List, Nullable, OneOf, Text } from './parts.js';

// The summons of departments, from its proposal to its evaluation.

const Kind = OneOf('PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT', 'EMERGENCY');
const Origin = OneOf('REPORT', 'PATROL', 'HOTLINE', 'LEADER', 'DEPARTMENT');

export const WhistleProposed = Closed({
  whistleId: Id,
  kind: Kind,
  reason: Text,
  origin: Origin,
  proposingUnitId: Nullable(Id),
  proposedBy: Id,
  summons: List(Closed({ departmentId: Id, role: part.Role })),
});

export const WhistleApproved = Closed({
  whistleId: Id,
  approvingUnitId: Nullable(Id),
  note: Nullable(Text),
});

export const WhistleRefused = Closed({ whistleId: Id, refusingUnitId: Nullable(Id), reason: Text });

export const WhistleBlown = Closed({
  whistleId: Id,
  kind: Kind,
  reason: Text,
  whistlingUnitId: Nullable(Id),
  blownBy: Nullable(Id),
  origin: Origin,
  reverse: Type.Boolean(),
  approval: OneOf('NOT_NEEDED', 'APPROVED', 'TO_BE_RATIFIED'),
  repeats: List(Id),
  tasks: List(part.TaskAssignment),
  deadlines: List(part.Deadline),
});

export const WhistleRatified = Closed({
  whistleId: Id,
  ratifyingUnitId: Nullable(Id),
  note: Nullable(Text),
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

export const WhistleFlagged = Closed({
  whistleId: Id,
  reason: OneOf('NOT_RATIFIED', 'RATIFICATION_REFUSED'),
});

export const WhistleCancelled = Closed({
  whistleId: Id,
  cancellingUnitId: Nullable(Id),
  reason: Text,
  taskIds: List(Id),
});

export const TaskEvaluated = Closed({
  evaluationId: Id,
  whistleId: Id,
  taskId: Id,
  departmentId: Id,
  evaluatingUnitId: Nullable(Id),
  score: Type.Integer({ minimum: 1, maximum: 5 }),
  comment: Nullable(Text),
});
