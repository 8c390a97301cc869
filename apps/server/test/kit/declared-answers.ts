import { parseInstant } from '@shaoying/http';
import type { City } from './city.js';
import { expected } from './incident-steps.js';

// Answers held against what the server's own OpenAPI document says of them: a department's program is generated from it.

/** As far as this server's document goes. */
interface AnswerSchema {
  readonly $ref?: string;
  readonly nullable?: boolean;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly AnswerSchema[];
  readonly oneOf?: readonly AnswerSchema[];
  readonly anyOf?: readonly AnswerSchema[];
  readonly items?: AnswerSchema;
  readonly properties?: Readonly<Record<string, AnswerSchema>>;
  readonly additionalProperties?: boolean | AnswerSchema;
}

interface DeclaredAnswer {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema?: AnswerSchema }>>;
}

export interface AnswersDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, DeclaredAnswer>> }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, AnswerSchema>> };
}

/** One answer as it came. */
export interface HeardAnswer {
  readonly method: string;
  /** Path of the request, without its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Headers that are part of the contract: none is answered that is not declared. */
const contractHeaders = [
  ...['ETag', 'Location', 'Retry-After', 'Shaoying-Position', 'Shaoying-Next-Cursor', 'Idempotency-Replayed'],
];

export class DeclaredAnswers {
  /** `POST /v1/incidents 201` and so on, as they were heard. */
  readonly heard = new Set<string>();
  /** What was answered otherwise than declared; each once. */
  readonly differences = new Set<string>();
  /** Headers by operation and status, as they were heard. */
  private readonly headersHeard = new Map<string, Set<string>>();
  private readonly routes: readonly { readonly template: string; readonly pattern: RegExp }[];

