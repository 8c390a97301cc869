import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { IncidentHistory, type HistoryEntry } from '@shaoying/audit';
import type { FileRecord } from '@shaoying/files';
import type { Principal } from '@shaoying/identity';
import { EvidenceCaptures, evidenceTolerance } from '@shaoying/incident-application';
import {
  mismatchesOf,
  type EvidenceMismatch,
  type Location,
  type PersonalField,
} from '@shaoying/incident-domain';
import { setTimeout as sleep } from 'node:timers/promises';
import { Platform } from '../platform.js';

/** A file as an event of an incident names it. */
export interface NamedEvidence {
  readonly incidentId: string;
  readonly sha256: string;
  readonly type: HistoryEntry['type'];
  readonly revision: number;
  readonly taskId: string | null;
  readonly occurredAt: string;
  readonly orgUnitId: string | null;
  /** Told like the reporter, who has marked it so. */
  readonly personal: boolean;
  /** Whether whoever reads may see it all the same. */
  readonly revealed: boolean;
  /** Null until whoever named it has sent it, after it was removed, and where it is personal and not revealed. */
  readonly file: FileRecord | null;
  /** What its camera says otherwise than the event: as it was flagged, or found now where it came after the check-in. */
  readonly mismatches: readonly EvidenceMismatch[];
}

/** The files that events of incidents name, or the one of them that is asked for. Straight from the log. */
export class ReadEvidence extends Query<readonly NamedEvidence[]> {
  constructor(
    /** An incident, and those that were merged into it. */
    readonly incidentIds: readonly string[],
    /** Null for all. */
    readonly sha256: string | null,
    readonly reader: Pick<Principal, 'id' | 'orgUnitId'>,
  ) {
    super();
  }
}

@QueryHandler(ReadEvidence)
export class ReadEvidenceHandler implements IQueryHandler<ReadEvidence> {
  constructor(
    private readonly history: IncidentHistory,
    private readonly platform: Platform,
    private readonly captures: EvidenceCaptures,
  ) {}

  async execute({ incidentIds, sha256, reader }: ReadEvidence): Promise<readonly NamedEvidence[]> {
    const named: NamedEvidence[] = [];
    for (const incidentId of incidentIds) {
      const history = await this.history.events(incidentId);
      const arePersonal = arePhotosPersonal(history);
      const revealed = arePersonal && this.arePhotosRevealed(history, reader);
      for (const entry of history) {
        for (const hash of evidenceOf(entry)) {
          if (sha256 !== null && hash !== sha256) continue;
          const personal = arePersonal && isOfReporter(entry);
          const of = await this.asNamed(incidentId, entry, hash, history);
          const file = personal && !revealed ? null : of.file;
          named.push({ incidentId, ...of, personal, revealed, file });
        }
      }
    }
    return named;
  }

  /**
   * A hash that somebody knows opens nothing: the file is there where the unit that names it has sent it, or whoever shows
   * the receipt of the report.
   */
  private async asNamed(
    incidentId: string,
    entry: HistoryEntry,
    sha256: string,
    history: readonly HistoryEntry[],
  ): Promise<Omit<NamedEvidence, 'incidentId' | 'personal' | 'revealed'>> {
    const { type, revision, data, occurredAt, actor } = entry;
    const { files } = this.platform;
    const { taskId } = data;
    const isSent =
      (await files.isFrom(sha256, actor)) ||
      (isOfReporter(entry) && (await files.isFrom(sha256, { reportOf: incidentId })));
    const file = isSent ? await files.find(sha256) : null;
    return {
      ...{ sha256, type, revision, taskId: typeof taskId === 'string' ? taskId : null },
      ...{ occurredAt, orgUnitId: actor.orgUnitId, file },
      mismatches: flagOf(entry, sha256, history) ?? (file ? await this.compared(entry, sha256) : []),
    };
  }

  /** To this very account in this unit, by an event, and not long ago: who had the matter in hand then may not have it now. */
  private arePhotosRevealed(
    history: readonly HistoryEntry[],
    { id, orgUnitId }: Pick<Principal, 'id' | 'orgUnitId'>,
  ): boolean {
    const since = this.platform.clock.now().getTime() - REVEALED_MS;
    return history.some(
      ({ type, data, actor, recordedAt }) =>
        type === 'ReporterIdentityRevealed' &&
        (data['fields'] as PersonalField[]).includes('PHOTOS') &&
        actor.id === id &&
        actor.orgUnitId === orgUnitId &&
        Date.parse(recordedAt) >= since,
    );
  }

