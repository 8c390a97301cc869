import type { AccessPolicy, Role, RouteAccess, Tokenless } from '@shaoying/identity';

// Who may do what: the one table. The guard admits by it, the scopes of reads and the sight of commands follow from it,
// `shaoying policy` prints it, and `authorization.e2e.spec.ts` holds the running server against it, cell by cell.

/** How the caller's unit stands to what is asked about. Of commands the decider is the judge, on the incident's state. */
export const RELATIONS = {
  ANY: 'none is asked for',
  IN_SIGHT: 'the incident lies within what the role sees; of lists, what does',
  OWN_STREET: 'the incident lies in the street of the unit, or in none that is known',
  OWN_COMMUNITY:
    'the incident lies in the community, estate or grid of the unit, or in no street that is known',
  OWN_DISTRICT:
    'the incident lies in the district of the unit, or in none that is known; a unit of the city: in any',
  OWN_TASK: "the task is the unit's own",
  OWN_WHISTLE: 'the unit has blown the whistle',
  LEADS: 'the unit leads the whistle that the task belongs to',
  SUMMONED: 'the unit has an open task in the incident',
  ADDRESSED: 'the order is addressed to the unit',
  SCORED: 'the unit is scored by the incident',
  OWN_DEPARTMENT: 'the department, or street office, is the unit itself',
  ANY_DEPARTMENT: 'it is a department; of street offices, only the unit itself',
  DISTRICT_DEPARTMENT: 'the department belongs to the district of the unit; to a unit of the city: any',
  RECEIPT: "shows the incident's receipt code, whoever it is",
} as const satisfies Record<string, string>;
export type Relation = keyof typeof RELATIONS;

/** What a role may know of at all. Whatever lies outside is told like what does not exist. */
export type SightKind = 'ALL' | 'DISTRICT' | 'STREET' | 'COMMUNITY' | 'TASKS' | 'NOTHING';

export const SIGHTS: Readonly<Record<SightKind, string>> = {
  ALL: 'every incident',
  DISTRICT:
    'incidents in the streets of its district, or in no street that is known; a unit of the city or none: all',
  STREET: 'incidents in its street, in no street that is known, or in which it has a task',
  COMMUNITY: 'incidents in its community, estate or grid, or in no street that is known',
  TASKS: 'incidents in which it has, or had, a task',
  NOTHING: 'none; by a receipt code the one it belongs to',
};

export const sightOfRole: Readonly<Record<Role, SightKind>> = {
  resident: 'NOTHING',
  'grid-worker': 'COMMUNITY',
  community: 'COMMUNITY',
  'street-office': 'STREET',
  department: 'TASKS',
  'supervision-centre': 'DISTRICT',
  callback: 'DISTRICT',
  arbitrator: 'DISTRICT',
  oversight: 'ALL',
  admin: 'ALL',
};

/** Roles in the order in which they are tried for whoever has several. */
type Grants = Readonly<Partial<Record<Role, Relation>>>;

export interface Operation {
  /** Null for whoever has a valid token. */
  readonly grants: Grants | null;
  readonly tokenless: Tokenless | null;
  /** What it takes without a token; with one too, where the role's own relation does not hold. */
  readonly anybody: Relation | null;
  /** A rule that stands beside the relation. */
  readonly note: string | null;
}

const may = (grants: Grants, note: string | null = null): Operation => ({
  ...{ grants, note, tokenless: null, anybody: null },
});
const byReceipt = (grants: Grants, note: string | null = null): Operation => ({
  ...{ grants, note, tokenless: 'optional', anybody: 'RECEIPT' },
});
const everybody = (anybody: Relation): Operation => ({
  ...{ grants: null, note: null, tokenless: 'public', anybody },
});
const anyToken: Operation = { grants: null, note: null, tokenless: null, anybody: null };
const street = { 'street-office': 'OWN_STREET' } as const;
const centre = { 'supervision-centre': 'OWN_DISTRICT' } as const;
const community = { community: 'OWN_COMMUNITY' } as const;
const gridWorker = { 'grid-worker': 'OWN_COMMUNITY' } as const;

