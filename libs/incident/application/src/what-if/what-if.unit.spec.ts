import { decodeIncidentEvent, incidentSchemas } from '@shaoying/incident-contracts';
import type { DeadlinePolicy } from '@shaoying/jurisdiction-domain';
import {
  AcknowledgeTaskCommand,
  MarkOverdueCommand,
  ReportProgressCommand,
  RequestExtensionCommand,
  ResumeIncidentCommand,
  SuspendIncidentCommand,
} from '../index.js';
import { OfficeSteps, SampleOffice } from '../testing/index.js';
import { rulesWith, type Changes } from '../testing/what-if-worlds.js';
import { carriesDeadlines } from './replayed-incident.js';
import { simulateIncident, type SimulatedIncident } from './simulated-incident.js';

/** Acknowledging a whistle that is no emergency takes so many hours on the clock. */
const acknowledgeWithin =
  (hours: number) =>
  ({ rules }: DeadlinePolicy): Partial<DeadlinePolicy> => ({
    rules: rules.map((rule) =>
      rule.timer === 'ACKNOWLEDGE' && rule.when === undefined
        ? { ...rule, duration: { amount: hours, unit: 'CLOCK_HOUR' } }
        : rule,
    ),
  });

const week = '2026-03-09T01:00:00.000Z';

