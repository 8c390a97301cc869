import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import {
  acknowledge,
  alarm,
  at,
  blow,
  checkIn,
  deadlineIdOf,
  file,
  hours,
  incidentDecider,
  LEAD,
  photo,
  report,
  taskIdOf,
  tolerance,
} from './testing/index.js';

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const [ackId, checkInId] = [deadlineIdOf(taskId, 'ACKNOWLEDGE'), deadlineIdOf(taskId, 'CHECK_IN')];
const ackDue = 10 + hours(1);
const checkInDue = 10 + hours(8);
const blown = after(report(0), file(5), blow(10));
const acknowledged = after(report(0), file(5), blow(10), acknowledge(20));

test('records the appearance with place, note and papers', () => {
  const location = { lon: 120.41, lat: 31.83, crs: 'GCJ02', address: null } as const;
  given(acknowledged)
    .when(checkIn(60, LEAD, { location, note: '已到场', evidence: [photo] }))
    .then([
      {
        type: 'DepartmentCheckedIn',
        occurredAt: at(60),
        data: {
          ...{ taskId, departmentId: LEAD, dueAt: at(checkInDue), late: false, claimedAt: null },
          ...{ disputed: false, location, note: '已到场', evidence: [photo] },
        },
      },
    ]);
});

test('without acknowledgment implies it at the same instant', () => {
  given(blown)
    .when(checkIn(60))
    .thenLike([
      {
        type: 'TaskAcknowledged',
        occurredAt: at(60),
        data: { implied: true, late: false, dueAt: at(ackDue) },
      },
      { type: 'DepartmentCheckedIn', occurredAt: at(60), data: { late: false } },
    ]);
});

describe('late (edge case 1)', () => {
  test('at the due instant is in time, a minute after it is late', () => {
    given(acknowledged)
      .when(checkIn(checkInDue))
      .thenLike([{ data: { late: false } }]);
    given(acknowledged)
      .when(checkIn(checkInDue + 1))
      .thenLike([
        {
          type: 'TaskOverdue',
          occurredAt: at(checkInDue),
          data: { deadlineId: checkInId, timer: 'CHECK_IN' },
        },
        {
          type: 'DepartmentCheckedIn',
          occurredAt: at(checkInDue + 1),
          data: { late: true, dueAt: at(checkInDue) },
        },
      ]);
  });

  test('is accepted, and the task goes on', () => {
    const late = after(report(0), file(5), blow(10), acknowledge(20), checkIn(checkInDue + 1));
    expect(foldIncident(late).tasks[0]).toMatchObject({ state: 'CHECKED_IN', breached: [checkInId] });
  });

  test('lifts the supervision order while the breach remains', () => {
    const supervised = after(report(0), file(5), blow(10), acknowledge(20), alarm(checkInDue + 1, checkInId));
    given(supervised)
      .when(checkIn(checkInDue + 30))
      .thenLike([
        { type: 'DepartmentCheckedIn', data: { late: true } },
        {
          type: 'SupervisionLifted',
          occurredAt: at(checkInDue + 30),
          data: { supervisionId: `${checkInId}-0`, taskId, departmentId: LEAD, reason: 'CHECKED_IN' },
        },
      ]);
    const state = foldIncident(
      after(
        ...[report(0), file(5), blow(10), acknowledge(20), alarm(checkInDue + 1, checkInId)],
        checkIn(checkInDue + 30),
      ),
    );
    expect(state.tasks[0]?.breached).toEqual([checkInId]);
    expect(state.supervisions).toEqual([expect.objectContaining({ lifted: true })]);
  });

  test('past both ends proves both breaches, each at its own due instant', () => {
    given(blown)
      .when(checkIn(checkInDue + 1))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(ackDue), data: { deadlineId: ackId } },
        { type: 'TaskOverdue', occurredAt: at(checkInDue), data: { deadlineId: checkInId } },
        { type: 'TaskAcknowledged', data: { implied: true, late: true } },
        { type: 'DepartmentCheckedIn', data: { late: true } },
      ]);
  });

  test('lifts the orders of acknowledging and of checking in together', () => {
    const both = after(
      report(0),
      file(5),
      blow(10),
      alarm(ackDue + 1, ackId),
      alarm(checkInDue + 1, checkInId),
    );
    given(both)
      .when(checkIn(checkInDue + 2))
      .thenLike([
        { type: 'TaskAcknowledged' },
        { type: 'DepartmentCheckedIn' },
        { type: 'SupervisionLifted', data: { supervisionId: `${ackId}-0` } },
        { type: 'SupervisionLifted', data: { supervisionId: `${checkInId}-0` } },
      ]);
  });

  test('acknowledgment lifts its own order only', () => {
    const both = after(
      report(0),
      file(5),
      blow(10),
      alarm(ackDue + 1, ackId),
      alarm(checkInDue + 1, checkInId),
    );
    given(both)
      .when(acknowledge(checkInDue + 2))
      .thenLike([
        { type: 'TaskAcknowledged', data: { implied: false, late: true, dueAt: at(ackDue) } },
        { type: 'SupervisionLifted', data: { supervisionId: `${ackId}-0`, reason: 'ACKNOWLEDGED' } },
      ]);
  });
});

