import { givenOf, historyOf } from '@shaoying/testing';
import {
  foldIncident,
  type EarlierTimer,
  type IncidentCommand,
  type IncidentEvent,
  type IncidentTimer,
} from './index.js';
import {
  acknowledge,
  addDepartment,
  alarm,
  ALLOWED,
  assignment,
  ASSIST,
  at,
  blow,
  check,
  checkIn,
  complete,
  completeSelfHandling,
  days,
  deadline,
  deadlineIdOf,
  file,
  filing,
  hours,
  importCase,
  incidentDecider,
  LEAD,
  report,
  startSelfHandling,
  taskIdOf,
  THIRD,
  TOTAL,
  whistleLife,
} from './testing/index.js';

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const idOf = (timer: IncidentTimer): string => deadlineIdOf(taskId, timer);
const due = (timer: IncidentTimer): number => 10 + ALLOWED[timer];
const warn = (timer: IncidentTimer): number => 10 + ALLOWED[timer] * 0.8;
const blown = after(...whistleLife.slice(0, 3));
const totalDue = 5 + ALLOWED.INCIDENT_TOTAL;

describe('a task deadline', () => {
  test.each(['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING'] as const)(
    '%s past due becomes a breach at its due instant and an order of the first ladder step',
    (timer) => {
      const noticed = due(timer) + 3;
      given(blown)
        .when(alarm(noticed, idOf(timer)))
        .then([
          {
            type: 'TaskOverdue',
            occurredAt: at(due(timer)),
            data: { taskId, departmentId: LEAD, deadlineId: idOf(timer), timer, dueAt: at(due(timer)) },
          },
          {
            type: 'SupervisionIssued',
            occurredAt: at(noticed),
            data: {
              ...{ supervisionId: `${idOf(timer)}-0`, taskId, departmentId: LEAD, deadlineId: idOf(timer) },
              ...{ dueAt: at(due(timer)), step: 1, level: 'BLUE', notify: ['department', 'street-office'] },
              ...{ issuedBy: 'LADDER', reason: null, deadlines: [] },
            },
          },
        ]);
    },
  );

  test.each(['ACKNOWLEDGE', 'CHECK_IN', 'HANDLING', 'RETURN_WINDOW'] as const)(
    '%s is warned of when its share of the time is used up, once',
    (timer) => {
      given(blown)
        .when(alarm(warn(timer), idOf(timer)))
        .thenNothing();
      given(blown)
        .when(alarm(warn(timer) + 2, idOf(timer)))
        .then([
          {
            type: 'DeadlineWarned',
            occurredAt: at(warn(timer)),
            data: {
              ...{ deadlineId: idOf(timer), timer, dueAt: at(due(timer)) },
              ...{ taskId, departmentId: LEAD, cycle: 1 },
            },
          },
        ]);
      given(after(...whistleLife.slice(0, 3), alarm(warn(timer) + 2, idOf(timer))))
        .when(alarm(due(timer), idOf(timer)))
        .thenNothing();
    },
  );

  test('an order about a task is warned of to the department that has to answer it', () => {
    const response = deadline('order', 'SUPERVISION_RESPONSE', due('CHECK_IN') + 1);
    const missed = alarm(due('CHECK_IN') + 1, idOf('CHECK_IN'), { deadlines: [response] });
    given(after(...whistleLife.slice(0, 3), missed))
      .when(alarm(due('CHECK_IN') + 1 + ALLOWED.SUPERVISION_RESPONSE, response.deadlineId))
      .thenLike([
        { type: 'DeadlineWarned', data: { timer: 'SUPERVISION_RESPONSE', taskId, departmentId: LEAD } },
      ]);
  });

  test('an alarm for the breach warns of nothing, however early it comes: what it is named after is done once', () => {
    given(blown)
      .when(alarm(due('CHECK_IN') - 1, idOf('CHECK_IN'), { warning: false }))
      .thenNothing();
  });

  test('in the very due millisecond is not missed: an act in it would be in time', () => {
    given(blown)
      .when(alarm(due('CHECK_IN'), idOf('CHECK_IN')))
      .thenLike([{ type: 'DeadlineWarned' }]);
  });

  test('is missed as of its due instant whether it was warned of or not, and not warned of after that', () => {
    const warned = after(...whistleLife.slice(0, 3), alarm(warn('CHECK_IN') + 1, idOf('CHECK_IN')));
    for (const history of [blown, warned])
      given(history)
        .when(alarm(due('CHECK_IN') + 1, idOf('CHECK_IN')))
        .thenLike([{ type: 'TaskOverdue', occurredAt: at(due('CHECK_IN')) }, { type: 'SupervisionIssued' }]);
  });

  test('marked twice is marked once', () => {
    const marked = after(...whistleLife.slice(0, 3), alarm(due('CHECK_IN') + 1, idOf('CHECK_IN')));
    given(marked)
      .when(alarm(due('CHECK_IN') + 2, idOf('CHECK_IN')))
      .thenNothing();
  });

  test('that was met is nothing', () => {
    const long = days(30);
    given(after(...whistleLife.slice(0, 4)))
      .when(alarm(long, idOf('ACKNOWLEDGE')))
      .thenNothing();
    const checkedIn = after(...whistleLife.slice(0, 3), checkIn(60));
    given(checkedIn)
      .when(alarm(long, idOf('ACKNOWLEDGE')))
      .thenNothing();
    given(checkedIn)
      .when(alarm(long, idOf('CHECK_IN')))
      .thenNothing();
    const done = after(...whistleLife.slice(0, 3), checkIn(60), complete(90));
    given(done)
      .when(alarm(long, idOf('HANDLING')))
      .thenNothing();
  });

  test('of the incident’s other tasks is untouched', () => {
    const marked = after(...whistleLife.slice(0, 3), alarm(due('CHECK_IN') + 1, idOf('CHECK_IN')));
    const assist = foldIncident(marked).tasks.find((task) => task.departmentId === ASSIST);
    expect(assist?.breached).toEqual([]);
  });

  test('nobody has heard of is nothing', () => {
    given(blown)
      .when(alarm(days(400), 'unknown'))
      .thenNothing();
    given(after(report(0)))
      .when(alarm(days(400), TOTAL))
      .thenNothing();
  });

  test('without a ladder step is a breach without an order', () => {
    const bare = (timer: EarlierTimer) => ({ ...deadline(taskId, timer, 10), steps: [] });
    const tasks = [{ ...assignment(10, LEAD, 'LEAD'), deadlines: [bare('CHECK_IN')] }];
    given(after(report(0), file(5), blow(10, { tasks })))
      .when(alarm(due('CHECK_IN') + 1, idOf('CHECK_IN')))
      .thenLike([{ type: 'TaskOverdue' }]);
  });

  test('of what happens here to an imported case fires, of the target that came with it never', () => {
    const added = after(importCase({ closedAt: null }), addDepartment(days(401)));
    const addedId = deadlineIdOf(taskIdOf(THIRD), 'CHECK_IN');
    given(added)
      .when(alarm(days(600), addedId))
      .thenLike([
        { type: 'TaskOverdue', data: { deadlineId: addedId } },
        { type: 'SupervisionIssued', data: { deadlineId: addedId } },
      ]);
    given(added)
      .when(alarm(days(600), idOf('HANDLING')))
      .thenNothing();
  });

  test('of an imported case never fires', () => {
    const open = after(importCase({ closedAt: null }));
    given(open)
      .when(alarm(days(400), idOf('HANDLING')))
      .thenNothing();
  });

  test('a completion lifts the order of handling; the breach remains', () => {
    const supervised = after(...whistleLife.slice(0, 6), alarm(due('HANDLING') + 1, idOf('HANDLING')));
    given(supervised)
      .when(complete(due('HANDLING') + 2))
      .thenLike([
        { type: 'TaskCompleted', data: { late: true } },
        { type: 'SupervisionLifted', data: { supervisionId: `${idOf('HANDLING')}-0`, reason: 'COMPLETED' } },
      ]);
  });
});

