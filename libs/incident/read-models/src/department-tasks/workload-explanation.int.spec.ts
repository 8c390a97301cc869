import fc from 'fast-check';
import { propertyParameters } from '@shaoying/event-store/testing';
import { departmentTasks, WORKLOAD_FIGURES, type WorkloadFigureName } from '../index.js';
import type { Moment } from '../sql-reader.js';
import {
  instantsAround,
  readModelSpec,
  SimulatedCity,
  simulatedCities,
  weighedCities,
} from '../testing/index.js';
import {
  inThousandths,
  streetOf,
  streetWorkloadOf,
  tasksAtMoment,
  visibleAt,
  workloadOf,
  type OracleTask,
} from '../testing/task-oracle.js';
import { DepartmentTasksQuery } from './department-tasks.query.js';
import type { ExplainedTask, WorkloadExplanation, WorkloadOf } from './workload-explanation.js';
import { workloadFigures } from './workload-figures.js';
import { workloadDefinitions } from './workload-formulas.js';
import type { WorkloadFigures } from './workload.js';

const at = (asOf: string, knownAt = asOf): Moment => ({ asOf, knownAt });
const longAgo = '2000-01-01T00:00:00.000Z';

const figureOf = (figures: WorkloadFigures, name: WorkloadFigureName): unknown =>
  name
    .split('.')
    .reduce<unknown>((found, part) => (found as Readonly<Record<string, unknown>>)[part], figures);

