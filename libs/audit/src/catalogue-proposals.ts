import { START, type EventStore, type Position, type RecordedEvent } from '@shaoying/event-store';
import { decodeIncidentEvent, incidentIdOf } from '@shaoying/incident-contracts';
import type { ArbitrationRule, IncidentEventType } from '@shaoying/incident-domain';

/** 派单目录建议: the entry that would have spared a dispute, as its arbitrator decided it. */
export interface CatalogueProposal {
  readonly arbitrationId: string;
  readonly incidentId: string;
  /** ISO 8601, UTC. */
  readonly decidedAt: string;
  readonly arbitratingUnitId: string | null;
  readonly rule: ArbitrationRule;
  readonly category: string;
  /** Null: wherever it is. */
  readonly areaId: string | null;
  readonly departmentId: string;
  readonly basis: string;
}

const decisions: readonly IncidentEventType[] = ['ResponsibilityDecided'];

/** What arbitration has proposed for the dispatch catalogue, in the order of the decisions. Straight from the log. */
export class CatalogueProposals {
  constructor(private readonly store: EventStore) {}

  /** @param after position of the last one of the page before */
  async read(
    after: Position | null,
    limit: number,
  ): Promise<{ readonly items: readonly CatalogueProposal[]; readonly next: Position | null }> {
    const events = await this.store.readAll(after ?? START, { limit: limit + 1, types: decisions });
    const page = events.slice(0, limit);
    return {
      items: page.flatMap(proposalOf),
      next: events.length > limit ? (page.at(-1)?.position ?? null) : null,
    };
  }
}

function proposalOf(recorded: RecordedEvent): CatalogueProposal[] {
  const incidentId = incidentIdOf(recorded.streamId);
  const event = decodeIncidentEvent(recorded);
  if (incidentId === null || event.type !== 'ResponsibilityDecided') return [];
  const { arbitrationId, arbitratingUnitId, rule, catalogueProposal } = event.data;
  const decidedAt = event.occurredAt;
  return [{ arbitrationId, incidentId, decidedAt, arbitratingUnitId, rule, ...catalogueProposal }];
}
