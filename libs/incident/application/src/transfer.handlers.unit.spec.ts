import { TransferOpenTasksCommand, TransferTaskCommand, type TaskPlace } from './index.js';
import { codeOf, OfficeSteps, SampleOffice } from './testing/index.js';

let office: SampleOffice;
let steps: OfficeSteps;
beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
});
afterEach(() => office.close());

const line =
  '  - { id: dp-transport, kind: DEPARTMENT, name: 清河区交通运输局, parentId: di-qinghe, effectiveFrom: 2025-01-01 }';
const parks = (successors: string): string =>
  line
    .replace('dp-transport', 'dp-parks')
    .replace('交通运输局', '园林绿化局')
    .replace(' }', successors === '' ? ' }' : `, effectiveTo: 2026-03-01, successorIds: [${successors}] }`);

/** 园林绿化局 exists, is whistled to, and ends. */
async function ended(successors: string, incidents = 1) {
  await office.publishChanged(line, `${line}\n${parks('')}`);
  const blown = [];
  for (let n = 0; n < incidents; n += 1) blown.push(await steps.whistled({ lead: 'dp-parks' }));
  await office.publishChanged(line, `${line}\n${parks(successors)}`);
  const open = blown.map(({ incidentId, taskId }) => ({ incidentId, taskId }));
  office.queue.tasks.set('dp-parks', open);
  return open;
}

const transfer = (to: string | null = null, key?: string, after: TaskPlace | null = null) =>
  steps.handlers.transferAll.execute(
    new TransferOpenTasksCommand(office.as('admin', null, key), 'dp-parks', {
      ...{ to, reason: '机构改革', after },
    }),
  );
const transferOne = (incidentId: string, taskId: string, to: string, key?: string) =>
  steps.handlers.transfer.execute(
    new TransferTaskCommand(office.as('admin', null, key), incidentId, taskId, { to, reason: '机构改革' }),
  );

test('every open task goes on under the successor, one event each, with its clocks', async () => {
  const open = await ended('dp-urban-management', 3);
  expect(await transfer()).toMatchObject({
    to: 'dp-urban-management',
    moved: open,
    refused: [],
    next: null,
  });
  for (const { incidentId } of open) {
    const state = (await office.service().find(incidentId))?.state;
    expect(state?.tasks).toMatchObject([{ departmentId: 'dp-urban-management', state: 'NOTIFIED' }]);
  }
  const types = (await steps.types()).filter((type) => type === 'TaskTransferred');
  expect(types).toHaveLength(3);
});

test('the same command again moves nothing twice, and gets its first answer', async () => {
  const open = await ended('dp-urban-management', 2);
  const first = await transfer(null, 'one request');
  expect(first).toMatchObject({ moved: open, replayed: false });
  office.queue.tasks.set('dp-parks', []);
  const before = await steps.types();
  expect(await transfer(null, 'one request')).toEqual({ ...first, replayed: true });
  expect(await steps.types()).toEqual(before);
  const other = office.as('admin', null, 'one request');
  const reused = new TransferOpenTasksCommand({ ...other, requestHash: 'b'.repeat(64) }, 'dp-parks', {
    ...{ to: null, reason: '另一原因', after: null },
  });
  expect(await codeOf(steps.handlers.transferAll.execute(reused))).toBe('IDEMPOTENCY_KEY_REUSED');
});

test('of several successors one must be named', async () => {
  await ended('dp-urban-management, dp-housing');
  expect(await codeOf(transfer())).toBe('SUCCESSOR_NOT_NAMED');
  expect(await codeOf(transfer('dp-water'))).toBe('SUCCESSOR_NOT_NAMED');
  expect(await transfer('dp-housing')).toMatchObject({ to: 'dp-housing', refused: [] });
});

test('a department that exists keeps its tasks', async () => {
  await office.publishChanged(line, `${line}\n${parks('')}`);
  expect(await codeOf(transfer('dp-housing'))).toBe('UNIT_NOT_ENDED');
});

