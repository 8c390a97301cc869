import { setTimeout as sleep } from 'node:timers/promises';
import { tellsStoredTexts } from '../event-store.js';
import type { EventStore, NewEvent, Position, RecordedEvent } from '../event-store.js';
import type { Engine } from './event-store.contract.js';
import { sampleEvent, sampleEvents, sampleStreamId } from './sample-events.js';

interface Spoilt {
  /** End of the log before. */
  readonly after: Position;
  /** Of five events, the third of which is unreadable. */
  readonly streamId: string;
  readonly events: readonly NewEvent[];
  readonly spoilt: RecordedEvent;
  /** What is told of it. */
  readonly error: object;
}

async function spoilt(engine: Engine): Promise<Spoilt> {
  const { store, spoil } = engine();
  if (!spoil) throw new Error('an engine under test whose events cannot be spoilt');
  const after = await store.head();
  const streamId = sampleStreamId();
  const events = sampleEvents(5).map((event, nth) =>
    nth === 2 ? { ...event, type: 'SpoiltHappened' } : event,
  );
  await store.append(streamId, 'none', events);
  const third = (await store.readStream(streamId))[2] as RecordedEvent;
  await spoil(third);
  const { eventId, revision, position, type, recordedAt } = third;
  const error = { code: 'UNREADABLE_EVENT', eventId, streamId, revision, position, type, recordedAt };
  return { after, streamId, events, spoilt: third, error };
}

const idsOf = (events: readonly { eventId: string }[]): string[] => events.map(({ eventId }) => eventId);

/** Everything a subscriber is handed until it fails, and how it fails. */
async function followed(
  store: EventStore,
  after: Position,
  batchSize: number,
): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = [];
  try {
    for await (const batch of store.subscribe(after, { batchSize })) {
      ids.push(...idsOf(batch));
      // What comes next may be read ahead meanwhile.
      await sleep(50);
    }
  } catch (error) {
    return { ids, error };
  }
  throw new Error('the subscription ended without an error');
}

/** An event whose data somebody has made into no JSON: told by its place, never passed by. */
export function unreadableContract(engine: Engine): void {
  test('its stream is refused, from any revision up to it; other streams are read and written', async () => {
    const { store } = engine();
    const { streamId, events, error } = await spoilt(engine);
    for (const from of [0, 2]) await expect(store.readStream(streamId, from)).rejects.toMatchObject(error);
    expect(idsOf(await store.readStream(streamId, 3))).toEqual(idsOf(events.slice(3)));
    const other = sampleStreamId();
    await store.append(other, 'none', [sampleEvent()]);
    expect(await store.readStream(other)).toHaveLength(1);
  });

  test('the log is read up to it, refused at it, and read on from behind it', async () => {
    const { store } = engine();
    const { after, events, spoilt: third, error } = await spoilt(engine);
    const before = await store.readAll(after);
    expect(idsOf(before)).toEqual(idsOf(events.slice(0, 2)));
    await expect(store.readAll(before.at(-1)?.position ?? '')).rejects.toMatchObject(error);
    expect(idsOf(await store.readAll(third.position))).toEqual(idsOf(events.slice(3)));
    await expect(store.eventAt(third.position)).rejects.toMatchObject(error);
    await expect(store.readAll(after, { types: [third.type] })).rejects.toMatchObject(error);
  });

  test('a read of other types, the stored texts and the end of the log do not mind it', async () => {
    const { store } = engine();
    const { after, events, spoilt: third } = await spoilt(engine);
    const others = events.filter(({ type }) => type !== third.type);
    const types = [...new Set(others.map(({ type }) => type))];
    expect(idsOf(await store.readAll(after, { types }))).toEqual(idsOf(others));
    if (!tellsStoredTexts(store)) throw new Error('an engine that tells no stored texts');
    const stored = await store.readAllStored(after, 10, ({ eventId }) => ({ eventId }));
    expect(idsOf(stored)).toEqual(idsOf(events));
    const { position } = await store.append(sampleStreamId(), 'none', [sampleEvent()]);
    expect(await store.head()).toBe(position);
  });

  test('the end of the log is found where it is the last event', async () => {
    const { store, spoil } = engine();
    const streamId = sampleStreamId();
    const { position } = await store.append(streamId, 'none', [sampleEvent()]);
    const [event] = await store.readStream(streamId);
    await spoil?.(event as RecordedEvent);
    expect(await store.head()).toBe(position);
  });

  test.each([1, 2, 500])(
    'a subscription by %i hands out what is before it and ends with an error that says where it is',
    async (batchSize) => {
      const { store } = engine();
      const { after, events, error } = await spoilt(engine);
      const { ids, error: told } = await followed(store, after, batchSize);
      expect(ids).toEqual(idsOf(events.slice(0, 2)));
      expect(told).toMatchObject(error);
    },
  );

  test('a subscription from behind it is as any other', async () => {
    const { store } = engine();
    const { events, spoilt: third } = await spoilt(engine);
    const wanted = idsOf(events.slice(3));
    const seen: string[] = [];
    for await (const batch of store.subscribe(third.position)) {
      seen.push(...idsOf(batch));
      if (seen.length >= wanted.length) break;
    }
    expect(seen).toEqual(wanted);
  });
}
