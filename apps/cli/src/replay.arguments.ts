import type { Command } from 'commander';
import { asJson } from './as-json.js';
import { EXIT, UsageError, type ExitCode } from './cli.errors.js';
import type { ReplayDayTexts } from './commands/replay-day.command.js';
import { onInterruption } from './interruption.js';
import { processTerminal as terminal } from './terminal.js';

// Commands are imported when they run, see main.ts.

/** `replay`. @param end is told the exit code */
export function addReplay(shaoying: Command, end: (exitCode: ExitCode) => void): void {
  shaoying
    .command('replay')
    .argument('[incidentId]')
    .description(
      'one incident as it was at an instant or a revision, and what came next; or the day of a unit, event by event; ' +
        'or the whole log into fresh read models, compared with those that serve',
    )
    .option('--at <instant|revision>', 'such as 2026-02-13T16:00:00+08:00, or 3 (default: as it stands)')
    .option('--day <date>', 'of a unit, midnight to midnight in Asia/Shanghai, such as 2026-03-02')
    .option('--from <instant>', 'instead of --day, with --to')
    .option('--to <instant>', 'instead of --day, with --from; 31 days at the most')
    .option('--department <id>', 'whose day, such as dp-water')
    .option('--street <id>', 'whose day, such as st-hepan')
    .option('--unit <id>', 'whose day: a community, estate, district or city')
    .option('--speed <speed>', 'of a day: times faster than it was, 1x to 86400x, or max', 'max')
    .option(
      '--all',
      'the whole log into fresh tables beside the serving ones, dropped again afterwards',
      false,
    )
    .option('--compare', 'with --all: compare the fresh tables with the serving ones', false)
    .option('--only <name>', 'with --all: this read model alone')
    .option(
      '--until <position>',
      'with --all, without --compare: up to here, and tell what the tables are then',
    )
    .addOption(asJson())
    .addHelpText(
      'after',
      '\nWith --json a day is one JSON object a line. With --all --compare exit code 1 says that something differs.',
    )
    .action(async (incidentId: string | undefined, options: ReplayTexts) => {
      end(await replay(incidentId, options));
    });
}

interface ReplayTexts extends ReplayDayTexts {
  readonly at?: string;
  readonly all: boolean;
  readonly compare: boolean;
  readonly only?: string;
  readonly until?: string;
}

/** Three commands in one word: of an incident, of a unit's day, of everything. */
async function replay(incidentId: string | undefined, options: ReplayTexts): Promise<ExitCode> {
  const { atWork } = await import('./workplace.js');
  const { json, at = null } = options;
  if (options.all) {
    if (incidentId !== undefined) throw new UsageError('give an incident or --all');
    const { comparisonOptions, replayAll } = await import('./commands/replay-all.command.js');
    const request = comparisonOptions(options);
    const { signal } = onInterruption((text) => terminal.note(text));
    return atWork((place) => replayAll(request, terminal, signal, place));
  }
  if (incidentId !== undefined) {
    const { replayIncident, pointOf } = await import('./commands/replay.command.js');
    pointOf(at);
    await atWork((place) => replayIncident({ incidentId, at, json }, terminal, place));
    return EXIT.ok;
  }
  const { replayDay, replayDayOptions } = await import('./commands/replay-day.command.js');
  const request = replayDayOptions(options);
  const { signal } = onInterruption((text) => terminal.note(text));
  await atWork((place) => replayDay(request, terminal, signal, place));
  return EXIT.ok;
}
