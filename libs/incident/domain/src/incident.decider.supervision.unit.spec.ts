import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 督办: the ladder that climbs by itself, and what a person orders.

const { incidentDecider, at, hours, days, LEAD, ASSIST, THIRD, taskIdOf, deadlineIdOf } = sample;
const { report, file, blow, acknowledge, checkIn, complete, alarm, deadline, by, byStreet, byCommunity } =
  sample;
const { byDepartment, issueSupervision, respondToSupervision, liftSupervision, whistleLife, requestReturn } =
  sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const checkInId = deadlineIdOf(taskId, 'CHECK_IN');
const allowed = hours(8);
const [blue, orange, red] = [10 + allowed, 10 + allowed * 1.5, 10 + allowed * 2];
const acknowledged = [report(0), file(5), blow(10), acknowledge(15)];

describe('the ladder', () => {
  test('begins at the breach; in the very instant a step is due nothing is issued yet', () => {
    given(after(...acknowledged))
      .when(alarm(blue, checkInId))
      .thenLike([{ type: 'DeadlineWarned' }]);
    given(after(...acknowledged))
      .when(alarm(blue + 1, checkInId))
      .thenLike([{ type: 'TaskOverdue' }, { type: 'SupervisionIssued', data: { step: 1, level: 'BLUE' } }]);
    const first = after(...acknowledged, alarm(blue + 1, checkInId));
    given(first).when(alarm(orange, checkInId)).thenNothing();
    given(first)
      .when(alarm(orange + 1, checkInId))
      .thenLike([
        {
          type: 'SupervisionIssued',
          data: {
            ...{ supervisionId: `${checkInId}-1`, step: 2, level: 'ORANGE', dueAt: at(blue) },
            ...{ notify: ['supervision-centre'], issuedBy: 'LADDER' },
          },
        },
      ]);
  });

  test('takes each step once', () => {
    const life = [...acknowledged, alarm(blue + 1, checkInId), alarm(orange + 1, checkInId)];
    given(after(...life))
      .when(alarm(orange + 2, checkInId))
      .thenNothing();
    given(after(...life, alarm(red + 1, checkInId)))
      .when(alarm(days(100), checkInId))
      .thenNothing();
  });

  test('of an alarm clock that slept takes the highest step that is due, and none below it', () => {
    given(after(...acknowledged))
      .when(alarm(red + 1, checkInId))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(blue) },
        { type: 'SupervisionIssued', occurredAt: at(red + 1), data: { step: 3, level: 'RED' } },
      ]);
    given(after(...acknowledged, alarm(red + 1, checkInId)))
      .when(alarm(red + 2, checkInId))
      .thenNothing();
  });

  test('goes on after a breach that an act had written: no step is lost', () => {
    const otherActWroteIt = [...acknowledged, requestReturn(20, ASSIST), sample.suspend(blue + 5)];
    const state = foldIncident(after(...otherActWroteIt));
    const resumed = sample.resume(blue + 10, { moves: sample.movesAfterPause(state, blue + 10) });
    given(after(...otherActWroteIt, resumed))
      .when(alarm(blue + 11, checkInId))
      .thenLike([{ type: 'SupervisionIssued', data: { step: 1 } }]);
  });

  test('stops when what was owed is done; every order of it is lifted, once', () => {
    const climbed = [...acknowledged, alarm(blue + 1, checkInId), alarm(orange + 1, checkInId)];
    given(after(...climbed))
      .when(checkIn(orange + 10))
      .thenLike([
        { type: 'DepartmentCheckedIn', data: { late: true } },
        { type: 'SupervisionLifted', data: { supervisionId: `${checkInId}-0`, reason: 'CHECKED_IN' } },
        { type: 'SupervisionLifted', data: { supervisionId: `${checkInId}-1`, reason: 'CHECKED_IN' } },
      ]);
    given(after(...climbed, checkIn(orange + 10)))
      .when(alarm(red + 1, checkInId))
      .thenNothing();
  });

  test('starts the time to answer the order, where the policy sets one', () => {
    const deadlines = [
      deadline('order', 'SUPERVISION_RESPONSE', blue + 1),
      deadline('other', 'CHECK', blue + 1),
    ];
    given(after(...acknowledged))
      .when(alarm(blue + 1, checkInId, { deadlines }))
      .thenLike([
        { type: 'TaskOverdue' },
        { type: 'SupervisionIssued', data: { deadlines: [{ timer: 'SUPERVISION_RESPONSE' }] } },
      ]);
  });
});

