import { givenOf, historyOf } from '@shaoying/testing';
import {
  foldIncident,
  type HandlingRules,
  type IncidentCommand,
  type IncidentEvent,
  type LostTime,
} from './index.js';
import * as sample from './testing/index.js';

// 推诿扯皮: every way a task leaves, or does not leave, a department that says it is not its own.

const { incidentDecider, rules, at, hours, days, LEAD, ASSIST, THIRD, STREET, taskIdOf, deadlineIdOf } =
  sample;
const { report, file, blow, acknowledge, checkIn, complete, alarm, assignment, deadline, by, byDepartment } =
  sample;
const { requestReturn, decideReturn, openArbitration, arbitrate, addDepartment, changeLead, reopen } = sample;
const { suspend, resume } = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const thirdTask = taskIdOf(THIRD);
const [ackDue, windowDue, checkInDue] = [10 + hours(1), 10 + hours(4), 10 + hours(8)];
const ackId = deadlineIdOf(taskId, 'ACKNOWLEDGE');
const decisionId = deadlineIdOf(taskId, 'RETURN_DECISION');
const arbitrationId = deadlineIdOf(taskId, 'ARBITRATION');

const blown = [report(0), file(5), blow(10)];
const asked = [...blown, requestReturn(20)];
/** The lead gave it back, and the third department has it. */
const passedOn = [...asked, decideReturn(60)];
const rulesWith = (more: Partial<HandlingRules>): { rules: HandlingRules } => ({
  rules: { ...rules, ...more },
});
const dispatchLost = (from: number, to: number, of = taskId): LostTime => ({
  ...{ account: 'DISPATCH', unitId: null, taskId: of, from: at(from), to: at(to) },
});
const departmentLost = (from: number, to: number, unitId = LEAD, of = taskId): LostTime => ({
  ...{ account: 'DEPARTMENT', unitId, taskId: of, from: at(from), to: at(to) },
});

describe('a return asked for', () => {
  test('names reason and basis, answers the acknowledgment and starts the time to decide it in', () => {
    given(after(...blown))
      .when(requestReturn(20, LEAD, { suggestedUnitId: THIRD }))
      .then([
        {
          type: 'ReturnRequested',
          occurredAt: at(20),
          data: {
            ...{ returnId: 'return-20', taskId, departmentId: LEAD, reasonCode: 'NOT_OUR_FUNCTION' },
            ...{ basis: '《三定方案》第四条', suggestedUnitId: THIRD, ordinal: 1 },
            ...{ dueAt: at(ackDue), late: false, deadlines: [deadline(taskId, 'RETURN_DECISION', 20)] },
          },
        },
      ]);
  });

  test('after the acknowledgment has nothing left to answer', () => {
    given(after(...blown, acknowledge(15)))
      .when(requestReturn(20))
      .thenLike([{ type: 'ReturnRequested', data: { dueAt: null, late: false } }]);
  });

  test('after the time to acknowledge is late, and proves that breach', () => {
    given(after(...blown))
      .when(requestReturn(ackDue + 1))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(ackDue), data: { timer: 'ACKNOWLEDGE' } },
        { type: 'ReturnRequested', data: { dueAt: at(ackDue), late: true } },
      ]);
  });

  test('lifts the order about the acknowledgment', () => {
    given(after(...blown, alarm(ackDue + 1, ackId)))
      .when(requestReturn(ackDue + 2))
      .thenLike([
        { type: 'ReturnRequested' },
        { type: 'SupervisionLifted', data: { supervisionId: `${ackId}-0`, reason: 'ACKNOWLEDGED' } },
      ]);
  });

  test('in the last instant of the window is in time, a minute later refused', () => {
    const acknowledged = after(...blown, acknowledge(20));
    given(acknowledged)
      .when(requestReturn(windowDue))
      .thenLike([{ type: 'ReturnRequested' }]);
    given(acknowledged)
      .when(requestReturn(windowDue + 1))
      .thenRefused('RETURN_WINDOW_OVER');
  });

  test('after check-in, twice, or by somebody else is refused', () => {
    given(after(...blown, checkIn(30)))
      .when(requestReturn(40))
      .thenRefused('RETURN_AFTER_CHECK_IN');
    given(after(...asked))
      .when(requestReturn(30))
      .thenRefused('TASK_STATE', { state: 'RETURN_REQUESTED' });
    given(after(...blown))
      .when(requestReturn(20, LEAD, { origin: byDepartment(20, ASSIST) }))
      .thenRefused('TASK_NOT_YOURS');
  });

  test.each(['CHECK_IN', 'HANDLING', 'ACKNOWLEDGE', 'RETURN_WINDOW'] as const)(
    'leaves %s unread until it is decided',
    (timer) => {
      given(after(...asked))
        .when(alarm(days(10), deadlineIdOf(taskId, timer)))
        .thenNothing();
    },
  );

  test('that nobody decides in time is the dispatch’s breach, not the department’s', () => {
    const decisionDue = 20 + hours(4);
    given(after(...asked))
      .when(alarm(decisionDue + 1, decisionId))
      .thenLike([
        {
          type: 'IncidentOverdue',
          occurredAt: at(decisionDue),
          data: { timer: 'RETURN_DECISION', deadlineId: decisionId },
        },
        { type: 'SupervisionIssued', data: { taskId: null, departmentId: null, deadlineId: decisionId } },
      ]);
  });
});

