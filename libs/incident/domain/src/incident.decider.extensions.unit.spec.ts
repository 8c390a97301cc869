import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, handlingDeadlineOf, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 延期: asked by the lead before the time is over, approved by whoever the how-manieth it is says.

const { incidentDecider, rules, at, hours, days, LEAD, ASSIST, THIRD, STREET, taskIdOf, deadlineIdOf } =
  sample;
const { report, file, blow, acknowledge, checkIn, complete, progress, alarm, assignment, deadline } = sample;
const { requestExtension, extensionDecision, decideExtension, movedBy, bySupervision, byDepartment, check } =
  sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const handlingId = deadlineIdOf(taskId, 'HANDLING');
const due = 10 + days(3);
const blown = [report(0), file(5), blow(10)];
const working = [...blown, checkIn(60)];
const { requestReturn, decideReturn } = sample;
const asked = [...working, requestExtension(100)];
/** Under a policy that sets no time to decide: what the decision does to the task alone. */
const askedUntimed = [...working, requestExtension(100, LEAD, { deadlines: [] })];
const survey = { ...deadline('survey', 'HANDLING', 10), stage: 'SURVEY', dueAt: at(days(1)) };
const repair = { ...deadline('repair', 'HANDLING', 10), stage: 'REPAIR' };
const staged = [{ ...assignment(10, LEAD, 'LEAD'), deadlines: [survey, repair] }];

/** A day more than the deadline has by then. */
const grantAfter = (life: readonly IncidentCommand[], minute: number, more = {}) => {
  const handling = handlingDeadlineOf(foldIncident(after(...life)).tasks[0]!)!;
  return decideExtension(minute, { moves: movedBy([handling], days(1)), ...more });
};

describe('asking', () => {
  test('says how much more, why, and the how-manieth it is', () => {
    given(after(...working))
      .when(requestExtension(100))
      .then([
        {
          type: 'ExtensionRequested',
          occurredAt: at(100),
          data: {
            ...{ extensionId: 'extension-100', taskId, departmentId: LEAD, ordinal: 1, amount: 1 },
            ...{ unit: 'WORKING_DAY', reason: '等待配件', deadlines: [extensionDecision(100)] },
          },
        },
      ]);
  });

  test('is the lead’s, once it has the task', () => {
    given(after(...working, checkIn(70, ASSIST)))
      .when(requestExtension(100, ASSIST))
      .thenRefused('NOT_THE_LEAD');
    given(after(report(0), file(5), blow(10)))
      .when(requestExtension(20))
      .thenRefused('TASK_STATE', { state: 'NOTIFIED' });
    given(after(report(0), file(5), blow(10), acknowledge(15)))
      .when(requestExtension(20))
      .thenLike([{ type: 'ExtensionRequested' }]);
  });

  test('at the due instant is in time, a minute later refused (edge case 28)', () => {
    given(after(...working))
      .when(requestExtension(due))
      .thenLike([{ type: 'ExtensionRequested' }]);
    given(after(...working))
      .when(requestExtension(due + 1))
      .thenRefused('EXTENSION_AFTER_DUE');
  });

  test('while another is undecided is refused', () => {
    given(after(...asked))
      .when(requestExtension(110))
      .thenRefused('EXTENSION_UNDECIDED');
  });

  test('of a task without a deadline is refused', () => {
    const tasks = [{ ...assignment(10, LEAD, 'LEAD'), deadlines: [] }];
    given(after(report(0), file(5), blow(10, { tasks }), checkIn(60)))
      .when(requestExtension(100))
      .thenRefused('EXTENSION_WITHOUT_DEADLINE');
  });

  test('more often than the policy allows is refused; one that was refused is not counted', () => {
    const once = [...asked, grantAfter(asked, 110)];
    const twice = [...once, requestExtension(120)];
    const used = [...twice, grantAfter(twice, 130, { origin: bySupervision(130) })];
    given(after(...once))
      .when(requestExtension(120))
      .thenLike([{ data: { ordinal: 2 } }]);
    given(after(...used))
      .when(requestExtension(140))
      .thenRefused('EXTENSIONS_USED_UP', { max: 2 });
    given(after(...asked, decideExtension(110, { grant: false, reason: '理由不足' })))
      .when(requestExtension(120))
      .thenLike([{ data: { ordinal: 1 } }]);
  });
});

