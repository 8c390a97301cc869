import type { IncidentView, MetricExplanation } from '@shaoying/incident-read-models';
import { City, type PersonName, type Problem } from './kit/city.js';
import { expectDeclaredAnswers } from './kit/declared-answers.js';
import {
  act,
  expected,
  report,
  whistle,
  type Moved,
  type Reported,
  type Whistled,
} from './kit/incident-steps.js';
import { live, type Life } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes } from './kit/server-home.js';

type Shown = IncidentView & { readonly overdue: boolean; readonly trafficLight: string };
interface TaskMoved extends Moved {
  readonly taskId: string;
  readonly taskState: string;
  readonly newTaskId?: string;
  readonly arbitrationId?: string;
  readonly returnId?: string;
}
interface Receipt {
  readonly id: string;
  readonly state: string;
  readonly merged: boolean;
  readonly promises: readonly { readonly timer: string; readonly status: string }[];
}

const newHome = useServerHomes(inOneProcess);
let city: City;

beforeAll(async () => {
  const home = await newHome();
  city = await City.of(home, await home.start());
});

expectDeclaredAnswers(() => city);

const read = async (id: string): Promise<Shown> =>
  expected(200, await city.as('supervision').get<Shown>(`/v1/incidents/${id}`));

const receipt = async ({ receiptCode }: Pick<Life, 'receiptCode'>): Promise<Receipt> =>
  expected(200, await city.anonymous.get<Receipt>(`/v1/receipts/${receiptCode}`));

const onTask = (who: PersonName, id: string, taskId: string, command: string, body: object = {}) =>
  act(city, who, id, `tasks/${taskId}/${command}`, body) as Promise<TaskMoved>;

const refused = async (
  who: PersonName,
  path: string,
  body: object,
  status: number,
  code: string,
): Promise<Problem> =>
  expectProblem(await city.as(who).post<Problem>(`/v1/incidents/${path}`, body), status, code);

const notOurs = { reasonCode: 'NOT_OUR_FUNCTION', basis: '三定方案第四条' };

/** From handling to the end, by whoever may. */
async function closes(id: string, solved = 'SOLVED'): Promise<void> {
  await act(city, 'supervision', id, 'check', { result: 'PASS', note: '合格' });
  await act(city, 'callback', id, 'feedback', { solved, satisfaction: 'SATISFIED' });
  await act(city, 'supervision', id, 'close');
}

