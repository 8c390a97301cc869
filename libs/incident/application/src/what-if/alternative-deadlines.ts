import { instantMs } from '@shaoying/event-store';
import { isUuid, uuidV5 } from '@shaoying/config';
import {
  cameWithImport,
  taskOf,
  type AnyDeadline,
  type DeadlineMove,
  type DeadlineOwner,
  type IncidentState,
  type Pins,
} from '@shaoying/incident-domain';
import { asked, DeadlineReschedulings } from '../incident.rescheduling.js';
import { IncidentClocks, ladderSteps } from '../incident.clocks.js';
import type { RecordedIncidentEvent } from '@shaoying/incident-contracts';
import type { AlternativeRules } from './alternative-rules.js';
import type { WorldDeadlines } from './world-deadlines.js';

/** Why a deadline of the other world is the recorded one. */
export type KeptAs =
  /** It was not due when its own versions say: a person set it, or an earlier release counted it otherwise. */
  | 'NOT_BY_RULE'
  /** It came with an imported case. */
  | 'IMPORTED';

type Moved = Extract<
  RecordedIncidentEvent,
  { type: 'IncidentResumed' | 'IncidentUnmerged' | 'ExtensionGranted' | 'DeadlinesRescheduled' }
>;

const isMoved = (event: RecordedIncidentEvent): event is Moved =>
  event.type === 'IncidentResumed' ||
  event.type === 'IncidentUnmerged' ||
  event.type === 'ExtensionGranted' ||
  event.type === 'DeadlinesRescheduled';

/**
 * The deadlines of one incident in the other world: each begins when it was recorded to begin, and is counted by the same
 * calculation that counted it then, from other versions. What has moved it since (a pause, time that was granted) moves it
 * by the same rule.
 */
export class AlternativeDeadlines implements WorldDeadlines {
  private readonly clocks: IncidentClocks;
  private readonly reschedulings: DeadlineReschedulings;
  /** By id, as recorded so far. */
  private readonly recorded = new Map<string, AnyDeadline>();
  /** By id, as they are in the other world. */
  private readonly alternative = new Map<string, AnyDeadline>();
  /** What the incident has pinned, as recorded. */
  private pinned: Pins | null = null;
  readonly kept = new Map<string, KeptAs>();

  constructor(private readonly rules: AlternativeRules) {
    this.clocks = new IncidentClocks(rules.directory);
    this.reschedulings = new DeadlineReschedulings(rules.directory);
  }

  moved(state: IncidentState, event: RecordedIncidentEvent): RecordedIncidentEvent {
    if (!isMoved(event)) return event;
    const moves = this.movesOf(state, event);
    for (const move of event.data.moves) {
      const before = this.recorded.get(move.deadlineId);
      if (before !== undefined) this.recorded.set(move.deadlineId, { ...before, ...move });
    }
    return { ...event, data: { ...event.data, moves } } as RecordedIncidentEvent;
  }

  restated(state: IncidentState): IncidentState {
    const pins = this.pinsOf(state);
    const restate = <Owned extends { readonly deadlines: readonly AnyDeadline[] }>(
      owned: Owned,
      owner: () => DeadlineOwner,
    ): Owned => {
      const deadlines = this.restatedOf(state, owned.deadlines, owner);
      return deadlines === owned.deadlines ? owned : { ...owned, deadlines };
    };
    const next = restate(pins === state.pins ? state : { ...state, pins }, () => ({ kind: 'INCIDENT' }));
    const tasks = sameOr(next.tasks, (task) => restate(task, () => ({ kind: 'TASK', task })));
    const whistles = sameOr(next.whistles, (whistle) =>
      restate(whistle, () => ({ kind: 'WHISTLE', whistle })),
    );
    const supervisions = sameOr(next.supervisions, (order) =>
      restate(order, () => ({ kind: 'ORDER', order })),
    );
    if (tasks === next.tasks && whistles === next.whistles && supervisions === next.supervisions) return next;
    return { ...next, tasks, whistles, supervisions };
  }

  know(deadlines: readonly AnyDeadline[]): void {
    for (const deadline of deadlines) this.alternative.set(deadline.deadlineId, deadline);
  }

