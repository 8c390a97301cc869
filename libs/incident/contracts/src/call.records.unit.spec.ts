import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import { callCatalogue, incidentIdOf, openDeadlinesMoved, openTasksTransferred } from './index.js';

const goldenDir = join(__dirname, '../calls/golden');

goldenCorpusContract(
  goldenDir,
  callCatalogue,
  (file: Json) => (file as unknown as RecordedEvent<Record<string, Json>>).data,
);

describe.each([openTasksTransferred, openDeadlinesMoved])('$type', (record) => {
  const goldenOf = (version: number): RecordedEvent =>
    readGolden(goldenDir, `${record.type}.v${version}.json`) as unknown as RecordedEvent;
  const golden = goldenOf(record.version);

  test('each version is read as it was written; another type and a newer version are told apart', () => {
    for (let version = 1; version <= record.version; version += 1)
      expect(record.decode(goldenOf(version))).toEqual(goldenOf(version).data);
    const unknown = [
      { type: 'TaskTransferred' },
      { schemaVersion: record.version + 1 },
      { schemaVersion: 0 },
    ];
    for (const change of unknown) {
      expect(() => record.decode({ ...golden, ...change })).toThrow(
        expect.objectContaining({ code: 'UNKNOWN_EVENT' }),
      );
    }
  });

  test('what does not fit is not written', () => {
    expect(() => record.assert(golden.data)).not.toThrow();
    expect(() => record.assert({ ...(golden.data as object), moved: null })).toThrow(
      expect.objectContaining({ code: 'INVALID_EVENT_DATA' }),
    );
  });

  test('its stream is no incident’s', () => {
    expect(golden.streamId).toBe(record.streamId(golden.commandId));
    expect(incidentIdOf(record.streamId(golden.commandId))).toBeNull();
  });
});
