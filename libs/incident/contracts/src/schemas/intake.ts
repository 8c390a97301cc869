import Type from 'typebox';
import * as part from './parts.js';
import { Closed, Count, Id, Instant, List, Nullable, OneOf, Text } from './parts.js';

// From the report to the filing, and what happens to a report beside its handling.

export const IncidentReported = Closed({
  incidentId: Id,
  category: Id,
  severity: part.Severity,
  description: Text,
  location: Nullable(part.Location),
  place: part.Place,
  channel: Id,
  anonymous: Type.Boolean(),
  reporter: Nullable(Closed({ subjectId: Id, keyId: Id, ciphertext: Text })),
  receiptHash: Id,
  claimedAt: Nullable(Instant),
  imported: Type.Boolean(),
  externalId: Nullable(Id),
  reportedBy: Nullable(Id),
  recurrenceOf: Nullable(Id),
  evidence: part.Evidence,
  deadlines: List(part.Deadline),
});

export const ReportSupplemented = Closed({ evidence: part.Evidence });

export const IncidentLocated = Closed({
  location: Nullable(part.Location),
  place: part.Place,
  gridMapId: Nullable(Id),
  gridMapVersion: Nullable(Count),
  method: OneOf('BY_POINT', 'BY_HAND', 'AREA_TRANSFER'),
  suggestedDepartmentId: Nullable(Id),
  reason: Nullable(Text),
});

export const IncidentVerified = Closed({
  verifyingUnitId: Nullable(Id),
  note: Text,
  evidence: part.Evidence,
});

export const IncidentRejected = Closed({
  reasonCode: OneOf(
    'NOT_FOUND_ON_SITE',
    'NOT_OUR_REMIT',
    'IN_OTHER_PROCEEDINGS',
    'TOO_VAGUE',
    'REPEATED_AFTER_ANSWER',
  ),
  reason: Text,
  notice: Nullable(Text),
});

export const IncidentFiled = Closed({
  cycle: Count,
  pins: Nullable(part.Pins),
  deadlines: List(part.Deadline),
});

export const IncidentWithdrawn = Closed({
  reason: Nullable(Text),
  goesOn: Type.Boolean(),
  taskIds: List(Id),
});

export const IncidentVoided = Closed({ unitId: Nullable(Id), reason: Text });
