import { isTraceparent } from '@shaoying/event-store';
import { InvalidCloudEvent } from './subscriptions.errors.js';

export interface CloudEventAttributes<Data = unknown> {
  /** With `source` unique in the world: the event id. */
  readonly id: string;
  /** URI-reference of where it happened, such as `/v1/incidents/inc-…`. */
  readonly source: string;
  /** Reverse-DNS, such as `cn.shaoying.dispatch.whistle-blown`. */
  readonly type: string;
  readonly subject?: string;
  /** RFC 3339 with offset. */
  readonly time: string;
  /** URI of the schema of `data`. */
  readonly dataSchema?: string;
  /** Extension `sequence`: position in the feed, compared by consumers as told in the feed's documentation. */
  readonly sequence?: string;
  /** Extension `traceparent`: W3C Trace Context of what led to it. */
  readonly traceparent?: string;
  readonly data: Data;
}

/** JSON form of CloudEvents 1.0. Absent attributes are left out, as the specification demands. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly dataschema?: string;
  readonly datacontenttype: 'application/json';
  readonly sequence?: string;
  readonly traceparent?: string;
  readonly data: Data;
}

const timestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Builds a CloudEvents 1.0 event with JSON data; serialise it with `JSON.stringify`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 * @throws InvalidCloudEvent
 */
export function toCloudEvent<Data>(attributes: CloudEventAttributes<Data>): CloudEvent<Data> {
  const { id, source, type, subject, time, dataSchema, sequence, traceparent, data } = attributes;
  requireFilled({ id, source, type });
  requireFilled({ subject, dataschema: dataSchema, sequence });
  if (!timestamp.test(time) || Number.isNaN(Date.parse(time))) {
    throw new InvalidCloudEvent(`time "${time}" is not an RFC 3339 timestamp`);
  }
  if (dataSchema !== undefined && !URL.canParse(dataSchema)) {
    throw new InvalidCloudEvent(`dataschema "${dataSchema}" is not an absolute URI`);
  }
  if (traceparent !== undefined && !isTraceparent(traceparent)) {
    throw new InvalidCloudEvent(`traceparent "${traceparent}" is not one of W3C Trace Context`);
  }
  if (data === undefined) throw new InvalidCloudEvent('data is undefined, which JSON cannot say');
  return {
    specversion: '1.0',
    id,
    source,
    type,
    ...(subject !== undefined && { subject }),
    time,
    ...(dataSchema !== undefined && { dataschema: dataSchema }),
    datacontenttype: 'application/json',
    ...(sequence !== undefined && { sequence }),
    ...(traceparent !== undefined && { traceparent }),
    data,
  };
}

function requireFilled(attributes: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === '') throw new InvalidCloudEvent(`${name} is empty`);
  }
}
