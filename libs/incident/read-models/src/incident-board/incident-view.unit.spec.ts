import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { ownedDeadlines, type IncidentState } from '@shaoying/incident-domain';
import { SimulatedCity, simulatedCities, simulatedIncidents } from '../testing/index.js';
import { evolveView, foldView } from './evolve-view.js';
import type { IncidentView } from './incident-view.js';
import { shownOf, type ViewEvent } from './view-events.js';
import { isOverdue, pendingDeadlines, trafficLightOf } from './view-clocks.js';

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
  it.each([
    ['CALLBACK', '回访时补充'],
    ['REPORTER', null],
  ] as const)('keeps why feedback was corrected only as the office says it: %s', (source, reason) => {
    const said = { cycle: 1, solved: 'PARTLY', satisfaction: 'NOT_RATED', comment: null } as const;
    const corrected: ViewEvent = {
      type: 'FeedbackCorrected',
      revision: 1,
      occurredAt: '2026-03-02T01:00:00.000Z',
      data: { ...said, source, reason: '回访时补充' },
    };
    expect(shownOf(corrected).data).toMatchObject({ source, reason });
    const view = evolveView(
      foldView(new SimulatedCity().report('inc').events.map(decodeIncidentEvent)),
      corrected,
    );
    expect(view?.feedbackCorrections).toMatchObject([{ source, reason }]);
  });

  it('shows flags on the reporter with what came of them; one of an older log stands undecided', () => {
    const flags: Omit<ViewEvent, 'revision' | 'occurredAt'>[] = [
      { type: 'ReporterFlagged', data: { unitId: 'st-1', reason: '多次来电' } },
      { type: 'ReporterFlagProposed', data: { flagId: 'f-1', proposingUnitId: 'st-1', reason: '照片重复' } },
      { type: 'ReporterFlagRefused', data: { flagId: 'f-1', refusingUnitId: 'di-1', reason: '并非同一张' } },
    ];
    const view = flags.reduce<IncidentView | null>(
      (shown, flag, index) =>
        evolveView(shown, {
          ...flag,
          revision: index + 1,
          occurredAt: `2026-03-0${index + 2}T01:00:00.000Z`,
        } as ViewEvent),
      foldView(new SimulatedCity().report('inc').events.map(decodeIncidentEvent)),
    );
    const undecided = { decidedAt: null, decidingUnitId: null, decisionReason: null };
    expect(view?.reporterFlags).toEqual([
      {
        ...{ flagId: null, proposingUnitId: 'st-1', reason: '多次来电', outcome: 'NOT_NEEDED' },
        ...{ proposedAt: '2026-03-02T01:00:00.000Z', ...undecided },
      },
      {
        ...{ flagId: 'f-1', proposingUnitId: 'st-1', reason: '照片重复', outcome: 'REFUSED' },
        ...{ proposedAt: '2026-03-03T01:00:00.000Z', decidedAt: '2026-03-04T01:00:00.000Z' },
        ...{ decidingUnitId: 'di-1', decisionReason: '并非同一张' },
      },
    ]);
  });

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

  it('says that a deadline is paused while nothing is owed by it, and ended when nothing will be', () => {
    const city = whistled('dept-1', 'dept-2').pass(10).suspend('inc');
    expect(statusesOf(viewOf(city))).toMatchObject({
      ...{ INCIDENT_TOTAL: 'PAUSED', 'dept-1-ACKNOWLEDGE': 'PAUSED', 'dept-2-HANDLING': 'PAUSED' },
    });
    expect(viewOf(city)).toMatchObject({
      ...{ state: 'SUSPENDED', before: 'HANDLING' },
      suspension: { reasonCode: 'NEEDS_FUNDS', since: city.now, renewals: 0, usedPercent: 0 },
    });
    city.pass(600).resume('inc').requestReturn('inc', 'dept-2');
    expect(statusesOf(viewOf(city))).toMatchObject({
      ...{ INCIDENT_TOTAL: 'OPEN', 'dept-1-ACKNOWLEDGE': 'OPEN', 'dept-2-ACKNOWLEDGE': 'MET' },
      ...{ 'dept-2-CHECK_IN': 'PAUSED', 'dept-2-HANDLING': 'PAUSED' },
    });
    city.decideReturn('inc', 'dept-2', 'dept-3');
    expect(statusesOf(viewOf(city))).toMatchObject({
      ...{ 'dept-2-CHECK_IN': 'ENDED', 'dept-2-HANDLING': 'ENDED', 'dept-3-CHECK_IN': 'OPEN' },
    });
  });

  it('is not suspended any more once its reporter has taken it back', () => {
    const city = whistled('dept-1').pass(10).suspend('inc').pass(60).withdraw('inc');
    expect(viewOf(city)).toMatchObject({ state: 'WITHDRAWN', before: null, suspension: null });
    expect(statusesOf(viewOf(city))).toMatchObject({ INCIDENT_TOTAL: 'ENDED', 'dept-1-HANDLING': 'ENDED' });
    expect(viewOf(city.pass(60).reopen('inc'))).toMatchObject({
      state: 'FILED',
      before: null,
      suspension: null,
    });
  });

  it('moves a deadline by a pause and by an extension', () => {
    const city = whistled('dept-1').checkIn('inc', 'dept-1').pass(10).suspend('inc').pass(600).resume('inc');
    const handling = (): unknown =>
      viewOf(city).tasks[0]?.deadlines.find(({ timer }) => timer === 'HANDLING');
    const due = city.inMinutes(3 * 24 * 60 - 10);
    expect(handling()).toMatchObject({ dueAt: due, status: 'OPEN' });
    city.extend('inc', 'dept-1');
    expect(handling()).toMatchObject({ dueAt: city.inMinutes(4 * 24 * 60 - 10), status: 'OPEN' });
    expect(viewOf(city).extensions).toMatchObject([{ outcome: 'GRANTED', ordinal: 1, decidedAt: city.now }]);
  });

  it('tells of a return, who decided it and whose time it was', () => {
    const city = whistled('dept-1').pass(30).requestReturn('inc', 'dept-1').pass(60);
    expect(viewOf(city)).toMatchObject({
      tasks: [{ state: 'RETURN_REQUESTED' }],
      returns: [{ outcome: 'OPEN', reasonCode: 'NOT_OUR_FUNCTION', ordinal: 1 }],
    });
    city.decideReturn('inc', 'dept-1', 'dept-2');
    expect(viewOf(city)).toMatchObject({
      tasks: [
        { departmentId: 'dept-1', state: 'RETURNED', endedAt: city.now },
        { departmentId: 'dept-2', state: 'NOTIFIED', role: 'LEAD', whistleId: 'inc-whistle' },
      ],
      returns: [{ outcome: 'ACCEPTED', decidedAt: city.now, decidingUnitId: 'street-1' }],
      lostTime: [{ account: 'DISPATCH', unitId: null, ms: 90 * 60_000 }],
    });
  });

  it('keeps what a cycle came to when another begins', () => {
    const city = whistled('dept-1').checkIn('inc', 'dept-1').complete('inc', 'dept-1').check('inc', 'PASS');
    const closedAt = city.feedback('inc', 'SOLVED').close('inc').now;
    const view = viewOf(city.pass(100).reopen('inc').handle('inc', 'COMMUNITY'));
    expect(view).toMatchObject({
      ...{ state: 'HANDLING', cycle: 2, closedAt: null, resolutionLevel: null, level: 'COMMUNITY' },
      cycles: [
        { cycle: 1, closedAt, resolutionLevel: 'DISTRICT', reopenedAt: city.now, reopenedBy: 'OFFICE' },
        { cycle: 2, closedAt: null, reopenedAt: null },
      ],
    });
  });

  it('keeps the last word on the work and counts the others', () => {
    const city = whistled('dept-1').checkIn('inc', 'dept-1').progress('inc', 'dept-1', '一').pass(5);
    city.progress('inc', 'dept-1', '二');
    expect(viewOf(city).tasks[0]).toMatchObject({
      ...{ state: 'WORKING', progress: { count: 2, lastAt: city.now, lastNote: '二' } },
    });
  });

  it('adds up what was booked as worked, by whoever had the task, less what was taken back', () => {
    const city = whistled('dept-1').checkIn('inc', 'dept-1').progress('inc', 'dept-1', '一', 45);
    expect(viewOf(city).tasks[0]).toMatchObject({ state: 'WORKING', workedMinutes: 45 });
    city.transfer('inc', 'dept-1', 'dept-2').work('inc', 'dept-2', 30);
    city.workOn('inc', 'inc-dept-1', 'dept-1', -15).complete('inc', 'dept-2', 5);
    expect(viewOf(city).tasks[0]).toMatchObject({ state: 'DONE', workedMinutes: 65 });
  });

  it('is green, yellow past the warning and red past the due time, by the reader’s clock', () => {
    const city = whistled('dept-1');
    const lights = [47, 49, 60, 61].map((minute) => trafficLightOf(viewOf(city), city.inMinutes(minute)));
    expect(lights).toEqual(['GREEN', 'YELLOW', 'YELLOW', 'RED']);
    expect([60, 61].map((minute) => isOverdue(viewOf(city), city.inMinutes(minute)))).toEqual([false, true]);
    const later = city.inMinutes(10_000);
    expect(trafficLightOf(viewOf(city.pass(10).suspend('inc')), later)).toBe('GREEN');
  });

  it('is where the decider is, after any legal history', () => {
    fc.assert(
      fc.property(simulatedCities(80), (city) => {
        for (const id of simulatedIncidents) {
          const state = city.stateOf(id);
          if (state.lifecycle === 'NONE') continue;
          const view = viewOf(city, id);
          expect(standingOf(view)).toEqual(standingOfState(state));
        }
      }),
      propertyParameters({ numRuns: 100 }),
    );
  });
});

