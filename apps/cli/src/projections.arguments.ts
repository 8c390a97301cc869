import type { Command } from 'commander';
import { asJson, type Json } from './as-json.js';
import { UsageError, type ExitCode } from './cli.errors.js';
import type { RebuildCommandOptions, SkipCommandOptions } from './commands/projections.command.js';
import { onInterruption } from './interruption.js';
import { processTerminal as terminal } from './terminal.js';

/** `projections …`. @param end is told the exit code where it is not that of success */
export function addProjections(shaoying: Command, end: (exitCode: ExitCode) => void): void {
  const projections = shaoying
    .command('projections')
    .description('read models: list, status, rebuild, compare, rollback, discard, retry, skip');
  projections
    .command('list')
    .description('the read models: how far each is, and what has stopped it')
    .addOption(asJson())
    .action(async ({ json }: Json) => {
      const { listProjections } = await import('./commands/projections.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => listProjections(json, terminal, place));
    });
  projections
    .command('status')
    .description('the same; exit code 1 when one is stopped')
    .addOption(asJson())
    .action(async ({ json }: Json) => {
      const { projectionsStatus } = await import('./commands/projections.command.js');
      const { atWork } = await import('./workplace.js');
      end(await atWork((place) => projectionsStatus(json, terminal, place)));
    });
  projections
    .command('rebuild')
    .argument('<name>')
    .description('fill a read model from the log anew while the present one serves, compare, then swap')
    .option('--from-start', 'start over, instead of going on with a rebuild that was stopped', false)
    .addOption(asJson())
    .action(async (name: string, { fromStart, json }: Json & { fromStart: boolean }) =>
      end(await rebuild({ name, fromStart, compareOnly: false, json })),
    );
  projections
    .command('compare')
    .argument('<name>')
    .description('fill it anew and compare every row with what is served; exit code 1 when any differs')
    .addOption(asJson())
    .action(async (name: string, { json }: Json) =>
      end(await rebuild({ name, fromStart: true, compareOnly: true, json })),
    );
  addRemedies(projections);
}

async function rebuild(options: RebuildCommandOptions): Promise<ExitCode> {
  const { signal } = onInterruption((text) => terminal.note(text));
  const { rebuildReadModel } = await import('./commands/projections.command.js');
  const { atWork } = await import('./workplace.js');
  return atWork((place) => rebuildReadModel(options, terminal, signal, place));
}

/** What is done about a read model that has gone wrong. */
function addRemedies(projections: Command): void {
  projections
    .command('rollback')
    .argument('<name>')
    .description('let the tables serve again that the last rebuild has replaced')
    .addOption(asJson())
    .action(async (name: string, { json }: Json) => {
      const { rollBackReadModel } = await import('./commands/projections.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => rollBackReadModel(name, json, terminal, place));
    });
  projections
    .command('discard')
    .argument('<name>')
    .description('drop the tables that the last rebuild has replaced; after a day it is done anyway')
    .addOption(asJson())
    .action(async (name: string, { json }: Json) => {
      const { discardRetired } = await import('./commands/projections.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => discardRetired(name, json, terminal, place));
    });
  projections
    .command('retry')
    .argument('<name>')
    .description('let a stopped read model try its event again')
    .addOption(asJson())
    .action(async (name: string, { json }: Json) => {
      const { retryProjection } = await import('./commands/projections.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => retryProjection(name, json, terminal, place));
    });
  projections
    .command('skip')
    .usage('<name> <position> [options] | --all <position> [options]')
    .argument('<name>', 'with --all left out')
    .argument('[position]', 'of the event it is stopped at, or its rebuild, as list shows it')
    .description('let a stopped read model pass by its event, for ever; the log keeps who said so and why')
    .requiredOption('--by <account>', 'of whoever answers for it, never a name')
    .requiredOption('--reason <text>', 'without names, numbers or addresses of persons')
    .option('--all', 'all read models that are stopped there, as at an event that nobody can read', false)
    .addOption(asJson())
    .action(async (first: string, second: string | undefined, options: Json & SkipTexts) => {
      const { skipEvent } = await import('./commands/projections.command.js');
      const { atWork } = await import('./workplace.js');
      const skip = skipOptions(first, second, options);
      await atWork((place) => skipEvent(skip, terminal, place));
    });
}

interface SkipTexts {
  readonly by: string;
  readonly reason: string;
  readonly all: boolean;
}

/** @throws UsageError */
function skipOptions(
  first: string,
  second: string | undefined,
  { all, by, reason, json }: Json & SkipTexts,
): SkipCommandOptions {
  if (all !== (second === undefined))
    throw new UsageError('give the name of a read model and a position, or --all and a position');
  return {
    ...(all ? { name: null, position: first } : { name: first, position: second ?? '' }),
    by,
    reason,
    json,
  };
}
