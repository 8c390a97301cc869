import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface ServerSentEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly comment?: string;
  readonly retry?: string;
}

/** An EventSource that shows everything, comments too, and can stop reading. */
export class SseClient {
  readonly received: ServerSentEvent[] = [];
  readonly closed: Promise<void>;
  private text = '';

  private constructor(
    private readonly sent: ClientRequest,
    private readonly message: IncomingMessage,
  ) {
    message.setEncoding('utf8');
    message.on('data', (part: string) => this.parse(part));
    message.on('error', () => undefined);
    this.closed = new Promise((resolve) => message.on('close', () => resolve()));
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const sent = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false });
    sent.on('error', () => undefined);
    sent.end();
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve);
      sent.once('error', reject);
    });
    return new SseClient(sent, message);
  }

  get status(): number | undefined {
    return this.message.statusCode;
  }

  get headers(): IncomingHttpHeaders {
    return this.message.headers;
  }

  get dispatches(): ServerSentEvent[] {
    return this.received.filter((event) => event.event === 'dispatch');
  }

  /** Takes nothing more from the socket. */
  pause(): void {
    this.message.pause();
  }

  resume(): void {
    this.message.resume();
  }

  close(): void {
    this.sent.destroy();
  }

  async until(check: (client: this) => boolean, timeoutMs = 5_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!check(this)) {
      if (Date.now() > deadline)
        throw new Error(`not within ${timeoutMs} ms; ${this.received.length} received`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  private parse(part: string): void {
    const blocks = (this.text + part).split('\n\n');
    this.text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon) || 'comment', line.slice(colon + 1).trimStart()];
      });
      this.received.push(Object.fromEntries(fields) as ServerSentEvent);
    }
  }
}
