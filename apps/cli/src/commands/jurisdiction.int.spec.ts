import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from '../testing/index.js';

const root = join(__dirname, '../../../..');
const sample = join(root, 'samples/lindong.yaml');

interface Told {
  readonly published: readonly { readonly type: string; readonly version: number }[];
  readonly problems: readonly string[];
}

let databases: TestDatabase[];
let first: CliProcess;
let second: CliProcess;
let folder: string;

/** Two cities: one to export from, one to import into. */
beforeAll(async () => {
  databases = [await createTestDatabase(), await createTestDatabase()];
  first = await CliProcess.over(root, databases[0]!.url);
  second = await CliProcess.over(root, databases[1]!.url);
  folder = await mkdtemp(join(tmpdir(), 'shaoying-jurisdiction-'));
}, 60_000);

afterAll(async () => {
  await Promise.all([...databases.map((database) => database.drop()), first.remove(), second.remove()]);
  await rm(folder, { recursive: true, force: true });
});

const written = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

test('import: a dry run writes nothing, the file is published once, and once more changes nothing', async () => {
  const dry = await first.json<Told>('jurisdiction', 'import', sample, '--dry-run');
  expect(dry.published.length).toBeGreaterThan(40);
  const real = await first.json<Told>('jurisdiction', 'import', sample);
  expect(real.published).toEqual(dry.published);
  expect(await first.json('jurisdiction', 'import', sample)).toMatchObject({ published: [], problems: [] });
}, 60_000);

test('export: imported into an empty log it is the same jurisdiction', async () => {
  const { stdout, exitCode } = await first.run('jurisdiction', 'export');
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^format: shaoying-jurisdiction\/1$/m)]);
  const file = await written('city.yaml', stdout);
  expect(await second.run('jurisdiction', 'import', file)).toMatchObject({ exitCode: 0 });
  expect((await second.run('jurisdiction', 'export')).stdout).toBe(stdout);
}, 60_000);

test('check: names all that is wrong with a file, without any log; exit code 1', async () => {
  const elsewhere = first.with({ EVENT_STORE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect(await elsewhere.run('jurisdiction', 'check', sample)).toMatchObject({ exitCode: 0 });
  const yaml = await readFile(sample, 'utf8');
  const wrong = yaml
    .replace('ladderId: default\n    warnPercent', 'ladderId: none\n    warnPercent')
    .replace('parentId: co-shuian', 'parentId: co-x');
  const answer = await elsewhere.run('jurisdiction', 'check', await written('wrong.yaml', wrong));
  expect(answer).toMatchObject({ exitCode: 1, stderr: '' });
  expect(answer.stdout).toContain('problem: policy default: its ladder none does not exist');
  expect(answer.stdout).toContain('its parent co-x does not exist');
  const broken = await written('broken.yaml', 'format: shaoying-jurisdiction/1\norgUnits: [');
  expect(await elsewhere.json('jurisdiction', 'check', broken)).toMatchObject({
    problems: [expect.stringContaining('line 2')],
  });
}, 60_000);

test('import: a file with problems publishes nothing, tells them, and exits with 1', async () => {
  const before = (await first.run('jurisdiction', 'export')).stdout;
  const wrong = before.replace('code: gas-leak,', 'code: gas leak!,');
  const answer = await first.json<Told>('jurisdiction', 'import', await written('wrong.yaml', wrong));
  expect(answer.problems).toContainEqual(expect.stringContaining('catalogues[0].categories'));
  expect((await first.run('jurisdiction', 'export')).stdout).toBe(before);
  expect(await first.run('jurisdiction', 'import', join(folder, 'none.yaml'))).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('cannot be read: ENOENT') as string,
  });
}, 60_000);

test('locate: the grid of a point by any system; none is told as such; wrong arguments are exit code 2', async () => {
  const locate = (...args: string[]) => first.json('jurisdiction', 'locate', ...args);
  expect(await locate('120.41', '31.81')).toMatchObject({
    gridId: 'gr-zhonglou-plaza',
    others: ['gr-zhonglou'],
  });
  expect(await locate('120.4049', '31.828', '--crs', 'gcj-02')).toMatchObject({ gridId: 'gr-liuyin' });
  expect(await locate('121', '31.83')).toBeNull();
  const told = await first.run('jurisdiction', 'locate', '120.41', '31.83');
  expect(told.stdout).toMatch(/gr-liuyin 柳荫网格[\s\S]*co-liuyin · st-hepan · di-qinghe · ct-lindong/);
  for (const wrong of [
    ['120.41', '95'],
    ['x', '31'],
    ['120', '31', '--crs', 'MARS'],
    ['120', '31', '--at', 'then'],
  ]) {
    expect(await first.run('jurisdiction', 'locate', ...wrong)).toMatchObject({ exitCode: 2, stdout: '' });
  }
}, 90_000);
