import { uuidV5 } from '@shaoying/config';
import { createHash } from 'node:crypto';
import {
  type Actor,
  comparePositions,
  type EventStore,
  LIMITS,
  type NewEvent,
  type Position,
  recordedAfter,
  START,
} from '@shaoying/event-store';
import { JURISDICTION_EVENT_TYPES, schemaVersionOf } from '@shaoying/jurisdiction-contracts';
import { jurisdictionProblems, jurisdictionWarnings } from '@shaoying/jurisdiction-domain';
import type {
  EventSourcedJurisdictionDirectory,
  PublishedDocument,
  RecordedPublication,
} from './event-sourced-jurisdiction-directory.js';
import { gridMapFindings } from './geometry/grid-map-validation.js';
import { JurisdictionInvalid, PublicationKeyReused, VersionMismatch } from './jurisdiction.errors.js';
import {
  type Change,
  changesOf,
  type JurisdictionDocuments,
  jurisdictionWith,
  NO_DOCUMENTS,
  one,
  readDocuments,
  withCategories,
} from './jurisdiction-documents.js';
import { readJurisdictionFile, withStatutoryYears, writeJurisdictionFile } from './jurisdiction-file.js';
import { lifeProblems } from './org-unit-changes.js';
import { merger, renaming, splitting } from './org-unit-reforms.js';
import type { PublishedJurisdiction } from './published-jurisdiction.js';

/** Namespace of this library's ids: the UUIDv5 of `shaoying:jurisdiction` in the URL namespace, written out. */
const PUBLICATIONS = 'c55a93cd-8592-5310-b1c0-da16fb516475';

export interface PublishOptions {
  /** The command's id, from the Idempotency-Key. Default: derived from the contents. */
  readonly commandId?: string;
  readonly correlationId?: string;
  readonly requestHash?: string;
  /** W3C Trace Context of the request. */
  readonly traceparent?: string;
  /** Refuse when the document is at another version by now (`If-Match`); 0: it must not exist. One document only. */
  readonly expectedVersion?: number;
  /** Say what would change and what is wrong, and write nothing. */
  readonly dryRun?: boolean;
}

export interface Publication {
  /** What was published now, or would be; empty when everything was in force already. */
  readonly published: readonly PublishedDocument[];
  /** Up to where a reader must have read to know all of it. */
  readonly position: Position;
  /** What may be published and wants looking at, one plain sentence each. */
  readonly warnings: readonly string[];
  /** What is wrong: of a dry run alone, since otherwise it is thrown. */
  readonly problems?: readonly string[];
  /** True when the command had been recorded before: what it published then is told again. */
  readonly replayed?: true;
}

/** Streams written at the same time: enough for group commit, far below what an engine queues. */
const APPENDS_AT_ONCE = 32;
/** Against another process that publishes at the same moment, again and again. */
const ATTEMPTS_MAX = 5;

/**
 * Publishes jurisdiction documents. Everything is validated together with what is in force before anything is
 * written. A document equal to the one in force adds no event; a changed one becomes the next version, whose revision
 * in its stream is its version less one, so that two publishers at once cannot both win.
 *
 * Streams are written one by one, parents first and policies last: a crash in the middle leaves a valid beginning,
 * and publishing the same again completes it.
 *
 * One at a time in a process, so that a reform of several streams meets nobody half-way; another process may still be met.
 */
export class JurisdictionPublisher {
  private turn: Promise<unknown> = Promise.resolve();

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
    return this.publishAs(() => readJurisdictionFile(yamlText), actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishPolicy(document: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => one('policies', document), actor, now, options);
  }

  /** Years may say `{source: 'chinese-days'}` for their dates. @throws as {@link publishFile}, VersionMismatch */
  async publishCalendar(document: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => one('calendars', withStatutoryYears(document)), actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishLadder(document: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => one('ladders', document), actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishGridMap(document: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => one('gridMaps', document), actor, now, options);
  }

  /** A whole catalogue. @throws as {@link publishFile}, VersionMismatch */
  async publishCatalogue(document: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => one('catalogues', document), actor, now, options);
  }

