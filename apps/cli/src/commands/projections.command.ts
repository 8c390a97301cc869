import type { ProjectionStatus } from '@shaoying/projections';
import { codeOf, CommandFailed, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { allProjections, projectionEngine } from '../read-models.js';
import { show, table, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

/** `projections list`: the read models this release knows; asks no database. */
export function listProjections(json: boolean, terminal: Terminal): void {
  const known = allProjections.map(({ name, version, eventTypes }) => ({ name, version, eventTypes }));
  show(terminal, json, known, () =>
    table([['NAME', 'VERSION'], ...known.map(({ name, version }) => [name, String(version)])]),
  );
}

/** `projections status`: exit code 1 when one is stopped, so that a monitor may ask. */
export async function projectionsStatus(
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<ExitCode> {
  const statuses = await projectionEngine(workplace).status();
  show(terminal, json, statuses, () => statusLines(statuses));
  return statuses.some(({ status }) => status === 'stopped') ? EXIT.failed : EXIT.ok;
}

function statusLines(statuses: readonly ProjectionStatus[]): string[] {
  const rows = statuses.map((it) => [
    it.name,
    it.version === null
      ? '—'
      : `${it.version}${it.version === it.codeVersion ? '' : ` (code ${it.codeVersion})`}`,
    it.status,
    it.held ? 'yes' : 'no',
    it.position,
    `${it.lagEvents} events, ${it.lagSeconds.toFixed(1)} s`,
  ]);
  const troubles = statuses.flatMap(({ name, error, errorPosition, rebuild }) => [
    ...(error === null ? [] : [`${name} stopped at position ${errorPosition}: ${error}`]),
    ...(rebuild === null ? [] : [`${name}: rebuild of version ${rebuild.version} is at ${rebuild.position}`]),
  ]);
  return [...table([['NAME', 'VERSION', 'STATUS', 'ACTIVE', 'POSITION', 'BEHIND'], ...rows]), ...troubles];
}

export interface RebuildCommandOptions {
  readonly name: string;
  /** Goes on with a rebuild that was stopped. */
  readonly resume: boolean;
  readonly json: boolean;
}

/** `projections rebuild`: fills new tables beside the serving ones, then swaps. */
export async function rebuildReadModel(
  { name, resume, json }: RebuildCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<void> {
  if (!isKnown(name)) throw unknown(name);
  const engine = projectionEngine(workplace);
  const head = await workplace.stores.log.head();
  const startedMs = performance.now();
  let events = 0;
  const progress = await startProgress(terminal, 'events');
  // For the bar alone: positions are dense on PostgreSQL, elsewhere the bar ends early.
  const expected = Number(head);
  try {
    await engine.rebuild(name, {
      ...{ signal, resume },
      onProgress: (reached) => {
        events = reached.events;
        progress.update(events, Math.max(expected, events));
      },
    });
  } catch (error) {
    if (codeOf(error) !== 'REBUILD_ABORTED') throw error;
    throw new CommandFailed(
      `stopped before the end; nothing that is served has changed. Go on with: projections rebuild ${name} --resume`,
    );
  } finally {
    progress.stop();
  }
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  show(terminal, json, { name, events, seconds }, () => [
    `${name}: rebuilt from ${events} events in ${seconds} s`,
  ]);
}

/** `projections retry`: lets a stopped one try its event again, in whichever process runs it. */
export async function retryProjection(
  name: string,
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  if (!isKnown(name)) throw unknown(name);
  const retried = await projectionEngine(workplace).retry(name);
  show(terminal, json, { name, retried }, () => [
    retried ? `${name} tries its event again` : `${name} is not stopped; nothing to retry`,
  ]);
}

const isKnown = (name: string): boolean => allProjections.some((projection) => projection.name === name);

function unknown(name: string): UsageError {
  const known = allProjections.map((projection) => projection.name).join(', ');
  return new UsageError(`no read model is called ${name}; there are ${known}`);
}
