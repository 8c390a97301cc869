import { Closed, Id, Nullable, Text } from './parts.js';

// A flag on the reporter: proposed, and decided by others.

export const ReporterFlagProposed = Closed({
  flagId: Id,
  proposingUnitId: Nullable(Id),
  proposingRole: Id,
  proposedBy: Id,
  reason: Text,
});

export const ReporterFlagApproved = Closed({ flagId: Id, approvingUnitId: Nullable(Id), reason: Text });

export const ReporterFlagRefused = Closed({ flagId: Id, refusingUnitId: Nullable(Id), reason: Text });

/** Of older logs only. */
export const ReporterFlagged = Closed({ unitId: Nullable(Id), reason: Text });
