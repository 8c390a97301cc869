import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 先行联系: the department calls the reporter. Only a contact that was made counts.

const { incidentDecider, at, days, LEAD, ASSIST, taskIdOf, deadlineIdOf, deadline, assignment, report } =
  sample;
const { file, blow, contact, checkIn, complete, alarm, requestReturn, byDepartment, acknowledge } = sample;

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
