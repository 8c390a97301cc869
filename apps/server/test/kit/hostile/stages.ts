import type { PersonName } from '../city.js';
import type { Stage } from '../lives.js';

/** Where a command about an incident is taken, and from whom: so that hostile requests get past both. */
const doors: Readonly<Record<string, readonly [Stage, PersonName]>> = {
  ...{ verify: ['REPORTED', 'street'], reject: ['REPORTED', 'street'], file: ['REPORTED', 'street'] },
  ...{ locate: ['REPORTED', 'street'], withdraw: ['FILED', 'resident'], void: ['FILED', 'street'] },
  ...{ 'flag-reporter': ['FILED', 'supervision'], 'flag/decide': ['FLAGGED', 'supervision'] },
  ...{ 'self-handling': ['FILED', 'gridWorker'] },
  ...{ 'self-handling/contact': ['SELF_HANDLED', 'gridWorker'] },
  ...{ 'self-handling/complete': ['SELF_HANDLED', 'gridWorker'], escalate: ['SELF_HANDLED', 'street'] },
  ...{ suspend: ['FILED', 'supervision'], resume: ['SUSPENDED', 'street'], merge: ['FILED', 'street'] },
  ...{ unmerge: ['MERGED', 'street'], whistles: ['FILED', 'street'], approve: ['PROPOSED', 'street'] },
  ...{
    cancel: ['WHISTLED', 'street'],
    evaluate: ['CHECKING', 'street'],
    departments: ['WHISTLED', 'street'],
  },
  ...{ lead: ['WHISTLED', 'street'], acknowledge: ['WHISTLED', 'urbanManagement'] },
  ...{ contact: ['WHISTLED', 'urbanManagement'], 'check-in': ['WHISTLED', 'urbanManagement'] },
  ...{ progress: ['CHECKED_IN', 'urbanManagement'], complete: ['CHECKED_IN', 'urbanManagement'] },
  work: ['CHECKED_IN', 'urbanManagement'],
  ...{ return: ['WHISTLED', 'urbanManagement'], 'return/decide': ['RETURN_REQUESTED', 'street'] },
  ...{ arbitration: ['RETURN_REQUESTED', 'street'], arbitrate: ['IN_ARBITRATION', 'arbitrator'] },
  ...{ extension: ['CHECKED_IN', 'urbanManagement'], 'extension/decide': ['EXTENSION_ASKED', 'street'] },
  ...{ release: ['WHISTLED', 'street'], 'release/request': ['WHISTLED', 'urbanManagement'] },
  ...{ urge: ['WHISTLED', 'street'], transfer: ['WHISTLED', 'admin'], check: ['CHECKING', 'supervision'] },
  ...{ feedback: ['FEEDBACK', 'callback'], 'feedback/correct': ['RATED', 'callback'] },
  ...{
    close: ['RATED', 'supervision'],
    reopen: ['CLOSED', 'street'],
    supervisions: ['WHISTLED', 'supervision'],
  },
  ...{ respond: ['SUPERVISED', 'urbanManagement'], lift: ['SUPERVISED', 'supervision'] },
  ...{ appeals: ['CLOSED', 'urbanManagement'], 'appeals/decide': ['APPEALED', 'supervision'] },
};

/** `return/decide` of `POST /v1/incidents/{id}/tasks/{taskId}/return/decide`. */
const commandOf = (operation: string): string =>
  operation.replace(/^POST \/v1\/incidents\/\{id\}\//, '').replace(/(?:\w+\/)?\{\w+\}\//, '');

/** Commands about something that is named before the last word of their path. */
const shortened = [
  ['/appeals/{appealId}/decide', 'appeals/decide'],
  ['/flag-reporter/{flagId}/decide', 'flag/decide'],
] as const;

function doorOf(operation: string): readonly [Stage, PersonName] | undefined {
  const command = shortened.find(([path]) => operation.endsWith(path))?.[1] ?? commandOf(operation);
  return Object.hasOwn(doors, command) ? doors[command] : undefined;
}

/** The stage in which the operation does something; a whistled incident, which has most of what can be asked about. */
export const stageFor = (operation: string): Stage => doorOf(operation)?.[0] ?? 'WHISTLED';

/** Of a department alone, which a body that is none does not tell from others: whose it is is asked first. */
const ofDepartment = 'POST /v1/departments/{id}/leases';

/** Who may do it; undefined for what the table does not know: that is found by asking. */
export const personFor = (operation: string): PersonName | undefined =>
  operation.startsWith(ofDepartment) ? 'urbanManagement' : doorOf(operation)?.[1];
