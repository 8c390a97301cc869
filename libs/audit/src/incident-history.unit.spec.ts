import fc from 'fast-check';
import { InMemoryEventStore, StreamNotFound, type RecordedEvent } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import {
  decodeIncidentEvent,
  incidentEventTypes,
  incidentIdOf,
  type RecordedIncidentEvent,
} from '@shaoying/incident-contracts';
import { asTheFirstReleaseSaid, firstVersionOf } from '@shaoying/incident-contracts/testing';
import { foldView, type IncidentView } from '@shaoying/incident-read-models';
import { instantsAround, SimulatedCity, simulatedCities } from '@shaoying/incident-read-models/testing';
import { readGolden } from '@shaoying/testing';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { changesBetween, IncidentHistory, type Change } from './incident-history.js';

const names = (id: string | null): string => (id === null ? '—' : `〈${id}〉`);

async function historyOf(city: SimulatedCity): Promise<IncidentHistory> {
  const store = new InMemoryEventStore();
  await city.appendTo(store);
  return new IncidentHistory(store, names);
}

const eventsOf = (city: SimulatedCity, id: string): RecordedIncidentEvent[] =>
  city.eventsOf(id).map(decodeIncidentEvent);

const idsIn = (city: SimulatedCity): string[] => [
  ...new Set(city.events.map((event) => incidentIdOf(event.streamId) ?? '')),
];

/** Whistled, late, checked in offline, completed: 300 minutes after the whistle. */
function lateCase(): SimulatedCity {
  const city = new SimulatedCity().report('inc').pass(10).whistle('inc', ['dept-1']);
  return city.pass(300).ringAlarms().checkIn('inc', 'dept-1', city.inMinutes(-100)).complete('inc', 'dept-1');
}

describe('events of an incident', () => {
  it('are all there in order, each with its whole envelope and a line', async () => {
    const city = lateCase();
    const entries = await (await historyOf(city)).events('inc');
    expect(entries.map((entry) => entry.revision)).toEqual(city.events.map((_, index) => index));
    const { streamId, revision, position: _, ...envelope } = city.events[1] ?? city.events[0]!;
    expect(entries[1]).toMatchObject({ streamId, revision, ...envelope });
    expect(entries[2]?.line).toEqual({
      zh: '〈street-1〉 吹哨（群众诉求哨）：主办 〈dept-1〉',
      en: '〈street-1〉 blew the whistle (PUBLIC_DEMAND): lead 〈dept-1〉',
    });
  });

  it('leave out the fingerprint of the request', async () => {
    const store = new InMemoryEventStore();
    const [event] = new SimulatedCity().report('inc').events;
    const { streamId, revision: _r, position: _p, ...reported } = event!;
    await store.append(streamId, 'none', [{ ...reported, requestHash: 'fingerprint' }]);
    const entries = await new IncidentHistory(store, names).events('inc');
    expect(JSON.stringify(entries)).not.toContain('fingerprint');
  });

  it('of an incident that is not there are refused', async () => {
    const history = await historyOf(lateCase());
    await expect(history.events('other')).rejects.toBeInstanceOf(StreamNotFound);
    await expect(history.replay('other', { revision: 0 })).rejects.toBeInstanceOf(StreamNotFound);
  });
});

