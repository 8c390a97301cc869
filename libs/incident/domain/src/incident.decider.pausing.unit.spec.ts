import { givenOf, historyOf } from '@shaoying/testing';
import {
  everyDeadline,
  foldIncident,
  LIFECYCLES,
  type IncidentCommand,
  type IncidentEvent,
  type Lifecycle,
} from './index.js';
import * as sample from './testing/index.js';

// 挂账 and 并案: what makes the clocks of an incident stand still, and what becomes of them.

const { incidentDecider, at, hours, days, LEAD, ASSIST, taskIdOf, deadlineIdOf, TOTAL, by } = sample;
const { report, file, blow, acknowledge, checkIn, alarm, deadline, movedBy, receiptHash } = sample;
const { startSelfHandling, requestReturn, decideReturn, requestExtension, decideExtension, reject } = sample;
const { suspend, resume, renew, merge, unmerge, joinDuplicate, leaveDuplicate, movesAfterPause } = sample;
const {
  byCommunity,
  byStreet,
  byReporter,
  feedback,
  withdraw,
  voidIncident,
  reopen,
  reschedule,
  INCIDENT_ID,
  TARGET_ID,
  STREET,
} = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const taskId = taskIdOf(LEAD);
const idOf = (timer: Parameters<typeof deadlineIdOf>[1]): string => deadlineIdOf(taskId, timer);
const [checkInDue, windowDue, handlingDue] = [10 + hours(8), 10 + hours(4), 10 + days(3)];
const blown = [report(0), file(5), blow(10)];
const handled = [...blown, acknowledge(15), acknowledge(16, ASSIST)];
const suspended = [...handled, suspend(100)];

const resumeOf = (life: readonly IncidentCommand[], minute: number) =>
  resume(minute, { moves: movesAfterPause(foldIncident(after(...life)), minute) });
const unmergeOf = (life: readonly IncidentCommand[], minute: number) =>
  unmerge(minute, { moves: movesAfterPause(foldIncident(after(...life)), minute) });
const dueOf = (life: readonly IncidentCommand[], deadlineId: string): string | undefined =>
  everyDeadline(foldIncident(after(...life))).find((known) => known.deadlineId === deadlineId)?.dueAt;

