import fc, { type Arbitrary } from 'fast-check';
import type { PersonName } from '../city.js';
import { stages, type Stage } from '../lives.js';
import {
  encoded,
  changed,
  mutationOf,
  redirected,
  rewritten,
  without,
  type Draft,
  type Mutation,
} from './mutations.js';
import type { Operation } from './operations.js';
import { exampleOf, queryOf, segmentsOf } from './examples.js';
import { stageFor } from './stages.js';

/** A request as data: a good one, and what is done to it. Mostly one thing, so that it gets as far as that. */
export interface Recipe {
  readonly operation: string;
  readonly who: PersonName | 'fitting' | 'nobody';
  readonly stage: Stage;
  readonly nth: number;
  readonly segments: string[];
  readonly query: [string, string][];
  readonly body: unknown;
  readonly mutations: readonly Mutation[];
}

/** Bodies of operations whose schema leaves them open: documents that are in force. */
export type KnownBodies = Readonly<Record<string, readonly unknown[]>>;

const someoneElse: PersonName[] = [
  'resident',
  'gridWorker',
  'street',
  'otherStreet',
  'water',
  'oversight',
  'admin',
];

export function recipeOf(operations: readonly Operation[], known: KnownBodies): Arbitrary<Recipe> {
  return fc.oneof(...operations.map((operation) => recipeFor(operation, known)));
}

function recipeFor(operation: Operation, known: KnownBodies): Arbitrary<Recipe> {
  const { body, name } = operation;
  const bodies = known[name];
  const mutation = mutationOf(operation);
  const mutations = (count: number): Arbitrary<Mutation[]> =>
    fc.array(mutation, { minLength: count, maxLength: count });
  return fc.record({
    operation: fc.constant(name),
    who: fc.oneof(
      { weight: 18, arbitrary: fc.constant('fitting' as const) },
      { weight: 1, arbitrary: fc.constantFrom(...someoneElse) },
      { weight: 1, arbitrary: fc.constant('nobody' as const) },
    ),
    stage: fc.oneof(
      { weight: 4, arbitrary: fc.constant(stageFor(name)) },
      { weight: 1, arbitrary: fc.constantFrom(...stages) },
    ),
    nth: fc.nat(1_000),
    segments: segmentsOf(operation),
    query: queryOf(operation),
    body: bodies ? fc.constantFrom(...bodies) : body === null ? fc.constant(undefined) : exampleOf(body),
    mutations: fc.oneof(
      { weight: 3, arbitrary: mutations(0) },
      { weight: 14, arbitrary: mutations(1) },
      { weight: 2, arbitrary: mutations(2) },
      { weight: 1, arbitrary: mutations(4) },
    ),
  });
}

/** What only the running server knows: ids, moments, tokens. */
export interface Circumstances {
  /** By the names that stand in «…». */
  readonly values: Readonly<Record<string, string>>;
  readonly token: string | null;
  readonly correlationId: string;
}

/** A request as it goes over the wire. */
export interface Written {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly [string, string][];
  readonly body: Buffer;
}

export function written(recipe: Recipe, operation: Operation, circumstances: Circumstances): Written {
  const draft = draftOf(recipe, operation, circumstances);
  for (const mutation of recipe.mutations) changed(draft, mutation);
  let body =
    draft.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(draft.body) ?? '', 'utf8');
  for (const mutation of recipe.mutations) {
    const edited = rewritten(body, mutation);
    body = edited.body as Buffer<ArrayBuffer>;
    if (edited.encoding !== null) draft.headers.push(['Content-Encoding', edited.encoding]);
  }
  const query = draft.query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
  let target = `/${draft.segments.join('/')}${query === '' ? '' : `?${query}`}`;
  for (const mutation of recipe.mutations) target = redirected(target, mutation);
  return { method: draft.method, target, headers: draft.headers, body };
}

function draftOf(
  recipe: Recipe,
  operation: Operation,
  { values, token, correlationId }: Circumstances,
): Draft {
  const filled = <Value>(value: Value): Value => fillIn(value, values) as Value;
  const headers: [string, string][] = [['Host', '127.0.0.1']];
  if (token !== null) headers.push(['Authorization', `Bearer ${token}`]);
  headers.push(['X-Correlation-Id', correlationId]);
  if (operation.method !== 'GET') headers.push(['Content-Type', 'application/json']);
  if (operation.method !== 'GET') headers.push(['Idempotency-Key', correlationId]);
  return {
    ...{ method: operation.method, headers: without(headers, ''), body: filled(recipe.body) },
    ...{ segments: filled(recipe.segments), query: filled(recipe.query) },
  };
}

/** A copy with the names in «…» replaced. */
function fillIn(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return value.replace(/«(\w+)»/g, (_, name: string) => values[name] ?? name);
  if (Array.isArray(value)) return value.map((item) => fillIn(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fillIn(field, values)]));
}

/** On the wire, well framed: what breaks the framing itself has a test of its own. */
export function bytesOf({ method, target, headers, body }: Written): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (body.length > 0 || headers.some(([name]) => name === 'Content-Type'))
    lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
