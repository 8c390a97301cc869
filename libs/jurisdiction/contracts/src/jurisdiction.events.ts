import type {
  DeadlinePolicy,
  DispatchCatalogue,
  EscalationLadder,
  GridMap,
  OrgUnit,
  WorkingCalendar,
} from '@shaoying/jurisdiction-domain';
import {
  calendarShape,
  catalogueShape,
  gridMapShape,
  ladderShape,
  orgUnitShape,
  policyShape,
  versionShape,
} from './jurisdiction.shapes.js';
import { JurisdictionEventPoisoned } from './jurisdiction.errors.js';
import { parseShape, record, type Shape } from './shape.js';

/** What each event carries: the whole document, so that one event answers for one version by itself. */
export interface JurisdictionEventData {
  OrgUnitEstablished: { readonly orgUnit: OrgUnit; readonly version: number };
  /** Renamed, moved under another parent or recoded; still the same unit. */
  OrgUnitRevised: { readonly orgUnit: OrgUnit; readonly version: number };
  GridMapPublished: { readonly gridMap: GridMap };
  DispatchCataloguePublished: { readonly catalogue: DispatchCatalogue };
  DeadlinePolicyPublished: { readonly policy: DeadlinePolicy };
  EscalationLadderPublished: { readonly ladder: EscalationLadder };
  WorkingCalendarPublished: { readonly calendar: WorkingCalendar };
}

export type JurisdictionEventType = keyof JurisdictionEventData;

export type JurisdictionEvent = {
  [T in JurisdictionEventType]: { readonly type: T; readonly data: JurisdictionEventData[T] };
}[JurisdictionEventType];

interface CatalogueEntry<T extends JurisdictionEventType> {
  readonly schemaVersion: number;
  /** Annotated with the domain's type: a schema that drifts from it does not compile. */
  readonly shape: Shape<JurisdictionEventData[T]>;
}

const EVENT_CATALOGUE: { readonly [T in JurisdictionEventType]: CatalogueEntry<T> } = {
  OrgUnitEstablished: { schemaVersion: 1, shape: record({ orgUnit: orgUnitShape, version: versionShape }) },
  OrgUnitRevised: { schemaVersion: 1, shape: record({ orgUnit: orgUnitShape, version: versionShape }) },
  GridMapPublished: { schemaVersion: 1, shape: record({ gridMap: gridMapShape }) },
  DispatchCataloguePublished: { schemaVersion: 1, shape: record({ catalogue: catalogueShape }) },
  DeadlinePolicyPublished: { schemaVersion: 1, shape: record({ policy: policyShape }) },
  EscalationLadderPublished: { schemaVersion: 1, shape: record({ ladder: ladderShape }) },
  WorkingCalendarPublished: { schemaVersion: 1, shape: record({ calendar: calendarShape }) },
};

export const JURISDICTION_EVENT_TYPES = Object.keys(EVENT_CATALOGUE) as readonly JurisdictionEventType[];

/** One look-up, so that a reader of the whole log passes by foreign events at next to no cost. */
export function isJurisdictionEventType(type: string): type is JurisdictionEventType {
  return Object.hasOwn(EVENT_CATALOGUE, type);
}

export function schemaVersionOf(type: JurisdictionEventType): number {
  return EVENT_CATALOGUE[type].schemaVersion;
}

/**
 * The event behind a wire name, version and payload.
 * @throws JurisdictionEventPoisoned for an unknown type, a version newer than this program, or a payload that does
 * not have the shape of its version
 */
export function parseJurisdictionEvent(
  type: string,
  schemaVersion: number,
  data: unknown,
): JurisdictionEvent {
  if (!isJurisdictionEventType(type))
    throw new JurisdictionEventPoisoned(type, schemaVersion, 'the type is unknown');
  const entry = EVENT_CATALOGUE[type];
  if (schemaVersion !== entry.schemaVersion) {
    throw new JurisdictionEventPoisoned(
      type,
      schemaVersion,
      `this program knows version ${entry.schemaVersion}`,
    );
  }
  const result = parseShape<JurisdictionEventData[JurisdictionEventType]>(entry.shape, data);
  if (!result.ok) {
    const [first] = result.problems;
    throw new JurisdictionEventPoisoned(type, schemaVersion, `${first!.path} ${first!.message}`);
  }
  // The catalogue ties the payload to its type; the compiler cannot follow a look-up by a union.
  return { type, data: result.value } as JurisdictionEvent;
}

/** Stream of each kind of document. */
export const jurisdictionStream = {
  orgUnit: (id: string) => `org-unit-${id}`,
  gridMap: (id: string) => `grid-map-${id}`,
  catalogue: (id: string) => `dispatch-catalogue-${id}`,
  policy: (id: string) => `deadline-policy-${id}`,
  ladder: (id: string) => `escalation-ladder-${id}`,
  calendar: (id: string) => `working-calendar-${id}`,
} as const;
