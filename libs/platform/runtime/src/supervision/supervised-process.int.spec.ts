import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildTask } from '../testing/child.process.js';
import { SupervisedProcess, type SupervisedProcessOptions } from './supervised-process.js';

const program = join(__dirname, '../../dist/testing/child.process.js');
const quickly = { restartsMax: 3, windowMs: 600_000, waitMs: 10, waitMsMax: 20 };
const patienceMs = 20_000;

let dir: string;
let task: ChildTask;
let said: string[];
let givenUp: number;
let supervised: SupervisedProcess | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'supervised-'));
  task = { notes: join(dir, 'notes'), obstacle: join(dir, 'obstacle') };
  said = [];
  givenUp = 0;
});

afterEach(async () => {
  await supervised?.stop();
  supervised = undefined;
  await rm(dir, { recursive: true, force: true });
});

function launch(options: Partial<SupervisedProcessOptions> = {}): SupervisedProcess {
  const say =
    (level: string) =>
    (_fields: object, message: string): void =>
      void said.push(`${level}: ${message}`);
  supervised = new SupervisedProcess({
    ...{ name: 'child', program, task, restarts: quickly, onGivenUp: () => (givenUp += 1) },
    log: { warn: say('warn'), error: say('error'), fatal: say('fatal') },
    ...options,
  });
  return supervised;
}

const notes = async (): Promise<string[]> => (await readFile(task.notes, 'utf8')).trim().split('\n');

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !condition(); await sleep(10)) {
    if (Date.now() > deadline) throw new Error(`did not happen:\n${said.join('\n')}`);
  }
}

/** Kills the child that runs now, and waits until that is noticed. @returns its number */
async function killed(child: SupervisedProcess): Promise<number> {
  const pid = child.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await until(() => child.pid !== pid);
  return pid;
}

test('a child begins its task, answers, and ends in order when it is stopped', async () => {
  const child = launch();
  await child.begun;
  const pid = await child.ask<number>('pid', patienceMs);
  expect(pid).toBe(child.pid);
  expect(await child.ask('not a number', patienceMs)).toEqual({ value: Number.NaN });
  await Promise.all([child.stop(), child.stop()]);
  expect(isThere(pid)).toBe(false);
  expect(await notes()).toEqual(['begun', 'closed']);
  expect(said).toEqual([]);
});

test('a question that is not answered in time, or that nobody knows, is a typed error', async () => {
  const child = launch();
  await child.begun;
  await expect(child.ask('never', 20)).rejects.toMatchObject({ code: 'PROCESS_AWAY' });
  await expect(child.ask('nonsense', patienceMs)).rejects.toMatchObject({ code: 'PROCESS_AWAY' });
});

test('a question under way is shared by all who ask it, and asked anew afterwards', async () => {
  const child = launch();
  await child.begun;
  const counts = Array.from({ length: 50 }, () => child.ask<number>('how often', patienceMs));
  expect(new Set(await Promise.all(counts))).toEqual(new Set([1]));
  expect(await child.ask('how often', patienceMs)).toBe(2);
});

test('a child that is killed is started again with the same task, and is away until then', async () => {
  const child = launch();
  await child.begun;
  const left = child.ask('never', patienceMs);
  const pid = await killed(child);
  await expect(left).rejects.toMatchObject({ code: 'PROCESS_AWAY' });
  await expect(child.ask('pid', patienceMs)).rejects.toMatchObject({ code: 'PROCESS_AWAY' });
  await until(() => child.pid !== null);
  expect(await child.ask<number>('pid', patienceMs)).not.toBe(pid);
  expect(await notes()).toEqual(['begun', 'begun']);
  expect(said).toEqual([
    'error: the process child ended; it is started again',
    'warn: the process child is back',
  ]);
  expect(givenUp).toBe(0);
});

test('one that hangs without dying is killed and started again, and one that answers is left alone', async () => {
  const child = launch({ signOfLifeMs: 50, silenceMsMax: 500 });
  await child.begun;
  const pid = child.pid ?? 0;
  await sleep(1_000);
  expect(child.pid).toBe(pid);
  process.kill(pid, 'SIGSTOP');
  await until(() => child.pid !== null && child.pid !== pid);
  expect(isThere(pid)).toBe(false);
  expect(said).toEqual([
    'error: the process child hangs; it is killed',
    'error: the process child ended; it is started again',
    'warn: the process child is back',
  ]);
});

test('one that cannot be brought back is given up after the starts that are allowed, once and loudly', async () => {
  const child = launch();
  await child.begun;
  await writeFile(task.obstacle, '');
  await killed(child);
  await until(() => givenUp > 0);
  await sleep(100);
  expect(givenUp).toBe(1);
  expect(said).toEqual([
    'error: the process child ended; it is started again',
    ...Array.from(
      { length: quickly.restartsMax },
      () => 'error: the process child could not be started again',
    ),
    'fatal: the process child cannot be kept running; this one ends too',
  ]);
});

test('one that dies again and again is given up too', async () => {
  const child = launch();
  await child.begun;
  for (let deaths = 1; deaths <= quickly.restartsMax; deaths += 1) {
    await killed(child);
    await until(() => child.pid !== null);
  }
  await killed(child);
  await until(() => givenUp === 1);
  expect(child.pid).toBeNull();
});

test('a first start that fails is told with its reason and not tried again', async () => {
  await writeFile(task.obstacle, '');
  const child = launch();
  await expect(child.begun).rejects.toMatchObject({
    code: 'PROCESS_DID_NOT_START',
    message: 'child: there is an obstacle',
  });
  expect(child.pid).toBeNull();
  expect(said).toEqual([]);
});

test('a task that is still being prepared is waited for, and the time for the start counts from then', async () => {
  // Far more than a start takes, also on a busy machine.
  const startMsMax = 5_000;
  const child = launch({ task: sleep(startMsMax + 200, task), startMsMax });
  await child.begun;
  expect(await child.ask<number>('pid', patienceMs)).toBe(child.pid);
});

test('a task that cannot be prepared fails the start with its reason, and leaves no child', async () => {
  const child = launch({ task: sleep(50).then(() => Promise.reject(new Error('the store is away'))) });
  await expect(child.begun).rejects.toMatchObject({
    code: 'PROCESS_DID_NOT_START',
    message: 'child: the store is away',
  });
  await child.stop();
});

test('a child that does not begin in time is killed', async () => {
  const child = launch({ task: { ...task, hangs: true }, startMsMax: 300 });
  await expect(child.begun).rejects.toMatchObject({ code: 'PROCESS_DID_NOT_START' });
  await child.stop();
});

test('stopping in the middle of a start ends it at once', async () => {
  const child = launch({ task: { ...task, hangs: true }, stopMsMax: 600_000 });
  await child.stop();
  await expect(child.begun).rejects.toMatchObject({ code: 'PROCESS_DID_NOT_START' });
});

test('signals are left to the parent; a child that does not end in time is killed', async () => {
  const child = launch({ stopMsMax: 300 });
  await child.begun;
  const pid = child.pid ?? 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
  expect(await child.ask<number>('pid', patienceMs)).toBe(pid);
  process.kill(pid, 'SIGSTOP');
  await child.stop();
  expect(isThere(pid)).toBe(false);
  expect(await notes()).toEqual(['begun']);
});
