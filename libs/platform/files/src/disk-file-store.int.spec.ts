import { hash } from 'node:crypto';
import { spawn } from 'node:child_process';
import files from 'node:fs/promises';
import { chmod, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DiskFileStore } from './disk-file-store.js';
import { keyParts } from './file-store.js';
import { fileStoreContract } from './testing/file-store-contract.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shaoying-files-'));
  folders.push(folder);
  return folder;
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

fileStoreContract('a folder on the disk', async () => {
  const root = join(await newFolder(), 'files');
  const store = await DiskFileStore.open(root);
  return {
    store,
    other: () => DiskFileStore.open(root),
    cutOff: async () => {
      // A file where the folder was: root may read and write whatever the modes say.
      await rename(root, `${root}.away`);
      await writeFile(root, '');
      return async () => {
        await rm(root);
        await rename(`${root}.away`, root);
      };
    },
    close: () => store.close(),
  };
});

test('what is there already is acknowledged once it is durable: whoever put it may have died before', async () => {
  const root = await newFolder();
  const store = await DiskFileStore.open(root);
  const key = `${hash('sha256', 'a photo', 'hex')}/content`;
  await store.put(key, Buffer.from('a photo'));
  const [first, second] = [join(root, key.slice(0, 2)), join(root, key.slice(0, 2), key.slice(2, 4))];
  const opened = jest.spyOn(files, 'open');
  try {
    await store.put(key, Buffer.from('a photo'));
    const folders = [join(second, keyParts(key).sha256), second, first, root];
    expect(opened.mock.calls.map(([path]) => path)).toEqual(folders);
  } finally {
    opened.mockRestore();
  }
});

/** Puts contents until it is killed, each under the hash of itself, and says each key once it is acknowledged. */
const writer = `
  const { DiskFileStore } = await import(process.argv[1]);
  const { hash, randomBytes } = await import('node:crypto');
  const store = await DiskFileStore.open(process.argv[2]);
  for (;;) {
    const content = randomBytes(200_000);
    const key = hash('sha256', content, 'hex') + '/content';
    await store.put(key, content);
    process.stdout.write(key + '\\n');
  }
`;
const built = join(__dirname, '../dist/disk-file-store.js');

async function writeAndDie(root: string, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, built, root]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const begun = new Promise((resolve) => child.stdout.once('data', resolve));
  const closed = new Promise((resolve) => child.once('close', resolve));
  await begun;
  await sleep(afterMs);
  child.kill('SIGKILL');
  await closed;
  return said.split('\n').slice(0, -1);
}

test('killed in the middle of a put, five times: what was acknowledged is there, and nothing by halves', async () => {
  const root = await newFolder();
  const acknowledged: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    acknowledged.push(...(await writeAndDie(root, Math.random() * 40)));
  }
  const store = await DiskFileStore.open(root);
  const there: string[] = [];
  for await (const { key } of store.list()) {
    there.push(key);
    expect(hash('sha256', (await store.get(key)) ?? '', 'hex')).toBe(keyParts(key).sha256);
  }
  expect(acknowledged.length).toBeGreaterThan(4);
  expect(there).toEqual(expect.arrayContaining(acknowledged));
}, 120_000);

test('drafts of the dead are cleared away, those of the living are not', async () => {
  const root = await newFolder();
  await DiskFileStore.open(root);
  const [old, young] = [join(root, 'drafts', 'old'), join(root, 'drafts', 'young')];
  for (const draft of [old, young]) await writeFile(draft, 'half');
  await utimes(old, new Date(0), new Date(0));
  await DiskFileStore.open(root);
  expect(await readdir(join(root, 'drafts'))).toEqual(['young']);
});

test('nobody else on the machine may look into it', async () => {
  const root = await newFolder();
  await chmod(root, 0o755);
  const store = await DiskFileStore.open(join(root, 'files'));
  const content = Buffer.from('photo');
  await store.put(`${hash('sha256', content, 'hex')}/content`, content);
  const { stat } = await import('node:fs/promises');
  const modes: number[] = [];
  for (const entry of await readdir(join(root, 'files'), { recursive: true })) {
    modes.push((await stat(join(root, 'files', entry))).mode & 0o077);
  }
  expect(modes.length).toBeGreaterThan(4);
  expect(modes.every((mode) => mode === 0)).toBe(true);
});
