import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { evolve, NO_INCIDENT, ownedDeadlines, type IncidentState } from '@shaoying/incident-domain';
import { openDeadlines } from '../index.js';
import { readModelSpec, SimulatedCity, simulatedCities, simulatedIncidents } from '../testing/index.js';
import { OpenDeadlinesQuery, type OpenDeadline } from './open-deadlines.query.js';

const farOff = '2100-01-01T00:00:00.000Z';

describe('open deadlines', () => {
  const spec = readModelSpec(openDeadlines);
  const query = new OpenDeadlinesQuery(spec.sql, () => () => undefined);

  const openNow = async (): Promise<string[]> =>
    (await query.dueWithin(farOff, null, 1_000)).map((deadline) => deadline.deadlineId);
  /** When a deadline of so many minutes is warned of. */
  const warn = (minutes: number): number => minutes * 0.8;
  const total = 7 * 24 * 60;
  /** Of every deadline there is a row for: when there is next something to ask, without the incident's name. */
  const alarms = async (): Promise<Record<string, string | null>> =>
    Object.fromEntries(
      (
        await spec.thenRows<{ id: string; at: Date | null }>(
          `select replace(deadline_id, 'inc-', '') as id, alarm_at as at from deadlines`,
        )
      ).map(({ id, at }) => [id, at?.toISOString() ?? null]),
    );

  it('opens those of the incident and of each task', async () => {
    const city = new SimulatedCity().report('inc').pass(5).whistle('inc', ['dept-1']);
    await spec.givenEvents(city.events);
    expect(await query.dueWithin(farOff, null, 10)).toEqual([
      open('inc-dept-1-ACKNOWLEDGE', 'inc-dept-1', 'ACKNOWLEDGE', city.inMinutes(warn(60))),
      open('inc-dept-1-CHECK_IN', 'inc-dept-1', 'CHECK_IN', city.inMinutes(warn(240))),
      open('inc-dept-1-HANDLING', 'inc-dept-1', 'HANDLING', city.inMinutes(warn(3 * 24 * 60))),
      open('inc-INCIDENT_TOTAL', null, 'INCIDENT_TOTAL', city.inMinutes(warn(total) - 5)),
    ]);
  });

  const open = (deadlineId: string, taskId: string | null, timer: string, dueAt: string): OpenDeadline => ({
    ...{ deadlineId, incidentId: 'inc', taskId, timer, dueAt, step: -1 },
  });

  it('asks for the breach once it was warned of, and warns anew of what is moved', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    const due = city.inMinutes(3 * 24 * 60);
    city.pass(warn(3 * 24 * 60)).ringAlarms();
    await spec.givenEvents(city.events);
    expect(await alarms()).toMatchObject({ 'dept-1-HANDLING': due, INCIDENT_TOTAL: expect.anything() });
    expect(await query.stillOpen('inc-dept-1-HANDLING')).toMatchObject({ dueAt: due, step: 0 });
    const sofar = city.events.length;
    await spec.givenEvents(city.extend('inc', 'dept-1').events.slice(sofar));
    const extended = await query.stillOpen('inc-dept-1-HANDLING');
    expect(extended).toMatchObject({ step: -1 });
    expect(Date.parse(extended?.dueAt ?? '')).toBeGreaterThan(Date.parse(city.now));
  });

  it('lists what is due for its breach, in the order in which it was due, whether it was warned of or not', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
    const [acknowledge, checkIn] = [city.inMinutes(60), city.inMinutes(240)];
    await spec.givenEvents(city.events);
    const dueAfter = async (minutes: number) =>
      (await query.overdueSince(city.inMinutes(minutes), 10)).map(({ timer, dueAt, step }) => [
        ...[timer, dueAt, step],
      ]);
    expect(await dueAfter(50)).toEqual([['ACKNOWLEDGE', city.inMinutes(warn(60)), -1]]);
    // The warning of the check-in was before the acknowledgement was due, its breach is after it.
    expect(await dueAfter(241)).toEqual([
      ['ACKNOWLEDGE', acknowledge, 0],
      ['CHECK_IN', checkIn, 0],
    ]);
    expect(await query.overdueSince(city.inMinutes(241), 1)).toHaveLength(1);
  });

  it('meets each by its act', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).acknowledge('inc', 'dept-1');
    await spec.givenEvents(city.events);
    expect(await openNow()).not.toContain('inc-dept-1-ACKNOWLEDGE');
    const sofar = city.events.length;
    await spec.givenEvents(city.checkIn('inc', 'dept-1').events.slice(sofar));
    expect(await openNow()).toEqual(['inc-dept-1-HANDLING', 'inc-INCIDENT_TOTAL']);
  });

  it('closes what is breached and has no further step: its alarm has rung', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(240).ringAlarms();
    await spec.givenEvents(city.events);
    expect(await alarms()).toMatchObject({ 'dept-1-ACKNOWLEDGE': null, 'dept-1-CHECK_IN': null });
    expect(await openNow()).toEqual(['inc-dept-1-HANDLING', 'inc-INCIDENT_TOTAL']);
  });

  it('forgets a breach that was answered: whether it was late is not asked here', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(240).ringAlarms();
    await spec.givenEvents(city.checkIn('inc', 'dept-1').events);
    expect(Object.keys(await alarms()).sort()).toEqual(['INCIDENT_TOTAL', 'dept-1-HANDLING']);
  });

  it.each(['a failed check', 'unsolved feedback'])(
    'runs on after %s, breaches staying breached',
    async (cause) => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1', 'dept-2']);
      const [handling, totalDue] = [city.inMinutes(warn(3 * 24 * 60)), city.inMinutes(warn(total))];
      city.checkIn('inc', 'dept-1').checkIn('inc', 'dept-2').complete('inc', 'dept-1');
      city
        .pass(3 * 24 * 60 + 1)
        .ringAlarms()
        .complete('inc', 'dept-2');
      if (cause === 'a failed check') city.check('inc', 'FAIL');
      else city.check('inc', 'PASS').feedback('inc', 'UNSOLVED');
      await spec.givenEvents(city.events);
      expect(await alarms()).toMatchObject({
        // What a check has passed was handled: from then on it is rework.
        ...{ 'dept-1-HANDLING': cause === 'a failed check' ? handling : null, 'dept-2-HANDLING': null },
        INCIDENT_TOTAL: totalDue,
      });
      expect(await query.dueWithin(farOff, null, 10)).toEqual(
        expect.arrayContaining(['inc-dept-1', 'inc-dept-2'].map((taskId) => reworkOf(taskId, city))),
      );
    },
  );

  const reworkOf = (taskId: string, city: SimulatedCity): unknown =>
    expect.objectContaining({ taskId, timer: 'REWORK', dueAt: city.inMinutes(warn(24 * 60)) });

  it('stays met after feedback that it is solved', async () => {
    const city = new SimulatedCity().report('inc').handle('inc').finish('inc').check('inc', 'PASS');
    await spec.givenEvents(city.feedback('inc', 'PARTLY').events);
    expect(await openNow()).toEqual([]);
  });

  it('begins from nothing when a history is delivered again from its beginning', async () => {
    const { events } = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).suspend('inc');
    await spec.givenEvents(events.slice(0, 1));
    const reported = await spec.thenRows('select * from deadlines');
    await spec.givenEvents(events.slice(1));
    expect(await spec.thenRows('select * from deadlines')).not.toEqual(reported);
    await spec.givenEvents(events.slice(0, 1));
    expect(await spec.thenRows('select * from deadlines')).toEqual(reported);
  });

  it('keeps no row of what is closed', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    city.complete('inc', 'dept-1').check('inc', 'PASS').feedback('inc', 'SOLVED').close('inc');
    await spec.givenEvents(city.events, 1);
    expect(await alarms()).toEqual({});
  });

  describe('while a decision is awaited', () => {
    it('does not ask about what is disputed, however late it is, and asks again once it is refused', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
      const due = city.inMinutes(warn(240));
      city.pass(30).requestReturn('inc', 'dept-1');
      await spec.givenEvents(city.events);
      expect(await alarms()).toMatchObject({ 'dept-1-CHECK_IN': null, 'dept-1-HANDLING': null });
      expect((await query.overdueSince(city.inMinutes(1_000), 10)).map(({ timer }) => timer)).toEqual([
        'RETURN_DECISION',
      ]);
      const sofar = city.events.length;
      await spec.givenEvents(city.pass(60).decideReturn('inc', 'dept-1', null).events.slice(sofar));
      expect(await alarms()).toMatchObject({ 'dept-1-CHECK_IN': due });
      expect(Object.keys(await alarms()).filter((id) => id.includes('RETURN'))).toEqual([]);
    });

    it('asks the department that has the task by it, and no more the one that had it', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30);
      city.requestReturn('inc', 'dept-1').pass(30).decideReturn('inc', 'dept-1', 'dept-2');
      await spec.givenEvents(city.events, 1);
      const tasks = (await query.dueWithin(farOff, null, 10)).map(({ taskId }) => taskId);
      expect([...new Set(tasks)]).toEqual(['inc-dept-2', null]);
    });
  });

  describe('while the clocks stand still', () => {
    it('asks about nothing but the review, and afterwards when the time that was left is over', async () => {
      const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).pass(30).suspend('inc');
      await spec.givenEvents(city.events);
      expect((await query.dueWithin(farOff, null, 10)).map(({ timer }) => timer)).toEqual([
        'SUSPENSION_REVIEW',
      ]);
      const sofar = city.events.length;
      await spec.givenEvents(city.pass(10_000).resume('inc').events.slice(sofar));
      expect(await alarms()).toMatchObject({
        ...{
          'dept-1-ACKNOWLEDGE': city.inMinutes(warn(60) - 30),
          'dept-1-CHECK_IN': city.inMinutes(warn(240) - 30),
        },
        INCIDENT_TOTAL: city.inMinutes(warn(total) - 30),
      });
    });

    it('asks about nothing of a duplicate', async () => {
      const city = new SimulatedCity().report('inc').report('other').merge('inc', 'other');
      await spec.givenEvents(city.events);
      expect(await openNow()).toEqual(['other-INCIDENT_TOTAL']);
      const sofar = city.events.length;
      await spec.givenEvents(city.pass(10).unmerge('inc').events.slice(sofar));
      expect(await openNow()).toEqual(['other-INCIDENT_TOTAL', 'inc-INCIDENT_TOTAL']);
    });
  });

  it('asks about no target that came with an imported case, and about what happens to it here', async () => {
    const city = new SimulatedCity();
    const [openedAt, targetAt] = [city.inMinutes(-300), city.inMinutes(100)];
    city.importCase('old', { departmentId: 'dept-1', openedAt, targetAt, closedAt: null });
    await spec.givenEvents(city.checkIn('old', 'dept-1').events, 1);
    expect(await openNow()).toEqual([]);
    const sofar = city.events.length;
    city.complete('old', 'dept-1').check('old', 'FAIL');
    await spec.givenEvents(city.events.slice(sofar), 1);
    expect((await query.dueWithin(farOff, null, 10)).map(({ timer, dueAt }) => [timer, dueAt])).toEqual([
      ['REWORK', city.inMinutes(warn(24 * 60))],
    ]);
  });

  it('are those the decider would still ask about, after any legal history', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(70), async (city) => {
        await spec.startOver();
        await spec.givenEvents(city.events, 7);
        const states = simulatedIncidents.map((id) => city.stateOf(id));
        expect(await askedNow()).toEqual(states.flatMap(toBeAsked).sort());
      }),
      propertyParameters({ numRuns: 25, endOnFailure: true }),
    );
  });

  it('are so after every single event too', async () => {
    await fc.assert(
      fc.asyncProperty(simulatedCities(70), async (city) => {
        await spec.startOver();
        const states = new Map<string, IncidentState>();
        for (const event of city.events) {
          await spec.givenEvents([event]);
          const state = states.get(event.streamId) ?? NO_INCIDENT;
          states.set(event.streamId, evolve(state, decodeIncidentEvent(event)));
          const asked = [...states.values()].flatMap(toBeAsked).sort();
          expect({ event, asked: await askedNow() }).toEqual({ event, asked });
        }
      }),
      propertyParameters({ numRuns: 15, endOnFailure: true }),
    );
  }, 60_000);

  /** Each with the instant and the step. */
  const askedNow = async (): Promise<string[]> =>
    (await query.dueWithin(farOff, null, 1_000))
      .map(({ deadlineId, dueAt, step }) => `${deadlineId} ${dueAt} ${step}`)
      .sort();

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
      ...{ dueAt: city.inMinutes(warn(3 * 24 * 60)), step: -1 },
    });
  });

  it('count what is open and due', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']);
    expect(await query.counts(city.now)).toEqual({ open: 0, due: 0, oldestDueAt: null });
    await spec.givenEvents(city.events);
    const oldestDueAt = city.inMinutes(warn(60));
    expect(await query.counts(city.inMinutes(47))).toEqual({ open: 4, due: 0, oldestDueAt });
    expect(await query.counts(oldestDueAt)).toEqual({ open: 4, due: 1, oldestDueAt });
  });
});

/** Where MarkOverdue would have something to say, were it late enough, and when that is. */
function toBeAsked(state: IncidentState): string[] {
  return ownedDeadlines(state).flatMap(({ deadline, pending, warned, breached }) => {
    if (!pending || deadline.policyId === 'imported') return [];
    if (!breached && !warned && deadline.warnAt < deadline.dueAt)
      return [`${deadline.deadlineId} ${deadline.warnAt} -1`];
    if (!breached) return [`${deadline.deadlineId} ${deadline.dueAt} 0`];
    const taken = state.supervisions.flatMap(({ supervisionId }) =>
      deadline.steps.filter(({ step }) => supervisionId === `${deadline.deadlineId}-${step - 1}`),
    );
    const highest = Math.max(0, ...taken.map(({ step }) => step));
    const next = deadline.steps.find(({ step }) => step > highest);
    return next === undefined ? [] : [`${deadline.deadlineId} ${next.at} ${next.step}`];
  });
}
