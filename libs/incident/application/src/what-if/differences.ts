import { instantText } from '@shaoying/event-store';
import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { IncidentTimer, SupervisionLevel } from '@shaoying/incident-domain';
import type { Judged, OnTimeMetric } from './on-time.js';
import type { World } from './world.js';

/**
 * RULES: the other rules make it. CLOCK: the recorded clock was late, and one that never is makes it under the recorded
 * rules too: a step that was passed over, an order that would have come before the act that ended it, silence that was
 * taken for an acknowledgement at its time.
 */
export type DifferenceCause = 'RULES' | 'CLOCK';

/** An event of the log, by which whoever reads of a difference finds it. */
export interface DecidingEvent {
  readonly type: string;
  readonly eventId: string;
  readonly position: string;
}

interface Side {
  readonly dueAt: string | null;
  readonly outcome: string;
}

/** One thing that would have been otherwise. */
export interface Difference {
  readonly kind: 'BREACH' | 'REMINDER' | 'SUPERVISION_ORDER' | 'ON_TIME';
  readonly incidentId: string;
  readonly taskId: string | null;
  /** Whose it is: of a breach, a reminder or an order the department it is told; of a rate whose rate, of closing the street. */
  readonly unitId: string | null;
  readonly timer: IncidentTimer | null;
  readonly stage: string | null;
  readonly deadlineId: string | null;
  readonly level: SupervisionLevel | null;
  readonly metric: OnTimeMetric | null;
  readonly recorded: Side;
  readonly simulated: Side;
  /** What it adds to the number of breaches, reminders or orders, or to the numerator of the rate. */
  readonly change: number;
  /** What it adds to the denominator of the rate; 0 for all else. */
  readonly denominatorChange: number;
  readonly cause: DifferenceCause;
  readonly events: readonly DecidingEvent[];
}

/** What one incident came to in both worlds, and in the recorded one with a clock that is never late. */
export interface Compared {
  readonly incidentId: string;
  readonly recorded: World;
  readonly simulated: World;
  /** Asked for where there is a difference. */
  readonly onTime: () => World;
  readonly dueIn: (world: 'recorded' | 'simulated', deadlineId: string) => string | null;
  readonly stageOf: (deadlineId: string) => string | null;
  /** The last event in which the deadline began, was moved or was ended, as recorded. */
  readonly courseOf: (deadlineId: string) => readonly RecordedIncidentEvent[];
  readonly judged: (world: World) => readonly Judged[];
  /** Whether anybody is told of the differences; where they are only counted, no events are named. */
  readonly isTold: boolean;
}

/** The events that decided, each once and in their order. */
function told({ isTold }: Compared, events: () => readonly RecordedIncidentEvent[]): DecidingEvent[] {
  if (!isTold) return [];
  return [...new Map(events().map((event) => [event.eventId, event])).values()]
    .sort((a, b) => a.revision - b.revision)
    .map(({ type, eventId, position }) => ({ type, eventId, position }));
}

const keysOf = <Value>(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): Set<string> =>
  new Set([...a.keys(), ...b.keys()]);

/** Everything that is otherwise about one incident. */
export function differencesOf(compared: Compared): Difference[] {
  const { recorded, simulated } = compared;
  return [
    ...[...keysOf(recorded.deadlines, simulated.deadlines)].flatMap((id) => ofDeadline(compared, id)),
    ...[...keysOf(recorded.orders, simulated.orders)].flatMap((id) => ofOrder(compared, id)),
    ...ofRates(compared),
  ];
}

function ofDeadline(compared: Compared, deadlineId: string): Difference[] {
  const { recorded, simulated, incidentId } = compared;
  const [was, is] = [recorded.deadlines.get(deadlineId), simulated.deadlines.get(deadlineId)];
  const known = was ?? is;
  if (known === undefined) return [];
  const { timer, taskId, departmentId } = known;
  const about = {
    ...{ incidentId, taskId, unitId: departmentId, timer, stage: compared.stageOf(deadlineId), deadlineId },
    ...{ level: null, metric: null, denominatorChange: 0 },
  };
  const events = (): DecidingEvent[] =>
    told(compared, () => [...compared.courseOf(deadlineId), ...(was?.events ?? [])]);
  const [wasDue, isDue] = (['recorded', 'simulated'] as const).map((world) =>
    compared.dueIn(world, deadlineId),
  );
  const [wasMissed, isMissed] = [was?.breachedDue ?? null, is?.breachedDue ?? null];
  const [wasTold, isTold] = [was?.reminders ?? 0, is?.reminders ?? 0];
  const differences: Difference[] = [];
  if ((wasMissed === null) !== (isMissed === null)) {
    const expected = compared.onTime().deadlines.get(deadlineId)?.breachedDue ?? null;
    differences.push({
      ...{ ...about, kind: 'BREACH', change: isMissed === null ? -1 : 1, events: events() },
      recorded: { dueAt: wasMissed ?? wasDue ?? null, outcome: missed(wasMissed) },
      simulated: { dueAt: isMissed ?? isDue ?? null, outcome: missed(isMissed) },
      cause: (expected === null) === (isMissed === null) ? 'CLOCK' : 'RULES',
    });
  }
  if (wasTold !== isTold) {
    const expected = compared.onTime().deadlines.get(deadlineId)?.reminders ?? 0;
    differences.push({
      ...{ ...about, kind: 'REMINDER', change: isTold - wasTold, events: events() },
      recorded: { dueAt: wasDue ?? null, outcome: reminded(wasTold) },
      simulated: { dueAt: isDue ?? null, outcome: reminded(isTold) },
      cause: expected === isTold ? 'CLOCK' : 'RULES',
    });
  }
  return differences;
}

