import type { RecordedEvent } from '@shaoying/event-store';
import fc from 'fast-check';
import { writeIsolatingPoison } from './batch.js';
import { CheckpointMoved, CheckpointUnmoved, PoisonEvent } from './projections.errors.js';
import { recordedEvents } from './testing/recorded-events.js';

const history = (length: number) =>
  recordedEvents(Array.from({ length }, () => ({ streamId: 'a', type: 'Counted', data: {} })));
const isPoison = (poison: number | null) => (event: RecordedEvent) => Number(event.position) === poison;

it('commits exactly what precedes the poison, whatever the batch, in a few attempts', async () => {
  const cases = fc
    .integer({ min: 1, max: 1_000 })
    .chain((length) => fc.tuple(fc.constant(length), fc.option(fc.integer({ min: 1, max: length }))));
  await fc.assert(
    fc.asyncProperty(cases, async ([length, poison]) => {
      const committed: string[] = [];
      let attempts = 0;
      const writing = writeIsolatingPoison(
        'tally',
        '0',
        history(length),
        async (from, to, events) => {
          attempts += 1;
          expect(from).toBe(committed.at(-1) ?? '0');
          expect(to).toBe(events.at(-1)?.position);
          if (events.some(isPoison(poison))) throw new Error('refused');
          committed.push(...events.map((event) => event.position));
        },
        () => undefined,
      );
      if (poison === null) expect(await writing).toBe(String(length));
      else await expect(writing).rejects.toMatchObject({ code: 'POISON_EVENT', position: String(poison) });
      expect(committed).toHaveLength(poison === null ? length : poison - 1);
      expect(attempts).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(length + 1)) + 1);
    }),
    { numRuns: 100 },
  );
});

it.each([
  ['a lost connection', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['a backend that was terminated', Object.assign(new Error('terminating connection'), { code: '57P01' })],
  ['a deadlock', Object.assign(new Error('deadlock detected'), { code: '40P01' })],
  [
    'a client that pg has given up',
    new Error('Client has encountered a connection error and is not queryable'),
  ],
  ['a moved checkpoint', new CheckpointMoved('tally')],
  ['a checkpoint that cannot be moved', new CheckpointUnmoved('tally', new Error('permission denied'))],
])('%s is nobody’s poison', async (_what, error) => {
  let attempts = 0;
  const fail = () => {
    attempts += 1;
    return Promise.reject(error);
  };
  await expect(writeIsolatingPoison('tally', '0', history(8), fail, () => undefined)).rejects.toBe(error);
  expect(attempts).toBe(1);
});

it('a batch that takes too long is halved, not repeated', async () => {
  const tooSlow = Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
  const sizes: number[] = [];
  await writeIsolatingPoison(
    'tally',
    '0',
    history(8),
    async (_from, _to, events) => {
      sizes.push(events.length);
      if (events.length > 2) throw tooSlow;
    },
    () => undefined,
  );
  expect(sizes).toEqual([8, 4, 2, 2, 2, 2]);
  expect(new PoisonEvent('tally', '1', 'Counted', tooSlow).code).toBe('POISON_EVENT');
});
