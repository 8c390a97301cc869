import { InMemoryEventStore, type RecordedEvent } from '@shaoying/event-store';
import { incidentIdOf } from '@shaoying/incident-contracts';
import { SimulatedCity } from '@shaoying/incident-read-models/testing';
import { dayOf, isReplayable, parseSpeed, windowOfDay, type ReplayWindow } from './replay-window.js';
import { dueInMs, ReplayFeed } from './replay-feed.js';
import { UnitReplay, type ReplayedEvent, type ReplayedUnit, type ReplayRequest } from './unit-replay.js';

const names = (id: string | null): string => (id === null ? '—' : `〈${id}〉`);
const ever: ReplayWindow = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };
const street: ReplayedUnit = { id: 'street-1', place: { streetIds: ['street-1'] } };
const department = (id: string): ReplayedUnit => ({ id, place: { departmentId: id } });

/** Two incidents: one of two departments, one of a single other. */
function city(): SimulatedCity {
  const city = new SimulatedCity().report('a').pass(10).whistle('a', ['dept-1', 'dept-2']).report('b');
  city.pass(20).whistle('b', ['dept-3']).checkIn('a', 'dept-1').checkIn('a', 'dept-2');
  // An hour ago, as its device says by now.
  return city.pass(120).checkIn('b', 'dept-3', city.inMinutes(-60)).complete('a', 'dept-2');
}

async function replayOf(
  {
    events,
    appendTo,
  }: { events: readonly RecordedEvent[]; appendTo: (store: InMemoryEventStore) => Promise<unknown> },
  limits?: { incidentsMax: number; eventsMax: number },
) {
  const store = new InMemoryEventStore();
  await appendTo(store);
  const ids = [...new Set(events.map(({ streamId }) => incidentIdOf(streamId) ?? ''))];
  const incidents = { livedThrough: async (_p: unknown, _w: unknown, limit: number) => ids.slice(0, limit) };
  const replay = new UnitReplay(store, incidents, names, limits);
  return (request: Partial<ReplayRequest>): Promise<ReplayedEvent[]> =>
    replay.events({ unit: street, window: ever, knownAt: null, sees: () => true, ...request });
}

const played = async (limits?: { incidentsMax: number; eventsMax: number }) => {
  const made = city();
  const play = await replayOf({ events: made.events, appendTo: (store) => made.appendTo(store) }, limits);
  return { play, events: made.events };
};

describe('the replay of a unit', () => {
  it('tells everything once, in the order in which it was so, each with its line', async () => {
    const { play, events } = await played();
    const told = await play({});
    expect(told.map(({ eventId }) => eventId).toSorted()).toEqual(
      events.map(({ eventId }) => eventId).toSorted(),
    );
    const instants = told.map(({ occurredAt }) => Date.parse(occurredAt));
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
    const ids = told.map(({ id }) => BigInt(id));
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => (a < b ? -1 : 1)));
    // The log learnt of it last, and it was so before.
    const late = told.findIndex(({ occurredAt, recordedAt }) => occurredAt !== recordedAt);
    expect([late > 0, late < told.length - 1]).toEqual([true, true]);
    expect(told.find(({ type }) => type === 'WhistleBlown')?.line.en).toContain('blew the whistle');
    expect(Object.keys(told[0]!)).not.toContain('data');
  });

  it('cuts at its window and at what was known', async () => {
    const { play } = await played();
    const all = await play({});
    const from = all[2]!.occurredAt;
    const to = all.at(-1)!.occurredAt;
    const inside = all.filter(({ occurredAt }) => occurredAt >= from && occurredAt < to);
    expect(inside.length).toBeGreaterThan(2);
    expect(await play({ window: { from, to } })).toEqual(inside);
    const known = await play({ knownAt: from });
    expect(known.map(({ recordedAt }) => recordedAt <= from)).toEqual(known.map(() => true));
    expect(known.length).toBeGreaterThan(0);
    expect(known.length).toBeLessThan(all.length);
  });

  it("is a department's from its whistle on, without what is another's alone", async () => {
    const { play } = await played();
    const typesOf = async (id: string): Promise<string[]> =>
      (await play({ unit: department(id) })).map(({ type, incidentId }) => `${incidentId} ${type}`);
    const own = await typesOf('dept-2');
    expect(own[0]).toBe('a WhistleBlown');
    expect(own.filter((told) => told === 'a DepartmentCheckedIn')).toHaveLength(1);
    expect(own.filter((told) => told.startsWith('b '))).toEqual([]);
    expect(await typesOf('dept-3')).toEqual(
      expect.arrayContaining(['b WhistleBlown', 'b DepartmentCheckedIn']),
    );
    expect(await typesOf('dept-9')).toEqual([]);
  });

  it('leaves out what its caller may not know of', async () => {
    const { play } = await played();
    const told = await play({ sees: ({ id }) => id === 'b' });
    expect(new Set(told.map(({ incidentId }) => incidentId))).toEqual(new Set(['b']));
  });

  it('refuses more than is played in one go', async () => {
    const one = await played({ incidentsMax: 1, eventsMax: 100 });
    await expect(one.play({})).rejects.toMatchObject({ code: 'REPLAY_TOO_LARGE' });
    const few = await played({ incidentsMax: 10, eventsMax: 5 });
    await expect(few.play({})).rejects.toMatchObject({ code: 'REPLAY_TOO_LARGE' });
  });
});