const office = may({ ...street, ...centre });
const supervision = may(centre);
const onSite = may({ ...gridWorker, ...community, ...street, ...centre });
const registrar = may({ ...street, ...gridWorker, ...community, ...centre });
const handling = may({ department: 'OWN_TASK', 'street-office': 'OWN_TASK' });
const whistler = may(
  { ...street, department: 'OWN_WHISTLE' },
  'of a whistle that a department has blown: only that department',
);
const administration = may({ admin: 'ANY' });
const reporting = (note: string): Operation => ({
  grants: {
    ...({ resident: 'ANY', 'grid-worker': 'ANY', community: 'ANY', 'street-office': 'ANY' } as const),
    'supervision-centre': 'ANY',
  },
  ...{ note, tokenless: 'anonymous-reports', anybody: 'ANY' },
});

const historians = {
  ...({ 'street-office': 'IN_SIGHT', department: 'IN_SIGHT', 'supervision-centre': 'IN_SIGHT' } as const),
  ...({ arbitrator: 'IN_SIGHT', oversight: 'IN_SIGHT', admin: 'IN_SIGHT' } as const),
};
const history = may(historians);
const reading = may({
  ...({ 'grid-worker': 'IN_SIGHT', community: 'IN_SIGHT', callback: 'IN_SIGHT' } as const),
  ...historians,
});
const feed = may({
  ...({ department: 'OWN_DEPARTMENT', 'street-office': 'OWN_DEPARTMENT' } as const),
  ...({ 'supervision-centre': 'DISTRICT_DEPARTMENT', arbitrator: 'DISTRICT_DEPARTMENT' } as const),
  ...({ oversight: 'ANY', admin: 'ANY' } as const),
});
const everyDepartment = {
  ...({ department: 'OWN_DEPARTMENT', 'street-office': 'ANY_DEPARTMENT' } as const),
  ...({ 'supervision-centre': 'ANY', arbitrator: 'ANY', oversight: 'ANY', admin: 'ANY' } as const),
};
const counted = {
  ...({ 'street-office': 'ANY', department: 'ANY', 'supervision-centre': 'ANY' } as const),
  ...({ oversight: 'ANY', admin: 'ANY' } as const),
};

const incident = '/v1/incidents/{id}';
const whistle = `${incident}/whistles/{whistleId}` as const;
const task = `${incident}/tasks/{taskId}` as const;
const department = '/v1/departments/{id}';

/** From a report to the case, and who holds it. */
const matters = {
  'POST /v1/incidents': reporting('file: true only as street-office or supervision-centre'),
  'POST /v1/incidents/validate': reporting('records nothing'),
  [`POST ${incident}/verify`]: onSite,
  [`POST ${incident}/reject`]: onSite,
  [`POST ${incident}/file`]: registrar,
  [`POST ${incident}/locate`]: registrar,
  [`POST ${incident}/withdraw`]: byReceipt({
    ...({ resident: 'RECEIPT', 'grid-worker': 'RECEIPT', community: 'RECEIPT' } as const),
    'street-office': 'RECEIPT',
  }),
  [`POST ${incident}/void`]: { ...office, note: 'not by whoever reported it' },
  [`POST ${incident}/flag-reporter`]: may({ ...street, ...centre, callback: 'OWN_DISTRICT' }, 'proposes it'),
  [`POST ${incident}/flag-reporter/{flagId}/decide`]: {
    ...office,
    note: 'not the office or the account that proposed it, nor whoever reported it',
  },
  [`POST ${incident}/self-handling`]: may({ ...gridWorker, ...community }),
  [`POST ${incident}/self-handling/contact`]: may({ ...gridWorker, ...community }),
  [`POST ${incident}/self-handling/complete`]: may({ ...gridWorker, ...community }),
  [`POST ${incident}/escalate`]: may({ ...community, ...gridWorker, ...street }),
  [`POST ${incident}/suspend`]: { ...office, note: 'above whoever handles it' },
  [`POST ${incident}/resume`]: { ...office, note: 'to renew it: above whoever handles it' },
  [`POST ${incident}/merge`]: { ...office, note: 'the other incident too' },
  [`POST ${incident}/unmerge`]: { ...office, note: 'or the street of the incident that it was merged into' },
} as const;