describe('a return accepted', () => {
  test('ends the old task and begins a new one, with the time lost booked to the dispatch', () => {
    const newTask = assignment(60, THIRD, 'LEAD');
    given(after(...asked))
      .when(decideReturn(60))
      .then([
        {
          type: 'ReturnAccepted',
          occurredAt: at(60),
          data: {
            ...{ returnId: 'return-20', taskId, departmentId: LEAD, decidingUnitId: STREET, note: null },
            ...{ newTask, lostTime: [dispatchLost(10, 60)] },
          },
        },
      ]);
  });

  test('leaves both tasks in the history, the new one with clocks of its own', () => {
    const { tasks, lifecycle } = foldIncident(after(...passedOn));
    expect(lifecycle).toBe('HANDLING');
    expect(tasks).toMatchObject([
      { taskId, role: 'LEAD', state: 'RETURNED' },
      { departmentId: ASSIST, state: 'NOTIFIED' },
      { taskId: thirdTask, role: 'LEAD', state: 'NOTIFIED', notifiedAt: at(60) },
    ]);
    expect(tasks[2]?.deadlines).toEqual(assignment(60, THIRD, 'LEAD').deadlines);
    given(after(...passedOn))
      .when(alarm(days(10), deadlineIdOf(taskId, 'HANDLING')))
      .thenNothing();
    given(after(...passedOn))
      .when(checkIn(70))
      .thenRefused('TASK_STATE', { state: 'RETURNED' });
  });

  test('gives the new task the role of the old one, whatever the command says of it', () => {
    given(after(...asked))
      .when(decideReturn(60, { newTask: assignment(60, THIRD, 'ASSIST') }))
      .thenLike([{ data: { newTask: { departmentId: THIRD, role: 'LEAD' } } }]);
  });

  test('too late proves the dispatch’s breach and lifts the order about it', () => {
    const decisionDue = 20 + hours(4);
    given(after(...asked))
      .when(decideReturn(decisionDue + 1))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: at(decisionDue), data: { timer: 'RETURN_DECISION' } },
        { type: 'ReturnAccepted' },
      ]);
    given(after(...asked, alarm(decisionDue + 1, decisionId)))
      .when(decideReturn(decisionDue + 2))
      .thenLike([
        { type: 'ReturnAccepted' },
        { type: 'SupervisionLifted', data: { supervisionId: `${decisionId}-0`, reason: 'MET' } },
      ]);
  });

  test('of the lead needs another one; not the same, and not by the department itself', () => {
    given(after(...asked))
      .when(decideReturn(60, { newTask: null }))
      .thenRefused('RETURN_NEEDS_UNIT');
    given(after(...asked))
      .when(decideReturn(60, { newTask: assignment(60, LEAD, 'LEAD', 2) }))
      .thenRefused('DEPARTMENT_TWICE', { departmentId: LEAD });
    given(after(...asked))
      .when(decideReturn(60, { origin: byDepartment(60, LEAD) }))
      .thenRefused('RETURN_DECIDED_BY_PARTY');
  });

  test('in favour of a department that assists makes that one lead, with the task it has', () => {
    const assistTask = taskIdOf(ASSIST);
    const promotion = decideReturn(60, { newTask: assignment(60, ASSIST, 'LEAD', 2) });
    given(after(...asked))
      .when(promotion)
      .thenLike([
        { type: 'ReturnAccepted', data: { newTask: null } },
        {
          type: 'LeadChanged',
          data: { fromTaskId: taskId, toTaskId: assistTask, newTask: null, formerLead: 'RELEASED' },
        },
      ]);
    expect(foldIncident(after(...asked, promotion)).tasks).toMatchObject([
      { taskId, role: 'ASSIST', state: 'RETURNED' },
      { taskId: assistTask, role: 'LEAD', state: 'NOTIFIED' },
    ]);
  });

  describe('of an assisting department', () => {
    const assistTask = taskIdOf(ASSIST);
    const assistAsked = [...blown, requestReturn(20, ASSIST)];

    test('needs nobody in its place', () => {
      given(after(...assistAsked))
        .when(decideReturn(60, { taskId: assistTask, newTask: null }))
        .thenLike([{ type: 'ReturnAccepted', data: { newTask: null } }]);
    });

    test('that was all that was waited for completes the handling', () => {
      given(after(...assistAsked, checkIn(30), complete(40)))
        .when(decideReturn(60, { taskId: assistTask, newTask: null }))
        .thenLike([{ type: 'ReturnAccepted' }, { type: 'HandlingCompleted', data: { mode: 'WHISTLE' } }]);
    });

    test('is not taken over by one that has a part of its own', () => {
      given(after(...blown, addDepartment(15), requestReturn(20, ASSIST)))
        .when(decideReturn(60, { taskId: assistTask, newTask: assignment(60, THIRD, 'ASSIST', 2) }))
        .thenRefused('DEPARTMENT_TWICE', { departmentId: THIRD });
    });
  });
});

