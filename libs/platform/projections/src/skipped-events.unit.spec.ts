import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import { decodeSkippedEvent, projectionCatalogue } from './skipped-events.js';

const goldenDir = join(__dirname, '../golden');
const golden = (name: string) => readGolden(goldenDir, name) as unknown as RecordedEvent;

goldenCorpusContract(goldenDir, projectionCatalogue, (file: Json) => (file as unknown as RecordedEvent).data);

it('what the first release was told to pass by is passed by for ever', () => {
  expect(decodeSkippedEvent(golden('ProjectionEventSkipped.v1.json'))).toEqual({
    ...{ projection: 'incident-board', projectionVersion: 7, position: '4711' },
    ...{ eventId: '0190f0c1-7b1e-7c3a-9d55-2f1a6b3c4d5e', eventType: 'IncidentReported' },
    ...{ by: 'u-1001', reason: '导入错误，见工单 77', skippedAt: '2026-11-26T07:30:00.000Z' },
  });
});

it.each([
  ['another type', { type: 'ProjectionEventForgotten' }],
  ['a newer version', { schemaVersion: 2 }],
  ['data that does not fit', { data: { projection: 'incident-board' } }],
])('%s is refused: what is to be passed by cannot be told', (_what, change) => {
  expect(() => decodeSkippedEvent({ ...golden('ProjectionEventSkipped.v1.json'), ...change })).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_EVENT' }),
  );
});
