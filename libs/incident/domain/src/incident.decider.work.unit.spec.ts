import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, minutesBookedBy, taskOf, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 工时: what the people of a unit worked on a task, booked by themselves.

const { incidentDecider, at, hours, days, LEAD, ASSIST, THIRD, taskIdOf, byDepartment } = sample;
const { report, file, blow, checkIn, progress, complete, bookWork, transferTask, releaseTask, suspend } =
  sample;
const { arbitrate, openArbitration, withdraw } = sample;
const { startSelfHandling, completeSelfHandling, check, feedback, reopen, merge, requestReturn } = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const working = [report(0), file(5), blow(10), checkIn(60), checkIn(65, ASSIST)];
const booked = (...commands: IncidentCommand[]): number => {
  const task = taskOf(foldIncident(after(...commands)), taskId);
  return task === undefined ? NaN : minutesBookedBy(task, LEAD);
};
const takenBack = (minute: number, workedMinutes: number, more: object = {}) =>
  bookWork(minute, LEAD, { workedMinutes, note: '误按两组登记', ...more });

describe('work told', () => {
  test('with progress is booked beside it, to the department whose task it is', () => {
    given(after(...working))
      .when(progress(100, LEAD, { workedMinutes: 45 }))
      .then([
        {
          ...{ type: 'ProgressReported', occurredAt: at(100) },
          data: { taskId, departmentId: LEAD, note: '正在疏通', evidence: [] },
        },
        {
          ...{ type: 'WorkBooked', occurredAt: at(100) },
          data: { taskId, departmentId: LEAD, workedMinutes: 45, note: null },
        },
      ]);
  });

  test('with the completion is booked by the same act, also where handling ends by it', () => {
    given(after(...working, complete(90, ASSIST)))
      .when(complete(100, LEAD, { workedMinutes: 6_000 }))
      .thenLike([
        { type: 'TaskCompleted' },
        { type: 'WorkBooked', occurredAt: at(100), data: { departmentId: LEAD, workedMinutes: 6_000 } },
        { type: 'HandlingCompleted' },
      ]);
  });

  test('with a stage is booked beside it', () => {
    const stage = { ...sample.deadline('survey', 'HANDLING', 10), stage: 'SURVEY' };
    const tasks = [{ ...sample.assignment(10, LEAD, 'LEAD'), deadlines: [stage] }];
    given(after(report(0), file(5), blow(10, { tasks }), checkIn(60)))
      .when(progress(100, LEAD, { stage: 'SURVEY', workedMinutes: 30 }))
      .thenLike([{ type: 'TaskStageCompleted' }, { type: 'WorkBooked', data: { workedMinutes: 30 } }]);
  });

  test('not at all books nothing', () => {
    given(after(...working))
      .when(complete(100))
      .thenLike([{ type: 'TaskCompleted' }]);
  });

  test('adds up', () => {
    const told = [
      progress(100, LEAD, { workedMinutes: 45 }),
      bookWork(110),
      complete(120, LEAD, { workedMinutes: 5 }),
    ];
    expect(booked(...working, ...told)).toBe(45 + 90 + 5);
  });

  test('the same word with other minutes at the same moment is another word; the same with the same is none', () => {
    const history = after(...working, progress(100, LEAD, { workedMinutes: 45 }));
    given(history)
      .when(progress(100, LEAD, { workedMinutes: 45 }))
      .then([]);
    given(history)
      .when(progress(100, LEAD, { workedMinutes: 46 }))
      .thenLike([{ type: 'ProgressReported' }, { type: 'WorkBooked' }]);
  });
});

