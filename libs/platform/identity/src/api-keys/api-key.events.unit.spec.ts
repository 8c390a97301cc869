import type { RecordedEvent } from '@shaoying/event-store';
import { goldenCorpusContract, readGolden, type Json } from '@shaoying/testing';
import { join } from 'node:path';
import { apiKeyCatalogue, decodeApiKeyEvent } from './api-key.events.js';
import { foldApiKey } from './api-key.state.js';

const goldenDir = join(__dirname, '../../golden');
const golden = (type: string) => readGolden(goldenDir, `${type}.v1.json`) as unknown as RecordedEvent;

goldenCorpusContract(goldenDir, apiKeyCatalogue, (file: Json) => (file as unknown as RecordedEvent).data);

it('what the first release wrote about a key is understood for ever', () => {
  const events = ['ApiKeyIssued', 'ApiKeyRotated', 'ApiKeyRevoked'].map(golden).map(decodeApiKeyEvent);
  expect(foldApiKey(events)).toEqual({
    ...{ keyId: '0f1e2d3c4b5a6978', label: '供水调度系统', role: 'department', orgUnitId: 'dp-water' },
    readOnly: false,
    secret: {
      hash: '16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4',
      endsAt: '2026-08-28T01:00:00.000Z',
    },
    former: {
      hash: 'a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e',
      endsAt: '2026-05-31T01:00:00.000Z',
    },
    revokedAt: '2026-06-02T01:00:00.000Z',
    steps: [
      { what: 'ISSUED', at: '2026-03-03T01:00:00.000Z', by: 'u-1001' },
      { what: 'ROTATED', at: '2026-05-30T01:00:00.000Z', by: 'u-1001' },
      { what: 'REVOKED', at: '2026-06-02T01:00:00.000Z', by: 'u-1002' },
    ],
    revision: 2,
  });
});