describe('a return refused', () => {
  const refusal = (minute: number) => decideReturn(minute, { accept: false, reason: '属于排水管理职责' });

  test('needs a reason, and books all of the time to whoever refused what was its own', () => {
    given(after(...asked))
      .when(decideReturn(60, { accept: false }))
      .thenRefused('RETURN_NEEDS_REASON');
    given(after(...asked))
      .when(refusal(60))
      .then([
        {
          type: 'ReturnRejected',
          occurredAt: at(60),
          data: {
            ...{ returnId: 'return-20', taskId, departmentId: LEAD, decidingUnitId: STREET },
            ...{ reason: '属于排水管理职责', lostTime: [departmentLost(10, 60)] },
          },
        },
      ]);
    expect(foldIncident(after(...asked, refusal(60))).tasks[0]).toMatchObject({ state: 'ACKNOWLEDGED' });
  });

  test('lets the clocks be read again: what was missed meanwhile was missed', () => {
    given(after(...asked))
      .when(refusal(checkInDue + 10))
      .thenLike([
        { type: 'IncidentOverdue', data: { timer: 'RETURN_DECISION' } },
        { type: 'ReturnRejected' },
        { type: 'TaskOverdue', occurredAt: at(checkInDue), data: { timer: 'CHECK_IN' } },
      ]);
    given(after(...asked, refusal(60)))
      .when(alarm(checkInDue + 1, deadlineIdOf(taskId, 'CHECK_IN')))
      .thenLike([{ type: 'TaskOverdue' }, { type: 'SupervisionIssued' }]);
  });

  test('a second time goes to arbitration by itself; time already booked is not booked again', () => {
    given(after(...asked, refusal(60), requestReturn(80)))
      .when(refusal(100))
      .thenLike([
        { type: 'ReturnRejected', data: { lostTime: [departmentLost(60, 100)] } },
        { type: 'ArbitrationOpened', data: { cause: 'REFUSALS', taskId, parties: [LEAD, STREET] } },
      ]);
  });

  test('as often as the policy says: with three, the second is refused and no more', () => {
    given(after(...asked, refusal(60), requestReturn(80)))
      .when({ ...refusal(100), ...rulesWith({ refusalsBeforeArbitration: 3 }) })
      .thenLike([{ type: 'ReturnRejected' }]);
  });

  test('is no accepted return: the next one is still the first of the cycle', () => {
    given(after(...asked, refusal(60)))
      .when(requestReturn(80))
      .thenLike([{ type: 'ReturnRequested', data: { ordinal: 1 } }]);
  });
});

