import { hash } from 'node:crypto';

/** Version 00, the only one there is: trace id, parent id, flags; 55 characters. */
const shape = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Whether a text names a trace as the header `traceparent` does: https://www.w3.org/TR/trace-context/#traceparent-header
 * Version 00 alone, in lower case, neither id all zeros.
 */
export const isTraceparent = (text: unknown): text is string => typeof text === 'string' && shape.test(text);

/** The trace of what nobody else traces, always the same for an id; flagged as not sampled: no span of it is kept. */
export function traceparentFrom(id: string): string {
  const digest = hash('sha256', id, 'hex');
  return `00-${digest.slice(0, 32)}-${digest.slice(32, 48)}-00`;
}

/** The trace that an event belongs to: its request's, or one of its command, as of every timer's. */
export const traceparentOf = ({
  traceparent,
  commandId,
}: {
  readonly traceparent?: string;
  readonly commandId: string;
}): string => traceparent ?? traceparentFrom(commandId);
