import { randomUUID } from 'node:crypto';
import { admitAppend } from '@shaoying/event-store';
import { propertyParameters, sampleEvent } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { sharedPb } from './eventstoredb.client.js';
import { proposedEvent, recordedFrom, storedFrom, uuidText } from './log.messages.js';
import type { ServerEvent } from './log.messages.js';

const stored = (overrides = {}) => {
  const [event] = admitAppend('incident-1', 'none', [sampleEvent(overrides)]).events;
  if (!event) throw new Error('nothing admitted');
  return event;
};

const onServer = (overrides: Partial<ServerEvent> = {}): ServerEvent => {
  const { type, data, metadata, nativeId } = proposedEvent(stored(), randomUUID());
  return {
    streamId: 'incident-1',
    revision: 0,
    position: '42',
    type,
    nativeId,
    data,
    metadata,
    ...overrides,
  };
};

test('data goes to the server as it is; the envelope is one JSON object that a person can read there', () => {
  const event = stored({ data: { 描述: '井盖缺失', b: 1, a: 2 }, requestHash: 'sha256:77af' });
  const proposed = proposedEvent(event, randomUUID());
  expect(Buffer.from(proposed.data).toString()).toBe('{"描述":"井盖缺失","b":1,"a":2}');
  expect(Object.keys(JSON.parse(Buffer.from(proposed.metadata).toString()) as object)).toEqual([
    ...['eventId', 'schemaVersion', 'occurredAt', 'recordedAt'],
    ...['actor', 'correlationId', 'causationId', 'commandId', 'requestHash'],
  ]);
});

test('stored texts come back byte for byte, and show a byte that changes nothing of what they mean', () => {
  const event = stored({ data: { 描述: '井盖缺失', b: 1 } });
  const { data, metadata } = proposedEvent(event, randomUUID());
  const textsOf = (overrides: Partial<ServerEvent>) => {
    const record = storedFrom(onServer({ data, metadata, ...overrides }));
    return record && { metadata: record.metadata.toString(), data: record.data.toString() };
  };
  const asStored = { metadata: event.metadata, data: event.data };
  expect(textsOf({})).toEqual(asStored);
  const spaced = (bytes: Uint8Array, before: string): Buffer =>
    Buffer.from(Buffer.from(bytes).toString().replace(before, ` ${before}`));
  expect(textsOf({ data: spaced(data, '"b"') })).toEqual({ ...asStored, data: '{"描述":"井盖缺失", "b":1}' });
  const actor = event.metadata.replace('"actor"', ' "actor"');
  expect(textsOf({ metadata: spaced(metadata, '"actor"') })).toEqual({ ...asStored, metadata: actor });
  for (const member of ['"schemaVersion"', '"recordedAt"']) {
    const altered = onServer({ data, metadata: spaced(metadata, member) });
    expect(recordedFrom(altered)).toEqual(recordedFrom(onServer({ data, metadata })));
    expect(storedFrom(altered)?.metadata.toString()).not.toBe(event.metadata);
  }
});

test('an event of ours whose data somebody has made into no JSON keeps its place among the stored texts', () => {
  const whole = onServer();
  const data = Buffer.from('{"nth:1}');
  expect(() => recordedFrom({ ...whole, data })).toThrow(
    expect.objectContaining({
      code: 'UNREADABLE_EVENT',
      streamId: 'incident-1',
      revision: 0,
      position: '42',
    }),
  );
  expect(storedFrom({ ...whole, data })).toEqual({ ...storedFrom(whole), data });
  expect(storedFrom(onServer({ metadata: Buffer.from('{"eventId":"8"}') }))).toBeUndefined();
});

test.each<[string, Partial<ServerEvent>]>([
  ['a link', { type: '$>' }],
  ['an event of a system stream', { streamId: '$stats' }],
  ['an event without metadata', { metadata: new Uint8Array() }],
  ['metadata that is no JSON', { metadata: Buffer.from('{') }],
  ['metadata of another program', { metadata: Buffer.from('{"$correlationId":"7","eventId":"8"}') }],
])('%s is not ours', (_what, overrides) => {
  expect(recordedFrom(onServer())).toBeDefined();
  expect(recordedFrom(onServer(overrides))).toBeUndefined();
});

test('a uuid in two signed halves is the uuid in text', () => {
  fc.assert(
    fc.property(fc.uuid(), (text) => {
      const hex = text.replaceAll('-', '');
      const half = (digits: string): string => BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();
      const structured = new sharedPb.UUID.Structured()
        .setMostSignificantBits(half(hex.slice(0, 16)))
        .setLeastSignificantBits(half(hex.slice(16)));
      expect(uuidText(new sharedPb.UUID().setStructured(structured))).toBe(text);
    }),
    propertyParameters({ numRuns: 200 }),
  );
});
