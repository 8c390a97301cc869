import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import { checkpointCatalogue, checkpointIn, checkpointLine } from './checkpoint.events.js';
import { parseCheckpoint } from './checkpoint.js';
import { judgeNote, noteVerifier, parseNote } from './signed-note.js';

const goldenDir = join(__dirname, '../../checkpoints/golden');
const golden = readGolden(goldenDir, 'AuditCheckpointSigned.v1.json') as unknown as RecordedEvent;

goldenCorpusContract(goldenDir, checkpointCatalogue, (file: Json) => (file as unknown as RecordedEvent).data);

it('what the first release signed is believed for ever', () => {
  const signed = checkpointIn(golden);
  if (!signed) throw new Error('the golden checkpoint is none');
  const note = parseNote(signed.note);
  expect(judgeNote(note, signed.keys.map(noteVerifier)).verdict).toBe('signed');
  const { size, origin, root } = parseCheckpoint(note.text);
  expect({ size, origin, root: Buffer.from(root).toString('base64') }).toEqual({
    ...{ size: signed.size, origin: signed.origin, root: signed.root },
  });
});

it('is told in Chinese and in English', () => {
  const signed = checkpointIn(golden);
  if (!signed) throw new Error('the golden checkpoint is none');
  const { zh, en } = checkpointLine(signed);
  expect(zh).toContain('共 1000 条记录');
  expect(en).toContain('1000 events');
});

it.each([
  ['another stream', { streamId: 'incident-1' }],
  ['another version', { schemaVersion: 2 }],
  ['another type', { type: 'Anything' }],
  ['data that does not fit', { data: { size: 1 } }],
])('is none with %s', (_, changes) => {
  expect(checkpointIn({ ...golden, ...changes })).toBeUndefined();
});
