import { instantMs, instantText } from '@shaoying/event-store';
import {
  cameWithImport,
  comesOfAlarm,
  decide,
  ownedDeadlines,
  type AnyDeadline,
  type ClosingWindows,
  type IncidentEvent,
  type IncidentState,
  type IncidentTimer,
  type MarkOverdue,
  type OwnedDeadline,
} from '@shaoying/incident-domain';
import type { JurisdictionDirectory } from '@shaoying/jurisdiction-contracts';
import { IncidentClocks } from '../incident.clocks.js';

/** Whose acts are not people's: the alarm clock's. */
export const CLOCK = { id: 'system:timers', role: 'system', orgUnitId: null } as const;

const NO_WINDOWS: ClosingWindows = { reopenUntil: null, appealUntil: null };

/** Instants of one deadline. A deadline that is moved is another object. */
interface Instants {
  readonly warnMs: number;
  readonly dueMs: number;
  readonly steps: readonly { readonly step: number; readonly atMs: number }[];
}

const instants = new WeakMap<AnyDeadline, Instants>();

function instantsOf(deadline: AnyDeadline): Instants {
  const known = instants.get(deadline);
  if (known !== undefined) return known;
  const found = {
    warnMs: instantMs(deadline.warnAt),
    dueMs: instantMs(deadline.dueAt),
    steps: deadline.steps.map(({ step, at }) => ({ step, atMs: instantMs(at) })),
  };
  instants.set(deadline, found);
  return found;
}

/** Whether any deadline, whoever has it, is so. */
function hasDeadline(state: IncidentState, isSo: (instants: Instants) => boolean): boolean {
  const has = ({ deadlines }: { readonly deadlines: readonly AnyDeadline[] }): boolean =>
    deadlines.some((deadline) => isSo(instantsOf(deadline)));
  return has(state) || state.tasks.some(has) || state.whistles.some(has) || state.supervisions.some(has);
}

/** Orders that were really issued, and the deadlines whose ladders brought some. */
export interface IssuedOrders {
  readonly orders: ReadonlySet<string>;
  readonly deadlines: ReadonlySet<string>;
}

interface Alarm {
  readonly owned: OwnedDeadline;
  readonly atMs: number;
  readonly isWarning: boolean;
}

/**
 * The alarm clock of one incident as it would ring if it were never late: each warning, due time and step of a ladder in
 * the millisecond after its instant. What comes of an alarm the domain's own decider says.
 */
export class ReplayedClock {
  private readonly clocks: IncidentClocks;
  /** The highest step that was taken, by deadline. */
  private readonly taken = new Map<string, number>();
  /** Alarms that rang and brought nothing: they do not ring again. */
  private readonly rung = new Set<string>();
  /** What the last alarm brought, and about which deadline. */
  private rang: { readonly deadlineId: string; readonly events: readonly IncidentEvent[] } | null = null;

  /** @param issued the orders that were really issued: of others no answer is looked at, for nobody was given one */
  constructor(
    directory: JurisdictionDirectory,
    private readonly issued: IssuedOrders,
  ) {
    this.clocks = new IncidentClocks(directory);
  }

  /** What is owed in a state, so that it is asked once for all the alarms that change nothing else. */
  private agenda: { readonly state: IncidentState; readonly owed: readonly OwnedDeadline[] } | null = null;

  /**
   * What the next alarm before `untilMs` brings; null where none rings by then.
   * @param floorMs no alarm rings before what has happened already
   */
  next(state: IncidentState, floorMs: number, untilMs: number): readonly IncidentEvent[] | null {
    for (;;) {
      const alarm = this.soonest(state, floorMs, untilMs);
      if (alarm === null) return null;
      const events = this.ring(state, alarm, Math.max(alarm.atMs + 1, floorMs));
      for (const event of events)
        if (event.type === 'SupervisionIssued')
          this.taken.set(alarm.owned.deadline.deadlineId, event.data.step ?? 0);
      if (events.length > 0) {
        this.rang = { deadlineId: alarm.owned.deadline.deadlineId, events };
        return events;
      }
      this.rung.add(nameOf(alarm));
    }
  }

  /** What is owed after an alarm has changed the state: the same, where it was about its own deadline alone. */
  carryOn(after: IncidentState): void {
    const { agenda, rang } = this;
    this.agenda = null;
    if (agenda === null || rang === null || !rang.events.every(isOfItsOwnDeadline)) return;
    const warned = rang.events.some(({ type }) => type === 'DeadlineWarned');
    const breached = rang.events.some(({ type }) => BREACHES.has(type));
    const owed = agenda.owed.map((owned) =>
      owned.deadline.deadlineId === rang.deadlineId
        ? { ...owned, warned: owned.warned || warned, breached: owned.breached || breached }
        : owned,
    );
    this.agenda = { state: after, owed };
  }

  /**
   * Whether no deadline has an instant from one time up to another, whatever is owed: then no alarm rings between them,
   * unless something in between has let one be owed again.
   */
  isQuiet(state: IncidentState, fromMs: number, untilMs: number): boolean {
    const isBetween = (ms: number): boolean => ms >= fromMs && ms < untilMs;
    return !hasDeadline(
      state,
      ({ warnMs, dueMs, steps }) =>
        isBetween(warnMs) || isBetween(dueMs) || steps.some(({ atMs }) => isBetween(atMs)),
    );
  }