  constructor(private readonly document: AnswersDocument) {
    this.routes = Object.keys(document.paths)
      // What is literal comes before what is a parameter: `/v1/incidents/validate`.
      .sort((one, other) => one.split('{').length - other.split('{').length)
      .map((template) => ({ template, pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`) }));
  }

  /** Hears whatever a city's callers are answered from now on. */
  static async of(city: City): Promise<DeclaredAnswers> {
    const document = expected(200, await city.anonymous.get<AnswersDocument>('/docs-json'));
    const declared = new DeclaredAnswers(document);
    city.onAnswer = (answer) => declared.hear(answer);
    return declared;
  }

  hear(answer: HeardAnswer): void {
    const template = this.routes.find(({ pattern }) => pattern.test(answer.path))?.template;
    if (template === undefined) return;
    const responses = this.document.paths[template]?.[answer.method.toLowerCase()]?.responses;
    if (responses === undefined) return;
    const operation = `${answer.method} ${template}`;
    const name = `${operation} ${answer.status}`;
    this.heard.add(name);
    const declared = responses[answer.status] ?? (answer.status >= 400 ? responses['default'] : undefined);
    const faults =
      declared === undefined
        ? ['is not declared']
        : [...this.headerFaults(name, answer, declared), ...this.bodyFaults(answer, declared)];
    for (const fault of faults) this.differences.add(`${name} ${fault}`);
  }

  /** Good answers that no request has had, and headers of them that were declared and never answered. */
  unheard(): string[] {
    return Object.entries(this.document.paths).flatMap(([template, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.entries(responses)
          .filter(([status]) => /^2/.test(status))
          .flatMap(([status, { headers = {} }]) => {
            const name = `${method.toUpperCase()} ${template} ${status}`;
            if (!this.heard.has(name)) return [name];
            const answered = this.headersHeard.get(name);
            return Object.keys(headers)
              .filter((header) => !answered?.has(header))
              .map((header) => `${name} ${header}`);
          }),
      ),
    );
  }

  private headerFaults(
    name: string,
    { headers }: HeardAnswer,
    { headers: declared = {} }: DeclaredAnswer,
  ): string[] {
    const answered = this.headersHeard.get(name) ?? new Set();
    this.headersHeard.set(name, answered);
    const faults: string[] = [];
    for (const header of contractHeaders) {
      if (!headers.has(header)) {
        if (declared[header]?.required === true) faults.push(`without ${header}`);
        continue;
      }
      answered.add(header);
      if (!(header in declared)) faults.push(`with ${header}, which is not declared`);
    }
    return faults;
  }

  private bodyFaults({ headers, text }: HeardAnswer, { content }: DeclaredAnswer): string[] {
    const mediaType = headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    if (content === undefined)
      return text === '' ? [] : [`answers ${mediaType}, of which nothing is declared`];
    const media = content[mediaType];
    if (media === undefined) return [`answers ${mediaType || 'nothing'}, which is not declared`];
    if (!/\bjson\b/.test(mediaType)) return [];
    if (isFree(media.schema ?? {})) return ['says nothing of what is answered'];
    // The same in every item of a list is one difference.
    return this.faultsOf(media.schema ?? {}, JSON.parse(text) as unknown, '').map((fault) =>
      fault.replace(/\/\d+(?=[/ ])/g, '/*'),
    );
  }

  /** Beyond what the schema asks for, nothing is answered that it does not name. @param at JSON pointer of the value */
  private faultsOf(schema: AnswerSchema, value: unknown, at: string): string[] {
    if (isFree(schema)) return [];
    const { $ref, nullable = false, allOf, anyOf, oneOf } = schema;
    if (value === null) {
      // OpenAPI 3.0.3: a list of values without null in it admits none, nullable or not.
      return nullable && schema.enum?.includes(null) !== false ? [] : [`${at} is null`];
    }
    if ($ref !== undefined) return this.faultsOf(this.component($ref), value, at);
    if (allOf !== undefined) return allOf.flatMap((each) => this.faultsOf(each, value, at));
    const variants = anyOf ?? oneOf;
    if (variants !== undefined) {
      const fits = variants.some((variant) => this.faultsOf(variant, value, at).length === 0);
      return fits ? [] : [`${at} is of no kind that is declared: ${JSON.stringify(value)}`];
    }
    if (schema.type === 'object') return this.objectFaults(schema, value, at);
    if (schema.type === 'array') {
      if (!Array.isArray(value)) return [`${at} is no array`];
      return value.flatMap((item, index) => this.faultsOf(schema.items ?? {}, item, `${at}/${index}`));
    }
    return isScalar(schema, value)
      ? []
      : [`${at} is ${JSON.stringify(value)}, not ${JSON.stringify(schema)}`];
  }

  private objectFaults(
    { required = [], properties = {}, additionalProperties = false }: AnswerSchema,
    value: unknown,
    at: string,
  ): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
    const missing = required.filter((name) => !(name in value)).map((name) => `${at}/${name} is missing`);
    const others = typeof additionalProperties === 'boolean' ? {} : additionalProperties;
    return [
      ...missing,
      ...Object.entries(value).flatMap(([name, field]) => {
        const declared = properties[name] ?? (additionalProperties === false ? undefined : others);
        if (declared === undefined) return [`${at}/${name} is not declared`];
        return this.faultsOf(declared, field, `${at}/${name}`);
      }),
    ];
  }

  private component($ref: string): AnswerSchema {
    const component = this.document.components.schemas[$ref.split('/').at(-1) ?? ''];
    if (component === undefined) throw new Error(`${$ref} is not in the document`);
    return component;
  }
}

/** Any JSON, null too. */
const isFree = (schema: AnswerSchema): boolean => Object.keys(schema).length === 0;

function isScalar(schema: AnswerSchema, value: unknown): boolean {
  if (schema.enum && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case undefined:
      return true;
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      // Moments in answers are UTC, to the millisecond.
      if (schema.format === 'date-time' && parseInstant(value) !== value) return false;
      return typeof value === 'string' && new RegExp(schema.pattern ?? '', 'u').test(value);
    case 'integer':
    case 'number': {
      const { minimum = -Infinity, maximum = Infinity } = schema;
      if (typeof value !== 'number' || value < minimum || value > maximum) return false;
      return schema.type === 'number' || Number.isInteger(value);
    }
    default:
      throw new Error(`what is a ${schema.type}?`);
  }
}

/**
 * Whatever this city's callers are answered in the tests of a spec is as the server's own document says.
 * @param cityOf told once what comes before the tests is done: to be called behind that
 */
export function expectDeclaredAnswers(cityOf: () => City): void {
  let declared: DeclaredAnswers;
  beforeAll(async () => {
    declared = await DeclaredAnswers.of(cityOf());
  });
  afterAll(() => expect([...declared.differences]).toEqual([]));
}
