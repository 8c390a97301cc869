import { Command, CommanderError } from 'commander';
import type { IssueOptions } from './commands/api-keys.command.js';
import { asJson, type Json } from './as-json.js';
import { EXIT, exitCodeOf, UsageError, type ExitCode } from './cli.errors.js';
import { onInterruption, onLostOutput } from './interruption.js';
import { addAuditKey, addVerify } from './audit.arguments.js';
import { addProjections } from './projections.arguments.js';
import { addReplay } from './replay.arguments.js';
import { addSimulate } from './simulate.arguments.js';
import { callerPath, processTerminal as terminal } from './terminal.js';

// Commands are imported when they run: `--help` must not wait for NestJS and PostgreSQL to load.

const exitCodes = `
Exit codes: 0 done · 1 failed or stopped before the end · 2 wrong arguments, settings or map; nothing was done
            3 done, but some rows were rejected

Settings come from the environment, as for the server: DATA_DIR, EVENT_STORE_URL, READ_MODEL_URL, TIMERS_URL,
LOG_LEVEL (default warn; logs go to standard error). Commands run beside a running server or without one.`;

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
  addPolicy(shaoying);
  addImport(shaoying);
  addReplay(shaoying, (code) => (exitCode = code));
  addSimulate(shaoying);
  addProjections(shaoying, (code) => (exitCode = code));
  addVerify(shaoying, (code) => (exitCode = code));
  addAuditKey(shaoying);
  addTimers(shaoying);
  addRestored(shaoying);
  addForget(shaoying);
  addMasterKey(shaoying);
  addFiles(shaoying);
  addSeed(shaoying);
  addCalendar(shaoying);
  addJurisdiction(shaoying);
  addApiKeys(shaoying);
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

