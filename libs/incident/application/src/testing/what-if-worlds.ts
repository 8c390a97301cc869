import type { EventStore } from '@shaoying/event-store';
import {
  admitAlternative,
  readJurisdiction,
  type AlternativeDocuments,
} from '@shaoying/jurisdiction-application';
import type { DeadlinePolicy, EscalationLadder, WorkingCalendar } from '@shaoying/jurisdiction-domain';
import { AlternativeRules } from '../what-if/index.js';

const unversioned = <Document extends { version: number }>({ version: _, ...document }: Document) => document;

/** Changes to what is in force in the sample city. */
export interface Changes {
  readonly policy?: (policy: DeadlinePolicy) => Partial<DeadlinePolicy>;
  readonly ladder?: (ladder: EscalationLadder) => Partial<EscalationLadder>;
  readonly calendar?: (calendar: WorkingCalendar) => Partial<WorkingCalendar>;
}

/** Other rules than those in force in a log: the same documents with something changed. */
export async function rulesWith(store: EventStore, changes: Changes): Promise<AlternativeRules> {
  const directory = await readJurisdiction(store);
  const [policy, ladder, calendar] = [
    directory.policy('default'),
    directory.escalationLadder('default'),
    directory.calendar('default'),
  ];
  if (policy === undefined || ladder === undefined || calendar === undefined)
    throw new Error('the sample city has published nothing');
  const documents: AlternativeDocuments = {
    ...(changes.policy && { deadlinePolicy: { ...unversioned(policy), ...changes.policy(policy) } }),
    ...(changes.ladder && { ladder: { ...unversioned(ladder), ...changes.ladder(ladder) } }),
    ...(changes.calendar && { calendar: { ...unversioned(calendar), ...changes.calendar(calendar) } }),
  };
  return new AlternativeRules(directory, admitAlternative(directory, documents));
}
