import fc from 'fast-check';
import { admitAppend, recordedEvent } from '../event.admission.js';
import { LIMITS, tellsStoredTexts } from '../event-store.js';
import type { NewEvent, RecordedEvent } from '../event-store.js';
import { anyText } from './any-text.js';
import type { Engine } from './event-store.contract.js';
import { propertyParameters } from './property-seed.js';
import { sampleEvent, sampleStreamId } from './sample-events.js';

async function roundTrip(engine: Engine, event: NewEvent): Promise<RecordedEvent> {
  const { store } = engine();
  const streamId = sampleStreamId();
  // A position is opaque: the place before an event is that of another event, not a number smaller by one.
  const before = await store.head();
  const { position } = await store.append(streamId, 'none', [event]);
  const [byStream] = await store.readStream(streamId);
  const byLog = (await store.readAll(before)).find((read) => read.eventId === event.eventId);
  expect(byLog).toEqual(byStream);
  expect(byStream).toEqual({ ...event, streamId, revision: 0, position });
  if (!byStream) throw new Error('the event was not read back');
  return byStream;
}

const dataOfBytes = (bytes: number): unknown => (bytes === 1 ? 7 : 'x'.repeat(bytes - 2));

export function fidelityContract(engine: Engine): void {
  test('every field of the envelope comes back, the optional one too', async () => {
    await roundTrip(engine, sampleEvent({ requestHash: 'sha256:77af', schemaVersion: 12 }));
    const read = await roundTrip(
      engine,
      sampleEvent({ actor: { id: 'anonymous', role: 'resident', orgUnitId: null } }),
    );
    expect(read).not.toHaveProperty('requestHash');
  });

  test.each([
    '0001-01-01T00:00:00.000Z',
    '1582-10-10T12:00:00.001Z',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z',
    '2000-02-29T23:59:59.010Z',
    '2026-02-13T08:00:00.100Z',
    '9999-12-31T23:59:59.999Z',
  ])('instant %s comes back exactly', async (instant) => {
    await roundTrip(engine, sampleEvent({ occurredAt: instant, recordedAt: instant }));
  });

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['an empty array', []],
    ['null', null],
    ['an empty string', ''],
    ['Chinese, emoji and right-to-left text', { description: '井盖缺失🕳️，居民很着急 — مرحبا \u202e' }],
    ['characters outside the basic plane', { name: '𠮷野家 𝄞' }],
    ['quotes, backslashes, braces and commas', { text: '{"a\\b",\'c\',NULL}\\\\"' }],
    ['control characters and NUL', { text: 'a\u0000b\n\r\t\u0007\u007f\u2028' }],
    ['a lone surrogate', { text: '\ud800' }],
    ['big numbers in strings', { amount: '123456789012345678901234567890.000100' }],
    ['numbers at the edges of a double', [0.1, 1e21, 5e-324, 1.7976931348623157e308, 9007199254740991]],
    ['keys in their order, the empty key among them', { b: 1, a: 2, '': 3, 中: 4 }],
    ['a key that is a trap', JSON.parse('{"__proto__":{"admin":true}}')],
    ['deep nesting', JSON.parse('['.repeat(500) + ']'.repeat(500))],
  ])('%s comes back with the same bytes', async (_what, data) => {
    const read = await roundTrip(engine, sampleEvent({ data }));
    expect(JSON.stringify(read.data)).toBe(JSON.stringify(data));
  });

  test.each([1, 2, 1_000, 8_192, 100_000, LIMITS.eventBytesMax])(
    '%i bytes of data come back',
    async (bytes) => {
      await roundTrip(engine, sampleEvent({ data: dataOfBytes(bytes) }));
    },
  );

  test('one byte more than the limit is refused, counted in UTF-8', async () => {
    const { store } = engine();
    const tooLarge = { code: 'EVENT_TOO_LARGE' };
    const latin = sampleEvent({ data: dataOfBytes(LIMITS.eventBytesMax + 1) });
    await expect(store.append(sampleStreamId(), 'none', [latin])).rejects.toMatchObject(tooLarge);
    const chinese = sampleEvent({ data: '哨'.repeat(LIMITS.eventBytesMax / 3) });
    await expect(store.append(sampleStreamId(), 'none', [chinese])).rejects.toMatchObject(tooLarge);
  });

  test('an envelope larger than its limit is refused', async () => {
    const event = sampleEvent({ requestHash: 'f'.repeat(LIMITS.metadataBytesMax) });
    const append = engine().store.append(sampleStreamId(), 'none', [event]);
    await expect(append).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
  });

  test('what is stored does not change with the object it came from', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const data = { state: 'REPORTED' };
    const appended = store.append(streamId, 'none', [sampleEvent({ data })]);
    data.state = 'CLOSED';
    await appended;
    expect((await store.readStream(streamId))[0]?.data).toEqual({ state: 'REPORTED' });
  });

  test('stored texts are told byte for byte, as long as each is looked at, and mean what readers get', async () => {
    const { store } = engine();
    if (!tellsStoredTexts(store)) throw new Error('an engine that tells no stored texts');
    const before = await store.head();
    const streamId = sampleStreamId();
    // Of many sizes: what is read lies across the pieces in which it arrives.
    const events = Array.from({ length: 300 }, (_, nth) =>
      sampleEvent({ data: { nth, text: '哨应'.repeat((nth * 37) % 500) } }),
    );
    await store.append(streamId, 'none', events);
    const texts = await store.readAllStored(before, 200, ({ eventId, metadata, data }) => ({
      ...{ eventId, metadata: metadata.toString(), data: data.toString() },
    }));
    const admitted = admitAppend(streamId, 'none', events).events;
    const asStored = admitted.map(({ eventId, metadata, data }) => ({ eventId, metadata, data }));
    expect(texts).toEqual(asStored.slice(0, 200));
    const [last] = await store.readAll(before, { limit: 200 }).then((read) => read.slice(-1));
    const rest = await store.readAllStored(last?.position ?? '', 200, (record) =>
      recordedEvent(
        { ...record, metadata: record.metadata.toString(), data: record.data.toString() },
        record.streamId,
        record.revision,
        record.position,
      ),
    );
    expect(rest).toEqual((await store.readStream(streamId)).slice(200));
    expect(await store.readAllStored(await store.head(), 10, (record) => record)).toEqual([]);
  });

  test('any JSON, any names, any instant come back', async () => {
    const instants = fc
      .date({
        min: new Date('0001-01-01T00:00:00.000Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString());
    const text = anyText({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), instants, instants, text, async (data, occurredAt, recordedAt, id) => {
        const normalised: unknown = JSON.parse(JSON.stringify(data));
        const actor = { id, role: 'resident', orgUnitId: null };
        await roundTrip(
          engine,
          sampleEvent({ data: normalised, occurredAt, recordedAt, actor, commandId: id }),
        );
      }),
      propertyParameters({ numRuns: 60 }),
    );
  });
}
