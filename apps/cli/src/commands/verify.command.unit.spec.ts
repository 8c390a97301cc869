import { checkpointText, exportLines, MerkleTree, noteSigner, signNote } from '@shaoying/audit';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, UsageError } from '../cli.errors.js';
import { verify, type VerifyCommandOptions } from './verify.command.js';

const origin = 'audit.example/log';
const signer = noteSigner(origin, Buffer.alloc(32, 1));
let folder: string;
let file: string;
let notes: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shaoying-verify-'));
  const tree = new MerkleTree();
  const lines = [exportLines.header({ origin, algorithm: 'sha256', from: 0 })];
  for (let nth = 0; nth < 20; nth += 1) {
    const leaf = JSON.stringify({
      streamId: 'incident-1',
      revision: nth,
      eventId: `e-${nth}`,
      type: 'Anything',
    });
    tree.append(tree.hasher.leaf(leaf));
    lines.push(exportLines.leaf(nth, String(nth + 1), leaf));
  }
  file = join(folder, 'log.ndjson');
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  const noteOver = (size: number): string =>
    signNote(checkpointText({ origin, size, root: tree.root(size), algorithm: 'sha256' }), [signer]);
  notes = join(folder, 'checkpoints.txt');
  await writeFile(notes, `${noteOver(7)}\n${noteOver(20)}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

async function run(changes: Partial<VerifyCommandOptions>) {
  const said: string[] = [];
  const terminal = { out: (text: string) => void said.push(text), note: () => undefined, interactive: false };
  const options = { file, checkpoints: [], keys: [], keyFiles: [], json: false, ...changes };
  const exitCode = await verify(options, terminal, new AbortController().signal, null);
  return { exitCode, said: said.join('\n') };
}

test('a file that fits the checkpoints somebody kept is whole', async () => {
  const keys = join(folder, 'keys.txt');
  await writeFile(keys, `${signer.verifierKey}\n`);
  const { exitCode, said } = await run({ checkpoints: [notes], keyFiles: [keys] });
  expect(exitCode).toBe(EXIT.ok);
  expect(said).toMatch(
    /^WHOLE: .+\n20 events read, 20 of them under 0 checkpoints in the log and 2 from outside/,
  );
  expect(said).not.toContain('No --key');
});

test('without a key it says what that proves', async () => {
  expect((await run({ checkpoints: [notes] })).said).toContain('No --key was given');
});

test('the first that does not fit is named, for people and for programs', async () => {
  const broken = join(folder, 'broken.ndjson');
  const { readFile } = await import('node:fs/promises');
  await writeFile(broken, (await readFile(file, 'utf8')).replace('"revision":12', '"revision":13'));
  const { exitCode, said } = await run({ file: broken, checkpoints: [notes] });
  expect(exitCode).toBe(EXIT.failed);
  expect(said).toContain(
    'BROKEN: the events from index 7 to 19 are not those that the checkpoint over 20 events',
  );
  expect(said).toContain('index 7 · position 8 · stream incident-1 · revision 7 · event e-7 · type Anything');
  const { said: json } = await run({ file: broken, checkpoints: [notes], json: true });
  expect(JSON.parse(json)).toMatchObject({ outcome: 'BROKEN', fault: { code: 'CONTRADICTS_CHECKPOINT' } });
});

test('arguments that cannot be used are told as such', async () => {
  await expect(run({ keys: ['nonsense'] })).rejects.toThrow(UsageError);
  await expect(run({ checkpoints: [join(folder, 'none.txt')] })).rejects.toThrow(UsageError);
  await expect(run({ checkpoints: [file] })).rejects.toThrow(UsageError);
});
