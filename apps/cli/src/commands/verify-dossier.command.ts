import {
  isProvedLine,
  parseCheckpoint,
  parseNote,
  verifyDossier,
  verifyPartialExport,
  type DossierReport,
} from '@shaoying/audit';
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
export const isDossierFile = async (path: string): Promise<boolean> =>
  (await beginningOf(path)).startsWith(beginning);

/** Whether a file is an export that leaves events out: each leaf of it has its own proof. @throws CommandFailed */
export const isPartialExport = async (path: string): Promise<boolean> =>
  isProvedLine((await beginningOf(path)).split('\n')[1] ?? '');

/** The header of an export and the beginning of its first leaf. */
const beginningBytes = 4_096;

async function beginningOf(path: string): Promise<string> {
  const file = await open(path).catch(unreadable);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginningBytes), 0, beginningBytes, 0);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await file.close();
  }
}

/** `verify <export>` of a selection: every leaf by its own proof. Exit code 1 names the first line that does not fit. */
export async function verifyPartialFile(
  options: VerifyDossierOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { keys } = await trustIn(options);
  const lines = (await textOf(options.file)).split('\n');
  const report = told(() => verifyPartialExport(lines, keys));
  const { outcome, leaves, treeSize, trusted, fault } = report;
  show(terminal, options.json, report, () => [
    `${outcome}: ${leaves} events, each proved in the log of ${treeSize ?? '—'} leaves; what was left out is not told`,
    ...(fault === null ? [] : [`code ${fault.code} · line ${fault.line}`]),
    ...(trusted || fault !== null
      ? []
      : ['No --key was given: the signature of the checkpoint was not looked at.']),
  ]);
  return outcome === 'WHOLE' ? EXIT.ok : EXIT.failed;
}

async function textOf(path: string): Promise<string> {
  if ((await stat(path).catch(unreadable)).size > bytesMax)
    throw new CommandFailed(`${path} has more than ${bytesMax} bytes`);
  return readFile(path, 'utf8').catch(unreadable);
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
  const text = await textOf(file);
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
  foreignRevisions,
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
  const foreign =
    foreignRevisions.length === 0
      ? []
      : [
          `签署方称由其他程序写入的序号 · revisions said to be another program's: ${foreignRevisions.join(', ')}`,
          '  不计入，卷宗本身不能证明 · not counted; nothing in the file proves it, the log does',
        ];
  return [
    `卷宗完整 · whole: incident ${incidentId}, ${events} events, each in the log of ${treeSize} leaves`,
    ...keys.map((key) => `  signed by ${key}`),
    trusted
      ? '  按您提供的公钥核验 · checked against a key of yours'
      : '  仅与自身一致：请用 --key 提供可信公钥 · it agrees with itself, and no more: give a key that you trust with --key',
    ...reworded,
    ...foreign,
  ];
}
