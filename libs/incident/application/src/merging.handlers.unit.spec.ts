import type { EventStore } from '@shaoying/event-store';
import {
  CheckHandlingCommand,
  CloseIncidentCommand,
  MergeIncidentCommand,
  RecordFeedbackCommand,
  UnmergeIncidentCommand,
  type CommandContext,
  type CommandOutcome,
} from './index.js';

import {
  checkRequest,
  codeOf,
  eventOf,
  feedbackRequest,
  OfficeSteps,
  SampleOffice,
} from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const merge = (
  source: string,
  into: string,
  context: CommandContext = steps.street(),
  keepDepartments: string[] | null = null,
  handlers = steps.handlers,
): Promise<CommandOutcome> =>
  handlers.merge.execute(
    new MergeIncidentCommand(context, source, { into, reason: '同一处堵塞', keepDepartments }),
  );
const unmerge = (source: string, context: CommandContext = steps.street()): Promise<CommandOutcome> =>
  steps.handlers.unmerge.execute(new UnmergeIncidentCommand(context, source, { reason: '并非同一处' }));

const stateOf = async (incidentId: string) => (await office.service().find(incidentId))?.state;

test('a duplicate goes on in the other incident, which knows of it', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  expect((await merge(source.incidentId, target.incidentId)).state.lifecycle).toBe('MERGED');
  expect((await stateOf(target.incidentId))?.duplicates).toEqual([source.incidentId]);
  expect((await steps.types()).slice(-2)).toEqual(['DuplicateJoined', 'IncidentMerged']);
});

test('the same request again changes nothing and gets the same answer', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  const request = () => merge(source.incidentId, target.incidentId, steps.street('one request'));
  const first = await request();
  const before = await steps.types();
  expect(await request()).toMatchObject({ replayed: true, revision: first.revision });
  expect(await steps.types()).toEqual(before);
});

test('whoever died between the two steps goes on where it stopped', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  const dying = office.handlers(office.service(failingAt(office.store, `incident-${source.incidentId}`)));
  const request = (handlers = steps.handlers) =>
    merge(source.incidentId, target.incidentId, steps.street('one request'), null, handlers);
  await expect(request(dying)).rejects.toThrow('the process died');
  expect((await stateOf(target.incidentId))?.duplicates).toEqual([source.incidentId]);
  expect((await stateOf(source.incidentId))?.lifecycle).toBe('FILED');
  await request();
  expect((await stateOf(source.incidentId))?.mergedInto).toBe(target.incidentId);
  expect((await steps.types()).filter((type) => type === 'DuplicateJoined')).toHaveLength(1);
});

test('a merge that would be refused leaves no trace in the other incident', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  const foreign = office.as('street-office', 'st-gulou');
  expect(await codeOf(merge(source.incidentId, target.incidentId, foreign))).toBe('INCIDENT_NOT_YOURS');
  expect((await stateOf(target.incidentId))?.duplicates).toEqual([]);
  expect(await steps.types()).not.toContain('DuplicateJoined');
});

test('a second step that is refused undoes the first', async () => {
  const [target, other, source] = [await steps.filed(), await steps.filed(), await steps.filed()];
  // Another dispatcher merges the duplicate elsewhere between the two steps of this one.
  const store = hookedBefore(office.store, `incident-${source.incidentId}`, () =>
    merge(source.incidentId, other.incidentId, steps.street('the quicker one')),
  );
  const attempt = merge(
    ...([source.incidentId, target.incidentId, steps.street('the slower one'), null] as const),
    office.handlers(office.service(store)),
  );
  expect(await codeOf(attempt)).toBe('INCIDENT_STATE');
  expect((await stateOf(source.incidentId))?.mergedInto).toBe(other.incidentId);
  expect((await stateOf(target.incidentId))?.duplicates).toEqual([]);
  expect((await stateOf(other.incidentId))?.duplicates).toEqual([source.incidentId]);
});

test('one merge deep: what has duplicates is not merged, nor what is merged merged into', async () => {
  const [target, source, third] = [await steps.filed(), await steps.filed(), await steps.filed()];
  await merge(source.incidentId, target.incidentId);
  expect(await codeOf(merge(target.incidentId, third.incidentId))).toBe('HAS_DUPLICATES');
  expect(await codeOf(merge(third.incidentId, source.incidentId))).toBe('MERGE_TARGET_ENDED');
  expect(await codeOf(merge(third.incidentId, third.incidentId))).toBe('MERGE_INTO_ITSELF');
  const nobody = '00000000-0000-5000-8000-000000000000';
  expect(await codeOf(merge(third.incidentId, nobody))).toBe('UNKNOWN_INCIDENT');
});