describe('a history that an earlier release wrote', () => {
  const eventIdOf = (index: number): string => `00000000-0000-5000-8000-${String(index).padStart(12, '0')}`;

  /** A log of these events, whoever wrote them. */
  async function historyIn(events: readonly RecordedEvent[]): Promise<IncidentHistory> {
    const store = new InMemoryEventStore();
    for (const streamId of new Set(events.map((event) => event.streamId))) {
      const written = events
        .filter((event) => event.streamId === streamId)
        .map(({ streamId: _s, revision: _r, position: _p, ...event }) => event);
      await store.append(streamId, 'none', written);
    }
    return new IncidentHistory(store, names);
  }

  /** What happened in a city as the first release wrote it, and as today's would write the same. */
  async function bothOf(city: SimulatedCity): Promise<[earlier: IncidentHistory, today: IncidentHistory]> {
    const said = city.events.map(asTheFirstReleaseSaid);
    return [await historyIn(said.map(firstVersionOf)), await historyIn(said)];
  }

  it('is shown as it is stored, whatever types and versions are in it', async () => {
    const goldenDir = join(__dirname, '../../incident/contracts/golden');
    const stored = readdirSync(goldenDir)
      .filter((name) => /\.v\d+\.json$/.test(name))
      .map((name) => readGolden(goldenDir, name) as unknown as { stored: RecordedEvent })
      // An order of supervision was kept as two releases wrote it: the same event.
      .map((golden, index) => ({ ...golden.stored, streamId: 'incident-inc', eventId: eventIdOf(index) }));
    const entries = await (await historyIn(stored)).events('inc');
    expect(entries.map(({ type, schemaVersion, data }) => ({ type, schemaVersion, data }))).toEqual(
      stored.map(({ type, schemaVersion, data }) => ({ type, schemaVersion, data })),
    );
    expect(new Set(entries.map(({ type }) => type))).toEqual(new Set(incidentEventTypes));
    for (const { line } of entries) expect(Object.values(line)).not.toContain('');
  });

  it('is told in the words of today', async () => {
    const [earlier] = await bothOf(lateCase());
    const entries = await earlier.events('inc');
    const order = entries.find(({ type }) => type === 'SupervisionIssued');
    expect(order).toMatchObject({
      schemaVersion: 1,
      data: { deadlineId: 'inc-dept-1-CHECK_IN', level: 'BLUE' },
    });
    expect(Object.keys(order?.data ?? {})).not.toEqual(expect.arrayContaining(['step']));
    expect(order?.line).toEqual({
      zh: '发出蓝色督办（第 1 级）：〈dept-1〉',
      en: 'BLUE supervision order (step 1) issued to 〈dept-1〉',
    });
  });

  it('replays to the same states, with the same changes', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), async (city) => {
        const [earlier, today] = await bothOf(city);
        for (const id of idsIn(city)) {
          for (const { revision } of city.eventsOf(id)) {
            const [then, now] = await Promise.all([
              earlier.replay(id, { revision }),
              today.replay(id, { revision }),
            ]);
            expect(then.state).toEqual(now.state);
            expect(then.next?.changes).toEqual(now.next?.changes);
          }
        }
      }),
      propertyParameters({ numRuns: 10 }),
    );
  });
});

describe('a history with an event of a release to come', () => {
  it.each([
    ['a newer version', { schemaVersion: 4 }],
    ['an unknown type', { type: 'SupervisionAnswered' }],
  ])('(%s) is refused by name and place, not told in part', async (_what, change) => {
    const city = lateCase();
    const store = new InMemoryEventStore();
    await store.append(
      'incident-inc',
      'none',
      city
        .eventsOf('inc')
        .map((event) => (event.type === 'SupervisionIssued' ? { ...event, ...change } : event))
        .map(({ streamId: _s, revision: _r, position: _p, ...event }) => event),
    );
    const history = new IncidentHistory(store, names);
    const unknown = {
      code: 'UNKNOWN_EVENT',
      message: expect.stringMatching(/at position \d+ is unknown/) as string,
    };
    await expect(history.events('inc')).rejects.toMatchObject(unknown);
    await expect(history.replay('inc', { revision: 0 })).rejects.toMatchObject(unknown);
    await expect(history.viewAt('inc', city.now, city.now)).rejects.toMatchObject(unknown);
  });
});