  /** What was missed by an act of the same moment, which hides it from the alarm: no order comes of it. */
  missedBy(
    state: IncidentState,
    nowMs: number,
    concerns: (deadline: AnyDeadline) => boolean = () => true,
  ): readonly IncidentEvent[] {
    if (!hasDeadline(state, ({ dueMs }) => dueMs < nowMs)) return [];
    return ownedDeadlines(state)
      .filter((owned) => this.isOwed(owned) && !owned.breached && instantsOf(owned.deadline).dueMs < nowMs)
      .filter(({ deadline }) => concerns(deadline))
      .flatMap((owned) => this.ring(state, { owned, atMs: nowMs - 1, isWarning: false }, nowMs))
      .filter(({ type }) => BREACHES.has(type));
  }

  private soonest(state: IncidentState, floorMs: number, untilMs: number): Alarm | null {
    // Most incidents are over before anything is due: what is owed is not asked then.
    if (!hasDeadline(state, ({ warnMs, dueMs }) => Math.min(warnMs, dueMs) < untilMs)) return null;
    if (this.agenda?.state !== state)
      this.agenda = { state, owed: ownedDeadlines(state).filter((owned) => this.isOwed(owned)) };
    let soonest: Alarm | null = null;
    for (const owned of this.agenda.owed) {
      const alarm = this.alarmOf(owned, floorMs);
      if (alarm === null || alarm.atMs >= untilMs || (soonest !== null && alarm.atMs >= soonest.atMs))
        continue;
      if (!this.rung.has(nameOf(alarm))) soonest = alarm;
    }
    return soonest;
  }

  private isOwed({ owner, pending, deadline }: OwnedDeadline): boolean {
    if (!pending || cameWithImport(deadline)) return false;
    return owner.kind !== 'ORDER' || this.issued.orders.has(owner.order.supervisionId);
  }

  /** Not where an order ends unanswered that nobody was given. */
  private isJudged({ supervisions }: IncidentState, event: IncidentEvent): boolean {
    if (event.type !== 'IncidentOverdue' || event.data.timer !== 'SUPERVISION_RESPONSE') return true;
    const { deadlineId } = event.data;
    const order = supervisions.find(({ deadlines }) =>
      deadlines.some((deadline) => deadline.deadlineId === deadlineId),
    );
    return order === undefined || this.issued.orders.has(order.supervisionId);
  }

  private alarmOf(owned: OwnedDeadline, floorMs: number): Alarm | null {
    const { warned, breached, deadline } = owned;
    const { warnMs, dueMs, steps } = instantsOf(deadline);
    const taken = this.taken.get(deadline.deadlineId) ?? 0;
    if (!breached && taken === 0) {
      const isWarning = !warned && warnMs < dueMs && Math.max(warnMs + 1, floorMs) <= dueMs;
      return { owned, atMs: isWarning ? warnMs : dueMs, isWarning };
    }
    const next = steps.find(({ step }) => step > taken);
    return next === undefined ? null : { owned, atMs: next.atMs, isWarning: false };
  }

  private ring(state: IncidentState, { owned, isWarning }: Alarm, nowMs: number): readonly IncidentEvent[] {
    const { deadlineId, timer, dueAt } = owned.deadline;
    const now = instantText(nowMs);
    const isAnswered = !isWarning && this.issued.deadlines.has(deadlineId);
    const closes = timer === 'FEEDBACK_WINDOW' && !state.imported;
    const command: MarkOverdue = {
      kind: 'MarkOverdue',
      origin: { now, actor: CLOCK },
      ...{ deadlineId, warning: isWarning },
      deadlines: isAnswered ? this.clocks.responseToLadder(state, deadlineId, now) : [],
      closing: closes ? this.clocks.closing(state, dueAt) : NO_WINDOWS,
    };
    // The end of a window ends orders, which the decider looks at as a whole.
    const decision = WINDOWS.has(timer) ? decide(state, command) : comesOfAlarm(state, owned, command);
    return decision.refusal ? [] : decision.events.filter((event) => this.isJudged(state, event));
  }
}

const WINDOWS: ReadonlySet<IncidentTimer> = new Set(['RETURN_WINDOW', 'FEEDBACK_WINDOW']);

/** An order that is answered begins a deadline; whatever else an alarm brings may change what is owed. */
const isOfItsOwnDeadline = (event: IncidentEvent): boolean =>
  event.type === 'DeadlineWarned' ||
  BREACHES.has(event.type) ||
  (event.type === 'SupervisionIssued' && event.data.deadlines.length === 0);

/** What tells that a deadline was missed. */
const BREACHES: ReadonlySet<IncidentEvent['type']> = new Set([
  'TaskOverdue',
  'IncidentOverdue',
  'WhistleFlagged',
]);

const nameOf = ({ owned: { deadline }, atMs, isWarning }: Alarm): string =>
  `${deadline.deadlineId} ${isWarning ? 'warning' : 'due'} ${atMs}`;
