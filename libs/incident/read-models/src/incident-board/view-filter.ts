import { PLACE_NOT_AWAITED } from './incident-board.projection.js';
import type { BoardFilter } from './incident-board.query.js';
import type { IncidentView } from './incident-view.js';
import { isOverdue } from './view-clocks.js';

/** A filter's part that whatever fitted it once fits for ever: it leaves out nothing that fitted the whole at some instant. */
export const lastingPart = ({ from, to, q, departmentId }: BoardFilter): BoardFilter => ({
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
  ...(q !== undefined && { q }),
  ...(departmentId !== undefined && { departmentId }),
});

/**
 * Whether an incident, as it was at an instant, is one that the filter asks for, as far as the view can tell: `from`, `to`
 * and `q` are {@link lastingPart}'s. The board's listing says the same in SQL of what is so now.
 */
export function fits(view: IncidentView, filter: BoardFilter, at: string): boolean {
  const { departmentId, overdue, unlocated } = filter;
  const equal = ['state', 'category', 'severity', 'streetId', 'communityId', 'estateId'] as const;
  return (
    equal.every((field) => filter[field] === undefined || filter[field] === view[field]) &&
    (departmentId === undefined || hasHadTask(view, departmentId)) &&
    (overdue === undefined || isOverdue(view, at) === overdue) &&
    (unlocated === undefined || isUnlocated(view) === unlocated)
  );
}

const hasHadTask = ({ tasks }: IncidentView, departmentId: string): boolean =>
  tasks.some(
    (task) =>
      task.departmentId === departmentId ||
      task.transfers.some(({ fromDepartmentId }) => fromDepartmentId === departmentId),
  );

const isUnlocated = ({ gridId, state }: IncidentView): boolean =>
  gridId === null && !PLACE_NOT_AWAITED.includes(state);
