import { connect } from 'node:net';
import { readReply } from './wire.js';

/** How long an answer is waited for; the server cuts off after 10 s who does not go on. */
const answerMsMax = 20_000;
/** After an answer: whether there comes another. */
const moreMsMax = 400;

export interface RawAnswer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

/**
 * Sends bytes on a connection of their own and collects whatever comes until the server ends it, or has said something
 * and falls silent, or says nothing for as long as that.
 */
export function tell(url: URL, bytes: string): Promise<RawAnswer[]> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), url.hostname);
    let received = Buffer.alloc(0);
    const end = (): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(answersIn(received, bytes.startsWith('HEAD ')));
    };
    const limit = setTimeout(end, answerMsMax);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      socket.setTimeout(moreMsMax);
    });
    socket.on('error', () => undefined);
    socket.on('timeout', end);
    socket.on('close', end);
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

function answersIn(received: Buffer, isHead: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = received; rest.length > 0;) {
    const reply = readReply(rest, { isHead, ended: true });
    if (reply === null) return [...answers, { status: 0, type: undefined, body: rest.toString('latin1') }];
    const { status, headers, body } = reply;
    answers.push({ status, type: headers.get('content-type'), body: body.toString('utf8') });
    rest = rest.subarray(reply.length);
  }
  return answers;
}
