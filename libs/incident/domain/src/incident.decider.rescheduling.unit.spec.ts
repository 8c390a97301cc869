import { givenOf, historyOf } from '@shaoying/testing';
import { everyDeadline, foldIncident, type IncidentCommand, type IncidentEvent } from './index.js';
import * as sample from './testing/index.js';

// 时限调整: open deadlines go on under another policy, or a year that is published (domain.md §3.4 e, §5).

const { incidentDecider, ALLOWED, at, days, LEAD, ASSIST, taskIdOf, deadlineIdOf, TOTAL } = sample;
const { report, file, blow, checkIn, complete, alarm, suspend, resume, reschedule, reschedulingsOf } = sample;

const given = givenOf(incidentDecider);
const after = (...commands: IncidentCommand[]): IncidentEvent[] => historyOf(incidentDecider, commands);
const blown = [report(0), file(5), blow(10)];
const checkInId = deadlineIdOf(taskIdOf(LEAD), 'CHECK_IN');
const checkInDue = 10 + ALLOWED.CHECK_IN;

/** Everything that can be moved by then, by so many minutes. */
const movedAfter = (life: readonly IncidentCommand[], minute: number, minutes: number, more = {}) =>
  reschedule(minute, {
    moves: reschedulingsOf(foldIncident(after(...life)), minute, minutes),
    ...more,
  });

describe('under another policy', () => {
  test('open deadlines are due at their new time, each said with its former one; the incident is pinned anew', () => {
    const move = movedAfter(blown, 20, 60);
    const [event, ...others] = after(...blown, move).slice(after(...blown).length);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: 'DeadlinesRescheduled',
      occurredAt: at(20),
      data: { cause: 'POLICY_MOVED', reason: '新时限标准施行', pins: { policyVersion: 2 } },
    });
    const state = foldIncident(after(...blown, move));
    expect(state.pins).toMatchObject({ policyVersion: 2, calendarVersion: 1 });
    const moved = everyDeadline(state).find(({ deadlineId }) => deadlineId === checkInId);
    expect(moved).toMatchObject({ dueAt: at(checkInDue + 60), policyVersion: 2, timer: 'CHECK_IN' });
    const data = event?.type === 'DeadlinesRescheduled' ? event.data.moves : [];
    expect(data).toContainEqual(
      expect.objectContaining({
        ...{ deadlineId: checkInId, taskId: taskIdOf(LEAD) },
        ...{ formerDueAt: at(checkInDue), dueAt: at(checkInDue + 60) },
      }),
    );
    expect(data).toContainEqual(expect.objectContaining({ deadlineId: TOTAL, taskId: null }));
  });

  test('the new due time is the one that is missed', () => {
    const history = after(...blown, movedAfter(blown, 20, 60));
    given(history)
      .when(alarm(checkInDue + 1, checkInId))
      .thenLike([{ type: 'DeadlineWarned' }]);
    given(history)
      .when(alarm(checkInDue + 61, checkInId))
      .thenLike([
        { type: 'TaskOverdue', occurredAt: at(checkInDue + 60) },
        { type: 'SupervisionIssued', data: { dueAt: at(checkInDue + 60) } },
      ]);
  });

  test('nobody is late by a rule that came afterwards: what would be past by now stays', () => {
    const minute = checkInDue - 30;
    const earlier = after(...blown, movedAfter(blown, minute, -60));
    const due = everyDeadline(foldIncident(earlier)).find(({ deadlineId }) => deadlineId === checkInId);
    expect(due).toMatchObject({ dueAt: at(checkInDue), policyVersion: 1 });
  });

  test('what was missed or met stays as it was', () => {
    const missed = [...blown, alarm(checkInDue + 1, checkInId)];
    const history = after(...missed, movedAfter(blown, checkInDue + 5, days(1)));
    const moves = history.flatMap((event) =>
      event.type === 'DeadlinesRescheduled' ? event.data.moves.map(({ deadlineId }) => deadlineId) : [],
    );
    expect(moves).not.toContain(checkInId);
    // Late by now, though no alarm has said so yet.
    const unheard = after(...blown, movedAfter(blown, checkInDue + 5, days(1)));
    given(unheard)
      .when(alarm(checkInDue + 6, checkInId))
      .thenLike([{ type: 'TaskOverdue', occurredAt: at(checkInDue) }, { type: 'SupervisionIssued' }]);
    const met = [...blown, checkIn(60), checkIn(60, ASSIST)];
    const ofMet = after(...met, movedAfter(blown, 70, 60));
    expect(JSON.stringify(ofMet.at(-1))).not.toContain('CHECK_IN');
  });

  test('what stands still is moved too, and then by the pause', () => {
    const suspended = [...blown, suspend(100)];
    const moved = [...suspended, movedAfter(suspended, 200, 60)];
    const moves = sample.movesAfterPause(foldIncident(after(...moved)), 300);
    const state = foldIncident(after(...moved, resume(300, { moves })));
    const deadline = everyDeadline(state).find(({ deadlineId }) => deadlineId === checkInId);
    expect(deadline).toMatchObject({ dueAt: at(checkInDue + 60 + 200), policyVersion: 2 });
  });

  test('asked twice, or of what is over, nothing happens', () => {
    const once = [...blown, movedAfter(blown, 20, 60)];
    const again = { ...once.at(-1)!, origin: sample.by(30, 'admin', null) } as IncidentCommand;
    given(after(...once))
      .when(again)
      .thenNothing();
    const closed = sample.whistleLife;
    given(after(...closed))
      .when(movedAfter(blown, days(30), 60))
      .thenNothing();
  });

  test('of a task that is done the handling is met, and its rework would not be moved by it', () => {
    const done = [...blown, checkIn(60), complete(90)];
    const state = foldIncident(after(...done, movedAfter(done, 100, 60)));
    const handling = everyDeadline(state).find(
      ({ deadlineId }) => deadlineId === deadlineIdOf(taskIdOf(LEAD), 'HANDLING'),
    );
    expect(handling).toMatchObject({ policyVersion: 1 });
  });
});

describe('by a year that is published', () => {
  test('nothing but the deadlines changes: the incident keeps its pins', () => {
    const cause = { cause: 'CALENDAR_PUBLISHED', reason: null, pins: null };
    const history = after(...blown, movedAfter(blown, 20, 60, cause));
    expect(history.at(-1)).toMatchObject({ data: { cause: 'CALENDAR_PUBLISHED', pins: null } });
    expect(foldIncident(history).pins).toEqual(foldIncident(after(...blown)).pins);
    given(after(...blown))
      .when(reschedule(20, { cause: 'CALENDAR_PUBLISHED', reason: null, pins: null }))
      .thenNothing();
  });
});
