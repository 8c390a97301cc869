import { isPosition, START } from '@shaoying/event-store';
import {
  isSame,
  PoisonEvent,
  type ProjectionStatus,
  type RebuildBeginning,
  type RebuildOutcome,
  type RebuildPhase,
  type SkippedByAll,
  type SkippedEvent,
  type TableComparison,
  type ThrownAwayFor,
} from '@shaoying/projections';
import { disagreementWith, makeLeaseTables } from '@shaoying/subscriptions';
import { makeDeliveryTables } from '@shaoying/webhooks';
import { codeOf, CommandFailed, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { allProjections, projectionEngine } from '../read-models.js';
import { show, table, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';
import { followersOf } from './followers.js';

/** `projections list`: every read model, how far it is, and what has stopped it. */
export async function listProjections(
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  await tellStatuses(json, terminal, workplace);
}

/** `projections status`: the same; exit code 1 when one is stopped, or a rebuild of one, so that a monitor may ask. */
export async function projectionsStatus(
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<ExitCode> {
  const statuses = await tellStatuses(json, terminal, workplace);
  const isStopped = ({ status, rebuild }: ProjectionStatus): boolean =>
    status === 'stopped' || (rebuild !== null && rebuild.errorPosition !== null);
  return statuses.some(isStopped) ? EXIT.failed : EXIT.ok;
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
  const troubles = statuses.flatMap(({ name, version, error, errorPosition, rebuild, retired, skipped }) => [
    ...(error === null ? [] : [`${name} stopped at position ${errorPosition}: ${error}`]),
    ...(rebuild === null
      ? []
      : [
          `${name}: rebuild of version ${rebuild.version} is at ${rebuild.position}, ${rebuild.lagEvents} events behind`,
          ...(rebuild.error === null
            ? []
            : [
                `${name}: rebuild of version ${rebuild.version} stopped at position ${rebuild.errorPosition}: ${rebuild.error}`,
              ]),
        ]),
    ...(retired === null
      ? []
      : [
          `${name}: tables of version ${retired.version} that served until ${instant(retired.retiredAt)} are kept`,
        ]),
    ...skipped.map((skip) => {
      const from =
        skip.projectionVersion > (version ?? 0) ? ` from version ${skip.projectionVersion} on` : '';
      return `${name} passes by ${skippedText(skip)}${from}`;
    }),
  ]);
  return [...table([['NAME', 'VERSION', 'STATUS', 'ACTIVE', 'POSITION', 'BEHIND'], ...rows]), ...troubles];
}

const skippedText = ({ eventType, position, reason, by, skippedAt }: SkippedEvent): string =>
  `${eventType} at position ${position}: ${reason} (${by}, ${skippedAt})`;

const instant = (at: Date): string => at.toISOString();

export interface RebuildCommandOptions {
  readonly name: string;
  /** Starts over, instead of going on with a rebuild that was stopped. */
  readonly fromStart: boolean;
  /** The tables that serve stay; every row of them is compared. */
  readonly compareOnly: boolean;
  readonly json: boolean;
}

/** `projections rebuild` and `compare`: fills new tables beside the serving ones and compares; then swaps, or drops them. */
export async function rebuildReadModel(
  { name, fromStart, compareOnly, json }: RebuildCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
  workplace: Workplace,
): Promise<ExitCode> {
  if (!isKnown(name)) throw unknown(name);
  if (name === 'dispatch-feed') await refuseBeneathConsumers(workplace);
  const startedMs = performance.now();
  const progress = await startProgress(terminal, 'events');
  let outcome: RebuildOutcome;
  try {
    outcome = await projectionEngine(workplace).rebuild(name, {
      ...{ signal, fromStart, compareOnly },
      ...(compareOnly && { comparedRowsMax: null }),
      onBeginning: (beginning) => {
        for (const line of beginningLines(name, beginning)) terminal.note(line);
      },
      onPhase: (phase) => progress.phase(phaseWords[phase]),
      // Positions are dense on PostgreSQL; elsewhere it ends earlier than is said.
      onProgress: ({ events, position, head }) =>
        progress.update(events, events + Math.max(0, Number(BigInt(head) - BigInt(position)))),
    });
  } catch (error) {
    throw asRebuildFailure(name, error);
  } finally {
    progress.stop();
  }
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  show(terminal, json, { ...outcome, seconds }, () => [
    ...beginningLines(name, outcome),
    `${name}: ${compareOnly ? 'compared with' : 'rebuilt from'} ${outcome.events} events in ${seconds} s`,
    ...comparisonLines(outcome),
  ]);
  return compareOnly && outcome.comparison?.every(isSame) !== true ? EXIT.failed : EXIT.ok;
}

/**
 * The feeds' tables tell where a log was restored: filled anew beneath consumer groups and webhooks that were given more, they would not, and what is
 * dispatched next would pass them by. @throws CommandFailed
 */
async function refuseBeneathConsumers({ stores }: Workplace): Promise<void> {
  await makeLeaseTables(stores.pool);
  await makeDeliveryTables(stores.pool);
  if ((await disagreementWith(followersOf(stores))) !== null)
    throw new CommandFailed(
      'departments were given what the log does not have: where it was restored from a backup, stop every server and run shaoying restored',
    );
}

function beginningLines(name: string, { from, thrownAway }: RebuildBeginning): string[] {
  if (from !== START) return [`${name}: goes on from position ${from}, to which an earlier rebuild had come`];
  if (thrownAway === null) return [];
  const { version, position, reason } = thrownAway;
  return [
    `${name}: starts over; an earlier rebuild of version ${version} that had come to position ${position} is thrown away: ${reasonWords[reason]}`,
  ];
}

const reasonWords: Readonly<Record<ThrownAwayFor, string>> = {
  ASKED_FOR: 'as asked for',
  OTHER_VERSION: 'it is of another version',
  OTHER_DEFINITION: 'its tables, types of events or settings are not those of this release',
  OTHER_LOG: 'the log was replaced since',
  OTHER_EVENTS_PASSED_BY: 'events are passed by since that it has',
};

/** In words for whoever has to go on from there. */
function asRebuildFailure(name: string, error: unknown): unknown {
  if (codeOf(error) === 'REBUILD_ABORTED')
    return new CommandFailed(
      `stopped before the end; nothing that is served has changed. Go on with: projections rebuild ${name}`,
    );
  if (!(error instanceof PoisonEvent)) return error;
  const { message, position } = error;
  return new CommandFailed(
    [
      `stopped at position ${position}; nothing that is served has changed: ${message}`,
      `Once the cause is gone, go on from there with: projections rebuild ${name}`,
      `Or have it pass by that event, for ever: projections skip ${name} ${position} --by <account> --reason <text>`,
    ].join('\n'),
  );
}

const phaseWords: Readonly<Record<RebuildPhase, string | null>> = {
  FILLING: null,
  COMPLETING: 'making indexes and what is made of all rows',
  COMPARING: 'comparing with what is served',
  SWAPPING: 'swapping',
};

function comparisonLines(outcome: RebuildOutcome): string[] {
  const { name, version, comparison, comparedWith, swapped, leftOut } = outcome;
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
    ...(comparison.every(isSame)
      ? []
      : leftOut.map(
          (skip) => `the new tables leave out ${skippedText(skip)}; those served may differ by it`,
        )),
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

export interface SkipCommandOptions {
  /** Null: all that are stopped there. */
  readonly name: string | null;
  readonly position: string;
  readonly by: string;
  readonly reason: string;
  readonly json: boolean;
}

/**
 * `projections skip`: an event that a stopped one, or a rebuild of it, cannot apply is passed by, and the log says who answers
 * for it and why.
 */
export async function skipEvent(
  { name, position, by, reason, json }: SkipCommandOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  if (name !== null && !isKnown(name)) throw unknown(name);
  if (!isPosition(position)) throw new UsageError('position must be that of an event: a number');
  const engine = projectionEngine(workplace);
  try {
    if (name === null) {
      const all = await engine.skipAll(position, { by, reason });
      show(terminal, json, all, () => skippedByAllLines(all, position));
      return;
    }
    const skipped = await engine.skip(name, position, { by, reason });
    show(terminal, json, skipped, () => [passesByLine(skipped)]);
  } catch (error) {
    if (codeOf(error) === 'INVALID_SKIP') throw new UsageError(messageOf(error));
    if (codeOf(error) === 'NOT_STOPPED_THERE') throw new CommandFailed(messageOf(error));
    throw error;
  }
}

const passesByLine = ({ projection, eventType, position, projectionVersion }: SkippedEvent): string =>
  `${projection} passes by ${eventType} at position ${position} from version ${projectionVersion} on, also when it is rebuilt; a rebuild that is stopped there goes on when it is run again`;

const skippedByAllLines = ({ skipped, toRebuild, notThereYet }: SkippedByAll, position: string): string[] => [
  ...skipped.map(passesByLine),
  ...toRebuild.map(
    (name) => `${name} takes it as it is stored when it is rebuilt: projections rebuild ${name}`,
  ),
  ...notThereYet.map((name) => `${name} has not come to position ${position} yet, and will stop there`),
];

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