describe('A→B→A', () => {
  const third = rulesWith({ returnsBeforeArbitration: 3 });
  const pingPong = [...passedOn, requestReturn(70, THIRD, third)];
  const backToLead = { taskId: thirdTask, newTask: assignment(80, LEAD, 'LEAD', 2) };

  test('a unit that gave it back does not get it again from a dispatcher, in any way', () => {
    given(after(...pingPong))
      .when(decideReturn(80, backToLead))
      .thenRefused('RETURNED_BEFORE', { departmentId: LEAD });
    given(after(...passedOn))
      .when(addDepartment(80, { task: assignment(80, LEAD, 'ASSIST', 2) }))
      .thenRefused('RETURNED_BEFORE', { departmentId: LEAD });
    given(after(...passedOn))
      .when(changeLead(80, { departmentId: LEAD, newTask: assignment(80, LEAD, 'LEAD', 2) }))
      .thenRefused('RETURNED_BEFORE', { departmentId: LEAD });
  });

  test('it goes to arbitration, which may well give it back, for good', () => {
    const opened = [...pingPong, openArbitration(80, THIRD)];
    const decision = arbitrate(90, {
      ...{ taskId: thirdTask, responsibleUnitId: LEAD, newTask: assignment(90, LEAD, 'LEAD', 2) },
    });
    given(after(...opened))
      .when(decision)
      .thenLike([{ type: 'ResponsibilityDecided', data: { responsibleUnitId: LEAD } }]);
    given(after(...opened, decision))
      .when(requestReturn(95, LEAD, { taskId: `${taskId}-2` }))
      .thenRefused('RETURN_OF_FINAL_DECISION');
  });
});

describe('arbitration by itself', () => {
  test('at the second return of a cycle, in the same command, with nobody left to decide the return', () => {
    given(after(...passedOn))
      .when(requestReturn(70, THIRD))
      .thenLike([
        { type: 'ReturnRequested', data: { ordinal: 2, deadlines: [] } },
        {
          type: 'ArbitrationOpened',
          occurredAt: at(70),
          data: {
            ...{ arbitrationId: 'arbitration-70', taskId: thirdTask, cause: 'RETURNS' },
            ...{ parties: [THIRD, STREET, LEAD], deadlines: [deadline(thirdTask, 'ARBITRATION', 70)] },
          },
        },
      ]);
    given(after(...passedOn, requestReturn(70, THIRD)))
      .when(decideReturn(80, { taskId: thirdTask }))
      .thenRefused('TASK_STATE', { state: 'IN_ARBITRATION' });
  });

  test.each([1, 2, 3])('after as many returns as the policy says: %d', (n) => {
    const limit = rulesWith({ returnsBeforeArbitration: n });
    const first = n === 1 ? ['ReturnRequested', 'ArbitrationOpened'] : ['ReturnRequested'];
    const second = n <= 2 ? ['ReturnRequested', 'ArbitrationOpened'] : ['ReturnRequested'];
    const typesOf = (history: IncidentEvent[], command: IncidentCommand) =>
      incidentDecider.decide(foldIncident(history), command).events?.map(({ type }) => type);
    expect(typesOf(after(...blown), requestReturn(20, LEAD, limit))).toEqual(first);
    expect(typesOf(after(...passedOn), requestReturn(70, THIRD, limit))).toEqual(second);
  });

  test('counts anew in a new cycle', () => {
    const again = after(
      ...[...passedOn, checkIn(70, THIRD), checkIn(75, ASSIST), complete(80, THIRD), complete(85, ASSIST)],
      ...[sample.check(90), sample.feedback(95), sample.close(100), reopen(110)],
      blow(120, { whistleId: 'whistle-2', tasks: [assignment(120, LEAD, 'LEAD', 2)] }),
    );
    given(again)
      .when(requestReturn(130, LEAD, { taskId: `${taskId}-2` }))
      .thenLike([{ type: 'ReturnRequested', data: { ordinal: 1 } }]);
  });
});

describe('the arbitrator', () => {
  const disputed = [...passedOn, requestReturn(70, THIRD, { suggestedUnitId: 'dp-power' })];
  const decision = (unit: string | null, responsibleUnitId = THIRD) =>
    arbitrate(90, {
      ...{ taskId: thirdTask, responsibleUnitId, origin: by(90, 'arbitrator', unit) },
      newTask: responsibleUnitId === THIRD ? null : assignment(90, responsibleUnitId, 'LEAD', 2),
    });

  test.each([
    ['the department that has it', THIRD],
    ['the one that gave it back before', LEAD],
    ['the street that dispatched it', STREET],
    ['a unit that was suggested', 'dp-power'],
  ])('is not %s', (_, unit) => {
    given(after(...disputed))
      .when(decision(unit))
      .thenRefused('ARBITRATOR_IS_PARTY');
  });

  test('does not decide for or against its own unit', () => {
    given(after(...disputed))
      .when(decision('dp-fire', 'dp-fire'))
      .thenRefused('ARBITRATOR_IS_PARTY');
  });

  test('of the district decides', () => {
    given(after(...disputed))
      .when(decision('di-qinghe'))
      .thenLike([{ type: 'ResponsibilityDecided', data: { arbitratingUnitId: 'di-qinghe' } }]);
  });
});

