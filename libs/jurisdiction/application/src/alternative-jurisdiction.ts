import { comparePositions, START, type EventStore, type Position } from '@shaoying/event-store';
import {
  JURISDICTION_EVENT_TYPES,
  JurisdictionNotPublished,
  parseJurisdictionEvent,
} from '@shaoying/jurisdiction-contracts';
import { NO_DOCUMENTS, readDocuments, type JurisdictionDocuments } from './jurisdiction-documents.js';
import { PublishedJurisdiction } from './published-jurisdiction.js';
import { withStatutoryYears } from './jurisdiction-file.js';

/** A document as its publication takes it, or a version that was published: `{policyId, version}`. Not looked at yet. */
export interface AlternativeDocuments {
  readonly deadlinePolicy?: unknown;
  readonly ladder?: unknown;
  readonly calendar?: unknown;
}

/** The versions that an alternative consists of; null where what is pinned stays. */
export interface AlternativeVersions {
  readonly policy: { readonly policyId: string; readonly policyVersion: number } | null;
  readonly ladder: { readonly ladderId: string; readonly ladderVersion: number } | null;
  readonly calendar: { readonly calendarId: string; readonly calendarVersion: number } | null;
}

/**
 * All that a log has published by now, in a directory that nobody else asks and that follows nothing.
 * @param until no further than this; whoever reads up to the same position has the same
 */
export async function readJurisdiction(store: EventStore, until?: Position): Promise<PublishedJurisdiction> {
  const directory = new PublishedJurisdiction();
  let after = START;
  for (;;) {
    const page = await store.readAll(after, { types: JURISDICTION_EVENT_TYPES, limit: 1_000 });
    for (const event of page) {
      if (until !== undefined && comparePositions(event.position, until) > 0) return directory;
      directory.apply(parseJurisdictionEvent(event), event.recordedAt);
    }
    const last = page.at(-1);
    if (last === undefined) return directory;
    after = last.position;
  }
}

/** What names a published version and says nothing else; null for a document. */
function versionOf(given: unknown, idName: string): { readonly id: string; readonly version: number } | null {
  if (typeof given !== 'object' || given === null || Object.keys(given).length !== 2) return null;
  const { [idName]: id, version } = given as Record<string, unknown>;
  return typeof id === 'string' && typeof version === 'number' ? { id, version } : null;
}

/** What is null is not given. */
const isDocument = (given: unknown, idName: string): boolean =>
  given !== undefined && given !== null && versionOf(given, idName) === null;

/**
 * The documents among them, each as its publication would read it, for whoever checks them as a publication is checked.
 * @throws JurisdictionInvalid
 */
export function documentsOf({
  deadlinePolicy,
  ladder,
  calendar,
}: AlternativeDocuments): JurisdictionDocuments {
  return {
    ...NO_DOCUMENTS,
    policies: isDocument(deadlinePolicy, 'policyId') ? readDocuments('policies', [deadlinePolicy]) : [],
    ladders: isDocument(ladder, 'ladderId') ? readDocuments('ladders', [ladder]) : [],
    calendars: isDocument(calendar, 'calendarId')
      ? readDocuments('calendars', [withStatutoryYears(calendar)])
      : [],
  };
}

/**
 * Lets a directory know the alternative as if it had been published: for a directory of one's own, which nobody else asks.
 * @throws JurisdictionInvalid for a document that is none, JurisdictionNotPublished for a version that there is not
 */
export function admitAlternative(
  directory: PublishedJurisdiction,
  alternative: AlternativeDocuments,
): AlternativeVersions {
  const { policies, ladders, calendars } = documentsOf(alternative);
  for (const ladder of ladders) {
    const version = (directory.escalationLadder(ladder.ladderId)?.version ?? 0) + 1;
    directory.apply({ type: 'EscalationLadderPublished', data: { ladder: { ...ladder, version } } });
  }
  for (const calendar of calendars) {
    const version = (directory.calendar(calendar.calendarId)?.version ?? 0) + 1;
    directory.apply({ type: 'WorkingCalendarPublished', data: { calendar: { ...calendar, version } } });
  }
  for (const policy of policies) {
    const version = (directory.policy(policy.policyId)?.version ?? 0) + 1;
    directory.apply({ type: 'DeadlinePolicyPublished', data: { policy: { ...policy, version } } });
  }
  return versionsOf(directory, alternative, { policies, ladders, calendars });
}

/** Whether every version that is named is published. */
export function knowsVersions(
  directory: PublishedJurisdiction,
  { deadlinePolicy, ladder, calendar }: AlternativeDocuments,
): boolean {
  const policyOf = versionOf(deadlinePolicy, 'policyId');
  const ladderOf = versionOf(ladder, 'ladderId');
  const calendarOf = versionOf(calendar, 'calendarId');
  return (
    (policyOf === null || directory.policy(policyOf.id, policyOf.version) !== undefined) &&
    (ladderOf === null || directory.escalationLadder(ladderOf.id, ladderOf.version) !== undefined) &&
    (calendarOf === null || directory.calendar(calendarOf.id, calendarOf.version) !== undefined)
  );
}

/** @throws JurisdictionNotPublished */
function versionsOf(
  directory: PublishedJurisdiction,
  alternative: AlternativeDocuments,
  { policies, ladders, calendars }: Pick<JurisdictionDocuments, 'policies' | 'ladders' | 'calendars'>,
): AlternativeVersions {
  const policy = chosen(versionOf(alternative.deadlinePolicy, 'policyId'), policies[0]?.policyId);
  const ladder = chosen(versionOf(alternative.ladder, 'ladderId'), ladders[0]?.ladderId);
  const calendar = chosen(versionOf(alternative.calendar, 'calendarId'), calendars[0]?.calendarId);
  const version = (
    kind: JurisdictionNotPublished['document'],
    { id, version: asked }: Chosen,
    found: { readonly version: number } | undefined,
  ): number => {
    if (found === undefined) throw new JurisdictionNotPublished(kind, id, asked);
    return found.version;
  };
  return {
    policy: policy && {
      policyId: policy.id,
      policyVersion: version('deadline-policy', policy, directory.policy(policy.id, policy.version)),
    },
    ladder: ladder && {
      ladderId: ladder.id,
      ladderVersion: version(
        'escalation-ladder',
        ladder,
        directory.escalationLadder(ladder.id, ladder.version),
      ),
    },
    calendar: calendar && {
      calendarId: calendar.id,
      calendarVersion: version(
        'working-calendar',
        calendar,
        directory.calendar(calendar.id, calendar.version),
      ),
    },
  };
}

interface Chosen {
  readonly id: string;
  /** Undefined: the latest, which is the document that was given. */
  readonly version?: number | undefined;
}

const chosen = (published: Chosen | null, documentId: string | undefined): Chosen | null =>
  published ?? (documentId === undefined ? null : { id: documentId });
