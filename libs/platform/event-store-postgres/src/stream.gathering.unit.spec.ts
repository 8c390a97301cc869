import type { RecordedEvent } from '@shaoying/event-store';
import { StreamGathering } from './stream.gathering.js';

const eventsOf = (streamId: string): RecordedEvent[] => [{ streamId } as RecordedEvent];

/** Answers for every stream but `missing`, and writes down what it was asked. */
function recordingReads(asked: string[][]) {
  return (streamIds: readonly string[]): Promise<Map<string, RecordedEvent[]>> => {
    asked.push([...streamIds]);
    const there = streamIds.filter((id) => id !== 'missing');
    return Promise.resolve(new Map(there.map((id) => [id, eventsOf(id)])));
  };
}

test('streams asked for in one turn are read together, and each caller gets its own', async () => {
  const asked: string[][] = [];
  const gathering = new StreamGathering(recordingReads(asked));
  const read = await Promise.all(['a', 'b', 'missing'].map((id) => gathering.read(id)));
  expect(asked).toEqual([['a', 'b', 'missing']]);
  expect(read).toEqual([eventsOf('a'), eventsOf('b'), undefined]);
});

test('a stream that two callers want is read once, and their lists are not the same list', async () => {
  const asked: string[][] = [];
  const gathering = new StreamGathering(recordingReads(asked));
  const [one, other] = await Promise.all([gathering.read('a'), gathering.read('a')]);
  expect(asked).toEqual([['a']]);
  expect(one).toEqual(other);
  expect(one).not.toBe(other);
});

test('a read that begins after the statement was sent does not get its answer', async () => {
  const asked: string[][] = [];
  const gathering = new StreamGathering(recordingReads(asked));
  const first = gathering.read('a');
  await new Promise((done) => setImmediate(done));
  await Promise.all([first, gathering.read('a')]);
  expect(asked).toEqual([['a'], ['a']]);
});

test('more than 32 streams become several statements', async () => {
  const asked: string[][] = [];
  const gathering = new StreamGathering(recordingReads(asked));
  await Promise.all(Array.from({ length: 70 }, (_, index) => gathering.read(`s-${index}`)));
  expect(asked.map((streamIds) => streamIds.length)).toEqual([32, 32, 6]);
});

test('a failure reaches every caller of its statement and none of another', async () => {
  const fail = new Error('no connection');
  const gathering = new StreamGathering((streamIds) =>
    streamIds.includes('s-0') ? Promise.reject(fail) : recordingReads([])(streamIds),
  );
  const read = Array.from({ length: 33 }, (_, index) => gathering.read(`s-${index}`));
  const settled = await Promise.allSettled(read);
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(32);
  expect(settled.at(-1)).toEqual({ status: 'fulfilled', value: eventsOf('s-32') });
});
