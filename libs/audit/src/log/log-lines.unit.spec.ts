import type { RecordedEvent } from '@shaoying/event-store';
import { apiKeyCatalogue } from '@shaoying/identity';
import { callCatalogue, incidentEventTypes } from '@shaoying/incident-contracts';
import { JURISDICTION_EVENT_TYPES } from '@shaoying/jurisdiction-contracts';
import { projectionCatalogue } from '@shaoying/projections';
import { readGolden } from '@shaoying/testing';
import { webhookCatalogue } from '@shaoying/webhooks';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointCatalogue } from '../checkpoints/index.js';
import { oversightCatalogue } from '../trail/oversight.events.js';
import { knownLineOf, logLineOf } from './log-lines.js';

const names = (id: string | null): string => (id === null ? '—' : `〈${id}〉`);

const corpora = [
  'incident/contracts/golden',
  'incident/contracts/calls/golden',
  'jurisdiction/contracts/golden',
  'platform/identity/golden',
  'platform/projections/golden',
  'platform/webhooks/golden',
  'audit/oversight/golden',
  'audit/checkpoints/golden',
];

/** Every event of every version that a release has written, from every room. */
const golden: RecordedEvent[] = corpora.flatMap((corpus) => {
  const dir = join(__dirname, '../../..', corpus);
  return readdirSync(dir)
    .filter((name) => /\.v\d+\.json$/.test(name))
    .map((name) => readGolden(dir, name) as unknown as { stored?: RecordedEvent } & RecordedEvent)
    .map((file) => ({ ...(file.stored ?? file), position: '7' }));
});

const everyType = [
  ...incidentEventTypes,
  ...JURISDICTION_EVENT_TYPES,
  ...Object.keys(callCatalogue),
  ...Object.keys(apiKeyCatalogue),
  ...Object.keys(projectionCatalogue),
  ...Object.keys(webhookCatalogue),
  ...Object.keys(oversightCatalogue),
  ...Object.keys(checkpointCatalogue),
];

test('every type that any room writes, in every version, has a line of its own in both languages', () => {
  expect(new Set(golden.map(({ type }) => type))).toEqual(new Set(everyType));
  for (const event of golden) {
    const line = knownLineOf(event, names);
    expect([event.type, line?.zh]).toEqual([event.type, expect.stringMatching(/\p{Script=Han}/u)]);
    expect([event.type, line?.en]).toEqual([event.type, expect.stringMatching(/[a-z]{3}/)]);
    expect(`${line?.zh} ${line?.en}`).not.toMatch(/undefined|NaN|\[object|Invalid/);
  }
});

test('the label and the address of a system, and the reason of a call, are not repeated', () => {
  const quiet = [apiKeyCatalogue, callCatalogue, webhookCatalogue, projectionCatalogue].flatMap(Object.keys);
  const said = golden
    .filter(({ type }) => quiet.includes(type))
    .map((event) => {
      const data = Object.fromEntries(
        Object.entries(event.data as object).map(([key, value]) => [
          key,
          key === 'url'
            ? 'https://secret.example/SECRET'
            : ['label', 'reason'].includes(key)
              ? 'SECRET'
              : value,
        ]),
      );
      return knownLineOf({ ...event, data }, names);
    });
  expect(said.length).toBeGreaterThan(4);
  expect(JSON.stringify(said)).not.toContain('SECRET');
});

test('an event of a release to come is told by its name, and so is a newer version of one that is known', () => {
  const [event] = golden.filter(({ type }) => type === 'IncidentFiled');
  const told = (change: Partial<RecordedEvent>): string => logLineOf({ ...event!, ...change }, names).en;
  expect(told({ type: 'DroneSent', schemaVersion: 3 })).toBe(
    'DroneSent version 3, which this release does not know',
  );
  for (const type of [
    'IncidentFiled',
    'OrgUnitRevised',
    'ApiKeyIssued',
    'WebhookEnabled',
    'ProjectionEventSkipped',
    'OpenTasksTransferred',
    'LogVerified',
  ])
    expect(told({ type, schemaVersion: 99 })).toBe(`${type} version 99, which this release does not know`);
  expect(told({ type: 'toString' })).toContain('toString version');
});
