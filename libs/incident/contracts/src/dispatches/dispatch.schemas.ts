import Type from 'typebox';

// What departments are sent, apart from what events carry: a department's system lives on it for years. Within a major version
// only fields are added, so nothing here is closed, and what is a code for us is a text with known values for them.

const Open = <Properties extends Type.TProperties>(properties: Properties) => Type.Object(properties);
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Id = Type.String({ minLength: 1, maxLength: 200 });
const Ids = Type.Array(Id);
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });
const Text = Type.String({ maxLength: 10_000 });
const Code = (...known: readonly string[]) =>
  Type.String({ examples: [...known], description: 'One of the examples today; further ones may be added' });

const Timer = Code('ACKNOWLEDGE', 'CONTACT', 'CHECK_IN', 'HANDLING', 'REWORK', 'SUPERVISION_RESPONSE');
const SupervisionLevel = Code('BLUE', 'ORANGE', 'RED');
const Role = Code('LEAD', 'ASSIST');
const TaskId = { taskId: Id };
const TaskIds = { taskIds: Ids };

const Location = Open({
  lon: Nullable(Type.Number({ minimum: -180, maximum: 180 })),
  lat: Nullable(Type.Number({ minimum: -90, maximum: 90 })),
  crs: Code('WGS84', 'GCJ02', 'BD09'),
  address: Nullable(Text),
});

const where = {
  location: Nullable(Location),
  gridId: Nullable(Id),
  estateId: Nullable(Id),
  communityId: Nullable(Id),
  streetId: Nullable(Id),
};
const summary = { category: Id, severity: Code('MINOR', 'MAJOR', 'GROUP'), ...where };

const dueAgain = { deadlineId: Id, dueAt: Instant, provisional: Type.Boolean() };
const runOut = { deadlineId: Id, timer: Timer, dueAt: Instant };
const arbitration = { arbitrationId: Id, ...TaskId };

/** By the last part of the CloudEvents type. Every one also carries `incidentId`. */
const withoutIncident = {
  dispatched: {
    ...TaskId,
    ...{ whistleId: Id, departmentId: Id, role: Role, reason: Text, whistlingUnitId: Nullable(Id) },
    kind: Code('PUBLIC_DEMAND', 'KEY_WORK', 'JOINT_ENFORCEMENT', 'EMERGENCY'),
    ...summary,
    deadlines: Type.Array(Open({ ...runOut, provisional: Type.Boolean() })),
  },
  'due-soon': { taskId: Nullable(Id), ...runOut },
  rescheduled: {
    ...TaskIds,
    cause: Code('POLICY_MOVED', 'CALENDAR_PUBLISHED'),
    reason: Nullable(Text),
    deadlines: Type.Array(Open({ taskId: Nullable(Id), ...dueAgain, formerDueAt: Instant })),
  },
  overdue: { ...TaskId, ...runOut },
  supervised: {
    ...{ supervisionId: Id, taskId: Nullable(Id), deadlineId: Nullable(Id), level: SupervisionLevel },
    notify: Ids,
  },
  'supervised-by-person': {
    ...{ supervisionId: Id, taskId: Nullable(Id), level: SupervisionLevel, notify: Ids },
    ...{ reason: Nullable(Text), respondBy: Nullable(Instant) },
  },
  'supervision-lifted': {
    ...{ supervisionId: Id, taskId: Nullable(Id) },
    reason: Code('CHECKED_IN', 'ACKNOWLEDGED', 'COMPLETED', 'MET', 'BY_PERSON', 'ENDED'),
  },
  'returned-for-rework': {
    ...TaskIds,
    reason: Code('CHECK_FAILED', 'NOT_SOLVED'),
    rework: Type.Integer({ minimum: 0, description: 'Which time in this cycle' }),
  },
  closed: { ...TaskIds, resolutionLevel: Code('ESTATE', 'COMMUNITY', 'SUBDISTRICT', 'DISTRICT', 'CITY') },
  reminded: { ...TaskId, urgingUnitId: Nullable(Id), note: Nullable(Text) },
  'return-accepted': { ...TaskId, returnId: Id, note: Nullable(Text) },
  'return-rejected': { ...TaskId, returnId: Id, reason: Text },
  'arbitration-opened': { ...arbitration, cause: Code('RETURNS', 'REFUSALS', 'REQUESTED') },
  'responsibility-decided': {
    ...arbitration,
    responsibleUnitId: Id,
    rule: Code(
      ...['STATUTORY_FUNCTION', 'TERRITORIAL_RESPONSIBILITY', 'FIRST_RECEIVER', 'FALLBACK_RESPONSIBILITY'],
      'DISPATCH_CATALOGUE',
    ),
    reason: Text,
  },
  'department-added': { ...TaskIds, whistleId: Id, departmentId: Id, reason: Text },
  'lead-changed': {
    ...{ whistleId: Id, fromTaskId: Id, fromDepartmentId: Id, toTaskId: Id, toDepartmentId: Id },
    ...{ formerLead: Code('ASSIST', 'RELEASED'), reason: Text },
  },
  released: {
    ...TaskId,
    reasonCode: Code('NOT_NEEDED', 'HOLDS_UP', 'SUMMONED_IN_ERROR'),
    reason: Text,
    counted: Type.Boolean({ description: 'Whether its time stays in the figures of the department' }),
  },
  'whistle-cancelled': { ...TaskIds, whistleId: Id, reason: Text },
  transferred: {
    ...TaskId,
    ...{ whistleId: Nullable(Id), role: Nullable(Role) },
    ...{ fromDepartmentId: Id, toDepartmentId: Id, reason: Text },
    ...summary,
  },
  'extension-granted': { ...TaskId, extensionId: Id, deadlines: Type.Array(Open(dueAgain)) },
  'extension-refused': { ...TaskId, extensionId: Id, reason: Text },
  evaluated: {
    ...TaskId,
    ...{ whistleId: Id, evaluationId: Id, comment: Nullable(Text) },
    score: Type.Integer({ minimum: 1, maximum: 5 }),
  },
  reopened: { ...TaskIds, cycle: Type.Integer({ minimum: 1 }), by: Code('REPORTER', 'OFFICE') },
  suspended: {
    ...TaskIds,
    reasonCode: Code(
      ...['OWNERLESS', 'IN_COURT', 'NEEDS_FUNDS', 'NEEDS_LEGISLATION', 'WEATHER', 'UNDER_CONSTRUCTION'],
    ),
    ...{ reason: Text, reviewAt: Instant },
  },
  resumed: { ...TaskIds, reason: Text },
  merged: { ...TaskIds, into: Id, reason: Text },
  unmerged: { ...TaskIds, from: Id, reason: Text },
  withdrawn: TaskIds,
  located: { ...TaskIds, ...where, reason: Nullable(Text) },
  voided: { ...TaskIds, reason: Text },
};

export type DispatchName = keyof typeof withoutIncident;

/** The data of each kind of dispatch, by its name. */
export const dispatchSchemas: Readonly<Record<DispatchName, Type.TObject>> = Object.fromEntries(
  Object.entries(withoutIncident).map(([name, properties]) => [
    name,
    Open({ incidentId: Id, ...properties }),
  ]),
) as unknown as Record<DispatchName, Type.TObject>;

type Unchanging<T> = T extends readonly (infer Item)[]
  ? readonly Unchanging<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Unchanging<T[Key]> }
    : T;

/** What a dispatch says, besides which incident it is about. */
export type DispatchData<Name extends DispatchName> = Unchanging<
  Type.Static<Type.TObject<(typeof withoutIncident)[Name]>>
>;
