import type { EventStore } from '@shaoying/event-store';
import { apiKeyIndex } from '@shaoying/identity';
import { incidentProjections } from '@shaoying/incident-read-models';
import { isSame, ProjectionEngine } from '@shaoying/projections';
import { waitFor } from './wait-for.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Every table of every read model has, row by row, what a rebuild from scratch gives, wherever a server goes on filling it.
 * One that is stopped has nothing to be compared with: a spec that stops one says so itself.
 */
export async function expectAsRebuilt(readModelUrl: string, log: EventStore): Promise<void> {
  const projections = [...incidentProjections, apiKeyIndex];
  const engine = new ProjectionEngine({ store: log, url: readModelUrl, projections, log: quiet });
  const statuses = await waitFor('the read models can be asked', () => engine.status());
  for (const { name } of statuses.filter(({ status }) => status === 'running')) {
    const { comparison } = await waitFor(`${name} is at the end of the log`, async () => {
      const outcome = await engine.rebuild(name, { compareOnly: true, comparedRowsMax: null });
      return outcome.comparison !== null && outcome;
    });
    expect({ name, different: comparison?.filter((table) => !isSame(table)) }).toEqual({
      name,
      different: [],
    });
  }
}