describe('one whistle under other rules', () => {
  let office: SampleOffice;
  let steps: OfficeSteps;

  beforeEach(async () => {
    office = await SampleOffice.open();
    steps = new OfficeSteps(office);
  });
  afterEach(() => office.close());

  /** Whistled at 09:00, acknowledged so many minutes later; in time within the hour. */
  async function acknowledgedAfter(minutes: number): Promise<string> {
    const { incidentId, taskId } = await steps.whistled();
    office.clock.advanceMs(minutes * 60_000);
    const department = steps.department('dp-water');
    await steps.handlers.acknowledge.execute(new AcknowledgeTaskCommand(department, incidentId, taskId));
    return incidentId;
  }

  async function under(changes: Changes, asOf: string): Promise<SimulatedIncident> {
    const events = (await office.incidentEvents()).map(decodeIncidentEvent);
    return simulateIncident(events, await rulesWith(office.store, changes), asOf);
  }
  const acknowledging = ({ differences }: SimulatedIncident) =>
    differences.filter(({ timer, metric }) => timer === 'ACKNOWLEDGE' || metric === 'acknowledge-on-time');

  it('misses a shorter time, with the order that its ladder brings, and names the events behind it', async () => {
    await acknowledgedAfter(40);

    const found = acknowledging(await under({ policy: acknowledgeWithin(0.5) }, '2026-03-02T02:00:00.000Z'));

    const breach = found.find(({ kind }) => kind === 'BREACH');
    expect(breach).toMatchObject({
      ...{ unitId: 'dp-water', change: 1, cause: 'RULES' },
      recorded: { dueAt: '2026-03-02T02:00:00.000Z', outcome: 'NOT_BREACHED' },
      simulated: { dueAt: '2026-03-02T01:30:00.000Z', outcome: 'BREACHED' },
    });
    expect(breach?.events.map(({ type }) => type)).toEqual(['WhistleBlown', 'TaskAcknowledged']);
    expect(found.filter(({ kind }) => kind === 'SUPERVISION_ORDER').map(({ level }) => level)).toEqual([
      'BLUE',
    ]);
    expect(found.find(({ kind }) => kind === 'ON_TIME')).toMatchObject({
      ...{ unitId: 'dp-water', change: -1, denominatorChange: 0 },
      ...{ recorded: { outcome: 'ON_TIME' }, simulated: { outcome: 'LATE' } },
    });
  });

  it('is in time within a longer one: the breach that was recorded is gone, and its order', async () => {
    const { incidentId, tasks } = (await steps.whistled()).state;
    const deadlineId = tasks[0]?.deadlines.find(({ timer }) => timer === 'ACKNOWLEDGE')?.deadlineId ?? '';
    office.clock.set(new Date('2026-03-02T02:00:00.001Z'));
    await steps.handlers.markOverdue.execute(
      MarkOverdueCommand.of({ incidentId, deadlineId, dueAt: '2026-03-02T02:00:00.000Z', step: 0 }),
    );
    office.clock.advanceMs(60_000);
    const acknowledge = new AcknowledgeTaskCommand(
      steps.department('dp-water'),
      incidentId,
      tasks[0]?.taskId ?? '',
    );
    await steps.handlers.acknowledge.execute(acknowledge);

    const found = acknowledging(await under({ policy: acknowledgeWithin(3) }, '2026-03-02T02:10:00.000Z'));

    expect(found.map(({ kind, change, cause }) => [kind, change, cause])).toEqual([
      ['BREACH', -1, 'RULES'],
      ['SUPERVISION_ORDER', -1, 'RULES'],
      ['ON_TIME', 1, 'RULES'],
    ]);
  });

  it('says of what the recorded clock was late for that no rule makes it', async () => {
    await acknowledgedAfter(180);

    const found = (await under({}, '2026-03-02T04:30:00.000Z')).differences;

    // Nobody rang in three hours: a clock that is never late reminds, and issues the orders that nobody got.
    expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['REMINDER', 'SUPERVISION_ORDER']));
    expect(found.filter(({ cause }) => cause !== 'CLOCK')).toEqual([]);
  });

  it('misses a stage that is done late while nobody has decided about more time, as the log does', async () => {
    const { incidentId, taskId, state } = await steps.whistled(
      { lead: 'dp-urban-management' },
      { category: 'illegal-construction' },
    );
    const first = state.tasks[0]?.deadlines.find(({ timer }) => timer === 'HANDLING');
    const department = steps.department('dp-urban-management');
    await steps.checkIn(incidentId, taskId, 'dp-urban-management');
    const more = { amount: 2, unit: 'WORKING_DAY', reason: '需要协调施工' } as const;
    await steps.handlers.requestExtension.execute(
      new RequestExtensionCommand(department, incidentId, taskId, more),
    );
    office.clock.set(new Date(Date.parse(first?.dueAt ?? '') + 60_000));
    const progress = { stage: first?.stage ?? null, note: '阶段完成', evidence: [] };
    await steps.handlers.progress.execute(
      new ReportProgressCommand(steps.department('dp-urban-management'), incidentId, taskId, progress),
    );

    const { recorded, simulated } = await under({}, office.clock.now().toISOString());

    const missed = { timer: 'HANDLING', breachedDue: first?.dueAt };
    expect(recorded.deadlines.get(first?.deadlineId ?? '')).toMatchObject(missed);
    expect(simulated.deadlines.get(first?.deadlineId ?? '')).toMatchObject(missed);
  });

  it('lets the time to answer an order stand still with the matter, where the recorded clock was late for it', async () => {
    const { incidentId, state } = await steps.filed();
    const deadlineId = state.deadlines.find(({ timer }) => timer === 'DISPATCH')?.deadlineId ?? '';
    office.clock.set(new Date('2026-03-02T03:30:00.000Z'));
    const unsolvable = { reasonCode: 'NEEDS_FUNDS', reason: '待资金落实', reviewAt: week } as const;
    await steps.handlers.suspend.execute(new SuspendIncidentCommand(steps.centre(), incidentId, unsolvable));
    office.clock.set(new Date('2026-03-03T01:00:00.000Z'));
    await steps.handlers.resume.execute(
      new ResumeIncidentCommand(steps.centre(), incidentId, { reason: '条件具备', renewUntil: null }),
    );
    office.clock.advanceMs(1);
    await steps.alarm(incidentId, deadlineId);
    office.clock.set(new Date('2026-03-03T02:00:00.000Z'));
    await steps.blow(incidentId);

    const { differences } = await under({}, '2026-03-03T02:10:00.000Z');

    // Issued on Monday at 11:00 by a clock that is never late, with two working hours to answer; half an hour after that
    // the matter stood still until Tuesday, and was taken up between the reminder and the end of those two hours.
    const ofAnswers = differences.filter(({ timer }) => timer === 'SUPERVISION_RESPONSE');
    expect(ofAnswers.map(({ kind, change, cause }) => [kind, change, cause])).toEqual([
      ['REMINDER', 1, 'CLOCK'],
    ]);
    expect(differences.filter(({ cause }) => cause !== 'CLOCK')).toEqual([]);
  });

  it('takes another ladder at the instants of the same deadline', async () => {
    await acknowledgedAfter(180);
    const mild: Changes = {
      ladder: ({ steps: [first] }) => ({ steps: first ? [{ ...first, level: 'RED' }] : [], byTimer: {} }),
    };

    const found = acknowledging(await under(mild, week)).filter(({ kind }) => kind === 'SUPERVISION_ORDER');

    // Nothing was issued as recorded, for nobody rang; what differs by the ladder is its colour.
    expect(found.map(({ level, change }) => [level, change])).toEqual([['RED', 1]]);
  });
});

test('every event that brings deadlines, moves of them or other versions is looked at for them', () => {
  const carriers = Object.entries(incidentSchemas).filter(([, schema]) =>
    /"(warnAt|policyVersion)"/.test(JSON.stringify(schema)),
  );
  const overlooked = carriers.filter(([, schema]) => {
    const { properties } = schema as unknown as { properties: Record<string, unknown> };
    return !carriesDeadlines({ data: properties as never });
  });
  expect(carriers.length).toBeGreaterThan(10);
  expect(overlooked.map(([type]) => type)).toEqual([]);
});
