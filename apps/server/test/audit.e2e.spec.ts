import {
  consistencyRanges,
  isConsistent,
  isIncluded,
  judgeNote,
  LogSource,
  notesIn,
  noteVerifier,
  parseCheckpoint,
  parseNote,
  TreeHasher,
  verifyLog,
} from '@shaoying/audit';
import type { EventStore } from '@shaoying/event-store';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { City, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import { expected, report } from './kit/incident-steps.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

interface CheckpointShown {
  readonly size: number;
  readonly root: string;
  readonly note: string;
}
interface ProofShown {
  readonly index: number;
  readonly size: number;
  readonly leaf: string;
  readonly leafHash: string;
  readonly proof: readonly string[];
  readonly checkpoint: string;
}

const newHome = useServerHomes({
  ...inOneProcess,
  CHECKPOINT_SECONDS: '1',
  AUDIT_ORIGIN: 'audit.example/log',
});
const hasher = new TreeHasher();
const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

let home: ServerHome;
let city: City;
let log: EventStore;

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
});

expectDeclaredAnswers(() => city);

/** Waits for a checkpoint over everything that is in the log now but checkpoints. */
async function checkpoint(): Promise<CheckpointShown> {
  const events = await log.readAll('0', { limit: 5_000 });
  const wanted = events.findLastIndex(({ type }) => type !== 'AuditCheckpointSigned') + 1;
  let shown: CheckpointShown | undefined;
  await waitFor('a checkpoint covers the log', async () => {
    const { status, body } = await city.as('oversight').get<CheckpointShown>('/v1/audit/checkpoint');
    if (status === 200) shown = body;
    return shown !== undefined && shown.size >= wanted;
  });
  return shown as CheckpointShown;
}

const keys = async (): Promise<string[]> =>
  expected<{ keys: string[] }>(200, await city.as('oversight').get('/v1/audit/keys')).keys;

test('what happens is under a signed checkpoint within seconds, and exported', async () => {
  expected(201, await city.as('street').post('/v1/incidents', report));
  const { note, size, root } = await checkpoint();
  const verifiers = (await keys()).map(noteVerifier);
  expect(judgeNote(parseNote(note), verifiers).verdict).toBe('signed');
  expect(parseCheckpoint(parseNote(note).text)).toMatchObject({
    origin: 'audit.example/log',
    size,
    root: bytes(root),
  });
  if (process.platform !== 'win32') {
    expect((await stat(join(home.dataDir, 'keys/checkpoint.key'))).mode & 0o777).toBe(0o600);
  }
  await waitFor('it is exported', async () => {
    const kept = await readFile(join(home.dataDir, 'audit/checkpoints.txt'), 'utf8').catch(() => '');
    return notesIn(kept).includes(note);
  });
  const { text } = await city.anonymous.get('/metrics');
  expect(text).toMatch(/^shaoying_audit_checkpoint_leaves\{role="[^"]+"\} \d+$/m);
  expect(text).toMatch(/^shaoying_audit_signing_refused\{role="[^"]+"\} 0$/m);
});

test('an event is proved to be in the log, with nothing but the answer and the key', async () => {
  const { id } = expected<{ id: string }>(201, await city.as('street').post('/v1/incidents', report));
  await checkpoint();
  const [event] = await log.readStream(`incident-${id}`);
  const path = `/v1/audit/proof?eventId=${event?.eventId}`;
  const {
    index,
    size,
    leaf,
    leafHash,
    proof,
    checkpoint: note,
  } = expected<ProofShown>(200, await city.as('oversight').get(path));
  expect(JSON.parse(leaf)).toMatchObject({
    eventId: event?.eventId,
    streamId: `incident-${id}`,
    data: event?.data,
  });
  expect(hasher.leaf(leaf)).toEqual(bytes(leafHash));
  const { root } = parseCheckpoint(parseNote(note).text);
  const claim = { index, size, leafHash: bytes(leafHash), proof: proof.map(bytes), root };
  expect(isIncluded(hasher, claim)).toBe(true);
});

test('a later checkpoint is proved to continue an earlier one', async () => {
  const before = await checkpoint();
  expected(201, await city.as('street').post('/v1/incidents', report));
  const after = await checkpoint();
  expect(after.size).toBeGreaterThan(before.size);
  const { proof } = expected<{ proof: string[] }>(
    200,
    await city.as('admin').get(`/v1/audit/consistency?from=${before.size}&to=${after.size}`),
  );
  expect(proof).toHaveLength(consistencyRanges(before.size, after.size).length);
  const [from, to] = [before, after].map(({ size, root }) => ({ size, root: bytes(root) }));
  expect(isConsistent(hasher, { from: from!, to: to!, proof: proof.map(bytes) })).toBe(true);
});

test('forgetting a person breaks nothing', async () => {
  const reporter = { name: '赵小明', phone: '13812345678' };
  const personal = { ...report, anonymous: false, reporter };
  const { id } = expected<{ id: string }>(201, await city.as('street').post('/v1/incidents', personal));
  const before = await checkpoint();
  expected(200, await city.as('admin').post(`/v1/incidents/${id}/reporter/forget`, {}));
  expected(201, await city.as('street').post('/v1/incidents', report));
  const after = await checkpoint();
  const verified = await verifyLog(new LogSource(log, null), {
    ...{ keys: await keys(), notes: [before.note, after.note], known: null },
  });
  expect(verified).toMatchObject({ outcome: 'WHOLE', fault: null, checkpoints: { fromOutside: 2 } });
  const [event] = await log.readStream(`incident-${id}`);
  const { leaf } = expected<ProofShown>(
    200,
    await city.as('oversight').get(`/v1/audit/proof?eventId=${event?.eventId}`),
  );
  expect(leaf).not.toContain(reporter.name);
  expect(leaf).not.toContain(reporter.phone);
});

test.each([
  ['/v1/audit/proof?eventId=00000000-0000-4000-8000-000000000000', 404, 'EVENT_NOT_IN_TREE'],
  ['/v1/audit/proof?eventId=1', 400, 'VALIDATION_FAILED'],
  ['/v1/audit/consistency?from=2&to=1', 404, 'NO_SUCH_TREE'],
  ['/v1/audit/consistency?from=0&to=9007199254740991', 404, 'NO_SUCH_TREE'],
  ['/v1/audit/consistency?from=-1&to=1', 400, 'VALIDATION_FAILED'],
])('%s is refused with %i %s', async (path, status, code) => {
  expectProblem(await city.as('oversight').get<Problem>(path), status, code);
});