describe('suspension', () => {
  test('says why, until when, and how much of the time was used up', () => {
    given(after(...handled))
      .when(suspend(100))
      .then([
        {
          type: 'IncidentSuspended',
          occurredAt: at(100),
          data: {
            ...{ reasonCode: 'NEEDS_FUNDS', reason: '待财政立项', approvingUnitId: 'sc-qinghe' },
            ...{ reviewAt: at(100 + days(30)), usedPercent: 10, deadlines: suspend(100).deadlines },
            usedTime: { usedMs: 1_080_000, allowedMs: 10_800_000 },
          },
        },
      ]);
  });

  test('needs a review that lies ahead', () => {
    given(after(...handled))
      .when(suspend(100, { reviewAt: at(100) }))
      .thenRefused('REVIEW_NOT_AHEAD');
  });

  test('is approved above whoever handles it', () => {
    const own = after(report(0), file(5), startSelfHandling(10));
    given(own)
      .when(suspend(100, { origin: byCommunity(100) }))
      .thenRefused('APPROVER_NOT_ABOVE_HANDLER');
    given(own)
      .when(suspend(100, { origin: byStreet(100) }))
      .thenLike([{ type: 'IncidentSuspended' }]);
    given(after(...handled))
      .when(suspend(100, { origin: byStreet(100) }))
      .thenRefused('APPROVER_NOT_ABOVE_HANDLER');
    given(after(report(0), file(5)))
      .when(suspend(50, { origin: byStreet(50) }))
      .thenLike([{ type: 'IncidentSuspended' }]);
  });

  test('never works backwards: what was missed before the approval was missed', () => {
    given(after(...handled))
      .when(suspend(checkInDue + 10))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(checkInDue), data: { departmentId: LEAD } },
        { type: 'TaskOverdue', occurredAt: at(checkInDue), data: { departmentId: ASSIST } },
        { type: 'IncidentSuspended' },
      ]);
  });

  test.each(['CHECK_IN', 'HANDLING', 'RETURN_WINDOW'] as const)('stops %s', (timer) => {
    given(after(...suspended))
      .when(alarm(days(20), idOf(timer)))
      .thenNothing();
    given(after(...suspended))
      .when(alarm(days(20), TOTAL))
      .thenNothing();
  });

  test('lets nobody work on it', () => {
    given(after(...suspended))
      .when(checkIn(110))
      .thenRefused('INCIDENT_STATE', { state: 'SUSPENDED' });
  });

  describe('review', () => {
    const due = 100 + days(30);
    const reviewId = deadlineIdOf('suspension-100', 'SUSPENSION_REVIEW');

    test('missed is a breach of the incident', () => {
      given(after(...suspended))
        .when(alarm(due + 1, reviewId))
        .thenLike([
          { type: 'IncidentOverdue', occurredAt: at(due), data: { timer: 'SUSPENSION_REVIEW' } },
          { type: 'SupervisionIssued', data: { deadlineId: reviewId } },
        ]);
    });

    test('may renew it: the next review counts from there, the order about the last one is lifted', () => {
      given(after(...suspended, alarm(due + 1, reviewId)))
        .when(renew(due + 10))
        .thenLike([
          { type: 'SuspensionRenewed', data: { reviewAt: at(due + 10 + days(30)) } },
          { type: 'SupervisionLifted', data: { supervisionId: `${reviewId}-0`, reason: 'MET' } },
        ]);
      const renewed = after(...suspended, renew(days(20)));
      expect(foldIncident(renewed)).toMatchObject({ lifecycle: 'SUSPENDED', pausedAt: at(100) });
      given(renewed)
        .when(alarm(due + 1, reviewId))
        .thenNothing();
    });

    test('renewing it needs who may approve it, and a date ahead; resuming does not', () => {
      const byTheStreet = { origin: byStreet(days(20)) };
      given(after(...suspended))
        .when({ ...renew(days(20)), ...byTheStreet })
        .thenRefused('APPROVER_NOT_ABOVE_HANDLER');
      given(after(...suspended))
        .when(resume(days(20), { renewUntil: at(days(20)) }))
        .thenRefused('REVIEW_NOT_AHEAD');
      given(after(...suspended))
        .when(resume(days(20), byTheStreet))
        .thenLike([{ type: 'IncidentResumed' }]);
    });

    test('too late proves its own breach', () => {
      given(after(...suspended))
        .when(resumeOf(suspended, due + 10))
        .thenLike([{ type: 'IncidentOverdue', occurredAt: at(due) }, { type: 'IncidentResumed' }]);
    });
  });
});

describe('a suspended incident that its reporter takes back', () => {
  const withdrawn = [...suspended, withdraw(200)];
  test('stands still no more: it has ended, and goes back to nothing', () => {
    expect(foldIncident(after(...withdrawn))).toMatchObject({
      ...{ lifecycle: 'WITHDRAWN', before: null, pausedAt: null },
      // What outlives the withdrawal, such as the ratification of a whistle that is done, was not moved by any.
      pauses: [],
    });
    given(after(...withdrawn))
      .when(reschedule(210))
      .thenNothing();
  });

  test('has running clocks when an office takes it up again', () => {
    const state = foldIncident(after(...withdrawn, reopen(300)));
    expect(state).toMatchObject({ lifecycle: 'FILED', before: null, pausedAt: null });
    const overdue = [
      ...withdrawn,
      reopen(300),
      alarm(300 + days(8), deadlineIdOf('incident-300', 'INCIDENT_TOTAL')),
    ];
    expect(foldIncident(after(...overdue)).breached).toHaveLength(1);
  });
});

