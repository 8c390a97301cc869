import fc from 'fast-check';
import { decodeIncidentEvent, incidentEventTypes } from '@shaoying/incident-contracts';
import type { IncidentEvent } from '@shaoying/incident-domain';
import { SimulatedCity, simulatedCities } from '@shaoying/incident-read-models/testing';
import { plainLineOf } from './plain-lines.js';

const names = (id: string | null): string => (id === null ? '—' : `〈${id}〉`);

const events: IncidentEvent[] = fc
  .sample(simulatedCities(), { numRuns: 60, seed: 20_260_302 })
  .flatMap((city) => city.events.map(decodeIncidentEvent));

const ofType = (type: string): IncidentEvent[] => events.filter((event) => event.type === type);

// Free text and everything that points to the reporter.
const personal = new Set([
  ...['description', 'comment', 'note', 'reason', 'address', 'receiptHash', 'externalId'],
  ...['subjectId', 'keyId', 'ciphertext', 'lon', 'lat'],
]);

function withSecrets(value: unknown, key = ''): unknown {
  if (key === 'reporter') return { subjectId: 'SECRET', keyId: 'SECRET', ciphertext: 'SECRET' };
  if (key === 'location') return { lon: 12.34567, lat: 12.34567, crs: 'WGS84', address: 'SECRET' };
  if (personal.has(key)) return 'SECRET';
  if (Array.isArray(value)) return value.map((item) => withSecrets(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withSecrets(inner, name)]));
}

describe.each(incidentEventTypes)('the line of %s', (type) => {
  it('exists in Chinese and in English, whole', () => {
    expect(ofType(type).length).toBeGreaterThan(0);
    for (const event of ofType(type)) {
      const { zh, en } = plainLineOf(event, names);
      expect(zh).toMatch(/\p{Script=Han}/u);
      expect(en).toMatch(/[a-z]{3}/);
      expect(en).not.toMatch(/\p{Script=Han}/u);
      expect(`${zh} ${en}`).not.toMatch(/undefined|null|NaN|\[object|Invalid/);
    }
  });

  it('tells nothing of the reporter nor any free text', () => {
    for (const event of ofType(type)) {
      const data = withSecrets(event.data) as Record<string, unknown>;
      // The reason a supervision order was lifted is a code, not a text.
      if (event.type === 'SupervisionLifted') data['reason'] = event.data.reason;
      const { zh, en } = plainLineOf({ ...event, data } as unknown as IncidentEvent, names);
      expect(`${zh} ${en}`).not.toMatch(/SECRET|12\.34567/);
    }
  });
});

describe('plain lines', () => {
  const lines = (city: SimulatedCity, language: 'zh' | 'en'): string[] =>
    city.events.map((event) => plainLineOf(decodeIncidentEvent(event), names)[language]);

  const lateCase = (): SimulatedCity => {
    const city = new SimulatedCity()
      .report('inc')
      .whistle('inc', ['dept-1', 'dept-2'], 'EMERGENCY')
      .pass(240);
    city.ringAlarms().checkIn('inc', 'dept-1').checkIn('inc', 'dept-2');
    city.complete('inc', 'dept-1').complete('inc', 'dept-2').check('inc', 'FAIL');
    return city;
  };

  it('tell a story in Chinese, times as in Shanghai', () => {
    expect(lines(lateCase(), 'zh')).toEqual([
      '上报事件（GARBAGE，渠道 APP）',
      '立案，适用时限政策 policy 第 1 版',
      '〈street-1〉 吹哨（应急处置哨）：主办 〈dept-1〉，协办 〈dept-2〉',
      '〈dept-1〉 签收超期（时限 2026-03-02 10:00:00）',
      '〈dept-2〉 签收超期（时限 2026-03-02 10:00:00）',
      '〈dept-1〉 报到超期（时限 2026-03-02 13:00:00）',
      '发出蓝色督办（第 1 级，时限 2026-03-02 13:00:00）：〈dept-1〉',
      '〈dept-2〉 报到超期（时限 2026-03-02 13:00:00）',
      '发出蓝色督办（第 1 级，时限 2026-03-02 13:00:00）：〈dept-2〉',
      '〈dept-1〉 以报到视为签收，超期（时限 2026-03-02 10:00:00）',
      '〈dept-1〉 报到',
      '解除督办：〈dept-1〉',
      '〈dept-2〉 以报到视为签收，超期（时限 2026-03-02 10:00:00）',
      '〈dept-2〉 报到',
      '解除督办：〈dept-2〉',
      '〈dept-1〉 处置完毕',
      '〈dept-2〉 处置完毕',
      '处置完成（区），待核查',
      '〈centre〉 核查不通过，第 1 次返工',
    ]);
  });

  it('tell it in English', () => {
    expect(lines(lateCase(), 'en').slice(0, 10)).toEqual([
      'Incident reported (GARBAGE, by APP)',
      'Filed under deadline policy policy version 1',
      '〈street-1〉 blew the whistle (EMERGENCY): lead 〈dept-1〉, assisting 〈dept-2〉',
      '〈dept-1〉 missed its ACKNOWLEDGE deadline (due 2026-03-02 10:00:00)',
      '〈dept-2〉 missed its ACKNOWLEDGE deadline (due 2026-03-02 10:00:00)',
      '〈dept-1〉 missed its CHECK_IN deadline (due 2026-03-02 13:00:00)',
      'BLUE supervision order (step 1, due 2026-03-02 13:00:00) issued to 〈dept-1〉',
      '〈dept-2〉 missed its CHECK_IN deadline (due 2026-03-02 13:00:00)',
      'BLUE supervision order (step 1, due 2026-03-02 13:00:00) issued to 〈dept-2〉',
      '〈dept-1〉 acknowledged by checking in, late (due 2026-03-02 10:00:00)',
    ]);
  });
});
