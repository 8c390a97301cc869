import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Count, Id, Instant, List, Nullable, OneOf, Text } from './parts.js';

// Open deadlines under other versions of what they were counted by.

const RescheduledDeadline = Closed({
  deadlineId: Id,
  warnAt: Instant,
  dueAt: Instant,
  provisional: Type.Boolean(),
  steps: List(part.LadderStep),
  taskId: Nullable(Id),
  formerDueAt: Instant,
  policyId: Id,
  policyVersion: Count,
  calendarId: Id,
  calendarVersion: Count,
});

export const DeadlinesRescheduled = Closed({
  cause: OneOf('POLICY_MOVED', 'CALENDAR_PUBLISHED'),
  reason: Nullable(Text),
  pins: Nullable(part.Pins),
  moves: Type.Array(RescheduledDeadline, { maxItems: part.movesMax }),
});
