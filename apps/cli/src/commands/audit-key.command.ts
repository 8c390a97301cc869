import { noteSigner, privateNoteKey } from '@shaoying/audit';
import { loadConfig, writeDurably } from '@shaoying/config';
import { randomBytes } from 'node:crypto';
import { appendFile, stat } from 'node:fs/promises';
import { UsageError } from '../cli.errors.js';
import { show, type Terminal } from '../terminal.js';

export interface AuditKeyOptions {
  readonly file: string;
  /** Adds it to the keys in the file, for a change of keys; else the file must not be there. */
  readonly add: boolean;
  readonly json: boolean;
}

/** `audit-key`: makes a key that signs checkpoints of `AUDIT_ORIGIN`; prints what others check them with. */
export async function makeAuditKey({ file, add, json }: AuditKeyOptions, terminal: Terminal): Promise<void> {
  const { origin } = loadConfig({ AUDIT_ORIGIN: process.env['AUDIT_ORIGIN'] }).audit;
  const seed = randomBytes(32);
  const line = `${privateNoteKey(origin, seed)}\n`;
  const exists = (await stat(file).catch(() => null)) !== null;
  if (exists !== add) {
    throw new UsageError(add ? `${file} is not there` : `${file} is there already: --add adds a key to it`);
  }
  if (add) await appendFile(file, line, { flush: true });
  else await writeDurably(file, Buffer.from(line));
  const { verifierKey } = noteSigner(origin, seed);
  show(terminal, json, { origin, verifierKey, file }, () => [verifierKey]);
}
