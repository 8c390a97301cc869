import Type from 'typebox';
import { callRecord } from './call.record.js';
import * as part from './schemas/parts.js';
import { Closed, Id, Instant, List, Nullable, OneOf, Text } from './schemas/parts.js';

// Calls over many incidents, each with the answer it gave.

const Moved = Type.Object({ incidentId: Id, taskId: Id }, { additionalProperties: false });

const openTasksTransferredSchema = Closed({
  departmentId: Id,
  to: Id,
  reason: Text,
  moved: List(Moved),
  /** Each with the code of the refusal. */
  refused: List(Closed({ incidentId: Id, taskId: Id, code: Id })),
  /** The last task that was looked at, where there are more behind it. */
  next: Nullable(Closed({ notifiedAt: Instant, taskId: Id })),
});

const Stays = OneOf('NO_RULE', 'NOT_BY_POLICY', 'WOULD_BE_PAST');

const MovedDeadline = Closed({
  incidentId: Id,
  deadlineId: Id,
  timer: part.AnyTimer,
  formerDueAt: Instant,
  dueAt: Instant,
  provisional: Type.Boolean(),
});

const openDeadlinesMovedSchema = Closed({
  policyId: Id,
  policyVersion: part.Count,
  reason: Text,
  /** A hundred incidents with all that may be open in them, and room. */
  moved: Type.Array(MovedDeadline, { maxItems: 5_000 }),
  /** Each with why it stays as it is. */
  stayed: Type.Array(
    Closed({ incidentId: Id, deadlineId: Id, timer: part.AnyTimer, dueAt: Instant, code: Stays }),
    {
      maxItems: 5_000,
    },
  ),
  /** The last incident that was looked at, where there are more behind it. */
  next: Nullable(Id),
});

/** The open tasks of a department that ended, moved to its successor. */
export const openTasksTransferred = callRecord(
  'OpenTasksTransferred',
  'transfer',
  openTasksTransferredSchema,
);

/** Open deadlines moved under another version of a policy. */
export const openDeadlinesMoved = callRecord(
  'OpenDeadlinesMoved',
  'rescheduling',
  openDeadlinesMovedSchema,
  // The second version knows the time to decide about an extension; those of the first are among its timers.
  2,
);

const widened = (data: Readonly<Record<string, unknown>>): Record<string, unknown> => ({ ...data });

/** As the catalogue of incidents' events, for what belongs to no incident. */
export const callCatalogue = {
  OpenTasksTransferred: { version: 1, schema: openTasksTransferredSchema, upcasters: [] },
  OpenDeadlinesMoved: { version: 2, schema: openDeadlinesMovedSchema, upcasters: [widened] },
} as const;
