import { Buffer } from 'node:buffer';
import { parseCheckpoint, type Checkpoint } from '../checkpoints/checkpoint.js';
import type { CheckpointSigned } from '../checkpoints/checkpoint.events.js';
import { judgeNote, noteVerifier, parseNote, type NoteVerifier } from '../checkpoints/signed-note.js';
import type { FaultCode } from './verify.faults.js';

/** What is wrong with a checkpoint itself. */
export interface ChainFault {
  readonly code: FaultCode;
  readonly message: string;
}

/** A checkpoint whose signature is good. */
export interface TrustedCheckpoint extends Checkpoint {
  readonly note: string;
}

/**
 * Who is believed. Keys given from outside are; without any, those that the first checkpoint of the log names, which shows only that
 * the log agrees with itself. A key is handed on by the log: an event names the new one beside the old, and once a checkpoint
 * with a signature of a key that is believed covers that event, the new one is believed too.
 */
export class CheckpointChain {
  private readonly trusted: NoteVerifier[] = [];
  private readonly named: { readonly key: string; readonly leafIndex: number }[] = [];
  private readonly lastSizes = new Map<string, number>();
  readonly keysFromOutside: boolean;

  /** @throws MalformedNote when a key is none */
  constructor(keys: readonly string[]) {
    this.keysFromOutside = keys.length > 0;
    for (const key of keys) this.trusted.push(noteVerifier(key));
  }

  get trustedKeys(): readonly string[] {
    return this.trusted.map(({ verifierKey }) => verifierKey);
  }

  /** Of the log itself, in its order; `leafIndex` is that of its event. */
  inLog(signed: CheckpointSigned, leafIndex: number): TrustedCheckpoint | ChainFault {
    if (this.trusted.length === 0) this.trust(signed.keys);
    const judged = this.judge(signed.note);
    if ('code' in judged) return judged;
    const { origin, size, root, algorithm } = judged;
    const isSame =
      origin === signed.origin &&
      size === signed.size &&
      algorithm === signed.algorithm &&
      Buffer.from(root).toString('base64') === signed.root;
    if (!isSame)
      return { code: 'MALFORMED_CHECKPOINT', message: 'its note says something else than the event' };
    if (size <= (this.lastSizes.get(origin) ?? 0)) {
      return { code: 'CHECKPOINT_GOES_BACK', message: `it covers ${size} events, the one before no fewer` };
    }
    this.lastSizes.set(origin, size);
    const proven = this.named.filter((named) => named.leafIndex < size).map(({ key }) => key);
    this.trust(proven);
    for (const key of signed.keys) if (!this.trustedKeys.includes(key)) this.named.push({ key, leafIndex });
    return judged;
  }

  /** One that somebody holds outside the log. */
  judge(note: string): TrustedCheckpoint | ChainFault {
    let parsed;
    let checkpoint: Checkpoint;
    try {
      parsed = parseNote(note);
      checkpoint = parseCheckpoint(parsed.text);
    } catch (error) {
      return {
        code: 'MALFORMED_CHECKPOINT',
        message: error instanceof Error ? error.message : String(error),
      };
    }
    const judgement = judgeNote(parsed, this.trusted);
    if (judgement.verdict === 'signed') return { ...checkpoint, note };
    const { size } = checkpoint;
    if (judgement.verdict === 'forged') {
      const { verifierKey } = judgement.as;
      return {
        code: 'FORGED_SIGNATURE',
        message: `the signature by ${verifierKey} is not of this checkpoint over ${size} events`,
      };
    }
    const signers = parsed.signatures.map(
      ({ name, keyId }) => `${name}+${keyId.toString(16).padStart(8, '0')}`,
    );
    return {
      code: 'UNKNOWN_KEY',
      message: `the checkpoint over ${size} events is signed by ${signers.join(', ')}, none of which is trusted`,
    };
  }

  private trust(keys: readonly string[]): void {
    for (const key of keys) if (!this.trustedKeys.includes(key)) this.trusted.push(noteVerifier(key));
  }
}