describe('a step that brings more than an order', () => {
  const raise = { kind: 'RAISE_LEVEL' } as const;
  const dispatchId = 'DISPATCH-of-the-incident';
  const total = { ...deadline('total', 'INCIDENT_TOTAL', 5), deadlineId: dispatchId };
  const filed = [report(0), file(5, { deadlines: [total] })];
  const late = (Date.parse(total.dueAt) - Date.parse(at(0))) / 60_000 + 1;
  const open = { kind: 'OPEN_ARBITRATION', arbitrationId: 'by-ladder', deadlines: [] } as const;

  test('raises the level of what no whistle is about, once for the step', () => {
    const consequence = raise;
    given(after(...filed))
      .when(alarm(late, dispatchId, { consequence }))
      .thenLike([
        { type: 'IncidentOverdue' },
        { type: 'SupervisionIssued', data: { step: 1 } },
        { type: 'IncidentEscalated', data: { from: null, to: 'COMMUNITY', unitId: null } },
      ]);
    given(after(...filed, alarm(late, dispatchId, { consequence })))
      .when(alarm(late + 1, dispatchId, { consequence }))
      .thenNothing();
    given(after(...acknowledged))
      .when(alarm(blue + 1, checkInId, { consequence }))
      .thenLike([{ type: 'TaskOverdue' }, { type: 'SupervisionIssued' }]);
  });

  test('opens arbitration about the task, where it can be decided still', () => {
    const consequence = open;
    const opened = [...acknowledged, alarm(blue + 1, checkInId, { consequence })];
    given(after(...acknowledged))
      .when(alarm(blue + 1, checkInId, { consequence }))
      .thenLike([
        { type: 'TaskOverdue' },
        { type: 'SupervisionIssued' },
        { type: 'ArbitrationOpened', data: { arbitrationId: 'by-ladder', taskId, cause: 'REQUESTED' } },
      ]);
    expect(foldIncident(after(...opened)).tasks[0]?.state).toBe('IN_ARBITRATION');
    given(after(...filed))
      .when(alarm(late, dispatchId, { consequence }))
      .thenLike([{ type: 'IncidentOverdue' }, { type: 'SupervisionIssued' }]);
  });
});

describe('a person’s order', () => {
  test('says why, about a task or about the incident as a whole', () => {
    given(after(...acknowledged))
      .when(issueSupervision(100))
      .then([
        {
          type: 'SupervisionIssued',
          occurredAt: at(100),
          data: {
            ...{ supervisionId: 'order-100', taskId, departmentId: LEAD, deadlineId: null, dueAt: null },
            ...{ step: null, level: 'ORANGE', notify: ['department'], issuedBy: 'PERSON' },
            ...{ reason: '群众反映强烈', deadlines: [deadline('order-100', 'SUPERVISION_RESPONSE', 100)] },
          },
        },
      ]);
    given(after(report(0)))
      .when(issueSupervision(100, { taskId: null }))
      .thenLike([{ data: { taskId: null, departmentId: null } }]);
  });

  test('the same twice is one; about nothing that is open is refused', () => {
    given(after(...acknowledged, issueSupervision(100)))
      .when(issueSupervision(100))
      .thenNothing();
    given(after(...acknowledged))
      .when(issueSupervision(100, { taskId: 'task-unknown' }))
      .thenRefused('TASK_NOT_FOUND');
    given(after(...whistleLife.slice(0, 7)))
      .when(issueSupervision(hours(11), { taskId: taskIdOf(ASSIST) }))
      .thenRefused('TASK_STATE', { state: 'DONE' });
    given(after(...whistleLife))
      .when(issueSupervision(days(3), { taskId: null }))
      .thenRefused('INCIDENT_STATE', { state: 'CLOSED' });
  });

  test('that was not answered in time is not, though what ends it comes before its alarm', () => {
    const ordered = after(...acknowledged, issueSupervision(100));
    const answerDue = foldIncident(ordered).supervisions[0]?.deadlines[0]?.dueAt ?? '';
    const late = (Date.parse(answerDue) - Date.parse(at(0))) / 60_000 + 1;
    given(ordered)
      .when(liftSupervision(late, 'order-100'))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: answerDue, data: { timer: 'SUPERVISION_RESPONSE' } },
        { type: 'SupervisionLifted' },
      ]);
    given(ordered)
      .when(liftSupervision(late - 1, 'order-100'))
      .thenLike([{ type: 'SupervisionLifted' }]);
  });

  test('is lifted with its reason, once', () => {
    given(after(...acknowledged, issueSupervision(100)))
      .when(liftSupervision(200, 'order-100'))
      .then([
        {
          type: 'SupervisionLifted',
          occurredAt: at(200),
          data: {
            ...{ supervisionId: 'order-100', taskId, departmentId: LEAD, reason: 'BY_PERSON' },
            note: '已落实',
          },
        },
      ]);
    given(after(...acknowledged, issueSupervision(100), liftSupervision(200, 'order-100')))
      .when(liftSupervision(300, 'order-100'))
      .thenRefused('SUPERVISION_LIFTED');
    given(after(...acknowledged))
      .when(liftSupervision(300, 'unknown'))
      .thenRefused('SUPERVISION_NOT_FOUND');
  });

  test('ends with the work it was about', () => {
    given(after(...acknowledged, checkIn(60), issueSupervision(100)))
      .when(complete(200))
      .thenLike([
        { type: 'TaskCompleted' },
        { type: 'SupervisionLifted', data: { supervisionId: 'order-100', reason: 'COMPLETED' } },
      ]);
  });
});

