import { LocalIssuer } from '@shaoying/identity';
import { people, type PersonName } from '../city.js';
import type { ServerHome } from '../server-home.js';
import type { Operation } from './operations.js';
import { personFor } from './stages.js';
import { bytesOf } from './recipes.js';
import { Wire } from './wire.js';

/** Accounts of their own, so that the log tells their events from those that prepare the ground. */
export const subjectPrefix = 'hostile-';

export type Tokens = Readonly<Record<PersonName, string>>;

export async function tokensOf(home: ServerHome): Promise<Tokens> {
  const issuer = await LocalIssuer.open(home.dataDir);
  const issued = Object.entries(people).map(async ([name, { role, org }]) => {
    return [name, await issuer.issue({ sub: `${subjectPrefix}${name}`, roles: [role], org })] as const;
  });
  return Object.fromEntries(await Promise.all(issued)) as Tokens;
}

const candidates: PersonName[] = [
  ...(['street', 'supervision', 'urbanManagement', 'oversight', 'admin', 'arbitrator', 'callback'] as const),
  ...(['gridWorker', 'community', 'resident'] as const),
];

/** Who may use each operation. Asked with a body that is none, so that nothing comes of it but the verdict on the role. */
export async function fittingPeople(
  url: URL,
  operations: readonly Operation[],
  tokens: Tokens,
): Promise<Readonly<Record<string, PersonName>>> {
  const wire = new Wire(url);
  const fitting: Record<string, PersonName> = {};
  for (const operation of operations) {
    fitting[operation.name] = personFor(operation.name) ?? (await firstPermitted(wire, operation, tokens));
  }
  wire.close();
  return fitting;
}

async function firstPermitted(wire: Wire, operation: Operation, tokens: Tokens): Promise<PersonName> {
  const { method, path } = operation;
  for (const person of candidates) {
    const request = {
      ...{ method, target: path.replace(/\{\w+\}/g, 'dp-urban-management') },
      headers: [
        ...([
          ['Host', '127.0.0.1'],
          ['Authorization', `Bearer ${tokens[person]}`],
        ] as [string, string][]),
        ...(method === 'GET' ? [] : ([['Content-Type', 'application/json']] as [string, string][])),
      ],
      body: Buffer.from(method === 'GET' ? '' : '[]'),
    };
    const { status } = await wire.ask(bytesOf(request));
    if (status !== 401 && status !== 403) return person;
  }
  return 'street';
}
