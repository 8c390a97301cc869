import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import {
  acknowledge,
  assignment,
  ASSIST,
  at,
  blow,
  by,
  byCommunity,
  byStreet,
  check,
  checkIn,
  COMMUNITY,
  complete,
  completeSelfHandling,
  days,
  deadline,
  file,
  filing,
  hours,
  importCase,
  incidentDecider,
  LEAD,
  OTHER_COMMUNITY,
  OTHER_STREET,
  report,
  startSelfHandling,
  STREET,
  TOTAL,
  whistleLife,
} from './testing/index.js';

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const lived = (steps: number): IncidentEvent[] => after(...whistleLife.slice(0, steps));

describe('report', () => {
  const { incidentId, category, severity, description, location, place } = report(0);
  const said = { incidentId, category, severity, description, location, place, channel: 'APP' };
  const { receiptHash } = report(0);
  const reported: IncidentEvent = {
    type: 'IncidentReported',
    occurredAt: at(0),
    data: {
      ...{ ...said, anonymous: true, reporter: null, receiptHash },
      ...{ claimedAt: null, imported: false, externalId: null, reportedBy: null, recurrenceOf: null },
      ...{ evidence: [], deadlines: report(0).deadlines },
    },
  };

  test('is recorded as it was said', () => {
    given([]).when(report(0)).then([reported]);
  });

  test('of an office files in the same step', () => {
    given([])
      .when(report(0, { filing: filing(0) }))
      .then([
        // Nothing is left to verify: that clock is not started.
        { ...reported, data: { ...reported.data, deadlines: [] } },
        { type: 'IncidentFiled', occurredAt: at(0), data: { cycle: 1, ...filing(0) } },
      ]);
  });

  test('says who reported it, unless it is anonymous: who reports does not check', () => {
    given([])
      .when(report(0, { anonymous: false }))
      .thenLike([{ data: { reportedBy: 'someone at home' } }]);
  });

  test('keeps the sealed reporter beside it', () => {
    const reporter = { subjectId: 's-1', keyId: 'k-1', ciphertext: 'AQID' };
    given([])
      .when(report(0, { anonymous: false, reporter }))
      .thenLike([{ data: { anonymous: false, reporter } }]);
  });

  test('about the past is a report about the past, whatever its age', () => {
    given([])
      .when(report(days(30), { occurredAt: at(0) }))
      .thenLike([{ occurredAt: at(0), data: { claimedAt: null } }]);
  });

  test('from a clock running ahead within the skew counts from now and keeps the claim', () => {
    given([])
      .when(report(0, { occurredAt: at(30) }))
      .thenLike([{ occurredAt: at(0), data: { claimedAt: at(30) } }]);
  });

  test('from further in the future is refused', () => {
    given([])
      .when(report(0, { occurredAt: at(31) }))
      .thenRefused('OCCURRED_AT_IN_FUTURE');
  });

  test('of an incident that exists is refused', () => {
    given(lived(1)).when(report(1)).thenRefused('INCIDENT_EXISTS');
    given(lived(11)).when(importCase()).thenRefused('INCIDENT_EXISTS');
  });
});

describe('file', () => {
  test('pins the versions and starts the total deadline', () => {
    given(lived(1))
      .when(file(5))
      .then([{ type: 'IncidentFiled', occurredAt: at(5), data: { cycle: 1, ...filing(5) } }]);
    const { pins, deadlines } = foldIncident(lived(2));
    expect(foldIncident(lived(2)).lifecycle).toBe('FILED');
    expect(pins).toEqual(filing(5).pins);
    expect(deadlines).toEqual([...report(0).deadlines, ...filing(5).deadlines]);
  });
});