  /** When a deadline is due, or was last, in either world; null where it has none. */
  dueIn(world: 'recorded' | 'simulated', deadlineId: string): string | null {
    return (world === 'recorded' ? this.recorded : this.alternative).get(deadlineId)?.dueAt ?? null;
  }

  stageOf(deadlineId: string): string | null {
    return this.recorded.get(deadlineId)?.stage ?? null;
  }

  private pinsOf({ pins }: IncidentState): Pins | null {
    if (pins === null) return null;
    if (pins !== this.given) {
      this.pinned = pins;
      this.given = this.rules.pins(pins);
    }
    return this.given;
  }

  /** The pins that {@link restated} has given the state; others are recorded ones. */
  private given: Pins | null = null;

  private restatedOf(
    state: IncidentState,
    deadlines: readonly AnyDeadline[],
    ownerOf: () => DeadlineOwner,
  ): readonly AnyDeadline[] {
    if (deadlines.every((deadline) => this.alternative.get(deadline.deadlineId) === deadline))
      return deadlines;
    return deadlines.flatMap((deadline, place) => {
      const { deadlineId } = deadline;
      const known = this.alternative.get(deadlineId);
      if (known === deadline) return [deadline];
      // Moved by what `moved` has said.
      if (known !== undefined) {
        this.alternative.set(deadlineId, deadline);
        return [deadline];
      }
      this.recorded.set(deadlineId, deadline);
      const isLast = !deadlines.slice(place + 1).some(({ timer }) => timer === deadline.timer);
      const begun = this.begun(state, ownerOf(), deadline, isLast);
      if (begun === null) return [];
      this.alternative.set(deadlineId, begun);
      return [begun];
    });
  }

  /** A deadline as the other versions begin it; null where they begin none. */
  private begun(
    state: IncidentState,
    owner: DeadlineOwner,
    recorded: AnyDeadline,
    isLast: boolean,
  ): AnyDeadline | null {
    const { deadlineId, timer, startedAt } = recorded;
    if (cameWithImport(recorded)) return this.keep(recorded, 'IMPORTED');
    const carried = this.carriedOn(state, owner, recorded);
    if (carried !== null) return carried;
    const [own, other] = this.versionsOf(recorded);
    const { category, severity } = state;
    const query = { timer, category, severity, start: startedAt, ...asked(state, owner) };
    const before = this.rules.directory
      .deadlines({ ...query, pins: own })
      .find(({ stage }) => stage === recorded.stage);
    if (before?.dueAt !== recorded.dueAt) {
      this.kept.set(deadlineId, 'NOT_BY_RULE');
      return this.laddered(owner, recorded, recorded, own, other);
    }
    const all = this.rules.directory.deadlines({ ...query, pins: other });
    const found = all.find(({ stage }) => stage === recorded.stage) ?? (isLast ? all.at(-1) : undefined);
    if (found === undefined) return null;
    const { warnAt, dueAt, policyId, policyVersion, calendarId, calendarVersion, provisional, unit } = found;
    const counted = {
      warnAt,
      dueAt,
      policyId,
      policyVersion,
      calendarId,
      calendarVersion,
      provisional,
      unit,
    };
    return this.laddered(owner, recorded, { ...recorded, ...counted }, own, other);
  }

  private keep(recorded: AnyDeadline, as: KeptAs): AnyDeadline {
    this.kept.set(recorded.deadlineId, as);
    return recorded;
  }

  /** What a department goes on with that took a task over: the time that the former one had in the other world. */
  private carriedOn(state: IncidentState, owner: DeadlineOwner, recorded: AnyDeadline): AnyDeadline | null {
    if (owner.kind !== 'TASK') return null;
    const { taskId, notifiedAt } = owner.task;
    // What earlier releases called a task need not be a UUID; they carried nothing on.
    if (instantMs(recorded.startedAt) >= instantMs(notifiedAt) || !isUuid(taskId)) return null;
    const former = state.tasks
      .flatMap(({ deadlines }) => deadlines)
      .find(({ deadlineId }) => uuidV5(taskId, `continued:${deadlineId}`) === recorded.deadlineId);
    return former === undefined ? null : { ...former, deadlineId: recorded.deadlineId };
  }

