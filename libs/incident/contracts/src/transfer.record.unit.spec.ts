import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import {
  assertOpenTasksTransferred,
  decodeOpenTasksTransferred,
  incidentIdOf,
  transferCatalogue,
  transferStreamId,
} from './index.js';

const goldenDir = join(__dirname, '../transfers/golden');

goldenCorpusContract(
  goldenDir,
  transferCatalogue,
  (file: Json) => (file as unknown as RecordedEvent<Record<string, Json>>).data,
);

const golden = readGolden(goldenDir, 'OpenTasksTransferred.v1.json') as unknown as RecordedEvent;

test('is read as it was written; another type and a newer version are told apart', () => {
  expect(decodeOpenTasksTransferred(golden)).toEqual(golden.data);
  for (const change of [{ type: 'TaskTransferred' }, { schemaVersion: 2 }]) {
    expect(() => decodeOpenTasksTransferred({ ...golden, ...change })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_EVENT' }),
    );
  }
});

test('what does not fit is not written', () => {
  expect(() => assertOpenTasksTransferred(golden.data)).not.toThrow();
  expect(() => assertOpenTasksTransferred({ ...(golden.data as object), moved: null })).toThrow(
    expect.objectContaining({ code: 'INVALID_EVENT_DATA' }),
  );
});

test('its stream is no incident’s', () => {
  expect(incidentIdOf(transferStreamId(golden.commandId))).toBeNull();
});