describe('self-handling', () => {
  test('is held by the unit that starts it, at its level', () => {
    const history = after(report(0), file(5), startSelfHandling(10));
    expect(history.at(-1)).toEqual({
      type: 'SelfHandlingStarted',
      occurredAt: at(10),
      data: { level: 'ESTATE', handlingUnitId: COMMUNITY, parties: [], note: null },
    });
    expect(foldIncident(history)).toMatchObject({ lifecycle: 'HANDLING', mode: 'SELF', level: 'ESTATE' });
  });

  const started = after(report(0), file(5), startSelfHandling(10));
  const total = deadline('incident', 'INCIDENT_TOTAL', 5);

  test('completed in time goes to checking at the level that handled it', () => {
    given(started)
      .when(completeSelfHandling(30))
      .then([
        {
          type: 'HandlingCompleted',
          occurredAt: at(30),
          data: {
            ...{ mode: 'SELF', cycle: 1, level: 'ESTATE', note: '已疏通' },
            ...{ evidence: completeSelfHandling(30).evidence, dueAt: total.dueAt, late: false },
            deadlines: completeSelfHandling(30).deadlines,
          },
        },
      ]);
    expect(
      foldIncident(after(report(0), file(5), startSelfHandling(10), completeSelfHandling(30))),
    ).toMatchObject({ lifecycle: 'CHECKING' });
  });

  test('completed at the due instant is in time', () => {
    given(started)
      .when(completeSelfHandling(5 + days(7)))
      .thenLike([{ type: 'HandlingCompleted', data: { late: false } }]);
  });

  test('completed late proves the breach that no alarm has written', () => {
    given(started)
      .when(completeSelfHandling(6 + days(7)))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: total.dueAt, data: { deadlineId: TOTAL, cycle: 1 } },
        { type: 'HandlingCompleted', occurredAt: at(6 + days(7)), data: { late: true } },
      ]);
  });

  test('of another whose whistle is blown is refused', () => {
    given(lived(3))
      .when(completeSelfHandling(30))
      .thenRefused('INCIDENT_STATE', { state: 'HANDLING', allowed: [] });
  });
});

describe('whistle', () => {
  const tasks = [assignment(10, LEAD, 'LEAD'), assignment(10, ASSIST, 'ASSIST')];

  test('notifies each department, every clock starting at once', () => {
    given(lived(2))
      .when(blow(10))
      .then([
        {
          type: 'WhistleBlown',
          occurredAt: at(10),
          data: {
            ...{ whistleId: 'whistle-1', kind: 'PUBLIC_DEMAND', reason: blow(10).reason },
            ...{ whistlingUnitId: STREET, blownBy: byStreet(10).actor.id, origin: 'REPORT', reverse: false },
            ...{ approval: 'NOT_NEEDED', repeats: [], tasks, deadlines: [] },
          },
        },
      ]);
    const state = foldIncident(lived(3));
    expect(state).toMatchObject({ lifecycle: 'HANDLING', mode: 'WHISTLE', level: 'DISTRICT' });
    expect(state.tasks.map(({ state, departmentId, role }) => [departmentId, role, state])).toEqual([
      [LEAD, 'LEAD', 'NOTIFIED'],
      [ASSIST, 'ASSIST', 'NOTIFIED'],
    ]);
  });

  test.each([
    ['no department', []],
    ['no lead', [assignment(10, ASSIST, 'ASSIST')]],
    ['two leads', [assignment(10, LEAD, 'LEAD'), assignment(10, ASSIST, 'LEAD')]],
  ] as const)('with %s is refused', (_, tasks) => {
    given(lived(2)).when(blow(10, { tasks })).thenRefused('WHISTLE_NEEDS_ONE_LEAD');
  });

  test('for one department twice is refused', () => {
    const twice = [...tasks, assignment(10, LEAD, 'ASSIST')];
    given(lived(2))
      .when(blow(10, { tasks: twice }))
      .thenRefused('DEPARTMENT_TWICE', { departmentId: LEAD });
  });
});