describe('the feed of a replay', () => {
  const at = (minute: number, n = 0): ReplayedEvent =>
    ({
      id: String(1_000 + minute * 10 + n),
      occurredAt: new Date(minute * 60_000).toISOString(),
    }) as ReplayedEvent;
  const events = [at(0), at(1), at(1, 1), at(10)];

  it('gives each event when its turn is, and is over behind the last', async () => {
    let nowMs = 5_000;
    const feed = new ReplayFeed(events, 60, '0', () => nowMs);
    const idsAfter = async (after: string) =>
      (await feed.read('', after, 100)).map(({ position }) => position);
    expect(await idsAfter('0')).toEqual(['1000']);
    nowMs += 999;
    expect(await idsAfter('1000')).toEqual([]);
    nowMs += 1;
    expect(await idsAfter('1000')).toEqual(['1010', '1011']);
    expect(feed.isOver).toBe(false);
    nowMs += 9_000;
    expect(await idsAfter('1011')).toEqual(['1100']);
    expect(feed.isOver).toBe(true);
  });

  it('wakes its reader in time, and nobody once the reader has gone', async () => {
    const feed = new ReplayFeed([at(0), at(1)], 3_000, '0');
    const advanced = jest.fn();
    const stop = feed.onAdvance(advanced);
    await feed.read('', '0', 100);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(advanced).toHaveBeenCalledTimes(1);
    await feed.read('', '0', 100);
    stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(advanced).toHaveBeenCalledTimes(1);
  });

  it('goes on behind the event that its reader has, without the time before it', async () => {
    const feed = new ReplayFeed(events, 1, '1011', () => 0);
    expect(await feed.read('', '1011', 100)).toHaveLength(1);
    expect(feed.isOver).toBe(true);
    const over = new ReplayFeed(events, 1, '1100', () => 0);
    expect([await over.read('', '1100', 100), over.isOver]).toEqual([[], true]);
  });

  it('pages at any speed without waiting', async () => {
    const feed = new ReplayFeed(events, Infinity, '0', () => 0);
    expect((await feed.read('', '0', 3)).map(({ position }) => position)).toEqual(['1000', '1010', '1011']);
    expect(feed.isOver).toBe(false);
    expect(await feed.read('', '1011', 3)).toHaveLength(1);
    expect(feed.isOver).toBe(true);
    expect(dueInMs(events[0]!, events[3]!, Infinity)).toBe(0);
  });
});

describe('a window', () => {
  it('is a day of the city', () => {
    expect(windowOfDay('2026-03-02')).toEqual({
      from: '2026-03-01T16:00:00.000Z',
      to: '2026-03-02T16:00:00.000Z',
    });
    expect(dayOf('2026-03-01T16:00:00.000Z')).toBe('2026-03-02');
    for (const none of ['2026-02-30', '2026-3-2', '', 'today', '20260302', '2026-03-02T00:00:00Z'])
      expect(windowOfDay(none)).toBeUndefined();
  });

  it('goes forward, a month at the most', () => {
    const window = (from: string, to: string) => isReplayable({ from, to });
    expect(window('2026-03-01T00:00:00.000Z', '2026-04-01T00:00:00.000Z')).toBe(true);
    expect(window('2026-03-01T00:00:00.000Z', '2026-04-01T00:00:00.001Z')).toBe(false);
    expect(window('2026-03-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z')).toBe(false);
    expect(window('', '2026-03-01T00:00:00.000Z')).toBe(false);
  });

  it.each([
    ['60x', 60],
    ['1x', 1],
    ['60', 60],
    ['86400x', 86_400],
    ['max', Infinity],
    ['86401x', undefined],
    ['0x', undefined],
    ['-1x', undefined],
    ['1.5x', undefined],
    ['fast', undefined],
    ['', undefined],
  ])('is played at %s: %p', (text, speed) => {
    expect(parseSpeed(text)).toBe(speed);
  });
});
