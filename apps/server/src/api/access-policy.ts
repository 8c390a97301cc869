import type { Actor } from '@shaoying/event-store';
import type { Principal, Role } from '@shaoying/identity';

/** Which roles may send which command. Relations (own task, own street) are the decider's. */
export const mayCommand = {
  report: ['resident', 'grid-worker', 'community', 'street-office', 'supervision-centre'],
  verify: ['grid-worker', 'community', 'street-office', 'supervision-centre'],
  file: ['street-office', 'grid-worker', 'community', 'supervision-centre'],
  /** Filing in the same step as reporting. */
  fileAtOnce: ['street-office', 'supervision-centre'],
  locate: ['street-office', 'grid-worker', 'community', 'supervision-centre'],
  /** With the receipt code: it is the reporter's to take back, not the account's. */
  withdraw: ['resident', 'grid-worker', 'community', 'street-office'],
  voidIt: ['street-office', 'supervision-centre'],
  flagReporter: ['street-office', 'supervision-centre', 'callback'],
  selfHandle: ['grid-worker', 'community'],
  escalate: ['community', 'grid-worker', 'street-office'],
  /** Above whoever handles it, which the decider sees to. */
  suspend: ['street-office', 'supervision-centre'],
  merge: ['street-office', 'supervision-centre'],
  /** Who of them may propose and who approve is a rule of the policy, by kind; a department blows in reverse. */
  blowWhistle: ['street-office', 'community', 'grid-worker', 'department'],
  approveWhistle: ['street-office', 'supervision-centre'],
  /** Whoever blew it, a department too. */
  ownWhistle: ['street-office', 'department'],
  /** A street that was whistled to in reverse has a task too. */
  handleTask: ['department', 'street-office'],
  dispatch: ['street-office', 'supervision-centre'],
  decideExtension: ['street-office', 'supervision-centre'],
  arbitrate: ['arbitrator'],
  transfer: ['admin'],
  check: ['supervision-centre', 'grid-worker'],
  feedback: ['callback', 'resident'],
  /** Feedback without the reporter's code. */
  callBack: ['callback'],
  close: ['supervision-centre'],
  reopen: ['street-office', 'supervision-centre', 'resident'],
  /** Reopening without the reporter's code. */
  reopenAsOffice: ['street-office', 'supervision-centre'],
  supervise: ['supervision-centre', 'oversight'],
  respond: ['department', 'street-office', 'community'],
  appeal: ['department', 'street-office', 'community'],
  decideAppeal: ['supervision-centre'],
  publish: ['admin'],
} as const satisfies Record<string, readonly Role[]>;

/** Which roles may ask which query. Scope (own street, own tasks) narrows what they find. */
export const mayQuery = {
  incidents: [
    ...([
      'grid-worker',
      'community',
      'street-office',
      'department',
      'supervision-centre',
      'callback',
    ] as const),
    ...(['arbitrator', 'oversight', 'admin'] as const),
  ],
  departments: ['department', 'street-office', 'supervision-centre', 'arbitrator', 'oversight', 'admin'],
  metrics: ['street-office', 'department', 'supervision-centre', 'oversight', 'admin'],
  /** They name incidents of every street. */
  catalogueProposals: ['supervision-centre', 'arbitrator', 'oversight', 'admin'],
  history: ['street-office', 'department', 'supervision-centre', 'arbitrator', 'oversight', 'admin'],
} as const satisfies Record<string, readonly Role[]>;

/** Roles that see every street and department. */
const unscoped: readonly Role[] = ['supervision-centre', 'callback', 'arbitrator', 'oversight', 'admin'];

export interface Scope {
  readonly streetId?: string;
  readonly communityId?: string;
  readonly departmentId?: string;
}

/** What the caller may see of incidents: null for everything, undefined for nothing at all. */
export function scopeOf({ roles, orgUnitId }: Principal): Scope | null | undefined {
  if (roles.some((role) => unscoped.includes(role))) return null;
  if (orgUnitId === null) return undefined;
  if (roles.includes('street-office')) return { streetId: orgUnitId };
  if (roles.includes('department')) return { departmentId: orgUnitId };
  if (roles.includes('community') || roles.includes('grid-worker')) return { communityId: orgUnitId };
  return undefined;
}

/** The caller in each of the permitted roles that they have, in the order of these; without a role, for who has none. */
export function actorsOf(
  { id, roles, orgUnitId }: Principal,
  permitted: readonly Role[],
): [Actor, ...Actor[]] {
  const [first = 'anonymous', ...others] = permitted.filter((role) => roles.includes(role));
  return [{ id, role: first, orgUnitId }, ...others.map((role) => ({ id, role, orgUnitId }))];
}

/** The actor of a command: the first of the permitted roles that the caller has. */
export const actorOf = (principal: Principal, permitted: readonly Role[]): Actor =>
  actorsOf(principal, permitted)[0];

/** Who shows a receipt code acts as the reporter first of all, whatever else they may be. */
export const asReporter = (permitted: readonly Role[]): readonly Role[] => [
  'resident',
  ...permitted.filter((role) => role !== 'resident'),
];
