import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { IncidentHistory, type HistoryEntry } from '@shaoying/audit';
import type { FileRecord } from '@shaoying/files';
import { EvidenceCaptures, evidenceTolerance } from '@shaoying/incident-application';
import { mismatchesOf, type EvidenceMismatch, type Location } from '@shaoying/incident-domain';
import { Platform } from '../platform.js';

/** A file as an event of an incident names it. */
export interface NamedEvidence {
  readonly sha256: string;
  readonly type: HistoryEntry['type'];
  readonly revision: number;
  readonly taskId: string | null;
  readonly occurredAt: string;
  readonly orgUnitId: string | null;
  /** Null until whoever named it has sent it, and after it was removed. */
  readonly file: FileRecord | null;
  /** What its camera says otherwise than the event: as it was flagged, or found now where it came after the check-in. */
  readonly mismatches: readonly EvidenceMismatch[];
}

/** The files that an incident's events name, or the one of them that is asked for. Straight from the log. */
export class ReadEvidence extends Query<readonly NamedEvidence[]> {
  constructor(
    readonly incidentId: string,
    /** Null for all. */
    readonly sha256: string | null,
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

  async execute({ incidentId, sha256 }: ReadEvidence): Promise<readonly NamedEvidence[]> {
    const named: NamedEvidence[] = [];
    const history = await this.history.events(incidentId);
    for (const entry of history) {
      for (const hash of evidenceOf(entry)) {
        if (sha256 === null || hash === sha256) named.push(await this.asNamed(entry, hash, history));
      }
    }
    return named;
  }

  /** A hash that somebody knows opens nothing: the file is there where the unit that names it has sent it. */
  private async asNamed(
    entry: HistoryEntry,
    sha256: string,
    history: readonly HistoryEntry[],
  ): Promise<NamedEvidence> {
    const { type, revision, data, occurredAt, actor } = entry;
    const { files } = this.platform;
    const { taskId } = data;
    const file = (await files.isFrom(sha256, actor)) ? await files.find(sha256) : null;
    return {
      ...{ sha256, type, revision, taskId: typeof taskId === 'string' ? taskId : null },
      ...{ occurredAt, orgUnitId: actor.orgUnitId, file },
      mismatches: flagOf(entry, sha256, history) ?? (file ? await this.compared(entry, sha256) : []),
    };
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
