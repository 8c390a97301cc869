import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { pendingDeadlines, type IncidentState } from '@shaoying/incident-domain';
import { openDeadlines } from '../index.js';
import { readModelSpec, SimulatedCity, simulatedCities } from '../testing/index.js';
import { OpenDeadlinesQuery, type OpenDeadline } from './open-deadlines.query.js';

const farOff = '2100-01-01T00:00:00.000Z';

describe('open deadlines', () => {
  const spec = readModelSpec(openDeadlines);
  const query = new OpenDeadlinesQuery(spec.sql, () => () => undefined);

  const openNow = async (): Promise<string[]> =>
    (await query.dueWithin(farOff, null, 1_000)).map((deadline) => deadline.deadlineId);
  const statuses = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (
        await spec.thenRows<{ id: string; status: string }>('select deadline_id as id, status from deadlines')
      ).map(({ id, status }) => [id, status]),
    );

  it('opens those of the incident and of each task', async () => {
    const city = new SimulatedCity().report('inc').pass(5).whistle('inc', ['dept-1']);
    await spec.givenEvents(city.events);
    expect(await spec.thenRows('select * from deadlines order by due_at')).toEqual([
      row('inc-dept-1-ACKNOWLEDGE', 'inc-dept-1', 'ACKNOWLEDGE', city.inMinutes(60)),
      row('inc-dept-1-CHECK_IN', 'inc-dept-1', 'CHECK_IN', city.inMinutes(240)),
      row('inc-dept-1-HANDLING', 'inc-dept-1', 'HANDLING', city.inMinutes(3 * 24 * 60)),
      row('inc-INCIDENT_TOTAL', null, 'INCIDENT_TOTAL', city.inMinutes(7 * 24 * 60 - 5)),
    ]);
  });

  const row = (deadline_id: string, task_id: string | null, timer: string, dueAt: string) => ({
    ...{ deadline_id, incident_id: 'inc', task_id, timer, due_at: new Date(dueAt), status: 'OPEN' },
  });

  it('meets each by its act', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).acknowledge('inc', 'dept-1');
    await spec.givenEvents(city.events);
    expect(await openNow()).not.toContain('inc-dept-1-ACKNOWLEDGE');
    const sofar = city.events.length;
    await spec.givenEvents(city.checkIn('inc', 'dept-1').events.slice(sofar));
    expect(await openNow()).toEqual(['inc-dept-1-HANDLING', 'inc-INCIDENT_TOTAL']);
  });

  it('closes what is breached: its alarm has rung', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(240).ringAlarms();
    await spec.givenEvents(city.events);
    expect(await statuses()).toEqual({
      ...{ 'inc-dept-1-ACKNOWLEDGE': 'BREACHED', 'inc-dept-1-CHECK_IN': 'BREACHED' },
      ...{ 'inc-dept-1-HANDLING': 'OPEN', 'inc-INCIDENT_TOTAL': 'OPEN' },
    });
  });

  it('keeps a breach through a late check-in', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(240).ringAlarms();
    await spec.givenEvents(city.checkIn('inc', 'dept-1').events);
    expect(await statuses()).toMatchObject({ 'inc-dept-1-CHECK_IN': 'BREACHED' });
  });

  it.each(['a failed check', 'unsolved feedback'])(
    'runs on after %s, breaches staying breached',
    async (cause) => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']);
      city.checkIn('inc', 'dept-1').checkIn('inc', 'dept-2').complete('inc', 'dept-1');
      city
        .pass(3 * 24 * 60 + 1)
        .ringAlarms()
        .complete('inc', 'dept-2');
      if (cause === 'a failed check') city.check('inc', 'FAIL');
      else city.check('inc', 'PASS').feedback('inc', 'UNSOLVED');
      await spec.givenEvents(city.events);
      expect(await statuses()).toMatchObject({
        ...{ 'inc-dept-1-HANDLING': 'OPEN', 'inc-dept-2-HANDLING': 'BREACHED', 'inc-INCIDENT_TOTAL': 'OPEN' },
      });
    },
  );

  it('stays met after feedback that it is solved', async () => {
    const city = new SimulatedCity().report('inc').handle('inc').finish('inc').check('inc', 'PASS');
    await spec.givenEvents(city.feedback('inc', 'PARTLY').events);
    expect(await statuses()).toEqual({ 'inc-INCIDENT_TOTAL': 'MET' });
  });

  it('holds none of imported cases', async () => {
    const city = new SimulatedCity();
    const [openedAt, targetAt] = [city.inMinutes(-300), city.inMinutes(100)];
    city.importCase('old', { departmentId: 'dept-1', openedAt, targetAt, closedAt: null });
    await spec.givenEvents(city.checkIn('old', 'dept-1').events, 1);
    expect(await statuses()).toEqual({});
  });

  it('are those the decider would still ask about, after any legal history', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(70), async (city) => {
        await spec.startOver();
        await spec.givenEvents(city.events, 7);
        const states = [0, 1, 2, 3, 4, 5].map((index) => city.stateOf(`inc-${index}`));
        expect((await openNow()).sort()).toEqual(states.flatMap(stillToBeAsked).sort());
      }),
      propertyParameters({ numRuns: 15, endOnFailure: true }),
    );
  });

  describe('pages', () => {
    const city = new SimulatedCity();
    for (let index = 0; index < 11; index += 1) {
      if (index % 3 === 0) city.pass(1);
      city.report(`inc-${String(index).padStart(2, '0')}`);
    }
    beforeEach(() => spec.givenEvents(city.events));

    it('neither skip nor repeat, also among deadlines of one instant', async () => {
      const found: OpenDeadline[] = [];
      for (let page = await query.dueWithin(farOff, null, 4); page.length > 0;) {
        found.push(...page);
        page = await query.dueWithin(farOff, page.at(-1) ?? null, 4);
      }
      expect(found.map((deadline) => deadline.deadlineId)).toEqual(await openNow());
      expect(new Set(found.map((deadline) => deadline.deadlineId)).size).toBe(11);
      expect(found.map((deadline) => deadline.dueAt)).toEqual(found.map((deadline) => deadline.dueAt).sort());
    });

    it('end with what is due at the very instant', async () => {
      const due = (await query.dueWithin(farOff, null, 1))[0]?.dueAt ?? '';
      const justBefore = new Date(Date.parse(due) - 1).toISOString();
      expect(await query.dueWithin(due, null, 100)).toHaveLength(3);
      expect(await query.overdueSince(due, 2)).toHaveLength(2);
      expect(await query.dueWithin(justBefore, null, 100)).toEqual([]);
    });
  });

  it('tell whether one is still open', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    await spec.givenEvents(city.events);
    expect(await query.stillOpen('inc-dept-1-CHECK_IN')).toBeNull();
    expect(await query.stillOpen('unknown')).toBeNull();
    expect(await query.stillOpen('inc-dept-1-HANDLING')).toEqual({
      ...{ deadlineId: 'inc-dept-1-HANDLING', incidentId: 'inc', taskId: 'inc-dept-1', timer: 'HANDLING' },
      dueAt: city.inMinutes(3 * 24 * 60),
    });
  });

  it('count what is open and due', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
    expect(await query.counts(city.now)).toEqual({ open: 0, due: 0, oldestDueAt: null });
    await spec.givenEvents(city.events);
    const oldestDueAt = city.inMinutes(60);
    expect(await query.counts(city.inMinutes(59))).toEqual({ open: 4, due: 0, oldestDueAt });
    expect(await query.counts(oldestDueAt)).toEqual({ open: 4, due: 1, oldestDueAt });
  });
});

/** Ids of deadlines that MarkOverdue would turn into a breach, were it late enough. */
function stillToBeAsked(state: IncidentState): string[] {
  if (state.imported) return [];
  const total =
    state.lifecycle === 'FILED' || state.lifecycle === 'HANDLING'
      ? state.deadlines.filter((deadline) => !state.breached.includes(deadline.deadlineId))
      : [];
  const ofTasks = state.tasks.flatMap((task) =>
    pendingDeadlines(task).filter((deadline) => !task.breached.includes(deadline.deadlineId)),
  );
  return [...total, ...ofTasks].map((deadline) => deadline.deadlineId);
}