const missed = (due: string | null): string => (due === null ? 'NOT_BREACHED' : 'BREACHED');
const reminded = (times: number): string => (times === 0 ? 'NOT_REMINDED' : 'REMINDED');

/** Orders are one by one: where the level is another, one goes and one comes. */
function ofOrder(compared: Compared, supervisionId: string): Difference[] {
  const [was, is] = [
    compared.recorded.orders.get(supervisionId),
    compared.simulated.orders.get(supervisionId),
  ];
  if (was?.level === is?.level) return [];
  const prompt = compared.onTime().orders.get(supervisionId);
  const cause = prompt?.level === is?.level ? 'CLOCK' : 'RULES';
  return [
    { order: was, change: -1 },
    { order: is, change: 1 },
  ].flatMap(({ order, change }): Difference[] => {
    if (order === undefined) return [];
    const { deadlineId, timer, level, taskId, departmentId } = order;
    const [wasDue, isDue] = [
      was?.dueAt ?? compared.dueIn('recorded', deadlineId),
      is?.dueAt ?? compared.dueIn('simulated', deadlineId),
    ];
    const gone = change < 0;
    return [
      {
        ...{
          kind: 'SUPERVISION_ORDER',
          incidentId: compared.incidentId,
          taskId,
          unitId: departmentId,
          timer,
        },
        ...{ stage: compared.stageOf(deadlineId), deadlineId, level, metric: null, denominatorChange: 0 },
        recorded: { dueAt: wasDue, outcome: gone ? 'ISSUED' : 'NOT_ISSUED' },
        simulated: { dueAt: isDue, outcome: gone ? 'NOT_ISSUED' : 'ISSUED' },
        ...{ change, cause },
        events: told(compared, () => [...compared.courseOf(deadlineId), ...(was?.event ? [was.event] : [])]),
      },
    ];
  });
}

const nameOf = ({ metric, taskId, cycle }: Judged): string => `${metric} ${taskId ?? cycle}`;

function ofRates(compared: Compared): Difference[] {
  const byName = (world: World): Map<string, Judged> =>
    new Map(compared.judged(world).map((judged) => [nameOf(judged), judged]));
  const [recorded, simulated] = [byName(compared.recorded), byName(compared.simulated)];
  let onTime: Map<string, Judged> | undefined;
  return [...keysOf(recorded, simulated)].flatMap((name) => {
    const [was, is] = [recorded.get(name), simulated.get(name)];
    if (isSame(was, is)) return [];
    const cause = isSame((onTime ??= byName(compared.onTime())).get(name), is) ? 'CLOCK' : 'RULES';
    // Whose rate it is may be another: a task that is due earlier is still its former department's.
    const units = [...new Set([was, is].flatMap((judged) => (judged?.counts ? [judged.key] : [])))];
    return units.map((unitId) => ofRate(compared, was, is, unitId, cause));
  });
}

const isSame = (a: Judged | undefined, b: Judged | undefined): boolean => {
  if (!a?.counts || !b?.counts) return (a?.counts ?? false) === (b?.counts ?? false);
  return a.good === b.good && a.key === b.key;
};

function ofRate(
  compared: Compared,
  was: Judged | undefined,
  is: Judged | undefined,
  unitId: string | null,
  cause: DifferenceCause,
): Difference {
  const [before, after] = [was, is].map((judged) => {
    const counts = judged?.counts === true && judged.key === unitId;
    return { counts: Number(counts), good: Number(counts && judged.good) };
  }) as [Weight, Weight];
  const side = (judged: Judged | undefined, weight: Weight): Side => ({
    dueAt: judged === undefined ? null : instantText(judged.dueMs),
    outcome: weight.counts === 0 ? 'NOT_COUNTED' : weight.good === 0 ? 'LATE' : 'ON_TIME',
  });
  const { metric, taskId } = (was ?? is) as Judged;
  const { incidentId } = compared;
  return {
    ...{ kind: 'ON_TIME', incidentId, taskId, unitId, timer: null, stage: null, deadlineId: null },
    ...{ level: null, metric, recorded: side(was, before), simulated: side(is, after), cause },
    ...{ change: after.good - before.good, denominatorChange: after.counts - before.counts },
    events: told(compared, () => [...(was?.events ?? []), ...(is?.events ?? [])]),
  };
}

interface Weight {
  readonly counts: number;
  readonly good: number;
}
