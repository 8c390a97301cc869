import { setTimeout as delay } from 'node:timers/promises';
import {
  comparePositions,
  type EventStore,
  InMemoryEventStore,
  type NewEvent,
  StoreUnavailable,
} from '@shaoying/event-store';
import { spoilInMemory } from '@shaoying/event-store/testing';
import { JURISDICTION_EVENT_TYPES } from '@shaoying/jurisdiction-contracts';
import { EventSourcedJurisdictionDirectory } from './event-sourced-jurisdiction-directory.js';
import { lindongYaml } from './testing/index.js';
import { JurisdictionPublisher } from './jurisdiction-publisher.js';

const actor = { id: 'admin-1', role: 'admin', orgUnitId: null };
const now = '2026-01-05T02:00:00.000Z';
const opened: EventSourcedJurisdictionDirectory[] = [];
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.stop();
});

function directoryOn(store: EventStore): EventSourcedJurisdictionDirectory {
  const directory = new EventSourcedJurisdictionDirectory(store);
  opened.push(directory);
  return directory;
}

let eventCount = 0;
function event(type: string, data: unknown): NewEvent {
  eventCount += 1;
  return {
    eventId: `00000000-0000-5000-8000-${String(eventCount).padStart(12, '0')}`,
    type,
    schemaVersion: 1,
    occurredAt: now,
    recordedAt: now,
    actor,
    correlationId: 'c',
    causationId: 'c',
    commandId: 'c',
    data,
  };
}

async function publishLindong(store: EventStore): Promise<void> {
  const directory = directoryOn(store);
  await directory.start();
  await new JurisdictionPublisher(store, directory).publishFile(lindongYaml(), actor, now);
}

const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );

test('an empty log is read at once and has nothing to pin', async () => {
  const directory = directoryOn(new InMemoryEventStore());
  await directory.start();
  expect(directory.status()).toEqual({ state: 'LIVE', position: '0' });
  expect(() => directory.pins()).toThrow(expect.objectContaining({ code: 'JURISDICTION_NOT_PUBLISHED' }));
});

test('follows what others publish, past events of other rooms', async () => {
  const store = new InMemoryEventStore();
  const incident = event('IncidentReported', { anything: true });
  const { position: before } = await store.append('incident-1', 'none', [incident]);
  const directory = directoryOn(store);
  await directory.start();
  expect(directory.status()).toEqual({ state: 'LIVE', position: before });
  await publishLindong(store);
  const position = await store.head();
  await store.append('incident-1', 0, [event('IncidentReported', { anything: true })]);
  await directory.caughtUpTo(position);
  expect(directory.orgUnits('ESTATE')).toHaveLength(20);
  expect(directory.status()).toEqual({ state: 'LIVE', position });
});

test('never asks the log for the events of other rooms', async () => {
  const store = new InMemoryEventStore();
  await publishLindong(store);
  const asked: unknown[] = [];
  const listening: EventStore = Object.assign(Object.create(store) as EventStore, {
    readAll: (...args: Parameters<EventStore['readAll']>) => {
      asked.push(args[1]?.types);
      return store.readAll(...args);
    },
    subscribe: (...args: Parameters<EventStore['subscribe']>) => {
      asked.push(args[1]?.types);
      return store.subscribe(...args);
    },
  });
  await directoryOn(listening).start();
  expect(new Set(asked)).toEqual(new Set([JURISDICTION_EVENT_TYPES]));
});

describe('whatever event a position is of', () => {
  const incidentReported = () => event('IncidentReported', { anything: true });

  test('one of another room is read as soon as nothing published lies before it, however many follow', async () => {
    const store = new InMemoryEventStore();
    const directory = directoryOn(store);
    await directory.start();
    const { position } = await store.append('incident-1', 'none', [incidentReported()]);
    await store.append('incident-1', 0, [incidentReported()]);
    await directory.hasReadUpTo(position, 0);
    expect(comparePositions(directory.status().position, position)).toBeGreaterThanOrEqual(0);
  });

  test('what was published before it is waited for; what is published after it is not', async () => {
    const store = new InMemoryEventStore();
    const hold = Promise.withResolvers<undefined>();
    const slow: EventStore = Object.assign(Object.create(store) as EventStore, {
      subscribe: async function* (...args: Parameters<EventStore['subscribe']>) {
        await hold.promise;
        yield* store.subscribe(...args);
      } as EventStore['subscribe'],
    });
    const directory = directoryOn(slow);
    await directory.start();
    const before = await store.append('incident-1', 'none', [incidentReported()]);
    await publishLindong(store);
    const after = await store.append('incident-1', 0, [incidentReported()]);
    await directory.hasReadUpTo(before.position, 0);
    expect(await codeOf(directory.hasReadUpTo(after.position, 20))).toBe('JURISDICTION_DIRECTORY_BEHIND');
    expect(directory.orgUnits('ESTATE')).toHaveLength(0);
    const waiting = directory.hasReadUpTo(after.position);
    hold.resolve(undefined);
    await waiting;
    expect(directory.orgUnits('ESTATE')).toHaveLength(20);
  });

  test('all who ask at once are answered by one look at the log', async () => {
    const store = new InMemoryEventStore();
    const directory = directoryOn(store);
    await directory.start();
    const { position } = await store.append('incident-1', 'none', [incidentReported()]);
    const looks = jest.spyOn(store, 'readAll');
    await Promise.all(Array.from({ length: 20 }, () => directory.hasReadUpTo(position)));
    expect(looks).toHaveBeenCalledTimes(1);
  });

  test('what has been read is not asked of the log', async () => {
    const store = new InMemoryEventStore();
    await publishLindong(store);
    const directory = directoryOn(store);
    await directory.start();
    const looks = jest.spyOn(store, 'head');
    await directory.hasReadUpTo(await store.head());
    expect(looks).toHaveBeenCalledTimes(1);
  });

  test('a position that the log has not come to is waited for, and told when it does not come', async () => {
    const store = new InMemoryEventStore();
    const directory = directoryOn(store);
    await directory.start();
    expect(await codeOf(directory.hasReadUpTo('1', 20))).toBe('JURISDICTION_DIRECTORY_BEHIND');
    const waiting = directory.hasReadUpTo('1');
    await store.append('incident-1', 'none', [incidentReported()]);
    await waiting;
  });

  test('a position that does not come has the log asked once in 50 ms, however many wait for it', async () => {
    const store = new InMemoryEventStore();
    const directory = directoryOn(store);
    await directory.start();
    const looks = jest.spyOn(store, 'head');
    const startedMs = performance.now();
    const codes = await Promise.all(
      Array.from({ length: 200 }, () => codeOf(directory.hasReadUpTo('1', 200))),
    );
    expect(new Set(codes)).toEqual(new Set(['JURISDICTION_DIRECTORY_BEHIND']));
    // The first two without a pause: for whoever came first, and for those who came meanwhile.
    expect(looks.mock.calls.length).toBeLessThanOrEqual(2 + (performance.now() - startedMs) / 50);
  });

  test('one that has stopped says so at once', async () => {
    const directory = directoryOn(new InMemoryEventStore());
    await directory.start();
    const waiting = codeOf(directory.hasReadUpTo('1'));
    await directory.stop();
    expect(await waiting).toBe('JURISDICTION_DIRECTORY_STOPPED');
  });
});

