import type { EventStore } from '@shaoying/event-store';
import {
  BlowWhistleCommand,
  CheckHandlingCommand,
  CloseIncidentCommand,
  MergeIncidentCommand,
  MergeWatch,
  RecordFeedbackCommand,
  UnmergeIncidentCommand,
  VoidIncidentCommand,
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
  whistleRequest,
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
  keepDepartments: readonly string[] | null = null,
  handlers = steps.handlers,
): Promise<CommandOutcome> =>
  handlers.merge.execute(
    new MergeIncidentCommand(context, source, { into, reason: '同一处堵塞', keepDepartments }),
  );
const unmerge = (source: string, context: CommandContext = steps.street()): Promise<CommandOutcome> =>
  steps.handlers.unmerge.execute(new UnmergeIncidentCommand(context, source, { reason: '并非同一处' }));

/** As the role `timers` watches, some minutes later; answers how many merges it has made whole. */
const sweepLater = (minutes = 5): Promise<number> => {
  office.clock.advanceMs(minutes * 60_000);
  return watching().sweep();
};

const watching = (): MergeWatch =>
  new MergeWatch({
    ...{ store: office.store, clock: office.clock, log: { warn: () => undefined, error: () => undefined } },
    settle: (command) => steps.handlers.settleMerge.execute(command),
  });

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

