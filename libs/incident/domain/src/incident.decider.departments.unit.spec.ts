import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// Who takes part in a whistle: departments are added, released and replaced, and always exactly one leads.

const { incidentDecider, at, hours, days, LEAD, ASSIST, THIRD, STREET, taskIdOf, deadlineIdOf, alarm } =
  sample;
const { report, file, blow, acknowledge, checkIn, complete, assignment, by, byStreet, byDepartment } = sample;
const { addDepartment, changeLead, requestRelease, releaseTask, transferTask, urge, requestReturn } = sample;
const {
  decideReturn,
  openArbitration,
  suspend,
  resume,
  check,
  whistleLife,
  OTHER_STREET,
  startSelfHandling,
} = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const [leadTask, assistTask, thirdTask] = [taskIdOf(LEAD), taskIdOf(ASSIST), taskIdOf(THIRD)];
const blown = [report(0), file(5), blow(10)];
const acknowledged = [...blown, acknowledge(15), acknowledge(16, ASSIST)];
const working = [...blown, checkIn(60), checkIn(65, ASSIST)];
const [ackDue, checkInDue] = [10 + hours(1), 10 + hours(8)];
const rolesOf = (...commands: IncidentCommand[]) =>
  foldIncident(after(...commands)).tasks.map(({ departmentId, role, state }) => [departmentId, role, state]);
const fromOtherStreet = { origin: by(100, 'street-office', OTHER_STREET) };

describe('a department added', () => {
  test('assists, with clocks of its own, whatever role the command says', () => {
    const task = assignment(100, THIRD, 'LEAD');
    given(after(...working))
      .when(addDepartment(100, { task }))
      .then([
        {
          type: 'DepartmentAdded',
          occurredAt: at(100),
          data: { whistleId: 'whistle-1', task: { ...task, role: 'ASSIST' }, reason: '涉及房屋' },
        },
      ]);
  });

  test('may raise the level that held responsibility', () => {
    const city = { ...assignment(100, 'dp-metro', 'ASSIST'), level: 'CITY' as const };
    expect(foldIncident(after(...working)).level).toBe('DISTRICT');
    expect(foldIncident(after(...working, addDepartment(100, { task: city }))).level).toBe('CITY');
  });

  test('twice, to a whistle that does not run, or from another street is refused', () => {
    given(after(...working))
      .when(addDepartment(100, { task: assignment(100, ASSIST, 'ASSIST', 2) }))
      .thenRefused('DEPARTMENT_TWICE', { departmentId: ASSIST });
    given(after(...working))
      .when(addDepartment(100, { whistleId: 'unknown' }))
      .thenRefused('WHISTLE_NOT_FOUND');
    given(after(...working))
      .when(addDepartment(100, fromOtherStreet))
      .thenRefused('INCIDENT_NOT_YOURS');
  });

  test('again, once it has done its part, does more of it', () => {
    given(after(...working, complete(90, ASSIST)))
      .when(addDepartment(100, { task: assignment(100, ASSIST, 'ASSIST', 2) }))
      .thenLike([{ type: 'DepartmentAdded', data: { task: { departmentId: ASSIST } } }]);
  });
});