describe('resumption', () => {
  test.each<[string, IncidentCommand[], Lifecycle, 'SELF' | 'WHISTLE' | null]>([
    ['filed', [report(0), file(5)], 'FILED', null],
    ['handled by the community', [report(0), file(5), startSelfHandling(10)], 'HANDLING', 'SELF'],
    ['handled by departments', handled, 'HANDLING', 'WHISTLE'],
  ])('goes back to where it was: %s', (_, life, lifecycle, mode) => {
    const paused = [...life, suspend(30)];
    const state = foldIncident(after(...paused, resumeOf(paused, days(5))));
    expect(state).toMatchObject({ lifecycle, mode, before: null, pausedAt: null });
  });

  test('moves every clock that ran by the length of the pause', () => {
    const resumed = [...suspended, resumeOf(suspended, 100 + days(5))];
    expect(dueOf(resumed, idOf('CHECK_IN'))).toBe(at(checkInDue + days(5)));
    expect(dueOf(resumed, idOf('HANDLING'))).toBe(at(handlingDue + days(5)));
    expect(dueOf(resumed, TOTAL)).toBe(at(5 + days(7) + days(5)));
    given(after(...resumed))
      .when(checkIn(checkInDue + days(5)))
      .thenLike([{ data: { late: false } }]);
  });

  test('moves nothing that was met or missed before', () => {
    const late = [...handled, alarm(checkInDue + 1, idOf('CHECK_IN')), suspend(checkInDue + 10)];
    const resumed = [...late, resumeOf(late, days(5))];
    expect(dueOf(resumed, idOf('CHECK_IN'))).toBe(at(checkInDue));
    expect(dueOf(resumed, idOf('ACKNOWLEDGE'))).toBe(at(10 + hours(1)));
  });

  test('moves nothing else that a command may bring', () => {
    const moves = movedBy([deadline('somebody else', 'HANDLING', 10), suspend(100).deadlines[0]!], days(1));
    given(after(...suspended))
      .when(resume(days(5), { moves }))
      .thenLike([{ type: 'IncidentResumed', data: { moves: [] } }]);
  });

  test('moves the clocks that nobody reads while a return is undecided', () => {
    const paused = [...blown, requestReturn(20), suspend(30)];
    const resumed = [...paused, resumeOf(paused, 30 + days(5))];
    expect(dueOf(resumed, idOf('CHECK_IN'))).toBe(at(checkInDue + days(5)));
    given(after(...resumed))
      .when(decideReturn(40 + days(5), { accept: false, reason: '不成立' }))
      .thenLike([{ type: 'ReturnRejected' }]);
  });

  test('moves the clock that nobody reads while an extension is undecided', () => {
    const paused = [...blown, checkIn(20), requestExtension(25), suspend(30)];
    const resumed = [...paused, resumeOf(paused, 30 + days(5))];
    expect(dueOf(resumed, idOf('HANDLING'))).toBe(at(handlingDue + days(5)));
    given(after(...resumed))
      .when(decideExtension(40 + days(5), { grant: false, reason: '不成立' }))
      .thenLike([{ type: 'ExtensionRefused' }]);
  });

  test('moves the window in which an acknowledged task may still be returned', () => {
    const resumed = [...suspended, resumeOf(suspended, 100 + days(5))];
    given(after(...resumed))
      .when(requestReturn(windowDue + days(5)))
      .thenLike([{ type: 'ReturnRequested' }]);
    given(after(...resumed))
      .when(requestReturn(windowDue + days(5) + 1))
      .thenRefused('RETURN_WINDOW_OVER');
  });
});

