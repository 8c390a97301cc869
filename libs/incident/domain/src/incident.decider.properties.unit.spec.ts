import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import {
  decide,
  everyDeadline,
  evolve,
  foldIncident,
  isOpenTask,
  LIFECYCLES,
  NO_INCIDENT,
  openTasks,
  ownedDeadlines,
  TASK_STATES,
  taskOf,
  WHISTLE_STATES,
  type IncidentCommand,
  type IncidentEvent,
  type Lifecycle,
  type Task,
} from './index.js';
import {
  commandOf,
  incidentDecider,
  incidentEventNames,
  live,
  triesOnAnIncident,
  type Step,
} from './testing/index.js';

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

// A generator that never gets anywhere proves nothing: these lives reach every event the domain has.
test('random lives reach every event, every refusal of a state, and every state', () => {
  const steps = fc.sample(triesOnAnIncident, { seed: 20260302, numRuns: 3_000 }).flatMap(live);
  const reached = new Set(steps.flatMap(({ events }) => events ?? []).map(({ type }) => type));
  expect(incidentEventNames.filter((type) => !reached.has(type))).toEqual([]);
  const lifecycles = new Set(steps.map(({ after }) => after.lifecycle));
  expect(LIFECYCLES.filter((lifecycle) => !lifecycles.has(lifecycle))).toEqual([]);
  const taskStates = new Set(steps.flatMap(({ after }) => after.tasks.map(({ state }) => state)));
  expect(TASK_STATES.filter((state) => !taskStates.has(state))).toEqual([]);
  const whistleStates = new Set(steps.flatMap(({ after }) => after.whistles.map(({ state }) => state)));
  expect(WHISTLE_STATES.filter((state) => !whistleStates.has(state))).toEqual([]);
  expect(steps.filter(({ events }) => events === undefined).length).toBeGreaterThan(1_000);
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

const gaveAway = ({ state }: Task): boolean => state === 'RETURNED' || state === 'RELEASED';

test('every whistle that is not called off has exactly one lead, and each department one open task in it', () => {
  everyStep(({ after }) => {
    for (const { whistleId, state } of after.whistles) {
      if (!['BLOWN', 'COMPLETED', 'EVALUATED'].includes(state)) continue;
      const tasks = after.tasks.filter((task) => task.whistleId === whistleId && !gaveAway(task));
      expect(tasks.filter(({ role }) => role === 'LEAD')).toHaveLength(1);
      // Sent back by a check, a department does both of its parts again.
      const busy = tasks
        .filter((task) => isOpenTask(task) && !task.reworking)
        .map(({ departmentId }) => departmentId);
      expect(new Set(busy).size).toBe(busy.length);
    }
  });
});

test('no task of a whistle that has ended is open', () => {
  everyStep(({ after }) => {
    for (const { whistleId, state } of after.whistles) {
      if (state === 'BLOWN') continue;
      expect(after.tasks.filter((task) => task.whistleId === whistleId && isOpenTask(task))).toEqual([]);
    }
    if (!['CHECKING', 'FEEDBACK', 'CLOSED', 'WITHDRAWN'].includes(after.lifecycle)) return;
    expect(after.tasks.filter(isOpenTask)).toEqual([]);
  });
});

test('while a whistle handles it, somebody has an open task', () => {
  everyStep(({ after }) => {
    if (after.lifecycle !== 'HANDLING' || after.mode !== 'WHISTLE') return;
    expect(openTasks(after)).not.toEqual([]);
  });
});

// A whistle that acted first is to be ratified wherever its matter has got to; so the order about that stays.
test('the step that completes handling leaves no order in force but about a ratification', () => {
  everyStep(({ events = [], after }) => {
    if (!events.some(({ type }) => type === 'HandlingCompleted')) return;
    const inForce = after.supervisions.filter((order) => !order.lifted);
    expect(inForce.filter(({ timer }) => timer !== 'RATIFICATION')).toEqual([]);
  });
});

test('a unit that gave the matter back gets it again in this cycle by arbitration or transfer alone', () => {
  everyStep(({ before, events = [], after }) => {
    if (events.some(({ type }) => ['ResponsibilityDecided', 'TaskTransferred'].includes(type))) return;
    const gaveBack = before.returns
      .filter(({ cycle, outcome }) => cycle === after.cycle && outcome === 'ACCEPTED')
      .map(({ departmentId }) => departmentId);
    const summoned = after.tasks.filter(({ taskId }) => !before.tasks.some((task) => task.taskId === taskId));
    const again = summoned.filter(({ departmentId }) => gaveBack.includes(departmentId));
    // A new whistle is a new question.
    if (!events.some(({ type }) => type === 'WhistleBlown')) expect(again).toEqual([]);
  });
});

test('no return is asked after check-in, and none of what was finally decided', () => {
  everyStep(({ before, events = [] }) => {
    for (const event of events) {
      if (event.type !== 'ReturnRequested') continue;
      expect(taskOf(before, event.data.taskId)).toMatchObject({ checkedIn: false, final: false });
    }
  });
});

test('an arbitrator is of no party', () => {
  everyStep(({ before, command, events = [] }) => {
    const decided = events.find(({ type }) => type === 'ResponsibilityDecided');
    if (decided === undefined || command.kind !== 'Arbitrate') return;
    const arbitration = before.arbitrations.find(({ taskId }) => taskId === command.taskId);
    expect(arbitration?.parties).not.toContain(command.origin.actor.orgUnitId);
  });
});

test('time lost is booked once: the spans of a task do not overlap and lie in the past', () => {
  everyStep(({ after, command }) => {
    for (const { taskId } of after.tasks) {
      const spans = after.lostTime.filter((lost) => lost.taskId === taskId);
      for (const [index, { from, to }] of spans.entries()) {
        expect(from < to && to <= command.origin.now).toBe(true);
        const next = spans[index + 1];
        if (next) expect(to <= next.from).toBe(true);
      }
    }
  });
});

test('time lost is time in which somebody was waited for: in no pause, and not while the task was done', () => {
  everyStep(({ after }) => {
    for (const lost of after.lostTime) {
      const restedFor = after.tasks.find(({ taskId }) => taskId === lost.taskId)?.restedFor ?? [];
      for (const { from, to } of [...after.pauses, ...restedFor])
        expect(lost.to <= from || to <= lost.from).toBe(true);
    }
  });
});

test('no account loses an hour twice, whatever tasks it had in the matter', () => {
  everyStep(({ after }) => {
    const ofAccount = Map.groupBy(after.lostTime, ({ account, unitId }) => `${account} ${unitId ?? ''}`);
    for (const spans of ofAccount.values()) {
      const sorted = spans.toSorted((a, b) => a.from.localeCompare(b.from));
      for (const [index, { to }] of sorted.entries()) {
        const next = sorted[index + 1];
        if (next) expect(to <= next.from).toBe(true);
      }
    }
  });
});

test('what a unit has booked on a task is what the log adds up to, and never below 0', () => {
  everyStep(({ after }, index, life) => {
    const sums = new Map<string, number>();
    for (const { events = [] } of life.slice(0, index + 1))
      for (const event of events) {
        if (event.type !== 'WorkBooked') continue;
        const { taskId, departmentId, workedMinutes } = event.data;
        const key = `${taskId} ${departmentId}`;
        sums.set(key, (sums.get(key) ?? 0) + workedMinutes);
        expect(sums.get(key)).toBeGreaterThanOrEqual(0);
      }
    const told = after.tasks.flatMap(({ taskId, booked }) =>
      booked.map(({ unitId, minutes }) => [`${taskId} ${unitId}`, minutes] as const),
    );
    expect(new Map(told)).toEqual(sums);
  });
});

test('work is booked by the people of whoever has the task and came to it; by others taken back alone', () => {
  everyStep(({ before, command, events = [] }) => {
    for (const event of events) {
      if (event.type !== 'WorkBooked') continue;
      const { taskId, departmentId, workedMinutes, note } = event.data;
      expect(departmentId).toBe(command.origin.actor.orgUnitId);
      const task = taskOf(before, taskId);
      expect(task?.checkedIn).toBe(true);
      if (workedMinutes > 0) expect(task?.departmentId).toBe(departmentId);
      else expect(note).not.toBeNull();
    }
  });
});

test('booking work changes nothing but the books', () => {
  everyStep(({ before, command, events = [], after }) => {
    if (command.kind !== 'BookWork' || events.some(({ type }) => type !== 'WorkBooked')) return;
    const withoutBooks = (tasks: readonly Task[]) =>
      tasks.map(({ booked: _books, lastBooking: _word, ...task }) => task);
    expect({ ...after, tasks: withoutBooks(after.tasks) }).toEqual({
      ...{ ...before, tasks: withoutBooks(before.tasks) },
    });
  });
});

test('while the clocks stand still, no alarm does anything but about the review', () => {
  everyStep(({ after, command }) => {
    if (after.pausedAt === null) return;
    for (const { deadlineId, timer } of everyDeadline(after)) {
      if (timer === 'SUSPENSION_REVIEW') continue;
      expect(decide(after, alarmAt('2099-01-01T00:00:00.000Z', command, deadlineId))).toEqual({ events: [] });
    }
  });
});

test('a pause that ends moves what it moves by its own length, and nothing that was due before it', () => {
  everyStep(({ before, events = [], after }) => {
    const ended = events.find(({ type }) => type === 'IncidentResumed' || type === 'IncidentUnmerged');
    if (ended === undefined || before.pausedAt === null) return;
    const lengthMs = Date.parse(ended.occurredAt) - Date.parse(before.pausedAt);
    const dueBefore = new Map(everyDeadline(before).map(({ deadlineId, dueAt }) => [deadlineId, dueAt]));
    for (const { deadlineId, dueAt } of everyDeadline(after)) {
      const movedMs = Date.parse(dueAt) - Date.parse(dueBefore.get(deadlineId)!);
      expect([0, lengthMs]).toContain(movedMs);
      if (movedMs > 0) expect(dueBefore.get(deadlineId)! >= before.pausedAt).toBe(true);
    }
  });
});

test('merging goes one level deep: what has duplicates is nobody’s duplicate', () => {
  everyStep(({ events = [], after }) => {
    if (events.some(({ type }) => type === 'IncidentMerged')) expect(after.duplicates).toEqual([]);
    if (events.some(({ type }) => type === 'DuplicateJoined')) expect(after.mergedInto).toBeNull();
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

test('an order of the ladder answers a breach that is on record, at a step whose time has come, each step once', () => {
  everyStep(({ events = [], after, command }) => {
    for (const order of events) {
      if (order.type !== 'SupervisionIssued' || order.data.issuedBy !== 'LADDER') continue;
      const owned = ownedDeadlines(after).find(
        ({ deadline }) => deadline.deadlineId === order.data.deadlineId,
      );
      expect(owned).toMatchObject({ breached: true, deadline: { dueAt: order.data.dueAt } });
      const step = owned?.deadline.steps.find((known) => known.step === order.data.step);
      expect(step!.at < command.origin.now).toBe(true);
    }
  });
});

const alarmAt = (now: string, { origin }: Step['command'], deadlineId: string): IncidentCommand => ({
  kind: 'MarkOverdue',
  warning: true,
  origin: { ...origin, now },
  ...{ deadlineId, deadlines: [], closing: { reopenUntil: null, appealUntil: null } },
});

test('a task that is done or given away does not become overdue, by any alarm at any time', () => {
  everyStep(({ after, command }) => {
    for (const task of after.tasks.filter((candidate) => !isOpenTask(candidate))) {
      for (const { deadlineId } of task.deadlines) {
        expect(decide(after, alarmAt('2099-01-01T00:00:00.000Z', command, deadlineId))).toEqual({
          events: [],
        });
      }
    }
  });
});

test('an alarm twice does once what it does', () => {
  everyStep(({ after, command }) => {
    for (const { deadlineId } of everyDeadline(after)) {
      const alarm = alarmAt('2099-01-01T00:00:00.000Z', command, deadlineId);
      const { events = [] } = decide(after, alarm);
      expect(decide(events.reduce(evolve, after), alarm)).toEqual({ events: [] });
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
  everyStep(({ events = [], after }) => {
    if (after.imported) return;
    for (const event of events) {
      if (!('late' in event.data) || !event.data.late) continue;
      const { dueAt } = event.data;
      const owing = ownedDeadlines(after).filter(({ deadline }) => deadline.dueAt === dueAt);
      expect(owing.some(({ breached }) => breached)).toBe(true);
    }
  });
});

/** Said of the reporter, whatever has become of the incident. */
const FLAGS = ['ReporterFlagProposed', 'ReporterFlagApproved', 'ReporterFlagRefused'] as const;

/** What may still happen to an incident that has ended, by how it ended. */
const AFTERLIFE: Partial<Record<Lifecycle, readonly IncidentEvent['type'][]>> = {
  CLOSED: [
    ...(['IncidentReopened', 'IncidentFiled', 'FeedbackCorrected', 'TaskEvaluated'] as const),
    ...(['AppealFiled', 'ScoreExcluded', 'AppealRefused', 'DuplicateLeft', ...FLAGS] as const),
    // What was worked was worked, and a mistake is seen once all is over.
    'WorkBooked',
    // Of a whistle that acted first, which is to be ratified still.
    ...(['WhistleRatified', 'WhistleFlagged', 'IncidentOverdue', 'SupervisionIssued'] as const),
    ...(['SupervisionResponded', 'SupervisionLifted', 'DeadlineWarned', 'DeadlinesRescheduled'] as const),
    // A photo may show that it is not solved.
    ...(['ReportSupplemented', 'ReporterForgotten'] as const),
  ],
  REJECTED: [...FLAGS, 'ReporterForgotten'],
  VOIDED: [...FLAGS, 'ReporterForgotten'],
  WITHDRAWN: ['IncidentReopened', 'IncidentFiled', 'WorkBooked', ...FLAGS, 'ReporterForgotten'],
  MERGED: [
    ...(['IncidentUnmerged', 'FeedbackRecorded', 'FeedbackCorrected', 'IncidentWithdrawn'] as const),
    ...(['TaskTransferred', 'LeadChanged', 'TaskReleased', 'SupervisionLifted'] as const),
    ...(['SupervisionResponded', 'TaskEvaluated', ...FLAGS] as const),
    ...(['WorkBooked', 'PersonalDataSealed', 'ReportSupplemented', 'ReporterForgotten'] as const),
    // What stands still may go on one day.
    ...(['WhistleRatified', 'WhistleFlagged', 'DeadlinesRescheduled'] as const),
  ],
};

test('an incident that has ended accepts nothing but its listed ways out', () => {
  everyStep(({ before, events = [] }) => {
    const listed = before.lifecycle === 'NONE' ? undefined : AFTERLIFE[before.lifecycle];
    if (listed !== undefined) for (const { type } of events) expect(listed).toContain(type);
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