describe('an answer', () => {
  const ordered = [...acknowledged, issueSupervision(100)];
  const due = 100 + days(1);
  const responseId = deadlineIdOf('order-100', 'SUPERVISION_RESPONSE');

  test('is in time at the due instant, late a minute after it', () => {
    const both = [...acknowledged, checkIn(60), issueSupervision(100)];
    given(after(...both))
      .when(respondToSupervision(due, 'order-100'))
      .then([
        {
          type: 'SupervisionResponded',
          occurredAt: at(due),
          data: {
            ...{ supervisionId: 'order-100', taskId, respondingUnitId: LEAD, response: '今日到场' },
            ...{ dueAt: at(due), late: false },
          },
        },
      ]);
    given(after(...both))
      .when(respondToSupervision(due + 1, 'order-100'))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: at(due), data: { timer: 'SUPERVISION_RESPONSE' } },
        { type: 'SupervisionResponded', data: { late: true } },
      ]);
  });

  test('that does not come is a breach of its own', () => {
    given(after(...ordered))
      .when(alarm(due + 1, responseId))
      .thenLike([
        { type: 'IncidentOverdue', data: { timer: 'SUPERVISION_RESPONSE', deadlineId: responseId } },
      ]);
    given(after(...ordered, respondToSupervision(200, 'order-100')))
      .when(alarm(due + 1, responseId))
      .thenNothing();
    given(after(...ordered, liftSupervision(200, 'order-100')))
      .when(alarm(due + 1, responseId))
      .thenNothing();
  });

  test('does not lift the order, and is given once', () => {
    const answered = after(...ordered, respondToSupervision(200, 'order-100'));
    expect(foldIncident(answered).supervisions).toMatchObject([{ responded: true, lifted: false }]);
    given(answered).when(respondToSupervision(210, 'order-100')).thenRefused('SUPERVISION_ANSWERED');
  });

  test.each([
    ['another department', byDepartment(200, ASSIST)],
    ['the street', byStreet(200)],
    ['nobody’s unit', by(200, 'department', null)],
  ])('about a task is its department’s, not %s’s', (_, origin) => {
    given(after(...ordered))
      .when(respondToSupervision(200, 'order-100', { origin }))
      .thenRefused('SUPERVISION_NOT_YOURS');
  });

  test('about the incident as a whole is the street’s, the community’s or whoever handles it', () => {
    const whole = after(...acknowledged, issueSupervision(100, { taskId: null }));
    for (const origin of [byStreet(200), byCommunity(200), byDepartment(200, ASSIST)]) {
      given(whole)
        .when(respondToSupervision(200, 'order-100', { origin }))
        .thenLike([{ type: 'SupervisionResponded', data: { taskId: null } }]);
    }
    given(whole)
      .when(respondToSupervision(200, 'order-100', { origin: byDepartment(200, THIRD) }))
      .thenRefused('SUPERVISION_NOT_YOURS');
  });
});
