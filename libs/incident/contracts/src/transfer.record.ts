import type { RecordedEvent } from '@shaoying/event-store';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidEventData, UnknownEvent } from './incident.catalogue.js';
import { Closed, Id, Instant, List, Nullable, Text } from './schemas/parts.js';

// What one call did to the tasks of many incidents. It belongs to none of them, so it has a stream of its own, named
// after its command: there a repeated call finds its first answer. What became of each task stands in its incident.

const Moved = Type.Object({ incidentId: Id, taskId: Id }, { additionalProperties: false });

export const openTasksTransferredSchema = Closed({
  departmentId: Id,
  to: Id,
  reason: Text,
  moved: List(Moved),
  /** Each with the code of the refusal. */
  refused: List(Closed({ incidentId: Id, taskId: Id, code: Id })),
  /** The last task that was looked at, where there are more behind it. */
  next: Nullable(Closed({ notifiedAt: Instant, taskId: Id })),
});

export type OpenTasksTransferred = Static<typeof openTasksTransferredSchema>;

export const OPEN_TASKS_TRANSFERRED = 'OpenTasksTransferred';

/** As the catalogue of incidents' events, for what belongs to no incident. */
export const transferCatalogue = {
  [OPEN_TASKS_TRANSFERRED]: { version: 1, schema: openTasksTransferredSchema, upcasters: [] },
} as const;

export const transferStreamId = (commandId: string): string => `transfer-${commandId}`;

const validator = Compile(openTasksTransferredSchema);

/** Checks a record before it is written. @throws InvalidEventData */
export function assertOpenTasksTransferred(data: unknown): void {
  if (validator.Check(data)) return;
  const paths = [...validator.Errors(data)].slice(0, 5).map((error) => error.instancePath || '/');
  throw new InvalidEventData(OPEN_TASKS_TRANSFERRED, paths);
}

/** @throws UnknownEvent for foreign types and for versions newer than this release */
export function decodeOpenTasksTransferred(event: RecordedEvent): OpenTasksTransferred {
  if (event.type !== OPEN_TASKS_TRANSFERRED || event.schemaVersion !== 1) throw new UnknownEvent(event);
  return event.data as OpenTasksTransferred;
}
