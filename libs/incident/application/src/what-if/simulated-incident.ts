import { instantMs } from '@shaoying/event-store';
import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import { evolve, NO_INCIDENT, ownedDeadlines } from '@shaoying/incident-domain';
import { AlternativeDeadlines, type KeptAs } from './alternative-deadlines.js';
import type { AlternativeRules } from './alternative-rules.js';
import { differencesOf, type Difference } from './differences.js';
import { judge, type Judged } from './on-time.js';
import type { IssuedOrders } from './replayed-clock.js';
import { ordersOf, ReplayedIncident } from './replayed-incident.js';
import { recordedWorld, World } from './world.js';
import { RecordedDeadlines, type WorldDeadlines } from './world-deadlines.js';

/** One incident under other rules. */
export interface SimulatedIncident {
  readonly recorded: World;
  readonly simulated: World;
  readonly judgedRecorded: readonly Judged[];
  readonly judgedSimulated: readonly Judged[];
  readonly differences: readonly Difference[];
  /** Deadlines that stayed as recorded whatever the rules, by why. */
  readonly kept: ReadonlyMap<string, KeptAs>;
}

/**
 * What one incident would have come to.
 * @param events its whole stream so far, in order
 * @param asOf up to when the clock runs, and the instant of the rates; no later than what the log knew
 * @param isTold whether anybody is told of the differences; where they are only counted, they name no events
 * @throws JurisdictionNotPublished, CalendarError
 */
export function simulateIncident(
  events: readonly RecordedIncidentEvent[],
  rules: AlternativeRules,
  asOf: string,
  isTold = true,
): SimulatedIncident {
  const asOfMs = instantMs(asOf);
  const issued = ordersOf(events);
  const deadlines = new AlternativeDeadlines(rules);
  const recorded = recordedWorld(events);
  const simulated = replayed(events, rules, issued, deadlines, asOfMs);
  const judgments = new Map<World, readonly Judged[]>();
  const judged = (world: World): readonly Judged[] => {
    const known = judgments.get(world) ?? judge(world.course, world.state, asOfMs);
    judgments.set(world, known);
    return known;
  };
  // Made where there is something to explain.
  let prompt: World | null = null;
  let courses: ReadonlyMap<string, readonly RecordedIncidentEvent[]> | null = null;
  const differences = differencesOf({
    ...{ incidentId: recorded.state.incidentId, recorded, simulated, judged, isTold },
    onTime: () =>
      (prompt ??= replayed(events, rules, issued, new RecordedDeadlines(rules.directory), asOfMs)),
    dueIn: (world, deadlineId) => deadlines.dueIn(world, deadlineId),
    stageOf: (deadlineId) => deadlines.stageOf(deadlineId),
    courseOf: (deadlineId) => (courses ??= coursesOf(events)).get(deadlineId) ?? [],
  });
  const [judgedRecorded, judgedSimulated] = [judged(recorded), judged(simulated)];
  return { recorded, simulated, judgedRecorded, judgedSimulated, differences, kept: deadlines.kept };
}

function replayed(
  events: readonly RecordedIncidentEvent[],
  rules: AlternativeRules,
  issued: IssuedOrders,
  deadlines: WorldDeadlines,
  asOfMs: number,
): World {
  const world = new World();
  const incident = new ReplayedIncident(rules.directory, issued, deadlines, (event, recorded, after) =>
    world.hear(event, recorded, after),
  );
  for (const event of events) incident.record(event);
  incident.passUntil(asOfMs);
  return world;
}

/** After these the same is owed by the same time. */
const BRINGS_NOTHING: ReadonlySet<string> = new Set(['DeadlineWarned', 'TaskOverdue', 'IncidentOverdue']);

/** By deadline the events in which it began, was moved, and was owed no more, as recorded. */
function coursesOf(
  events: readonly RecordedIncidentEvent[],
): ReadonlyMap<string, readonly RecordedIncidentEvent[]> {
  const courses = new Map<string, RecordedIncidentEvent[]>();
  let state = NO_INCIDENT;
  let before = new Map<string, { dueAt: string; pending: boolean }>();
  for (const event of events) {
    state = evolve(state, event);
    if (BRINGS_NOTHING.has(event.type)) continue;
    const after = new Map(
      ownedDeadlines(state).map(({ deadline, pending }) => [
        deadline.deadlineId,
        { dueAt: deadline.dueAt, pending },
      ]),
    );
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const [was, is] = [before.get(id), after.get(id)];
      if (was?.dueAt === is?.dueAt && was?.pending === is?.pending) continue;
      courses.set(id, [...(courses.get(id) ?? []), event]);
    }
    before = after;
  }
  return courses;
}