describe('task', () => {
  test('is acknowledged by its department', () => {
    given(lived(3))
      .when(acknowledge(20))
      .then([
        {
          type: 'TaskAcknowledged',
          occurredAt: at(20),
          data: {
            ...{ taskId: 'task-dp-water', departmentId: LEAD, implied: false },
            ...{ dueAt: at(10 + hours(1)), late: false },
          },
        },
      ]);
  });

  test('is completed by its department, with papers and note', () => {
    given(lived(6))
      .when(complete(hours(10), ASSIST, { note: '已清运' }))
      .then([
        {
          type: 'TaskCompleted',
          occurredAt: at(hours(10)),
          data: {
            ...{ taskId: 'task-dp-urban-management', departmentId: ASSIST, dueAt: at(10 + days(3)) },
            ...{ late: false, note: '已清运', evidence: complete(0).evidence },
          },
        },
      ]);
  });

  test('of the lead done leaves the incident in handling while an assisting one is open (edge case 7)', () => {
    const leadDone = after(...whistleLife.slice(0, 6), complete(hours(9)));
    expect(leadDone.at(-1)?.type).toBe('TaskCompleted');
    expect(foldIncident(leadDone).lifecycle).toBe('HANDLING');
    given(leadDone)
      .when(check(hours(11)))
      .thenRefused('INCIDENT_STATE', { state: 'HANDLING' });
  });

  test.each([
    [LEAD, ASSIST],
    [ASSIST, LEAD],
  ])('the last one done, %s before %s, completes the handling', (first, last) => {
    given(after(...whistleLife.slice(0, 6), complete(hours(9), first)))
      .when(complete(hours(10), last))
      .thenLike([
        { type: 'TaskCompleted', data: { departmentId: last } },
        { type: 'HandlingCompleted', data: { mode: 'WHISTLE', level: 'DISTRICT', late: false } },
      ]);
  });

  test.each([acknowledge(20, LEAD), checkIn(20, LEAD), complete(20, LEAD)])(
    'of a department is nobody else’s: $kind',
    (command) => {
      const origin = by(20, 'department', ASSIST);
      given(lived(3))
        .when({ ...command, origin })
        .thenRefused('TASK_NOT_YOURS');
      given(lived(3))
        .when({ ...command, origin: byStreet(20) })
        .thenRefused('TASK_NOT_YOURS');
      given(lived(3))
        .when({ ...command, taskId: 'task-unknown' })
        .thenRefused('TASK_NOT_FOUND');
    },
  );

  test('goes forward only', () => {
    given(lived(4))
      .when(acknowledge(21))
      .thenRefused('TASK_STATE', { state: 'ACKNOWLEDGED', allowed: ['NOTIFIED'] });
    given(lived(5)).when(acknowledge(61)).thenRefused('TASK_STATE', { state: 'CHECKED_IN' });
    given(lived(5))
      .when(checkIn(61))
      .thenRefused('TASK_STATE', { state: 'CHECKED_IN', allowed: ['NOTIFIED', 'ACKNOWLEDGED'] });
    given(lived(3))
      .when(complete(21))
      .thenRefused('TASK_STATE', { state: 'NOTIFIED', allowed: ['CHECKED_IN', 'WORKING'] });
    given(lived(4)).when(complete(21)).thenRefused('TASK_STATE', { state: 'ACKNOWLEDGED' });
    given(lived(7))
      .when(complete(hours(11), ASSIST))
      .thenRefused('TASK_STATE', { state: 'DONE' });
  });
});

describe('another area', () => {
  test('another street office neither files, whistles nor checks', () => {
    const origin = by(50, 'street-office', OTHER_STREET);
    given(lived(1)).when(file(50, { origin })).thenRefused('INCIDENT_NOT_YOURS');
    given(lived(2)).when(blow(50, { origin })).thenRefused('INCIDENT_NOT_YOURS');
    given(lived(8))
      .when(check(50, 'PASS', { origin }))
      .thenRefused('INCIDENT_NOT_YOURS');
  });

  test.each(['community', 'grid-worker'])('another %s does not handle it', (role) => {
    const origin = by(50, role, OTHER_COMMUNITY);
    const started = after(report(0), file(5), startSelfHandling(10));
    given(lived(2)).when(startSelfHandling(50, { origin })).thenRefused('INCIDENT_NOT_YOURS');
    given(started).when(completeSelfHandling(50, { origin })).thenRefused('INCIDENT_NOT_YOURS');
  });

  test.each([COMMUNITY, 'es-liuyin-garden', 'gr-liuyin'])('a grid worker of %s does', (unit) => {
    const origin = by(50, 'grid-worker', unit);
    given(lived(2))
      .when(startSelfHandling(50, { origin }))
      .thenLike([{ type: 'SelfHandlingStarted' }]);
  });

  test('where nothing is known of the place, any street and community may act', () => {
    const place = { gridId: null, estateId: null, communityId: null, streetId: null, districtId: null };
    const nowhere = after(report(0, { place }));
    const origin = by(50, 'street-office', OTHER_STREET);
    given(nowhere)
      .when(file(50, { origin }))
      .thenLike([{ type: 'IncidentFiled' }]);
    given(nowhere)
      .when(file(50, { origin: byCommunity(50) }))
      .thenLike([{ type: 'IncidentFiled' }]);
  });

  test('what lies in a street, and nobody knows in which community, is no community’s', () => {
    const place = { ...report(0).place, gridId: null, estateId: null, communityId: null };
    const inTheStreet = after(report(0, { place }));
    given(inTheStreet)
      .when(file(50, { origin: byCommunity(50) }))
      .thenRefused('INCIDENT_NOT_YOURS');
    given(inTheStreet)
      .when(file(50, { origin: by(50, 'street-office', STREET) }))
      .thenLike([{ type: 'IncidentFiled' }]);
  });
});

test.each(['grid-worker', 'community'])(
  'a %s that names no unit is of no area, whatever the place lacks',
  (role) => {
    const place = { ...report(0).place, estateId: null, gridId: null };
    given(after(report(0, { place })))
      .when(file(5, { origin: by(5, role, null) }))
      .thenRefused('INCIDENT_NOT_YOURS');
  },
);