function addPolicy(shaoying: Command): void {
  shaoying
    .command('policy')
    .description('who may do what: every operation with its roles and how their unit must stand to it')
    .addOption(asJson())
    .action(async ({ json }: Json) => {
      (await import('./commands/policy.command.js')).printPolicy(json, terminal);
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

function addTimers(shaoying: Command): void {
  const timers = shaoying.command('timers').description('deadlines and their alarm clock');
  timers
    .command('status')
    .description('open and due deadlines, and the state of the alarm clock')
    .addOption(asJson())
    .action(async ({ json }: Json) => {
      const { timersStatus } = await import('./commands/timers.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => timersStatus(json, terminal, place));
    });
  timers
    .command('rearm')
    .description('arm the deadlines that are near again, after the alarm clock lost its memory')
    .option('--within <time>', 'how far ahead: 90s, 15m, 12h, 7d; the server itself arms 15m', '15m')
    .addOption(asJson())
    .action(async ({ within, json }: Json & { within: string }) => {
      const { rearmTimers } = await import('./commands/timers.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => rearmTimers({ within, json }, terminal, place));
    });
}

function addRestored(shaoying: Command): void {
  shaoying
    .command('restored')
    .description(
      'after the log was restored from a backup and the read models were not: consumer groups and webhooks are set back, read models filled anew',
    )
    .option('--to <position>', 'where the log ended when it was restored (default: it is found)')
    .option('--dry-run', 'say what would be done, change nothing', false)
    .addOption(asJson())
    .addHelpText('after', '\nStop every server before. Described in docs/how-to/back-up-and-restore.md.')
    .action(async ({ to, dryRun, json }: Json & { to?: string; dryRun: boolean }) => {
      const { signal } = onInterruption((text) => terminal.note(text));
      const { afterRestore } = await import('./commands/restored.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => afterRestore({ to: to ?? null, dryRun, json }, terminal, signal, place));
    });
}

function addForget(shaoying: Command): void {
  shaoying
    .command('forget')
    .argument('[subject]', 'the reference to a person that incidents show')
    .description('forget a person for ever: their key is destroyed, the case stays whole; again does nothing')
    .option('--incident <id>', 'the reporter of this incident')
    .addOption(asJson())
    .action(async (subject: string | undefined, { incident, json }: Json & { incident?: string }) => {
      const { forgetPerson } = await import('./commands/forget.command.js');
      const { atWork } = await import('./workplace.js');
      const options = { subjectId: subject ?? null, incidentId: incident ?? null, json };
      await atWork((place) => forgetPerson(options, terminal, place));
    });
}

function addMasterKey(shaoying: Command): void {
  const masterKey = shaoying.command('master-key').description('the key that wraps the keys of persons');
  masterKey
    .command('status')
    .description('which one is in use, and how many keys each wraps')
    .addOption(asJson())
    .action(async ({ json }: Json) => {
      const { tellMasterKeys } = await import('./commands/master-key.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => tellMasterKeys(json, terminal, place));
    });
  masterKey
    .command('rotate')
    .description('exchange it while the servers run; when it was stopped, again goes on')
    .option(
      '--to <fingerprint>',
      'a key that lies in DATA_DIR/keys of every server (default: makes a new one)',
    )
    .option('--destroy-old', 'delete the file of the one before at the end', false)
    .addOption(asJson())
    .action(async ({ to, destroyOld, json }: Json & { to?: string; destroyOld: boolean }) => {
      const { rotateMasterKeys } = await import('./commands/master-key.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => rotateMasterKeys({ to: to ?? null, destroyOld, json }, terminal, place));
    });
}

function addFiles(shaoying: Command): void {
  const files = shaoying.command('files').description('photos that are kept as evidence');
  files
    .command('sweep')
    .description('remove photos that no event names; to be run now and then, by whatever runs things nightly')
    .option('--older-than <time>', 'only what nobody has sent since: 1d to 30d', '30d')
    .option('--dry-run', 'say how many, remove nothing', false)
    .addOption(asJson())
    .action(async (options: Json & { olderThan: string; dryRun: boolean }) => {
      const { sweepFiles } = await import('./commands/files.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => sweepFiles(options, terminal, place));
    });
  files
    .command('remove')
    .argument('<sha256>', 'as events name it')
    .description('remove one photo for ever, named or not; its hash stays in the log')
    .addOption(asJson())
    .action(async (sha256: string, { json }: Json) => {
      const { removeFile } = await import('./commands/files.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => removeFile(sha256, json, terminal, place));
    });
}

const seedMax = 100_000;

function addSeed(shaoying: Command): void {
  shaoying
    .command('seed')
    .description('make demo incidents in every state of the main path; seeding again adds nothing twice')
    .option('--incidents <n>', `how many, up to ${seedMax}`, '18')
    .addOption(asJson())
    .action(async ({ incidents, json }: Json & { incidents: string }) => {
      const count = /^\d{1,6}$/.test(incidents) ? Number(incidents) : Number.NaN;
      if (!(count >= 1 && count <= seedMax)) {
        throw new UsageError(`--incidents must be a whole number from 1 to ${seedMax}`);
      }
      const { signal } = onInterruption((text) => terminal.note(text));
      const { seedIncidents } = await import('./commands/seed.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => seedIncidents(count, json, terminal, signal, place));
    });
}

function addCalendar(shaoying: Command): void {
  shaoying
    .command('calendar')
    .description('working calendars')
    .command('due')
    .argument('<calendarId>', "such as default, the sample city's")
    .description('when a time allowed is over; records nothing')
    .requiredOption('--start <time>', 'such as 2026-02-13T16:00 (Asia/Shanghai) or with an offset')
    .requiredOption('--amount <n>', 'such as 3')
    .requiredOption('--unit <unit>', 'WORKING_HOUR, WORKING_DAY, CALENDAR_DAY or CLOCK_HOUR')
    .addOption(asJson())
    .action(async (calendarId: string, options: Json & { start: string; amount: string; unit: string }) => {
      const { calendarDue } = await import('./commands/calendar.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => calendarDue({ calendarId, ...options }, terminal, place));
    });
}

function addJurisdiction(shaoying: Command): void {
  const jurisdiction = shaoying
    .command('jurisdiction')
    .description(
      'org units, grids, catalogues, policies, ladders, calendars and metric definitions as one file',
    );
  jurisdiction
    .command('export')
    .description('print the jurisdiction in force as YAML: shaoying jurisdiction export > city.yaml')
    .action(async () => {
      const { exportJurisdiction } = await import('./commands/jurisdiction.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => exportJurisdiction(terminal, place));
    });
  jurisdiction
    .command('import')
    .argument('<file.yaml>', 'such as samples/lindong.yaml')
    .description('publish what differs from what is in force; the same file again publishes nothing')
    .option('--dry-run', 'say what would be published and what is wrong, write nothing', false)
    .addOption(asJson())
    .action(async (file: string, { dryRun, json }: Json & { dryRun: boolean }) => {
      const { importJurisdiction } = await import('./commands/jurisdiction.command.js');
      const { atWork } = await import('./workplace.js');
      const options = { file: callerPath(file), dryRun, json };
      exitCode = await atWork((place) => importJurisdiction(options, terminal, place));
    });
  jurisdiction
    .command('check')
    .argument('<file.yaml>')
    .description('what is wrong with a file by itself; needs no log')
    .addOption(asJson())
    .action(async (file: string, { json }: Json) => {
      const { checkJurisdiction } = await import('./commands/jurisdiction.command.js');
      exitCode = await checkJurisdiction({ file: callerPath(file), json }, terminal);
    });
  jurisdiction
    .command('locate')
    .argument('<lon>', 'degrees; in front of a negative one say --')
    .argument('<lat>')
    .description('the grid of a point; records nothing')
    .option('--crs <system>', 'WGS84 (GPS), GCJ02 (AMap, Tencent) or BD09 (Baidu)', 'WGS84')
    .option('--at <instant>', 'by the boundaries that held then (default: now)')
    .addOption(asJson())
    .action(async (lon: string, lat: string, { crs, at, json }: Json & { crs: string; at?: string }) => {
      const { locatePoint } = await import('./commands/jurisdiction.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => locatePoint({ lon, lat, crs, at: at ?? null, json }, terminal, place));
    });
}

function addApiKeys(shaoying: Command): void {
  const keys = shaoying.command('api-keys').description('API keys of department systems');
  keys
    .command('list')
    .description('all keys, without their secrets')
    .addOption(asJson())
    .action(async ({ json }: Json) => {
      const { listApiKeys } = await import('./commands/api-keys.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => listApiKeys(json, terminal, place));
    });
  keys
    .command('issue')
    .description('a key for a system; the key itself is printed once and cannot be shown again')
    .requiredOption('--label <text>', 'the system that will use it; never the name of a person')
    .requiredOption('--org <id>', 'unit that the system acts for, such as dp-water')
    .option('--role <role>', 'what it acts as', 'department')
    .option('--read-only', 'it may read, and change nothing', false)
    .option('--days <n>', 'how long it lives; API_KEY_DAYS_MAX at the most', '90')
    .addOption(asJson())
    .action(async (options: IssueOptions) => {
      const { issueApiKey } = await import('./commands/api-keys.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => issueApiKey(options, terminal, place));
    });
  keys
    .command('rotate')
    .argument('<id>')
    .description('a new secret; the former one goes on to count for a while')
    .option('--overlap <time>', 'for how long: 90s, 15m, 12h, 7d', '24h')
    .option('--days <n>', 'how long the key lives from now (default: as long again as before)')
    .addOption(asJson())
    .action(async (id: string, options: Json & { overlap: string; days?: string }) => {
      const { rotateApiKey } = await import('./commands/api-keys.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => rotateApiKey(id, options, terminal, place));
    });
  keys
    .command('revoke')
    .argument('<id>')
    .description('end a key at once, for every process')
    .addOption(asJson())
    .action(async (id: string, { json }: Json) => {
      const { revokeApiKey } = await import('./commands/api-keys.command.js');
      const { atWork } = await import('./workplace.js');
      await atWork((place) => revokeApiKey(id, json, terminal, place));
    });
}

/** Commander has told the user already; its code for wrong usage is 1, ours is 2. */
function exitCodeAfter(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  terminal.note(error instanceof Error ? error.message : String(error));
  if (error instanceof Error && process.env['LOG_LEVEL'] === 'debug') terminal.note(error.stack ?? '');
  return exitCodeOf(error);
}

async function main(): Promise<void> {
  onLostOutput((remark) => {
    if (remark !== null) terminal.note(remark);
    // At the very end: the command goes on to its own, and does not know of this.
    process.once('exit', () => {
      if (exitCode === EXIT.ok) process.exitCode = EXIT.failed;
    });
  });
  try {
    await program().parseAsync(process.argv);
  } catch (error) {
    exitCode = exitCodeAfter(error);
  }
  process.exitCode = exitCode;
}

void main();
