import { connect, type Socket } from 'node:net';

/** What came back for one request. */
export interface Reply {
  readonly status: number;
  /** By names in lower case; of a repeated one, all values. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly tookMs: number;
}

/** Thrown when a request got no answer, or more than one. */
export class NoReply extends Error {
  readonly code = 'NO_REPLY';
}

/** A net, for the machine may be busy with other specs; how long the slowest took is told. */
const replyMsMax = 90_000;
const headEnd = Buffer.from('\r\n\r\n');
const crlf = Buffer.from('\r\n');

interface Waiting {
  readonly isHead: boolean;
  readonly sentMs: number;
  readonly settle: (reply: Reply | NoReply) => void;
}

/**
 * One keep-alive connection that sends whatever bytes it is given and reads exactly one answer. Clients of libraries
 * refuse to send what an attacker sends.
 */
export class Wire {
  private socket: Socket | null = null;
  private received: Buffer[] = [];
  /** Bytes without which there is no whole answer: a large one comes in many pieces, which are put together once. */
  private least = 0;
  private waiting: Waiting | null = null;

  constructor(private readonly url: URL) {}

  /** @throws NoReply */
  ask(request: Buffer, { isHead = false }: { isHead?: boolean } = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(new NoReply(`nothing within ${replyMsMax} ms`)), replyMsMax);
      const settle = (reply: Reply | NoReply): void => {
        clearTimeout(timer);
        if (reply instanceof NoReply) reject(reply);
        else resolve(reply);
      };
      this.waiting = { isHead, sentMs: performance.now(), settle };
      this.connected().write(request);
    });
  }

  close(): void {
    this.socket?.destroy();
    this.socket = null;
  }

  private connected(): Socket {
    if (this.socket !== null && !this.socket.destroyed && this.socket.writable) return this.socket;
    const socket = connect(Number(this.url.port), this.url.hostname);
    this.forget();
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (this.socket === socket) this.take(chunk, false);
    });
    // Of a connection that the server has cut, what came before counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.take(Buffer.alloc(0), true);
    });
    return (this.socket = socket);
  }

  private take(chunk: Buffer, ended: boolean): void {
    this.received.push(chunk);
    const size = this.received.reduce((sum, { length }) => sum + length, 0);
    if (this.waiting === null || (size < this.least && !ended)) return;
    const { isHead, sentMs } = this.waiting;
    const bytes = Buffer.concat(this.received);
    const read = readReply(bytes, { isHead, ended });
    if (read === null) {
      if (ended) this.settle(new NoReply(`cut after ${size} bytes of an answer`));
      this.received = [bytes];
      this.least = toldLength(bytes);
      return;
    }
    const { length, isLast, ...reply } = read;
    const surplus = size - length;
    this.forget();
    if (isLast) this.close();
    // Whoever refuses what it could not read does not know that no body was asked for.
    if (surplus > 0 && !(isHead && isLast)) this.settle(new NoReply(`${surplus} bytes more than one answer`));
    else this.settle({ ...reply, tookMs: performance.now() - sentMs });
  }

  private forget(): void {
    this.received = [];
    this.least = 0;
  }

  private settle(reply: Reply | NoReply): void {
    const { waiting } = this;
    this.waiting = null;
    if (reply instanceof NoReply) this.close();
    waiting?.settle(reply);
  }
}

interface ReadReply extends Omit<Reply, 'tookMs'> {
  /** Bytes it takes on the wire. */
  readonly length: number;
  /** The connection is of no use after it. */
  readonly isLast: boolean;
}

/** With its head, as far as that tells; 0 otherwise. */
function toldLength(bytes: Buffer): number {
  const end = bytes.indexOf(headEnd);
  const told = /\r\ncontent-length: (\d+)/i.exec(bytes.toString('latin1', 0, Math.max(0, end)));
  return told === null ? 0 : end + headEnd.length + Number(told[1]);
}

/** The answer at the beginning of `bytes`, interim ones passed by; null while it is not all there. */
export function readReply(
  bytes: Buffer,
  { isHead, ended }: { isHead: boolean; ended: boolean },
): ReadReply | null {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? NaN);
  const start = end + headEnd.length;
  if (status >= 100 && status < 200) {
    const next = readReply(bytes.subarray(start), { isHead, ended });
    return next && { ...next, length: next.length + start };
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const value = line.slice(line.indexOf(':') + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const isLast = headers.get('connection') === 'close';
  const of = (body: Buffer, length: number, last = isLast): ReadReply => ({
    ...{ status, headers, body, length: start + length, isLast: last },
  });
  const rest = bytes.subarray(start);
  // A stream has no end: that it has begun is the answer.
  if (headers.get('content-type')?.startsWith('text/event-stream')) return of(rest, rest.length, true);
  if (isHead || status === 204 || status === 304) return of(Buffer.alloc(0), 0);
  const length = headers.get('content-length');
  if (length !== undefined) {
    return rest.length < Number(length) ? null : of(rest.subarray(0, Number(length)), Number(length));
  }
  if (headers.get('transfer-encoding') === 'chunked') {
    const read = readChunks(rest);
    return read && of(read.body, read.length);
  }
  return ended ? of(rest, rest.length, true) : null;
}

function readChunks(bytes: Buffer): { body: Buffer; length: number } | null {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf(crlf, at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return { body: Buffer.concat(parts), length: next };
    parts.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