describe('replay at a revision', () => {
  it('is null before the report, and then the report comes next', async () => {
    const replay = await (await historyOf(lateCase())).replay('inc', { revision: -1 });
    expect(replay).toMatchObject({
      at: -1,
      state: null,
      revisions: [],
      next: { event: { type: 'IncidentReported' } },
    });
    expect(replay.next?.changes).toMatchObject([
      { path: '', from: null, to: { id: 'inc', state: 'REPORTED' } },
    ]);
  });

  it('has nothing next at the end, nor beyond it', async () => {
    const city = lateCase();
    const history = await historyOf(city);
    const end = await history.replay('inc', { revision: city.events.length - 1 });
    expect(end.next).toBeNull();
    expect(await history.replay('inc', { revision: 9_999 })).toEqual({ ...end, at: 9_999 });
  });

  it('is the fold of the events up to it, and the next event with its changes leads to the following', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), async (city) => {
        const history = await historyOf(city);
        for (const id of idsIn(city)) {
          const events = eventsOf(city, id);
          for (let revision = 0; revision < events.length; revision += 1) {
            const { state, revisions, next } = await history.replay(id, { revision });
            expect(state).toEqual(foldView(events.slice(0, revision + 1)));
            expect(revisions).toEqual(events.slice(0, revision + 1).map((event) => event.revision));
            expect(next?.event.revision).toBe(events[revision + 1]?.revision);
            const after = applied(state, next?.changes ?? []);
            expect(after).toEqual(foldView(events.slice(0, revision + 2)));
          }
        }
      }),
      propertyParameters({ numRuns: 10 }),
    );
  });
});

describe('replay at an instant', () => {
  it('honours when it was so and when it became known', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(60), fc.nat(), fc.nat(), async (city, one, other) => {
        fc.pre(city.events.length > 0);
        const history = await historyOf(city);
        const instants = instantsAround(city);
        const [asOf = '', knownAt = ''] = [
          instants[one % instants.length],
          instants[other % instants.length],
        ];
        for (const id of idsIn(city)) {
          const visible = eventsOf(city, id).filter(
            (event) => event.occurredAt <= asOf && event.recordedAt <= knownAt,
          );
          const replay = await history.replay(id, { asOf, knownAt });
          expect(replay).toMatchObject({ at: asOf, state: foldView(visible) });
          expect(await history.viewAt(id, asOf, knownAt)).toEqual(replay.state);
        }
      }),
      propertyParameters({ numRuns: 30 }),
    );
  });

  it('takes everything as known where nothing is said', async () => {
    const city = lateCase();
    const history = await historyOf(city);
    const whileOffline = city.inMinutes(-50);
    const told = async (knownAt: string | null) =>
      (await history.replay('inc', { asOf: whileOffline, knownAt })).state?.tasks[0]?.state;
    expect(await told(null)).toBe('CHECKED_IN');
    expect(await told(whileOffline)).toBe('NOTIFIED');
  });

  it('includes what was so at the very instant', async () => {
    const city = new SimulatedCity().report('inc').pass(10).whistle('inc', ['dept-1']);
    const history = await historyOf(city);
    expect((await history.viewAt('inc', city.now, city.now))?.state).toBe('HANDLING');
    const justBefore = new Date(Date.parse(city.now) - 1).toISOString();
    expect((await history.viewAt('inc', justBefore, city.now))?.state).toBe('FILED');
  });

  it('names as next what was so soonest after it, not what was written soonest after it', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
    const whistled = city.now;
    city.pass(50).acknowledge('inc', 'dept-1').pass(10).checkIn('inc', 'dept-1', city.inMinutes(-40));
    const { next } = await (await historyOf(city)).replay('inc', { asOf: whistled, knownAt: null });
    expect(next?.event).toMatchObject({ type: 'DepartmentCheckedIn', revision: 4 });
    expect(next?.changes).toContainEqual({ path: '/tasks/0/state', from: 'NOTIFIED', to: 'CHECKED_IN' });
  });

  it('has nothing next after the last instant', async () => {
    const city = lateCase();
    const { next } = await (await historyOf(city)).replay('inc', { asOf: city.now, knownAt: null });
    expect(next).toBeNull();
  });

  it('knows nothing of an imported case before the import', async () => {
    const city = new SimulatedCity();
    const [openedAt, closedAt] = [city.inMinutes(-300), city.inMinutes(-200)];
    city.importCase('old', { departmentId: 'dept-1', openedAt, targetAt: null, closedAt });
    const history = await historyOf(city);
    expect((await history.viewAt('old', closedAt, city.now))?.state).toBe('CLOSED');
    expect((await history.viewAt('old', city.inMinutes(-250), city.now))?.state).toBe('HANDLING');
    expect(await history.viewAt('old', closedAt, closedAt)).toBeNull();
  });

  it('answers null for an incident that is not there', async () => {
    const history = await historyOf(lateCase());
    expect(await history.viewAt('other', '2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z')).toBeNull();
  });
});