/** Whistles, and the tasks that departments have by them. */
const whistles = {
  [`POST ${incident}/whistles`]: may(
    { ...street, ...community, ...gridWorker, department: 'SUMMONED' },
    'who of them proposes and who approves is a rule of the policy, by kind; a department whistles in reverse',
  ),
  [`POST ${whistle}/approve`]: { ...office, note: 'by the rule of the kind; not whoever proposed it' },
  [`POST ${whistle}/cancel`]: whistler,
  [`POST ${whistle}/evaluate`]: whistler,
  [`POST ${whistle}/departments`]: office,
  [`POST ${whistle}/lead`]: office,
  [`POST ${task}/acknowledge`]: handling,
  [`POST ${task}/contact`]: handling,
  [`POST ${task}/check-in`]: handling,
  [`POST ${task}/progress`]: handling,
  [`POST ${task}/complete`]: handling,
  [`POST ${task}/work`]: {
    ...handling,
    note: 'a unit that had it before its successor takes back what it has booked itself',
  },
  [`POST ${task}/return`]: handling,
  [`POST ${task}/return/decide`]: { ...office, note: 'not the unit that returns it' },
  [`POST ${task}/arbitration`]: office,
  [`POST ${task}/arbitrate`]: may({ arbitrator: 'OWN_DISTRICT' }, 'of no party'),
  [`POST ${task}/extension`]: handling,
  [`POST ${task}/extension/decide`]: { ...office, note: 'by the how-manieth it is' },
  [`POST ${task}/release`]: office,
  [`POST ${task}/release/request`]: may({ department: 'LEADS', 'street-office': 'LEADS' }),
  [`POST ${task}/urge`]: office,
  [`POST ${task}/transfer`]: administration,
} as const;

/** Whether it is done, by others than those who did it. */
const judgement = {
  [`POST ${incident}/check`]: may(
    { ...centre, ...gridWorker },
    'not of the handling unit, nor whoever reported it',
  ),
  [`POST ${incident}/feedback`]: byReceipt(
    { callback: 'OWN_DISTRICT', resident: 'RECEIPT' },
    'callback not of a scored unit',
  ),
  [`POST ${incident}/feedback/correct`]: byReceipt(
    { callback: 'OWN_DISTRICT', resident: 'RECEIPT' },
    'callback not of a scored unit',
  ),
  [`POST ${incident}/close`]: supervision,
  [`POST ${incident}/reopen`]: byReceipt({ ...street, ...centre, resident: 'RECEIPT' }),
  [`POST ${incident}/supervisions`]: supervision,
  [`POST ${incident}/supervisions/{supervisionId}/respond`]: may({
    ...({ department: 'ADDRESSED', 'street-office': 'ADDRESSED', community: 'ADDRESSED' } as const),
  }),
  [`POST ${incident}/supervisions/{supervisionId}/lift`]: supervision,
  [`POST ${incident}/appeals`]: may({
    ...({ department: 'SCORED', 'street-office': 'SCORED', community: 'SCORED' } as const),
  }),
  [`POST ${incident}/appeals/{appealId}/decide`]: { ...supervision, note: 'not the unit that contests' },
} as const;

const reads = {
  'GET /v1/incidents': reading,
  [`GET ${incident}`]: reading,
  [`GET ${incident}/repeat-whistles`]: history,
  [`GET ${incident}/events`]: history,
  [`GET ${incident}/replay`]: history,
  [`GET ${incident}/lost-time`]: history,
  [`GET ${incident}/dossier`]: may({
    ...({ 'supervision-centre': 'IN_SIGHT', arbitrator: 'IN_SIGHT' } as const),
    ...({ oversight: 'IN_SIGHT', admin: 'IN_SIGHT' } as const),
  }),
  'GET /v1/events': may({ oversight: 'ANY', admin: 'ANY' }, 'about a person: for a purpose, on record'),
  'GET /v1/receipts/{receiptCode}': everybody('RECEIPT'),
  [`GET ${department}/queue`]: may(everyDepartment, 'of its tasks those in sight'),
  [`GET ${department}/dispatches`]: feed,
  [`GET ${department}/dispatches/stream`]: feed,
  [`GET ${department}/replay/stream`]: { ...feed, note: 'of its incidents those in sight' },
  'GET /v1/org-units/{id}/replay/stream': may(historians, 'of its incidents those in sight'),
  [`GET ${department}/workload`]: may(everyDepartment, 'numbers only'),
  'GET /v1/workload': may(everyDepartment, 'numbers only'),
  'GET /v1/workload/explain': may(everyDepartment, 'incidents out of sight are counted and not named'),
  'GET /v1/metrics': may(counted),
  'GET /v1/metrics/{name}': may(counted, 'numbers only'),
  'GET /v1/metrics/{name}/explain': may(counted, 'incidents out of sight are counted and not named'),
} as const;

