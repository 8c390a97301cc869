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
  const golden = readGolden(goldenDir, `${record.type}.v1.json`) as unknown as RecordedEvent;

  test('is read as it was written; another type and a newer version are told apart', () => {
    expect(record.decode(golden)).toEqual(golden.data);
    for (const change of [{ type: 'TaskTransferred' }, { schemaVersion: 2 }]) {
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
