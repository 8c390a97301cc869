import { ACCESS_POLICY } from '@shaoying/incident-application';
import { printPolicy } from './policy.command.js';

function printed(json: boolean): string {
  const lines: string[] = [];
  printPolicy(json, { out: (text) => void lines.push(text), note: () => undefined, interactive: false });
  return lines.join('\n');
}

test('policy names every operation, who may and by which relation', () => {
  const text = printed(false);
  for (const operation of Object.keys(ACCESS_POLICY)) expect(text).toContain(`${operation} `);
  expect(text).toMatch(/POST \/v1\/incidents\/\{id\}\/close +supervision-centre: OWN_DISTRICT/);
  expect(text).toMatch(/GET \/v1\/org-units +any valid token: ANY/);
  expect(text).toMatch(/GET \/v1\/receipts\/\{receiptCode\} +anybody: RECEIPT/);
  expect(text).toMatch(/oversight +ALL +every incident/);
});

test('policy --json is the same for programs', () => {
  interface Printed {
    readonly operations: readonly {
      readonly operation: string;
      readonly token: string;
      readonly may: readonly { readonly who: string; readonly relation: string }[];
    }[];
    readonly sights: Readonly<Record<string, string>>;
  }
  const { operations, sights } = JSON.parse(printed(true)) as Printed;
  expect(operations.map(({ operation }) => operation)).toEqual(Object.keys(ACCESS_POLICY));
  const reopen = operations.find(({ operation }) => operation.endsWith('/reopen'));
  expect(reopen).toMatchObject({
    token: 'optional',
    may: [
      { who: 'street-office', relation: 'OWN_STREET' },
      { who: 'supervision-centre', relation: 'OWN_DISTRICT' },
      { who: 'resident', relation: 'RECEIPT' },
      { who: 'anybody', relation: 'RECEIPT' },
    ],
  });
  expect(sights['department']).toBe('TASKS');
});
