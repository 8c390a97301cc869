import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import {
  decide,
  evolve,
  foldIncident,
  NO_INCIDENT,
  type IncidentEvent,
  type SupervisionIssued,
} from './index.js';
import { commandOf, incidentDecider, live, triesOnAnIncident, type Step } from './testing/index.js';

/** For every life of an incident that random people and clocks may give it, every step. */
function everyStep(property: (step: Step, index: number, life: Step[]) => void): void {
  fc.assert(
    fc.property(triesOnAnIncident, (attempts) => live(attempts).forEach(property)),
    propertyParameters({ numRuns: 300 }),
  );
}

const isEnd = ({ type }: IncidentEvent): boolean => type === 'TaskOverdue' || type === 'IncidentOverdue';

/** Parts deep-frozen, so that a step that changes what it was given throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

// A generator that never gets anywhere proves nothing: these lives reach every event the catalogue of the domain has.
test('random lives reach every event, and refusals', () => {
  const steps = fc.sample(triesOnAnIncident, { seed: 20260302, numRuns: 400 }).flatMap(live);
  const reached = new Set(steps.flatMap(({ events }) => events ?? []).map(({ type }) => type));
  expect([...reached].toSorted()).toEqual(
    [
      ...['IncidentReported', 'IncidentFiled', 'SelfHandlingStarted', 'WhistleBlown', 'TaskAcknowledged'],
      ...['DepartmentCheckedIn', 'TaskCompleted', 'HandlingCompleted', 'TaskOverdue', 'IncidentOverdue'],
      ...['SupervisionIssued', 'SupervisionLifted', 'CheckPassed', 'CheckFailed', 'FeedbackRecorded'],
      'IncidentClosed',
    ].toSorted(),
  );
  expect(steps.filter(({ events }) => events === undefined).length).toBeGreaterThan(100);
});

test('one answer to every command: events or a refusal, and nothing given is changed', () => {
  everyStep(({ before, command }) => {
    const decision = decide(frozen(before), frozen(command));
    expect((decision.events === undefined) !== (decision.refusal === undefined)).toBe(true);
    foldIncident(decision.events ?? [], before);
  });
});

test('the same command again is refused or changes nothing', () => {
  everyStep(({ command, events, after }) => {
    if (events !== undefined) expect(decide(after, command).events ?? []).toEqual([]);
  });
});

test('a refusal and a command that changes nothing leave no trace', () => {
  everyStep(({ before, events, after }) => {
    if (events === undefined || events.length === 0) expect(after).toBe(before);
  });
});

test('every whistle has exactly one lead, and each department one task in it', () => {
  everyStep(({ after }) => {
    for (const { whistleId } of after.whistles) {
      const tasks = after.tasks.filter((task) => task.whistleId === whistleId);
      expect(tasks.filter(({ role }) => role === 'LEAD')).toHaveLength(1);
      expect(new Set(tasks.map(({ departmentId }) => departmentId)).size).toBe(tasks.length);
    }
  });
});

test('no task is open once handling is completed', () => {
  everyStep(({ after }) => {
    if (!['CHECKING', 'FEEDBACK', 'CLOSED'].includes(after.lifecycle)) return;
    expect(after.tasks.filter((task) => task.state !== 'DONE')).toEqual([]);
  });
});

test('no supervision order is in force once handling is completed', () => {
  everyStep(({ after }) => {
    if (!['CHECKING', 'FEEDBACK', 'CLOSED'].includes(after.lifecycle)) return;
    expect(after.supervisions.filter((order) => !order.lifted)).toEqual([]);
  });
});

test('a supervision order is issued once and lifted once', () => {
  everyStep((_, index, life) => {
    if (index < life.length - 1) return;
    for (const type of ['SupervisionIssued', 'SupervisionLifted']) {
      const ids = life
        .flatMap(({ events = [] }) => events)
        .flatMap((event) =>
          event.type === type && 'supervisionId' in event.data ? [event.data.supervisionId] : [],
        );
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});

test('an order says which breach it answers, and when that was due', () => {
  everyStep(({ events = [] }) => {
    for (const order of events.filter(({ type }) => type === 'SupervisionIssued')) {
      const { deadlineId, dueAt, step } = order.data as SupervisionIssued['data'];
      expect(step).toBe(1);
      expect(events).toContainEqual(
        expect.objectContaining({
          data: expect.objectContaining({ deadlineId, dueAt, timer: expect.any(String) }),
        }),
      );
    }
  });
});

test('a task that is done does not become overdue, by any alarm at any time', () => {
  everyStep(({ after, command }) => {
    for (const task of after.tasks.filter(({ state }) => state === 'DONE')) {
      for (const { deadlineId } of task.deadlines) {
        const origin = { ...command.origin, now: '2099-01-01T00:00:00.000Z' };
        expect(decide(after, { kind: 'MarkOverdue', origin, deadlineId })).toEqual({ events: [] });
      }
    }
  });
});

test('a breach is recorded once, at its due instant, and never before it', () => {
  everyStep(({ events = [], command }, _, life) => {
    for (const event of events.filter(isEnd)) {
      expect(event).toMatchObject({ data: { dueAt: event.occurredAt } });
      expect(Date.parse(event.occurredAt)).toBeLessThanOrEqual(Date.parse(command.origin.now));
    }
    const breaches = life
      .flatMap((step) => step.events ?? [])
      .flatMap((event) => (isEnd(event) && 'deadlineId' in event.data ? [event.data.deadlineId] : []));
    expect(new Set(breaches).size).toBe(breaches.length);
  });
});

test('late on the event means a breach on record, save for imported cases', () => {
  everyStep(({ events = [], before, after }) => {
    if (after.imported) return;
    for (const event of events) {
      if (!('late' in event.data) || !event.data.late) continue;
      const { data } = event;
      const task = 'taskId' in data ? after.tasks.find(({ taskId }) => taskId === data.taskId) : undefined;
      const breached = task?.breached ?? after.breached;
      const owing = (task ?? before).deadlines.filter(({ dueAt }) => dueAt === data.dueAt);
      expect(owing.some(({ deadlineId }) => breached.includes(deadlineId))).toBe(true);
    }
  });
});

test('a closed incident accepts nothing', () => {
  everyStep(({ before, events }) => {
    if (before.lifecycle === 'CLOSED') expect(events ?? []).toEqual([]);
  });
});

test('nothing happens in the future', () => {
  everyStep(({ events = [], command }) => {
    for (const { occurredAt } of events) {
      expect(Date.parse(occurredAt)).toBeLessThanOrEqual(Date.parse(command.origin.now));
    }
  });
});

test('evolve is total: any event on any state, in any order', () => {
  const anyOrder = fc
    .tuple(triesOnAnIncident, triesOnAnIncident)
    .map(([one, other]) => [...live(one), ...live(other)].flatMap(({ events }) => events ?? []))
    .chain((events) => fc.shuffledSubarray(events));
  fc.assert(
    fc.property(anyOrder, triesOnAnIncident, (events, attempts) => {
      const state = frozen(events).reduce((folded, event) => frozen(evolve(folded, event)), NO_INCIDENT);
      // Also on a history no decider would write: an answer, no exception.
      attempts.forEach((attempt) => incidentDecider.decide(state, commandOf(state, attempt, 0)));
    }),
    propertyParameters({ numRuns: 200 }),
  );
});