describe('the approver', () => {
  const first = after(...asked);
  const second = after(...asked, grantAfter(asked, 110), requestExtension(120));

  test('of the first is the street, of the second the supervision centre', () => {
    given(first)
      .when(decideExtension(130))
      .thenLike([{ type: 'ExtensionGranted' }]);
    given(first)
      .when(decideExtension(130, { origin: bySupervision(130) }))
      .thenRefused('EXTENSION_APPROVER', { roles: ['street-office'] });
    given(second)
      .when(decideExtension(130))
      .thenRefused('EXTENSION_APPROVER', { roles: ['supervision-centre'] });
    given(second)
      .when(decideExtension(130, { origin: bySupervision(130) }))
      .thenLike([{ type: 'ExtensionGranted', data: { ordinal: 2 } }]);
  });

  test('of any further one is the last that the policy names', () => {
    const one = { ...rules, extensions: { max: 5, approvers: [['street-office']] } };
    given(second)
      .when(decideExtension(130, { rules: one }))
      .thenLike([{ type: 'ExtensionGranted' }]);
    const nobody = { ...rules, extensions: { max: 5, approvers: [] } };
    given(second)
      .when(decideExtension(130, { rules: nobody }))
      .thenRefused('EXTENSION_APPROVER', { roles: [] });
  });

  test('is never the department that asks', () => {
    const departments = { ...rules, extensions: { max: 2, approvers: [['department']] } };
    given(first)
      .when(decideExtension(130, { rules: departments, origin: byDepartment(130, LEAD) }))
      .thenRefused('EXTENSION_APPROVER');
    given(first)
      .when(decideExtension(130, { rules: departments, origin: byDepartment(130, THIRD) }))
      .thenLike([{ type: 'ExtensionGranted' }]);
  });

  test('who refuses says why; where nobody has asked there is nothing to decide', () => {
    given(first)
      .when(decideExtension(130, { grant: false }))
      .thenRefused('EXTENSION_NEEDS_REASON');
    given(after(...working))
      .when(decideExtension(130))
      .thenRefused('EXTENSION_NOT_ASKED');
  });
});

describe('granted', () => {
  const moves = movedBy([deadline(taskId, 'HANDLING', 10)], days(1));

  test('moves the deadline of the handling', () => {
    given(after(...asked))
      .when(decideExtension(130))
      .then([
        {
          type: 'ExtensionGranted',
          occurredAt: at(130),
          data: {
            ...{ extensionId: 'extension-100', taskId, departmentId: LEAD, ordinal: 1 },
            ...{ approvingUnitId: STREET, moves },
          },
        },
      ]);
    const granted = after(...asked, decideExtension(130));
    given(granted)
      .when(alarm(due + days(1), handlingId))
      .thenLike([{ type: 'DeadlineWarned', data: { dueAt: at(due + days(1)) } }]);
    given(granted)
      .when(alarm(due + days(1) + 1, handlingId))
      .thenLike([{ type: 'TaskOverdue', occurredAt: at(due + days(1)) }, { type: 'SupervisionIssued' }]);
    given(granted)
      .when(complete(due + days(1)))
      .thenLike([{ type: 'TaskCompleted', data: { dueAt: at(due + days(1)), late: false } }]);
  });

  test('is warned of anew, where the new warning is still to come', () => {
    const life = [...working, alarm(due - 60, handlingId), requestExtension(due - 30)];
    const history = after(...life, grantAfter(life, due - 20));
    expect(history.filter(({ type }) => type === 'DeadlineWarned')).toHaveLength(1);
    given(history)
      .when(alarm(due + days(1), handlingId))
      .thenLike([{ type: 'DeadlineWarned', data: { dueAt: at(due + days(1)) } }]);
  });

  test('moves nothing else: not the check-in, not another task', () => {
    const others = [
      deadline(taskId, 'CHECK_IN', 10),
      deadline(taskIdOf(ASSIST), 'HANDLING', 10),
      deadline('incident', 'INCIDENT_TOTAL', 5),
    ];
    given(after(...asked))
      .when(decideExtension(130, { moves: movedBy(others, days(1)) }))
      .thenLike([{ data: { moves: [] } }]);
  });

  test('after the deadline has passed makes good that it was undecided', () => {
    given(after(...askedUntimed))
      .when(decideExtension(due + 60))
      .thenLike([{ type: 'ExtensionGranted' }]);
    const granted = foldIncident(after(...askedUntimed, decideExtension(due + 60)));
    expect(granted.tasks[0]?.breached).toEqual([]);
  });

  test('after even the new deadline has passed records that one’s breach', () => {
    given(after(...askedUntimed))
      .when(decideExtension(due + days(2)))
      .thenLike([
        { type: 'ExtensionGranted' },
        { type: 'TaskOverdue', occurredAt: at(due + days(1)), data: { deadlineId: handlingId } },
      ]);
  });
});

