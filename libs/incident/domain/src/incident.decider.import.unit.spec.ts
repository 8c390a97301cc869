import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident } from './index.js';
import {
  acknowledge,
  at,
  by,
  checkIn,
  complete,
  days,
  importCase,
  incidentDecider,
  LEAD,
  report,
  taskIdOf,
} from './testing/index.js';

const given = givenOf(incidentDecider);
const taskId = taskIdOf(LEAD);
const dueAt = at(days(3));

test('a closed case becomes the events of its life, each at its own time (edge case 33)', () => {
  const { incidentId, externalId, category, severity, description, location, place } = importCase();
  const { channel, receiptHash, task } = importCase();
  given([])
    .when(importCase())
    .then([
      {
        type: 'IncidentReported',
        occurredAt: at(0),
        data: {
          ...{
            incidentId,
            externalId,
            category,
            severity,
            description,
            location,
            place,
            channel,
            receiptHash,
          },
          ...{ anonymous: true, reporter: null, claimedAt: null, imported: true, reportedBy: null },
          ...{ recurrenceOf: null, evidence: [], deadlines: [] },
        },
      },
      { type: 'IncidentFiled', occurredAt: at(0), data: { cycle: 1, pins: null, deadlines: [] } },
      {
        type: 'WhistleBlown',
        occurredAt: at(0),
        data: {
          ...{ whistleId: 'whistle-1', kind: 'PUBLIC_DEMAND', reason: 'imported' },
          ...{ whistlingUnitId: null, blownBy: null, origin: 'REPORT', reverse: false },
          ...{ approval: 'NOT_NEEDED', repeats: [], tasks: [task], deadlines: [] },
        },
      },
      {
        type: 'TaskCompleted',
        occurredAt: at(days(2)),
        data: { taskId, departmentId: LEAD, dueAt, late: false, note: null, evidence: [] },
      },
      {
        type: 'HandlingCompleted',
        occurredAt: at(days(2)),
        data: {
          ...{ mode: 'WHISTLE', cycle: 1, level: 'DISTRICT', note: null, evidence: [] },
          ...{ dueAt: null, late: false, deadlines: [] },
        },
      },
      {
        type: 'IncidentClosed',
        occurredAt: at(days(2)),
        data: { cycle: 1, resolutionLevel: 'DISTRICT', reopenUntil: null, appealUntil: null },
      },
    ]);
  const { tasks, ...state } = foldIncident(historyOf(incidentDecider, [importCase()]));
  expect(state).toMatchObject({ lifecycle: 'CLOSED', imported: true, level: 'DISTRICT' });
  expect(tasks.map((task) => task.state)).toEqual(['DONE']);
});

test.each([
  ['at its target is in time', days(3), false],
  ['a minute past its target is late', days(3) + 1, true],
])('closed %s, without a breach of ours', (_, closed, late) => {
  given([])
    .when(importCase({ closedAt: at(closed) }))
    .thenLike([{}, {}, {}, { type: 'TaskCompleted', data: { late } }, {}, {}]);
});

test('closed without a target is never late', () => {
  const task = { ...importCase().task, deadlines: [] };
  given([])
    .when(importCase({ closedAt: at(days(300)), task }))
    .thenLike([{}, {}, {}, { type: 'TaskCompleted', data: { late: false, dueAt: null } }, {}, {}]);
});

test('an open case stays with its department, and can be lived to its end here', () => {
  given([])
    .when(importCase({ closedAt: null }))
    .thenLike([{ type: 'IncidentReported' }, { type: 'IncidentFiled' }, { type: 'WhistleBlown' }]);
  const open = historyOf(incidentDecider, [importCase({ closedAt: null })]);
  given(open)
    .when(acknowledge(days(401)))
    .thenLike([{ data: { dueAt: null, late: false } }]);
  const checkedIn = [importCase({ closedAt: null }), checkIn(days(401))];
  given(historyOf(incidentDecider, checkedIn))
    .when(complete(days(402)))
    .thenLike([{ type: 'TaskCompleted', data: { dueAt, late: true } }, { type: 'HandlingCompleted' }]);
});

test('of an incident that exists is refused', () => {
  const origin = by(0, 'resident', null);
  given(historyOf(incidentDecider, [importCase()]))
    .when(importCase())
    .thenRefused('INCIDENT_EXISTS');
  given(historyOf(incidentDecider, [importCase()]))
    .when(report(0, { origin }))
    .thenRefused('INCIDENT_EXISTS');
});
