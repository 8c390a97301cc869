import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointKeysRefused, openCheckpointKeys } from './checkpoint-keys.js';
import { privateNoteKey } from './signed-note.js';

const auditOrigin = 'audit.example/log';
let dataDir: string;
beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'shaoying-keys-'))));
afterEach(() => rm(dataDir, { recursive: true }));

async function opened(content: string, mode = 0o600) {
  const checkpointKeyFile = join(dataDir, 'given.key');
  await writeFile(checkpointKeyFile, content);
  await chmod(checkpointKeyFile, mode);
  return openCheckpointKeys({ dataDir, checkpointKeyFile, auditOrigin });
}

it('is made once where none is given, and is the same for every process', async () => {
  const settings = { dataDir, checkpointKeyFile: null, auditOrigin };
  const [first, second] = await Promise.all([openCheckpointKeys(settings), openCheckpointKeys(settings)]);
  expect(first.map(({ verifierKey }) => verifierKey)).toEqual(second.map(({ verifierKey }) => verifierKey));
});

const key = (fill: number, name = auditOrigin): string => privateNoteKey(name, Buffer.alloc(32, fill));

it('several sign while they change', async () => {
  expect(await opened(`${key(1)}\n\n${key(2)}\n`)).toHaveLength(2);
});

it.each([
  ['nothing', ''],
  ['no key', 'nonsense\n'],
  ['a key of another log', `${key(1, 'other/log')}\n`],
  ['a key whose hash is another', key(1).replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
  ['five keys', [1, 2, 3, 4, 5].map((fill) => key(fill)).join('\n')],
])('a file with %s is refused, and what it holds is not told', async (_, content) => {
  const refusal = await opened(content).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(CheckpointKeysRefused);
  const secret = content.split('+').at(-1)?.trim() ?? '';
  if (secret.length > 20) expect(String(refusal)).not.toContain(secret);
});

const ownersOnly = process.platform === 'win32' ? it.skip : it;
ownersOnly('a file that others may read is refused', async () => {
  await expect(opened(`${key(1)}\n`, 0o640)).rejects.toThrow(/chmod 600/);
});
