import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 先行联系: the department calls the reporter. Only a contact that was made counts.

const { incidentDecider, at, days, LEAD, ASSIST, taskIdOf, deadlineIdOf, deadline, assignment, report } =
  sample;
const { file, blow, contact, checkIn, complete, alarm, requestReturn, byDepartment, acknowledge } = sample;
const { COMMUNITY, filingWithContact, startSelfHandling, selfHandlerContact, completeSelfHandling, check } =
  sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const contactId = deadlineIdOf(taskId, 'CONTACT');
const due = 10 + days(1);
const lead = assignment(10, LEAD, 'LEAD');
const tasks = [{ ...lead, deadlines: [...lead.deadlines, deadline(taskId, 'CONTACT', 10)] }];
const blown = [report(0), file(5), blow(10, { tasks }), acknowledge(15)];

test('made in time', () => {
  given(after(...blown))
    .when(contact(due, LEAD, { note: '已电话联系' }))
    .then([
      {
        type: 'ReporterContacted',
        occurredAt: at(due),
        data: { taskId, departmentId: LEAD, reached: true, note: '已电话联系', dueAt: at(due), late: false },
      },
    ]);
});

test('made too late proves the breach; made after the alarm lifts the order', () => {
  given(after(...blown))
    .when(contact(due + 1))
    .thenLike([
      { type: 'TaskOverdue', occurredAt: at(due), data: { timer: 'CONTACT' } },
      { type: 'ReporterContacted', data: { late: true } },
    ]);
  given(after(...blown, alarm(due + 1, contactId)))
    .when(contact(due + 2))
    .thenLike([
      { type: 'ReporterContacted', data: { late: true } },
      { type: 'SupervisionLifted', data: { supervisionId: `${contactId}-0`, reason: 'MET' } },
    ]);
});

test('tried in vain is recorded, stops no clock and is not late', () => {
  given(after(...blown))
    .when(contact(due + 1, LEAD, { reached: false }))
    .thenLike([{ type: 'ReporterContacted', data: { reached: false, late: false } }]);
  given(after(...blown, contact(30, LEAD, { reached: false })))
    .when(alarm(due + 1, contactId))
    .thenLike([{ type: 'TaskOverdue' }, { type: 'SupervisionIssued' }]);
  given(after(...blown, contact(30, LEAD, { reached: false })))
    .when(contact(40))
    .thenLike([{ type: 'ReporterContacted', data: { reached: true } }]);
});

test('once made it is not made again, nor missed', () => {
  given(after(...blown, contact(30)))
    .when(contact(40))
    .thenRefused('CONTACT_RECORDED');
  given(after(...blown, contact(30)))
    .when(alarm(due + 1, contactId))
    .thenNothing();
});

test('where no clock runs for it, it is recorded and never late', () => {
  given(after(report(0), file(5), blow(10)))
    .when(contact(days(30)))
    .thenLike([{ type: 'ReporterContacted', data: { dueAt: null, late: false } }]);
});

test('is no check-in, and the department’s own', () => {
  expect(foldIncident(after(...blown, contact(30))).tasks[0]).toMatchObject({
    ...{ state: 'ACKNOWLEDGED', contacted: true, checkedIn: false },
  });
  given(after(...blown))
    .when(contact(30, LEAD, { origin: byDepartment(30, ASSIST) }))
    .thenRefused('TASK_NOT_YOURS');
});

test('not made by the time the task is done, and due: the breach goes with the completion', () => {
  given(after(...blown, checkIn(60)))
    .when(complete(due + 1))
    .thenLike([
      { type: 'TaskOverdue', data: { deadlineId: contactId } },
      { type: 'TaskCompleted', data: { late: false } },
      { type: 'HandlingCompleted' },
    ]);
});

test('not while it is open whose task it is', () => {
  given(after(...blown, requestReturn(20)))
    .when(contact(30))
    .thenRefused('TASK_STATE', { state: 'RETURN_REQUESTED' });
  given(after(...blown, requestReturn(20)))
    .when(alarm(due + 1, contactId))
    .thenNothing();
});

