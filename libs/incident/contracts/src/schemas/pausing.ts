import * as part from './parts.js';
import { Closed, Count, Id, Instant, List, Nullable, OneOf, Text } from './parts.js';

// Time that stands still: it cannot be solved now, or it is another incident.

export const IncidentSuspended = Closed({
  reasonCode: OneOf(
    'OWNERLESS',
    'IN_COURT',
    'NEEDS_FUNDS',
    'NEEDS_LEGISLATION',
    'WEATHER',
    'UNDER_CONSTRUCTION',
  ),
  reason: Text,
  approvingUnitId: Nullable(Id),
  reviewAt: Instant,
  usedPercent: Nullable(Count),
  usedTime: Nullable(Closed({ usedMs: Count, allowedMs: Count })),
  deadlines: List(part.Deadline),
});

export const SuspensionRenewed = Closed({
  approvingUnitId: Nullable(Id),
  reason: Text,
  reviewAt: Instant,
  deadlines: List(part.Deadline),
});

export const IncidentResumed = Closed({
  unitId: Nullable(Id),
  reason: Text,
  moves: part.Moves,
});

export const IncidentMerged = Closed({ into: Id, unitId: Nullable(Id), reason: Text });

export const IncidentUnmerged = Closed({
  from: Id,
  unitId: Nullable(Id),
  reason: Text,
  moves: part.Moves,
});

export const DuplicateJoined = Closed({ incidentId: Id, unitId: Nullable(Id) });

export const DuplicateLeft = Closed({ incidentId: Id, unitId: Nullable(Id) });
