import Type from 'typebox';

// What the data of several events consists of. Every size has a limit.

export const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
export const Id = Type.String({ minLength: 1, maxLength: 200 });
export const Instant = Type.String({ minLength: 20, maxLength: 30, description: 'ISO 8601, UTC' });
export const Text = Type.String({ maxLength: 10_000 });
export const Count = Type.Integer({ minimum: 0 });
/** Which one of several it is, from 1. */
export const Ordinal = Type.Integer({ minimum: 1, maximum: 1_000 });
export const Closed = <Properties extends Type.TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
export const List = <Schema extends Type.TSchema>(schema: Schema) => Type.Array(schema, { maxItems: 200 });
export const OneOf = <Values extends string[]>(...values: [...Values]) => Type.Enum<Values>(values);

export const Severity = OneOf('MINOR', 'MAJOR', 'GROUP');
export const Level = OneOf('ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT', 'CITY');
export const Role = OneOf('LEAD', 'ASSIST');
export const SupervisionLevel = OneOf('BLUE', 'ORANGE', 'RED');
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const Evidence = Type.Array(Sha256, { maxItems: 50 });
export const DurationUnit = OneOf('WORKING_HOUR', 'WORKING_DAY', 'CALENDAR_DAY', 'CLOCK_HOUR');
const earlierTimers = [
  'VERIFY',
  'DISPATCH',
  'INCIDENT_TOTAL',
  'CHECK',
  'CALLBACK',
  'FEEDBACK_WINDOW',
  'SUSPENSION_REVIEW',
  'ACKNOWLEDGE',
  'CONTACT',
  'CHECK_IN',
  'HANDLING',
  'REWORK',
  'RETURN_WINDOW',
  'RETURN_DECISION',
  'ARBITRATION',
  'RATIFICATION',
  'SUPERVISION_RESPONSE',
] as const;
/** Of the deadlines that most events start. */
export const Timer = OneOf(...earlierTimers);
/** Of any deadline. */
export const AnyTimer = OneOf(...earlierTimers, 'EXTENSION_DECISION');

export const Location = Closed({
  lon: Nullable(Type.Number({ minimum: -180, maximum: 180 })),
  lat: Nullable(Type.Number({ minimum: -90, maximum: 90 })),
  crs: OneOf('WGS84', 'GCJ02', 'BD09'),
  address: Nullable(Text),
});

export const Place = Closed({
  gridId: Nullable(Id),
  estateId: Nullable(Id),
  communityId: Nullable(Id),
  streetId: Nullable(Id),
  districtId: Nullable(Id),
});

export const Pins = Closed({
  policyId: Id,
  policyVersion: Count,
  calendarId: Id,
  calendarVersion: Count,
  catalogueId: Id,
  catalogueVersion: Count,
  ladderId: Id,
  ladderVersion: Count,
});

export const LadderStep = Closed({ step: Ordinal, at: Instant, level: SupervisionLevel, notify: List(Id) });

const deadlineOf = <Timer extends Type.TSchema>(timer: Timer) =>
  Closed({
    deadlineId: Id,
    timer,
    startedAt: Instant,
    warnAt: Instant,
    dueAt: Instant,
    policyId: Id,
    policyVersion: Count,
    calendarId: Id,
    calendarVersion: Count,
    provisional: Type.Boolean(),
    unit: Nullable(DurationUnit),
    stage: Nullable(Id),
    steps: List(LadderStep),
  });

export const Deadline = deadlineOf(Timer);
export const ExtensionDeadline = deadlineOf(OneOf('EXTENSION_DECISION'));

const DeadlineMove = Closed({
  deadlineId: Id,
  warnAt: Instant,
  dueAt: Instant,
  provisional: Type.Boolean(),
  steps: List(LadderStep),
});

/** A pause that ends moves every deadline of every open task at once: twenty departments with ten each, and room. */
export const movesMax = 2_000;
export const Moves = Type.Array(DeadlineMove, { maxItems: movesMax });

export const LostTime = Closed({
  account: OneOf('DISPATCH', 'DEPARTMENT'),
  unitId: Nullable(Id),
  taskId: Id,
  from: Instant,
  to: Instant,
});

export const TaskAssignment = Closed({
  taskId: Id,
  departmentId: Id,
  role: Role,
  level: Level,
  deadlines: List(Deadline),
});

export const Rework = Closed({ taskId: Id, deadline: Deadline });
