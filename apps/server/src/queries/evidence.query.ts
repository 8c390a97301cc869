import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { IncidentHistory, type HistoryEntry } from '@shaoying/audit';
import type { FileRecord } from '@shaoying/files';
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
  ) {}

  async execute({ incidentId, sha256 }: ReadEvidence): Promise<readonly NamedEvidence[]> {
    const named: NamedEvidence[] = [];
    for (const entry of await this.history.events(incidentId)) {
      for (const hash of evidenceOf(entry)) {
        if (sha256 === null || hash === sha256) named.push(await this.asNamed(entry, hash));
      }
    }
    return named;
  }

  /** A hash that somebody knows opens nothing: the file is there where the unit that names it has sent it. */
  private async asNamed(
    { type, revision, data, occurredAt, actor }: HistoryEntry,
    sha256: string,
  ): Promise<NamedEvidence> {
    const { files } = this.platform;
    const { taskId } = data;
    const file = (await files.isFrom(sha256, actor)) ? await files.find(sha256) : null;
    return {
      ...{ sha256, type, revision, taskId: typeof taskId === 'string' ? taskId : null },
      ...{ occurredAt, orgUnitId: actor.orgUnitId, file },
    };
  }
}

/** What completes the last task of a whistle repeats its evidence for the whole. */
function evidenceOf({ type, data }: HistoryEntry): readonly string[] {
  if (type === 'HandlingCompleted' && data['mode'] !== 'SELF') return [];
  return Array.isArray(data['evidence']) ? (data['evidence'] as string[]) : [];
}
