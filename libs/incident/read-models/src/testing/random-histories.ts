import fc from 'fast-check';
import type { CommandOrigin, IncidentEvent, IncidentState } from '@shaoying/incident-domain';
import * as sample from '@shaoying/incident-domain/testing';
import { SimulatedCity, stages } from './simulated-city.js';

export const simulatedDepartments = ['dept-1', 'dept-2', 'dept-3'] as const;
/** Incidents of a random log; what is done about the last one is done in stages. */
export const simulatedIncidents = ['inc-0', 'inc-1', 'inc-2', 'inc-3', 'inc-4', 'staged-5'] as const;

interface Step {
  readonly incident: number;
  /** Before the step. */
  readonly minutes: number;
  /** Which of the steps possible in that state; taken modulo their number. */
  readonly choice: number;
  /** What the step does, where it has variants. */
  readonly variant: number;
}

type Move = (city: SimulatedCity, id: string, variant: number) => unknown;

const estates = ['estate-1', 'estate-2', null];
const severities = ['MINOR', 'MAJOR', 'GROUP'] as const;
const levels = ['ESTATE', 'COMMUNITY'] as const;

const report: Move = (city, id, variant) =>
  city.report(id, {
    severity: severities[variant % 3] ?? 'MINOR',
    category: variant % 2 === 0 ? 'GARBAGE' : 'PARKING',
    estateId: estates[variant % estates.length] ?? null,
    communityId: variant % 5 === 0 ? 'community-2' : 'community-1',
    streetId: variant % 7 === 0 ? 'street-2' : 'street-1',
    occurredAt: variant % 4 === 0 ? city.inMinutes(-90) : null,
    filed: variant % 3 !== 0,
    anonymous: variant % 11 === 0,
  });

const importCase: Move = (city, id, variant) =>
  city.importCase(id, {
    departmentId: simulatedDepartments[variant % 3] ?? 'dept-1',
    openedAt: city.inMinutes(-5 * 24 * 60),
    targetAt: variant % 5 === 0 ? null : city.inMinutes((variant % 9) * 24 * 60 - 4 * 24 * 60),
    closedAt: variant % 2 === 0 ? null : city.inMinutes(-(variant % 4) * 24 * 60),
  });

const whistle: Move = (city, id, variant) => {
  const first = variant % 3;
  const rotated = [...simulatedDepartments.slice(first), ...simulatedDepartments.slice(0, first)];
  city.whistle(id, rotated.slice(0, 1 + (variant % 3)));
};

const tasksIn = (state: IncidentState, ...states: string[]): string[] =>
  state.tasks
    .filter((task) => task.cycle === state.cycle && states.includes(task.state))
    .map((task) => task.departmentId);

/** The next stage of each task that is handled in stages. */
const stagesToDo = (state: IncidentState): Move[] =>
  state.tasks
    .filter((task) => task.cycle === state.cycle && ['CHECKED_IN', 'WORKING'].includes(task.state))
    .flatMap(({ departmentId, deadlines, stagesDone }) => {
      const next = stages.find(
        (stage) => deadlines.some((deadline) => deadline.stage === stage) && !stagesDone.includes(stage),
      );
      return next === undefined
        ? []
        : [(city: SimulatedCity, id: string) => city.completeStage(id, departmentId, next)];
    });

function checkInAs(departmentId: string): Move {
  return (city, id, variant) => {
    const blownAt = city.stateOf(id).whistles.at(-1)?.blownAt ?? city.now;
    // A device that was offline: believed when the claim is young, comes with a photo and after the whistle.
    const claims = [null, city.inMinutes(-45), blownAt];
    city.checkIn(id, departmentId, claims[variant % 3] ?? null);
  };
}

/** To a successor of its own, which may have one in turn. */
const transferFrom =
  (departmentId: string): Move =>
  (city, id) =>
    city.transfer(id, departmentId, `${departmentId}-successor`);

