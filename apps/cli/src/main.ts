import { Command, CommanderError, Option } from 'commander';
import { EXIT, exitCodeOf, type ExitCode } from './cli.errors.js';
import { onInterruption } from './interruption.js';
import { callerPath, processTerminal as terminal } from './terminal.js';

// Commands are imported when they run: `--help` must not wait for NestJS and PostgreSQL to load.

const exitCodes = `
Exit codes: 0 done · 1 failed or stopped before the end · 2 wrong arguments, settings or map; nothing was done
            3 done, but some rows were rejected

Settings come from the environment, as for the server: DATA_DIR, EVENT_STORE_URL, READ_MODEL_URL, TIMERS_URL,
LOG_LEVEL (default warn; logs go to standard error). Commands run beside a running server or without one.`;

const asJson = (): Option =>
  new Option('--json', 'print the result as JSON on standard output').default(false);

let exitCode: ExitCode = EXIT.ok;

function program(): Command {
  const shaoying = new Command('shaoying')
    .description(
      'Shaoying 哨应: tokens, imports, replay, read models and timers of a grid-based incident log',
    )
    .exitOverride()
    .showHelpAfterError('(add --help for what can be said here)')
    .addHelpText('after', exitCodes);
  addToken(shaoying);
  addImport(shaoying);
  return shaoying;
}

function addToken(shaoying: Command): void {
  shaoying
    .command('token')
    .description('print an access token of the local issuer (refused in production and with OIDC_ISSUER)')
    .requiredOption('--role <role>', 'role of the caller, such as street-office or department')
    .option('--org <id>', 'org unit the caller acts for, such as st-hepan')
    .option('--sub <id>', 'id of the caller (default: cli-<role>)')
    .option('--ttl <time>', 'valid for: 90s, 15m, 12h, 7d; 30d at the most', '12h')
    .addOption(asJson())
    .action(async ({ role, org, sub, ttl, json }: Record<string, string> & { json: boolean }) => {
      const { printToken } = await import('./commands/token.command.js');
      await printToken(
        { role: role ?? '', org: org ?? null, sub: sub ?? null, ttl: ttl ?? '12h', json },
        terminal,
      );
    });
}

function addImport(shaoying: Command): void {
  const imports = shaoying.command('import').description('bring the past of another system into the log');
  imports
    .command('tickets')
    .argument('<file.csv>', 'CSV with a header line, UTF-8')
    .description('bring closed and open cases into the log, each with the real times of its life')
    .requiredOption('--map <map.json>', 'how the file is read, such as samples/boston311.map.json')
    .option('--report <file>', 'write rejected rows here, as .csv or .json: line, column, code, id, reason')
    .option('--dry-run', 'read and check everything, write nothing to the log', false)
    .addOption(asJson())
    .addHelpText(
      'after',
      '\nRunning it again adds only what is missing: a stopped import is continued that way.\n' +
        'The map and the checks are described in docs/how-to/import-tickets.md.',
    )
    .action(
      async (file: string, options: { map: string; report?: string; dryRun: boolean; json: boolean }) => {
        const { signal } = onInterruption((text) => terminal.note(text));
        const { importTicketFile } = await import('./commands/import-tickets.command.js');
        const { map, report, dryRun, json } = options;
        const request = {
          ...{ file: callerPath(file), map: callerPath(map), dryRun, json },
          report: report === undefined ? null : callerPath(report),
        };
        if (dryRun) exitCode = await importTicketFile(request, terminal, signal, null);
        else {
          const { atWork } = await import('./workplace.js');
          exitCode = await atWork((workplace) => importTicketFile(request, terminal, signal, workplace));
        }
      },
    );
}

/** Commander has told the user already; its code for wrong usage is 1, ours is 2. */
function exitCodeAfter(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  terminal.note(error instanceof Error ? error.message : String(error));
  if (error instanceof Error && process.env['LOG_LEVEL'] === 'debug') terminal.note(error.stack ?? '');
  return exitCodeOf(error);
}

async function main(): Promise<void> {
  try {
    await program().parseAsync(process.argv);
  } catch (error) {
    exitCode = exitCodeAfter(error);
  }
  process.exitCode = exitCode;
}

void main();
