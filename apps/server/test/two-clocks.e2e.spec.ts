import { City } from './kit/city.js';
import { act, expected, fileIncident, taskOf, whistle, type Whistled } from './kit/incident-steps.js';
import { clockAhead } from './kit/other-clock.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

// Two servers of one log, the clock of one of which is ten minutes ahead (ADR 45).

const newHome = useServerHomes(inOneProcess);
const aheadMs = 10 * 60_000;
let right: City;
let ahead: City;

beforeAll(async () => {
  const home = await newHome();
  right = await City.of(home, await home.start());
  ahead = await City.of(home, await home.start({ ROLES: 'api', ...clockAhead(aheadMs) }));
});

interface Entry {
  readonly revision: number;
  readonly type: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
}

/** Filed by the one, whistled by the other, and so on in turns. */
async function life(): Promise<{ id: string; events: readonly Entry[] }> {
  const { id } = await fileIncident(ahead);
  const blown = expected(
    201,
    await right.as('street').post<Whistled>(`/v1/incidents/${id}/whistles`, whistle),
  );
  const task = `tasks/${taskOf(blown, 'dp-urban-management').taskId}`;
  await act(ahead, 'urbanManagement', id, `${task}/check-in`);
  await act(right, 'urbanManagement', id, `${task}/complete`, { evidence: ['e'.repeat(64)] });
  const { items } = expected(
    200,
    await right.as('oversight').get<{ items: Entry[] }>(`/v1/incidents/${id}/events`),
  );
  return { id, events: items };
}

test('what was known of an incident at any instant is a beginning of its history, whichever server took what', async () => {
  const { id, events } = await life();
  const instants = events.flatMap(({ occurredAt, recordedAt }) => [occurredAt, recordedAt]);
  const [first = '', last = ''] = [instants.toSorted()[0], instants.toSorted().at(-1)];
  // The clocks differ indeed: what the one has done it did before what came before, by its own.
  expect(Date.parse(last) - Date.parse(first)).toBeGreaterThan(aheadMs / 2);
  for (const knownAt of new Set(instants)) {
    const moment = `at=${last}&knownAt=${knownAt}`;
    const { revisions } = expected(
      200,
      await right.as('oversight').get<{ revisions: number[] }>(`/v1/incidents/${id}/replay?${moment}`),
    );
    expect({ knownAt, revisions }).toEqual({
      knownAt,
      revisions: events.slice(0, revisions.length).map(({ revision }) => revision),
    });
  }
});

test('no number counts a whistle before the incident was known that it was blown for', async () => {
  const { id, events } = await life();
  const recorded = (type: string): string => events.find((event) => event.type === type)?.recordedAt ?? '';
  const window = 'from=2026-01-01T00:00:00Z&to=2098-01-01T00:00:00Z&asOf=2098-01-01T00:00:00Z';
  const before = new Date(Date.parse(recorded('IncidentFiled')) - 1).toISOString();
  const explained = async (knownAt: string): Promise<string> => {
    const path = `/v1/metrics/repeat-whistle-rate/explain?${window}&knownAt=${knownAt}`;
    const answer = await right.as('oversight').get(path);
    return answer.text;
  };
  expect(await explained(before)).not.toContain(id);
  expect(await explained(recorded('WhistleBlown'))).toContain(id);
});
