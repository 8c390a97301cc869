import { readFile } from 'node:fs/promises';
import {
  ExportSource,
  LogSource,
  MalformedNote,
  notesIn,
  TreeLeaves,
  verifyLog,
  type Fault,
  type VerifyOptions,
  type VerifyReport,
  type VerifySource,
} from '@shaoying/audit';
import { EXIT, UsageError, type ExitCode } from '../cli.errors.js';
import { startProgress } from '../progress.js';
import { show, type Terminal } from '../terminal.js';
import type { Workplace } from '../workplace.js';

export interface VerifyCommandOptions {
  /** An export; null for the log itself. */
  readonly file: string | null;
  /** Files of signed notes, each followed by an empty line, as the server exports them. */
  readonly checkpoints: readonly string[];
  /** Verifier keys, `name+hash+base64`. */
  readonly keys: readonly string[];
  /** Files with one such key a line. */
  readonly keyFiles: readonly string[];
  readonly json: boolean;
}

/** Told of each verification of the log itself, before its result is shown. */
export type OnVerified = (report: VerifyReport) => Promise<void>;

/** `verify`: exit code 0 only when everything was read and fits. @param place null where a file is checked */
export async function verify(
  options: VerifyCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
  place: Workplace | null,
  onVerified: OnVerified = async () => undefined,
): Promise<ExitCode> {
  const trust = await trustIn(options);
  const [source, known] = place ? await logOf(place, terminal) : [new ExportSource(options.file ?? ''), null];
  const progress = await startProgress(terminal, 'events');
  const onProgress = (leaves: number, total: number | null): void => progress.update(leaves, total ?? leaves);
  try {
    const report = await verifyLog(source, { ...trust, known, signal, onProgress });
    progress.stop();
    if (place) await onVerified(report);
    show(terminal, options.json, report, () => linesOf(report));
    return report.outcome === 'WHOLE' ? EXIT.ok : EXIT.failed;
  } catch (error) {
    throw error instanceof MalformedNote ? new UsageError(error.message) : error;
  } finally {
    progress.stop();
  }
}

async function logOf({ stores }: Workplace, terminal: Terminal): Promise<[VerifySource, TreeLeaves | null]> {
  const known = await TreeLeaves.open(stores.readModels).catch(() => null);
  if (!known) {
    terminal.note(
      'The audit tree has no tables here: what does not fit is told between two checkpoints, not to the event.',
    );
  }
  return [new LogSource(stores.log, known?.size ?? null), known];
}

/** Keys and checkpoints that the caller has from elsewhere. @throws UsageError */
export async function trustIn(
  options: Pick<VerifyCommandOptions, 'checkpoints' | 'keys' | 'keyFiles'>,
): Promise<Pick<VerifyOptions, 'keys' | 'notes'>> {
  const notes: string[] = [];
  for (const path of options.checkpoints) {
    const found = notesIn(`${await textOf(path)}\n\n`);
    if (found.length === 0) throw new UsageError(`${path} holds no signed checkpoint`);
    notes.push(...found);
  }
  const listed = await Promise.all(options.keyFiles.map(textOf));
  const keys = listed.flatMap((text) => text.split('\n').map((line) => line.trim()));
  return { notes, keys: [...options.keys, ...keys].filter((key) => key !== '') };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`,
    );
  }
}

function linesOf(report: VerifyReport): string[] {
  const { outcome, leaves, signedLeaves, checkpoints, root, algorithm, fault } = report;
  const held = `${checkpoints.inLog} checkpoints in the log and ${checkpoints.fromOutside} from outside`;
  const read = `${leaves} events read, ${signedLeaves} of them under ${held}`;
  if (fault) return [`BROKEN: ${fault.message}`, ...faultLines(fault), read];
  const trust = report.keysFromOutside
    ? []
    : [
        'No --key was given: signatures were checked with keys that the log itself names, so they prove nothing to others.',
      ];
  const result =
    outcome === 'WHOLE' ? 'WHOLE: every event is as it was signed' : 'STOPPED: what was read fits';
  return [result, read, `root ${root} (${algorithm})`, ...trust];
}

function faultLines({ code, event, checkpoint }: Fault): string[] {
  const shown = checkpoint
    ? [`shown by the checkpoint over ${checkpoint.size} events ${checkpoint.where}`]
    : [];
  if (!event) return [`code ${code}`, ...shown];
  const { index, position, streamId, revision, eventId, type } = event;
  const parts = [
    `index ${index}`,
    ...(position === null ? [] : [`position ${position}`]),
    ...(streamId === null ? [] : [`stream ${streamId}`]),
    ...(revision === null ? [] : [`revision ${revision}`]),
    ...(eventId === null ? [] : [`event ${eventId}`]),
    ...(type === null ? [] : [`type ${type}`]),
  ];
  return [`code ${code} · ${parts.join(' · ')}`, ...shown];
}
