import type { IncidentEventType, Place } from '@shaoying/incident-domain';
import type { Projection, ProjectionTransaction } from '@shaoying/projections';
import {
  incidentEntries,
  merging,
  RowStatement,
  wholeRow,
  type IncidentEntry,
  type RowShape,
} from '../incident-rows.js';

interface CaseRow {
  readonly incident_id: string;
  readonly category: string;
  readonly severity: string;
  readonly estate_id: string | null;
  readonly community_id: string | null;
  readonly street_id: string | null;
}

/** With the case as it was when it was closed. */
interface ClosureRow extends CaseRow {
  readonly cycle: number;
  readonly closed_at: string;
  readonly closed_known_at: string;
  readonly closed_event_id: string;
  readonly resolution_level: string;
  readonly reopened_at: string | null;
  readonly reopened_known_at: string | null;
}

type Reopening = Pick<ClosureRow, 'incident_id' | 'cycle' | 'reopened_at' | 'reopened_known_at'>;

const caseShape: RowShape<CaseRow> = {
  ...{ incident_id: 'text', category: 'text', severity: 'text', estate_id: 'text', community_id: 'text' },
  street_id: 'text',
};
const reopeningShape: RowShape<Reopening> = {
  ...{ incident_id: 'text', cycle: 'integer', reopened_at: 'timestamptz', reopened_known_at: 'timestamptz' },
};
const closureShape: RowShape<ClosureRow> = {
  ...caseShape,
  ...reopeningShape,
  ...{ closed_at: 'timestamptz', closed_known_at: 'timestamptz', closed_event_id: 'text' },
  resolution_level: 'text',
};

const writeCases = merging('cases', {
  ...{ shape: caseShape, key: ['incident_id'], overwritten: wholeRow(caseShape) },
});
const writeClosures = merging('closures', {
  ...{ shape: closureShape, key: ['incident_id', 'cycle'], overwritten: wholeRow(closureShape) },
});
const reopen = new RowStatement<Reopening>(
  reopeningShape,
  (rows) =>
    `update closures c set reopened_at = u.reopened_at, reopened_known_at = u.reopened_known_at
     from ${rows} where c.incident_id = u.incident_id and c.cycle = u.cycle`,
);

const eventTypes: IncidentEventType[] = [
  ...(['IncidentReported', 'IncidentLocated', 'IncidentClosed', 'IncidentReopened'] as const),
];

/**
 * Each closing and the level the incident was resolved at: 小事不出小区、大事不出社区、群体事件不出街道. A closing counts until
 * the incident is opened again; what was merged, withdrawn, rejected or voided was never closed.
 */
export const containment: Projection = {
  name: 'containment',
  version: 3,
  schema: `
    create table cases (
      incident_id  text primary key,
      category     text not null,
      severity     text not null,
      estate_id    text,
      community_id text,
      street_id    text
    );
    create table closures (
      incident_id       text not null,
      cycle             integer not null,
      category          text not null,
      severity          text not null,
      estate_id         text,
      community_id      text,
      street_id         text,
      closed_at         timestamptz not null,
      closed_known_at   timestamptz not null,
      closed_event_id   text not null,
      resolution_level  text not null,
      reopened_at       timestamptz,
      reopened_known_at timestamptz,
      primary key (incident_id, cycle)
    );
  `,
  indexes: 'create index if not exists closures_by_time on closures (closed_at)',
  eventTypes,
  async apply(events, tx) {
    const entries = incidentEntries(events);
    const batch = new ClosureBatch(await knownCases(tx, entries));
    for (const entry of entries) batch.fold(entry);
    await batch.write(tx);
  },
};

/** The cases of the incidents that are located or closed, but not reported, in this batch. */
async function knownCases(
  tx: ProjectionTransaction,
  entries: readonly IncidentEntry[],
): Promise<Map<string, CaseRow>> {
  const reported = new Set<string>();
  const wanted = new Set<string>();
  for (const { type, incidentId } of entries) {
    if (type === 'IncidentReported') reported.add(incidentId);
    else if (type !== 'IncidentReopened' && !reported.has(incidentId)) wanted.add(incidentId);
  }
  if (wanted.size === 0) return new Map();
  const rows = await tx.query<CaseRow>(
    `select ${Object.keys(caseShape).join(', ')} from cases where incident_id = any($1::text[])`,
    [[...wanted]],
  );
  return new Map(rows.map((row) => [row.incident_id, row]));
}

class ClosureBatch {
  private readonly changedCases = new Set<string>();
  private readonly closures = new Map<string, ClosureRow>();
  private readonly reopenings: Reopening[] = [];

  constructor(private readonly cases: Map<string, CaseRow>) {}

  fold(entry: IncidentEntry): void {
    const { incidentId, occurredAt, recordedAt } = entry;
    const known = this.cases.get(incidentId);
    switch (entry.type) {
      case 'IncidentReported': {
        const { category, severity, place } = entry.data;
        this.keep({ incident_id: incidentId, category, severity, ...unitsOf(place) });
        break;
      }
      case 'IncidentLocated':
        if (known !== undefined) this.keep({ ...known, ...unitsOf(entry.data.place) });
        break;
      case 'IncidentClosed':
        if (known !== undefined) this.close(entry, known);
        break;
      case 'IncidentReopened': {
        // Of the cycle before: what was withdrawn and is taken up again was not closed in it.
        const cycle = entry.data.cycle - 1;
        const reopened = { reopened_at: occurredAt, reopened_known_at: recordedAt };
        const closure = this.closures.get(`${incidentId}/${cycle}`);
        if (closure === undefined) this.reopenings.push({ incident_id: incidentId, cycle, ...reopened });
        else this.closures.set(`${incidentId}/${cycle}`, { ...closure, ...reopened });
        break;
      }
      default:
        break;
    }
  }

  async write(tx: ProjectionTransaction): Promise<void> {
    await writeCases.run(
      tx,
      [...this.changedCases].flatMap((id) => this.cases.get(id) ?? []),
    );
    await reopen.run(tx, this.reopenings);
    await writeClosures.run(tx, [...this.closures.values()]);
  }

  private keep(row: CaseRow): void {
    this.cases.set(row.incident_id, row);
    this.changedCases.add(row.incident_id);
  }

  private close(entry: Extract<IncidentEntry, { type: 'IncidentClosed' }>, known: CaseRow): void {
    const { cycle, resolutionLevel: resolution_level } = entry.data;
    this.closures.set(`${entry.incidentId}/${cycle}`, {
      ...{ ...known, cycle, closed_at: entry.occurredAt, closed_known_at: entry.recordedAt },
      ...{ closed_event_id: entry.eventId, resolution_level, reopened_at: null, reopened_known_at: null },
    });
  }
}

const unitsOf = ({ estateId, communityId, streetId }: Place) => ({
  ...{ estate_id: estateId, community_id: communityId, street_id: streetId },
});