describe('the explanation of a workload', () => {
  const spec = readModelSpec(departmentTasks);
  const query = new DepartmentTasksQuery(spec.sql);
  const one = (figure: WorkloadFigureName, departmentId: string, moment: Moment, from = longAgo) =>
    query.explain(figure, { departmentId }, moment, from, { limit: 200, after: null });

  it('says of every figure what it means, in both languages, and of the rate how it differs from the metric', () => {
    expect(workloadDefinitions().map(({ name }) => name)).toEqual([...WORKLOAD_FIGURES]);
    for (const { name, formula, formulaZh, titles, version } of workloadDefinitions())
      expect([formula.length > 20, /\p{Script=Han}{4}/u.test(formulaZh), titles.en !== '', version]).toEqual([
        ...[true, true, true, /^weighted|OnTimeRate$/.test(name) ? 2 : 1],
      ]);
    const rate = workloadDefinitions().find(({ name }) => name === 'checkInOnTimeRate');
    expect(rate?.formula).toContain('tasks notified in the window, the metric those due in the window');
    expect(rate?.formulaZh).toContain('check-in-on-time');
  });

  it('names each task behind a rate with its deadline, the events that decided, and why others are left out', async () => {
    const city = new SimulatedCity();
    for (const id of ['met', 'late', 'gone']) city.report(id).whistle(id, ['dept-1']);
    const notifiedAt = city.now;
    city.pass(30).transfer('gone', 'dept-1', 'dept-2').pass(70).checkIn('met', 'dept-1');
    const metAt = city.now;
    city.pass(200).checkIn('late', 'dept-1').report('new').whistle('new', ['dept-1']);
    await spec.givenEvents(city.events);
    const told = await one('checkInOnTimeRate', 'dept-1', at(city.now));
    expect(told).toMatchObject({ value: 1 / 2, counted: 2, met: 1 });
    expect(told.excluded).toEqual({ ANOTHER_HAD_IT: 1, NOT_DUE_YET: 1 });
    const item = (id: string) => told.items.find(({ incidentId }) => incidentId === id);
    const dueAt = new Date(Date.parse(notifiedAt) + 240 * 60_000).toISOString();
    expect(item('met')).toMatchObject({
      ...{ taskId: 'met-dept-1', departmentId: 'dept-1', counts: true, contribution: 1, reason: null },
      ...{ dueAt, doneAt: metAt, lateMs: -140 * 60_000 },
    });
    expect(item('met')?.events.map(({ what, at: instant }) => [what, instant])).toEqual([
      ...[
        ['NOTIFIED', notifiedAt],
        ['CHECKED_IN', metAt],
      ],
    ]);
    expect(item('late')).toMatchObject({ counts: true, contribution: 0, lateMs: 60 * 60_000 });
    expect(item('gone')).toMatchObject({ counts: false, contribution: null, reason: 'ANOTHER_HAD_IT' });
    expect(item('gone')?.events.map(({ what }) => what)).toContain('HANDED_ON');
  });

  it('names the events by which a task stands still, waits or ended, and whose the lost time was', async () => {
    const city = new SimulatedCity().report('still').whistle('still', ['dept-1']).pass(1).suspend('still');
    city.report('inc').whistle('inc', ['dept-1', 'dept-2']).pass(30).requestReturn('inc', 'dept-1');
    const asked = city.now;
    const idOf = (type: string): string =>
      city.events.findLast((event) => event.type === type)?.eventId ?? '';
    city.pass(30).decideReturn('inc', 'dept-1', null).pass(60).openArbitration('inc', 'dept-1');
    city.pass(60).arbitrate('inc', 'dept-1', 'dept-3');
    await spec.givenEvents(city.events);
    const open = await one('open', 'dept-1', at(city.now));
    expect(open).toMatchObject({ value: 0, excluded: { SUSPENDED: 1, RETURNED: 1 } });
    const told = (what: string, { items }: WorkloadExplanation): string[] =>
      items.flatMap(({ events }) => events.flatMap((event) => (event.what === what ? [event.eventId] : [])));
    expect(told('SET_ASIDE', open)).toEqual([idOf('IncidentSuspended')]);
    expect(told('ENDED', open)).toEqual([idOf('ResponsibilityDecided')]);
    const waiting = await one('byState.RETURN_REQUESTED', 'dept-1', at(asked));
    expect([waiting.value, told('UNDECIDED', waiting)]).toEqual([1, [idOf('ReturnRequested')]]);
    const lost = await one('lostMs', 'dept-1', at(city.now));
    expect(lost).toMatchObject({ value: 60 * 60_000, counted: 1, excluded: { BORNE_BY_DISPATCH: 1 } });
    expect(told('BOOKED', lost).sort()).toEqual(
      [idOf('ReturnRejected'), idOf('ResponsibilityDecided')].sort(),
    );
  });

  it('lists every booking of work with its event, those taken back too, and whose the others on the task were', async () => {
    const city = new SimulatedCity().report('inc').whistle('inc', ['dept-1']).checkIn('inc', 'dept-1');
    city.pass(10).progress('inc', 'dept-1', '正在清运', 45).pass(10).work('inc', 'dept-1', 90);
    city.pass(10).transfer('inc', 'dept-1', 'dept-2').work('inc', 'dept-2', 20);
    city.pass(10).workOn('inc', 'inc-dept-1', 'dept-1', -60);
    await spec.givenEvents(city.events);
    const events = city.events.filter(({ type }) => type === 'WorkBooked');
    const told = await one('workedMinutes', 'dept-1', at(city.now));
    expect(told).toMatchObject({ value: 75, counted: 3, met: null, excluded: { BOOKED_BY_ANOTHER: 1 } });
    expect(
      told.items.map(({ departmentId, contribution, reason, events: [event] }) => [
        ...[departmentId, contribution, reason, event?.what, event?.eventId],
      ]),
    ).toEqual([
      ['dept-1', 45, null, 'BOOKED', events[0]?.eventId],
      ['dept-1', 90, null, 'BOOKED', events[1]?.eventId],
      ['dept-2', null, 'BOOKED_BY_ANOTHER', 'BOOKED', events[2]?.eventId],
      ['dept-1', -60, null, 'BOOKED', events[3]?.eventId],
    ]);
  });

  /** By pages, and then the same at once. */
  async function whole(
    figure: WorkloadFigureName,
    of: WorkloadOf,
    moment: Moment,
    from: string,
  ): Promise<WorkloadExplanation> {
    const items: ExplainedTask[] = [];
    let after: WorkloadExplanation['next'] = null;
    do {
      const page: WorkloadExplanation = await query.explain(figure, of, moment, from, { limit: 3, after });
      items.push(...page.items);
      after = page.next;
    } while (after !== null);
    const told = await query.explain(figure, of, moment, from, { limit: 500, after: null });
    expect(told.items).toEqual(items);
    return told;
  }

  function expectAdded(name: WorkloadFigureName, figures: WorkloadFigures, told: WorkloadExplanation): void {
    const expected = figureOf(figures, name);
    expect({ name, value: told.value }).toEqual({ name, value: expected });
    const counting = told.items.filter(({ counts }) => counts);
    const amounts = counting.map(({ contribution }) => contribution ?? Number.NaN).sort((a, b) => a - b);
    expect({ name, added: valueOf(workloadFigures[name].measure, amounts) }).toEqual({
      name,
      added: expected,
    });
    expect(counting).toHaveLength(told.counted);
    const left = told.items.filter(({ counts }) => !counts);
    const byReason: Record<string, number> = {};
    for (const { reason } of left) byReason[reason ?? 'NONE'] = (byReason[reason ?? 'NONE'] ?? 0) + 1;
    expect({ name, byReason }).toEqual({ name, byReason: told.excluded });
    expect(byReason['NONE']).toBeUndefined();
  }

  /** Each is one of the incident's, as it stands in the log, and was known. */
  function expectEvents(city: SimulatedCity, moment: Moment, { items }: WorkloadExplanation): void {
    const known = new Map(visibleAt(city.events, moment).map((event) => [event.eventId, event]));
    for (const { incidentId, events } of items) {
      expect(events.length).toBeGreaterThan(0);
      for (const { eventId, at: occurredAt, knownAt: recordedAt } of events)
        expect({ eventId, event: known.get(eventId) }).toMatchObject({
          ...{ eventId, event: { incidentId, occurredAt, recordedAt } },
        });
    }
  }

  it('adds up to every figure over any history, at any moment, and names only what was known', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(simulatedCities(60), weighedCities(60)),
        fc.infiniteStream(fc.nat()),
        async (city, dice) => {
          await spec.startOver();
          await spec.givenEvents(city.events);
          const instants = instantsAround(city);
          const pick = (): string => instants[dice.next().value % instants.length] ?? city.now;
          for (let round = 0; round < 2; round += 1) {
            const moment = round === 0 ? at(city.now) : at(pick(), pick());
            const from = [pick(), moment.asOf].sort()[0] ?? longAgo;
            const tasks = tasksAtMoment(city.events, moment);
            for (const departmentId of ['dept-1', 'dept-2', 'dept-1-successor', 'dept-9']) {
              const figures = workloadOf(city.events, departmentId, moment, from);
              for (const name of WORKLOAD_FIGURES) {
                const told = await whole(name, { departmentId }, moment, from);
                expectAdded(name, figures, told);
                expectEvents(city, moment, told);
                if (name === 'open') expectReasons(tasks, departmentId, told);
              }
            }
            const departmentIds = ['dept-1', 'dept-2'];
            for (const streetId of new Set(tasks.map((task) => streetOf(city.events, task, moment)))) {
              const figures = streetWorkloadOf(city.events, streetId, departmentIds, moment, from);
              for (const name of WORKLOAD_FIGURES) {
                const told = await whole(name, { streetId, departmentIds }, moment, from);
                expectAdded(name, figures, told);
                expectEvents(city, moment, told);
              }
            }
          }
        },
      ),
      propertyParameters({ numRuns: 6, endOnFailure: true }),
    );
  }, 240_000);
});

/** Of tasks that are its own: the oracle says why they are not open. */
function expectReasons(
  tasks: readonly OracleTask[],
  departmentId: string,
  { items }: WorkloadExplanation,
): void {
  for (const { taskId, counts, reason } of items) {
    const task = tasks.find((candidate) => candidate.taskId === taskId);
    if (reason === 'HANDED_ON') {
      expect(task?.holders.slice(0, -1).map((holder) => holder.departmentId)).toContain(departmentId);
      continue;
    }
    expect(task?.departmentId).toBe(departmentId);
    const over = ['DONE', 'RETURNED', 'RELEASED'].includes(task?.state ?? '');
    const expected = over ? (task?.state ?? null) : (task?.setAside ?? null);
    expect({ taskId, counts, reason }).toEqual({ taskId, counts: expected === null, reason: expected });
  }
}

function valueOf(measure: string, amounts: readonly number[]): unknown {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  if (measure === 'COUNT' || measure === 'SUM') return inThousandths(sum);
  if (amounts.length === 0) return null;
  if (measure === 'RATE') return sum / amounts.length;
  const place = (measure === 'MEDIAN' ? 0.5 : 0.9) * (amounts.length - 1);
  const [low = 0, high = 0] = [amounts[Math.floor(place)], amounts[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
