import {
  dispatchCatalogue,
  dispatchNames,
  dispatchSchemaId,
  dispatchType,
  plain,
} from './dispatch.catalogue.js';
import { dispatchSchemas, type DispatchName } from './dispatch.schemas.js';

const contentType = 'application/cloudevents+json';
const ref = (path: string): { $ref: string } => ({ $ref: `#/${path}` });

/** What all dispatches have in common: the envelope, CloudEvents 1.0 in its JSON format. */
const envelope = {
  type: 'object',
  required: [
    'specversion',
    'id',
    'source',
    'type',
    'subject',
    'time',
    'dataschema',
    'datacontenttype',
    'sequence',
    'traceparent',
    'data',
  ],
  properties: {
    specversion: { type: 'string', const: '1.0' },
    id: {
      type: 'string',
      description:
        'The same whenever the same item is sent again: whoever remembers it handles each item once.',
    },
    source: { type: 'string', format: 'uri-reference' },
    type: { type: 'string', examples: [dispatchType('dispatched')] },
    subject: { type: 'string', description: 'incidents/<incident id>' },
    time: { type: 'string', format: 'date-time', description: 'When it happened' },
    dataschema: { type: 'string', format: 'uri', examples: [dispatchSchemaId('dispatched')] },
    datacontenttype: { type: 'string', const: 'application/json' },
    sequence: {
      type: 'string',
      pattern: '^[0-9]+$',
      description:
        'Position in the log, to be compared as a number: items of a feed rise by it. Resume after it.',
    },
    traceparent: {
      type: 'string',
      pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
      description:
        'W3C Trace Context: that of the request which led to it, or one of its own where there was none, as of a deadline.',
    },
    data: { type: 'object' },
  },
};

function messageOf(name: DispatchName): object {
  const { title, summary } = dispatchCatalogue[name];
  return {
    ...{ name: dispatchType(name), title, summary, contentType },
    payload: {
      allOf: [
        ref('components/schemas/CloudEvent'),
        {
          type: 'object',
          properties: {
            type: { const: dispatchType(name) },
            dataschema: { const: dispatchSchemaId(name) },
            data: ref(`components/schemas/${name}`),
          },
        },
      ],
    },
  };
}

/**
 * AsyncAPI 3.0 document of what departments can subscribe to, made from the catalogue of dispatches.
 * https://www.asyncapi.com/docs/reference/specification/v3.1.0
 * @param version of the API
 */
export function dispatchAsyncApi(version: string): object {
  const entries = <Value>(valueOf: (name: DispatchName) => Value): Record<string, Value> =>
    Object.fromEntries(dispatchNames.map((name) => [name, valueOf(name)]));
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Shaoying 哨应: dispatch queues of departments',
      version,
      description:
        'Everything that concerns a department, in the order of the log, at least once, each item with an id that stays the ' +
        'same. Within a version of `dataschema` fields and values of codes are only added: ignore what you do not know.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'departments' }],
    },
    defaultContentType: contentType,
    channels: {
      dispatches: {
        address: '/v1/departments/{departmentId}/dispatches/stream',
        title: '派遣队列',
        description:
          'Server-Sent Events: `id` is the sequence, `event` is `dispatch`, `data` one CloudEvent. `Last-Event-ID` or `?after=` resumes ' +
          'after a sequence. The same items by pages: GET /v1/departments/{departmentId}/dispatches?after=&limit=.',
        parameters: { departmentId: { description: 'Id of the org unit of the department' } },
        messages: entries((name) => ref(`components/messages/${name}`)),
      },
    },
    operations: {
      sendDispatches: {
        action: 'send',
        title: 'Send dispatches',
        summary: 'Sends a department what concerns it, as it happens.',
        channel: ref('channels/dispatches'),
        security: [ref('components/securitySchemes/bearer')],
        bindings: { http: { method: 'GET', bindingVersion: '0.3.0' } },
        messages: dispatchNames.map((name) => ref(`channels/dispatches/messages/${name}`)),
      },
    },
    components: {
      messages: entries(messageOf),
      schemas: { CloudEvent: envelope, ...entries((name) => plain(dispatchSchemas[name])) },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A JWT, or an API key (shy_…)' },
      },
    },
  };
}
