import { Option, type Command } from 'commander';
import { asJson, type Json } from './as-json.js';
import type { ExitCode } from './cli.errors.js';
import { onInterruption } from './interruption.js';
import { callerPath, processTerminal as terminal } from './terminal.js';

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `verify`. @param end is told the exit code where it is not that of success */
export function addVerify(shaoying: Command, end: (exitCode: ExitCode) => void): void {
  shaoying
    .command('verify')
    .argument('[file]', 'a dossier, or an export of the log (docs/formats); default: the log itself')
    .description(
      'check every event and signature against the signed checkpoints; needs no database for a file',
    )
    .option(
      '--checkpoints <file>',
      'signed checkpoints that you kept, also --checkpoint; repeatable',
      collected,
      [],
    )
    .addOption(new Option('--checkpoint <file>').hideHelp().argParser(collected).default([]))
    .option('--key <name+hash+base64>', 'a key that you trust; repeatable', collected, [])
    .option('--keys <file>', 'keys that you trust, one a line; repeatable', collected, [])
    .addOption(asJson())
    .addHelpText('after', '\nExit code 0: everything was read and fits. 1: it does not, or was stopped.')
    .action(async (file: string | undefined, options: VerifyArguments) => {
      const { signal } = onInterruption((text) => terminal.note(text));
      const { verify } = await import('./commands/verify.command.js');
      const request = {
        file: file === undefined ? null : callerPath(file),
        checkpoints: [...options.checkpoints, ...options.checkpoint].map((path) => callerPath(path)),
        keys: options.key,
        keyFiles: options.keys.map((path) => callerPath(path)),
        json: options.json,
      };
      const { isDossierFile, isPartialExport, verifyDossierFile, verifyPartialFile } =
        await import('./commands/verify-dossier.command.js');
      if (request.file !== null && (await isDossierFile(request.file)))
        end(await verifyDossierFile({ ...request, file: request.file }, terminal));
      else if (request.file !== null && (await isPartialExport(request.file)))
        end(await verifyPartialFile({ ...request, file: request.file }, terminal));
      else if (request.file !== null) end(await verify(request, terminal, signal, null));
      else {
        const { atWork } = await import('./workplace.js');
        const { recordsVerified } = await import('./commands/verify-recorded.js');
        end(await atWork((place) => verify(request, terminal, signal, place, recordsVerified(place))));
      }
    });
}

/** `audit-key`. */
export function addAuditKey(shaoying: Command): void {
  shaoying
    .command('audit-key')
    .argument('<file>', 'for CHECKPOINT_KEY_FILE; made with mode 0600')
    .description('make a key that signs checkpoints of AUDIT_ORIGIN, and print what others check them with')
    .option('--add', 'add it to the keys in the file, for a change of keys', false)
    .addOption(asJson())
    .action(async (file: string, { add, json }: Json & { add: boolean }) => {
      const { makeAuditKey } = await import('./commands/audit-key.command.js');
      await makeAuditKey({ file: callerPath(file), add, json }, terminal);
    });
}

interface VerifyArguments extends Json {
  readonly checkpoints: readonly string[];
  readonly checkpoint: readonly string[];
  readonly key: readonly string[];
  readonly keys: readonly string[];
}
