import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Id, Instant, List, Nullable, OneOf, Ordinal, Text } from './parts.js';

// Whose task it is: returned, arbitrated, led by another, released, transferred.

export const ReturnRequested = Closed({
  returnId: Id,
  taskId: Id,
  departmentId: Id,
  reasonCode: OneOf('NOT_OUR_FUNCTION', 'NOT_OUR_AREA', 'OWNERSHIP_UNCLEAR'),
  basis: Text,
  suggestedUnitId: Nullable(Id),
  ordinal: Ordinal,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
  deadlines: List(part.Deadline),
});

export const ReturnAccepted = Closed({
  returnId: Id,
  taskId: Id,
  departmentId: Id,
  decidingUnitId: Nullable(Id),
  note: Nullable(Text),
  newTask: Nullable(part.TaskAssignment),
  lostTime: List(part.LostTime),
});

export const ReturnRejected = Closed({
  returnId: Id,
  taskId: Id,
  departmentId: Id,
  decidingUnitId: Nullable(Id),
  reason: Text,
  lostTime: List(part.LostTime),
});

export const ArbitrationOpened = Closed({
  arbitrationId: Id,
  taskId: Id,
  cause: OneOf('RETURNS', 'REFUSALS', 'REQUESTED'),
  parties: List(Id),
  deadlines: List(part.Deadline),
});

export const ResponsibilityDecided = Closed({
  arbitrationId: Id,
  taskId: Id,
  arbitratingUnitId: Nullable(Id),
  responsibleUnitId: Id,
  rule: OneOf(
    'STATUTORY_FUNCTION',
    'TERRITORIAL_RESPONSIBILITY',
    'FIRST_RECEIVER',
    'FALLBACK_RESPONSIBILITY',
    'DISPATCH_CATALOGUE',
  ),
  reason: Text,
  newTask: Nullable(part.TaskAssignment),
  lostTime: List(part.LostTime),
  catalogueProposal: Closed({ category: Id, areaId: Nullable(Id), departmentId: Id, basis: Text }),
});

export const DepartmentAdded = Closed({ whistleId: Id, task: part.TaskAssignment, reason: Text });

export const LeadChanged = Closed({
  whistleId: Id,
  fromTaskId: Id,
  fromDepartmentId: Id,
  toTaskId: Id,
  toDepartmentId: Id,
  newTask: Nullable(part.TaskAssignment),
  formerLead: OneOf('ASSIST', 'RELEASED'),
  reason: Text,
  lostTime: List(part.LostTime),
});

export const ReleaseRequested = Closed({
  taskId: Id,
  departmentId: Id,
  leadDepartmentId: Id,
  reason: Text,
});

export const TaskReleased = Closed({
  taskId: Id,
  departmentId: Id,
  reasonCode: OneOf('NOT_NEEDED', 'HOLDS_UP', 'SUMMONED_IN_ERROR'),
  reason: Text,
  counted: Type.Boolean(),
});

export const TaskTransferred = Closed({
  taskId: Id,
  fromDepartmentId: Id,
  toDepartmentId: Id,
  level: part.Level,
  reason: Text,
});