describe('the total deadline', () => {
  const started = after(report(0), file(5), startSelfHandling(10));
  const breach = {
    type: 'IncidentOverdue',
    occurredAt: at(totalDue),
    data: { deadlineId: TOTAL, timer: 'INCIDENT_TOTAL', dueAt: at(totalDue), cycle: 1 },
  } as const;

  test.each([
    ['filed', after(report(0), file(5))],
    ['handled by the community', started],
    ['handled by departments', blown],
  ])('past due while it is %s', (_, history) => {
    given(history)
      .when(alarm(totalDue + 1, TOTAL))
      .thenLike([
        breach,
        {
          type: 'SupervisionIssued',
          data: {
            ...{ supervisionId: `${TOTAL}-0`, taskId: null, departmentId: null, deadlineId: TOTAL },
            ...{ dueAt: at(totalDue), step: 1, level: 'BLUE' },
          },
        },
      ]);
  });

  test('is warned of as nobody’s task', () => {
    given(started)
      .when(alarm(totalDue - 1, TOTAL))
      .thenLike([
        {
          type: 'DeadlineWarned',
          occurredAt: at(5 + ALLOWED.INCIDENT_TOTAL * 0.8),
          data: { deadlineId: TOTAL, taskId: null, departmentId: null },
        },
      ]);
  });

  test('marked already or met is nothing', () => {
    const marked = after(report(0), file(5), alarm(totalDue + 1, TOTAL));
    given(marked)
      .when(alarm(totalDue + 2, TOTAL))
      .thenNothing();
    const handled = after(report(0), file(5), startSelfHandling(10), completeSelfHandling(20));
    given(handled)
      .when(alarm(totalDue + 1, TOTAL))
      .thenNothing();
    given(after(...whistleLife))
      .when(alarm(totalDue + 1, TOTAL))
      .thenNothing();
  });

  test('runs on when the check sends the handling back', () => {
    const failed = after(...whistleLife.slice(0, 8), check(hours(30), 'FAIL'));
    given(failed)
      .when(alarm(totalDue + 1, TOTAL))
      .thenLike([breach, { type: 'SupervisionIssued' }]);
  });

  test('completed handling lifts its order; the breach remains', () => {
    given(after(report(0), file(5), startSelfHandling(10), alarm(totalDue + 1, TOTAL)))
      .when(completeSelfHandling(totalDue + 2))
      .thenLike([
        { type: 'HandlingCompleted', data: { late: true } },
        {
          type: 'SupervisionLifted',
          occurredAt: at(totalDue + 2),
          data: { supervisionId: `${TOTAL}-0`, taskId: null, departmentId: null, reason: 'COMPLETED' },
        },
      ]);
    given(after(...whistleLife.slice(0, 7), alarm(totalDue + 1, TOTAL)))
      .when(complete(totalDue + 2))
      .thenLike([
        { type: 'TaskOverdue' },
        { type: 'TaskCompleted' },
        { type: 'HandlingCompleted', data: { late: true } },
        { type: 'SupervisionLifted', data: { supervisionId: `${TOTAL}-0` } },
      ]);
  });
});