describe('undecided', () => {
  test('holds the breach back', () => {
    given(after(...asked))
      .when(alarm(due + 1, handlingId))
      .thenNothing();
  });

  test('then refused: the breach, at the instant it was due', () => {
    given(after(...askedUntimed))
      .when(decideExtension(due + 60, { grant: false, reason: '理由不足' }))
      .then([
        {
          type: 'ExtensionRefused',
          occurredAt: at(due + 60),
          data: {
            ...{ extensionId: 'extension-100', taskId, departmentId: LEAD, ordinal: 1 },
            ...{ refusingUnitId: STREET, reason: '理由不足' },
          },
        },
        {
          type: 'TaskOverdue',
          occurredAt: at(due),
          data: { taskId, departmentId: LEAD, deadlineId: handlingId, timer: 'HANDLING', dueAt: at(due) },
        },
      ]);
  });

  test('and completed too late: late, with its breach; the question is over', () => {
    given(after(...askedUntimed))
      .when(complete(due + 1))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(due), data: { deadlineId: handlingId } },
        { type: 'TaskCompleted', data: { late: true } },
      ]);
    given(after(...askedUntimed, complete(due + 1)))
      .when(decideExtension(due + 2))
      .thenRefused('EXTENSION_NOT_ASKED');
  });

  test('and given back: there is nothing left to extend', () => {
    const returned = [...blown, acknowledge(15), requestExtension(20), requestReturn(30), decideReturn(40)];
    given(after(...returned))
      .when(decideExtension(50))
      .thenRefused('EXTENSION_NOT_ASKED');
  });

  test('and completed in time, then sent back: the clock is read as ever', () => {
    const sentBack = [...asked, complete(hours(10)), checkIn(hours(11), ASSIST), complete(hours(12), ASSIST)];
    given(after(...sentBack, check(hours(13), 'FAIL')))
      .when(alarm(due + 1, handlingId))
      .thenLike([{ type: 'TaskOverdue', data: { deadlineId: handlingId } }, { type: 'SupervisionIssued' }]);
  });

  test('and a stage completed too late: late, with its breach', () => {
    given(after(report(0), file(5), blow(10, { tasks: staged }), checkIn(60), requestExtension(100)))
      .when(progress(days(1) + 1, LEAD, { stage: 'SURVEY' }))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(days(1)), data: { deadlineId: 'survey:HANDLING' } },
        { type: 'TaskStageCompleted', data: { late: true } },
      ]);
  });
});

test('a deadline that was missed is not moved: of a staged handling only what is ahead', () => {
  const missed = alarm(days(2), 'survey:HANDLING');
  const life = [report(0), file(5), blow(10, { tasks: staged }), checkIn(60), missed];
  given(after(...life, requestExtension(days(2) + 10)))
    .when(decideExtension(days(2) + 20, { moves: movedBy([survey, repair], days(1)) }))
    .thenLike([{ data: { moves: [{ deadlineId: 'repair:HANDLING' }] } }]);
});