describe('work told by itself', () => {
  test('changes nothing else of the task', () => {
    given(after(...working))
      .when(bookWork(100))
      .then([
        {
          ...{ type: 'WorkBooked', occurredAt: at(100) },
          data: { taskId, departmentId: LEAD, workedMinutes: 90, note: null },
        },
      ]);
    expect(foldIncident(after(...working, bookWork(100))).tasks[0]).toMatchObject({ state: 'CHECKED_IN' });
  });

  test('before the check-in is refused: nobody works on what he has not come to', () => {
    given(after(report(0), file(5), blow(10)))
      .when(bookWork(20))
      .thenRefused('WORK_BEFORE_CHECK_IN');
    given(after(report(0), file(5), blow(10), requestReturn(20)))
      .when(bookWork(30))
      .thenRefused('WORK_BEFORE_CHECK_IN');
  });

  test('by another unit, or on no task, is refused', () => {
    given(after(...working))
      .when(bookWork(100, LEAD, { origin: byDepartment(100, ASSIST) }))
      .thenRefused('TASK_NOT_YOURS');
    given(after(...working))
      .when(bookWork(100, LEAD, { taskId: 'unknown' }))
      .thenRefused('TASK_NOT_FOUND');
  });

  test('comes after all is over, too: done, suspended, merged, withdrawn, released, decided for another, closed', () => {
    const done = [...working, complete(90), complete(95, ASSIST)];
    const released = releaseTask(100, { taskId: taskIdOf(ASSIST) });
    const closed = sample.whistleLife.slice(0, 11);
    given(after(...done))
      .when(bookWork(200))
      .thenLike([{ type: 'WorkBooked' }]);
    given(after(...working, suspend(100)))
      .when(bookWork(200))
      .thenLike([{ type: 'WorkBooked' }]);
    given(after(...working, merge(100)))
      .when(bookWork(200))
      .thenLike([{ type: 'WorkBooked' }]);
    given(after(...working, withdraw(100)))
      .when(bookWork(200))
      .thenLike([{ type: 'WorkBooked' }]);
    const newTask = sample.assignment(120, THIRD, 'LEAD');
    const decided = arbitrate(120, { responsibleUnitId: THIRD, newTask });
    given(after(...working, openArbitration(100, LEAD), decided))
      .when(bookWork(200))
      .thenLike([{ type: 'WorkBooked', data: { departmentId: LEAD } }]);
    given(after(...working, released))
      .when(bookWork(200, ASSIST))
      .thenLike([{ type: 'WorkBooked', data: { departmentId: ASSIST } }]);
    given(after(...closed))
      .when(bookWork(days(5)))
      .thenLike([{ type: 'WorkBooked' }]);
  });

  test('in a second cycle, or sent back, is added to what was booked before', () => {
    const closed = [...sample.whistleLife.slice(0, 11)];
    const again = [...closed, bookWork(days(3)), reopen(days(3) + 10), bookWork(days(3) + 20)];
    expect(booked(...again)).toBe(180);
    const sentBack = [...working, complete(90, LEAD, { workedMinutes: 30 }), complete(95, ASSIST)];
    expect(booked(...sentBack, check(100, 'FAIL'), complete(120, LEAD, { workedMinutes: 12 }))).toBe(42);
    const unsolved = [...sentBack, check(100, 'PASS'), feedback(200, { solved: 'UNSOLVED' })];
    expect(booked(...unsolved, complete(300, LEAD, { workedMinutes: 13 }))).toBe(43);
  });

  test('there is none of self-handling: it is nobody’s task', () => {
    given(after(report(0), file(5), startSelfHandling(10), completeSelfHandling(60)))
      .when(bookWork(70))
      .thenRefused('TASK_NOT_FOUND');
  });
});

describe('work taken back', () => {
  const told = [...working, bookWork(100), bookWork(105, ASSIST, { workedMinutes: 500 })];

  test('says why, and leaves what is left', () => {
    given(after(...told))
      .when(takenBack(110, -60))
      .then([
        {
          ...{ type: 'WorkBooked', occurredAt: at(110) },
          data: { taskId, departmentId: LEAD, workedMinutes: -60, note: '误按两组登记' },
        },
      ]);
    expect(booked(...told, takenBack(110, -60))).toBe(30);
  });

  test('without a word about why is refused', () => {
    for (const note of [null, '', '　 ', '\u200b\ufeff'])
      given(after(...told))
        .when(takenBack(110, -60, { note }))
        .thenRefused('CORRECTION_NEEDS_NOTE');
  });

  test('to the last minute is allowed, and not one more; what another unit booked is not there to be taken', () => {
    given(after(...told))
      .when(takenBack(110, -90))
      .thenLike([{ type: 'WorkBooked' }]);
    given(after(...told))
      .when(takenBack(110, -91))
      .thenRefused('MORE_THAN_BOOKED', { bookedMinutes: 90 });
    given(after(...told, takenBack(110, -90)))
      .when(takenBack(111, -1))
      .thenRefused('MORE_THAN_BOOKED', { bookedMinutes: 0 });
  });

  test('after the task went to a successor, each has its own books, and the former one only takes back', () => {
    const moved = [...told, transferTask(120, { toDepartmentId: THIRD })];
    const byThird = (minute: number, workedMinutes: number) =>
      takenBack(minute, workedMinutes, { origin: byDepartment(minute, THIRD) });
    given(after(...moved))
      .when(takenBack(130, -90))
      .thenLike([{ type: 'WorkBooked', data: { departmentId: LEAD, workedMinutes: -90 } }]);
    given(after(...moved))
      .when(bookWork(130))
      .thenRefused('TASK_NOT_YOURS');
    given(after(...moved))
      .when(byThird(130, -1))
      .thenRefused('MORE_THAN_BOOKED', { bookedMinutes: 0 });
    given(after(...moved))
      .when(byThird(130, 20))
      .thenLike([{ type: 'WorkBooked', data: { departmentId: THIRD, workedMinutes: 20 } }]);
    expect(booked(...moved, byThird(130, 20), takenBack(hours(3), -50))).toBe(40);
  });
});