test('who asks again is told the position of the last step too, also of an undoing, which ends in the other incident', async () => {
  const [target, source] = [await steps.filed(), await steps.filed()];
  const { revision } = source;
  const merged = { ...steps.street('merged'), ifMatch: revision };
  const undone = { ...steps.street('undone'), ifMatch: revision + 1 };
  const first = await merge(source.incidentId, target.incidentId, merged);
  expect(await merge(source.incidentId, target.incidentId, merged)).toMatchObject({
    position: first.position,
  });
  const last = await unmerge(source.incidentId, undone);
  expect(last.position).toBe(await office.store.head());
  expect(await unmerge(source.incidentId, undone)).toMatchObject({ replayed: true, position: last.position });
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
  // 12 of 24 hours were left, of the total time as of that to contact the reporter.
  const dueAt = '2026-03-04T01:00:00.000Z';
  expect(events).toMatchObject([{ type: 'IncidentUnmerged', data: { moves: [{ dueAt }, { dueAt }] } }]);
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

describe('what stopped between the two streams is found without being asked', () => {
  /** Handlers of a process that dies before it appends to this incident. */
  const dyingBefore = (incidentId: string) =>
    office.handlers(office.service(failingAt(office.store, `incident-${incidentId}`)));

  test('a merge that did not come about is undone, with the departments that had joined for it', async () => {
    const target = await steps.whistled();
    const source = await steps.whistled({ lead: 'dp-fire' });
    const [from, to] = [source.incidentId, target.incidentId];
    const died = merge(from, to, steps.street('one request'), ['dp-fire'], dyingBefore(from));
    await expect(died).rejects.toThrow('the process died');
    expect((await stateOf(to))?.tasks.map(({ departmentId }) => departmentId)).toContain('dp-fire');
    expect(await sweepLater()).toBe(1);
    expect(await stateOf(to)).toMatchObject({
      duplicates: [],
      tasks: [
        { departmentId: 'dp-water', state: 'NOTIFIED' },
        { departmentId: 'dp-fire', state: 'RELEASED' },
      ],
    });
    expect((await stateOf(from))?.lifecycle).toBe('HANDLING');
    expect(await sweepLater()).toBe(0);
    // Whoever asks again after that gets what was asked for.
    await merge(from, to, steps.street('one request'), ['dp-fire']);
    expect((await stateOf(to))?.tasks.map(({ departmentId, state }) => [departmentId, state])).toEqual([
      ['dp-water', 'NOTIFIED'],
      ['dp-fire', 'RELEASED'],
      ['dp-fire', 'NOTIFIED'],
    ]);
  });

  test('a merge that died by a clock that was ahead is found within minutes all the same', async () => {
    const [target, source] = [await steps.filed(), await steps.filed()];
    const died = merge(
      ...([source.incidentId, target.incidentId, steps.street(), null] as const),
      dyingBefore(source.incidentId),
    );
    await expect(died).rejects.toThrow('the process died');
    office.clock.advanceMs(-48 * 3_600_000);
    const watch = watching();
    expect(await watch.sweep()).toBe(0);
    office.clock.advanceMs(5 * 60_000);
    expect(await watch.sweep()).toBe(1);
  });

  test('an unmerging is carried to its end', async () => {
    const [target, source] = [await steps.filed(), await steps.filed()];
    await merge(source.incidentId, target.incidentId);
    const dying = dyingBefore(target.incidentId).unmerge.execute(
      new UnmergeIncidentCommand(steps.street(), source.incidentId, { reason: '并非同一处' }),
    );
    await expect(dying).rejects.toThrow('the process died');
    expect((await stateOf(target.incidentId))?.duplicates).toEqual([source.incidentId]);
    expect(await sweepLater()).toBe(1);
    expect((await stateOf(target.incidentId))?.duplicates).toEqual([]);
    expect((await stateOf(source.incidentId))?.lifecycle).toBe('FILED');
  });

  test('a merge that was undone while it was under way stands, as its duplicate says', async () => {
    const [target, source] = [await steps.filed(), await steps.filed()];
    const store = hookedBefore(office.store, `incident-${source.incidentId}`, () => sweepLater());
    const slow = office.handlers(office.service(store));
    await merge(source.incidentId, target.incidentId, steps.street(), null, slow);
    expect((await steps.types()).slice(-4)).toEqual([
      ...['DuplicateJoined', 'DuplicateLeft', 'IncidentMerged', 'DuplicateJoined'],
    ]);
    expect(await sweepLater()).toBe(0);
  });

  test('… also where it died before it could say so, and the other one has ended since', async () => {
    const [target, source] = [await steps.filed(), await steps.filed()];
    await merge(source.incidentId, target.incidentId);
    const lost = office.as('system', null, 'undone meanwhile');
    await office.service().execute(lost, target.incidentId, (_, origin) => ({
      kind: 'LeaveDuplicate',
      origin,
      incidentId: source.incidentId,
    }));
    await steps.handlers.voidIt.execute(
      new VoidIncidentCommand(steps.centre(), target.incidentId, { reason: '误报' }),
    );
    expect(await sweepLater()).toBe(1);
    expect((await stateOf(target.incidentId))?.duplicates).toEqual([source.incidentId]);
  });

  test('what is under way is left alone, and what is whole is not touched', async () => {
    const [target, source] = [await steps.filed(), await steps.filed()];
    const died = merge(
      ...([source.incidentId, target.incidentId, steps.street('one request'), null] as const),
      dyingBefore(source.incidentId),
    );
    await expect(died).rejects.toThrow('the process died');
    expect(await sweepLater(0.5)).toBe(0);
    await merge(source.incidentId, target.incidentId, steps.street('another request'));
    const before = await steps.types();
    expect(await sweepLater()).toBe(0);
    expect(await steps.types()).toEqual(before);
  });

  test('a second merge of the two goes on where the first one died', async () => {
    const [target, source] = [await steps.filed(), await steps.filed()];
    const died = merge(
      ...([source.incidentId, target.incidentId, steps.street('the first'), null] as const),
      dyingBefore(source.incidentId),
    );
    await expect(died).rejects.toThrow('the process died');
    await merge(source.incidentId, target.incidentId, steps.street('the second'));
    expect((await stateOf(source.incidentId))?.mergedInto).toBe(target.incidentId);
    expect((await steps.types()).filter((type) => type === 'DuplicateJoined')).toHaveLength(1);
  });

  test('… and keeps the departments that it names, not those of the first', async () => {
    const target = await steps.whistled();
    const source = await steps.whistled({ lead: 'dp-fire', assists: ['dp-housing', 'dp-gas'] });
    const [from, to] = [source.incidentId, target.incidentId];
    const died = merge(
      ...([from, to, steps.street('the first'), ['dp-fire', 'dp-housing']] as const),
      dyingBefore(from),
    );
    await expect(died).rejects.toThrow('the process died');
    const atWork = async () => {
      const open = (await stateOf(to))?.tasks.filter(({ state }) => state === 'NOTIFIED') ?? [];
      return open.map(({ departmentId }) => departmentId);
    };
    expect(await atWork()).toEqual(['dp-water', 'dp-fire', 'dp-housing']);
    const second = () => merge(from, to, steps.street('the second'), ['dp-housing', 'dp-gas']);
    await second();
    expect(await atWork()).toEqual(['dp-water', 'dp-housing', 'dp-gas']);
    const before = await steps.types();
    expect(await second()).toMatchObject({ replayed: true });
    expect(await steps.types()).toEqual(before);
  });
});

describe('across streets', () => {
  const elsewhere = () => steps.filed({ estateId: 'es-wenchang', location: null });
  const gulou = () => office.as('street-office', 'st-gulou');

  test('the supervision centre merges; a street does not, and leaves no trace', async () => {
    const [target, source] = [await elsewhere(), await steps.filed()];
    const [from, to] = [source.incidentId, target.incidentId];
    const before = await steps.types();
    expect(await codeOf(merge(from, to, steps.street()))).toBe('MERGE_ACROSS_STREETS');
    expect(await codeOf(merge(from, to, gulou()))).toBe('INCIDENT_NOT_YOURS');
    expect(await steps.types()).toEqual(before);
    expect((await merge(from, to, steps.centre())).state.mergedInto).toBe(to);
  });

  test('edge case 8: of two that whistle about one hazard, one whistle goes on with the departments of both', async () => {
    const target = await steps.whistled();
    const { incidentId: from } = await elsewhere();
    const whistle = { ...whistleRequest, lead: 'dp-fire', assists: [] };
    await steps.handlers.blowWhistle.execute(new BlowWhistleCommand(gulou(), from, whistle));
    const to = target.incidentId;
    expect(await codeOf(merge(from, to, steps.centre()))).toBe('MERGE_NEEDS_TASKS_NAMED');
    await merge(from, to, steps.centre(), ['dp-fire']);
    expect(await stateOf(to)).toMatchObject({
      duplicates: [from],
      whistles: [{ whistlingUnitId: 'st-hepan', state: 'BLOWN' }],
      tasks: [
        { departmentId: 'dp-water', role: 'LEAD' },
        { departmentId: 'dp-fire', role: 'ASSIST' },
      ],
    });
    // The other street's own whistle stands still meanwhile, and goes on where it stood.
    expect((await unmerge(from, gulou())).state).toMatchObject({
      lifecycle: 'HANDLING',
      whistles: [{ whistlingUnitId: 'st-gulou', state: 'BLOWN' }],
    });
  });

  test('either street takes it apart again, a third one does not', async () => {
    const [target, source] = [await elsewhere(), await steps.filed()];
    const [from, to] = [source.incidentId, target.incidentId];
    await merge(from, to, steps.centre());
    expect(await codeOf(unmerge(from, office.as('street-office', 'st-other')))).toBe('INCIDENT_NOT_YOURS');
    expect((await unmerge(from, gulou())).state.lifecycle).toBe('FILED');
    expect((await stateOf(to))?.duplicates).toEqual([]);
    await merge(from, to, steps.centre());
    expect((await unmerge(from, steps.street())).state.lifecycle).toBe('FILED');
  });
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

  test('the same request gets its first answer, also after the whistle there has ended', async () => {
    const target = await steps.whistled();
    const source = await steps.whistled({ lead: 'dp-fire' });
    const request = () =>
      merge(source.incidentId, target.incidentId, steps.street('one request'), ['dp-fire']);
    const first = await request();
    const joined = await stateOf(target.incidentId);
    await steps.handled({ ...target, state: joined ?? target.state });
    expect((await stateOf(target.incidentId))?.lifecycle).toBe('CHECKING');
    expect(await request()).toMatchObject({ replayed: true, revision: first.revision });
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