describe('the lead changed', () => {
  test('books the time in which the former one led to it (edge case 7)', () => {
    given(after(...working))
      .when(changeLead(100))
      .then([
        {
          type: 'LeadChanged',
          occurredAt: at(100),
          data: {
            ...{ whistleId: 'whistle-1', fromTaskId: leadTask, fromDepartmentId: LEAD },
            ...{ toTaskId: assistTask, toDepartmentId: ASSIST, newTask: null, formerLead: 'ASSIST' },
            reason: '主责在城管',
            lostTime: [{ account: 'DEPARTMENT', unitId: LEAD, taskId: leadTask, from: at(10), to: at(100) }],
          },
        },
      ]);
    expect(rolesOf(...working, changeLead(100))).toEqual([
      [LEAD, 'ASSIST', 'CHECKED_IN'],
      [ASSIST, 'LEAD', 'CHECKED_IN'],
    ]);
  });

  test('but neither the time in which it was done and waited for a check, nor a suspension', () => {
    const life = [
      ...working,
      ...[complete(hours(2)), complete(hours(3), ASSIST), check(hours(10), 'FAIL')],
      ...[suspend(hours(11)), resume(hours(20))],
    ];
    given(after(...life))
      .when(changeLead(hours(21)))
      .thenLike([
        {
          data: {
            lostTime: [
              { unitId: LEAD, from: at(10), to: at(hours(2)) },
              { unitId: LEAD, from: at(hours(10)), to: at(hours(11)) },
              { unitId: LEAD, from: at(hours(20)), to: at(hours(21)) },
            ],
          },
        },
      ]);
  });

  test('a second time books to the second one only since it led', () => {
    const second = changeLead(200, { departmentId: THIRD, newTask: assignment(200, THIRD, 'LEAD') });
    given(after(...working, changeLead(100)))
      .when(second)
      .thenLike([{ data: { lostTime: [{ unitId: ASSIST, from: at(100), to: at(200) }] } }]);
    expect(rolesOf(...working, changeLead(100), second)).toEqual([
      [LEAD, 'ASSIST', 'CHECKED_IN'],
      [ASSIST, 'ASSIST', 'CHECKED_IN'],
      [THIRD, 'LEAD', 'NOTIFIED'],
    ]);
  });

  test('and back again books what it led again, and nothing twice', () => {
    const back = changeLead(200, { departmentId: LEAD });
    const again = changeLead(300, { departmentId: ASSIST });
    const { lostTime } = foldIncident(after(...working, changeLead(100), back, again));
    expect(lostTime.map(({ unitId, from, to }) => [unitId, from, to])).toEqual([
      [LEAD, at(10), at(100)],
      [ASSIST, at(100), at(200)],
      [LEAD, at(200), at(300)],
    ]);
  });

  test('to a new department begins its task as lead, whatever role the command says', () => {
    const newTask = assignment(100, THIRD, 'ASSIST');
    given(after(...working))
      .when(changeLead(100, { departmentId: THIRD, newTask }))
      .thenLike([{ data: { toTaskId: thirdTask, newTask: { departmentId: THIRD, role: 'LEAD' } } }]);
    given(after(...working))
      .when(changeLead(100, { departmentId: THIRD, newTask: null }))
      .thenRefused('RETURN_NEEDS_UNIT');
  });

  test('with the former one released ends its task: what it missed stays, its orders are lifted', () => {
    const late = [...acknowledged, alarm(checkInDue + 1, deadlineIdOf(leadTask, 'CHECK_IN'))];
    const release = { formerLead: 'RELEASED' } as const;
    given(after(...late))
      .when(changeLead(checkInDue + 10, release))
      .thenLike([
        { type: 'LeadChanged', data: { formerLead: 'RELEASED' } },
        { type: 'SupervisionLifted', data: { taskId: leadTask, reason: 'ENDED' } },
      ]);
    given(after(...acknowledged))
      .when(changeLead(checkInDue + 10, release))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(checkInDue), data: { departmentId: LEAD } },
        { type: 'LeadChanged' },
      ]);
    expect(rolesOf(...working, changeLead(100, release))).toEqual([
      [LEAD, 'ASSIST', 'RELEASED'],
      [ASSIST, 'LEAD', 'CHECKED_IN'],
    ]);
  });

  test('to the one that leads, or while its responsibility is in question, is refused', () => {
    given(after(...working))
      .when(changeLead(100, { departmentId: LEAD }))
      .thenRefused('IS_THE_LEAD');
    given(after(...blown, requestReturn(20)))
      .when(changeLead(100))
      .thenRefused('TASK_STATE', { state: 'RETURN_REQUESTED' });
    given(after(...blown, requestReturn(20, ASSIST)))
      .when(changeLead(100))
      .thenRefused('TASK_STATE', { state: 'RETURN_REQUESTED' });
  });
});