describe('by whoever handles it without a whistle', () => {
  const incidentContactId = deadlineIdOf('incident', 'CONTACT');
  const byFiling = 5 + days(1);
  const filed = [report(0), file(5, filingWithContact(5))];
  const handling = [...filed, startSelfHandling(10)];

  test('in time, counted from the filing', () => {
    given(after(...handling))
      .when(selfHandlerContact(byFiling, { note: '已入户告知' }))
      .then([
        {
          type: 'ReporterContactedBySelfHandler',
          occurredAt: at(byFiling),
          data: {
            ...{ cycle: 1, handlingUnitId: COMMUNITY, reached: true, note: '已入户告知' },
            ...{ dueAt: at(byFiling), late: false },
          },
        },
      ]);
  });

  test('too late proves the breach; after the alarm it lifts the order', () => {
    given(after(...handling))
      .when(selfHandlerContact(byFiling + 1))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: at(byFiling), data: { timer: 'CONTACT', cycle: 1 } },
        { type: 'ReporterContactedBySelfHandler', data: { late: true } },
      ]);
    given(after(...handling))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: at(byFiling), data: { timer: 'CONTACT' } },
        { type: 'SupervisionIssued', data: { taskId: null, deadlineId: incidentContactId, step: 1 } },
      ]);
    given(after(...handling, alarm(byFiling + 1, incidentContactId)))
      .when(selfHandlerContact(byFiling + 2))
      .thenLike([
        { type: 'ReporterContactedBySelfHandler', data: { late: true } },
        { type: 'SupervisionLifted', data: { supervisionId: `${incidentContactId}-0`, reason: 'MET' } },
      ]);
  });

  test('is warned of, and missed also while nobody has taken it in hand', () => {
    const warned = { warning: true };
    given(after(...handling))
      .when(alarm(byFiling - 1, incidentContactId, warned))
      .thenLike([{ type: 'DeadlineWarned', data: { timer: 'CONTACT', taskId: null } }]);
    given(after(...filed))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenLike([{ type: 'IncidentOverdue', data: { timer: 'CONTACT' } }, { type: 'SupervisionIssued' }]);
  });

  test('tried in vain is recorded, stops no clock and is not late', () => {
    const tried = selfHandlerContact(30, { reached: false });
    given(after(...handling, tried))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenLike([{ type: 'IncidentOverdue' }, { type: 'SupervisionIssued' }]);
    given(after(...handling))
      .when(selfHandlerContact(byFiling + 1, { reached: false }))
      .thenLike([{ type: 'ReporterContactedBySelfHandler', data: { reached: false, late: false } }]);
    given(after(...handling, tried))
      .when(tried)
      .thenNothing();
  });

  test('once made it is not made again, nor missed, nor owed in rework or to a higher level', () => {
    const made = [...handling, selfHandlerContact(30)];
    given(after(...made))
      .when(selfHandlerContact(40))
      .thenRefused('CONTACT_RECORDED');
    given(after(...made))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenNothing();
    const handedUp = [...made, sample.escalate(50), startSelfHandling(60, { level: 'SUBDISTRICT' })];
    given(after(...handedUp))
      .when(selfHandlerContact(70))
      .thenRefused('CONTACT_RECORDED');
    const failed = [...made, completeSelfHandling(60), check(70, 'FAIL')];
    given(after(...failed))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenNothing();
  });

  test('not made by the time it is done, and due: the breach goes with the completion', () => {
    given(after(...handling))
      .when(completeSelfHandling(byFiling + 1))
      .thenLike([
        { type: 'IncidentOverdue', data: { deadlineId: incidentContactId } },
        { type: 'HandlingCompleted', data: { late: false } },
      ]);
  });

  test('a whistle ends its clock: from there the departments call, also where it is called off', () => {
    const missed = [...handling.slice(0, 2), alarm(byFiling + 1, incidentContactId)];
    given(after(...missed))
      .when(blow(byFiling + 10, { tasks }))
      .thenLike([
        { type: 'IncidentOverdue', data: { timer: 'DISPATCH' } },
        { type: 'WhistleBlown' },
        { type: 'SupervisionLifted', data: { supervisionId: `${incidentContactId}-0`, reason: 'ENDED' } },
      ]);
    const whistled = [...filed, blow(10, { tasks })];
    given(after(...whistled))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenNothing();
    given(after(...whistled))
      .when(selfHandlerContact(20))
      .thenRefused('INCIDENT_STATE', { state: 'HANDLING' });
    const calledOff = [...whistled, sample.cancelWhistle(20), startSelfHandling(30)];
    given(after(...calledOff))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenNothing();
    given(after(...calledOff))
      .when(selfHandlerContact(byFiling + 1))
      .thenLike([{ type: 'ReporterContactedBySelfHandler', data: { dueAt: null, late: false } }]);
  });

  test('a suspension moves it by its own length', () => {
    const suspended = [...handling, sample.suspend(60)];
    const moves = sample.movesAfterPause(foldIncident(after(...suspended)), 60 + days(2));
    const resumed = [...suspended, sample.resume(60 + days(2), { moves })];
    given(after(...suspended))
      .when(alarm(byFiling + 1, incidentContactId))
      .thenNothing();
    given(after(...resumed))
      .when(selfHandlerContact(byFiling + days(2)))
      .thenLike([
        { type: 'ReporterContactedBySelfHandler', data: { dueAt: at(byFiling + days(2)), late: false } },
      ]);
  });

  test('is of whoever’s area it is, in each cycle anew', () => {
    given(after(...handling))
      .when(selfHandlerContact(30, { origin: sample.by(30, 'community', sample.OTHER_COMMUNITY) }))
      .thenRefused('INCIDENT_NOT_YOURS');
    const closed = [
      ...handling,
      selfHandlerContact(30),
      completeSelfHandling(60),
      check(70),
      sample.feedback(80),
    ];
    const again = [
      ...[...closed, sample.close(90), sample.reopen(100, filingWithContact(100, 'incident-2'))],
      startSelfHandling(110),
    ];
    given(after(...again))
      .when(selfHandlerContact(120))
      .thenLike([{ type: 'ReporterContactedBySelfHandler', data: { cycle: 2, dueAt: at(100 + days(1)) } }]);
  });

  test('where no clock runs for it, it is recorded and never late', () => {
    given(after(report(0), file(5), startSelfHandling(10)))
      .when(selfHandlerContact(days(6)))
      .thenLike([{ type: 'ReporterContactedBySelfHandler', data: { dueAt: null, late: false } }]);
  });
});
