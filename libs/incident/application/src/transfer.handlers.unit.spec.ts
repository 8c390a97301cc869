import { TransferOpenTasksCommand, TransferTaskCommand } from './index.js';
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

const transfer = (to: string | null = null, key?: string) =>
  steps.handlers.transferAll.execute(
    new TransferOpenTasksCommand(office.as('admin', null, key), 'dp-parks', { to, reason: '机构改革' }),
  );

test('every open task goes on under the successor, one event each, with its clocks', async () => {
  const open = await ended('dp-urban-management', 3);
  expect(await transfer()).toMatchObject({
    to: 'dp-urban-management',
    moved: open,
    refused: [],
    more: false,
  });
  for (const { incidentId } of open) {
    const state = (await office.service().find(incidentId))?.state;
    expect(state?.tasks).toMatchObject([{ departmentId: 'dp-urban-management', state: 'NOTIFIED' }]);
  }
  const types = (await steps.types()).filter((type) => type === 'TaskTransferred');
  expect(types).toHaveLength(3);
});

test('the same command again moves nothing twice', async () => {
  await ended('dp-urban-management', 2);
  await transfer(null, 'one request');
  const before = await steps.types();
  expect(await transfer(null, 'one request')).toMatchObject({ refused: [] });
  expect(await steps.types()).toEqual(before);
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

test('more than one call can move are told, and moved by the next', async () => {
  const [task] = await ended('dp-urban-management');
  const many = Array.from({ length: 201 }, () => task ?? { incidentId: '', taskId: '' });
  office.queue.tasks.set('dp-parks', many);
  expect((await transfer()).more).toBe(true);
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
