import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Id, Instant, List, Nullable, Ordinal, Text } from './parts.js';

// What a department does with its task, and how its time is extended.

export const TaskAcknowledged = Closed({
  taskId: Id,
  departmentId: Id,
  implied: Type.Boolean(),
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

export const DepartmentCheckedIn = Closed({
  taskId: Id,
  departmentId: Id,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
  claimedAt: Nullable(Instant),
  disputed: Type.Boolean(),
  location: Nullable(part.Location),
  note: Nullable(Text),
  evidence: part.Evidence,
});

export const ReporterContacted = Closed({
  taskId: Id,
  departmentId: Id,
  reached: Type.Boolean(),
  note: Nullable(Text),
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

export const ProgressReported = Closed({
  taskId: Id,
  departmentId: Id,
  note: Text,
  evidence: part.Evidence,
});

export const TaskStageCompleted = Closed({
  taskId: Id,
  departmentId: Id,
  stage: Id,
  note: Nullable(Text),
  evidence: part.Evidence,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

export const WorkBooked = Closed({
  taskId: Id,
  departmentId: Id,
  workedMinutes: Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 }),
  note: Nullable(Text),
});

export const TaskUrged = Closed({
  taskId: Id,
  departmentId: Id,
  urgingUnitId: Nullable(Id),
  note: Nullable(Text),
});

export const ExtensionRequested = Closed({
  extensionId: Id,
  taskId: Id,
  departmentId: Id,
  ordinal: Ordinal,
  amount: Type.Number({ minimum: 0, maximum: 1_000_000 }),
  unit: part.DurationUnit,
  reason: Text,
  deadlines: List(part.ExtensionDeadline),
});

export const ExtensionGranted = Closed({
  extensionId: Id,
  taskId: Id,
  departmentId: Id,
  ordinal: Ordinal,
  approvingUnitId: Nullable(Id),
  moves: part.Moves,
});

export const ExtensionRefused = Closed({
  extensionId: Id,
  taskId: Id,
  departmentId: Id,
  ordinal: Ordinal,
  refusingUnitId: Nullable(Id),
  reason: Text,
});

export const TaskCompleted = Closed({
  taskId: Id,
  departmentId: Id,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
  note: Nullable(Text),
  evidence: part.Evidence,
});
