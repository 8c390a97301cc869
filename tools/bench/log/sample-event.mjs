// The event that is measured: a check-in as the server writes it, some 700 bytes with its envelope.
import { randomUUID } from 'node:crypto';

export function sampleEvent() {
  const now = new Date().toISOString();
  const commandId = randomUUID();
  return {
    eventId: randomUUID(),
    type: 'DepartmentCheckedIn',
    schemaVersion: 1,
    occurredAt: now,
    recordedAt: now,
    actor: { id: 'bench-department', role: 'department', orgUnitId: 'dp-urban-management' },
    correlationId: randomUUID(),
    causationId: commandId,
    commandId,
    requestHash: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    data: {
      taskId: randomUUID(),
      departmentId: 'dp-urban-management',
      dueAt: '2026-02-13T08:00:00.000Z',
      late: false,
      claimedAt: null,
      disputed: false,
      location: { lon: 116.4, lat: 39.9, crs: 'WGS84', address: null },
      note: '已到现场，正在处置',
      evidence: [],
    },
  };
}

export const newStreamId = () => `incident-${randomUUID()}`;
