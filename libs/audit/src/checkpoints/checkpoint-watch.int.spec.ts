import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import type { SignerReport } from './checkpoint-signer.js';
import { askForCheckpoint, CheckpointWatch } from './checkpoint-watch.js';

const report = (outcome: SignerReport['outcome']): SignerReport => ({
  ...{ outcome, treeSize: 1, signedSize: 1, signedAt: null, exportLag: 0, exportFailure: null },
});

let database: TestDatabase;
let pool: Pool;
const said: string[] = [];
const keep = (_: object, message: string): void => void said.push(message);
const log = { info: keep, warn: keep, error: keep };

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => void (said.length = 0));

function watching(look: (asked?: boolean) => Promise<SignerReport>) {
  const watch = new CheckpointWatch({ signer: { look }, pool, log, onReport: () => undefined, everyMs: 20 });
  watch.start();
  return watch;
}

test('one of two processes looks, and the other one when it ends', async () => {
  const looks = { first: 0, second: 0 };
  const counting = (name: keyof typeof looks) => async () => {
    looks[name] += 1;
    return report({ state: 'idle' });
  };
  const first = watching(counting('first'));
  while (looks.first < 3) await sleep(10);
  const second = watching(counting('second'));
  await sleep(200);
  expect(looks.second).toBe(0);
  await first.stop();
  const { first: ended } = looks;
  while (looks.second < 3) await sleep(10);
  expect(looks.first).toBe(ended);
  await second.stop();
}, 20_000);

test('who asks for a checkpoint is heard by the process that signs, from any other one, until it has signed', async () => {
  const asked: boolean[] = [];
  let signsAt = Infinity;
  const watch = watching(async (isAsked = false) => {
    asked.push(isAsked);
    const signed = isAsked && asked.filter(Boolean).length >= signsAt;
    return report(signed ? { state: 'signed', size: 1 } : { state: 'waiting' });
  });
  const countAsked = async (): Promise<number> => {
    asked.length = 0;
    await askForCheckpoint(pool);
    while (!asked.includes(true) || asked.at(-1) === true) await sleep(10);
    return asked.filter(Boolean).length;
  };
  while (asked.length < 2) await sleep(10);
  expect(asked).not.toContain(true);
  // Nothing could be signed: not for ever, or a check a day would make the log grow by a checkpoint every three seconds.
  expect(await countAsked()).toBe(4);
  signsAt = 2;
  expect(await countAsked()).toBe(2);
  await watch.stop();
}, 20_000);

test('a refusal is said once, not with every look; a failure ends nothing', async () => {
  let looks = 0;
  const watch = watching(async () => {
    looks += 1;
    if (looks === 3) throw new Error('the store is away');
    return report({ state: 'refusing', reason: 'the log was rewritten' });
  });
  while (looks < 8) await sleep(10);
  await watch.stop();
  expect(said).toEqual([
    'no checkpoint is signed: the log was rewritten',
    'checkpoints cannot be signed now: the store is away',
    'no checkpoint is signed: the log was rewritten',
  ]);
}, 20_000);

test('a tree that is still being built is waited for, said once and without alarm', async () => {
  const levels: [string, object][] = [];
  const at = (level: string) => (fields: object) => void levels.push([level, fields]);
  let looks = 0;
  const look = async (): Promise<SignerReport> => {
    looks += 1;
    if (looks > 3) return report({ state: 'signed', size: 1 });
    throw Object.assign(new Error('the read models are being rebuilt'), {
      code: 'READ_MODELS_BEING_REBUILT',
    });
  };
  const watch = new CheckpointWatch({
    ...{ signer: { look }, pool, onReport: () => undefined, everyMs: 20 },
    log: { info: at('info'), warn: at('warn'), error: at('error') },
  });
  watch.start();
  while (looks < 4) await sleep(10);
  await watch.stop();
  expect(levels.slice(0, 2)).toEqual([
    ['info', {}],
    ['info', { size: 1 }],
  ]);
}, 20_000);

test('a look that hangs holds no process back', async () => {
  let begun = false;
  const watch = watching(() => {
    begun = true;
    return new Promise(() => undefined);
  });
  while (!begun) await sleep(10);
  const startedMs = performance.now();
  await watch.stop();
  expect(performance.now() - startedMs).toBeLessThan(4_000);
}, 20_000);
