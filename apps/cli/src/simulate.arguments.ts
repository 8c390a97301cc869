import type { Command } from 'commander';
import { asJson } from './as-json.js';
import type { SimulateOptions } from './commands/simulate.command.js';
import { onInterruption } from './interruption.js';
import { processTerminal as terminal } from './terminal.js';

/** `shaoying simulate`. */
export function addSimulate(shaoying: Command): void {
  shaoying
    .command('simulate')
    .description(
      'live a past window again under another deadline policy, ladder or calendar; writes nothing to the log',
    )
    .requiredOption(
      '--from <day|instant>',
      'incidents filed or whistled for from here on, such as 2026-01-01',
    )
    .requiredOption('--to <day|instant>', 'and before here; days are of Asia/Shanghai')
    .option(
      '--policy <file|id@version>',
      'another policy: YAML or JSON as its publication takes it, or default@2',
    )
    .option('--ladder <file|id@version>', 'another escalation ladder')
    .option('--calendar <file|id@version>', 'another working calendar')
    .option('--district <id>', 'only what lies in this district')
    .option('--street <id>', 'only what lies in this street')
    .option('--department <id>', 'only what this department had a task in')
    .option('--category <code>', 'only this category')
    .option('--differences <file.ndjson>', 'write what would have been otherwise, one by one, here')
    .addOption(asJson())
    .addHelpText('after', '\nCtrl-C ends it. What it says, and cannot say: docs/how-to/what-if.md.')
    .action(async (options: SimulateOptions) => {
      const { signal } = onInterruption((text) => terminal.note(text));
      const { simulate } = await import('./commands/simulate.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => simulate(options, terminal, signal, place));
    });
}