describe('whose task it is', () => {
  /** Between the two decisions one span was booked, and before the first none. */
  async function expectLostTimeThen(id: string): Promise<void> {
    interface Lost {
      readonly spans: readonly { readonly taskId: string }[];
    }
    const path = `/v1/incidents/${id}/lost-time`;
    const { items } = expected(
      200,
      await city
        .as('oversight')
        .get<{ items: { type: string; occurredAt: string }[] }>(`/v1/incidents/${id}/events`),
    );
    const atOf = (type: string, ms = 0): string =>
      new Date(Date.parse(items.find((event) => event.type === type)?.occurredAt ?? '') + ms).toISOString();
    const spansAt = async (query: string): Promise<number> =>
      expected(200, await city.as('oversight').get<Lost>(`${path}?${query}`)).spans.length;
    for (const axis of ['asOf', 'knownAt']) {
      expect(await spansAt(`${axis}=${atOf('ReturnAccepted', -1)}`)).toBe(0);
      expect(await spansAt(`${axis}=${atOf('ReturnAccepted')}`)).toBe(1);
      expect(await spansAt(`${axis}=${new Date().toISOString()}`)).toBe(2);
    }
    const early = `${path}?asOf=${atOf('IncidentReported', -1)}`;
    expectProblem(await city.as('oversight').get<Problem>(early), 404, 'INCIDENT_NOT_FOUND');
    const csv = await city.as('oversight').get(`${path}?format=csv`);
    expect(csv.text).toMatch(/^account,unitId,taskId,from,to,workingMinutes\r\n(DISPATCH,,[^\r\n]+\r\n){2}$/);
  }

  /** What the dispatch has lost is told with the tasks of those who are listed. */
  async function expectLossOfOwnTasks(): Promise<void> {
    interface Sums {
      readonly lostTime: readonly { readonly account: string }[];
    }
    const lossTo = async (who: PersonName, query = ''): Promise<string[]> =>
      expected(200, await city.as(who).get<Sums>(`/v1/workload${query}`)).lostTime.map(
        ({ account }) => account,
      );
    expect(await lossTo('oversight')).toContain('DISPATCH');
    expect(await lossTo('urbanManagement')).toContain('DISPATCH');
    expect(await lossTo('gas')).toEqual([]);
    expect(await lossTo('oversight', '?parent=st-gulou')).toEqual([]);
  }

  test('returned, dispatched anew, returned again: arbitrated by itself, and final', async () => {
    const { id, taskId } = await live(city, 'WHISTLED');
    const asked = await onTask('urbanManagement', id, taskId, 'return', {
      ...notOurs,
      suggestedUnit: 'dp-housing',
    });
    expect(asked).toMatchObject({ taskState: 'RETURN_REQUESTED', returnId: expect.any(String) });
    const decided = await onTask('street', id, taskId, 'return/decide', { accept: true });
    expect(decided).toMatchObject({ taskState: 'RETURNED', newTaskId: expect.any(String) });
    const second = decided.newTaskId ?? '';
    const disputed = await onTask('housing', id, second, 'return', notOurs);
    expect(disputed).toMatchObject({ taskState: 'IN_ARBITRATION', arbitrationId: expect.any(String) });
    const ruling = { rule: 'STATUTORY_FUNCTION', reason: '市容管理属城管职责' };
    const final = await onTask('arbitrator', id, second, 'arbitrate', {
      ...ruling,
      responsibleUnit: 'dp-urban-management',
    });
    const third = final.newTaskId ?? '';
    await refused('urbanManagement', `${id}/tasks/${third}/return`, notOurs, 409, 'RETURN_OF_FINAL_DECISION');

    const view = await read(id);
    const leads = view.tasks.filter(({ role, state }) => role === 'LEAD' && state !== 'RETURNED');
    expect(leads).toMatchObject([{ departmentId: 'dp-urban-management', final: true }]);
    expect(view.returns.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'ARBITRATED']);
    const lost = expected(
      200,
      await city
        .as('oversight')
        .get<{ spans: { account: string; workingMinutes: number }[]; totals: object[] }>(
          `/v1/incidents/${id}/lost-time`,
        ),
    );
    expect(lost.spans.map(({ account }) => account)).toEqual(['DISPATCH', 'DISPATCH']);
    expect(lost.totals).toMatchObject([{ account: 'DISPATCH', unitId: null }]);
    await expectLostTimeThen(id);
    await expectLossOfOwnTasks();

    const { category } = view;
    const entry = { category, departmentId: 'dp-urban-management', basis: ruling.reason };
    expect(view.arbitrations).toMatchObject([{ catalogueProposal: { ...entry, areaId: view.streetId } }]);
    const proposals = expected(
      200,
      await city.as('admin').get<{ items: object[] }>('/v1/catalogue-proposals?limit=200'),
    );
    expect(proposals.items).toContainEqual(
      expect.objectContaining({
        ...{ ...entry, incidentId: id, rule: ruling.rule },
        ...{ catalogueDepartmentId: 'dp-water', adopted: false },
      }),
    );
    expectProblem(await city.as('housing').get('/v1/catalogue-proposals'), 403, 'ROLE_NOT_PERMITTED');
  });

  test('what the catalogue says by now is adopted; page by page there is each proposal once, oldest first', async () => {
    interface Proposals {
      readonly items: readonly { readonly arbitrationId: string; readonly decidedAt: string }[];
      readonly nextCursor: string | null;
    }
    for (const responsibleUnit of ['dp-water', 'dp-housing', 'dp-water']) {
      const { id, taskId } = await live(city, 'IN_ARBITRATION');
      const ruling = { responsibleUnit, rule: 'DISPATCH_CATALOGUE', reason: '目录' };
      await onTask('arbitrator', id, taskId, 'arbitrate', ruling);
    }
    const read = async (query: string): Promise<Proposals> =>
      expected(200, await city.as('admin').get<Proposals>(`/v1/catalogue-proposals?${query}`));
    const all = await read('limit=200');
    expect(all.nextCursor).toBeNull();
    const named = { catalogueDepartmentId: 'dp-water' };
    expect(all.items.slice(-3)).toMatchObject([
      { departmentId: 'dp-water', ...named, adopted: true },
      { departmentId: 'dp-housing', ...named, adopted: false },
      { departmentId: 'dp-water', ...named, adopted: true },
    ]);
    const paged: Proposals['items'][number][] = [];
    let cursor: string | null = null;
    do {
      const page: Proposals = await read(`limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(all.items);
    expect(paged.map(({ decidedAt }) => decidedAt)).toEqual(
      paged.map(({ decidedAt }) => decidedAt).toSorted(),
    );
    const wrong = await city.as('admin').get<Problem>('/v1/catalogue-proposals?cursor=nowhere');
    expectProblem(wrong, 400, 'INVALID_CURSOR');
  });

  test('refused twice, it is arbitrated by itself, and stays where it is', async () => {
    const { id, taskId } = await live(city, 'WHISTLED');
    const refusal = { accept: false, reason: '目录明确' };
    await onTask('urbanManagement', id, taskId, 'return', notOurs);
    await refused(
      ...(['street', `${id}/tasks/${taskId}/return/decide`] as const),
      ...([{ accept: false }, 422, 'RETURN_NEEDS_REASON'] as const),
    );
    expect(await onTask('street', id, taskId, 'return/decide', refusal)).toMatchObject({
      taskState: 'ACKNOWLEDGED',
    });
    await onTask('urbanManagement', id, taskId, 'return', notOurs);
    const second = await onTask('street', id, taskId, 'return/decide', refusal);
    expect(second.taskState).toBe('IN_ARBITRATION');
    const kept = await onTask('arbitrator', id, taskId, 'arbitrate', {
      ...{ responsibleUnit: 'dp-urban-management', rule: 'DISPATCH_CATALOGUE', reason: '目录' },
    });
    expect(kept.taskState).toBe('ACKNOWLEDGED');
    expect(kept.newTaskId).toBeUndefined();
  });

  test('returned by an assistant, it need not be replaced; back to who gave it back it never goes', async () => {
    const { id, assistId, taskId } = await live(city, 'WHISTLED');
    await onTask('water', id, assistId, 'return', notOurs);
    const done = await onTask('street', id, assistId, 'return/decide', { accept: true });
    expect(done.newTaskId).toBeUndefined();
    await onTask('urbanManagement', id, taskId, 'check-in');
    const completed = await onTask('urbanManagement', id, taskId, 'complete');
    expect(completed).toMatchObject({ state: 'CHECKING', taskState: 'DONE' });
  });

  test('departments join, lead and leave while there is always one lead', async () => {
    const { id, whistleId, taskId, assistId } = await live(city, 'WHISTLED');
    const added = (await act(city, 'street', id, `whistles/${whistleId}/departments`, {
      ...{ departmentId: 'dp-fire', reason: '涉及消防通道' },
    })) as Moved & { newTaskId: string };
    await onTask('urbanManagement', id, assistId, 'release/request', { reason: '迟迟未到' });
    await onTask('street', id, assistId, 'release', { reasonCode: 'HOLDS_UP', reason: '影响处置' });
    await act(city, 'street', id, `whistles/${whistleId}/lead`, {
      ...{ departmentId: 'dp-fire', reason: '以消防为主', formerLead: 'RELEASED' },
    });
    const view = await read(id);
    const roles = view.tasks.map(({ departmentId, role, state }) => [departmentId, role, state]);
    expect(roles).toEqual([
      ['dp-urban-management', 'ASSIST', 'RELEASED'],
      ['dp-water', 'ASSIST', 'RELEASED'],
      ['dp-fire', 'LEAD', 'NOTIFIED'],
    ]);
    expect(view.tasks[1]?.release).toMatchObject({ reasonCode: 'HOLDS_UP', counted: true });
    await refused('urbanManagement', `${id}/tasks/${taskId}/check-in`, {}, 409, 'TASK_STATE');
    await onTask('fire', id, added.newTaskId, 'check-in');
    expect((await onTask('fire', id, added.newTaskId, 'complete')).state).toBe('CHECKING');
  });
});

describe('a whistle', () => {
  test('of a community is proposed, approved by the street, and evaluated when it is done', async () => {
    const { id, whistleId } = await live(city, 'PROPOSED');
    expect((await read(id)).whistles).toMatchObject([{ state: 'PROPOSED', blownAt: null }]);
    const approved = (await act(city, 'street', id, `whistles/${whistleId}/approve`)) as Whistled & {
      whistleState: string;
    };
    expect(approved).toMatchObject({ state: 'HANDLING', whistleState: 'BLOWN' });
    const taskId = approved.tasks[0]?.taskId ?? '';
    await onTask('urbanManagement', id, taskId, 'check-in');
    await onTask('urbanManagement', id, taskId, 'complete');
    const rated = await act(city, 'street', id, `whistles/${whistleId}/evaluate`, { taskId, score: 4 });
    expect(rated).toMatchObject({ whistleState: 'EVALUATED' });
    const again = { taskId, score: 1 };
    await refused('street', `${id}/whistles/${whistleId}/evaluate`, again, 409, 'EVALUATION_RECORDED');
  });

  test('of an emergency acts first, and another account of the street ratifies it, or it is flagged', async () => {
    for (const [approve, outcome] of [
      [true, { approval: 'RATIFIED', flagged: null }],
      [false, { flagged: 'RATIFICATION_REFUSED' }],
    ] as const) {
      const { id } = await live(city, 'FILED');
      const blown = await city.as('street').post<Whistled>(`/v1/incidents/${id}/whistles`, {
        ...whistle,
        kind: 'EMERGENCY',
      });
      const { whistleId, state } = expected(201, blown);
      expect(state).toBe('HANDLING');
      const path = `whistles/${whistleId}/approve`;
      await refused('street', `${id}/${path}`, { approve }, 403, 'APPROVER_IS_PROPOSER');
      await act(city, 'streetLeader', id, path, { approve, note: '已核' });
      expect((await read(id)).whistles[0]).toMatchObject({ state: 'BLOWN', ...outcome });
    }
  });

  test('on an estate that was whistled for before is told as a repeat, and blown all the same', async () => {
    const of = { estateId: 'es-lanwan', location: { address: '蓝湾小区' }, category: 'noise-nuisance' };
    const blow = async () => {
      const { id } = await live(city, 'FILED', of);
      const warned = await city
        .as('street')
        .post<Whistled & { warnings: object[] }>(`/v1/incidents/${id}/whistles`, whistle);
      return expected(201, warned);
    };
    const first = await blow();
    const second = await blow();
    expect([first.warnings, second.warnings]).toEqual([[], []]);
    await read(second.id);
    const path = `/v1/incidents/${second.id}/repeat-whistles`;
    const { items } = expected(200, await city.as('street').get<{ items: object[] }>(path));
    expect(items).toContainEqual(
      expect.objectContaining({ code: 'REPEAT_WHISTLE', incidentId: first.id, whistleId: first.whistleId }),
    );
    const blownAt = (await read(first.id)).whistles[0]?.blownAt ?? '';
    const secondAt = (await read(second.id)).reportedAt;
    for (const axis of ['asOf', 'knownAt']) {
      // The one had been blown when the other was reported, which was not whistled for yet.
      const then = await city
        .as('street')
        .get<{ items: { whistleId: string }[] }>(`${path}?${axis}=${secondAt}`);
      expect(expected(200, then).items.map(({ whistleId }) => whistleId)).toEqual([first.whistleId]);
      const before = `${path}?${axis}=${new Date(Date.parse(blownAt) - 1).toISOString()}`;
      expectProblem(await city.as('street').get<Problem>(before), 404, 'INCIDENT_NOT_FOUND');
    }
  });

  test('in reverse, from a department to a street, which handles its task like a department', async () => {
    const { id, taskId, assistId } = await live(city, 'CHECKED_IN');
    const body = { kind: 'PUBLIC_DEMAND', lead: 'st-hepan', reason: '需街道协调居民' };
    await refused('gas', `${id}/whistles`, body, 404, 'INCIDENT_NOT_FOUND');
    const blown = await city.as('urbanManagement').post<Whistled>(`/v1/incidents/${id}/whistles`, body);
    const streetTask = expected(201, blown).tasks[0]?.taskId ?? '';
    await expectAtItsDoors(id, streetTask);
    await onTask('street', id, streetTask, 'check-in');
    await onTask('street', id, streetTask, 'complete');
    await onTask('water', id, assistId, 'check-in');
    await onTask('water', id, assistId, 'complete');
    expect((await onTask('urbanManagement', id, taskId, 'complete')).state).toBe('CHECKING');
    expect((await read(id)).whistles[1]).toMatchObject({
      reverse: true,
      whistlingUnitId: 'dp-urban-management',
    });
  });

  /** The street's own people find its task at the doors that a department has, and so does its system. */
  async function expectAtItsDoors(id: string, taskId: string): Promise<void> {
    const own = '/v1/departments/st-hepan';
    for (const who of ['street', 'supervision', 'oversight'] as const) {
      const queue = await city.as(who).get<{ items: { taskId: string }[] }>(`${own}/queue?limit=200`);
      expect(expected(200, queue).items).toEqual([
        expect.objectContaining({ taskId, departmentId: 'st-hepan' }),
      ]);
      expect(expected(200, await city.as(who).get(`${own}/workload`))).toMatchObject({
        open: 1,
        weighted: 1,
      });
      const all = await city.as(who).get<{ items: { departmentId: string; open: number }[] }>('/v1/workload');
      const street = expected(200, all).items.find(({ departmentId }) => departmentId === 'st-hepan');
      expect(street?.open).toBe(1);
      const explained = `/v1/workload/explain?figure=open&departmentId=st-hepan`;
      expect(expected(200, await city.as(who).get(explained))).toMatchObject({
        items: [{ incidentId: id, taskId }],
      });
    }
    expectProblem(await city.as('otherStreet').get<Problem>(`${own}/queue`), 403, 'DEPARTMENT_NOT_YOURS');
    const others = await city.as('otherStreet').get<{ items: { departmentId: string }[] }>('/v1/workload');
    const listed = expected(200, others).items.map(({ departmentId }) => departmentId);
    expect(listed).toContain('dp-gas');
    expect(listed).not.toContain('st-hepan');
    expect(listed).not.toContain('st-gulou');
    const feed = await city
      .as('street')
      .get<{ items: { type: string; data: object }[] }>(`${own}/dispatches`);
    expect(expected(200, feed).items).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ taskId, incidentId: id }) }),
    );
    expected(200, await city.as('street').post(`${own}/consumer-groups`, { name: 'duty' }));
    const leased = await city
      .as('street')
      .post<{ items: object[] }>(`${own}/consumer-groups/duty/lease`, { max: 10 });
    expect(JSON.stringify(leased.body)).toContain(taskId);
  }

  test('cancelled releases its tasks, and the incident waits for another', async () => {
    const { id, whistleId } = await live(city, 'WHISTLED');
    await act(city, 'street', id, `whistles/${whistleId}/cancel`, { reason: '误吹' });
    const view = await read(id);
    expect(view).toMatchObject({ state: 'FILED', whistles: [{ state: 'CANCELLED' }] });
    expect(view.tasks.map(({ state }) => state)).toEqual(['RELEASED', 'RELEASED']);
  });
});

describe('time', () => {
  const handlingOf = ({ tasks }: Shown): string =>
    tasks[0]?.deadlines.find(({ timer }) => timer === 'HANDLING')?.dueAt ?? '';

  test('an extension moves the due time; the second one is for the supervision centre to grant', async () => {
    const { id, taskId } = await live(city, 'EXTENSION_ASKED');
    const before = handlingOf(await read(id));
    await onTask('street', id, taskId, 'extension/decide', { grant: true });
    const after = handlingOf(await read(id));
    expect(Date.parse(after)).toBeGreaterThan(Date.parse(before));
    const more = { amount: 1, unit: 'WORKING_DAY', reason: '材料未到' };
    await onTask('urbanManagement', id, taskId, 'extension', more);
    const path = `${id}/tasks/${taskId}/extension/decide`;
    await refused('street', path, { grant: true }, 403, 'EXTENSION_APPROVER');
    await onTask('supervision', id, taskId, 'extension/decide', { grant: false, reason: '已延过一次' });
    expect(handlingOf(await read(id))).toBe(after);
  });

  test('suspended it stands still, renewed it stays so, resumed it goes on where it was', async () => {
    const { id, taskId } = await live(city, 'WHISTLED');
    const reviewAt = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const why = { reasonCode: 'IN_COURT', reason: '诉讼中' };
    await refused(
      'street',
      `${id}/suspend`,
      { ...why, reviewAt: reviewAt(9) },
      403,
      'APPROVER_NOT_ABOVE_HANDLER',
    );
    await act(city, 'supervision', id, 'suspend', { ...why, reviewAt: reviewAt(9) });
    expect(await read(id)).toMatchObject({ state: 'SUSPENDED', before: 'HANDLING', trafficLight: 'GREEN' });
    await refused('urbanManagement', `${id}/tasks/${taskId}/check-in`, {}, 409, 'INCIDENT_STATE');
    const renewal = { reason: '二审', renewUntil: reviewAt(40) };
    expect((await act(city, 'supervision', id, 'resume', renewal)).state).toBe('SUSPENDED');
    expect((await act(city, 'supervision', id, 'resume', { reason: '判决生效' })).state).toBe('HANDLING');
    expect((await onTask('urbanManagement', id, taskId, 'check-in')).taskState).toBe('CHECKED_IN');
    // Early, and once: a renewal is no other suspension.
    const answer = await city
      .as('oversight')
      .get<MetricExplanation>('/v1/metrics/late-suspension-rate/explain');
    const { cases, terms } = expected(200, answer);
    expect(terms).toMatchObject({ thresholdPercent: 80 });
    expect(cases.filter(({ incidentId }) => incidentId === id)).toEqual([
      {
        ...{ incidentId: id, taskId: null, inNumerator: false },
        events: [expect.any(String), expect.any(String)],
      },
    ]);
  });

  test('staged handling is due stage by stage', async () => {
    const { id, taskId } = await live(city, 'CHECKED_IN', { category: 'illegal-construction' });
    const stagesOf = async () =>
      (await read(id)).tasks[0]?.deadlines
        .filter(({ timer }) => timer === 'HANDLING')
        .map(({ stage, status }) => `${stage} ${status}`);
    expect(await stagesOf()).toEqual(['现场核实 OPEN', '责令改正 OPEN', '整改完成 OPEN']);
    await onTask('urbanManagement', id, taskId, 'progress', { note: '已核实', stage: '现场核实' });
    expect(await stagesOf()).toEqual(['现场核实 MET', '责令改正 OPEN', '整改完成 OPEN']);
    const path = `${id}/tasks/${taskId}/progress`;
    await refused('urbanManagement', path, { note: '再报', stage: '现场核实' }, 409, 'STAGE_DONE');
    await refused('urbanManagement', path, { note: '再报', stage: '拆除' }, 422, 'STAGE_UNKNOWN');
  });
});

describe('two reports of one thing', () => {
  test('merged, both receipts show how the one goes on; unmerged, each its own again', async () => {
    const target = await live(city, 'FEEDBACK');
    const source = await live(city, 'FILED');
    await act(city, 'street', source.id, 'merge', { into: target.id, reason: '同一处' });
    expect(await receipt(source)).toMatchObject({ id: source.id, state: 'FEEDBACK', merged: true });
    expect(await receipt(target)).toMatchObject({ id: target.id, state: 'FEEDBACK', merged: false });
    expect(await read(target.id)).toMatchObject({ duplicates: [source.id] });
    const told = { solved: 'SOLVED', satisfaction: 'SATISFIED', receiptCode: source.receiptCode };
    const rated = await city.anonymous.post<Moved>(`/v1/incidents/${source.id}/feedback`, told);
    expect(expected(200, rated).state).toBe('MERGED');
    await act(city, 'street', source.id, 'unmerge', { reason: '并非同一处' });
    expect(await receipt(source)).toMatchObject({ state: 'FILED', merged: false });
    expect(await read(target.id)).toMatchObject({ duplicates: [] });
  });

  test('the same request again is the same merge', async () => {
    const [target, source] = [await live(city, 'FILED'), await live(city, 'FILED')];
    const path = `/v1/incidents/${source.id}/merge`;
    const send = () =>
      city
        .as('street')
        .post<Moved>(path, { into: target.id, reason: '同一处' }, { key: `merge ${source.id}` });
    const [first, again] = [await send(), await send()];
    expect(expected(200, again)).toEqual(expected(200, first));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('taken back', () => {
  const withdraw = async ({ id, receiptCode }: Life): Promise<Moved> =>
    expected(
      200,
      await city.anonymous.post<Moved>(`/v1/incidents/${id}/withdraw`, { reason: '已自行解决', receiptCode }),
    );

  test('it ends, and departments are released; an office takes it up again', async () => {
    const life = await live(city, 'WHISTLED');
    expect((await withdraw(life)).state).toBe('WITHDRAWN');
    expect((await read(life.id)).tasks.map(({ state }) => state)).toEqual(['RELEASED', 'RELEASED']);
    expect((await act(city, 'street', life.id, 'reopen', { reason: '仍有隐患' })).state).toBe('FILED');
  });

  test('a public hazard goes on without its reporter', async () => {
    const life = await live(city, 'WHISTLED', { category: 'manhole-cover-missing' });
    expect((await withdraw(life)).state).toBe('HANDLING');
    expect(await read(life.id)).toMatchObject({ state: 'HANDLING', withdrawn: { goesOn: true } });
  });

  test('only with the code', async () => {
    const { id } = await live(city, 'FILED');
    const path = `/v1/incidents/${id}/withdraw`;
    expectProblem(await city.anonymous.post<Problem>(path, {}), 403, 'RECEIPT_CODE_REQUIRED');
    const wrong = await city.anonymous.post<Problem>(path, { receiptCode: 'AAAA-BBBB-CCCC-DDDD' });
    expectProblem(wrong, 403, 'RECEIPT_CODE_WRONG');
  });
});

describe('before it is a case', () => {
  test('verified, then rejected with a notice that the reporter finds by the receipt', async () => {
    const life = await live(city, 'REPORTED');
    expect((await act(city, 'gridWorker', life.id, 'verify', { note: '现场未发现' })).state).toBe(
      'VERIFYING',
    );
    const why = { reasonCode: 'NOT_FOUND_ON_SITE', reason: '现场未发现问题' };
    await refused('gridWorker', `${life.id}/reject`, why, 422, 'NOTICE_REQUIRED');
    const notice = '经现场核实未发现所反映问题';
    expect((await act(city, 'gridWorker', life.id, 'reject', { ...why, notice })).state).toBe('REJECTED');
    expect(await receipt(life)).toMatchObject({ state: 'REJECTED', notice });
  });

  test('voided by another than whoever reported it', async () => {
    const filed = await city
      .as('street')
      .post<Reported>('/v1/incidents', { ...report, anonymous: false, file: true });
    const { id } = expected(201, filed);
    await refused('street', `${id}/void`, { reason: '误报' }, 403, 'VOID_BY_REPORTER');
    expect((await act(city, 'streetLeader', id, 'void', { reason: '误报' })).state).toBe('VOIDED');
  });

  test('outside every grid it waits for a person, who says where it is', async () => {
    const far = { lon: 121.9, lat: 30.9, crs: 'WGS84', address: '界外' };
    const body = { ...report, estateId: undefined, location: far };
    const { id } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', body));
    expect(await read(id)).toMatchObject({ gridId: null, streetId: null });
    const waiting = async () =>
      expected(
        200,
        await city
          .as('supervision')
          .get<{ items: { id: string }[] }>('/v1/incidents?unlocated=true&limit=200'),
      ).items.map((item) => item.id);
    expect(await waiting()).toContain(id);
    await refused('street', `${id}/locate`, { location: far }, 422, 'PLACE_NOT_FOUND');
    await act(city, 'street', id, 'locate', { gridId: 'gr-liuyin', reason: '电话核实' });
    expect(await read(id)).toMatchObject({ gridId: 'gr-liuyin', streetId: 'st-hepan' });
    expect(await waiting()).not.toContain(id);
  });

  test('a point is found in its grid; a recurrence names the incident that it recurs from', async () => {
    const { id: earlier } = await live(city, 'CLOSED');
    const point = { lon: 120.41, lat: 31.81, crs: 'WGS84' };
    const body = { ...report, estateId: undefined, location: point, recurrenceOf: earlier };
    const { id } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', body));
    // The shopping centre's own grid lies inside the community's.
    expect(await read(id)).toMatchObject({ gridId: 'gr-zhonglou-plaza', recurrenceOf: earlier });
    const nowhere = { ...body, recurrenceOf: '00000000-0000-5000-8000-000000000000' };
    // An office is told that there is no such incident; a reporter, who sees none, learns nothing from the answer.
    expectProblem(await city.as('street').post<Problem>('/v1/incidents', nowhere), 422, 'UNKNOWN_INCIDENT');
    const unlinked = await city.as('resident').post<Reported>('/v1/incidents', nowhere);
    expect(await read(expected(201, unlinked).id)).toMatchObject({ recurrenceOf: null });
  });
});

describe('after it is closed', () => {
  test('reopened by its reporter it goes round again under what is in force now', async () => {
    const { id, receiptCode } = await live(city, 'CLOSED');
    const reopened = await city.anonymous.post<Moved & { cycle: number; endedDepartments: object[] }>(
      `/v1/incidents/${id}/reopen`,
      { reason: '又堵了', receiptCode },
    );
    expect(expected(200, reopened)).toMatchObject({ state: 'FILED', cycle: 2, endedDepartments: [] });
    await act(city, 'gridWorker', id, 'self-handling');
    await act(city, 'gridWorker', id, 'self-handling/contact', { reached: false });
    expect(await act(city, 'gridWorker', id, 'self-handling/contact')).toMatchObject({ state: 'HANDLING' });
    await refused('gridWorker', `${id}/self-handling/contact`, {}, 409, 'CONTACT_RECORDED');
    expect(await read(id)).toMatchObject({
      ...{ contactedAt: expect.any(String), contactedLate: false },
      deadlines: expect.arrayContaining([expect.objectContaining({ timer: 'CONTACT', status: 'MET' })]),
    });
    await act(city, 'gridWorker', id, 'self-handling/complete');
    await closes(id);
    const { cycles } = await read(id);
    expect(cycles.map(({ resolutionLevel }) => resolutionLevel)).toEqual(['DISTRICT', 'ESTATE']);
  });

  test('a unit contests its score once; what is excluded stays on record', async () => {
    const { id, appealId } = await live(city, 'APPEALED');
    const body = { item: 'FEEDBACK', reason: '重复申诉' };
    await refused('urbanManagement', `${id}/appeals`, body, 409, 'APPEAL_FILED');
    await act(city, 'supervision', id, `appeals/${appealId}/decide`, { exclude: true, reason: '非部门原因' });
    expect((await read(id)).appeals).toMatchObject([{ appealId, outcome: 'EXCLUDED' }]);
    expect((await read(id)).feedback).toHaveLength(1);
  });

  test('a flag on the reporter is decided by another office, shown, and drops nothing', async () => {
    const { id, flagId } = await live(city, 'FLAGGED');
    const body = { approve: true, reason: '经核对' };
    await refused('callback', `${id}/flag-reporter/${flagId}/decide`, body, 403, 'ROLE_NOT_PERMITTED');
    const decided = await act(city, 'street', id, `flag-reporter/${flagId}/decide`, body);
    expect(decided).toMatchObject({ state: 'FILED' });
    await refused('supervision', `${id}/flag-reporter/${flagId}/decide`, body, 409, 'FLAG_DECIDED');
    const own = expected(
      200,
      await city
        .as('street')
        .post<{ flagId: string }>(`/v1/incidents/${id}/flag-reporter`, { reason: '再次不实' }),
    );
    const path = `${id}/flag-reporter/${own.flagId}/decide`;
    await refused('streetLeader', path, body, 403, 'FLAG_DECIDED_BY_PARTY');
    const refusal = { decidedAt: null, decidingUnitId: null, decisionReason: null };
    expect((await read(id)).reporterFlags).toMatchObject([
      {
        flagId,
        proposingUnitId: 'di-qinghe',
        outcome: 'APPROVED',
        decidingUnitId: 'st-hepan',
        decisionReason: '经核对',
      },
      { flagId: own.flagId, proposingUnitId: 'st-hepan', outcome: 'OPEN', ...refusal },
    ]);
  });

  test('feedback is corrected beside what was said first', async () => {
    const { id } = await live(city, 'RATED');
    await act(city, 'callback', id, 'feedback/correct', {
      ...{ solved: 'PARTLY', satisfaction: 'DISSATISFIED', reason: '录入有误' },
    });
    const view = await read(id);
    expect(view.feedback).toMatchObject([{ solved: 'SOLVED', corrected: true }]);
    expect(view.feedbackCorrections).toMatchObject([{ solved: 'PARTLY' }]);
  });
});

describe('supervision by a person', () => {
  test('is answered by the department and lifted by who may', async () => {
    const { id, supervisionId, taskId } = await live(city, 'SUPERVISED');
    await onTask('street', id, taskId, 'urge', { note: '请抓紧' });
    await onTask('urbanManagement', id, taskId, 'contact', { reached: false });
    await onTask('urbanManagement', id, taskId, 'contact');
    await act(city, 'urbanManagement', id, `supervisions/${supervisionId}/respond`, { response: '今日到场' });
    await act(city, 'supervision', id, `supervisions/${supervisionId}/lift`, { reason: '已到场' });
    expect((await read(id)).supervisions).toMatchObject([
      { supervisionId, issuedBy: 'PERSON', step: null, response: '今日到场', liftReason: 'BY_PERSON' },
    ]);
    const path = `${id}/supervisions/${supervisionId}/respond`;
    await refused('urbanManagement', path, { response: '再答' }, 409, 'SUPERVISION_LIFTED');
  });
});

test('小事不出小区: handled by the three parties of the estate, and closed at its level', async () => {
  const { id } = await live(city, 'FILED');
  const parties = ['RESIDENTS_COMMITTEE', 'OWNERS_COMMITTEE', 'PROPERTY_COMPANY'];
  await act(city, 'community', id, 'self-handling', { parties, note: '三方协同' });
  expect(await read(id)).toMatchObject({ mode: 'SELF', parties });
  await act(city, 'community', id, 'self-handling/complete', { evidence: ['a'.repeat(64)] });
  await closes(id);
  expect(await read(id)).toMatchObject({ state: 'CLOSED', resolutionLevel: 'ESTATE' });
});

test('what an estate cannot do goes up, and is whistled for from there', async () => {
  const { id } = await live(city, 'SELF_HANDLED');
  await refused(
    'gridWorker',
    `${id}/escalate`,
    { to: 'ESTATE', reason: '无力处置' },
    422,
    'LEVEL_NOT_HIGHER',
  );
  expect(
    (await act(city, 'gridWorker', id, 'escalate', { to: 'SUBDISTRICT', reason: '无力处置' })).state,
  ).toBe('FILED');
  await refused('gridWorker', `${id}/self-handling`, {}, 422, 'LEVEL_TOO_LOW');
  expectProblem(
    await city.as('otherStreet').post<Problem>(`/v1/incidents/${id}/whistles`, whistle),
    ...([404, 'INCIDENT_NOT_FOUND'] as const),
  );
  expected(201, await city.as('street').post<Whistled>(`/v1/incidents/${id}/whistles`, whistle));
});

interface NumbersByUnit {
  readonly rows: readonly { key: string; numerator: number; denominator: number; includes?: string[] }[];
  readonly cases: readonly { incidentId: string }[];
}

describe('a department that is no more', () => {
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const publish = async (path: string, body: object): Promise<void> => {
    const answer = await city.as('admin').post<{ position: string }>(path, body);
    city.sawWrite(expected(201, answer).position);
  };

  test('leaves its open tasks to its successor, and is summoned no more', async () => {
    const parks = { id: 'dp-parks', kind: 'DEPARTMENT', name: '清河区园林绿化局', parentId: 'di-qinghe' };
    await publish('/v1/org-units', { orgUnits: [{ ...parks, effectiveFrom: '2025-01-01' }] });
    const summons = { ...whistle, lead: 'dp-parks' };
    const lives = [await live(city, 'FILED'), await live(city, 'FILED')];
    for (const { id } of lives)
      expected(201, await city.as('street').post(`/v1/incidents/${id}/whistles`, summons));
    const transfer = '/v1/departments/dp-parks/transfer-open-tasks';
    const admin = city.as('admin');
    const reason = { reason: '机构改革' };
    const wait = { headers: { 'Shaoying-Min-Position': city.position } };
    expectProblem(await admin.post<Problem>(transfer, reason, wait), 409, 'UNIT_NOT_ENDED');

    await publish('/v1/org-units/merge', {
      unitIds: ['dp-parks'],
      into: { id: 'dp-urban-management' },
      from: today,
    });
    const send = () =>
      admin.post<{ to: string; moved: object[]; refused: object[]; more: boolean }>(transfer, reason, {
        ...wait,
        key: 'parks to urban management',
      });
    const moved = expected(200, await send());
    expect(moved).toMatchObject({ to: 'dp-urban-management', refused: [], more: false, nextCursor: null });
    expect(expected(200, await send())).toEqual(moved);
    expect(moved.moved).toHaveLength(2);
    for (const { id } of lives) {
      const [task] = (await read(id)).tasks;
      expect(task).toMatchObject({ departmentId: 'dp-urban-management', state: 'NOTIFIED' });
      await onTask('urbanManagement', id, task?.taskId ?? '', 'check-in');
    }
    const { id } = await live(city, 'FILED');
    const ended = await city.as('street').post<Problem>(`/v1/incidents/${id}/whistles`, summons);
    expect(expectProblem(ended, 422, 'UNIT_ENDED').detail).toContain('dp-urban-management');
  });

  test('is named, with its successor, when an incident that it handled is reopened', async () => {
    const canal = { id: 'dp-canal', kind: 'DEPARTMENT', name: '清河区运河管理处', parentId: 'di-qinghe' };
    await publish('/v1/org-units', { orgUnits: [{ ...canal, effectiveFrom: '2025-01-01' }] });
    const { id } = await live(city, 'FILED');
    const summons = { ...whistle, lead: 'dp-canal' };
    const path = `/v1/incidents/${id}/whistles`;
    const { tasks } = expected(201, await city.as('street').post<Whistled>(path, summons));
    const department = await city.withRole('department', 'dp-canal');
    for (const command of ['check-in', 'complete']) {
      expected(200, await department.post(`/v1/incidents/${id}/tasks/${tasks[0]?.taskId}/${command}`));
    }
    await closes(id);
    await publish('/v1/org-units/merge', { unitIds: ['dp-canal'], into: { id: 'dp-water' }, from: today });
    expect(await act(city, 'street', id, 'reopen', { reason: '复发' })).toMatchObject({
      endedDepartments: [{ departmentId: 'dp-canal', successors: ['dp-water'] }],
    });

    const metric = (path: string) =>
      city.as('oversight').get<NumbersByUnit>(`/v1/metrics/check-in-on-time${path}`);
    const row = async (units: string, key: string) => {
      const { rows } = expected(200, await metric(`?by=department&units=${units}`));
      return rows.find((found) => found.key === key);
    };
    expect(await row('AS_THEN', 'dp-canal')).toMatchObject({ numerator: 1, denominator: 1 });
    expect(await row('AS_NOW', 'dp-canal')).toBeUndefined();
    const [then, now] = [await row('AS_THEN', 'dp-water'), await row('AS_NOW', 'dp-water')];
    expect(now).toMatchObject({ denominator: (then?.denominator ?? 0) + 1, includes: ['dp-canal'] });
    const explained = await metric('/explain?by=department&units=AS_NOW&key=dp-water');
    expect(expected(200, explained).cases.map(({ incidentId }) => incidentId)).toContain(id);
    expectProblem(
      await city.as('oversight').get<Problem>('/v1/metrics/check-in-on-time?units=LATER'),
      400,
      'VALIDATION_FAILED',
    );
  });
});
