import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

/** Page at `/docs`, document at `/docs-json`. Built on the first look, not at start. */
export function mountOpenApi(app: INestApplication, { title, description, version }: OpenApiOptions): void {
  const base = new DocumentBuilder()
    .setTitle(title)
    .setDescription(description)
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT, or an API key (shy_…)' })
    .build();
  SwaggerModule.setup('docs', app, () => withConventions(SwaggerModule.createDocument(app, base)), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: title,
  });
}

const problem = {
  type: 'object',
  description: 'RFC 9457. Chinese with Accept-Language: zh-CN.',
  required: ['type', 'title', 'status', 'code', 'instance', 'requestId'],
  properties: {
    type: { type: 'string', description: '/problems/<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; what programs should look at' },
    instance: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'With VALIDATION_FAILED: what is wrong with each field',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const minPosition = {
  name: 'Shaoying-Min-Position',
  in: 'header' as const,
  required: false,
  schema: { type: 'string' },
  description:
    'Shaoying-Position of an earlier answer: waits up to 5 s until the read model has it, else 503 with Retry-After',
};

const commandHeaders = {
  ETag: { schema: { type: 'string' }, description: 'Revision after the command, for If-Match' },
  'Shaoying-Position': {
    schema: { type: 'string' },
    description: 'For Shaoying-Min-Position of later reads',
  },
  'Idempotency-Replayed': {
    schema: { type: 'string' },
    description: 'true: the first answer to this key again',
  },
};

/** Beside a refusal, whatever it is. */
const problemHeaders = {
  'Retry-After': {
    schema: { type: 'integer' },
    description: 'Seconds: with 429 and 503, and where the same request will do later',
  },
};

/** Extension of a POST among commands that is none: it takes no key and answers none of a command's headers. */
export const RECORDS_NOTHING = 'x-records-nothing';
const ofCommands = ['Idempotency-Key', 'If-Match'];

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** What holds for every call of the contract is written here once, not at every route. */
function withConventions(document: OpenAPIObject): OpenAPIObject {
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problem },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith('/v1/')) continue;
    if (item.get) addReadConventions(item.get);
    if (item.post) addCommandConventions(item.post);
    if (item.delete) addProblem(item.delete);
  }
  return document;
}

function addReadConventions(operation: Operation): void {
  operation.parameters = [...(operation.parameters ?? []), minPosition];
  addProblem(operation);
}

/** A POST that takes a key is a command: of the log, unless it says the headers of its answer itself. A calculator is none. */
function addCommandConventions(operation: Operation): void {
  addProblem(operation);
  const { parameters = [] } = operation;
  if (RECORDS_NOTHING in operation) {
    operation.parameters = parameters.filter((given) => '$ref' in given || !ofCommands.includes(given.name));
    return;
  }
  if (!parameters.some((given) => !('$ref' in given) && given.name === 'Idempotency-Key')) return;
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (!status.startsWith('2') || answer === undefined || '$ref' in answer) continue;
    // One that says itself when it is a replay says all of its headers.
    if (answer.headers && 'Idempotency-Replayed' in answer.headers) continue;
    answer.headers = { ...commandHeaders, ...answer.headers };
  }
}

function addProblem(operation: Operation): void {
  operation.responses['default'] = {
    description: 'Refused: a problem',
    headers: problemHeaders,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
