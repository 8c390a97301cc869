import type { RecordedEvent } from '@shaoying/event-store';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidEventData, UnknownEvent } from './incident.catalogue.js';

/**
 * What one call did to many incidents. It belongs to none of them, so it has a stream of its own, named after its command:
 * there a repeated call finds its first answer. What became of each incident stands in its own stream.
 */
export interface CallRecord<Data> {
  readonly type: string;
  readonly version: number;
  streamId(commandId: string): string;
  /** Checks a record before it is written. @throws InvalidEventData */
  assert(data: unknown): void;
  /** @throws UnknownEvent for foreign types and for versions newer than this release */
  decode(event: RecordedEvent): Data;
}

/** @param version the one that is written; what an earlier one said fits the schema of today */
export function callRecord<Schema extends TSchema>(
  type: string,
  streamPrefix: string,
  schema: Schema,
  version = 1,
): CallRecord<Static<Schema>> {
  const validator = Compile(schema);
  return {
    type,
    version,
    streamId: (commandId) => `${streamPrefix}-${commandId}`,
    assert(data) {
      if (validator.Check(data)) return;
      const paths = [...validator.Errors(data)].slice(0, 5).map((error) => error.instancePath || '/');
      throw new InvalidEventData(type, paths);
    },
    decode(event) {
      if (event.type !== type || event.schemaVersion < 1 || event.schemaVersion > version)
        throw new UnknownEvent(event);
      return event.data as Static<Schema>;
    },
  };
}
