import { auditTree, type TreeAlgorithm } from '@shaoying/audit';
import { comparePositions, type Position } from '@shaoying/event-store';
import { apiKeyIndex } from '@shaoying/identity';
import { incidentProjections } from '@shaoying/incident-read-models';
import { ProjectionEngine, type Projection, type ProjectionStatus } from '@shaoying/projections';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed } from './cli.errors.js';
import type { Progress } from './progress.js';
import type { Workplace } from './workplace.js';

const pollMs = 100;
const readyMsMax = 30_000;
/** No event applied for this long although some are waiting: whoever holds the projection is not working. */
const standstillMsMax = 60_000;

const readModels = (algorithm: TreeAlgorithm): readonly Projection[] => [
  ...incidentProjections,
  apiKeyIndex,
  auditTree(algorithm),
];

/** Every read model, as the server's role `projector` fills them; by their names, since the tree's hash is a setting. */
export const allProjections = readModels('sha256');

export function projectionEngine({ config, stores, logger }: Workplace): ProjectionEngine {
  return new ProjectionEngine({
    store: stores.log,
    url: stores.readModelUrl,
    projections: readModels(config.audit.algorithm),
    log: logger,
  });
}

/**
 * Brings every read model up to a position: by running projections here, or, where a server runs them, by waiting for
 * it; whoever holds the lock does the work. @throws CommandFailed when one is stopped or none moves
 */
export async function catchUpReadModels(
  workplace: Workplace,
  position: Position,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const engine = projectionEngine(workplace);
  engine.start();
  try {
    if (!(await engine.ready(readyMsMax))) throw new CommandFailed('the read models cannot be set up');
    let before = '';
    let lagAtFirst = 0;
    let movedMs = performance.now();
    for (;;) {
      const behind = await stillBehind(engine, position);
      const lag = Math.max(0, ...behind.map(({ lagEvents }) => lagEvents));
      lagAtFirst = Math.max(lagAtFirst, lag);
      progress.update(lagAtFirst - lag, lagAtFirst);
      if (behind.length === 0 || signal.aborted) return;
      const now = behind.map((status) => status.position).join();
      if (now !== before) movedMs = performance.now();
      before = now;
      if (performance.now() - movedMs > standstillMsMax) {
        throw new CommandFailed(
          `the read models have not moved for ${standstillMsMax / 1_000} s: see projections status`,
        );
      }
      await sleep(pollMs);
    }
  } finally {
    await engine.stop();
  }
}

/** The read models that have not reached `position`. @throws CommandFailed when one is stopped */
async function stillBehind(engine: ProjectionEngine, position: Position): Promise<ProjectionStatus[]> {
  const statuses = await engine.status();
  const stopped = statuses.find(({ status }) => status === 'stopped');
  if (stopped) {
    throw new CommandFailed(
      `read model ${stopped.name} is stopped at position ${stopped.errorPosition}: ${stopped.error}`,
    );
  }
  return statuses.filter((status) => comparePositions(status.position, position) < 0);
}
