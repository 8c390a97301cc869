import fc, { type Arbitrary } from 'fast-check';
import { byteEdits, encodingOf, targetEdits, textEdits } from './edits.js';
import { hostileKey, hostileParameter, hostileValue, shortHostileText } from './hostile-values.js';
import type { Operation } from './operations.js';
import { hostileHeader } from './hostile-headers.js';

/** A request before it is written. */
export interface Draft {
  method: string;
  /** As they are, not encoded yet. */
  segments: string[];
  query: [string, string][];
  headers: [string, string][];
  /** Undefined: none. */
  body: unknown;
}

/** One thing that is done to a good request. All of it is data, so that it can be printed and repeated. */
export type Mutation =
  | { readonly on: 'field'; readonly at: number; readonly value: unknown }
  | { readonly on: 'new field'; readonly at: number; readonly key: string; readonly value: unknown }
  | { readonly on: 'missing field'; readonly at: number }
  | { readonly on: 'segment'; readonly at: number; readonly text: string; readonly raw: boolean }
  | { readonly on: 'parameter'; readonly name: string; readonly value: string; readonly again: boolean }
  | { readonly on: 'header'; readonly name: string; readonly value: string; readonly again: boolean }
  | { readonly on: 'method'; readonly method: string }
  | { readonly on: 'text'; readonly edit: string; readonly at: number }
  | { readonly on: 'bytes'; readonly edit: string; readonly at: number }
  | { readonly on: 'target'; readonly edit: string; readonly at: number };

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'get',
  'FOO',
  'PRI',
];

const edit = <On extends string>(on: On, edits: object): Arbitrary<{ on: On; edit: string; at: number }> =>
  fc.record({ on: fc.constant(on), edit: fc.constantFrom(...Object.keys(edits)), at: fc.nat(5_000) });

/** What may be done to a request of this operation. */
export function mutationOf(operation: Operation): Arbitrary<Mutation> {
  const at = fc.nat(200);
  const parameters = [...operation.query.map(({ name }) => name), 'limit', 'asOf', '__proto__', 'x'];
  const weighted: { weight: number; arbitrary: Arbitrary<Mutation> }[] = [
    { weight: 3, arbitrary: hostileHeader.map((header) => ({ on: 'header', ...header })) },
    { weight: 2, arbitrary: edit('target', targetEdits) },
    { weight: 1, arbitrary: fc.constantFrom(...methods).map((method) => ({ on: 'method', method })) },
    {
      weight: operation.query.length > 0 ? 6 : 1,
      arbitrary: fc.record({
        ...{ on: fc.constant('parameter' as const), name: fc.constantFrom(...parameters) },
        ...{ value: hostileParameter, again: fc.boolean() },
      }),
    },
  ];
  if (operation.path.includes('{')) {
    const segment = fc.record({
      ...{ on: fc.constant('segment' as const), at, text: shortHostileText, raw: fc.boolean() },
    });
    weighted.push({ weight: 3, arbitrary: segment });
  }
  if (operation.body !== null) {
    weighted.push(
      { weight: 9, arbitrary: fc.record({ on: fc.constant('field'), at, value: hostileValue }) },
      {
        weight: 2,
        arbitrary: fc.record({ on: fc.constant('new field'), at, key: hostileKey, value: hostileValue }),
      },
      { weight: 1, arbitrary: fc.record({ on: fc.constant('missing field'), at }) },
      { weight: 4, arbitrary: edit('text', textEdits) },
      { weight: 2, arbitrary: edit('bytes', byteEdits) },
    );
  }
  return fc.oneof(...weighted);
}

/** Bodies, paths, parameters and headers: what can be changed before the request is written. */
export function changed(draft: Draft, mutation: Mutation): void {
  switch (mutation.on) {
    case 'field':
      return void atNode(
        draft,
        mutation.at,
        (holder, key) => (holder[key] = structuredClone(mutation.value)),
      );
    case 'new field':
      return void atObject(draft.body, mutation.at, (object) => {
        Object.defineProperty(object, mutation.key, {
          ...{ value: structuredClone(mutation.value), enumerable: true, configurable: true, writable: true },
        });
      });
    case 'missing field':
      return void atNode(draft, mutation.at, (holder, key) => delete holder[key]);
    case 'segment':
      draft.segments[mutation.at % draft.segments.length] = mutation.raw
        ? visible(mutation.text)
        : encoded(mutation.text);
      return;
    case 'parameter':
      if (!mutation.again) draft.query = draft.query.filter(([name]) => name !== mutation.name);
      draft.query.push([mutation.name, mutation.value]);
      return;
    case 'header':
      if (!mutation.again) draft.headers = without(draft.headers, mutation.name);
      draft.headers.push([mutation.name, mutation.value]);
      return;
    case 'method':
      draft.method = mutation.method;
      return;
    default:
  }
}

export const without = (headers: readonly [string, string][], name: string): [string, string][] =>
  headers.filter(([known]) => known.toLowerCase() !== name.toLowerCase());

/** What is done to the written body, and the `Content-Encoding` that it then claims. */
export function rewritten(body: Buffer, mutation: Mutation): { body: Buffer; encoding: string | null } {
  if (mutation.on === 'text') {
    const text = textEdits[mutation.edit]?.(body.toString('utf8'), mutation.at) ?? '';
    return { body: Buffer.from(text, 'utf8'), encoding: null };
  }
  if (mutation.on !== 'bytes') return { body, encoding: null };
  const edited = byteEdits[mutation.edit]?.(body, mutation.at) ?? body;
  return { body: edited, encoding: encodingOf(mutation.edit, mutation.at) };
}

export const redirected = (target: string, mutation: Mutation): string =>
  mutation.on === 'target' ? (targetEdits[mutation.edit]?.(target, mutation.at) ?? target) : target;

type Holder = Record<string, unknown>;

/** The places of a body, the body itself first. */
function placesIn(value: unknown, holder: Holder, key: string): { holder: Holder; key: string }[] {
  const here = [{ holder, key }];
  if (typeof value !== 'object' || value === null) return here;
  const members = Object.keys(value).slice(0, 60);
  return [
    ...here,
    ...members.flatMap((name) => placesIn((value as Holder)[name], value as Holder, name)).slice(0, 400),
  ];
}

function atNode(draft: Draft, at: number, change: (holder: Holder, key: string) => unknown): void {
  const places = placesIn(draft.body, draft as unknown as Holder, 'body');
  // The body as a whole now and then; mostly something in it.
  const place = at % 20 === 0 ? places[0] : (places[1 + (at % Math.max(places.length - 1, 1))] ?? places[0]);
  if (place !== undefined) change(place.holder, place.key);
}

function atObject(body: unknown, at: number, change: (object: object) => void): void {
  const objects = placesIn(body, { body }, 'body')
    .map(({ holder, key }) => holder[key])
    .filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  const object = objects[at % Math.max(objects.length, 1)];
  if (object !== undefined) change(object as object);
}

/** Lone surrogates, too, which `encodeURIComponent` throws at. */
export const encoded = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte) => (/[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : escapeOf(byte)))
    .join('');

const escapeOf = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`;

/** As it is, but for what would end the line: that is a matter of raw sockets. */
const visible = (text: string): string =>
  Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[\0-\x20\x7f]/g, (character) => escapeOf(character.charCodeAt(0)));
