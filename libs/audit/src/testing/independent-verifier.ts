import { createHash, createPublicKey, verify } from 'node:crypto';

// What somebody else would write who has docs/formats/dossier.md, docs/formats/audit.md and Node, and nothing of this program.

const hashOf = (algorithm: string, ...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function signedBy(note: string, verifierKey: string): string | null {
  const [name = '', id = '', key = ''] = verifierKey
    .split('+', 2)
    .concat(verifierKey.split('+').slice(2).join('+'));
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const der = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(key, 'base64').subarray(1),
  ]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const isSigned = note
    .slice(end + 2)
    .split('\n')
    .some((line) => {
      if (!line.startsWith(`— ${name} `)) return false;
      const bytes = Buffer.from(line.slice(`— ${name} `.length), 'base64');
      const isKey = bytes.subarray(0, 4).toString('hex') === id;
      return isKey && verify(null, Buffer.from(text), publicKey, bytes.subarray(4));
    });
  return isSigned ? text : null;
}

/** RFC 9162, 2.1.3.2. */
function rootFrom(
  algorithm: string,
  leaf: string,
  index: number,
  size: number,
  proof: readonly string[],
): string {
  let hash = hashOf(algorithm, Buffer.of(0), Buffer.from(leaf));
  let [node, last] = [index, size - 1];
  for (const sibling of proof.map((text) => Buffer.from(text, 'base64'))) {
    if (node % 2 === 1 || node === last) {
      hash = hashOf(algorithm, Buffer.of(1), sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else hash = hashOf(algorithm, Buffer.of(1), hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return hash.toString('base64');
}

interface Content {
  readonly incidentId: string;
  readonly origin: string;
  readonly algorithm: string;
  readonly checkpoint: string;
  readonly events: readonly { index: number; proof: readonly string[]; leaf: string }[];
  readonly governedBy: Content['events'];
  readonly foreign?: readonly number[];
}

/** @returns null where everything fits, else what does not */
export function verifyIndependently(file: string, verifierKey: string): string | null {
  const at = file.lastIndexOf(',"signature":');
  const content = file.slice('{"dossier":'.length, at);
  const { signature } = JSON.parse(file) as { signature: string };
  const dossier = JSON.parse(content) as Content;
  const sha256 = createHash('sha256').update(content).digest('base64');
  const said = `shaoying-dossier/1\n${dossier.origin}\n${dossier.incidentId}\n${sha256}\n`;
  if (signedBy(signature, verifierKey) !== said) return 'signature';
  const head = signedBy(dossier.checkpoint, verifierKey)?.split('\n');
  if (head?.[0] !== dossier.origin) return 'checkpoint';
  for (const { index, proof, leaf } of [...dossier.events, ...dossier.governedBy])
    if (rootFrom(dossier.algorithm, leaf, index, Number(head[1]), proof) !== head[2]) return `leaf ${index}`;
  const leaves = dossier.events.map(({ leaf }) => JSON.parse(leaf) as { streamId: string; revision: number });
  const foreign = dossier.foreign ?? [];
  const ours = Array.from({ length: leaves.length + foreign.length }, (_, revision) => revision).filter(
    (revision) => !foreign.includes(revision),
  );
  const isDense = leaves.every(({ streamId, revision }, place) => {
    return streamId === `incident-${dossier.incidentId}` && revision === ours[place];
  });
  return isDense && leaves.length > 0 ? null : 'events';
}
