import { Buffer } from 'node:buffer';
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** Thrown when a text is no signed note, or a key no key of one. */
export class MalformedNote extends Error {
  readonly code = 'MALFORMED_NOTE';
}

/** A key that signs notes under a name (c2sp.org/signed-note, Ed25519). */
export interface NoteSigner {
  readonly name: string;
  /** Big-endian, as in the signature. */
  readonly keyId: number;
  /** `name+hash+base64`, for those who check. */
  readonly verifierKey: string;
  sign(text: string): Buffer;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyId: number;
  readonly verifierKey: string;
  verify(text: string, signature: Uint8Array): boolean;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const ed25519Type = 0x01;
const keyBytes = 32;
// DER around a raw Ed25519 key (RFC 8410): Node takes no raw ones.
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Signatures of one note that are looked at: the standard asks for 16 at least. */
const signaturesMax = 32;
const noteCharsMax = 100_000;

function keyIdOf(name: string, publicKey: Uint8Array): number {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(ed25519Type))
    .update(publicKey)
    .digest()
    .readUInt32BE();
}

const hex = (keyId: number): string => keyId.toString(16).padStart(8, '0');

function requireKeyName(name: string): void {
  // Spaces would end the name in a signature line, a plus in a key.
  if (name.length === 0 || /[\s+\p{Cc}]/u.test(name)) {
    throw new MalformedNote(`a key name must not be empty nor hold spaces or "+": ${JSON.stringify(name)}`);
  }
}

const rawPublicKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);

/** Signs under `name` with the Ed25519 key of this 32-byte seed. @throws MalformedNote */
export function noteSigner(name: string, seed: Uint8Array): NoteSigner {
  requireKeyName(name);
  if (seed.length !== keyBytes) throw new MalformedNote(`a seed has ${keyBytes} bytes, not ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = rawPublicKey(key);
  const keyId = keyIdOf(name, publicKey);
  return {
    name,
    keyId,
    verifierKey: verifierKeyOf(name, keyId, publicKey),
    sign: (text) => sign(null, Buffer.from(text), key),
  };
}

function verifierKeyOf(name: string, keyId: number, publicKey: Uint8Array): string {
  return `${name}+${hex(keyId)}+${Buffer.concat([Buffer.of(ed25519Type), publicKey]).toString('base64')}`;
}

/** Reads `name+hash+base64`. @throws MalformedNote when it is none, of another type, or its hash is not its key's */
export function noteVerifier(verifierKey: string): NoteVerifier {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(verifierKey);
  const [, name = '', id = '', base64 = ''] = match ?? [];
  requireKeyName(name);
  const typed = decodeBase64(base64);
  if (typed.length !== keyBytes + 1 || typed[0] !== ed25519Type) {
    throw new MalformedNote('a verifier key must be one of Ed25519');
  }
  const raw = typed.subarray(1);
  const keyId = keyIdOf(name, raw);
  if (hex(keyId) !== id) throw new MalformedNote('the hash in a verifier key is not that of its key');
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
  return {
    name,
    keyId,
    verifierKey,
    verify: (text, signature) => verify(null, Buffer.from(text), key, signature),
  };
}

/** Reads the signer's form of a key, `PRIVATE+KEY+name+hash+base64`. @throws MalformedNote */
export function noteSignerFrom(privateKey: string): NoteSigner {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(privateKey);
  const [, name = '', id = '', base64 = ''] = match ?? [];
  const typed = decodeBase64(base64);
  if (typed.length !== keyBytes + 1 || typed[0] !== ed25519Type) {
    throw new MalformedNote('a private key must be one of Ed25519, as PRIVATE+KEY+name+hash+base64');
  }
  const signer = noteSigner(name, typed.subarray(1));
  if (hex(signer.keyId) !== id) throw new MalformedNote('the hash in a private key is not that of its key');
  return signer;
}

/** The form that {@link noteSignerFrom} reads. A secret: it belongs into a file of mode 0600. @throws MalformedNote */
export function privateNoteKey(name: string, seed: Uint8Array): string {
  const { keyId } = noteSigner(name, seed);
  return `PRIVATE+KEY+${name}+${hex(keyId)}+${Buffer.concat([Buffer.of(ed25519Type), seed]).toString('base64')}`;
}

/** The note of a text, signed by all of `signers`. @throws MalformedNote for a text that cannot be one */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  requireNoteText(text);
  const lines = signers.map((signer) => {
    const id = Buffer.alloc(4);
    id.writeUInt32BE(signer.keyId);
    return `— ${signer.name} ${Buffer.concat([id, signer.sign(text)]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

function requireNoteText(text: string): void {
  if (!text.endsWith('\n') || /[^\P{Cc}\n]/u.test(text) || !text.isWellFormed()) {
    throw new MalformedNote('the text of a note ends in a newline and holds no other control characters');
  }
}

/** Takes a note apart; proves nothing about it. @throws MalformedNote */
export function parseNote(note: string): SignedNote {
  const end = note.lastIndexOf('\n\n');
  if (note.length > noteCharsMax || end < 0 || !note.endsWith('\n')) {
    throw new MalformedNote('a note is a text, an empty line and signatures, each line ended');
  }
  const text = note.slice(0, end + 1);
  requireNoteText(text);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > signaturesMax) throw new MalformedNote(`a note has at most ${signaturesMax} signatures`);
  return { text, signatures: lines.map(signatureOf) };
}

function signatureOf(line: string): NoteSignature {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line);
  const bytes = decodeBase64(match?.[2] ?? '');
  if (!match || bytes.length < 5) throw new MalformedNote(`not a signature line: ${JSON.stringify(line)}`);
  return { name: match[1] as string, keyId: bytes.readUInt32BE(), signature: bytes.subarray(4) };
}

/** Strict: Node decodes what is no base64 as far as it goes. */
function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new MalformedNote('not base64');
  return bytes;
}

export type NoteJudgement =
  | { readonly verdict: 'signed'; readonly by: readonly NoteVerifier[] }
  /** A signature of a key that is known does not fit the text: the note is to be refused whole. */
  | { readonly verdict: 'forged'; readonly as: NoteVerifier }
  /** None of the keys that are known signed it. */
  | { readonly verdict: 'unknown-keys' };

/** Signatures of keys that are not known are passed by, as the standard asks: they may be witnesses'. */
export function judgeNote({ text, signatures }: SignedNote, known: readonly NoteVerifier[]): NoteJudgement {
  const by: NoteVerifier[] = [];
  for (const { name, keyId, signature } of signatures) {
    const verifier = known.find((key) => key.name === name && key.keyId === keyId);
    if (!verifier || by.includes(verifier)) continue;
    if (!verifier.verify(text, signature)) return { verdict: 'forged', as: verifier };
    by.push(verifier);
  }
  return by.length > 0 ? { verdict: 'signed', by } : { verdict: 'unknown-keys' };
}
