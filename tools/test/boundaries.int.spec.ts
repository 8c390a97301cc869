import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

// The architecture's direction of dependencies, proved by planting what it forbids. The file is fed to the linter on
// standard input, so that nothing is ever written into a source folder.

interface Plant {
  readonly rule: string;
  readonly in: string;
  readonly code: string;
  readonly expected: 'refused' | 'allowed';
}

const plants: readonly Plant[] = [
  {
    rule: 'the domain imports no library of ours',
    in: 'libs/incident/domain/src/planted.ts',
    code: "import { START } from '@shaoying/event-store';\nexport const planted = START;\n",
    expected: 'refused',
  },
  {
    rule: 'the domain imports no package',
    in: 'libs/incident/domain/src/planted.ts',
    code: "import { Pool } from 'pg';\nexport const planted = Pool;\n",
    expected: 'refused',
  },
  {
    rule: 'an engine imports the port only',
    in: 'libs/platform/event-store-postgres/src/planted.ts',
    code: "import { NO_INCIDENT } from '@shaoying/incident-domain';\nexport const planted = NO_INCIDENT;\n",
    expected: 'refused',
  },
  {
    rule: 'a platform room knows no domain',
    in: 'libs/platform/projections/src/planted.ts',
    code: "import { NO_INCIDENT } from '@shaoying/incident-domain';\nexport const planted = NO_INCIDENT;\n",
    expected: 'refused',
  },
  {
    rule: 'incident rooms know the jurisdiction by its contracts only',
    in: 'libs/incident/application/src/planted.ts',
    code: "import { statutoryYear } from '@shaoying/jurisdiction-application';\nexport const planted = statutoryYear;\n",
    expected: 'refused',
  },
  {
    rule: 'read models know no Nest',
    in: 'libs/incident/read-models/src/planted.ts',
    code: "import { Module } from '@nestjs/common';\nexport const planted = Module;\n",
    expected: 'refused',
  },
  {
    rule: 'only the timers import the queue',
    in: 'apps/server/src/planted.ts',
    code: "import { Queue } from 'bullmq';\nexport const planted = Queue;\n",
    expected: 'refused',
  },
  {
    rule: 'only the limits import what counts them',
    in: 'libs/platform/http/src/planted.ts',
    code: "import { RateLimiterMemory } from 'rate-limiter-flexible';\nexport const planted = RateLimiterMemory;\n",
    expected: 'refused',
  },
  {
    rule: 'the limits do import the client of Redis',
    in: 'libs/platform/limits/src/planted.ts',
    code: "import { Redis } from 'ioredis';\nexport const planted = Redis;\n",
    expected: 'allowed',
  },
  {
    rule: 'only its engine imports the client of EventStoreDB',
    in: 'libs/platform/timers/src/planted.ts',
    code: "import { EventStoreDBClient } from '@eventstore/db-client';\nexport const planted = EventStoreDBClient;\n",
    expected: 'refused',
  },
  {
    rule: 'only its engine imports the definitions of EventStoreDB',
    in: 'libs/platform/runtime/src/planted.ts',
    code: "import pb from '@eventstore/db-client/generated/streams_pb.js';\nexport const planted = pb;\n",
    expected: 'refused',
  },
  {
    rule: 'its engine does import the client of EventStoreDB',
    in: 'libs/platform/event-store-eventstoredb/src/planted.ts',
    code: "import { EventStoreDBClient } from '@eventstore/db-client';\nexport const planted = EventStoreDBClient;\n",
    expected: 'allowed',
  },
  {
    rule: 'incident rooms do know the contracts of the jurisdiction',
    in: 'libs/incident/application/src/planted.ts',
    code: "import { TIMER_KINDS } from '@shaoying/jurisdiction-contracts';\nexport const planted = TIMER_KINDS;\n",
    expected: 'allowed',
  },
];

const boundaryRules = ['@nx/enforce-module-boundaries', 'no-restricted-imports'];

/** One linter for all of them: loading it costs more than they do. Reads the plants, writes what it says of each. */
const linter = `
  import { ESLint } from 'eslint';
  import { json } from 'node:stream/consumers';
  const eslint = new ESLint();
  const told = [];
  for (const { in: filePath, code } of await json(process.stdin))
    told.push((await eslint.lintText(code, { filePath }))[0]?.messages ?? []);
  process.stdout.write(JSON.stringify(told));
`;

interface Message {
  readonly ruleId: string | null;
  readonly message: string;
  readonly fatal?: boolean;
}

async function lintAll(planted: readonly Plant[]): Promise<Message[][]> {
  const child = execFile(process.execPath, ['--input-type=module', '--eval', linter], {
    maxBuffer: 10_000_000,
  });
  let output = '';
  let problem = '';
  child.stdout?.on('data', (chunk: string) => (output += chunk));
  child.stderr?.on('data', (chunk: string) => (problem += chunk));
  const closed = new Promise<number | null>((resolve, reject) =>
    child.once('close', resolve).once('error', reject),
  );
  child.stdin?.end(JSON.stringify(planted));
  if ((await closed) !== 0) throw new Error(`the linter failed: ${problem}`);
  return JSON.parse(output) as Message[][];
}

function refusalsOf(messages: readonly Message[]): string[] {
  if (messages.some(({ fatal }) => fatal))
    throw new Error(`the plant does not parse: ${JSON.stringify(messages)}`);
  return messages
    .filter(({ ruleId }) => ruleId !== null && boundaryRules.includes(ruleId))
    .map(({ message }) => message);
}

describe('module boundaries', () => {
  // The rule reads Nx's graph and is silently skipped without one, as in a fresh clone.
  beforeAll(async () => {
    await run(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'show', 'projects'], {
      env: { ...process.env, NX_DAEMON: 'false' },
    });
    told = await lintAll(plants);
  }, 180_000);
  let told: readonly (readonly Message[])[] = [];

  it.each(plants.map((plant, index) => ({ ...plant, index })))('$rule ($expected)', ({ expected, index }) => {
    const found = refusalsOf(told[index] ?? []);
    if (expected === 'refused') expect(found).not.toEqual([]);
    else expect(found).toEqual([]);
  });
});
