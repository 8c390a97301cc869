import { toCloudEvent } from './cloud-event.js';

const attributes = {
  id: '0190f3c2-0000-7000-8000-000000000001',
  source: '/v1/incidents/inc-1',
  type: 'cn.shaoying.dispatch.whistle-blown',
  time: '2026-03-02T01:00:00.000Z',
  data: { taskId: 'task-1' },
};

it('has the attributes of CloudEvents 1.0 in JSON, and no others', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const further = { subject: 'task-1', dataSchema: 'https://example.org/s/1', sequence: '42', traceparent };
  const full = { ...attributes, ...further };
  expect(JSON.parse(JSON.stringify(toCloudEvent(full)))).toEqual({
    specversion: '1.0',
    id: attributes.id,
    source: attributes.source,
    type: attributes.type,
    subject: 'task-1',
    time: attributes.time,
    dataschema: 'https://example.org/s/1',
    datacontenttype: 'application/json',
    sequence: '42',
    traceparent,
    data: { taskId: 'task-1' },
  });
});

it('leaves absent attributes out', () => {
  expect(Object.keys(toCloudEvent(attributes))).toEqual([
    'specversion',
    'id',
    'source',
    'type',
    'time',
    'datacontenttype',
    'data',
  ]);
});

it.each([
  ['an empty id', { id: '' }],
  ['an empty source', { source: '' }],
  ['an empty subject', { subject: '' }],
  ['a time without offset', { time: '2026-03-02T01:00:00' }],
  ['a time that is none', { time: '2026-13-02T01:00:00Z' }],
  ['a trace that is none', { traceparent: '00-0-0-00' }],
  ['a relative dataschema', { dataSchema: 'schema.json' }],
  ['data that JSON cannot say', { data: undefined }],
])('refuses %s', (_what, wrong) => {
  expect(() => toCloudEvent({ ...attributes, ...wrong })).toThrow(
    expect.objectContaining({ code: 'INVALID_CLOUD_EVENT' }),
  );
});
