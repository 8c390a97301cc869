import type { RecordedEvent } from '@shaoying/event-store';
import type { Pins } from '@shaoying/incident-domain';
import { parseJurisdictionEvent, type JurisdictionEventType } from '@shaoying/jurisdiction-contracts';
import type { ProjectionTransaction } from '@shaoying/projections';
import type { IncidentEntry } from '../incident-rows.js';
import { writeCategoryWeights, type CategoryWeightRow } from './task-tables.js';

/** Of a category that its catalogue gives no weight, and of cases that no catalogue governs. Hundredths. */
export const USUAL_WEIGHT = 100;

export const cataloguePublished = 'DispatchCataloguePublished' satisfies JurisdictionEventType;

/** Weights in the catalogues that a batch publishes, but for the usual one. @throws JurisdictionEventPoisoned */
export function weightsPublished(events: readonly RecordedEvent[]): CategoryWeightRow[] {
  return events.flatMap((recorded) => {
    if (recorded.type !== cataloguePublished) return [];
    const event = parseJurisdictionEvent(recorded);
    if (event.type !== cataloguePublished) return [];
    const { catalogueId, version, categories } = event.data.catalogue;
    return categories.flatMap(({ code, weight = 1 }) => {
      const row = { catalogue_id: catalogueId, catalogue_version: version, category: code };
      const hundredths = Math.round(weight * 100);
      return hundredths === USUAL_WEIGHT ? [] : [{ ...row, weight: hundredths }];
    });
  });
}

/** What governs an incident from an event on; null where it changes nothing about that. */
export function pinsOf(entry: IncidentEntry): Pins | null {
  return entry.type === 'IncidentFiled' || entry.type === 'DeadlinesRescheduled' ? entry.data.pins : null;
}

const keyOf = (catalogueId: string, version: number, category: string): string =>
  JSON.stringify([catalogueId, version, category]);

/** The weights that one batch publishes, and those that its filings ask for. */
export class CategoryWeights {
  private readonly weights = new Map<string, number>();

  private constructor(private readonly published: readonly CategoryWeightRow[]) {
    for (const row of published) this.know(row);
  }

  static async of(
    tx: ProjectionTransaction,
    entries: readonly IncidentEntry[],
    published: readonly CategoryWeightRow[],
  ): Promise<CategoryWeights> {
    const weights = new CategoryWeights(published);
    const versions = new Map<string, Pins>();
    for (const entry of entries) {
      const pins = pinsOf(entry);
      if (pins !== null) versions.set(`${pins.catalogueVersion} ${pins.catalogueId}`, pins);
    }
    if (versions.size === 0) return weights;
    const pins = [...versions.values()];
    const rows = await tx.query<CategoryWeightRow>(
      `select catalogue_id, catalogue_version, category, weight
       from unnest($1::text[], $2::integer[]) as u (id, version)
       join category_weights w on w.catalogue_id = u.id and w.catalogue_version = u.version`,
      [pins.map(({ catalogueId }) => catalogueId), pins.map(({ catalogueVersion }) => catalogueVersion)],
    );
    for (const row of rows) weights.know(row);
    return weights;
  }

  private know({ catalogue_id, catalogue_version, category, weight }: CategoryWeightRow): void {
    this.weights.set(keyOf(catalogue_id, catalogue_version, category), weight);
  }

  /** Hundredths. */
  weightOf(category: string, { catalogueId, catalogueVersion }: Pins): number {
    return this.weights.get(keyOf(catalogueId, catalogueVersion, category)) ?? USUAL_WEIGHT;
  }

  write(tx: ProjectionTransaction): Promise<void> {
    return writeCategoryWeights.run(tx, this.published);
  }
}