  /** @throws as {@link publishFile}, VersionMismatch */
  async publishMetricDefinition(document: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => one('metricDefinitions', document), actor, now, options);
  }

  /** Establishes new units and revises those that differ; others stay. @throws as {@link publishFile} */
  async publishOrgUnits(units: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    const documents = () => ({ ...NO_DOCUMENTS, orgUnits: readDocuments('orgUnits', units) });
    return this.publishAs(documents, actor, now, options);
  }

  /** A unit's new name or code from a day on: `{id, name?, divisionCode?, from}`. @throws as {@link publishFile} */
  async renameOrgUnit(body: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => checked(renaming(this.directory, body)), actor, now, options);
  }

  /**
   * Units that become one: `{unitIds, into, from}`. Units below them and grids move with them, categories too when the
   * day has come. @throws as {@link publishFile}
   */
  async mergeOrgUnits(body: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    const documents = () => checked(merger(this.directory, body, this.directory.dayOf(now)));
    return this.publishAs(documents, actor, now, options);
  }

  /**
   * A unit that becomes several: `{id, into, from, children?, catalogueId?, categories?, gridMap?}`, the last three for
   * what it answered for. @throws as {@link publishFile}
   */
  async splitOrgUnit(body: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => checked(splitting(this.directory, body)), actor, now, options);
  }

  /**
   * Adds categories to a catalogue, or replaces those of the same code; the others stay. To take one out of use,
   * publish it with `active: false`: incidents of old keep their category.
   * @param input `{catalogueId?, name?, categories}`; `default` and the name it has are the defaults
   * @throws as {@link publishFile}, VersionMismatch
   */
  async publishCategories(input: unknown, actor: Actor, now: string, options: PublishOptions = {}) {
    return this.publishAs(() => withCategories(this.directory, input), actor, now, options);
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
    return this.publishAs(() => documents, actor, now, options);
  }

  /** @param documentsOf is asked when everything published by now has been read */
  private publishAs(
    documentsOf: () => JurisdictionDocuments,
    actor: Actor,
    now: string,
    options: PublishOptions,
  ): Promise<Publication> {
    const publication = this.turn.then(() => this.publishWhole(documentsOf, actor, now, options));
    this.turn = publication.catch(() => undefined);
    return publication;
  }

  /** What has begun when another process comes in between is completed: half a reform must not stay behind a refusal. */
  private async publishWhole(
    documentsOf: () => JurisdictionDocuments,
    actor: Actor,
    now: string,
    options: PublishOptions,
  ): Promise<Publication> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { replayed, ...publication } = await this.publishOnce(documentsOf, actor, now, options);
        return replayed && attempt === 1 ? { ...publication, replayed } : publication;
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS_MAX || !(await this.hasBegun(options))) throw error;
      }
    }
  }

  private async hasBegun({ commandId }: PublishOptions): Promise<boolean> {
    await this.readToHead();
    return commandId !== undefined && this.directory.publicationOf(commandId) !== undefined;
  }

  private async publishOnce(
    documentsOf: () => JurisdictionDocuments,
    actor: Actor,
    now: string,
    options: PublishOptions,
  ): Promise<Publication> {
    const head = await this.readToHead();
    const recorded = options.commandId ? this.directory.publicationOf(options.commandId) : undefined;
    if (recorded && recorded.requestHash !== options.requestHash) throw new PublicationKeyReused();
    const examined = await this.examine(documentsOf, now, recorded ? {} : options);
    const { problems, warnings } = examined;
    const stages = recorded ? unwritten(examined.stages, recorded) : examined.stages;
    // What was published once and changed since is not published again; what a crash left out is.
    if (recorded && stages.length === 0) return replayOf(recorded);
    const changes = stages.flat();
    if (options.dryRun) return { published: changes.map(documentOf), position: head, warnings, problems };
    if (problems.length > 0) throw new JurisdictionInvalid(problems);
    const { position, repeated } = await this.write(stages, actor, now, options);
    const own = changes.filter(({ streamId }) => !repeated.has(streamId) || this.isOf(options, streamId));
    return {
      ...(recorded && replayOf(recorded)),
      published: [...(recorded?.published ?? []), ...own.map(documentOf)],
      position: comparePositions(position, head) > 0 ? position : head,
      warnings,
    };
  }

  /** Of an event that was there already: whether an earlier attempt of this very command has written it. */
  private isOf({ commandId }: PublishOptions, streamId: string): boolean {
    if (commandId === undefined) return false;
    return this.directory.publicationOf(commandId)?.streamIds.has(streamId) ?? false;
  }

  /** What publishing would change, and what is wrong with it; asks nobody but the directory, which has read all. */
  private async examine(
    documentsOf: () => JurisdictionDocuments,
    now: string,
    options: PublishOptions,
  ): Promise<Examination> {
    let documents: JurisdictionDocuments;
    try {
      documents = documentsOf();
    } catch (error) {
      if (!(error instanceof JurisdictionInvalid)) throw error;
      return { stages: [], problems: error.problems, warnings: [] };
    }
    checkVersion(this.directory, documents, options);
    const today = this.directory.dayOf(now);
    const after = jurisdictionWith(documents, this.directory);
    const stages = changesOf(documents, this.directory, today);
    const problems = [
      ...lifeProblems(this.directory, documents.orgUnits),
      ...jurisdictionProblems(after, today),
      ...sizeProblems(stages.flat()),
      ...this.lostYears(documents),
    ];
    const warnings = jurisdictionWarnings(after, today);
    // Boundaries take long to compare, so only new ones are, and only when they are rings at all.
    const changed = stages
      .flat()
      .flatMap(({ event }) => (event.type === 'GridMapPublished' ? [event.data.gridMap] : []));
    if (changed.length > 0 && problems.length === 0) {
      const ids = new Set(changed.map(({ gridMapId }) => gridMapId));
      const staying = after.gridMaps.filter(({ gridMapId }) => !ids.has(gridMapId));
      const findings = await gridMapFindings(changed, staying);
      problems.push(...findings.problems);
      warnings.push(...findings.warnings);
    }
    return { stages, problems: problems.slice(0, 100), warnings: warnings.slice(0, 100) };
  }

  /**
   * @returns the position of the last event, of its own events, since the directory knows no others; and the streams in
   * which somebody else had written the same in the same instant, who has published it
   */
  private async write(
    stages: readonly (readonly Change[])[],
    actor: Actor,
    now: string,
    options: PublishOptions,
  ): Promise<{ position: Position; repeated: ReadonlySet<string> }> {
    let position = START;
    const repeated = new Set<string>();
    // What it was examined against has been read, and is never known later than what was made of it (ADR 45).
    const recordedAt = recordedAfter(now, this.directory.lastRecordedAt);
    const commandId =
      options.commandId ?? uuidV5(PUBLICATIONS, `publish:${hashOf(stages.flat().map(({ event }) => event))}`);
    for (const stage of stages) {
      for (let i = 0; i < stage.length; i += APPENDS_AT_ONCE) {
        const appended = await settleAll(
          stage
            .slice(i, i + APPENDS_AT_ONCE)
            .map((change) => this.append(change, actor, [now, recordedAt], commandId, options)),
        );
        for (const { streamId, position: at, duplicate } of appended) {
          if (comparePositions(at, position) > 0) position = at;
          if (duplicate) repeated.add(streamId);
        }
      }
    }
    if (position !== START) await this.directory.caughtUpTo(position);
    return { position, repeated };
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
    [now, recordedAt]: readonly [now: string, recordedAt: string],
    commandId: string,
    options: PublishOptions,
  ): Promise<{ streamId: string; position: Position; duplicate: boolean }> {
    const { streamId, version, event } = change;
    const newEvent: NewEvent = {
      eventId: uuidV5(PUBLICATIONS, `${streamId}@${version}:${hashOf(event.data)}`),
      type: event.type,
      schemaVersion: schemaVersionOf(event.type),
      occurredAt: now,
      recordedAt,
      actor,
      correlationId: options.correlationId ?? commandId,
      causationId: commandId,
      commandId,
      ...(options.requestHash !== undefined && { requestHash: options.requestHash }),
      ...(options.traceparent !== undefined && { traceparent: options.traceparent }),
      data: event.data,
    };
    const expected = version === 1 ? 'none' : version - 2;
    const { position, duplicate } = await this.store.append(streamId, expected, [newEvent]);
    return { streamId, position, duplicate };
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
}