/** Reference data is no secret to whoever works here or lives here; publishing it is administration. */
const jurisdiction = {
  'GET /v1/org-units': anyToken,
  'GET /v1/org-units/{id}': anyToken,
  'GET /v1/categories': anyToken,
  'GET /v1/categories/{code}/responsible': anyToken,
  'GET /v1/catalogues': anyToken,
  'GET /v1/catalogue-proposals': may({ oversight: 'ANY', admin: 'ANY' }, 'names incidents of every street'),
  'GET /v1/grids': anyToken,
  'GET /v1/grid-maps': anyToken,
  'POST /v1/grids/locate': { ...anyToken, note: 'a calculator, records nothing' },
  'GET /v1/deadline-policies': anyToken,
  'GET /v1/ladders': anyToken,
  'GET /v1/metric-definitions': anyToken,
  'GET /v1/calendars': anyToken,
  'POST /v1/calendars/{id}/due': { ...anyToken, note: 'a calculator, records nothing' },
  'POST /v1/org-units': administration,
  'POST /v1/org-units/rename': administration,
  'POST /v1/org-units/merge': administration,
  'POST /v1/org-units/split': administration,
  'POST /v1/categories': administration,
  'POST /v1/catalogues': administration,
  'POST /v1/grid-maps': administration,
  'POST /v1/deadline-policies': administration,
  'POST /v1/ladders': administration,
  'POST /v1/calendars': administration,
  'POST /v1/metric-definitions': administration,
  'POST /v1/deadline-policies/{id}/move-open-deadlines': administration,
  [`POST ${department}/transfer-open-tasks`]: administration,
} as const;

/** Photos that a command may name as evidence. Reporters send theirs by the receipt code, which says whose they are. */
const files = {
  'POST /v1/files': may({
    ...({ 'grid-worker': 'ANY', community: 'ANY', 'street-office': 'ANY', department: 'ANY' } as const),
    'supervision-centre': 'ANY',
  }),
  'POST /v1/receipts/{receiptCode}/files': {
    ...everybody('RECEIPT'),
    note: 'photos of the report, until its reporter withdraws it or is forgotten',
  },
  [`GET ${incident}/files`]: reading,
  [`GET ${incident}/files/{sha256}`]: { ...reading, note: 'files that its events name as evidence' },
} as const;

/** Who reported it, told on record; and the right to be forgotten. */
const persons = {
  [`POST ${incident}/reporter/reveal`]: may(
    {
      ...({ department: 'SUMMONED', ...street, callback: 'OWN_DISTRICT' } as const),
      ...{ ...gridWorker, ...community },
    },
    'while the matter is in their hands; recorded before it is told',
  ),
  [`POST ${incident}/reporter/forget`]: administration,
  'POST /v1/subjects/{subjectId}/forget': administration,
} as const;

/** A department may not make its own. */
const apiKeys = {
  'POST /v1/api-keys': administration,
  'POST /v1/api-keys/{id}/rotate': administration,
  'DELETE /v1/api-keys/{id}': administration,
  'GET /v1/api-keys': may({ admin: 'ANY', oversight: 'ANY' }),
  'GET /v1/api-keys/{id}': may({ admin: 'ANY', oversight: 'ANY' }),
} as const;

/** Proofs that nothing was altered. They hold whole events, encrypted where the log is. */
const overseers = may({ oversight: 'ANY', admin: 'ANY' });
const audit = {
  'GET /v1/audit/checkpoint': overseers,
  'GET /v1/audit/keys': overseers,
  'GET /v1/audit/proof': overseers,
  'GET /v1/audit/consistency': overseers,
} as const;

/** What the systems of a department, or of a street that is whistled to, have to do; nobody else does it for them. */
const consumers = may({ department: 'OWN_DEPARTMENT', 'street-office': 'OWN_DEPARTMENT' });
const group = `${department}/consumer-groups/{group}` as const;
const lease = `${department}/leases/{leaseId}` as const;
const consumerGroups = {
  [`GET ${department}/consumer-groups`]: feed,
  [`GET ${group}/dead-letters`]: feed,
  [`POST ${department}/consumer-groups`]: consumers,
  [`DELETE ${group}`]: consumers,
  [`POST ${group}/lease`]: consumers,
  [`POST ${group}/ack`]: consumers,
  [`POST ${group}/nack`]: consumers,
  [`POST ${group}/extend`]: consumers,
  [`POST ${group}/dead-letters/redrive`]: consumers,
  [`POST ${department}/leases`]: consumers,
  [`POST ${lease}/ack`]: consumers,
  [`POST ${lease}/nack`]: consumers,
  [`POST ${lease}/extend`]: consumers,
} as const;

