import {
  type DeadlinePolicy,
  type DispatchCatalogue,
  type EscalationLadder,
  foreignPart,
  type GridMap,
  isComputed,
  type OrgUnit,
  type RecordedMetric,
  type WorkingCalendar,
} from '@shaoying/jurisdiction-domain';
import {
  calendarShape,
  catalogueShape,
  gridMapShape,
  ladderShape,
  metricShape,
  orgUnitShape,
  policyShape,
  versionShape,
} from './jurisdiction.shapes.js';
import { JurisdictionEventPoisoned } from './jurisdiction.errors.js';
import { ladderV1, policyV1, policyV2, unchanged, type Upcaster } from './jurisdiction.upcasters.js';
import { parseShape, record, type Shape } from './shape.js';

/** What each event carries: the whole document, so that one event answers for one version by itself. */
export interface JurisdictionEventData {
  OrgUnitEstablished: { readonly orgUnit: OrgUnit; readonly version: number };
  /**
   * Renamed, moved under another parent or recoded; still the same unit. Or ended, with those who take over: a merger
   * and a split are this event in the stream of each unit that ends, since a stream has one unit's whole life.
   */
  OrgUnitRevised: { readonly orgUnit: OrgUnit; readonly version: number };
  GridMapPublished: { readonly gridMap: GridMap };
  DispatchCataloguePublished: { readonly catalogue: DispatchCatalogue };
  DeadlinePolicyPublished: { readonly policy: DeadlinePolicy };
  EscalationLadderPublished: { readonly ladder: EscalationLadder };
  WorkingCalendarPublished: { readonly calendar: WorkingCalendar };
  MetricDefinitionPublished: { readonly metric: RecordedMetric };
}

export type JurisdictionEventType = keyof JurisdictionEventData;

export type JurisdictionEvent = {
  [T in JurisdictionEventType]: { readonly type: T; readonly data: JurisdictionEventData[T] };
}[JurisdictionEventType];

interface CatalogueEntry<T extends JurisdictionEventType> {
  /** Version this release writes. */
  readonly version: number;
  /** `upcasters[0]` lifts version 1 to 2, and so on; `version - 1` of them. */
  readonly upcasters: readonly Upcaster[];
  readonly shape: Shape<JurisdictionEventData[T]>;
}

const orgUnitVersion = record({ orgUnit: orgUnitShape, version: versionShape });

/** Wire name → version, the way there and the shape; a type test holds each shape and the domain's type the same. */
export const jurisdictionCatalogue = {
  OrgUnitEstablished: { version: 2, upcasters: [unchanged], shape: orgUnitVersion },
  OrgUnitRevised: { version: 2, upcasters: [unchanged], shape: orgUnitVersion },
  GridMapPublished: { version: 2, upcasters: [unchanged], shape: record({ gridMap: gridMapShape }) },
  DispatchCataloguePublished: {
    version: 3,
    upcasters: [unchanged, unchanged],
    shape: record({ catalogue: catalogueShape }),
  },
  DeadlinePolicyPublished: {
    version: 3,
    upcasters: [policyV1, policyV2],
    shape: record({ policy: policyShape }),
  },
  EscalationLadderPublished: {
    version: 4,
    upcasters: [ladderV1, unchanged, unchanged],
    shape: record({ ladder: ladderShape }),
  },
  WorkingCalendarPublished: { version: 1, upcasters: [], shape: record({ calendar: calendarShape }) },
  MetricDefinitionPublished: {
    version: 2,
    upcasters: [unchanged],
    shape: record({ metric: metricShape }),
  },
} as const satisfies { readonly [T in JurisdictionEventType]: CatalogueEntry<T> };

const entryOf = (type: JurisdictionEventType): CatalogueEntry<JurisdictionEventType> =>
  jurisdictionCatalogue[type];

export const JURISDICTION_EVENT_TYPES = Object.keys(
  jurisdictionCatalogue,
) as readonly JurisdictionEventType[];

/** One look-up, so that a reader of the whole log passes by foreign events at next to no cost. */
export function isJurisdictionEventType(type: string): type is JurisdictionEventType {
  return Object.hasOwn(jurisdictionCatalogue, type);
}

export function schemaVersionOf(type: JurisdictionEventType): number {
  return jurisdictionCatalogue[type].version;
}

/** What is needed of an event of the log to read it, and to say where it stands. */
export interface StoredJurisdictionEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly position: string;
}

/**
 * The event behind a wire name, version and payload, lifted to the version this program writes.
 * @throws JurisdictionEventPoisoned for an unknown type, a version newer than this program, a payload that does not have
 * the shape of its version, or a metric that weighs another which this program does not compute
 */
export function parseJurisdictionEvent(stored: StoredJurisdictionEvent): JurisdictionEvent {
  const { type, schemaVersion } = stored;
  if (!isJurisdictionEventType(type)) throw new JurisdictionEventPoisoned(stored, 'the type is unknown');
  const { version, upcasters, shape } = entryOf(type);
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > version)
    throw new JurisdictionEventPoisoned(stored, `this program knows versions up to ${version}`);
  const data = lifted(stored, upcasters.slice(schemaVersion - 1));
  const result = parseShape(shape, data);
  if (!result.ok) {
    const [first] = result.problems;
    throw new JurisdictionEventPoisoned(stored, `${first!.path} ${first!.message}`);
  }
  // The catalogue ties the payload to its type; the compiler cannot follow a look-up by a union.
  const event = { type, data: result.value } as JurisdictionEvent;
  const foreign = event.type === 'MetricDefinitionPublished' ? foreignPartOf(event.data.metric) : undefined;
  if (foreign !== undefined)
    throw new JurisdictionEventPoisoned(stored, `this program does not compute ${foreign}, which it weighs`);
  return event;
}

/** Of a metric that nobody can ask this program for, what it is made of does not matter. */
const foreignPartOf = (metric: RecordedMetric): string | undefined =>
  isComputed(metric) ? foreignPart(metric) : undefined;

function lifted(stored: StoredJurisdictionEvent, steps: readonly Upcaster[]): unknown {
  try {
    return steps.reduce((data, upcast) => upcast(data), stored.data as Record<string, unknown>);
  } catch (error) {
    // A step relies on the shape of its version, which is not checked once more before it.
    throw new JurisdictionEventPoisoned(stored, `it cannot be lifted: ${String(error)}`);
  }
}

/** Stream of each kind of document. */
export const jurisdictionStream = {
  orgUnit: (id: string) => `org-unit-${id}`,
  gridMap: (id: string) => `grid-map-${id}`,
  catalogue: (id: string) => `dispatch-catalogue-${id}`,
  policy: (id: string) => `deadline-policy-${id}`,
  ladder: (id: string) => `escalation-ladder-${id}`,
  calendar: (id: string) => `working-calendar-${id}`,
  metric: (id: string) => `metric-definition-${id}`,
} as const;