interface Examination {
  readonly stages: readonly (readonly Change[])[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Reforms are put together from what was asked for: ids and names are looked at like those of any other document. */
function checked(documents: JurisdictionDocuments): JurisdictionDocuments {
  return { ...documents, orgUnits: readDocuments('orgUnits', documents.orgUnits) };
}

function unwritten(
  stages: readonly (readonly Change[])[],
  { streamIds }: RecordedPublication,
): readonly (readonly Change[])[] {
  return stages
    .map((stage) => stage.filter(({ streamId }) => !streamIds.has(streamId)))
    .filter((stage) => stage.length > 0);
}

const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'REVISION_CONFLICT';

const documentOf = ({ event, documentId, version }: Change): PublishedDocument => ({
  ...{ type: event.type, documentId, version },
});

/** What a recorded command published, told again. */
function replayOf({ published, position }: RecordedPublication): Publication {
  return { published, position, warnings: [], replayed: true };
}

/** @throws VersionMismatch, JurisdictionInvalid when the condition is on one document and several are given */
function checkVersion(
  current: PublishedJurisdiction,
  documents: JurisdictionDocuments,
  { expectedVersion }: PublishOptions,
): void {
  if (expectedVersion === undefined) return;
  const versions = [
    ...[...new Set(documents.orgUnits.map(({ id }) => id))].map((id) => current.orgUnitVersion(id)),
    ...documents.gridMaps.map((it) => current.gridMap(it.gridMapId)?.version),
    ...documents.catalogues.map((it) => current.catalogue(it.catalogueId)?.version),
    ...documents.policies.map((it) => current.policy(it.policyId)?.version),
    ...documents.ladders.map((it) => current.escalationLadder(it.ladderId)?.version),
    ...documents.calendars.map((it) => current.calendar(it.calendarId)?.version),
    ...documents.metricDefinitions.map((it) => current.metricDefinition(it.metricId)?.version),
  ];
  if (versions.length !== 1) {
    throw new JurisdictionInvalid([
      `If-Match names the version of one document, and this changes ${versions.length}`,
    ]);
  }
  const actual = versions[0] ?? 0;
  if (actual !== expectedVersion) throw new VersionMismatch(expectedVersion, actual);
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