  /** The versions a deadline was counted by, and the ones it is counted by instead. */
  private versionsOf(recorded: AnyDeadline): readonly [own: Pins, other: Pins] {
    const city = this.pinned ?? this.rules.directory.pins();
    const { policyId, policyVersion, calendarId, calendarVersion } = recorded;
    const own = { ...city, policyId, policyVersion, calendarId, calendarVersion };
    return [own, this.rules.pinsOf(recorded, own, city)];
  }

  /** With the steps of the other ladder; those that were recorded, where nothing about them differs. */
  private laddered(
    owner: DeadlineOwner,
    recorded: AnyDeadline,
    counted: AnyDeadline,
    own: Pins,
    other: Pins,
  ): AnyDeadline {
    // An order that is not answered climbs no ladder.
    if (owner.kind === 'ORDER') return { ...counted, steps: [] };
    const isOther = other.ladderId !== own.ladderId || other.ladderVersion !== own.ladderVersion;
    const isThere =
      counted.dueAt === recorded.dueAt &&
      other.calendarId === own.calendarId &&
      other.calendarVersion === own.calendarVersion;
    // Nothing that steps are counted from differs: they are the recorded ones, by whatever ladder those were.
    if (isThere && !isOther) return counted;
    return { ...counted, steps: ladderSteps(this.rules.directory, other, counted) };
  }

  private movesOf(state: IncidentState, event: Moved): readonly DeadlineMove[] {
    switch (event.type) {
      case 'IncidentResumed':
      case 'IncidentUnmerged':
        return this.clocks.afterPause(state, event.occurredAt);
      case 'ExtensionGranted': {
        const { taskId, extensionId } = event.data;
        const task = taskOf(state, taskId);
        const granted = state.extensions.find((extension) => extension.extensionId === extensionId);
        if (task === undefined || granted === undefined) return [];
        return this.clocks.extended(state, task, granted.amount, granted.unit);
      }
      case 'DeadlinesRescheduled':
        if (event.data.pins !== null) this.pinned = event.data.pins;
        return event.data.moves.flatMap((move) => this.rescheduled(state, move));
    }
  }

  /** Under other versions as recorded; in the other world under those of the alternative, where it names any. */
  private rescheduled(
    state: IncidentState,
    move: Extract<Moved, { type: 'DeadlinesRescheduled' }>['data']['moves'][number],
  ): DeadlineMove[] {
    const [before, known] = [this.recorded.get(move.deadlineId), this.alternative.get(move.deadlineId)];
    const owner = ownerOf(state, move.deadlineId);
    if (before === undefined || known === undefined || owner === null) return [];
    const recorded = { ...before, ...move };
    const [own, other] = this.versionsOf(recorded);
    const owned = { owner, deadline: recorded, pending: true, running: true, warned: false, breached: false };
    if (this.reschedulings.counted(state, owned, own)?.dueAt !== recorded.dueAt)
      // Moved by hand: where it was not another one before, it goes where it went.
      return known.dueAt === before.dueAt ? [move] : [];
    const counted = this.reschedulings.counted(state, owned, other);
    return counted === null ? [] : [{ deadlineId: move.deadlineId, ...counted }];
  }
}

function sameOr<Item>(items: readonly Item[], change: (item: Item) => Item): readonly Item[] {
  const changed = items.map(change);
  return changed.every((item, place) => item === items[place]) ? items : changed;
}

function ownerOf(state: IncidentState, deadlineId: string): DeadlineOwner | null {
  const has = ({ deadlines }: { readonly deadlines: readonly AnyDeadline[] }): boolean =>
    deadlines.some((deadline) => deadline.deadlineId === deadlineId);
  if (has(state)) return { kind: 'INCIDENT' };
  const task = state.tasks.find(has);
  if (task !== undefined) return { kind: 'TASK', task };
  const whistle = state.whistles.find(has);
  return whistle === undefined ? null : { kind: 'WHISTLE', whistle };
}