describe('changes between two states', () => {
  it.each<[string, unknown, unknown, Change[]]>([
    ['nothing in equal states', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['a leaf', { a: { b: 1 } }, { a: { b: 2 } }, [{ path: '/a/b', from: 1, to: 2 }]],
    ['an element added', { a: [1] }, { a: [1, 2] }, [{ path: '/a/1', from: null, to: 2 }]],
    ['an element removed', { a: [1, 2] }, { a: [1] }, [{ path: '/a/1', from: 2, to: null }]],
    ['a field that came', {}, { a: { b: 1 } }, [{ path: '/a', from: null, to: { b: 1 } }]],
    ['a leaf that became a container', { a: 1 }, { a: [1] }, [{ path: '/a', from: 1, to: [1] }]],
    ['a beginning', null, { a: 1 }, [{ path: '', from: null, to: { a: 1 } }]],
    ['names with / and ~', { 'a/b~c': 1 }, { 'a/b~c': 2 }, [{ path: '/a~1b~0c', from: 1, to: 2 }]],
    ['0 and false, which are not nothing', { a: 0 }, { a: false }, [{ path: '/a', from: 0, to: false }]],
    ['no field that was absent and is null', {}, { a: null }, []],
    ['a list that became an object', { a: [] }, { a: {} }, [{ path: '/a', from: [], to: {} }]],
  ])('are %s', (_name, from, to, expected) => {
    expect(changesBetween(from, to)).toEqual(expected);
  });

  it('are 1,000 at the most', () => {
    const to = Array.from({ length: 2_000 }, (_, index) => ({ index }));
    expect(
      changesBetween(
        to.map(() => ({ index: -1 })),
        to,
      ),
    ).toHaveLength(1_000);
    expect(changesBetween([], to)).toHaveLength(1_000);
  });

  it('lead from any state to any other, a field that went being null', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'a/b', '~', '~1', '');
    const { node } = fc.letrec<{ tree: unknown; node: Record<string, unknown> }>((tie) => ({
      tree: fc.oneof({ maxDepth: 3 }, fc.nat(3), tie('node')),
      node: fc.dictionary(names, tie('tree'), { noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(node, node, (from, to) => {
        expect(withoutNulls(applied(from, changesBetween(from, to)))).toEqual(to);
      }),
      propertyParameters({ numRuns: 300 }),
    );
  });
});

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

/** The state with every change written at its JSON pointer. */
function applied<State>(state: State, changes: readonly Change[]): State | IncidentView {
  let root = structuredClone(state) as unknown;
  for (const { path, to } of changes) {
    if (path === '') {
      root = to;
      continue;
    }
    const keys = path
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    const parent = keys.reduce((node, key) => (node as Record<string, unknown>)[key], root);
    // A list that became shorter: no list of a view holds nothing.
    if (Array.isArray(parent) && to === null) parent.length = Math.min(parent.length, Number(last));
    else
      Object.defineProperty(parent, last, {
        ...{ value: to, writable: true, enumerable: true, configurable: true },
      });
  }
  return root as State;
}
