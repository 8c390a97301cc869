import { givenOf, historyOf } from '@shaoying/testing';
import { foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// How an incident ends other than by being closed, how it begins again, and what is said of it afterwards.

const { incidentDecider, at, hours, days, LEAD, ASSIST, THIRD, STREET, taskIdOf, deadlineIdOf, alarm } =
  sample;
const { report, verify, reject, file, blow, acknowledge, checkIn, startSelfHandling, completeSelfHandling } =
  sample;
const { escalate, check, feedback, correctFeedback, close, reopen, withdraw, voidIncident, fileAppeal } =
  sample;
const {
  decideAppeal,
  decideReporterFlag,
  flagReporter,
  filing,
  assignment,
  whistleLife,
  suspend,
  complete,
  importCase,
} = sample;
const {
  by,
  byCallback,
  byReporter,
  byStreet,
  byStreetLeader,
  byDepartment,
  bySupervision,
  receiptHash,
  REOPEN_WINDOW,
} = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const known = { anonymous: false, reporter: { subjectId: 's-1', keyId: 'k-1', ciphertext: 'AQID' } };
const reported = [report(0)];
const filed = [report(0), file(5)];
const blown = [...filed, blow(10)];
const closedAt = hours(41);
const wrongCode = { receiptHash: 'c'.repeat(64) };

describe('rejected', () => {
  test('before or after it was verified, with its reason code', () => {
    given(after(...reported))
      .when(reject(10))
      .then([
        {
          type: 'IncidentRejected',
          occurredAt: at(10),
          data: { reasonCode: 'NOT_FOUND_ON_SITE', reason: '现场未见', notice: null },
        },
      ]);
    given(after(...reported, verify(5)))
      .when(reject(10))
      .thenLike([{ type: 'IncidentRejected' }]);
  });

  test('with a word for the reporter, where there is somebody to be told', () => {
    given(after(report(0, known)))
      .when(reject(10))
      .thenRefused('NOTICE_REQUIRED');
    given(after(report(0, known)))
      .when(reject(10, { notice: '经现场核实未发现问题' }))
      .thenLike([{ data: { notice: '经现场核实未发现问题' } }]);
  });

  test('too late to verify is a breach, and ends the order about it', () => {
    const verifyId = deadlineIdOf('incident', 'VERIFY');
    given(after(...reported))
      .when(reject(hours(3)))
      .thenLike([{ type: 'IncidentOverdue', occurredAt: at(hours(2)) }, { type: 'IncidentRejected' }]);
    given(after(...reported, alarm(hours(3), verifyId)))
      .when(reject(hours(4)))
      .thenLike([{ type: 'IncidentRejected' }, { type: 'SupervisionLifted', data: { reason: 'ENDED' } }]);
  });
});

describe('verified', () => {
  test('is seen on site; the time to verify is met', () => {
    given(after(...reported))
      .when(verify(hours(2)))
      .thenLike([{ type: 'IncidentVerified', data: { note: '现场属实' } }]);
    given(after(...reported, verify(10)))
      .when(alarm(days(1), deadlineIdOf('incident', 'VERIFY')))
      .thenNothing();
  });
});

describe('escalated', () => {
  const held = [...filed, startSelfHandling(10)];

  test('goes back to be dispatched, at the higher level', () => {
    given(after(...held))
      .when(escalate(20))
      .thenLike([{ type: 'IncidentEscalated', data: { from: 'ESTATE', to: 'SUBDISTRICT' } }]);
    expect(foldIncident(after(...held, escalate(20)))).toMatchObject({
      ...{ lifecycle: 'FILED', mode: null, level: 'SUBDISTRICT' },
    });
  });

  test('upward only, and what it was escalated to is no more handled below', () => {
    given(after(...held))
      .when(escalate(20, { to: 'ESTATE' }))
      .thenRefused('LEVEL_NOT_HIGHER');
    given(after(...held, escalate(20)))
      .when(escalate(30, { to: 'COMMUNITY' }))
      .thenRefused('LEVEL_NOT_HIGHER');
    given(after(...held, escalate(20)))
      .when(startSelfHandling(30))
      .thenRefused('LEVEL_TOO_LOW');
  });

  test('not while departments handle it', () => {
    given(after(...blown))
      .when(escalate(20, { to: 'CITY' }))
      .thenRefused('INCIDENT_STATE', { state: 'HANDLING' });
  });

  test('is the level of its resolution, though nobody there did the work', () => {
    const life = [
      ...[...held, escalate(20), startSelfHandling(30, { level: 'SUBDISTRICT', handlingUnitId: STREET })],
      ...[completeSelfHandling(40), check(50), feedback(60)],
    ];
    given(after(...life))
      .when(close(70))
      .thenLike([{ type: 'IncidentClosed', data: { resolutionLevel: 'SUBDISTRICT' } }]);
  });
});

describe('withdrawn', () => {
  test('releases the departments, and counts against none of them', () => {
    given(after(...blown))
      .when(withdraw(20, { reason: '已自行解决' }))
      .then([
        {
          type: 'IncidentWithdrawn',
          occurredAt: at(20),
          data: { reason: '已自行解决', goesOn: false, taskIds: [taskIdOf(LEAD), taskIdOf(ASSIST)] },
        },
      ]);
    expect(foldIncident(after(...blown, withdraw(20)))).toMatchObject({
      ...{ lifecycle: 'WITHDRAWN', reporterWithdrew: true },
      ...{ tasks: [{ state: 'RELEASED' }, { state: 'RELEASED' }], whistles: [{ state: 'CANCELLED' }] },
    });
  });

  test('of a public hazard it goes on without its reporter', () => {
    const hazard = withdraw(20, { hazard: true });
    given(after(...blown))
      .when(hazard)
      .thenLike([{ type: 'IncidentWithdrawn', data: { goesOn: true, taskIds: [] } }]);
    const goingOn = after(...blown, hazard);
    expect(foldIncident(goingOn)).toMatchObject({ lifecycle: 'HANDLING', reporterWithdrew: true });
    given(goingOn)
      .when(acknowledge(30))
      .thenLike([{ type: 'TaskAcknowledged' }]);
    given(goingOn)
      .when(withdraw(30, { hazard: true }))
      .thenNothing();
  });

  test('with a wrong code is refused before anything is told', () => {
    given(after(...blown))
      .when(withdraw(20, wrongCode))
      .thenRefused('RECEIPT_CODE_WRONG');
    given(after(...whistleLife))
      .when(withdraw(days(3), wrongCode))
      .thenRefused('RECEIPT_CODE_WRONG');
  });

  test('once it is handled there is nothing to take back', () => {
    given(after(...whistleLife.slice(0, 8)))
      .when(withdraw(hours(21)))
      .thenRefused('INCIDENT_STATE', { state: 'CHECKING' });
  });

  test('keeps what was missed before, and ends every order', () => {
    const ackId = deadlineIdOf(taskIdOf(LEAD), 'ACKNOWLEDGE');
    given(after(...blown, acknowledge(15, ASSIST), alarm(11 + hours(1), ackId)))
      .when(withdraw(hours(3)))
      .thenLike([
        { type: 'IncidentWithdrawn' },
        { type: 'SupervisionLifted', data: { supervisionId: `${ackId}-0`, reason: 'ENDED' } },
      ]);
    given(after(...blown, acknowledge(15, ASSIST)))
      .when(withdraw(hours(3)))
      .thenLike([{ type: 'TaskOverdue', occurredAt: at(10 + hours(1)) }, { type: 'IncidentWithdrawn' }]);
  });

  test('and found to be a hazard is taken up again by an office, not by whoever withdrew it', () => {
    const withdrawn = after(...blown, withdraw(20));
    given(withdrawn)
      .when(reopen(30))
      .thenLike([{ type: 'IncidentReopened', data: { cycle: 2 } }, { type: 'IncidentFiled' }]);
    given(withdrawn)
      .when(reopen(30, { by: 'REPORTER', receiptHash, origin: byReporter(30) }))
      .thenRefused('INCIDENT_STATE', { state: 'WITHDRAWN', allowed: ['CLOSED'] });
  });
});

describe('voided', () => {
  const ofTheStreet = [report(0, { anonymous: false, origin: byStreet(0) })];

  test('by another person than whoever created it', () => {
    given(after(...ofTheStreet))
      .when(voidIncident(10))
      .thenRefused('VOID_BY_REPORTER');
    given(after(...ofTheStreet))
      .when(voidIncident(10, { origin: byStreetLeader(10) }))
      .then([{ type: 'IncidentVoided', occurredAt: at(10), data: { unitId: STREET, reason: '测试数据' } }]);
  });

  test('before anybody handles it', () => {
    given(after(...filed))
      .when(voidIncident(10))
      .thenLike([{ type: 'IncidentVoided' }]);
    given(after(...blown))
      .when(voidIncident(20))
      .thenRefused('INCIDENT_STATE', { state: 'HANDLING' });
  });
});

describe('the feedback window', () => {
  const windowId = deadlineIdOf(`feedback-${hours(30)}`, 'FEEDBACK_WINDOW');
  const checked = whistleLife.slice(0, 9);
  const over = hours(30) + days(14);

  test('over without a word closes the incident by itself, as of its end', () => {
    given(after(...checked))
      .when(alarm(over + 60, windowId))
      .thenLike([
        { type: 'IncidentOverdue', data: { timer: 'CALLBACK' } },
        { type: 'IncidentClosed', occurredAt: at(over), data: { resolutionLevel: 'DISTRICT' } },
      ]);
  });

  test('over with a word that nobody acted on closes it too', () => {
    given(after(...checked, feedback(hours(40))))
      .when(alarm(over + 60, windowId))
      .thenLike([{ type: 'IncidentClosed', occurredAt: at(over) }]);
  });

  test('not over, or sent back by that word, closes nothing', () => {
    given(after(...checked))
      .when(alarm(over, windowId))
      .thenLike([{ type: 'DeadlineWarned' }]);
    given(after(...checked, feedback(hours(40), { solved: 'UNSOLVED' })))
      .when(alarm(over + 60, windowId))
      .thenNothing();
  });
});

describe('corrected feedback', () => {
  test('stands beside what was said first', () => {
    given(after(...whistleLife))
      .when(correctFeedback(days(3)))
      .then([
        {
          type: 'FeedbackCorrected',
          occurredAt: at(days(3)),
          data: {
            ...{ cycle: 1, solved: 'PARTLY', satisfaction: 'DISSATISFIED', comment: null },
            ...{ source: 'CALLBACK', reason: '回访记录有误' },
          },
        },
      ]);
    expect(foldIncident(after(...whistleLife, correctFeedback(days(3)))).lifecycle).toBe('CLOSED');
  });

  test('needs something to correct, the right code, and no scored unit', () => {
    given(after(...whistleLife.slice(0, 9)))
      .when(correctFeedback(hours(39)))
      .thenRefused('FEEDBACK_NOT_RECORDED');
    given(after(...whistleLife))
      .when(correctFeedback(days(3), { source: 'REPORTER', ...wrongCode }))
      .thenRefused('RECEIPT_CODE_WRONG');
    given(after(...whistleLife))
      .when(correctFeedback(days(3), { origin: byDepartment(days(3), LEAD) }))
      .thenRefused('CALLBACK_BY_SCORED_UNIT');
  });

  test('also while it is handled again because of what was said', () => {
    given(after(...whistleLife.slice(0, 9), feedback(hours(40), { solved: 'UNSOLVED' })))
      .when(correctFeedback(hours(41)))
      .thenLike([{ type: 'FeedbackCorrected' }]);
  });
});

describe('reopened', () => {
  test('begins another cycle under what is in force then', () => {
    const pins = { ...filing(0).pins, policyVersion: 7, calendarVersion: 3 };
    const again = reopen(days(3), { pins });
    given(after(...whistleLife))
      .when(again)
      .then([
        {
          type: 'IncidentReopened',
          occurredAt: at(days(3)),
          data: { cycle: 2, by: 'OFFICE', unitId: STREET, reason: '问题反弹' },
        },
        {
          type: 'IncidentFiled',
          occurredAt: at(days(3)),
          data: { cycle: 2, pins, deadlines: again.deadlines },
        },
      ]);
    const state = foldIncident(after(...whistleLife, again));
    expect(state).toMatchObject({ lifecycle: 'FILED', cycle: 2, rework: 0, level: null, pins });
    // What the first cycle gave is history, and stays.
    expect(state.tasks.map((task) => [task.cycle, task.state])).toEqual([
      [1, 'DONE'],
      [1, 'DONE'],
    ]);
  });

  test('takes the level of its last cycle, and may be checked by who handled the first', () => {
    const life = [
      ...[
        ...whistleLife,
        reopen(days(3)),
        startSelfHandling(days(3) + 5),
        completeSelfHandling(days(3) + 10),
      ],
      ...[check(days(3) + 20, 'PASS', { origin: byDepartment(days(3) + 20, LEAD) }), feedback(days(3) + 30)],
    ];
    given(after(...life))
      .when(close(days(3) + 40))
      .thenLike([{ data: { cycle: 2, resolutionLevel: 'ESTATE' } }]);
  });

  test('by its reporter with the code, within the window, for every closing anew', () => {
    const byTheReporter = (minute: number, hash: string) =>
      reopen(minute, { by: 'REPORTER', receiptHash: hash, origin: byReporter(minute) });
    given(after(...whistleLife))
      .when(byTheReporter(days(3), wrongCode.receiptHash))
      .thenRefused('RECEIPT_CODE_WRONG');
    const until = closedAt + REOPEN_WINDOW;
    given(after(...whistleLife))
      .when(byTheReporter(until, receiptHash))
      .thenLike([{ data: { by: 'REPORTER' } }, { type: 'IncidentFiled' }]);
    given(after(...whistleLife))
      .when(byTheReporter(until + 1, receiptHash))
      .thenRefused('REOPEN_WINDOW_OVER');
    given(after(...whistleLife))
      .when(reopen(until + 1))
      .thenRefused('REOPEN_WINDOW_OVER');
  });

  test('where no window was said there is no end; a case of another system is not reopened here', () => {
    const noEnd = { closing: { reopenUntil: null, appealUntil: null } };
    given(after(...whistleLife.slice(0, 10), close(closedAt, noEnd)))
      .when(reopen(days(900)))
      .thenLike([{ type: 'IncidentReopened' }, { type: 'IncidentFiled' }]);
    given(after(importCase()))
      .when(reopen(days(500)))
      .thenRefused('REOPEN_WINDOW_OVER');
  });

  test('whistles again, to a department that gave it back in the cycle before', () => {
    const life = [...whistleLife, reopen(days(3))];
    const tasks = [assignment(days(3) + 10, LEAD, 'LEAD', 2)];
    given(after(...life))
      .when(blow(days(3) + 10, { whistleId: 'whistle-2', tasks }))
      .thenLike([{ type: 'WhistleBlown', data: { repeats: ['whistle-1'] } }]);
  });
});

describe('an appeal', () => {
  const closed = [...whistleLife];
  const until = closedAt + days(10);
  const filedAppeal = [...closed, fileAppeal(days(3))];

  test('of a unit that is scored, about one item', () => {
    given(after(...closed))
      .when(fileAppeal(days(3), { item: 'OVERDUE', itemId: deadlineIdOf(taskIdOf(LEAD), 'CHECK_IN') }))
      .then([
        {
          type: 'AppealFiled',
          occurredAt: at(days(3)),
          data: {
            ...{ appealId: `appeal-${days(3)}`, unitId: LEAD, item: 'OVERDUE', cycle: 1 },
            ...{ itemId: deadlineIdOf(taskIdOf(LEAD), 'CHECK_IN'), reason: '诉求不合理', evidence: [] },
          },
        },
      ]);
    given(after(...closed))
      .when(fileAppeal(days(3), { origin: byStreet(days(3)) }))
      .thenLike([{ data: { unitId: STREET } }]);
    given(after(...closed))
      .when(fileAppeal(days(3), { origin: byDepartment(days(3), THIRD) }))
      .thenRefused('APPEAL_BY_UNSCORED_UNIT');
  });

  test('is about something the incident has', () => {
    const rated = [...closed, sample.evaluateTask(days(2))];
    const { evaluationId } = sample.evaluateTask(days(2));
    given(after(...rated))
      .when(fileAppeal(days(3), { item: 'EVALUATION', itemId: evaluationId }))
      .thenLike([{ type: 'AppealFiled', data: { itemId: evaluationId } }]);
    for (const item of ['EVALUATION', 'OVERDUE', 'RETURN', 'RELEASE'] as const) {
      for (const itemId of [null, 'of another incident']) {
        given(after(...rated))
          .when(fileAppeal(days(3), { item, itemId }))
          .thenRefused('APPEAL_ITEM_UNKNOWN');
      }
    }
    given(after(...rated))
      .when(fileAppeal(days(3), { item: 'FEEDBACK', itemId: evaluationId }))
      .thenRefused('APPEAL_ITEM_UNKNOWN');
  });

  test('once for each item, within its window, of what is closed', () => {
    given(after(...filedAppeal))
      .when(fileAppeal(days(4)))
      .thenRefused('APPEAL_FILED');
    given(after(...filedAppeal))
      .when(fileAppeal(days(4), { item: 'RELEASE', itemId: taskIdOf(LEAD) }))
      .thenLike([{ type: 'AppealFiled' }]);
    given(after(...closed))
      .when(fileAppeal(until))
      .thenLike([{ type: 'AppealFiled' }]);
    given(after(...closed))
      .when(fileAppeal(until + 1))
      .thenRefused('APPEAL_WINDOW_OVER');
    given(after(...whistleLife.slice(0, 10)))
      .when(fileAppeal(hours(41)))
      .thenRefused('INCIDENT_STATE', { allowed: ['CLOSED'] });
  });

  test('is decided once, never by the unit that contests; an exclusion names what it leaves out', () => {
    const appealId = `appeal-${days(3)}`;
    given(after(...filedAppeal))
      .when(decideAppeal(days(4), appealId, { origin: byDepartment(days(4), LEAD) }))
      .thenRefused('APPEAL_DECIDED_BY_PARTY');
    given(after(...filedAppeal))
      .when(decideAppeal(days(4), appealId))
      .then([
        {
          type: 'ScoreExcluded',
          occurredAt: at(days(4)),
          data: {
            ...{ appealId, unitId: LEAD, item: 'FEEDBACK', itemId: null, cycle: 1 },
            ...{ decidingUnitId: 'sc-qinghe', reason: '超出职责' },
          },
        },
      ]);
    given(after(...filedAppeal))
      .when(decideAppeal(days(4), appealId, { exclude: false }))
      .thenLike([{ type: 'AppealRefused' }]);
    given(after(...filedAppeal, decideAppeal(days(4), appealId)))
      .when(decideAppeal(days(5), appealId))
      .thenRefused('APPEAL_DECIDED');
    given(after(...closed))
      .when(decideAppeal(days(4), 'unknown'))
      .thenRefused('APPEAL_NOT_FOUND');
  });

  test('is decided also after the incident was reopened, about the cycle it was filed in', () => {
    given(after(...filedAppeal, reopen(days(4))))
      .when(decideAppeal(days(5), `appeal-${days(3)}`))
      .thenLike([{ type: 'ScoreExcluded', data: { cycle: 1 } }]);
  });
});

describe('a flag on the reporter (edge case 21)', () => {
  const proposed = after(...blown, flagReporter(20));
  const flagId = 'flag-20';

  test('is proposed, and drops nothing', () => {
    given(after(...blown))
      .when(flagReporter(20))
      .then([
        {
          type: 'ReporterFlagProposed',
          occurredAt: at(20),
          data: {
            ...{ flagId, proposingUnitId: 'cb-qinghe', proposingRole: 'callback' },
            ...{ proposedBy: byCallback(20).actor.id, reason: '同一人重复来电' },
          },
        },
      ]);
    expect(foldIncident(proposed)).toMatchObject({ lifecycle: 'HANDLING' });
    given(proposed)
      .when(checkIn(30))
      .thenLike([{ type: 'TaskAcknowledged' }, { type: 'DepartmentCheckedIn' }]);
  });

  test('is approved or refused by another office', () => {
    given(proposed)
      .when(decideReporterFlag(30, flagId))
      .then([
        {
          type: 'ReporterFlagApproved',
          occurredAt: at(30),
          data: { flagId, approvingUnitId: 'sc-qinghe', reason: '经核对属实' },
        },
      ]);
    given(proposed)
      .when(decideReporterFlag(30, flagId, { approve: false, reason: '各次诉求不同' }))
      .then([
        {
          type: 'ReporterFlagRefused',
          occurredAt: at(30),
          data: { flagId, refusingUnitId: 'sc-qinghe', reason: '各次诉求不同' },
        },
      ]);
  });

  test('is not decided by whoever proposed it, by anybody of their office, or by the reporter', () => {
    const someone = (id: string, role: string, unit: string) => ({
      origin: { now: at(30), actor: { id, role, orgUnitId: unit } },
    });
    const { id } = byCallback(0).actor;
    given(proposed)
      .when(decideReporterFlag(30, flagId, someone(id, 'supervision-centre', 'sc-qinghe')))
      .thenRefused('FLAG_DECIDED_BY_PARTY');
    given(proposed)
      .when(decideReporterFlag(30, flagId, someone('u-other', 'callback', 'cb-qinghe')))
      .thenRefused('FLAG_DECIDED_BY_PARTY');
    // Another office of the same unit is another office.
    given(proposed)
      .when(decideReporterFlag(30, flagId, someone('u-other', 'supervision-centre', 'cb-qinghe')))
      .thenLike([{ type: 'ReporterFlagApproved' }]);
    const ownReport = report(0, { anonymous: false, origin: bySupervision(0) });
    given(after(ownReport, file(5), flagReporter(20)))
      .when(decideReporterFlag(30, flagId))
      .thenRefused('FLAG_DECIDED_BY_PARTY');
  });

  test('of the street is decided in the incident’s own street, or above it', () => {
    given(proposed)
      .when(decideReporterFlag(30, flagId, { origin: by(30, 'street-office', sample.OTHER_STREET) }))
      .thenRefused('INCIDENT_NOT_YOURS');
    given(proposed)
      .when(decideReporterFlag(30, flagId, { origin: byStreet(30) }))
      .thenLike([{ type: 'ReporterFlagApproved' }]);
  });

  test('one at a time, each decided once; after that another one may be proposed', () => {
    given(proposed).when(flagReporter(30)).thenRefused('FLAG_UNDECIDED');
    given(proposed).when(decideReporterFlag(30, 'flag-7')).thenRefused('FLAG_NOT_FOUND');
    const refused = [...blown, flagReporter(20), decideReporterFlag(30, flagId, { approve: false })];
    given(after(...refused))
      .when(decideReporterFlag(40, flagId))
      .thenRefused('FLAG_DECIDED');
    given(after(...refused))
      .when(flagReporter(40))
      .thenLike([{ type: 'ReporterFlagProposed', data: { flagId: 'flag-40' } }]);
  });

  test('of an older log stands, with nobody to decide on it', () => {
    const old: IncidentEvent = {
      type: 'ReporterFlagged',
      occurredAt: at(20),
      data: { unitId: 'sc-qinghe', reason: '同一人重复来电' },
    };
    given([...after(...blown), old])
      .when(decideReporterFlag(30, flagId))
      .thenRefused('FLAG_NOT_FOUND');
    given([...after(...blown), old])
      .when(checkIn(30))
      .thenLike([{ type: 'TaskAcknowledged' }, { type: 'DepartmentCheckedIn' }]);
  });
});

test('whoever reported it does not check it', () => {
  const own = { anonymous: false, origin: bySupervision(0) };
  const handled = [report(0, own), ...whistleLife.slice(1, 8)];
  given(after(...handled))
    .when(check(hours(30)))
    .thenRefused('CHECKER_IS_REPORTER');
  given(after(...handled))
    .when(check(hours(30), 'PASS', { origin: by(hours(30), 'supervision-centre', 'sc-other') }))
    .thenLike([{ type: 'CheckPassed' }]);
});

test('suspended it can be withdrawn, and its departments are released', () => {
  given(after(...blown, suspend(20)))
    .when(withdraw(days(1)))
    .thenLike([
      { type: 'IncidentWithdrawn', data: { goesOn: false, taskIds: [taskIdOf(LEAD), taskIdOf(ASSIST)] } },
    ]);
  given(after(...blown, suspend(20), withdraw(days(1))))
    .when(complete(days(2)))
    .thenRefused('INCIDENT_STATE', { state: 'WITHDRAWN' });
});

test('what was handled, rated and closed once is not voided when it is taken up again', () => {
  given(after(...whistleLife, reopen(hours(50))))
    .when(voidIncident(hours(51), { origin: byStreetLeader(hours(51)) }))
    .thenRefused('INCIDENT_STATE', { state: 'FILED' });
});

test('what was proposed about the cycle before is not blown in the next one', () => {
  const proposed = blow(6, { whistleId: 'whistle-0', whistle: 'KEY_WORK' });
  const life = [
    ...[...filed, proposed, startSelfHandling(10), completeSelfHandling(20), check(30), feedback(40)],
    ...[close(50), reopen(60)],
  ];
  given(after(...life))
    .when(sample.approveWhistle(70, { whistleId: 'whistle-0' }))
    .thenRefused('WHISTLE_STATE', { state: 'PROPOSED' });
});

test('a whistle blown in error leaves the estate free to handle it; what was handed up does not', () => {
  given(after(...blown, sample.cancelWhistle(20)))
    .when(startSelfHandling(30))
    .thenLike([{ type: 'SelfHandlingStarted', data: { level: 'ESTATE' } }]);
  given(after(...filed, escalate(10)))
    .when(startSelfHandling(30))
    .thenRefused('LEVEL_TOO_LOW');
});