describe('an assisting department released', () => {
  test.each([
    ['NOT_NEEDED', false],
    ['SUMMONED_IN_ERROR', false],
    ['HOLDS_UP', true],
  ] as const)('%s counts against it: %s', (reasonCode, counted) => {
    given(after(...working))
      .when(releaseTask(100, { reasonCode }))
      .then([
        {
          type: 'TaskReleased',
          occurredAt: at(100),
          data: { taskId: assistTask, departmentId: ASSIST, reasonCode, reason: '无需协办', counted },
        },
      ]);
  });

  test('keeps what it missed, and its orders are lifted', () => {
    given(after(...blown, checkIn(60)))
      .when(releaseTask(ackDue + 1))
      .thenLike([{ type: 'TaskOverdue', data: { departmentId: ASSIST } }, { type: 'TaskReleased' }]);
  });

  test('that was all that was waited for completes the handling', () => {
    given(after(...working, complete(90)))
      .when(releaseTask(100))
      .thenLike([{ type: 'TaskReleased' }, { type: 'HandlingCompleted', data: { mode: 'WHISTLE' } }]);
  });

  test('is never the lead; nor one whose responsibility is in question', () => {
    given(after(...working))
      .when(releaseTask(100, { taskId: leadTask }))
      .thenRefused('IS_THE_LEAD');
    given(after(...working, openArbitration(70, ASSIST)))
      .when(releaseTask(100))
      .thenRefused('TASK_STATE', { state: 'IN_ARBITRATION' });
  });
});

describe('a release asked for by the lead', () => {
  test('is recorded against the assisting department, whatever the street makes of it', () => {
    given(after(...working))
      .when(requestRelease(100))
      .then([
        {
          type: 'ReleaseRequested',
          occurredAt: at(100),
          data: { taskId: assistTask, departmentId: ASSIST, leadDepartmentId: LEAD, reason: '久未配合' },
        },
      ]);
    expect(rolesOf(...working, requestRelease(100))).toEqual(rolesOf(...working));
  });

  test('is the lead’s alone, about another one', () => {
    given(after(...working))
      .when(requestRelease(100, { origin: byDepartment(100, ASSIST) }))
      .thenRefused('NOT_THE_LEAD');
    given(after(...working))
      .when(requestRelease(100, { origin: byStreet(100) }))
      .thenRefused('NOT_THE_LEAD');
    given(after(...working))
      .when(requestRelease(100, { taskId: leadTask }))
      .thenRefused('IS_THE_LEAD');
    given(after(...working, changeLead(90)))
      .when(requestRelease(100, { taskId: leadTask, origin: byDepartment(100, ASSIST) }))
      .thenLike([{ data: { departmentId: LEAD, leadDepartmentId: ASSIST } }]);
  });

  test('of one that is done is refused', () => {
    given(after(...working, complete(90, ASSIST)))
      .when(requestRelease(100))
      .thenRefused('TASK_STATE', { state: 'DONE' });
  });
});

