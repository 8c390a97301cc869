import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Count, Id, Instant, List, Nullable, OneOf, Ordinal, Text } from './parts.js';

// Time that ran out, and what comes of it.

export const DeadlineWarned = Closed({
  deadlineId: Id,
  timer: part.AnyTimer,
  dueAt: Instant,
  taskId: Nullable(Id),
  departmentId: Nullable(Id),
  cycle: Count,
});

export const TaskOverdue = Closed({
  taskId: Id,
  departmentId: Id,
  deadlineId: Id,
  timer: part.Timer,
  dueAt: Instant,
});

export const IncidentOverdue = Closed({ deadlineId: Id, timer: part.AnyTimer, dueAt: Instant, cycle: Count });

export const SupervisionIssued = Closed({
  supervisionId: Id,
  taskId: Nullable(Id),
  departmentId: Nullable(Id),
  deadlineId: Nullable(Id),
  dueAt: Nullable(Instant),
  step: Nullable(Ordinal),
  level: part.SupervisionLevel,
  notify: List(Id),
  issuedBy: OneOf('LADDER', 'PERSON'),
  reason: Nullable(Text),
  deadlines: List(part.Deadline),
});

export const SupervisionResponded = Closed({
  supervisionId: Id,
  taskId: Nullable(Id),
  respondingUnitId: Nullable(Id),
  response: Text,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

export const SupervisionLifted = Closed({
  supervisionId: Id,
  taskId: Nullable(Id),
  departmentId: Nullable(Id),
  reason: OneOf('CHECKED_IN', 'ACKNOWLEDGED', 'COMPLETED', 'MET', 'BY_PERSON', 'ENDED'),
  note: Nullable(Text),
});
