import { uuidV5 } from '@shaoying/config';
import { createHash } from 'node:crypto';
import {
  type Actor,
  comparePositions,
  type EventStore,
  LIMITS,
  type NewEvent,
  type Position,
  START,
} from '@shaoying/event-store';
import {
  JURISDICTION_EVENT_TYPES,
  type JurisdictionEventType,
  schemaVersionOf,
} from '@shaoying/jurisdiction-contracts';
import { jurisdictionProblems } from '@shaoying/jurisdiction-domain';
import type { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { JurisdictionInvalid, VersionMismatch } from './jurisdiction.errors.js';
import {
  type Change,
  changesOf,
  type JurisdictionDocuments,
  jurisdictionWith,
  NO_DOCUMENTS,
  readDocuments,
} from './jurisdiction-documents.js';
import { readJurisdictionFile, withStatutoryYears, writeJurisdictionFile } from './jurisdiction-file.js';
import { DEFAULT_ID } from './published-jurisdiction.js';

/** Namespace of this library's ids: the UUIDv5 of `shaoying:jurisdiction` in the URL namespace, written out. */
const PUBLICATIONS = 'c55a93cd-8592-5310-b1c0-da16fb516475';

export interface PublishOptions {
  /** The Idempotency-Key. Default: derived from the contents. */
  readonly commandId?: string;
  readonly correlationId?: string;
  readonly requestHash?: string;
  /** Refuse when the document is at another version by now (`If-Match`); 0: it must not exist. One document only. */
  readonly expectedVersion?: number;
}

export interface PublishedDocument {
  readonly type: JurisdictionEventType;
  readonly documentId: string;
  readonly version: number;
}

export interface Publication {
  /** What was published now; empty when everything was in force already. */
  readonly published: readonly PublishedDocument[];
  /** Up to where a reader must have read to know all of it. */
  readonly position: Position;
}

/** Documents of one kind handed to a POST, not yet checked: any JSON. */
export interface CategoriesInput {
  /** Default `default`. */
  readonly catalogueId?: string;
  /** Needed for a new catalogue; default: the name it has. */
  readonly name?: string;
  readonly categories: unknown;
}

/** Streams written at the same time: enough for group commit, far below what an engine queues. */
const APPENDS_AT_ONCE = 32;

/**
 * Publishes jurisdiction documents. Everything is validated together with what is in force before anything is
 * written. A document equal to the one in force adds no event; a changed one becomes the next version, whose revision
 * in its stream is its version less one, so that two publishers at once cannot both win.
 *
 * Streams are written one by one, parents first and policies last: a crash in the middle leaves a valid beginning,
 * and publishing the same again completes it.
 */
export class JurisdictionPublisher {
  constructor(
    private readonly store: EventStore,
    private readonly directory: EventSourcedJurisdictionDirectory,
  ) {}

  /**
   * A whole jurisdiction file, see `samples/lindong.yaml`. Documents not in the file stay as they are.
   * @param now instant of the publication, ISO 8601
   * @throws JurisdictionInvalid, RevisionConflict when somebody else published meanwhile, and the store's errors
   */
  async publishFile(
    yamlText: string,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    return this.publish(readJurisdictionFile(yamlText), actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishPolicy(
    document: unknown,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    const policies = readDocuments('policies', [document]);
    await this.checkVersion(options, () => this.directory.policy(policies[0]!.policyId)?.version);
    return this.publish({ ...NO_DOCUMENTS, policies }, actor, now, options);
  }

  /** Years may say `{source: 'chinese-days'}` for their dates. @throws as {@link publishFile}, VersionMismatch */
  async publishCalendar(
    document: unknown,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    const calendars = readDocuments('calendars', [withStatutoryYears(document)]);
    await this.checkVersion(options, () => this.directory.calendar(calendars[0]!.calendarId)?.version);
    return this.publish({ ...NO_DOCUMENTS, calendars }, actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishLadder(
    document: unknown,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    const ladders = readDocuments('ladders', [document]);
    await this.checkVersion(options, () => this.directory.escalationLadder(ladders[0]!.ladderId)?.version);
    return this.publish({ ...NO_DOCUMENTS, ladders }, actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishGridMap(
    document: unknown,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    const gridMaps = readDocuments('gridMaps', [document]);
    await this.checkVersion(options, () => this.directory.gridMap(gridMaps[0]!.gridMapId)?.version);
    return this.publish({ ...NO_DOCUMENTS, gridMaps }, actor, now, options);
  }

  /** Establishes new units and revises those that differ; others stay. @throws as {@link publishFile} */
  async publishOrgUnits(
    units: unknown,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    return this.publish({ ...NO_DOCUMENTS, orgUnits: readDocuments('orgUnits', units) }, actor, now, options);
  }

  /**
   * Adds categories to a catalogue, or replaces those of the same code; the others stay. To take one out of use,
   * publish it with `active: false`: incidents of old keep their category.
   * @throws as {@link publishFile}, VersionMismatch
   */
  async publishCategories(
    input: CategoriesInput,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    const catalogueId = input.catalogueId ?? DEFAULT_ID;
    await this.readToHead();
    const current = this.directory.catalogue(catalogueId);
    const name = input.name ?? current?.name;
    const [added] = readDocuments('catalogues', [{ catalogueId, name, categories: input.categories }]);
    await this.checkVersion(options, () => current?.version);
    const byCode = new Map(current?.categories.map((category) => [category.code, category]));
    const codes = added!.categories.map(({ code }) => code);
    const twice = codes.filter((code, i) => codes.indexOf(code) !== i);
    if (twice.length > 0)
      throw new JurisdictionInvalid(twice.map((code) => `category ${code} is given twice`));
    for (const category of added!.categories) byCode.set(category.code, category);
    const catalogues = readDocuments('catalogues', [{ ...added, categories: [...byCode.values()] }]);
    return this.publish({ ...NO_DOCUMENTS, catalogues }, actor, now, options);
  }

  /** The jurisdiction in force as a file for {@link publishFile}. */
  async exportYaml(): Promise<string> {
    await this.readToHead();
    return writeJurisdictionFile(this.directory);
  }

  /** @throws as {@link publishFile} */
  async publish(
    documents: JurisdictionDocuments,
    actor: Actor,
    now: string,
    options: PublishOptions = {},
  ): Promise<Publication> {
    const head = await this.readToHead();
    // Of its own events: the directory knows no others, and would be waited for in vain at the place of one.
    let position = START;
    const problems = jurisdictionProblems(jurisdictionWith(documents, this.directory.inForce()));
    const stages = changesOf(documents, this.directory);
    problems.push(...sizeProblems(stages.flat()), ...this.lostYears(documents));
    if (problems.length > 0) throw new JurisdictionInvalid(problems.slice(0, 100));
    const commandId =
      options.commandId ?? uuidV5(PUBLICATIONS, `publish:${hashOf(stages.flat().map(({ event }) => event))}`);
    const published: PublishedDocument[] = [];
    for (const stage of stages) {
      for (let i = 0; i < stage.length; i += APPENDS_AT_ONCE) {
        const appended = await settleAll(
          stage
            .slice(i, i + APPENDS_AT_ONCE)
            .map((change) => this.append(change, actor, now, commandId, options)),
        );
        for (const at of appended) if (comparePositions(at, position) > 0) position = at;
      }
      published.push(
        ...stage.map(({ event, documentId, version }) => ({ type: event.type, documentId, version })),
      );
    }
    if (published.length > 0) await this.directory.caughtUpTo(position);
    return { published, position: comparePositions(position, head) > 0 ? position : head };
  }

  /** A version without a year that is in force would turn its holidays into working days without anybody saying so. */
  private lostYears({ calendars }: JurisdictionDocuments): string[] {
    return calendars.flatMap(({ calendarId, years }) =>
      Object.keys(this.directory.calendar(calendarId)?.years ?? {})
        .filter((year) => !Object.hasOwn(years, year))
        .map((year) => `calendar ${calendarId} no longer carries ${year}, which its version in force does`),
    );
  }

  private async append(
    change: Change,
    actor: Actor,
    now: string,
    commandId: string,
    options: PublishOptions,
  ): Promise<Position> {
    const { streamId, version, event } = change;
    const newEvent: NewEvent = {
      eventId: uuidV5(PUBLICATIONS, `${streamId}@${version}:${hashOf(event.data)}`),
      type: event.type,
      schemaVersion: schemaVersionOf(event.type),
      occurredAt: now,
      recordedAt: now,
      actor,
      correlationId: options.correlationId ?? commandId,
      causationId: commandId,
      commandId,
      ...(options.requestHash !== undefined && { requestHash: options.requestHash }),
      data: event.data,
    };
    const expected = version === 1 ? 'none' : version - 2;
    return (await this.store.append(streamId, expected, [newEvent])).position;
  }

  /** Lets the directory read what was published up to now. @returns where the log ended */
  private async readToHead(): Promise<Position> {
    const head = await this.store.head();
    let last = this.directory.status().position;
    for (;;) {
      const options = { types: JURISDICTION_EVENT_TYPES, limit: LIMITS.readEventsDefault };
      const unread = await this.store.readAll(last, options);
      if (unread.length === 0) break;
      last = unread.at(-1)!.position;
    }
    await this.directory.caughtUpTo(last);
    return head;
  }

  private async checkVersion(
    { expectedVersion }: PublishOptions,
    currentVersion: () => number | undefined,
  ): Promise<void> {
    if (expectedVersion === undefined) return;
    await this.readToHead();
    const actual = currentVersion() ?? 0;
    if (actual !== expectedVersion) throw new VersionMismatch(expectedVersion, actual);
  }
}

/** Waits for all before failing with the first: an append must not still be running when the caller hears of it. */
async function settleAll<T>(attempts: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(attempts);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

function sizeProblems(changes: readonly Change[]): string[] {
  return changes.flatMap(({ event, documentId }) => {
    const bytes = Buffer.byteLength(JSON.stringify(event.data));
    return bytes > LIMITS.eventBytesMax
      ? [`${documentId} has ${bytes} bytes, more than the ${LIMITS.eventBytesMax} of one event: split it`]
      : [];
  });
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
