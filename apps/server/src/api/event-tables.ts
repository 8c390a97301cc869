import type { CatalogueProposal, PlainLine } from '@shaoying/audit';
import type { RecordedEvent } from '@shaoying/event-store';
import type { CsvColumns } from '@shaoying/http';
import type { RepeatWarning } from './repeat-whistles.js';

type TabledEvent = Omit<RecordedEvent, 'requestHash'> & { readonly line: PlainLine };

/** Events of the log, each with its sentence; what it carries is one cell of JSON. */
export const eventColumns: CsvColumns<TabledEvent> = {
  position: ({ position }) => position,
  eventId: ({ eventId }) => eventId,
  type: ({ type }) => type,
  schemaVersion: ({ schemaVersion }) => schemaVersion,
  streamId: ({ streamId }) => streamId,
  revision: ({ revision }) => revision,
  occurredAt: ({ occurredAt }) => occurredAt,
  recordedAt: ({ recordedAt }) => recordedAt,
  actorId: ({ actor }) => actor.id,
  actorRole: ({ actor }) => actor.role,
  orgUnitId: ({ actor }) => actor.orgUnitId,
  correlationId: ({ correlationId }) => correlationId,
  causationId: ({ causationId }) => causationId,
  commandId: ({ commandId }) => commandId,
  zh: ({ line }) => line.zh,
  en: ({ line }) => line.en,
  data: ({ data }) => JSON.stringify(data),
};

/** Earlier whistles of an incident's place and category. */
export const repeatColumns: CsvColumns<RepeatWarning> = {
  code: ({ code }) => code,
  incidentId: ({ incidentId }) => incidentId,
  whistleId: ({ whistleId }) => whistleId,
  blownAt: ({ blownAt }) => blownAt,
};

/** A proposal with what the catalogue in force says by now. */
export interface ShownProposal extends CatalogueProposal {
  /** Whom the catalogue names for the category in the area; null for nobody. */
  readonly catalogueDepartmentId: string | null;
  /** Whether it names the department that was decided for. */
  readonly adopted: boolean;
}

/** What arbitration has proposed for the dispatch catalogue. */
export const proposalColumns: CsvColumns<ShownProposal> = {
  arbitrationId: ({ arbitrationId }) => arbitrationId,
  incidentId: ({ incidentId }) => incidentId,
  decidedAt: ({ decidedAt }) => decidedAt,
  arbitratingUnitId: ({ arbitratingUnitId }) => arbitratingUnitId,
  rule: ({ rule }) => rule,
  category: ({ category }) => category,
  areaId: ({ areaId }) => areaId,
  departmentId: ({ departmentId }) => departmentId,
  basis: ({ basis }) => basis,
  catalogueDepartmentId: ({ catalogueDepartmentId }) => catalogueDepartmentId,
  adopted: ({ adopted }) => adopted,
};