describe('merging', () => {
  const merged = [...handled, merge(100)];

  test('says into which, and why', () => {
    given(after(...handled))
      .when(merge(100))
      .then([
        {
          type: 'IncidentMerged',
          occurredAt: at(100),
          data: { into: TARGET_ID, unitId: STREET, reason: '同一问题' },
        },
      ]);
  });

  test('into itself, or into one that has ended, is refused', () => {
    given(after(...handled))
      .when(merge(100, { into: INCIDENT_ID }))
      .thenRefused('MERGE_INTO_ITSELF');
    for (const lifecycle of ['NONE', 'CLOSED', 'REJECTED', 'MERGED', 'WITHDRAWN', 'VOIDED'] as const) {
      given(after(...handled))
        .when(merge(100, { target: { lifecycle, openTasks: 0 } }))
        .thenRefused('MERGE_TARGET_ENDED');
    }
  });

  test('of two that both have departments at work needs saying whose tasks go on', () => {
    const target = { lifecycle: 'HANDLING', openTasks: 2 } as const;
    given(after(...handled))
      .when(merge(100, { target }))
      .thenRefused('MERGE_NEEDS_TASKS_NAMED');
    for (const keepDepartments of [[], [LEAD]]) {
      given(after(...handled))
        .when(merge(100, { target, keepDepartments }))
        .thenLike([{ type: 'IncidentMerged' }]);
    }
    given(after(report(0), file(5)))
      .when(merge(50, { target }))
      .thenLike([{ type: 'IncidentMerged' }]);
  });

  test('goes one level deep: what has duplicates is not merged, nor rejected, nor voided', () => {
    const joined = after(report(0), joinDuplicate(3));
    given(joined).when(merge(100)).thenRefused('HAS_DUPLICATES');
    given(joined).when(reject(100)).thenRefused('HAS_DUPLICATES');
    given(joined).when(voidIncident(100)).thenRefused('HAS_DUPLICATES');
  });

  test('whichever comes first, merge or alarm: a breach before it is on record, later there is none', () => {
    const checkInId = idOf('CHECK_IN');
    const facts = (events: IncidentEvent[]) =>
      events.filter((event) => event.type === 'TaskOverdue' && event.data.deadlineId === checkInId);
    const late = checkInDue + 5;
    const alarmFirst = after(...handled, alarm(late, checkInId), merge(late));
    const mergeFirst = after(...handled, merge(late), alarm(late, checkInId));
    expect(facts(alarmFirst)).toEqual(facts(mergeFirst));
    expect(facts(mergeFirst)).toHaveLength(1);
    given(after(...merged))
      .when(alarm(late, checkInId))
      .thenNothing();
  });

  test('undone goes back to where it was, each clock later by the time it stood still', () => {
    const undone = [...merged, unmergeOf(merged, 100 + days(2))];
    expect(foldIncident(after(...undone))).toMatchObject({ lifecycle: 'HANDLING', mergedInto: null });
    expect(dueOf(undone, idOf('CHECK_IN'))).toBe(at(checkInDue + days(2)));
    const reported = [report(0), merge(3)];
    expect(foldIncident(after(...reported, unmergeOf(reported, days(1))))).toMatchObject({
      lifecycle: 'REPORTED',
      deadlines: [{ timer: 'VERIFY', dueAt: at(hours(2) + days(1) - 3) }],
    });
  });
});

describe('the incident that goes on', () => {
  test('takes its duplicate up once, and lets it go once', () => {
    given(after(...handled))
      .when(joinDuplicate(100))
      .then([
        { type: 'DuplicateJoined', occurredAt: at(100), data: { incidentId: TARGET_ID, unitId: STREET } },
      ]);
    given(after(...handled, joinDuplicate(100)))
      .when(joinDuplicate(110))
      .thenNothing();
    given(after(...handled, joinDuplicate(100)))
      .when(leaveDuplicate(110))
      .thenLike([{ type: 'DuplicateLeft', data: { incidentId: TARGET_ID } }]);
    given(after(...handled))
      .when(leaveDuplicate(110))
      .thenNothing();
  });

  test('is another one, and has not ended', () => {
    given(after(...handled))
      .when(joinDuplicate(100, INCIDENT_ID))
      .thenRefused('MERGE_INTO_ITSELF');
    given(after(report(0), reject(5)))
      .when(joinDuplicate(100))
      .thenRefused('MERGE_TARGET_ENDED');
    given(after(...handled, merge(100)))
      .when(joinDuplicate(110))
      .thenRefused('MERGE_TARGET_ENDED');
  });

  test('is taken for another one by its own street, or from above both; by another street it is not', () => {
    const foreign = by(100, 'street-office', sample.OTHER_STREET);
    given(after(...handled))
      .when({ ...joinDuplicate(100), origin: foreign })
      .thenRefused('MERGE_ACROSS_STREETS');
    given(after(...handled))
      .when({ ...joinDuplicate(100), origin: sample.bySupervision(100) })
      .thenLike([{ type: 'DuplicateJoined' }]);
  });

  test('says what its duplicate has said already, whatever has become of it', () => {
    given(after(report(0), reject(5)))
      .when({ ...joinDuplicate(100), merged: true })
      .thenLike([{ type: 'DuplicateJoined' }]);
  });

  test('lets its duplicate go by its own street too, wherever that lies', () => {
    const ofTarget = by(110, 'street-office', sample.OTHER_STREET);
    const targetStreetId = sample.OTHER_STREET;
    given(after(...handled, merge(100)))
      .when(unmerge(110, { origin: ofTarget, targetStreetId }))
      .thenLike([{ type: 'IncidentUnmerged', data: { unitId: sample.OTHER_STREET } }]);
    given(after(...handled, merge(100)))
      .when(unmerge(110, { origin: ofTarget }))
      .thenRefused('INCIDENT_NOT_YOURS');
  });

  test('does not vanish when its own reporter withdraws: others reported it too', () => {
    given(after(...handled, joinDuplicate(100)))
      .when(withdraw(110))
      .thenLike([{ type: 'IncidentWithdrawn', data: { goesOn: true, taskIds: [] } }]);
  });
});

