import fc from 'fast-check';
import {
  evolve,
  NO_INCIDENT,
  type CommandOrigin,
  type IncidentCommand,
  type IncidentEvent,
} from '../index.js';
import type { IncidentState } from '../index.js';
import * as sample from './sample-incident.js';

const kinds = [
  'ReportIncident',
  'ImportIncident',
  'FileIncident',
  'StartSelfHandling',
  'CompleteSelfHandling',
  'BlowWhistle',
  'AcknowledgeTask',
  'CheckIn',
  'CompleteTask',
  'MarkOverdue',
  'CheckHandling',
  'RecordFeedback',
  'CloseIncident',
] as const satisfies readonly IncidentCommand['kind'][];

const actors: readonly CommandOrigin['actor'][] = [
  sample.byStreet(0),
  sample.byCommunity(0),
  sample.byDepartment(0, sample.LEAD),
  sample.byDepartment(0, sample.ASSIST),
  sample.byCheckers(0),
  sample.byCallback(0),
  sample.byTimers(0),
  sample.by(0, 'street-office', sample.OTHER_STREET),
  sample.by(0, 'grid-worker', sample.OTHER_COMMUNITY),
].map(({ actor }) => actor);

/** One thing somebody tries. Numbers point into what the case has by then, so that most tries mean something. */
export interface Try {
  /** Usually whatever brings the case forward; else any command at all. */
  readonly forward: boolean;
  readonly kind: IncidentCommand['kind'];
  readonly waitMinutes: number;
  /** Null: whoever this is for. */
  readonly actor: CommandOrigin['actor'] | null;
  readonly pick: number;
  readonly claimMinutes: number | null;
  readonly evidence: boolean;
  readonly good: boolean;
  readonly filed: boolean;
  readonly reporter: boolean;
}

/** Mostly the usual pace of an office, sometimes past every deadline. */
const waitMinutes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: sample.days(20) }) },
);

const tryOf: fc.Arbitrary<Try> = fc.record({
  forward: fc.oneof(
    { weight: 2, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  kind: fc.constantFrom(...kinds),
  waitMinutes,
  actor: fc.option(fc.constantFrom(...actors), { freq: 6, nil: null }),
  pick: fc.nat(1_000),
  claimMinutes: fc.option(fc.integer({ min: -sample.days(2), max: 60 }), { nil: null }),
  evidence: fc.boolean(),
  good: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  filed: fc.boolean(),
  reporter: fc.boolean(),
});

/** What people and clocks may try on one incident, in order. */
export const triesOnAnIncident: fc.Arbitrary<Try[]> = fc.array(tryOf, {
  minLength: 1,
  maxLength: 40,
  size: 'max',
});

/** The command a try means at this moment of the case. */
export function commandOf(state: IncidentState, attempt: Try, minute: number): IncidentCommand {
  const kind = attempt.forward ? nextKind(state, attempt) : attempt.kind;
  const command = build(kind, state, attempt, minute);
  const { actor } = attempt;
  return actor === null ? command : { ...command, origin: { ...command.origin, actor } };
}

function nextKind(
  { lifecycle, mode, tasks }: IncidentState,
  { pick, good, kind }: Try,
): IncidentCommand['kind'] {
  switch (lifecycle) {
    case 'NONE':
      return pick % 20 === 0 ? 'ImportIncident' : 'ReportIncident';
    case 'REPORTED':
      return 'FileIncident';
    case 'FILED':
      return pick % 4 === 0 ? 'StartSelfHandling' : 'BlowWhistle';
    case 'HANDLING': {
      if (mode === 'SELF') return 'CompleteSelfHandling';
      const task = tasks[pick % tasks.length];
      if (task?.state === 'NOTIFIED') return good ? 'AcknowledgeTask' : 'CheckIn';
      return task?.state === 'ACKNOWLEDGED' ? 'CheckIn' : 'CompleteTask';
    }
    case 'CHECKING':
      return 'CheckHandling';
    case 'FEEDBACK':
      return pick % 2 === 0 ? 'RecordFeedback' : 'CloseIncident';
    case 'CLOSED':
      return kind;
  }
}

function build(
  kind: IncidentCommand['kind'],
  state: IncidentState,
  attempt: Try,
  minute: number,
): IncidentCommand {
  const { pick, good, evidence, claimMinutes } = attempt;
  const occurredAt = claimMinutes === null ? null : sample.at(minute + claimMinutes);
  const departmentId = state.tasks[pick % state.tasks.length]?.departmentId ?? sample.LEAD;
  switch (kind) {
    case 'ReportIncident':
      return sample.report(minute, { occurredAt, filing: attempt.filed ? sample.filing(minute) : null });
    case 'ImportIncident':
      return sample.importCase(good ? {} : { closedAt: null });
    case 'FileIncident':
      return sample.file(minute);
    case 'StartSelfHandling':
      return sample.startSelfHandling(minute, evidence ? {} : { level: 'COMMUNITY', handlingUnitId: null });
    case 'CompleteSelfHandling':
      return sample.completeSelfHandling(minute);
    case 'BlowWhistle':
      return sample.blow(minute, { tasks: someTasks(minute, pick) });
    case 'AcknowledgeTask':
      return sample.acknowledge(minute, departmentId);
    case 'CheckIn':
      return sample.checkIn(minute, departmentId, { occurredAt, evidence: evidence ? [sample.photo] : [] });
    case 'CompleteTask':
      return sample.complete(minute, departmentId);
    case 'MarkOverdue':
      return sample.alarm(minute, someDeadline(state, pick));
    case 'CheckHandling':
      return sample.check(minute, good ? 'PASS' : 'FAIL');
    case 'RecordFeedback':
      return sample.feedback(minute, {
        solved: good ? 'SOLVED' : 'UNSOLVED',
        ...(attempt.reporter
          ? { source: 'REPORTER', receiptHash: evidence ? sample.receiptHash : null }
          : {}),
      });
    case 'CloseIncident':
      return sample.close(minute);
  }
}

/** Mostly sound: one lead and up to one assisting department; sometimes no lead, two, or one department twice. */
function someTasks(minute: number, pick: number): ReturnType<typeof sample.assignment>[] {
  const lead = sample.assignment(minute, sample.LEAD, 'LEAD');
  const assist = sample.assignment(minute, sample.ASSIST, 'ASSIST');
  const unsound = [
    [],
    [assist],
    [lead, { ...assist, role: 'LEAD' as const }],
    [lead, { ...lead, role: 'ASSIST' as const }],
  ];
  return unsound[pick % 20] ?? (pick % 2 === 0 ? [lead] : [lead, assist]);
}

function someDeadline(state: IncidentState, pick: number): string {
  const known = [...state.deadlines, ...state.tasks.flatMap((task) => task.deadlines)];
  return known[pick % (known.length + 1)]?.deadlineId ?? 'unknown';
}

export interface Step {
  readonly before: IncidentState;
  readonly command: IncidentCommand;
  /** Undefined where it was refused. */
  readonly events: readonly IncidentEvent[] | undefined;
  readonly after: IncidentState;
}

/** Carries the tries out one after the other, and tells each step. */
export function live(attempts: readonly Try[]): Step[] {
  const steps: Step[] = [];
  let state = NO_INCIDENT;
  let minute = 0;
  for (const attempt of attempts) {
    minute += attempt.waitMinutes;
    const before = state;
    const command = commandOf(before, attempt, minute);
    const { events } = sample.incidentDecider.decide(before, command);
    state = (events ?? []).reduce(evolve, before);
    steps.push({ before, command, events, after: state });
  }
  return steps;
}
