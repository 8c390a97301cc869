import { comparePositions } from '@shaoying/event-store';
import type { IncidentView, QueueItem } from '@shaoying/incident-read-models';
import type { City } from './city.js';
import { expected, type Moved } from './incident-steps.js';
import { incidentsOf, streamsOf, wholeLog, type Acknowledged } from './load.js';
import { expectReplayOf } from './replayed.js';
import type { ServerHome } from './server-home.js';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export async function everyPage<Item>(city: City, path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Page<Item> = expected(
      200,
      await city.as('oversight').get<Page<Item>>(`${path}?limit=200${query}`),
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

/**
 * The log is whole, holds what was acknowledged exactly once, the read models say what the log says, and a retry of what was
 * acknowledged last gets its first answer again.
 */
export async function expectNothingLost(
  home: Pick<ServerHome, 'openLog' | 'closeLogs'>,
  city: City,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const log = await home.openLog();
  const events = await wholeLog(log);
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
  for (let index = 1; index < events.length; index += 1) {
    expect(comparePositions(events[index]?.position ?? '0', events[index - 1]?.position ?? '0')).toBe(1);
  }
  const streams = streamsOf(events);
  for (const stream of streams.values()) {
    expect(stream.map(({ revision }) => revision)).toEqual(stream.map((_, index) => index));
  }
  for (const { answer, path } of acknowledged) {
    const stream = streams.get(`incident-${answer.id}`) ?? [];
    const last = stream[answer.revision];
    const own = stream.filter(({ commandId }) => commandId === last?.commandId).map(({ type }) => type);
    expect({ path, own }).toEqual({ path, own: eventsOf(path) });
  }
  await expectReadModelsToEqual(incidentsOf(events), city, events.at(-1)?.position ?? '0');
  for (const { who, path, key, body, whole } of acknowledged.slice(-5)) {
    expectReplayOf(whole, await city.as(who).post<Moved>(path, body, { key }));
  }
  expect(await log.head()).toBe(events.at(-1)?.position);
  await home.closeLogs();
}

function eventsOf(path: string): string[] {
  if (path.endsWith('/whistles')) return ['WhistleBlown'];
  if (path.endsWith('/check-in')) return ['TaskAcknowledged', 'DepartmentCheckedIn'];
  return ['IncidentReported', 'IncidentFiled'];
}

async function expectReadModelsToEqual(
  incidents: ReadonlyMap<string, IncidentView>,
  city: City,
  head: string,
): Promise<void> {
  city.sawWrite(head);
  const board = await everyPage<IncidentView & { overdue: boolean; trafficLight: string }>(
    city,
    '/v1/incidents',
  );
  // What the door computes for its own moment is no part of what is kept.
  const views = new Map(board.map(({ overdue: _, trafficLight: __, ...view }) => [view.id, view]));
  expect(views.size).toBe(board.length);
  expect(views).toEqual(incidents);
  const open = [...incidents.values()]
    .flatMap(({ tasks }) => tasks)
    .filter(({ departmentId, state }) => departmentId === 'dp-urban-management' && state !== 'DONE');
  const queue = await everyPage<QueueItem>(city, '/v1/departments/dp-urban-management/queue');
  const states = (tasks: readonly { taskId: string; state: string }[]): string[] =>
    tasks.map(({ taskId, state }) => `${taskId} ${state}`).sort();
  expect(states(queue)).toEqual(states(open));
}
