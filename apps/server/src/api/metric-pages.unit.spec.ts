import type { MetricExplanation } from '@shaoying/incident-read-models';
import { explanationCsv } from './metric-pages.js';

const caseOf = (index: number) => ({
  ...{ incidentId: `inc-${index}`, taskId: null, inNumerator: true, amount: index * 1_000, events: [] },
});

/** A page of a duration that goes on or does not. */
const page = (index: number, isLast: boolean): MetricExplanation =>
  ({
    ...{ measure: 'DURATION', numerator: 46_000, denominator: 4, cases: [caseOf(index)] },
    excluded: isLast ? [{ incidentId: 'out', taskId: null, reason: 'REOPENED' }] : [],
    withheld: { numerator: 40_000, denominator: 1, excluded: 2 },
    next: isLast ? null : { rate: 0, after: null },
  }) as unknown as MetricExplanation;

async function textOf(csv: ReturnType<typeof explanationCsv>): Promise<string> {
  let text = '';
  for await (const piece of csv.getStream()) text += String(piece);
  return text;
}

test('an explanation as CSV goes on from page to page to its end, and ends with what is withheld', async () => {
  const rest = [page(2, false), page(3, true)];
  const csv = explanationCsv(page(1, false), () => Promise.resolve(rest.shift() as MetricExplanation));
  expect((await textOf(csv)).split('\r\n')).toEqual([
    'place,incidentId,taskId,metricId,weight,amount,numerator,denominator,excluded,reason,events',
    'NUMERATOR,inc-1,,,,1000,1000,1,0,,',
    'NUMERATOR,inc-2,,,,2000,2000,1,0,,',
    'NUMERATOR,inc-3,,,,3000,3000,1,0,,',
    'EXCLUDED,out,,,,,0,0,1,REOPENED,',
    'WITHHELD,,,,,,40000,1,2,,',
    '',
  ]);
});

test('an explanation that breaks off in its midst is no whole table', async () => {
  const csv = explanationCsv(page(1, false), () => Promise.reject(new Error('the database went away')));
  await expect(textOf(csv)).rejects.toThrow('the database went away');
});
