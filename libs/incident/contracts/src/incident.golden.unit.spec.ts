import { evolve, NO_INCIDENT } from '@shaoying/incident-domain';
import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, type Json, readGolden } from '@shaoying/testing';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertIncidentEventData,
  decodeIncidentEvent,
  incidentCatalogue,
  incidentEventTypes,
  incidentSchemas,
} from './index.js';

// Events as releases of the past wrote them, replayed for ever (docs/how-to/change-an-event.md).
interface Golden {
  /** As it came out of the log. */
  readonly stored: RecordedEvent<Record<string, unknown>>;
  /** Its data as the domain of the release that wrote it read it. */
  readonly decoded: Record<string, unknown>;
}

const goldenDir = join(__dirname, '../golden');
const goldenOf = (name: string): Golden => readGolden(goldenDir, name) as unknown as Golden;
const golden = readdirSync(goldenDir)
  .filter((name) => /\.v\d+\.json$/.test(name))
  .map((name): [string, Golden] => [name, goldenOf(name)]);

goldenCorpusContract(
  goldenDir,
  Object.fromEntries(
    incidentEventTypes.map((type) => [
      type,
      { version: incidentCatalogue[type].version, schema: incidentSchemas[type] },
    ]),
  ),
  (file: Json) => (file as unknown as Golden).stored.data,
);

describe.each(incidentEventTypes)('the steps of %s', (type) => {
  const { version, upcasters } = incidentCatalogue[type];

  test('lead from its first version to the one written today', () => {
    expect(upcasters).toHaveLength(version - 1);
  });

  test('lift each version for ever to what they once lifted it to, and leave alone what they are given', () => {
    for (const [index, upcast] of upcasters.entries()) {
      const name = `${type}.v${index + 1}`;
      const { data } = goldenOf(`${name}.json`).stored;
      const before = JSON.stringify(data);
      expect(upcast(data)).toEqual(readGolden(goldenDir, `${name}.lifted.json`));
      expect(JSON.stringify(data)).toBe(before);
    }
  });
});

/** What today's domain reads of a golden event: as it was read then, or as the steps since have lifted it. */
function readToday(type: keyof typeof incidentCatalogue, { stored, decoded }: Golden): unknown {
  const { version, upcasters } = incidentCatalogue[type];
  if (stored.schemaVersion === version) return decoded;
  const first = readGolden(goldenDir, `${type}.v${stored.schemaVersion}.lifted.json`);
  return upcasters
    .slice(stored.schemaVersion)
    .reduce((data, upcast) => upcast(data), first as Record<string, unknown>);
}

describe.each(golden)('%s', (name, event) => {
  const { stored } = event;

  test('is read as it was written', () => {
    expect(name).toBe(`${stored.type}.v${stored.schemaVersion}.json`);
    const read = decodeIncidentEvent(stored);
    expect(read).toEqual({ ...stored, data: readToday(read.type, event) });
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