// domain.md §3.4 d: whether the alarm clock or the department came first decides about warning and order of supervision alone.
describe('the race of act and alarm gives the same facts either way', () => {
  const facts = (events: readonly IncidentEvent[]): IncidentEvent[] =>
    events
      .filter(({ type }) => !['SupervisionIssued', 'SupervisionLifted', 'DeadlineWarned'].includes(type))
      .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

  const acts: [string, IncidentCommand[], (minute: number) => IncidentCommand, string, number][] = [
    [
      'acknowledge',
      [...whistleLife.slice(0, 3)],
      (m) => acknowledge(m),
      idOf('ACKNOWLEDGE'),
      due('ACKNOWLEDGE'),
    ],
    ['check in', [...whistleLife.slice(0, 4)], (m) => checkIn(m), idOf('CHECK_IN'), due('CHECK_IN')],
    ['complete', [...whistleLife.slice(0, 6)], (m) => complete(m), idOf('HANDLING'), due('HANDLING')],
    [
      'complete the last task',
      [report(0, { filing: filing(5) }), ...whistleLife.slice(2, 7)],
      (m) => complete(m),
      TOTAL,
      totalDue,
    ],
    [
      'complete self-handling',
      [report(0), file(5), startSelfHandling(10)],
      (m) => completeSelfHandling(m),
      TOTAL,
      totalDue,
    ],
  ];

  describe.each(acts)('%s', (_, before, act, deadlineId, dueMinute) => {
    test('after the due instant: a breach, and late', () => {
      const minute = dueMinute + 1;
      const alarmFirst = after(...before, alarm(minute, deadlineId), act(minute));
      const actFirst = after(...before, act(minute), alarm(minute, deadlineId));
      expect(facts(alarmFirst)).toEqual(facts(actFirst));
      expect(facts(actFirst).filter(({ type }) => type.endsWith('Overdue'))).not.toHaveLength(0);
    });

    test('before the due instant: none, and in time', () => {
      const minute = dueMinute - 1;
      const alarmFirst = after(...before, alarm(minute, deadlineId), act(minute));
      const actFirst = after(...before, act(minute), alarm(dueMinute + 1, deadlineId));
      expect(facts(alarmFirst)).toEqual(facts(actFirst));
      const ownBreach = actFirst.filter(
        (event) => 'deadlineId' in event.data && event.data.deadlineId === deadlineId,
      );
      expect(ownBreach).toEqual([]);
    });
  });
});
