import { parseInstant } from '@shaoying/http';

/** Where a task stands in the queue of its department. */
export interface QueuePlace {
  readonly notifiedAt: string;
  readonly taskId: string;
}

/** Checks a place that comes back from outside as part of a cursor. */
export const isQueuePlace = (value: unknown): value is QueuePlace =>
  typeof value === 'object' &&
  value !== null &&
  'notifiedAt' in value &&
  // As this server writes it: PostgreSQL does not take every notation that a request may use.
  parseInstant(value.notifiedAt) === value.notifiedAt &&
  'taskId' in value &&
  typeof value.taskId === 'string';
