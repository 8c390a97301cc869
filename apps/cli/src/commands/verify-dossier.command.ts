import { parseCheckpoint, parseNote, verifyDossier, type DossierReport } from '@shaoying/audit';
import { open, readFile, stat } from 'node:fs/promises';
import { codeOf, CommandFailed, EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { show, type Terminal } from '../terminal.js';
import { trustIn } from './verify.command.js';

export interface VerifyDossierOptions {
  readonly file: string;
  /** Verifier keys, `name+hash+base64`; none at all: those in the file. */
  readonly keys: readonly string[];
  /** Files with one such key a line. */
  readonly keyFiles: readonly string[];
  /** Files of signed notes that the caller has from elsewhere. */
  readonly checkpoints: readonly string[];
  readonly json: boolean;
}

const beginning = '{"dossier":';
/** An incident of 20,000 events is some 40 MB. */
const bytesMax = 256 * 1024 * 1024;

/** Whether a file begins as a dossier does; nothing else of it is read. @throws CommandFailed */
export async function isDossierFile(path: string): Promise<boolean> {
  const file = await open(path).catch(unreadable);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginning.length), 0, beginning.length, 0);
    return buffer.subarray(0, bytesRead).toString() === beginning;
  } finally {
    await file.close();
  }
}

/**
 * `verify <dossier>`: checks a dossier by itself, without network and without a database. Exit code 1 says that something does
 * not fit, and each thing that does not is named.
 */
export async function verifyDossierFile(
  options: VerifyDossierOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { file, json } = options;
  if ((await stat(file).catch(unreadable)).size > bytesMax)
    throw new CommandFailed(`a dossier has ${bytesMax} bytes at the most`);
  const text = await readFile(file, 'utf8').catch(unreadable);
  const { keys, notes } = await trustIn(options);
  const report = told(() => {
    const checkpoints = notes.map((note) => parseCheckpoint(parseNote(note).text));
    return verifyDossier(text, { keys, checkpoints });
  });
  show(terminal, json, report, () => linesOf(report));
  return report.ok ? EXIT.ok : EXIT.failed;
}

/** @throws UsageError for a key or a checkpoint of the caller's that is none */
function told<Value>(act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    if (codeOf(error) !== 'MALFORMED_NOTE') throw error;
    throw new UsageError((error as Error).message);
  }
}

function unreadable(error: unknown): never {
  throw new CommandFailed(`the file cannot be read: ${codeOf(error) ?? String(error)}`);
}

function linesOf({
  ok,
  faults,
  trusted,
  incidentId,
  events,
  treeSize,
  rewordedLines,
  keys,
}: DossierReport): string[] {
  if (!ok)
    return [
      '卷宗不符 · THE DOSSIER DOES NOT FIT',
      ...faults.map(({ code, where, message }) => `  ${code}  ${where}: ${message}`),
    ];
  const reworded =
    rewordedLines.length === 0
      ? []
      : [
          `措辞与本版本不同的行 · lines that this release words otherwise: ${rewordedLines.join(', ')}`,
          '  以原始记录为准 · the stored events are what counts',
        ];
  return [
    `卷宗完整 · whole: incident ${incidentId}, ${events} events, each in the log of ${treeSize} leaves`,
    ...keys.map((key) => `  signed by ${key}`),
    trusted
      ? '  按您提供的公钥核验 · checked against a key of yours'
      : '  仅与自身一致：请用 --key 提供可信公钥 · it agrees with itself, and no more: give a key that you trust with --key',
    ...reworded,
  ];
}
