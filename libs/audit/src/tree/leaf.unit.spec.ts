import fc from 'fast-check';
import {
  admitAppend,
  InMemoryEventStore,
  recordedEvent,
  traceparentFrom,
  type NewEvent,
  type StoredEvent,
} from '@shaoying/event-store';
import { anyStoredLeaf, leafOf, MalformedLeaf, storedLeaf, type StoredLeaf } from './leaf.js';

const event: NewEvent = {
  eventId: '0198c5a0-0000-7000-8000-000000000001',
  type: 'IncidentReported',
  schemaVersion: 3,
  occurredAt: '2026-03-02T01:00:00.000Z',
  recordedAt: '2026-03-02T01:00:01.250Z',
  actor: { id: 'u-1', role: 'grid-worker', orgUnitId: null },
  correlationId: 'c-1',
  causationId: 'c-1',
  commandId: 'k-1',
  data: { category: '0102', text: '井盖 "坏"\n' },
};

const line =
  '{"streamId":"incident-1","revision":0,"eventId":"0198c5a0-0000-7000-8000-000000000001"' +
  ',"type":"IncidentReported","schemaVersion":3' +
  ',"occurredAt":"2026-03-02T01:00:00.000Z","recordedAt":"2026-03-02T01:00:01.250Z"' +
  ',"metadata":{"actor":{"id":"u-1","role":"grid-worker","orgUnitId":null}' +
  ',"correlationId":"c-1","causationId":"c-1","commandId":"k-1"}' +
  ',"data":{"category":"0102","text":"井盖 \\"坏\\"\\n"}}';

/** What an envelope may have and need not. */
const maybe = fc.record(
  { requestHash: fc.uuid(), traceparent: fc.string().map(traceparentFrom) },
  { requiredKeys: [] },
);

const leafFrom = (stored: StoredEvent, streamId: string, revision: number): StoredLeaf => ({
  ...stored,
  ...{ streamId, revision, metadata: Buffer.from(stored.metadata), data: Buffer.from(stored.data) },
});

describe('the leaf of an event', () => {
  it('is one line of JSON, without the position', async () => {
    const store = new InMemoryEventStore();
    await store.append('incident-1', 'none', [event]);
    const [recorded] = await store.readAll('0');
    expect(recorded && leafOf(recorded)).toBe(line);
    expect(JSON.parse(line)).toMatchObject({ streamId: 'incident-1', data: event.data });
    expect(recorded && leafOf({ ...recorded, position: '4711' })).toBe(line);
  });

  it('is the same from the stored texts and from what a reader gets, whatever the data', () => {
    fc.assert(
      fc.property(fc.object({ withUnicodeString: true }), maybe, (data, more) => {
        const proposed = { ...event, data, ...more };
        const [stored] = admitAppend('s', 'any', [proposed]).events;
        if (!stored) throw new Error('one event is admitted as one');
        const recorded = recordedEvent(stored, 's', 7, '12');
        expect(leafOf(recorded)).toBe(storedLeaf(leafFrom(stored, 's', 7)).toString());
      }),
    );
  });

  it('tells texts apart that mean the same', () => {
    const [stored] = admitAppend('s', 'any', [event]).events;
    if (!stored) throw new Error('one event is admitted as one');
    const spaced = stored.data.replace(':', ': ');
    expect(JSON.parse(spaced)).toEqual(JSON.parse(stored.data));
    const leaves = [stored, { ...stored, data: spaced }].map((text) => storedLeaf(leafFrom(text, 's', 0)));
    expect(leaves[1]?.toString()).toBe(leaves[0]?.toString().replace('"category":', '"category": '));
  });

  it('is written whole where names are longer than any that the log takes, as somebody else may have written them', () => {
    const [stored] = admitAppend('s', 'any', [event]).events;
    if (!stored) throw new Error('one event is admitted as one');
    const type = '哨'.repeat(5_000);
    const recorded = recordedEvent({ ...stored, type }, 's', 0, '1');
    expect(storedLeaf(leafFrom({ ...stored, type }, 's', 0)).toString()).toBe(leafOf(recorded));
  });

  it('is refused where metadata and data could be divided elsewhere, and is another one for who must have one', () => {
    const [stored] = admitAppend('s', 'any', [{ ...event, data: { a: 1, data: 2 } }]).events;
    if (!stored) throw new Error('one event is admitted as one');
    const metadata = `${stored.metadata},"data":{"a":1`;
    const divided = leafFrom({ ...stored, metadata, data: '2}' }, 's', 0);
    expect(() => storedLeaf(divided)).toThrow(MalformedLeaf);
    const signed = leafFrom(stored, 's', 0);
    expect(anyStoredLeaf(signed)).toEqual(storedLeaf(signed));
    expect(anyStoredLeaf(divided).toString()).toBe(`${storedLeaf(signed).toString()}\n`);
  });
});
