import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { pendingDeadlines as pendingOfTask, type IncidentState } from '@shaoying/incident-domain';
import { SimulatedCity, simulatedCities } from '../testing/index.js';
import { evolveView, foldView, pendingDeadlines, type IncidentView } from './incident-view.js';

function viewOf(city: SimulatedCity, id = 'inc'): IncidentView {
  const view = foldView(city.eventsOf(id).map(decodeIncidentEvent));
  if (view === null) throw new Error(`${id} was not reported`);
  return view;
}

const whistled = (...departments: string[]): SimulatedCity =>
  new SimulatedCity().report('inc').whistle('inc', departments);

const statusesOf = (view: IncidentView): Record<string, string> =>
  Object.fromEntries(
    [...view.deadlines, ...view.tasks.flatMap((task) => task.deadlines)].map((deadline) => [
      deadline.deadlineId.replace('inc-', ''),
      deadline.status,
    ]),
  );

describe('view of an incident', () => {
  it('is null before the report, whatever else comes', () => {
    const [, filed] = new SimulatedCity().report('inc').events;
    expect(filed && evolveView(null, decodeIncidentEvent(filed))).toBeNull();
    expect(foldView([])).toBeNull();
  });

  it('holds the whole life of a whistled incident', () => {
    const city = whistled('dept-1', 'dept-2').pass(10).acknowledge('inc', 'dept-1');
    city.pass(10).checkIn('inc', 'dept-1').checkIn('inc', 'dept-2');
    city.pass(10).complete('inc', 'dept-1').complete('inc', 'dept-2');
    city.pass(10).check('inc', 'PASS').pass(10).feedback('inc', 'PARTLY', 'BASICALLY_SATISFIED');
    expect(viewOf(city.pass(10).close('inc'))).toMatchObject({
      ...{
        id: 'inc',
        state: 'CLOSED',
        revision: city.events.length - 1,
        mode: 'WHISTLE',
        rework: 0,
        cycle: 1,
      },
      ...{ reportedAt: city.inMinutes(-60), filedAt: city.inMinutes(-60), closedAt: city.now },
      resolutionLevel: 'DISTRICT',
      whistles: [{ whistleId: 'inc-whistle', kind: 'PUBLIC_DEMAND', blownAt: city.inMinutes(-60) }],
      tasks: [
        {
          ...{ taskId: 'inc-dept-1', role: 'LEAD', state: 'DONE', notifiedAt: city.inMinutes(-60) },
          ...{
            acknowledgedAt: city.inMinutes(-50),
            acknowledgedLate: false,
            checkedInAt: city.inMinutes(-40),
          },
          ...{
            checkedInLate: false,
            checkInDisputed: false,
            completedAt: city.inMinutes(-30),
            completedLate: false,
          },
        },
        { taskId: 'inc-dept-2', role: 'ASSIST', state: 'DONE', acknowledgedAt: city.inMinutes(-40) },
      ],
      cycles: [
        {
          ...{ cycle: 1, filedAt: city.inMinutes(-60), handlingCompletedAt: city.inMinutes(-30) },
          ...{ closedAt: city.now, resolutionLevel: 'DISTRICT' },
        },
      ],
      checks: [{ result: 'PASS', at: city.inMinutes(-20), checkingUnitId: 'centre', note: 'PASS' }],
      feedback: [
        {
          ...{ at: city.inMinutes(-10), solved: 'PARTLY', satisfaction: 'BASICALLY_SATISFIED' },
          ...{ comment: null, source: 'CALLBACK' },
        },
      ],
    });
  });

  it('says of each deadline whether it is met, breached or open', () => {
    const city = whistled('dept-1', 'dept-2').pass(30).acknowledge('inc', 'dept-1').pass(30).ringAlarms();
    expect(statusesOf(viewOf(city))).toEqual({
      ...{
        INCIDENT_TOTAL: 'OPEN',
        'dept-1-ACKNOWLEDGE': 'MET',
        'dept-1-CHECK_IN': 'OPEN',
        'dept-1-HANDLING': 'OPEN',
      },
      ...{ 'dept-2-ACKNOWLEDGE': 'BREACHED', 'dept-2-CHECK_IN': 'OPEN', 'dept-2-HANDLING': 'OPEN' },
    });
  });

  it('takes a check-in made in time as met although the alarm rang before it was synced', () => {
    const city = whistled('dept-1').pass(300).ringAlarms();
    expect(statusesOf(viewOf(city))['dept-1-CHECK_IN']).toBe('BREACHED');
    city.checkIn('inc', 'dept-1', city.inMinutes(-100));
    expect(statusesOf(viewOf(city))['dept-1-CHECK_IN']).toBe('MET');
    expect(viewOf(city).tasks[0]).toMatchObject({ checkedInLate: false, checkedInAt: city.inMinutes(-100) });
  });

  it('takes a late act as breached although no alarm has rung', () => {
    expect(statusesOf(viewOf(whistled('dept-1').pass(300).checkIn('inc', 'dept-1')))).toMatchObject({
      ...{ 'dept-1-ACKNOWLEDGE': 'BREACHED', 'dept-1-CHECK_IN': 'BREACHED' },
    });
  });

  it('opens handling again when it is sent back, and keeps the first acts', () => {
    const city = whistled('dept-1').checkIn('inc', 'dept-1').complete('inc', 'dept-1').check('inc', 'FAIL');
    const view = viewOf(city);
    expect(view).toMatchObject({ state: 'HANDLING', rework: 1 });
    expect(view.tasks[0]).toMatchObject({ state: 'CHECKED_IN', completedAt: null, checkedInAt: city.now });
    expect(statusesOf(view)).toMatchObject({
      ...{ INCIDENT_TOTAL: 'OPEN', 'dept-1-CHECK_IN': 'MET', 'dept-1-HANDLING': 'OPEN' },
    });
  });

  it('shows a supervision order with both ends', () => {
    const city = whistled('dept-1').pass(241).ringAlarms();
    const issued = {
      ...{ taskId: 'inc-dept-1', departmentId: 'dept-1', deadlineId: 'inc-dept-1-CHECK_IN' },
      ...{ dueAt: city.inMinutes(-1), step: 1, level: 'BLUE', issuedAt: city.now },
    };
    expect(viewOf(city).supervisions).toMatchObject([{ ...issued, liftedAt: null }]);
    const liftedAt = city.pass(10).checkIn('inc', 'dept-1').now;
    expect(viewOf(city).supervisions).toMatchObject([{ ...issued, liftedAt }]);
  });

  it('does not move a deadline that was met', () => {
    const city = whistled('dept-1').acknowledge('inc', 'dept-1');
    const metAt = city.now;
    const [acknowledged] = viewOf(city.pass(500).ringAlarms()).tasks[0]?.deadlines ?? [];
    expect(acknowledged).toMatchObject({ timer: 'ACKNOWLEDGE', status: 'MET', metAt });
  });

  it('is where the decider is, after any legal history', () => {
    fc.assert(
      fc.property(simulatedCities(80), (city) => {
        for (const index of [0, 1, 2, 3, 4, 5]) {
          const state = city.stateOf(`inc-${index}`);
          if (state.lifecycle === 'NONE') continue;
          const view = viewOf(city, `inc-${index}`);
          expect(standingOf(view)).toEqual(standingOfState(state));
        }
      }),
      propertyParameters({ numRuns: 100 }),
    );
  });
});

const standingOf = (view: IncidentView): object => ({
  ...{ state: view.state, mode: view.mode, cycle: view.cycle, rework: view.rework },
  tasks: view.tasks.map(({ taskId, state }) => `${taskId} ${state}`),
  pending: pendingDeadlines(view)
    .map((deadline) => deadline.deadlineId)
    .sort(),
});

function standingOfState(state: IncidentState): object {
  const unhandled = state.lifecycle === 'FILED' || state.lifecycle === 'HANDLING';
  const pending = [
    ...(unhandled ? state.deadlines : []),
    ...state.tasks.flatMap((task) => pendingOfTask(task)),
  ];
  return {
    ...{ state: state.lifecycle, mode: state.mode, cycle: state.cycle, rework: state.rework },
    tasks: state.tasks.map((task) => `${task.taskId} ${task.state}`),
    pending: pending.map((deadline) => deadline.deadlineId).sort(),
  };
}