describe('the reporter of a duplicate', () => {
  const merged = after(...handled, merge(100));
  const rating = (minute: number, more: Parameters<typeof feedback>[1] = {}) =>
    feedback(minute, {
      ...{ origin: byReporter(minute), source: 'REPORTER', receiptHash },
      mergedInto: { lifecycle: 'FEEDBACK', feedbackUntil: at(days(10)) },
      ...more,
    });

  test.each(['FEEDBACK', 'CLOSED'] as const)('rates while the incident that goes on is %s', (lifecycle) => {
    given(merged)
      .when(rating(days(5), { mergedInto: { lifecycle, feedbackUntil: at(days(10)) } }))
      .thenLike([{ type: 'FeedbackRecorded', data: { solved: 'SOLVED', source: 'REPORTER' } }]);
  });

  test.each(LIFECYCLES.filter((lifecycle) => lifecycle !== 'FEEDBACK' && lifecycle !== 'CLOSED'))(
    'does not rate while that one is %s',
    (lifecycle) => {
      given(merged)
        .when(rating(days(5), { mergedInto: { lifecycle, feedbackUntil: null } }))
        .thenRefused('INCIDENT_STATE', { state: 'MERGED' });
    },
  );

  test('has the same window, shows the own receipt code, and rates once', () => {
    given(merged)
      .when(rating(days(10) + 1))
      .thenRefused('FEEDBACK_WINDOW_OVER');
    given(merged)
      .when(rating(days(5), { receiptHash: 'c'.repeat(64) }))
      .thenRefused('RECEIPT_CODE_WRONG');
    given([...merged, ...historyOf({ ...incidentDecider, initial: foldIncident(merged) }, [rating(days(5))])])
      .when(rating(days(6)))
      .thenRefused('FEEDBACK_RECORDED');
  });

  test('sends nobody back with “not solved”: that is for the incident that goes on', () => {
    const unsolved = rating(days(5), { solved: 'UNSOLVED' });
    given(merged)
      .when(unsolved)
      .thenLike([{ data: { solved: 'UNSOLVED', rework: 0, taskIds: [], reworks: [] } }]);
    expect(foldIncident(after(...handled, merge(100), unsolved)).lifecycle).toBe('MERGED');
  });
});

test('a community of another area neither suspends nor merges', () => {
  const origin = by(100, 'community', sample.OTHER_COMMUNITY);
  given(after(...handled))
    .when(suspend(100, { origin }))
    .thenRefused('INCIDENT_NOT_YOURS');
  given(after(...handled))
    .when(merge(100, { origin }))
    .thenRefused('INCIDENT_NOT_YOURS');
  given(after(...handled, merge(100)))
    .when(unmerge(110, { origin }))
    .thenRefused('INCIDENT_NOT_YOURS');
});

// domain.md §3.4 b: the clocks stand still, the ladder's too. What was missed before stays missed, as of when it was.
describe('the ladder of a deadline that was missed before a suspension', () => {
  const missed = [...handled, alarm(checkInDue + 1, idOf('CHECK_IN'))];
  const life = [...missed, suspend(checkInDue + hours(1))];
  const resumedAt = checkInDue + hours(1) + days(30);
  const secondStepAt = checkInDue + hours(4) + days(30);

  test('goes on where it stood, and its breach stays where it was', () => {
    const resumed = [...life, resumeOf(life, resumedAt)];
    expect(dueOf(resumed, idOf('CHECK_IN'))).toBe(at(checkInDue));
    given(after(...resumed))
      .when(alarm(resumedAt + 1, idOf('CHECK_IN')))
      .thenNothing();
    given(after(...resumed))
      .when(alarm(secondStepAt, idOf('CHECK_IN')))
      .thenNothing();
    given(after(...resumed))
      .when(alarm(secondStepAt + 1, idOf('CHECK_IN')))
      .thenLike([{ type: 'SupervisionIssued', data: { step: 2, level: 'ORANGE' } }]);
  });
});
