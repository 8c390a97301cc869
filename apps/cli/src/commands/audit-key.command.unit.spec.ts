import { noteVerifier, openCheckpointKeys } from '@shaoying/audit';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../cli.errors.js';
import { makeAuditKey } from './audit-key.command.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'shaoying-audit-key-'))));
afterAll(() => rm(folder, { recursive: true }));

async function make(file: string, add: boolean): Promise<string> {
  const said: string[] = [];
  const terminal = { out: (text: string) => void said.push(text), note: () => undefined, interactive: false };
  await makeAuditKey({ file, add, json: false }, terminal);
  return said.join();
}

test('a key is made that the server takes, and added to for a change of keys', async () => {
  const file = join(folder, 'checkpoint.key');
  const made = [await make(file, false), await make(file, true)];
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  const origin = noteVerifier(made[0] as string).name;
  const keys = await openCheckpointKeys({ dataDir: folder, checkpointKeyFile: file, auditOrigin: origin });
  expect(keys.map(({ verifierKey }) => verifierKey)).toEqual(made);
});

test('no key is overwritten, and none is added to a file that is not there', async () => {
  const file = join(folder, 'another.key');
  await expect(make(file, true)).rejects.toThrow(UsageError);
  await make(file, false);
  await expect(make(file, false)).rejects.toThrow(UsageError);
});