/** Where a department's systems are called, and what for; nobody else has them called. */
const webhook = `${department}/webhooks/{webhookId}` as const;
const webhooks = {
  [`GET ${department}/webhooks`]: feed,
  [`GET ${webhook}`]: feed,
  [`GET ${webhook}/deliveries`]: feed,
  [`POST ${department}/webhooks`]: consumers,
  [`DELETE ${webhook}`]: consumers,
  [`POST ${webhook}/rotate`]: consumers,
  [`POST ${webhook}/disable`]: consumers,
  [`POST ${webhook}/enable`]: consumers,
  [`POST ${webhook}/redeliver`]: consumers,
} as const;

/** What a rule would have come to: it names incidents of every street. */
const whatIf = may({ oversight: 'ANY', admin: 'ANY' }, 'records nothing');
const simulations = {
  'POST /v1/simulations': whatIf,
  'GET /v1/simulations/{id}': whatIf,
  'GET /v1/simulations/{id}/differences': whatIf,
  'DELETE /v1/simulations/{id}': whatIf,
} as const;

/** What the systems of departments are written against. */
const schemas = {
  'GET /v1/schemas': everybody('ANY'),
  'GET /v1/schemas/dispatch/{name}/{version}': everybody('ANY'),
  'GET /v1/asyncapi.json': everybody('ANY'),
} as const;

const operations = {
  'GET /health/live': everybody('ANY'),
  'GET /health/ready': everybody('ANY'),
  'GET /metrics': everybody('ANY'),
} as const;

/** Every operation of the server by method and path, as OpenAPI spells them. */
export const ACCESS_POLICY: Readonly<Record<string, Operation>> = {
  ...{ ...matters, ...whistles, ...judgement },
  ...{
    ...persons,
    ...reads,
    ...files,
    ...jurisdiction,
    ...apiKeys,
    ...audit,
    ...consumerGroups,
    ...webhooks,
    ...simulations,
    ...schemas,
    ...operations,
  },
};

const rolesOf = (grants: Grants): readonly Role[] => Object.keys(grants) as Role[];

const routes: ReadonlyMap<string, RouteAccess> = new Map(
  Object.entries(ACCESS_POLICY).map(([operation, { grants, tokenless }]) => [
    operation,
    { roles: grants && rolesOf(grants), tokenless },
  ]),
);

/** The table as the guard reads it. */
export const accessPolicy: AccessPolicy = (operation) => routes.get(operation);

/** The documentation of the API lies beside it, outside the guard, for everybody. */
const isDocumentation = (operation: string): boolean =>
  /^(GET|OPTIONS) \/(docs|docs-json|docs-yaml|docs\/.*)$/.test(operation);

/** Thrown when the server has a route that the policy does not know: it does not start with one. */
export class RouteWithoutPolicy extends Error {
  readonly code = 'ROUTE_WITHOUT_POLICY';
  constructor(operation: string) {
    super(`${operation} has no entry in the access policy: say there who may call it`);
  }
}

/** @throws RouteWithoutPolicy */
export function assertInPolicy(operation: string): void {
  if (!routes.has(operation) && !isDocumentation(operation)) throw new RouteWithoutPolicy(operation);
}

/** The roles that act by a receipt code, the reporter's first: who shows one acts as the reporter, whatever else they may be. */
export const asReporter = (permitted: readonly Role[]): readonly Role[] => [
  'resident',
  ...permitted.filter((role) => role !== 'resident'),
];

/** The roles that may do it without a receipt code. */
export function withoutReceipt(operation: string): readonly Role[] {
  const grants = ACCESS_POLICY[operation]?.grants ?? {};
  return rolesOf(grants).filter((role) => grants[role] !== 'RECEIPT');
}

/** Who files in the same step as reporting: others' reports are verified first. */
export const FILES_AT_ONCE: readonly Role[] = ['street-office', 'supervision-centre'];

/** Who may, and by which relation, for people: `any valid token` and `anybody` stand for those without a role. */
export function whoMay({ grants, tokenless, anybody }: Operation): (readonly [string, Relation])[] {
  const roles = Object.entries(grants ?? {});
  if (grants === null && tokenless === null) roles.push(['any valid token', 'ANY']);
  if (anybody !== null)
    roles.push([
      tokenless === 'anonymous-reports' ? 'anybody, if ALLOW_ANONYMOUS_REPORTS' : 'anybody',
      anybody,
    ]);
  return roles;
}