describe('a decision on responsibility', () => {
  const inArbitration = [...blown, openArbitration(30)];

  test('asked for by the dispatch, that leaves the task where it is is final and books it nothing', () => {
    given(after(...inArbitration))
      .when(arbitrate(50))
      .then([
        {
          type: 'ResponsibilityDecided',
          occurredAt: at(50),
          data: {
            ...{ arbitrationId: 'arbitration-30', taskId, arbitratingUnitId: 'di-qinghe' },
            ...{ responsibleUnitId: LEAD, rule: 'STATUTORY_FUNCTION', reason: arbitrate(50).reason },
            ...{ newTask: null, lostTime: [] },
            catalogueProposal: {
              ...{ category: 'sewer-blockage', areaId: STREET, departmentId: LEAD },
              basis: arbitrate(50).reason,
            },
          },
        },
      ]);
    const decided = after(...inArbitration, arbitrate(50));
    expect(foldIncident(decided).tasks[0]).toMatchObject({ state: 'ACKNOWLEDGED', final: true });
    given(decided).when(requestReturn(60)).thenRefused('RETURN_OF_FINAL_DECISION');
    given(decided).when(openArbitration(60)).thenRefused('RETURN_OF_FINAL_DECISION');
  });

  test('that leaves the task with a department that asked to return it books it all the time', () => {
    given(after(...blown, requestReturn(20), openArbitration(30)))
      .when(arbitrate(50))
      .thenLike([{ data: { newTask: null, lostTime: [departmentLost(10, 50)] } }]);
  });

  test('that leaves it there lets the clocks be read again', () => {
    given(after(...inArbitration))
      .when(alarm(checkInDue + 1, deadlineIdOf(taskId, 'CHECK_IN')))
      .thenNothing();
    given(after(...inArbitration))
      .when(arbitrate(checkInDue + 10))
      .thenLike([
        { type: 'ResponsibilityDecided' },
        { type: 'TaskOverdue', occurredAt: at(checkInDue), data: { timer: 'CHECK_IN' } },
      ]);
  });

  test('for another unit ends the task, begins that unit’s, and is final for it', () => {
    const decision = arbitrate(50, {
      responsibleUnitId: THIRD,
      newTask: assignment(50, THIRD, 'LEAD'),
      rule: 'TERRITORIAL_RESPONSIBILITY',
    });
    given(after(...inArbitration))
      .when(decision)
      .thenLike([{ data: { newTask: { departmentId: THIRD }, lostTime: [dispatchLost(10, 50)] } }]);
    const decided = after(...inArbitration, decision);
    expect(foldIncident(decided).tasks).toMatchObject([
      { taskId, state: 'RETURNED' },
      { departmentId: ASSIST },
      { taskId: thirdTask, role: 'LEAD', state: 'NOTIFIED', final: true },
    ]);
    given(decided).when(requestReturn(60, THIRD)).thenRefused('RETURN_OF_FINAL_DECISION');
  });

  test('gives the new task the role of the old one, whatever the command says of it', () => {
    given(after(...inArbitration))
      .when(arbitrate(50, { responsibleUnitId: THIRD, newTask: assignment(50, THIRD, 'ASSIST') }))
      .thenLike([{ data: { newTask: { departmentId: THIRD, role: 'LEAD' } } }]);
  });

  test('for a unit without saying what it owes is refused', () => {
    given(after(...inArbitration))
      .when(arbitrate(50, { responsibleUnitId: THIRD }))
      .thenRefused('RETURN_NEEDS_UNIT');
    given(after(...inArbitration))
      .when(arbitrate(50, { responsibleUnitId: THIRD, newTask: assignment(50, 'dp-power', 'LEAD') }))
      .thenRefused('RETURN_NEEDS_UNIT');
  });

  test('for a department that assists makes it lead, and is as final for the task it has', () => {
    const decision = arbitrate(50, { responsibleUnitId: ASSIST });
    given(after(...inArbitration))
      .when(decision)
      .thenLike([
        { type: 'ResponsibilityDecided', data: { newTask: null } },
        { type: 'LeadChanged', data: { toTaskId: taskIdOf(ASSIST), toDepartmentId: ASSIST } },
      ]);
    given(after(...inArbitration, decision))
      .when(requestReturn(60, ASSIST))
      .thenRefused('RETURN_OF_FINAL_DECISION');
  });

  test('after check-in leaves the department where it was', () => {
    const decided = after(...blown, checkIn(20), openArbitration(30), arbitrate(50));
    expect(foldIncident(decided).tasks[0]).toMatchObject({ state: 'CHECKED_IN', final: true });
  });

  test('that comes too late is the incident’s breach, and lifts the order about it', () => {
    const due = 30 + days(1);
    given(after(...inArbitration))
      .when(arbitrate(due + 1))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: at(due), data: { timer: 'ARBITRATION' } },
        { type: 'ResponsibilityDecided' },
        { type: 'TaskOverdue', data: { timer: 'CHECK_IN' } },
      ]);
    given(after(...inArbitration, alarm(due + 1, arbitrationId)))
      .when(arbitrate(due + 2))
      .thenLike([
        { type: 'ResponsibilityDecided' },
        { type: 'SupervisionLifted', data: { supervisionId: `${arbitrationId}-0`, taskId: null } },
        { type: 'TaskOverdue', data: { timer: 'CHECK_IN' } },
      ]);
  });

  test('nobody has asked for is refused', () => {
    given(after(...blown))
      .when(arbitrate(50))
      .thenRefused('TASK_STATE', { state: 'NOTIFIED', allowed: ['IN_ARBITRATION'] });
    given(after(...blown))
      .when(arbitrate(50, { taskId: 'task-unknown' }))
      .thenRefused('TASK_NOT_FOUND');
  });
});

