import fc from 'fast-check';
import type { Actor } from '@shaoying/event-store';
import { isOpenTask, type IncidentEvent, type Satisfaction, type Solved } from '@shaoying/incident-domain';
import { SimulatedCity, StepRefused } from './simulated-city.js';

interface Attempt {
  readonly incident: number;
  /** Before it. */
  readonly minutes: number;
  readonly step: number;
  readonly variant: number;
}

type Step = (city: SimulatedCity, id: string, variant: number, other: string) => unknown;

const departments = ['dept-1', 'dept-2', 'dept-3', 'dept-4'];
const of = <Item>(items: readonly Item[], variant: number): Item => items[variant % items.length]!;
const department = (variant: number): string => of(departments, variant);

/** One that has a task of the incident. */
const holder = (city: SimulatedCity, id: string, variant: number): string => {
  const { tasks, cycle } = city.stateOf(id);
  const own = tasks.filter((task) => task.cycle === cycle);
  return own[variant % Math.max(own.length, 1)]?.departmentId ?? 'dept-1';
};

/** Whatever is still to do is done. */
const finish: Step = (city, id) => {
  for (const { state, departmentId } of city.stateOf(id).tasks.filter(isOpenTask)) {
    if (state === 'NOTIFIED' || state === 'ACKNOWLEDGED') city.checkIn(id, departmentId);
    city.pass(7).complete(id, departmentId);
  }
};

const solved: readonly Solved[] = ['SOLVED', 'PARTLY', 'SOLVED', 'UNSOLVED'];
const satisfactions: readonly Satisfaction[] = [
  ...(['SATISFIED', 'BASICALLY_SATISFIED', 'DISSATISFIED', 'NOT_RATED', 'BASICALLY_SATISFIED'] as const),
];
const callback: Actor = { id: 'operator', role: 'callback', orgUnitId: 'call-centre' };

/** What the city has no step for: a later word on the feedback, and its 剔除. */
const recorded = (city: SimulatedCity, id: string, event: IncidentEvent): unknown =>
  city.stateOf(id).rated ? city.record(id, callback, city.now, [event]) : undefined;

const correct: Step = (city, id, variant) =>
  recorded(city, id, {
    ...{ type: 'FeedbackCorrected', occurredAt: city.now },
    data: {
      ...{ cycle: city.stateOf(id).cycle, solved: of(solved, variant) },
      ...{
        satisfaction: of(satisfactions, variant >> 2),
        comment: null,
        source: 'CALLBACK',
        reason: '再次回访',
      },
    },
  });

const exclude: Step = (city, id, variant) =>
  recorded(city, id, {
    ...{ type: 'ScoreExcluded', occurredAt: city.now },
    data: {
      ...{
        appealId: `appeal-${city.events.length}`,
        unitId: department(variant),
        item: 'FEEDBACK',
        itemId: null,
      },
      ...{ cycle: city.stateOf(id).cycle, decidingUnitId: 'centre', reason: '经核实' },
    },
  });

/** 剔除 of a call to the reporter that was missed: a task's, or that of whoever handled it without a whistle. */
const excludeMissedCall: Step = (city, id, variant) => {
  const missed = city.eventsOf(id).flatMap(({ type, data }) => {
    const { timer, deadlineId = null } = data as { timer?: string; deadlineId?: string };
    return type.endsWith('Overdue') && timer === 'CONTACT' ? [deadlineId] : [];
  });
  if (missed.length === 0) return;
  city.record(id, callback, city.now, [
    {
      ...{ type: 'ScoreExcluded', occurredAt: city.now },
      data: {
        ...{ appealId: `appeal-${city.events.length}`, unitId: department(variant), item: 'OVERDUE' },
        ...{ itemId: of(missed, variant), cycle: city.stateOf(id).cycle },
        ...{ decidingUnitId: 'centre', reason: '号码有误' },
      },
    },
  ]);
};

/** Whose area it is in after a reform. */
const redrawn = (variant: number) => ({
  streetId: of(['street-1', 'street-2'], variant),
  communityId: of(['community-1', 'community-2'], variant),
  estateId: of(['estate-1', 'estate-2', null], variant >> 1),
});