test('unmerged it stands for itself, with its clocks where they stood', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  office.clock.set('2026-03-02T13:00:00.000Z');
  await merge(source.incidentId, target.incidentId);
  office.clock.set('2026-03-03T13:00:00.000Z');
  const { state, events } = await unmerge(source.incidentId);
  expect(state.lifecycle).toBe('FILED');
  // 12 of 24 hours were left.
  expect(events).toMatchObject([
    { type: 'IncidentUnmerged', data: { moves: [{ dueAt: '2026-03-04T01:00:00.000Z' }] } },
  ]);
  expect((await stateOf(target.incidentId))?.duplicates).toEqual([]);
});

test('an unmerging sent again late does not tear apart what was merged anew', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  await merge(source.incidentId, target.incidentId);
  await unmerge(source.incidentId, steps.street('the unmerging'));
  await merge(source.incidentId, target.incidentId);
  await unmerge(source.incidentId, steps.street('the unmerging'));
  expect((await stateOf(target.incidentId))?.duplicates).toEqual([source.incidentId]);
  expect((await stateOf(source.incidentId))?.lifecycle).toBe('MERGED');
});

describe('of two whistled incidents', () => {
  test('the departments that go on must be named, and join the whistle there', async () => {
    const target = await steps.whistled();
    const source = await steps.whistled({ lead: 'dp-fire' });
    const [from, to] = [source.incidentId, target.incidentId];
    expect(await codeOf(merge(from, to))).toBe('MERGE_NEEDS_TASKS_NAMED');
    expect(await codeOf(merge(from, to, steps.street(), ['dp-gas']))).toBe('DEPARTMENT_NOT_SUMMONED');
    await merge(from, to, steps.street('one request'), ['dp-fire']);
    await merge(from, to, steps.street('one request'), ['dp-fire']);
    expect((await stateOf(to))?.tasks.map(({ departmentId, role }) => [departmentId, role])).toEqual([
      ['dp-water', 'LEAD'],
      ['dp-fire', 'ASSIST'],
    ]);
  });

  test('none need go on', async () => {
    const target = await steps.whistled();
    const source = await steps.whistled({ lead: 'dp-fire' });
    await merge(source.incidentId, target.incidentId, steps.street(), []);
    expect((await stateOf(target.incidentId))?.tasks).toHaveLength(1);
  });
});

test('a duplicate’s reporter rates the incident that goes on', async () => {
  const target = await steps.whistled();
  const source = await steps.filed();
  await merge(source.incidentId, target.incidentId);
  const rate = () =>
    steps.handlers.feedback.execute(
      new RecordFeedbackCommand(steps.resident(), source.incidentId, {
        ...feedbackRequest,
        receiptCode: source.receiptCode,
      }),
    );
  expect(await codeOf(rate())).toBe('INCIDENT_STATE');
  await steps.handled(target);
  await steps.handlers.check.execute(
    new CheckHandlingCommand(steps.centre(), target.incidentId, checkRequest),
  );
  expect(eventOf(await rate(), 'FeedbackRecorded').data.source).toBe('REPORTER');
  const close = new CloseIncidentCommand(steps.centre(), target.incidentId);
  // Its own reporter has not said anything.
  expect(await codeOf(steps.handlers.close.execute(close))).toBe('FEEDBACK_OUTSTANDING');
});

/** A log whose appends to one stream fail, once. */
function failingAt(store: EventStore, streamId: string): EventStore {
  return hookedBefore(store, streamId, () => Promise.reject(new Error('the process died')));
}

/** A log that does something before the first append to one stream. */
function hookedBefore(store: EventStore, streamId: string, before: () => Promise<unknown>): EventStore {
  let pending = true;
  const append: EventStore['append'] = async (stream, ...rest) => {
    if (stream === streamId && pending) {
      pending = false;
      await before();
    }
    return store.append(stream, ...rest);
  };
  return new Proxy(store, {
    get: (target, key) => {
      if (key === 'append') return append;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