  /** Of a check-in, which claims a time and maybe a place; of photos of work more is known to its decider alone. */
  private async compared(
    { type, data, occurredAt, actor }: HistoryEntry,
    sha256: string,
  ): Promise<readonly EvidenceMismatch[]> {
    if (type !== 'DepartmentCheckedIn') return [];
    const { claimedAt, location } = data as { claimedAt: string | null; location: Location | null };
    const [facts] = await this.captures.factsOf([sha256], actor, location);
    const at = claimedAt ?? occurredAt;
    return facts === undefined ? [] : mismatchesOf(facts, { from: at, to: at }, evidenceTolerance);
  }
}

/** For a visit on the day; whoever needs them longer asks again, on record. */
const REVEALED_MS = 24 * 3_600_000;

const arePhotosPersonal = (history: readonly HistoryEntry[]): boolean =>
  history.some(
    ({ type, data }) =>
      type === 'PersonalDataSealed' && (data['fields'] as PersonalField[]).includes('PHOTOS'),
  );

/** Photos of the report: of whoever reported it, or of whoever took the report down. */
export const isOfReporter = ({ type }: Pick<HistoryEntry, 'type'>): boolean =>
  type === 'IncidentReported' || type === 'ReportSupplemented';

/** As it was flagged by the command that named it. */
function flagOf(
  { commandId }: HistoryEntry,
  sha256: string,
  history: readonly HistoryEntry[],
): readonly EvidenceMismatch[] | null {
  const flag = history.find(
    (entry) =>
      entry.type === 'EvidenceFlagged' && entry.commandId === commandId && entry.data['evidence'] === sha256,
  );
  return flag === undefined ? null : (flag.data['mismatches'] as EvidenceMismatch[]);
}

/** What completes the last task of a whistle repeats its evidence for the whole. */
function evidenceOf({ type, data }: HistoryEntry): readonly string[] {
  if (type === 'HandlingCompleted' && data['mode'] !== 'SELF') return [];
  return Array.isArray(data['evidence']) ? (data['evidence'] as string[]) : [];
}

/** Whoever asks how the case stands waits no longer for the store of photos. */
const waitMsMax = 1_500;

/** Whether a photo of a report is there. */
export interface Arrival {
  readonly sha256: string;
  /** Null where it cannot be said now. */
  readonly arrived: boolean | null;
}

/** The photos of a report, for its reporter, whose device asks which are still to be sent. */
export class ReadArrivals extends Query<readonly Arrival[]> {
  constructor(readonly incidentId: string) {
    super();
  }
}

@QueryHandler(ReadArrivals)
export class ReadArrivalsHandler implements IQueryHandler<ReadArrivals> {
  constructor(
    private readonly history: IncidentHistory,
    private readonly platform: Platform,
  ) {}

  async execute({ incidentId }: ReadArrivals): Promise<readonly Arrival[]> {
    const reports = (await this.history.events(incidentId)).filter(isOfReporter);
    const arrivals = reports.flatMap((entry) =>
      evidenceOf(entry).map(async (sha256) => ({
        ...{ sha256, arrived: await this.hasArrived(incidentId, entry, sha256) },
      })),
    );
    return Promise.all(arrivals);
  }

  /** A store of photos that is away keeps no reporter from reading how the case stands. */
  private async hasArrived(
    reportOf: string,
    { actor }: HistoryEntry,
    sha256: string,
  ): Promise<boolean | null> {
    const { files, logger } = this.platform;
    const given = new AbortController();
    const tooLong = sleep(waitMsMax, null, { signal: given.signal }).catch(() => null);
    const looked = async (): Promise<boolean> =>
      (await files.isFrom(sha256, { reportOf })) || (await files.isFrom(sha256, actor));
    try {
      return await Promise.race([looked(), tooLong]);
    } catch (error) {
      logger.warn({ err: error, sha256 }, 'whether a photo has arrived could not be looked up');
      return null;
    } finally {
      given.abort();
    }
  }
}