/** Every step that is legal now; the random part only chooses. */
function movesOf(state: IncidentState): Move[] {
  switch (state.lifecycle) {
    case 'NONE':
      return [report, report, report, importCase];
    case 'REPORTED':
      return [(city, id) => city.file(id)];
    case 'FILED':
      return [whistle, whistle, (city, id, variant) => city.handle(id, levels[variant % 2])];
    case 'HANDLING':
      if (state.mode === 'SELF') return [(city, id) => city.finish(id)];
      return [
        ...tasksIn(state, 'NOTIFIED').map(
          (dept): Move =>
            (city, id) =>
              city.acknowledge(id, dept),
        ),
        ...tasksIn(state, 'NOTIFIED', 'ACKNOWLEDGED').map(checkInAs),
        ...stagesToDo(state),
        ...tasksIn(state, 'CHECKED_IN', 'WORKING').map(
          (dept): Move =>
            (city, id, variant) =>
              city.complete(id, dept, variant % 3 === 0 ? null : 1 + variant),
        ),
        ...tasksIn(state, 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN').slice(0, 1).map(transferFrom),
      ];
    case 'CHECKING':
      return [(city, id, variant) => city.check(id, variant % 3 === 0 ? 'FAIL' : 'PASS')];
    case 'FEEDBACK':
      if (state.feedbackRecorded) return [(city, id) => city.close(id)];
      return [
        (city, id, variant) => {
          // Nobody answered in time: the supervision centre closes without.
          if (state.feedbackUntil !== null && city.now > state.feedbackUntil) city.close(id);
          else city.feedback(id, variant % 3 === 0 ? 'UNSOLVED' : 'SOLVED');
        },
      ];
    default:
      return [];
  }
}

/** Whatever has become of the incident: more, or less by whoever has booked on the task, which may not have it any more. */
function bookWork(city: SimulatedCity, id: string, choice: number, variant: number): void {
  const tasks = city.stateOf(id).tasks.filter(({ checkedIn }) => checkedIn);
  const task = tasks[choice % tasks.length];
  if (task === undefined) return;
  const books = task.booked[variant % task.booked.length];
  if (books === undefined || books.minutes === 0 || variant % 2 === 0)
    city.workOn(id, task.taskId, task.departmentId, 1 + variant);
  else city.workOn(id, task.taskId, books.unitId, -(1 + (variant % books.minutes)));
}

function take(city: SimulatedCity, { incident, minutes, choice, variant }: Step): void {
  city.pass(minutes);
  if (variant % 4 === 0) city.ringAlarms();
  const id = simulatedIncidents[incident] ?? 'inc-0';
  if (variant % 9 === 5 && city.stateOf(id).lifecycle !== 'NONE') city.reschedule(id, (choice % 3) * 90 - 60);
  if (variant % 5 === 2) bookWork(city, id, choice, variant);
  const moves = movesOf(city.stateOf(id));
  moves[choice % moves.length]?.(city, id, variant);
}

const step: fc.Arbitrary<Step> = fc.record({
  incident: fc.nat(5),
  // From the same instant to past every deadline, most often within the working day.
  minutes: fc.oneof(fc.constantFrom(0, 1, 59, 60, 61, 180, 240, 241), fc.integer({ min: 0, max: 3_000 })),
  choice: fc.nat(11),
  variant: fc.nat(210),
});

const ofSteps = (stepsMax: number): fc.Arbitrary<SimulatedCity> =>
  fc.array(step, { minLength: Math.min(10, stepsMax), maxLength: stepsMax, size: 'max' }).map((steps) => {
    const city = new SimulatedCity();
    for (const each of steps) take(city, each);
    return city;
  });

/** What one command of a life led to. */
interface Decided {
  readonly incidentId: string;
  readonly origin: CommandOrigin;
  readonly events: readonly IncidentEvent[];
}

/** Its ids made those of one incident among others, its units those of the simulated city. */
function renamed<Event extends IncidentEvent>(event: Event, incidentId: string, index: number): Event {
  const names: Readonly<Record<string, string>> = {
    ...{ [sample.INCIDENT_ID]: incidentId, [sample.receiptHash]: `receipt-of-${incidentId}` },
    ...{ [sample.LEAD]: 'dept-1', [sample.ASSIST]: 'dept-2', [sample.THIRD]: 'dept-3' },
    ...{ [sample.STREET]: 'street-1', [sample.COMMUNITY]: 'community-1', 'es-liuyin-garden': 'estate-1' },
  };
  const ids = /^(task|whistle|deadline|fromTask|toTask|supervision|return|arbitration|extension|item)Id$/;
  const lists = new Set(['taskIds', 'repeats']);
  const told = JSON.stringify(event, (key, value: unknown) => {
    if (typeof value === 'string' && ids.test(key)) return `${incidentId} ${value}`;
    if (Array.isArray(value) && lists.has(key)) return value.map((id) => `${incidentId} ${String(id)}`);
    if (key === 'severity') return severities[index % 3];
    return typeof value === 'string' ? (names[value] ?? value) : value;
  });
  return JSON.parse(told) as Event;
}

/** What hardly comes about by itself. */
const rareKinds = ['RejectIncident', 'RequestExtension', 'TransferTask', 'SuspendIncident'] as const;

/** Imported lives are left out: their import stands at one instant, whatever else happens. */
function decisionsOf(tries: readonly sample.Try[], index: number): Decided[] {
  const incidentId = `inc-${index}`;
  // Whoever it is for does it, most often: what is refused makes no history.
  const likely = tries.map((attempt) => {
    const rare = rareKinds[attempt.pick % 40];
    if (rare !== undefined) return { ...attempt, actor: null, forward: false, kind: rare };
    return attempt.pick % 8 === 0 ? attempt : { ...attempt, actor: null };
  });
  const steps = sample.live(likely).filter(({ events }) => events !== undefined && events.length > 0);
  if (steps[0]?.command.kind === 'ImportIncident') return [];
  return steps.map(({ command, events = [] }) => ({
    ...{ incidentId, origin: command.origin },
    events: events.map((event) => renamed(event, incidentId, index)),
  }));
}

/** Lives of the domain's own testing, which reach everything that can happen to an incident, side by side. */
const ofLives: fc.Arbitrary<SimulatedCity> = fc
  .array(sample.triesOnAnIncident, { minLength: 2, maxLength: 4, size: 'max' })
  .map((lives) => {
    const city = new SimulatedCity();
    const decided = lives.flatMap(decisionsOf);
    // Stable: what happened to one incident stays in its order.
    decided.sort((a, b) => Date.parse(a.origin.now) - Date.parse(b.origin.now));
    for (const { incidentId, origin, events } of decided) {
      city.pass((Date.parse(origin.now) - Date.parse(city.now)) / 60_000);
      city.record(incidentId, origin.actor, origin.now, events);
    }
    return city;
  });

const weight = fc.integer({ min: 1, max: 10_000 }).map((hundredths) => hundredths / 100);
const weights = fc.record({ GARBAGE: weight, PARKING: weight }, { requiredKeys: [] });

/** The same under catalogues that give categories weights: one at first, another for what is filed later, or rescheduled. */
export const weighedCities = (stepsMax = 60): fc.Arbitrary<SimulatedCity> =>
  fc
    .tuple(fc.array(step, { minLength: 10, maxLength: stepsMax, size: 'max' }), weights, weights, fc.nat(100))
    .map(([steps, first, second, share]) => {
      const city = new SimulatedCity().publishWeights(first);
      const turn = Math.floor((steps.length * share) / 100);
      steps.forEach((each, index) => {
        if (index === turn) city.publishWeights(second);
        take(city, each);
      });
      return city;
    });

/**
 * Legal logs: up to six incidents interleaved, whistles at 1–3 departments, late and offline check-ins, alarms, failed
 * checks, unsolved feedback, closings, imports; or fewer incidents to which anything at all may happen. Shrinks to the
 * shortest list of steps that still fails.
 */
export const simulatedCities = (stepsMax = 80): fc.Arbitrary<SimulatedCity> =>
  fc.oneof(ofSteps(stepsMax), ofLives);

/** An instant somewhere around a log: often exactly that of an event or a due time, where comparisons turn. */
export function instantsAround(city: SimulatedCity): string[] {
  const inEvents = city.events.flatMap((event) => [
    event.occurredAt,
    event.recordedAt,
    ...dueInstantsOf(event.data),
  ]);
  const around = inEvents.flatMap((instant) =>
    [-1, 0, 1].map((ms) => new Date(Date.parse(instant) + ms).toISOString()),
  );
  return [...new Set(around)].sort();
}

function dueInstantsOf(data: unknown): string[] {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, value]: [string, unknown]) =>
    key === 'dueAt' && typeof value === 'string' ? [value] : dueInstantsOf(value),
  );
}
