import { auditTree } from '@shaoying/audit';
import type { EventStore } from '@shaoying/event-store';
import { apiKeyIndex } from '@shaoying/identity';
import { incidentProjections } from '@shaoying/incident-read-models';
import { isSame, ProjectionEngine } from '@shaoying/projections';
import { webhookIndex } from '@shaoying/webhooks';
import { waitFor } from './wait-for.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Of a server without settings of its own for the audit. */
const projections = [...incidentProjections, apiKeyIndex, webhookIndex, auditTree('sha256')];

/**
 * Every table of every read model has, row by row, what a rebuild from scratch gives, wherever a server goes on filling it.
 * @param stopped those that the spec has stopped on purpose: they have nothing to be compared with
 */
export async function expectAsRebuilt(
  readModelUrl: string,
  log: EventStore,
  stopped: ReadonlySet<string> = new Set(),
): Promise<void> {
  const engine = new ProjectionEngine({ store: log, url: readModelUrl, projections, log: quiet });
  const statuses = await waitFor('the read models can be asked', () => engine.status());
  const unasked = statuses.filter(({ name, status }) => status === 'stopped' && !stopped.has(name));
  expect(unasked).toEqual([]);
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