describe('who bears the time lost', () => {
  test.each([
    ['RESTART', [dispatchLost(10, 60)]],
    ['CONTINUE', [dispatchLost(10, 60)]],
    ['APPORTION', [departmentLost(10, 20), dispatchLost(20, 60)]],
  ] as const)('by a return that was accepted, with %s', (clockOnReturn, lostTime) => {
    given(after(...asked))
      .when(decideReturn(60, rulesWith({ clockOnReturn })))
      .thenLike([{ type: 'ReturnAccepted', data: { lostTime } }]);
  });

  test.each(['RESTART', 'CONTINUE', 'APPORTION'] as const)(
    'by a return that was refused: the department, with %s as well',
    (clockOnReturn) => {
      given(after(...asked))
        .when(decideReturn(60, { accept: false, reason: '不成立', ...rulesWith({ clockOnReturn }) }))
        .thenLike([{ data: { lostTime: [departmentLost(10, 60)] } }]);
    },
  );

  test('first refused, then decided for another unit: what is booked stays booked', () => {
    const life = [
      ...asked,
      decideReturn(60, { accept: false, reason: '不成立' }),
      requestReturn(70),
      openArbitration(80),
      arbitrate(100, { responsibleUnitId: THIRD, newTask: assignment(100, THIRD, 'LEAD') }),
    ];
    expect(foldIncident(after(...life)).lostTime).toEqual([departmentLost(10, 60), dispatchLost(60, 100)]);
  });

  test('nobody answers for a month in which the incident was suspended', () => {
    const lostWhen = (decided: IncidentCommand) =>
      foldIncident(after(...asked, suspend(30), resume(days(30)), decided)).lostTime;
    const decidedAt = days(30) + 60;
    expect(lostWhen(decideReturn(decidedAt, { accept: false, reason: '不成立' }))).toEqual([
      departmentLost(10, 30),
      departmentLost(days(30), decidedAt),
    ]);
    expect(lostWhen(decideReturn(decidedAt, rulesWith({ clockOnReturn: 'APPORTION' })))).toEqual([
      departmentLost(10, 20),
      dispatchLost(20, 30),
      dispatchLost(days(30), decidedAt),
    ]);
  });

  test('of two departments one after the other, each from when it was summoned', () => {
    const life = [
      ...passedOn,
      requestReturn(70, THIRD),
      arbitrate(100, {
        ...{ taskId: thirdTask, responsibleUnitId: 'dp-power' },
        newTask: assignment(100, 'dp-power', 'LEAD'),
      }),
    ];
    expect(foldIncident(after(...life)).lostTime).toEqual([
      dispatchLost(10, 60),
      dispatchLost(60, 100, thirdTask),
    ]);
  });
});
