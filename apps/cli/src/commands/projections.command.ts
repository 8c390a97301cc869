import { isPosition, START } from '@shaoying/event-store';
import {
  isSame,
  type ProjectionStatus,
  type RebuildOutcome,
  type RebuildPhase,
  type SkippedEvent,
  type TableComparison,
} from '@shaoying/projections';
import { codeOf, CommandFailed, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { allProjections, projectionEngine } from '../read-models.js';
import { show, table, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

/** `projections list`: every read model, how far it is, and what has stopped it. */
export async function listProjections(
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  await tellStatuses(json, terminal, workplace);
}

/** `projections status`: the same; exit code 1 when one is stopped, so that a monitor may ask. */
export async function projectionsStatus(
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<ExitCode> {
  const statuses = await tellStatuses(json, terminal, workplace);
  return statuses.some(({ status }) => status === 'stopped') ? EXIT.failed : EXIT.ok;
}

type ToldStatus = ProjectionStatus & { readonly skipped: readonly SkippedEvent[] };

async function tellStatuses(
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<readonly ToldStatus[]> {
  const engine = projectionEngine(workplace);
  const statuses = await Promise.all(
    (await engine.status()).map(async (status) => ({
      ...status,
      skipped: await engine.skipped(status.name),
    })),
  );
  show(terminal, json, statuses, () => statusLines(statuses));
  return statuses;
}

function statusLines(statuses: readonly ToldStatus[]): string[] {
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
  const troubles = statuses.flatMap(({ name, error, errorPosition, rebuild, retired, skipped }) => [
    ...(error === null ? [] : [`${name} stopped at position ${errorPosition}: ${error}`]),
    ...(rebuild === null ? [] : [`${name}: rebuild of version ${rebuild.version} is at ${rebuild.position}`]),
    ...(retired === null
      ? []
      : [
          `${name}: tables of version ${retired.version} that served until ${instant(retired.retiredAt)} are kept`,
        ]),
    ...skipped.map(
      ({ eventType, position, by, skippedAt, reason }) =>
        `${name} passes by ${eventType} at position ${position}: ${reason} (${by}, ${skippedAt})`,
    ),
  ]);
  return [...table([['NAME', 'VERSION', 'STATUS', 'ACTIVE', 'POSITION', 'BEHIND'], ...rows]), ...troubles];
}

const instant = (at: Date): string => at.toISOString();

export interface RebuildCommandOptions {
  readonly name: string;
  /** Goes on with a rebuild that was stopped. */
  readonly resume: boolean;
  /** The tables that serve stay; every row of them is compared. */
  readonly compareOnly: boolean;
  readonly json: boolean;
}

/** `projections rebuild` and `compare`: fills new tables beside the serving ones and compares; then swaps, or drops them. */
export async function rebuildReadModel(
  { name, resume, compareOnly, json }: RebuildCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<ExitCode> {
  if (!isKnown(name)) throw unknown(name);
  const startedMs = performance.now();
  const progress = await startProgress(terminal, 'events');
  let outcome: RebuildOutcome;
  try {
    outcome = await projectionEngine(workplace).rebuild(name, {
      ...{ signal, resume, compareOnly },
      ...(compareOnly && { comparedRowsMax: null }),
      onPhase: (phase) => progress.phase(phaseWords[phase]),
      // Positions are dense on PostgreSQL; elsewhere it ends earlier than is said.
      onProgress: ({ events, position, head }) =>
        progress.update(events, events + Math.max(0, Number(BigInt(head) - BigInt(position)))),
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
  show(terminal, json, { ...outcome, seconds }, () => [
    ...(outcome.from === START ? [] : [`${name}: gone on with from position ${outcome.from}`]),
    `${name}: ${compareOnly ? 'compared with' : 'rebuilt from'} ${outcome.events} events in ${seconds} s`,
    ...comparisonLines(outcome),
  ]);
  return compareOnly && outcome.comparison?.every(isSame) !== true ? EXIT.failed : EXIT.ok;
}

const phaseWords: Readonly<Record<RebuildPhase, string | null>> = {
  FILLING: null,
  COMPLETING: 'making indexes and what is made of all rows',
  COMPARING: 'comparing with what is served',
  SWAPPING: 'swapping',
};

function comparisonLines({ name, version, comparison, comparedWith, swapped }: RebuildOutcome): string[] {
  if (comparison === null)
    return [
      'not compared: no tables served, or none that were at a position at which the new ones were, too',
    ];
  const other = comparedWith?.version === version ? '' : `, version ${comparedWith?.version} with ${version}`;
  return [
    `compared at position ${comparedWith?.position}${other}`,
    ...table([
      ['TABLE', 'SERVED', 'NEW', 'COMPARED', 'DIFFERENT'],
      ...comparison.map((one) => [
        one.table,
        ...[one.serving, one.rebuilt].map((rows) => (rows === null ? '—' : String(rows))),
        ...differenceCells(one),
      ]),
    ]),
    ...(swapped ? [`the tables that served are kept for a day: projections rollback ${name}`] : []),
  ];
}

function differenceCells({ shape, compared, different }: TableComparison): [string, string] {
  switch (shape) {
    case 'EQUAL':
      return [String(compared), String(different)];
    case 'OTHER_COLUMNS':
      return ['—', 'other columns'];
    case 'NEW':
      return ['—', 'new table'];
    case 'GONE':
      return ['—', 'table is gone'];
  }
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

/** `projections skip`: an event that a stopped one cannot apply is passed by, and the log says who answers for it and why. */
export async function skipEvent(
  {
    name,
    position,
    by,
    reason,
    json,
  }: {
    readonly name: string;
    readonly position: string;
    readonly by: string;
    readonly reason: string;
    readonly json: boolean;
  },
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  if (!isKnown(name)) throw unknown(name);
  if (!isPosition(position)) throw new UsageError('position must be that of an event: a number');
  try {
    const skipped = await projectionEngine(workplace).skip(name, position, { by, reason });
    show(terminal, json, skipped, () => [
      `${name} passes by ${skipped.eventType} at position ${position}, also when it is rebuilt`,
    ]);
  } catch (error) {
    if (codeOf(error) === 'INVALID_SKIP') throw new UsageError(messageOf(error));
    if (codeOf(error) === 'NOT_STOPPED_THERE') throw new CommandFailed(messageOf(error));
    throw error;
  }
}

/** `projections rollback`: the tables that the last rebuild has replaced serve again. */
export async function rollBackReadModel(
  name: string,
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  if (!isKnown(name)) throw unknown(name);
  const codeVersion = allProjections.find((projection) => projection.name === name)?.version;
  const { version, position } = await toldAsFailure(projectionEngine(workplace).rollBack(name));
  show(terminal, json, { name, version, position }, () => [
    `${name}: version ${version} serves again, from position ${position} on`,
    ...(version === codeVersion
      ? []
      : ['a server of this release will rebuild it: start the release that has this version']),
  ]);
}

/** `projections discard`: drops the tables that the last rebuild has replaced. */
export async function discardRetired(
  name: string,
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  if (!isKnown(name)) throw unknown(name);
  const dropped = await toldAsFailure(projectionEngine(workplace).dropRetired(name));
  show(terminal, json, { name, dropped }, () => [
    dropped ? `${name}: the tables that served before are dropped` : `${name}: no tables are kept`,
  ]);
}

async function toldAsFailure<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (['NOTHING_RETIRED', 'REBUILD_UNDER_WAY'].includes(codeOf(error) ?? ''))
      throw new CommandFailed(messageOf(error));
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isKnown = (name: string): boolean => allProjections.some((projection) => projection.name === name);

function unknown(name: string): UsageError {
  const known = allProjections.map((projection) => projection.name).join(', ');
  return new UsageError(`no read model is called ${name}; there are ${known}`);
}
