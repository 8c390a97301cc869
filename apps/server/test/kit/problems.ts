import type { Answer, Problem } from './city.js';

/** Asserts a refusal as api.md describes it: RFC 9457 with a stable code, and nothing of the inside. */
export function expectProblem(
  answer: Answer<Problem>,
  status: number,
  code: string | readonly string[],
): Problem {
  const codes = typeof code === 'string' ? [code] : code;
  if (answer.status !== status || !codes.includes(answer.body?.code)) {
    throw new Error(`${answer.status} instead of ${status} ${codes.join('|')}: ${answer.text}`);
  }
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const { title, instance } = answer.body;
  expect(answer.body).toMatchObject({ status, type: `/problems/${answer.body.code}` });
  expect(title).not.toBe('');
  expect(instance).toMatch(/^\//);
  expect(answer.text).not.toMatch(/\bat .*\.[jt]s:\d+|node_modules|stack/);
  return answer.body;
}
