import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import type { Shape } from '@shaoying/jurisdiction-contracts';

// Documents of the jurisdiction are told as they were published: the schemas by which they are taken say what is told.

type JsonSchema = Readonly<Record<string, unknown>>;

/** Of which another standard says what is in it. */
export const anyObject = { type: 'object', additionalProperties: true };

const isNull = (schema: JsonSchema): boolean => schema['type'] === 'null';
const schemasIn = (value: unknown): JsonSchema[] => (Array.isArray(value) ? (value as JsonSchema[]) : []);

/** JSON Schema of a document as OpenAPI 3.0 has it, which knows neither `type: null` nor pairs nor patterns of names. */
export function openApiSchema(schema: JsonSchema): JsonSchema {
  const { anyOf, prefixItems, patternProperties, not: _not, ...plain } = schema;
  const variants = schemasIn(anyOf);
  if (variants.length > 0) {
    const [only, ...others] = variants.filter((variant) => !isNull(variant)).map(openApiSchema);
    const told = others.length === 0 ? { ...only } : { anyOf: [only, ...others] };
    return variants.some(isNull) ? { ...told, nullable: true } : told;
  }
  if (prefixItems !== undefined) {
    const [{ type } = {}] = schemasIn(prefixItems);
    return { ...plain, items: { type } };
  }
  if (patternProperties !== undefined) {
    const [named = {}] = Object.values(patternProperties as Record<string, JsonSchema>);
    return { ...plain, additionalProperties: openApiSchema(named) };
  }
  const { items, properties } = plain;
  return {
    ...('enum' in plain && { type: 'string' }),
    ...plain,
    ...(items !== undefined && { items: openApiSchema(items as JsonSchema) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties as Record<string, JsonSchema>).map(([name, field]) => [
          name,
          openApiSchema(field),
        ]),
      ),
    }),
  };
}

const fieldsOf = (schema: JsonSchema): Record<string, JsonSchema> =>
  schema['properties'] as Record<string, JsonSchema>;

/** What the list of a field has in it. */
export const entryOf = ({ schema }: Shape<unknown>, field: string): JsonSchema =>
  openApiSchema(fieldsOf(schema)[field]?.['items'] as JsonSchema);

/** A document with what is told beside it. */
export function withFields(
  { schema }: Shape<unknown>,
  more: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  const document = openApiSchema(schema);
  return {
    ...document,
    required: [...(document['required'] as string[]), ...Object.keys(more)],
    properties: { ...fieldsOf(document), ...more },
  };
}

export const listOf = (items: JsonSchema): JsonSchema => ({
  ...{ type: 'object', required: ['items'] },
  properties: { items: { type: 'array', items } },
});

/** One line for the list of calls, and a good answer whose schema is no class. */
export function TellsSchema(
  summary: string,
  schema: JsonSchema,
  mediaType = 'application/json',
): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary }),
    ApiResponse({ status: 200, content: { [mediaType]: { schema } } }),
  );
}