test('a task that cannot be moved does not keep the others', async () => {
  const open = await ended('dp-urban-management', 2);
  const gone = { incidentId: open[0]?.incidentId ?? '', taskId: '00000000-0000-5000-8000-000000000000' };
  office.queue.tasks.set('dp-parks', [gone, ...open]);
  expect(await transfer()).toMatchObject({
    moved: open,
    refused: [{ ...gone, code: 'TASK_NOT_FOUND' }],
  });
});

test('what is behind tasks that are refused is reached, by one call or by the next', async () => {
  const open = await ended('dp-urban-management', 2);
  const gone = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      incidentId: open[0]?.incidentId ?? '',
      taskId: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`,
    }));
  office.queue.tasks.set('dp-parks', [...gone(150), ...open]);
  const passed = await transfer();
  expect(passed).toMatchObject({ moved: open, next: null });
  expect(passed.refused).toHaveLength(150);

  office.queue.tasks.set('dp-parks', [...gone(201), ...open]);
  const stopped = await transfer();
  expect(stopped.moved).toEqual([]);
  expect(stopped.refused).toHaveLength(200);
  expect(stopped.next).toMatchObject({ taskId: gone(200).at(-1)?.taskId });
  expect(await transfer(null, undefined, stopped.next)).toMatchObject({ moved: open, next: null });
});

test('two tasks of one incident are moved one after the other, the older one first', async () => {
  const [one, other] = await ended('dp-urban-management', 2);
  const [task, apart] = [one ?? { incidentId: '', taskId: '' }, other ?? { incidentId: '', taskId: '' }];
  office.queue.tasks.set('dp-parks', [apart, task, task]);
  const append = office.store.append.bind(office.store);
  const underWay: string[] = [];
  let atOnce = 0;
  office.store.append = async (stream, ...of) => {
    expect(underWay).not.toContain(stream);
    atOnce = Math.max(atOnce, underWay.push(stream));
    await new Promise((resolve) => setTimeout(resolve, 10));
    underWay.splice(underWay.indexOf(stream), 1);
    return append(stream, ...of);
  };
  expect(await transfer()).toMatchObject({ moved: [apart, task, task], refused: [] });
  expect(atOnce).toBe(2);
});

describe('one task', () => {
  test('goes to a successor of its department, once that has ended, and to nobody else', async () => {
    const [open] = await ended('dp-urban-management');
    const { incidentId = '', taskId = '' } = open ?? {};
    expect(await codeOf(transferOne(incidentId, taskId, 'dp-water'))).toBe('SUCCESSOR_NOT_NAMED');
    const moved = await transferOne(incidentId, taskId, 'dp-urban-management', 'one request');
    expect(moved.state.tasks).toMatchObject([{ departmentId: 'dp-urban-management' }]);
    expect(await transferOne(incidentId, taskId, 'dp-urban-management', 'one request')).toMatchObject({
      replayed: true,
    });
    const standing = await steps.whistled();
    expect(await codeOf(transferOne(standing.incidentId, standing.taskId, 'dp-housing'))).toBe(
      'UNIT_NOT_ENDED',
    );
  });

  test('that another has by now is refused, and keeps none of the others', async () => {
    const open = await ended('dp-urban-management, dp-housing', 2);
    const [first, second] = open;
    await transferOne(first?.incidentId ?? '', first?.taskId ?? '', 'dp-housing');
    expect(await transfer('dp-urban-management')).toMatchObject({
      moved: [second],
      refused: [{ ...first, code: 'UNIT_NOT_ENDED' }],
    });
  });
});

test('nobody is summoned who no longer exists: the refusal names who has taken over', async () => {
  await ended('dp-urban-management');
  const { incidentId } = await steps.filed();
  const attempt = steps.blow(incidentId, { lead: 'dp-parks' });
  await expect(attempt).rejects.toMatchObject({ code: 'UNIT_ENDED', successors: ['dp-urban-management'] });
  const { incidentId: other, taskId } = await steps.whistled();
  const handOver = new TransferTaskCommand(office.as('admin', null), other, taskId, {
    ...{ to: 'dp-parks', reason: '误转' },
  });
  expect(await codeOf(steps.handlers.transfer.execute(handOver))).toBe('UNIT_ENDED');
});
