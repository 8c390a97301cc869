import Type from 'typebox';

// One schema per wire name: the run-time check, the published JSON Schema and (by a type test) the domain's static type.

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Id = Type.String({ minLength: 1, maxLength: 200 });
const Instant = Type.String({ minLength: 20, maxLength: 30, description: 'ISO 8601, UTC' });
const Text = Type.String({ maxLength: 10_000 });
const Count = Type.Integer({ minimum: 0 });
const Closed = <Properties extends Type.TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
const List = <Schema extends Type.TSchema>(schema: Schema) => Type.Array(schema, { maxItems: 200 });
const OneOf = <Values extends string[]>(...values: [...Values]) => Type.Enum<Values>(values);

const Severity = OneOf('MINOR', 'MAJOR', 'GROUP');
const Level = OneOf('ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT', 'CITY');
const Timer = OneOf('INCIDENT_TOTAL', 'ACKNOWLEDGE', 'CHECK_IN', 'HANDLING');
const SupervisionLevel = OneOf('BLUE', 'ORANGE', 'RED');
const Evidence = Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' }), { maxItems: 50 });

const Location = Closed({
  lon: Nullable(Type.Number({ minimum: -180, maximum: 180 })),
  lat: Nullable(Type.Number({ minimum: -90, maximum: 90 })),
  crs: OneOf('WGS84', 'GCJ02', 'BD09'),
  address: Nullable(Text),
});

const Place = Closed({
  gridId: Nullable(Id),
  estateId: Nullable(Id),
  communityId: Nullable(Id),
  streetId: Nullable(Id),
  districtId: Nullable(Id),
});

const Pins = Closed({
  policyId: Id,
  policyVersion: Count,
  calendarId: Id,
  calendarVersion: Count,
  catalogueId: Id,
  catalogueVersion: Count,
  ladderId: Id,
  ladderVersion: Count,
});

const Deadline = Closed({
  deadlineId: Id,
  timer: Timer,
  startedAt: Instant,
  warnAt: Instant,
  dueAt: Instant,
  policyId: Id,
  policyVersion: Count,
  calendarId: Id,
  calendarVersion: Count,
  provisional: Type.Boolean(),
  firstStep: Nullable(Closed({ level: SupervisionLevel, notify: List(Id) })),
});

const TaskAssignment = Closed({
  taskId: Id,
  departmentId: Id,
  role: OneOf('LEAD', 'ASSIST'),
  level: Level,
  deadlines: List(Deadline),
});

const IncidentReported = Closed({
  incidentId: Id,
  category: Id,
  severity: Severity,
  description: Text,
  location: Nullable(Location),
  place: Place,
  channel: Id,
  anonymous: Type.Boolean(),
  reporter: Nullable(Closed({ subjectId: Id, keyId: Id, ciphertext: Text })),
  receiptHash: Id,
  claimedAt: Nullable(Instant),
  imported: Type.Boolean(),
  externalId: Nullable(Id),
});

const IncidentFiled = Closed({ cycle: Count, pins: Nullable(Pins), deadlines: List(Deadline) });

const SelfHandlingStarted = Closed({ level: Level, handlingUnitId: Nullable(Id), note: Nullable(Text) });

const WhistleBlown = Closed({
  whistleId: Id,
  kind: OneOf('PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT', 'EMERGENCY'),
  reason: Text,
  whistlingUnitId: Nullable(Id),
  tasks: List(TaskAssignment),
});

const TaskAcknowledged = Closed({
  taskId: Id,
  departmentId: Id,
  implied: Type.Boolean(),
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

const DepartmentCheckedIn = Closed({
  taskId: Id,
  departmentId: Id,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
  claimedAt: Nullable(Instant),
  disputed: Type.Boolean(),
  location: Nullable(Location),
  note: Nullable(Text),
  evidence: Evidence,
});

const TaskCompleted = Closed({
  taskId: Id,
  departmentId: Id,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
  note: Nullable(Text),
  evidence: Evidence,
});

const HandlingCompleted = Closed({
  mode: OneOf('SELF', 'WHISTLE'),
  cycle: Count,
  level: Level,
  note: Nullable(Text),
  evidence: Evidence,
  dueAt: Nullable(Instant),
  late: Type.Boolean(),
});

const TaskOverdue = Closed({ taskId: Id, departmentId: Id, deadlineId: Id, timer: Timer, dueAt: Instant });

const IncidentOverdue = Closed({ deadlineId: Id, timer: Timer, dueAt: Instant, cycle: Count });

const SupervisionIssued = Closed({
  supervisionId: Id,
  taskId: Nullable(Id),
  departmentId: Nullable(Id),
  deadlineId: Id,
  dueAt: Nullable(Instant),
  step: Type.Integer({ minimum: 1, maximum: 1_000 }),
  level: SupervisionLevel,
  notify: List(Id),
});

const SupervisionLifted = Closed({
  supervisionId: Id,
  taskId: Nullable(Id),
  departmentId: Nullable(Id),
  reason: OneOf('CHECKED_IN', 'ACKNOWLEDGED', 'COMPLETED'),
});

const CheckPassed = Closed({
  cycle: Count,
  checkingUnitId: Nullable(Id),
  note: Text,
  evidence: Evidence,
  feedbackUntil: Instant,
});

const CheckFailed = Closed({
  cycle: Count,
  checkingUnitId: Nullable(Id),
  note: Text,
  evidence: Evidence,
  rework: Count,
  taskIds: List(Id),
});

const FeedbackRecorded = Closed({
  cycle: Count,
  solved: OneOf('SOLVED', 'PARTLY', 'UNSOLVED'),
  satisfaction: OneOf('SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED'),
  comment: Nullable(Text),
  source: OneOf('CALLBACK', 'REPORTER'),
  rework: Count,
  taskIds: List(Id),
});

const IncidentClosed = Closed({ cycle: Count, resolutionLevel: Level });

/** Data of each incident event at its current version, by wire name. */
export const incidentSchemas = {
  IncidentReported,
  IncidentFiled,
  SelfHandlingStarted,
  WhistleBlown,
  TaskAcknowledged,
  DepartmentCheckedIn,
  TaskCompleted,
  HandlingCompleted,
  TaskOverdue,
  IncidentOverdue,
  SupervisionIssued,
  SupervisionLifted,
  CheckPassed,
  CheckFailed,
  FeedbackRecorded,
  IncidentClosed,
} as const;
