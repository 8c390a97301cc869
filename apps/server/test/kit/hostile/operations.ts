/** As far as this server's document goes. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  readonly enum?: readonly (string | number)[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

/** One method of one path of the OpenAPI document. */
export interface Operation {
  /** `POST /v1/incidents/{id}/file`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly query: readonly Parameter[];
  readonly headers: readonly Parameter[];
  /** Without references, and closed: unknown fields are not valid. Null where no JSON body is documented. */
  readonly body: Schema | null;
}

interface DocumentedOperation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const json = 'application/json';

/** Every operation that the document knows, so that a new route is attacked without anybody thinking of it. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody }]) => {
      const schema = requestBody?.content[json]?.schema;
      return {
        ...{ name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path },
        query: parameters.filter((parameter) => parameter.in === 'query'),
        headers: parameters.filter((parameter) => parameter.in === 'header'),
        body: schema === undefined ? null : closed(schema, document),
      };
    }),
  );
}

function closed(schema: Schema, document: OpenApiDocument): Schema {
  const [only] = schema.allOf ?? [];
  if (only !== undefined) return closed(only, document);
  if (schema.$ref !== undefined) {
    return closed(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, document);
  }
  if (schema.items !== undefined) return { ...schema, items: closed(schema.items, document) };
  if (schema.properties === undefined) return schema;
  const properties = Object.entries(schema.properties).map(([name, field]) => [
    name,
    closed(field, document),
  ]);
  return { ...schema, properties: Object.fromEntries(properties), additionalProperties: false };
}
