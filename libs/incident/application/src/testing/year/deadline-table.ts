import { ownedDeadlines, type IncidentState, type OwnedDeadline } from '@shaoying/incident-domain';
import type { OpenDeadline } from '@shaoying/timers';
import { InMemoryOpenDeadlines } from '@shaoying/timers/testing';

/**
 * The table of open deadlines, kept from what the decider calls owed; that the read model in PostgreSQL holds the same
 * is proved in its own room. Nobody is told of a change: walks are asked for, so that a seed repeats.
 */
export class DeadlineTable extends InMemoryOpenDeadlines {
  private readonly ids = new Map<string, readonly string[]>();

  override onChange(): () => void {
    return () => undefined;
  }

  /** As the projection does with what happened to an incident. */
  follow(state: IncidentState): void {
    const { incidentId } = state;
    for (const id of this.ids.get(incidentId) ?? []) this.remove(id);
    const open = ownedDeadlines(state).flatMap((owned) => toBeAsked(state, owned));
    this.put(open);
    this.ids.set(
      incidentId,
      open.map(({ deadlineId }) => deadlineId),
    );
  }
}

/** When there is next something to ask about a deadline: its warning, its due time, or the next step of its ladder. */
function toBeAsked(state: IncidentState, owned: OwnedDeadline): OpenDeadline[] {
  const { deadline, owner, pending, warned, breached } = owned;
  if (!pending) return [];
  const { deadlineId, timer, steps, warnAt, dueAt } = deadline;
  const taskId = owner.kind === 'TASK' ? owner.task.taskId : null;
  const entry = { deadlineId, incidentId: state.incidentId, taskId, timer };
  if (!breached && !warned && warnAt < dueAt) return [{ ...entry, dueAt: warnAt, step: -1 }];
  if (!breached) return [{ ...entry, dueAt, step: 0 }];
  const taken = state.supervisions.flatMap(({ supervisionId }) =>
    steps.filter(({ step }) => supervisionId === `${deadlineId}-${step - 1}`),
  );
  const highest = Math.max(0, ...taken.map(({ step }) => step));
  const next = steps.find(({ step }) => step > highest);
  return next === undefined ? [] : [{ ...entry, dueAt: next.at, step: next.step }];
}