describe('the time to decide', () => {
  const decision = extensionDecision(100);
  const decisionDue = 100 + hours(4);
  const decisionId = decision.deadlineId;

  test('at its due instant is in time; too late it is the dispatch’s breach, and the order about it is lifted', () => {
    given(after(...asked))
      .when(decideExtension(decisionDue))
      .thenLike([{ type: 'ExtensionGranted' }]);
    given(after(...asked))
      .when(decideExtension(decisionDue + 1))
      .thenLike([
        {
          type: 'IncidentOverdue',
          occurredAt: at(decisionDue),
          data: { timer: 'EXTENSION_DECISION', deadlineId: decisionId, cycle: 1 },
        },
        { type: 'ExtensionGranted' },
      ]);
    given(after(...asked, alarm(decisionDue + 1, decisionId)))
      .when(decideExtension(decisionDue + 2, { grant: false, reason: '理由不足' }))
      .thenLike([
        { type: 'ExtensionRefused' },
        { type: 'SupervisionLifted', data: { supervisionId: `${decisionId}-0`, reason: 'MET' } },
      ]);
  });

  test('is warned of, missed and supervised, and nothing is granted or refused by silence', () => {
    given(after(...asked))
      .when(alarm(decisionDue - 1, decisionId))
      .thenLike([
        { type: 'DeadlineWarned', data: { timer: 'EXTENSION_DECISION', taskId: null, departmentId: null } },
      ]);
    const missed = [...asked, alarm(decisionDue + 1, decisionId)];
    given(after(...asked))
      .when(alarm(decisionDue + 1, decisionId))
      .thenLike([
        { type: 'IncidentOverdue', occurredAt: at(decisionDue) },
        { type: 'SupervisionIssued', data: { taskId: null, departmentId: null, step: 1 } },
      ]);
    // The department is not late by it: the decision says whose time it was.
    given(after(...missed))
      .when(alarm(due + 1, handlingId))
      .thenNothing();
    given(after(...missed))
      .when(decideExtension(due + 10, { grant: false, reason: '理由不足' }))
      .thenLike([
        { type: 'ExtensionRefused' },
        { type: 'SupervisionLifted' },
        { type: 'TaskOverdue', occurredAt: at(due), data: { deadlineId: handlingId } },
      ]);
  });

  test('ends with the task: what was missed by then is on record, and the order about it is lifted', () => {
    given(after(...asked))
      .when(complete(decisionDue))
      .thenLike([{ type: 'TaskCompleted' }]);
    given(after(...asked))
      .when(complete(decisionDue + 1))
      .thenLike([{ type: 'IncidentOverdue', data: { deadlineId: decisionId } }, { type: 'TaskCompleted' }]);
    given(after(...asked, alarm(decisionDue + 1, decisionId)))
      .when(complete(decisionDue + 2))
      .thenLike([
        { type: 'TaskCompleted' },
        { type: 'SupervisionLifted', data: { supervisionId: `${decisionId}-0`, reason: 'ENDED' } },
      ]);
    const checked = [...asked, checkIn(110, ASSIST), complete(200), complete(210, ASSIST)];
    given(after(...checked))
      .when(alarm(decisionDue + 1, decisionId))
      .thenNothing();
  });

  test('goes on while the task is given back, and is over with who had it', () => {
    const early = [...blown, acknowledge(15), requestExtension(20), requestReturn(25)];
    const earlyId = extensionDecision(20).deadlineId;
    given(after(...early))
      .when(alarm(20 + hours(4) + 1, earlyId))
      .thenLike([{ type: 'IncidentOverdue' }, { type: 'SupervisionIssued' }]);
    given(after(...early, decideReturn(30)))
      .when(alarm(20 + hours(4) + 1, earlyId))
      .thenNothing();
  });

  test('of one extension is not that of the next one', () => {
    const again = [...asked, grantAfter(asked, 110), requestExtension(days(1), LEAD, { deadlines: [] })];
    given(after(...again))
      .when(alarm(days(2), decisionId))
      .thenNothing();
    given(after(...again))
      .when(decideExtension(days(2), { origin: bySupervision(days(2)) }))
      .thenLike([{ type: 'ExtensionGranted' }]);
  });

  test('is moved by a suspension of its own length', () => {
    const suspended = [...asked, sample.suspend(130)];
    const moves = sample.movesAfterPause(foldIncident(after(...suspended)), 130 + days(2));
    const resumed = [...suspended, sample.resume(130 + days(2), { moves })];
    given(after(...suspended))
      .when(alarm(decisionDue + 1, decisionId))
      .thenNothing();
    given(after(...resumed))
      .when(decideExtension(decisionDue + days(2)))
      .thenLike([{ type: 'ExtensionGranted' }]);
  });
});
