import { evolve, NO_INCIDENT } from '@shaoying/incident-domain';
import type { RecordedEvent } from '@shaoying/event-store';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertIncidentEventData,
  decodeIncidentEvent,
  incidentCatalogue,
  incidentEventTypes,
} from './index.js';

// Events as releases of the past wrote them, replayed for ever. A file is never changed once its version was released:
// a new version of an event gets a file beside it.
interface Golden {
  /** As it came out of the log. */
  readonly stored: RecordedEvent<Record<string, unknown>>;
  /** Its data as this release's domain reads it. */
  readonly decoded: unknown;
}

const goldenDir = join(__dirname, '../golden');
const golden = readdirSync(goldenDir).map((name): [string, Golden] => [
  name,
  JSON.parse(readFileSync(join(goldenDir, name), 'utf8')) as Golden,
]);

test('every version of every event has its golden file', () => {
  const wanted = incidentEventTypes.flatMap((type) =>
    Array.from({ length: incidentCatalogue[type].version }, (_, index) => `${type}.v${index + 1}.json`),
  );
  expect(golden.map(([name]) => name).toSorted()).toEqual(wanted.toSorted());
});

test('every event has the upcasters that lift its versions to the one written today', () => {
  for (const type of incidentEventTypes) {
    const { version, upcasters } = incidentCatalogue[type];
    expect([type, upcasters.length]).toEqual([type, version - 1]);
  }
});

describe.each(golden)('%s', (name, { stored, decoded }) => {
  test('is read as it was written', () => {
    expect(name).toBe(`${stored.type}.v${stored.schemaVersion}.json`);
    const read = decodeIncidentEvent(stored);
    expect(read).toEqual({ ...stored, data: decoded });
    expect(() => assertIncidentEventData(read.type, read.data)).not.toThrow();
  });

  test('can be folded, and its stored form is left as it was', () => {
    const before = JSON.stringify(stored);
    expect(() => evolve(NO_INCIDENT, decodeIncidentEvent(stored))).not.toThrow();
    expect(JSON.stringify(stored)).toBe(before);
  });

  test('of a version this release does not know is told apart', () => {
    for (const schemaVersion of [0, -1, incidentCatalogue[decodeIncidentEvent(stored).type].version + 1]) {
      expect(() => decodeIncidentEvent({ ...stored, schemaVersion })).toThrow(
        expect.objectContaining({ code: 'UNKNOWN_EVENT' }),
      );
    }
  });
});

test('a type this release does not know is told apart, with what is needed to find it', () => {
  const stored = golden[0]?.[1].stored;
  for (const type of ['WorkingCalendarPublished', 'toString', '__proto__', '']) {
    const foreign = { ...stored, type } as RecordedEvent;
    expect(() => decodeIncidentEvent(foreign)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_EVENT', event: foreign }),
    );
  }
});
