import { auditTree } from '@shaoying/audit';
import type { EventStore } from '@shaoying/event-store';
import { apiKeyIndex } from '@shaoying/identity';
import { incidentProjections } from '@shaoying/incident-read-models';
import { isSame, ProjectionEngine, type Projection } from '@shaoying/projections';
import { webhookIndex } from '@shaoying/webhooks';
import { waitFor } from './wait-for.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Of a server without settings of its own for the audit. */
const ofServer: readonly Projection[] = [
  ...incidentProjections,
  apiKeyIndex,
  webhookIndex,
  auditTree('sha256'),
];

export interface Filled {
  /** Those that the spec has stopped on purpose: they have nothing to be compared with. */
  readonly stopped?: ReadonlySet<string>;
  /** All that are filled there. Default: those of a server. */
  readonly projections?: readonly Projection[];
}

/** Every table of every read model has, row by row, what a rebuild from scratch gives, wherever somebody goes on filling it. */
export async function expectAsRebuilt(
  readModelUrl: string,
  log: EventStore,
  { stopped = new Set(), projections = ofServer }: Filled = {},
): Promise<void> {
  const engine = new ProjectionEngine({ store: log, url: readModelUrl, projections, log: quiet });
  // One that was never begun would pass for equal.
  const statuses = await waitFor('every read model was begun', async () => {
    const all = await engine.status();
    return all.every(({ status }) => status !== 'absent') && all;
  });
  const unasked = statuses.filter(({ name, status }) => status === 'stopped' && !stopped.has(name));
  expect(unasked).toEqual([]);
  const running = statuses.filter(({ status }) => status === 'running');
  for (const { name } of running) {
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