describe('a task transferred to the successor of its department (edge case 15)', () => {
  test('goes on as it is, with its clocks', () => {
    given(after(...acknowledged))
      .when(transferTask(100))
      .then([
        {
          type: 'TaskTransferred',
          occurredAt: at(100),
          data: {
            ...{ taskId: leadTask, fromDepartmentId: LEAD, toDepartmentId: THIRD },
            ...{ level: 'DISTRICT', reason: '机构改革' },
          },
        },
      ]);
    const moved = after(...acknowledged, transferTask(100));
    expect(foldIncident(moved).tasks[0]).toMatchObject({
      ...{ departmentId: THIRD, role: 'LEAD', state: 'ACKNOWLEDGED' },
      deadlines: assignment(10, LEAD, 'LEAD').deadlines,
    });
    given(moved).when(checkIn(110)).thenRefused('TASK_NOT_YOURS');
    given(moved)
      .when(checkIn(110, THIRD, { taskId: leadTask }))
      .thenLike([{ type: 'DepartmentCheckedIn', data: { departmentId: THIRD, dueAt: at(checkInDue) } }]);
  });

  test('while the incident is suspended, too', () => {
    const paused = [...acknowledged, suspend(50), transferTask(100)];
    given(after(...paused, resume(200)))
      .when(checkIn(210, THIRD, { taskId: leadTask }))
      .thenLike([{ type: 'DepartmentCheckedIn' }]);
  });

  test('to the department that has it is nothing; of one that has ended is refused', () => {
    given(after(...acknowledged))
      .when(transferTask(100, { toDepartmentId: LEAD }))
      .thenNothing();
    given(after(...working, complete(90)))
      .when(transferTask(100))
      .thenRefused('TASK_STATE', { state: 'DONE' });
    given(after(...blown, requestReturn(20), decideReturn(60)))
      .when(transferTask(100, { toDepartmentId: 'dp-power' }))
      .thenRefused('TASK_STATE', { state: 'RETURNED' });
  });

  test('to one that is in the whistle already joins the two: one department, one task', () => {
    given(after(...acknowledged))
      .when(transferTask(60, { toDepartmentId: ASSIST }))
      .thenLike([
        { type: 'LeadChanged', data: { toTaskId: assistTask, formerLead: 'RELEASED', lostTime: [] } },
      ]);
    given(after(...acknowledged))
      .when(transferTask(60, { taskId: assistTask, toDepartmentId: LEAD }))
      .thenLike([{ type: 'TaskReleased', data: { reasonCode: 'NOT_NEEDED', counted: false } }]);
  });

  test('joined in the middle of a return that nobody decided lifts the order about it', () => {
    const decisionId = deadlineIdOf(leadTask, 'RETURN_DECISION');
    const undecided = [...blown, requestReturn(20), acknowledge(25, ASSIST), alarm(hours(5), decisionId)];
    given(after(...undecided))
      .when(transferTask(hours(6), { toDepartmentId: ASSIST }))
      .thenLike([
        { type: 'LeadChanged' },
        { type: 'SupervisionLifted', data: { supervisionId: `${decisionId}-0`, reason: 'ENDED' } },
      ]);
  });

  test('the successor has handled it, so it does not check it', () => {
    const done = [...working, transferTask(70), complete(80, ASSIST)];
    const completed = after(...done, complete(90, THIRD, { taskId: leadTask }));
    given(completed)
      .when(check(100, 'PASS', { origin: byDepartment(100, THIRD) }))
      .thenRefused('CHECKER_IS_HANDLER');
  });
});

describe('a reminder', () => {
  test('is said, and is no order', () => {
    given(after(...working))
      .when(urge(100, { note: '请加快' }))
      .then([
        {
          type: 'TaskUrged',
          occurredAt: at(100),
          data: { taskId: leadTask, departmentId: LEAD, urgingUnitId: STREET, note: '请加快' },
        },
      ]);
    expect(foldIncident(after(...working, urge(100))).supervisions).toEqual([]);
  });

  test('about what is done, or from another street, is refused', () => {
    given(after(...working, complete(90)))
      .when(urge(100))
      .thenRefused('TASK_STATE', { state: 'DONE' });
    given(after(...working))
      .when(urge(100, fromOtherStreet))
      .thenRefused('INCIDENT_NOT_YOURS');
  });
});

test.each([addDepartment(days(2)), changeLead(days(2)), releaseTask(days(2)), urge(days(2))])(
  'nothing of this without a whistle that runs: $kind',
  (command) => {
    const { events: ofSelf, refusal: self } = incidentDecider.decide(
      foldIncident(after(report(0), file(5), startSelfHandling(10))),
      command,
    );
    expect(ofSelf).toBeUndefined();
    expect(['WHISTLE_NOT_FOUND', 'TASK_NOT_FOUND']).toContain(self?.code);
    given(after(...whistleLife.slice(0, 8)))
      .when(command)
      .thenRefused('INCIDENT_STATE', { state: 'CHECKING' });
  },
);

test('a lead that was finally decided is not changed by a dispatcher', () => {
  const decided = [...acknowledged, openArbitration(30), sample.arbitrate(40)];
  given(after(...decided))
    .when(changeLead(50))
    .thenRefused('RETURN_OF_FINAL_DECISION');
});