test('says so when a position does not come in time', async () => {
  const directory = directoryOn(new InMemoryEventStore());
  await directory.start();
  expect(await codeOf(directory.caughtUpTo('5', 20))).toBe('JURISDICTION_DIRECTORY_BEHIND');
});

test('a stopped directory answers from what it has read, and waits for nothing', async () => {
  const store = new InMemoryEventStore();
  await publishLindong(store);
  const directory = directoryOn(store);
  await directory.start();
  const waiting = codeOf(directory.caughtUpTo('1000000'));
  await directory.stop();
  expect(await waiting).toBe('JURISDICTION_DIRECTORY_STOPPED');
  expect(await codeOf(directory.caughtUpTo('1000000'))).toBe('JURISDICTION_DIRECTORY_STOPPED');
  expect(directory.categories()).toHaveLength(22);
});

test('a poison event stops it loudly at the position before, with what came earlier still readable', async () => {
  const store = new InMemoryEventStore();
  await publishLindong(store);
  const before = await store.head();
  const directory = directoryOn(store);
  await directory.start();
  const { position } = await store.append('org-unit-x', 'none', [
    event('OrgUnitEstablished', { orgUnit: { id: 'x' } }),
  ]);
  expect(await codeOf(directory.caughtUpTo(position))).toBe('JURISDICTION_DIRECTORY_STOPPED');
  expect(directory.status()).toMatchObject({
    state: 'FAILED',
    position: before,
    error: { code: 'JURISDICTION_EVENT_POISONED', event: { type: 'OrgUnitEstablished', position } },
  });
  expect(directory.orgUnits('ESTATE')).toHaveLength(20);
  expect(await codeOf(directoryOn(store).start())).toBe('JURISDICTION_DIRECTORY_STOPPED');
});

test('an event that is no JSON any more stops it as a poison event does', async () => {
  const store = new InMemoryEventStore();
  await publishLindong(store);
  const before = await store.head();
  const { position } = await store.append('org-unit-x', 'none', [
    event('OrgUnitEstablished', { orgUnit: { id: 'x' } }),
  ]);
  spoilInMemory(store, position);
  const directory = directoryOn(store);
  expect(await codeOf(directory.start())).toBe('JURISDICTION_DIRECTORY_STOPPED');
  expect(directory.status()).toMatchObject({
    state: 'FAILED',
    position: before,
    error: { code: 'UNREADABLE_EVENT', position },
  });
});

test('trouble with the store is retried from where it had read', async () => {
  const store = new InMemoryEventStore();
  await publishLindong(store);
  let failuresLeft = 2;
  const flaky: EventStore = Object.assign(Object.create(store) as EventStore, {
    subscribe: (...args: Parameters<EventStore['subscribe']>) => {
      if (failuresLeft === 0) return store.subscribe(...args);
      failuresLeft -= 1;
      throw new StoreUnavailable('gone for a moment');
    },
  });
  const directory = directoryOn(flaky);
  await directory.start();
  expect(directory.status()).toEqual({ state: 'LIVE', position: await store.head() });
  expect(directory.orgUnits('ESTATE')).toHaveLength(20);
});

test('keeps nothing running after stop', async () => {
  const directory = new EventSourcedJurisdictionDirectory(new InMemoryEventStore());
  await directory.start();
  await Promise.race([directory.stop(), delay(1_000).then(() => Promise.reject(new Error('did not stop')))]);
  expect(directory.status().state).toBe('STOPPED');
});