describe('claimed from offline (edge case 25)', () => {
  const claim = (syncedMinute: number, claimedMinute: number, evidence: string[] = [photo]) =>
    checkIn(syncedMinute, LEAD, { occurredAt: at(claimedMinute), evidence });

  test('with evidence counts when it was claimed, also past the due instant', () => {
    given(acknowledged)
      .when(claim(checkInDue + 60, 100))
      .thenLike([{ occurredAt: at(100), data: { late: false, disputed: false, claimedAt: null } }]);
  });

  test('without evidence counts on arrival, and is disputed', () => {
    given(acknowledged)
      .when(claim(checkInDue + 60, 100, []))
      .thenLike([
        { type: 'TaskOverdue', data: { deadlineId: checkInId } },
        {
          type: 'DepartmentCheckedIn',
          occurredAt: at(checkInDue + 60),
          data: { late: true, disputed: true, claimedAt: at(100) },
        },
      ]);
  });

  test('from before the whistle counts on arrival, and is disputed', () => {
    given(acknowledged)
      .when(claim(60, 9))
      .thenLike([{ occurredAt: at(60), data: { disputed: true, claimedAt: at(9) } }]);
    given(acknowledged)
      .when(claim(60, 10))
      .thenLike([{ occurredAt: at(10), data: { disputed: false } }]);
  });

  test('synced after the time allowed counts on arrival, and is disputed', () => {
    const syncMinutes = tolerance.syncMs / 60_000;
    given(acknowledged)
      .when(claim(100 + syncMinutes, 100))
      .thenLike([{ occurredAt: at(100), data: { disputed: false, late: false } }]);
    given(acknowledged)
      .when(claim(101 + syncMinutes, 100))
      .thenLike([
        { type: 'TaskOverdue' },
        { occurredAt: at(101 + syncMinutes), data: { disputed: true, claimedAt: at(100) } },
      ]);
  });

  test('from a clock ahead within the skew is clamped to now and keeps the claim, undisputed', () => {
    given(acknowledged)
      .when(claim(60, 90))
      .thenLike([{ occurredAt: at(60), data: { claimedAt: at(90), disputed: false } }]);
  });

  test('from further in the future is refused', () => {
    given(acknowledged).when(claim(60, 91)).thenRefused('OCCURRED_AT_IN_FUTURE');
  });

  test('at this very moment is no claim', () => {
    given(acknowledged)
      .when(claim(60, 60, []))
      .thenLike([{ occurredAt: at(60), data: { claimedAt: null, disputed: false } }]);
  });

  test('implies the acknowledgment at the claimed instant', () => {
    given(blown)
      .when(claim(200, 30))
      .thenLike([
        { type: 'TaskAcknowledged', occurredAt: at(30), data: { implied: true, late: false } },
        { type: 'DepartmentCheckedIn', occurredAt: at(30) },
      ]);
  });

  test('in time, arriving after the alarm, is in time; the order it brought is lifted', () => {
    given(after(report(0), file(5), blow(10), acknowledge(20), alarm(checkInDue + 1, checkInId)))
      .when(claim(checkInDue + 60, 100))
      .thenLike([
        { type: 'DepartmentCheckedIn', occurredAt: at(100), data: { late: false, disputed: false } },
        { type: 'SupervisionLifted', occurredAt: at(checkInDue + 60), data: { reason: 'CHECKED_IN' } },
      ]);
  });
});
