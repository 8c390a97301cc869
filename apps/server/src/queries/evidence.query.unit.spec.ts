import { SimulatedClock } from '@shaoying/config';
import type { HistoryEntry, IncidentHistory } from '@shaoying/audit';
import type { EvidenceCaptures } from '@shaoying/incident-application';
import type { Platform } from '../platform.js';
import { ReadEvidence, ReadEvidenceHandler } from './evidence.query.js';

const photo = 'c'.repeat(64);
const reader = { id: 'clerk-1', orgUnitId: 'dp-water' };
const clock = new SimulatedClock('2026-03-02T01:00:00Z');
const record = { sha256: photo };

const entry = (type: HistoryEntry['type'], data: object, actor: object = reader): HistoryEntry =>
  ({
    ...{ type, data, actor, revision: 0, commandId: type },
    ...{ occurredAt: clock.now().toISOString(), recordedAt: clock.now().toISOString() },
  }) as unknown as HistoryEntry;

const report = entry('IncidentReported', { evidence: [photo] }, { id: 'anonymous', orgUnitId: null });
const marked = entry('PersonalDataSealed', { fields: ['DESCRIPTION', 'PHOTOS'] });

/** What is told of the one photo. */
async function told(history: readonly HistoryEntry[], who = reader): Promise<object | undefined> {
  const platform = {
    clock,
    files: {
      isFrom: (_: string, sender: object) => Promise.resolve('reportOf' in sender),
      find: () => Promise.resolve(record),
    },
  } as unknown as Platform;
  const handler = new ReadEvidenceHandler(
    { events: () => Promise.resolve(history) } as unknown as IncidentHistory,
    platform,
    {} as EvidenceCaptures,
  );
  const [named] = await handler.execute(new ReadEvidence(['incident-1'], photo, who));
  return named;
}

test('a photo that nobody has marked is there for whoever may see the incident', async () => {
  const sealed = entry('PersonalDataSealed', { fields: ['DESCRIPTION'] });
  expect(await told([report, sealed])).toMatchObject({ personal: false, file: record });
});

test('a marked one only for the account that it was revealed to, in that unit, with photos, and for a day', async () => {
  const revealed = entry('ReporterIdentityRevealed', { fields: ['NAME', 'PHOTOS'] });
  const hidden = { personal: true, revealed: false, file: null };
  expect(await told([report, marked])).toMatchObject(hidden);
  expect(await told([report, marked, revealed])).toMatchObject({
    personal: true,
    revealed: true,
    file: record,
  });
  const name = entry('ReporterIdentityRevealed', { fields: ['NAME'] });
  expect(await told([report, marked, name])).toMatchObject(hidden);
  for (const other of [
    { id: 'clerk-2', orgUnitId: 'dp-water' },
    { id: 'clerk-1', orgUnitId: 'dp-gas' },
  ])
    expect(await told([report, marked, revealed], other)).toMatchObject(hidden);
  clock.advanceMs(24 * 3_600_000);
  expect(await told([report, marked, revealed])).toMatchObject({ file: record });
  clock.advanceMs(1);
  expect(await told([report, marked, revealed])).toMatchObject(hidden);
});
