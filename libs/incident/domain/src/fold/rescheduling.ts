import { afterMoves } from './changes.js';
import type { FoldsOf } from './folds.js';

/** What each event of this room changes. */
export const reschedulingFolds: FoldsOf<'DeadlinesRescheduled'> = {
  DeadlinesRescheduled: (state, event) => {
    const { pins, moves } = event.data;
    const moved = moves.map(({ taskId: _, formerDueAt: __, ...move }) => move);
    return afterMoves({ ...state, pins: pins ?? state.pins }, moved, event.occurredAt);
  },
};