const standingOf = (view: IncidentView): object => ({
  ...{ state: view.state, mode: view.mode, cycle: view.cycle, rework: view.rework, before: view.before },
  ...{ level: view.level, mergedInto: view.mergedInto, duplicates: view.duplicates },
  place: [view.gridId, view.estateId, view.communityId, view.streetId, view.districtId],
  tasks: view.tasks.map(({ taskId, departmentId, role, state, workedMinutes }) => [
    ...[taskId, departmentId, role, state, workedMinutes],
  ]),
  whistles: view.whistles.map(({ whistleId, state, reverse }) => [whistleId, state, reverse]),
  returns: view.returns.map(({ returnId, outcome }) => [returnId, outcome]),
  extensions: view.extensions.map(({ extensionId, outcome }) => [extensionId, outcome]),
  orders: view.supervisions.map(({ supervisionId, liftedAt }) => [supervisionId, liftedAt !== null]),
  pending: pendingDeadlines(view)
    .map(({ deadlineId, dueAt }) => `${deadlineId} ${dueAt}`)
    .sort(),
});

function standingOfState(state: IncidentState): object {
  const { gridId, estateId, communityId, streetId, districtId } = state.place;
  return {
    ...{ state: state.lifecycle, mode: state.mode, cycle: state.cycle, rework: state.rework },
    ...{
      before: state.before,
      level: state.level,
      mergedInto: state.mergedInto,
      duplicates: state.duplicates,
    },
    place: [gridId, estateId, communityId, streetId, districtId],
    tasks: state.tasks.map(({ taskId, departmentId, role, state: now, booked }) => [
      ...[taskId, departmentId, role, now, booked.reduce((sum, { minutes }) => sum + minutes, 0)],
    ]),
    whistles: state.whistles.map(({ whistleId, state: now, reverse }) => [whistleId, now, reverse]),
    returns: state.returns.map(({ returnId, outcome }) => [returnId, outcome]),
    extensions: state.extensions.map(({ extensionId, outcome }) => [extensionId, outcome]),
    orders: state.supervisions.map(({ supervisionId, lifted }) => [supervisionId, lifted]),
    pending: ownedDeadlines(state)
      .filter(({ pending }) => pending)
      .map(({ deadline }) => `${deadline.deadlineId} ${deadline.dueAt}`)
      .sort(),
  };
}
