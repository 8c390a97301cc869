/** One thing wrong with a value, and where: `rules[3].duration.amount`. */
export interface ShapeProblem {
  readonly path: string;
  readonly message: string;
}

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A run-time check that yields the static type: the schema of an event and its TypeScript type have one source.
 * `read` returns a fresh value with known fields only, or records problems and returns anything.
 */
export interface Shape<T> {
  /** The same as data, to be kept and compared. It counts characters where `read` counts UTF-16 units. */
  readonly schema: JsonSchema;
  read(value: unknown, path: string, problems: ShapeProblem[]): T;
}

export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** Enough to mend a file by; a hostile one does not get to fill the memory with complaints. */
const PROBLEMS_MAX = 100;

function fail(problems: ShapeProblem[], path: string, message: string): never[] {
  if (problems.length < PROBLEMS_MAX) problems.push({ path, message });
  return [];
}

function shape<T>(
  schema: JsonSchema,
  read: (value: unknown, path: string, problems: ShapeProblem[]) => unknown,
): Shape<T> {
  // A value read with problems is thrown away by parseShape, so its type is never relied on.
  return { schema, read: read as Shape<T>['read'] };
}

/** A string of `min` to `max` characters (UTF-16 code units) without control characters. */
export function text(max: number, pattern?: RegExp, min = 1): Shape<string> {
  const schema = {
    ...{ type: 'string', minLength: min, maxLength: max, not: { pattern: '\\p{Cc}' } },
    ...(pattern && { pattern: pattern.source }),
  };
  return shape(schema, (value, path, problems) => {
    if (typeof value !== 'string') return fail(problems, path, 'must be a text');
    if (value.length < min || value.length > max) {
      return fail(problems, path, `must have ${min} to ${max} characters`);
    }
    // eslint's no-control-regex would forbid the obvious character class.
    if (/\p{Cc}/u.test(value)) return fail(problems, path, 'must not have control characters');
    if (pattern && !pattern.test(value)) return fail(problems, path, `must match ${pattern.source}`);
    return value;
  });
}

export function number(min: number, max: number): Shape<number> {
  return shape({ type: 'number', minimum: min, maximum: max }, (value, path, problems) => {
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      return fail(problems, path, `must be a number from ${min} to ${max}`);
    }
    return value;
  });
}

export function integer(min: number, max: number): Shape<number> {
  return shape({ type: 'integer', minimum: min, maximum: max }, (value, path, problems) => {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      return fail(problems, path, `must be a whole number from ${min} to ${max}`);
    }
    return value;
  });
}

export const flag: Shape<boolean> = shape({ type: 'boolean' }, (value, path, problems) =>
  typeof value === 'boolean' ? value : fail(problems, path, 'must be true or false'),
);

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return shape({ enum: values }, (value, path, problems) =>
    values.includes(value as T) ? value : fail(problems, path, `must be one of ${values.join(', ')}`),
  );
}

export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  const schema = { anyOf: [inner.schema, { type: 'null' }] };
  return shape(schema, (value, path, problems) =>
    value === null ? null : inner.read(value, path, problems),
  );
}

export function list<T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> {
  const schema = { type: 'array', items: item.schema, minItems: min, maxItems: max };
  return shape(schema, (value, path, problems) => {
    if (!Array.isArray(value)) return fail(problems, path, 'must be a list');
    if (value.length < min || value.length > max)
      return fail(problems, path, `must have ${min} to ${max} entries`);
    return value.map((entry, i) => item.read(entry, `${path}[${i}]`, problems));
  });
}

export function pair<A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> {
  const prefixItems = [first.schema, second.schema];
  return shape({ type: 'array', prefixItems, minItems: 2, maxItems: 2 }, (value, path, problems) => {
    if (!Array.isArray(value) || value.length !== 2) return fail(problems, path, 'must be a pair');
    return [first.read(value[0], `${path}[0]`, problems), second.read(value[1], `${path}[1]`, problems)];
  });
}

/** A map with free keys. */
export function mapOf<T>(
  keyPattern: RegExp,
  item: Shape<T>,
  max: number,
): Shape<Readonly<Record<string, T>>> {
  const schema = {
    ...{ type: 'object', patternProperties: { [keyPattern.source]: item.schema } },
    ...{ additionalProperties: false, maxProperties: max },
  };
  return shape(schema, (value, path, problems) => {
    if (!isPlainObject(value)) return fail(problems, path, 'must be a mapping');
    const entries = Object.entries(value);
    if (entries.length > max) return fail(problems, path, `must have at most ${max} entries`);
    return Object.fromEntries(
      entries.map(([key, entry]) => {
        if (!keyPattern.test(key))
          fail(problems, path, `has the key ${JSON.stringify(key.slice(0, 40))}, which is none`);
        return [key, item.read(entry, `${path}.${key}`, problems)];
      }),
    );
  });
}

interface OptionalShape<T> extends Shape<T | undefined> {
  readonly optional: true;
}

/** A field that may be absent; an absent field stays absent. */
export function optional<T>(inner: Shape<T>): OptionalShape<T> {
  return { optional: true, schema: inner.schema, read: inner.read };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never;
}[keyof F];
type RecordOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Shaped<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: Exclude<Shaped<F[K]>, undefined> };

/** An object of exactly these fields: a misspelt one is a problem, not silence. */
export function record<F extends Fields>(fields: F): Shape<{ [K in keyof RecordOf<F>]: RecordOf<F>[K] }> {
  const names = Object.keys(fields);
  const schema = {
    type: 'object',
    required: names.filter((name) => !('optional' in fields[name]!)),
    properties: Object.fromEntries(names.map((name) => [name, fields[name]!.schema])),
    additionalProperties: false,
  };
  return shape(schema, (value, path, problems) => {
    if (!isPlainObject(value)) return fail(problems, path, 'must be a mapping');
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(fields, name)) fail(problems, at(name.slice(0, 40)), 'is not a field here');
    }
    const result: Record<string, unknown> = {};
    for (const name of names) {
      const field = fields[name]!;
      if (Object.hasOwn(value, name) && value[name] !== undefined) {
        result[name] = field.read(value[name], at(name), problems);
      } else if (!('optional' in field)) fail(problems, at(name), 'is missing');
    }
    return result;
  });
}

/** One of several records, told apart by the text in one field of theirs. */
export function taggedBy<const K extends string, V extends Readonly<Record<string, Shape<unknown>>>>(
  tag: K,
  variants: V,
): Shape<Shaped<V[keyof V]>> {
  const names = Object.keys(variants);
  return shape({ anyOf: names.map((name) => variants[name]!.schema) }, (value, path, problems) => {
    if (!isPlainObject(value)) return fail(problems, path, 'must be a mapping');
    const name = value[tag];
    if (typeof name === 'string' && Object.hasOwn(variants, name)) {
      return variants[name]!.read(value, path, problems);
    }
    return fail(problems, path === '' ? tag : `${path}.${tag}`, `must be one of ${names.join(', ')}`);
  });
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type ShapeResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ShapeProblem[] };

export function parseShape<T>(expected: Shape<T>, value: unknown): ShapeResult<T> {
  const problems: ShapeProblem[] = [];
  const parsed = expected.read(value, '', problems);
  return problems.length === 0 ? { ok: true, value: parsed } : { ok: false, problems };
}
