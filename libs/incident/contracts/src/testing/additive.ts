type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a schema says to people only. */
const forPeople = ['title', 'description', 'examples', '$comment'];

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Where a schema of what is sent breaks a promise of an earlier one: a field that is gone, may be absent now, or says
 * something else. Further fields break nothing.
 * @returns JSON pointers; none where the change only adds
 */
export function brokenPromises(former: Json, present: Json, at = ''): string[] {
  if (Array.isArray(former) && Array.isArray(present)) {
    if (former.length !== present.length) return [at];
    return former.flatMap((item, index) =>
      brokenPromises(item as Json, present[index] as Json, `${at}/${index}`),
    );
  }
  if (!isObject(former) || !isObject(present)) return Object.is(former, present) ? [] : [at];
  const keys = new Set([...Object.keys(former), ...Object.keys(present)]);
  return [...keys].flatMap((key) => {
    const [was, is] = [former[key], present[key]];
    const here = `${at}/${key}`;
    if (forPeople.includes(key) && !isObject(was) && !isObject(is)) return [];
    if (key === 'required' && Array.isArray(was))
      return was
        .filter((name) => !Array.isArray(is) || !is.includes(name))
        .map((name) => `${here}/${String(name)}`);
    if (key === 'properties' && isObject(was) && isObject(is))
      return Object.entries(was).flatMap(([name, property]) =>
        is[name] === undefined ? [`${here}/${name}`] : brokenPromises(property, is[name], `${here}/${name}`),
      );
    if (was === undefined || is === undefined) return [here];
    return brokenPromises(was, is, here);
  });
}

/** The same schema without room for fields that it does not name: what we send is to be told whole. */
export function withoutFurtherFields(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((part) => withoutFurtherFields(part as Json));
  if (!isObject(schema)) return schema;
  const parts: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(schema)) parts[key] = withoutFurtherFields(value);
  return isObject(schema['properties']) ? { ...parts, additionalProperties: false } : parts;
}
