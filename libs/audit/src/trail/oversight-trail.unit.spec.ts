import { InMemoryEventStore } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import { OversightTrail } from './oversight-trail.js';
import {
  decodeOversightEvent,
  isOversightEventType,
  oversightCatalogue,
  type OversightEvent,
} from './oversight.events.js';

const goldenDir = join(__dirname, '../../oversight/golden');

goldenCorpusContract(
  goldenDir,
  oversightCatalogue,
  (file: Json) => (file as unknown as OversightEvent).data as Json,
);

const golden = (type: string) =>
  readGolden(goldenDir, `${type}.v1.json`) as unknown as OversightEvent & { schemaVersion: number };
const types = Object.keys(oversightCatalogue).filter(isOversightEventType);
const caller = { actor: { id: 'u-2001', role: 'oversight', orgUnitId: 'ct-lindong' }, correlationId: 'c-1' };

describe.each(types)('%s', (type) => {
  const { data, schemaVersion } = golden(type);

  it('is read as it was written; another type, a newer version and other data are not read', () => {
    expect(decodeOversightEvent({ type, schemaVersion, data })).toEqual({ type, data });
    for (const other of [
      { type: 'IncidentFiled', schemaVersion, data },
      { type, schemaVersion: 2, data },
      { type, schemaVersion, data: { ...data, name: '张三' } },
      { type, schemaVersion, data: {} },
    ])
      expect(decodeOversightEvent(other)).toBeNull();
  });

  it('is recorded in the stream of its day, by whom it concerns; what does not fit is not', async () => {
    const store = new InMemoryEventStore();
    let now = new Date('2026-03-02T23:59:59.999Z');
    const trail = new OversightTrail(store, { now: () => now });
    await trail.record(caller, { type, data } as OversightEvent);
    now = new Date('2026-03-03T00:00:00.000Z');
    const position = await trail.record(caller, { type, data } as OversightEvent);
    const invalid = { type, data: { ...data, comment: 'free text' } } as unknown as OversightEvent;
    await expect(trail.record(caller, invalid)).rejects.toMatchObject({ code: 'INVALID_EVENT_DATA' });
    const events = await store.readAll('0');
    expect(events.map(({ streamId, actor, correlationId }) => ({ streamId, actor, correlationId }))).toEqual([
      { streamId: 'oversight-2026-03-02', ...caller },
      { streamId: 'oversight-2026-03-03', ...caller },
    ]);
    expect(events.map((event) => event.data)).toEqual([data, data]);
    expect(events[1]?.position).toBe(position);
  });
});