/** The steps that lead an incident on come several times: what is refused makes no history. */
const steps: readonly Step[] = [
  (city, id, variant) =>
    city.report(id, {
      ...{
        category: of(['GARBAGE', 'PARKING'], variant),
        estateId: of(['estate-1', 'estate-2', null], variant),
      },
      ...{ severity: of(['MINOR', 'MAJOR', 'GROUP'] as const, variant >> 1) },
      streetId: of(['street-1', 'street-2'], variant),
      anonymous: variant % 5 === 0,
    }),
  (city, id, variant) => city.whistle(id, [department(variant), department(variant + 1)]),
  (city, id, variant) => city.whistle(id, [department(variant)]),
  (city, id, variant) => city.whistleBack(id, holder(city, id, variant), department(variant >> 2)),
  (city, id) => city.handle(id).pass(5).finish(id),
  (city, id) => city.handle(id),
  (city, id, variant) => city.call(id, variant % 3 !== 0),
  (city, id, variant) => city.call(id, variant % 3 !== 0),
  (city, id, variant) => city.contact(id, holder(city, id, variant), variant % 3 !== 0),
  excludeMissedCall,
  (city, id, variant) => city.requestReturn(id, holder(city, id, variant)),
  (city, id, variant) => city.requestReturn(id, holder(city, id, variant)),
  (city, id, variant) => city.decideReturn(id, holder(city, id, variant), department(variant >> 2)),
  (city, id, variant) =>
    city.decideReturn(id, holder(city, id, variant), variant % 3 === 0 ? null : department(variant >> 2)),
  (city, id, variant) => city.openArbitration(id, holder(city, id, variant)),
  (city, id, variant) => city.arbitrate(id, holder(city, id, variant), department(variant >> 2)),
  (city, id, variant) => city.transfer(id, holder(city, id, variant), department(variant >> 2)),
  (city, id, variant) => city.changeLead(id, department(variant), variant % 2 === 0 ? 'ASSIST' : 'RELEASED'),
  (city, id, variant) => city.checkIn(id, holder(city, id, variant)),
  finish,
  finish,
  finish,
  (city, id, variant) => city.check(id, variant % 3 === 0 ? 'FAIL' : 'PASS'),
  (city, id) => city.check(id, 'PASS'),
  (city, id, variant) => city.feedback(id, of(solved, variant), of(satisfactions, variant >> 2)),
  (city, id, variant) => city.feedback(id, of(solved, variant), of(satisfactions, variant >> 2)),
  correct,
  exclude,
  (city, id) => city.close(id),
  (city, id) => city.close(id),
  (city, id) => city.reopen(id),
  (city, id) => city.cancelWhistle(id),
  (city, id) => city.suspend(id),
  (city, id) => city.resume(id),
  (city, id, _variant, other) => city.merge(id, other),
  (city, id) => city.unmerge(id),
  (city, id, variant) => city.locate(id, { estateId: of(['estate-1', 'estate-2', null], variant) }),
  (city, id, variant) => city.locate(id, redrawn(variant), 'AREA_TRANSFER'),
  (city, id, variant) => (variant % 4 === 0 ? city.withdraw(id) : undefined),
  (city) => city.ringAlarms(),
];

const attempt: fc.Arbitrary<Attempt> = fc.record({
  incident: fc.nat(4),
  minutes: fc.oneof(fc.constantFrom(0, 1, 30, 240), fc.integer({ min: 0, max: 1_200 })),
  step: fc.nat(steps.length - 1),
  variant: fc.nat(255),
});

/**
 * Legal logs of incidents that have it hard: whatever can be refused is tried and passed over, so that returns, disputes,
 * pauses, merges, later words on feedback and reopenings come close together.
 */
export const troubledCities: fc.Arbitrary<SimulatedCity> = fc
  .array(attempt, { minLength: 200, maxLength: 550, size: 'max' })
  .map((attempts) => {
    const city = new SimulatedCity(undefined, true);
    for (const { incident, minutes, step, variant } of attempts) {
      const ids = [`inc-${incident}`, `inc-${(incident + 1) % 5}`] as const;
      try {
        of(steps, step)(city, ids[0], variant, ids[1]);
        city.pass(minutes);
      } catch (error) {
        if (!(error instanceof StepRefused)) throw error;
      }
    }
    return city;
  });
