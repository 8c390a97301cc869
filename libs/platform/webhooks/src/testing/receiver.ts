import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** What came to a receiver, as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
  readonly atMs: number;
}

/** What a receiver does with a request; answering is its own affair. */
export type Behaviour = (received: Received, response: ServerResponse) => void;

export const answers =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_received, response) =>
    void response.writeHead(status, headers).end();

/** A department's system on this machine, which can be made to misbehave. */
export class Receiver {
  readonly received: Received[] = [];
  /** Under way now, and the most there ever were. */
  open = 0;
  openMax = 0;

  private constructor(
    private readonly server: Server,
    public behaviour: Behaviour,
  ) {}

  /** @param port one that is free when 0 */
  static async start(behaviour: Behaviour = answers(204), port = 0): Promise<Receiver> {
    const server = createServer((request, response) => {
      receiver.open += 1;
      receiver.openMax = Math.max(receiver.openMax, receiver.open);
      response.once('close', () => (receiver.open -= 1));
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { headers, url: path = '' } = request;
        const received = { headers, path, body: Buffer.concat(parts).toString(), atMs: performance.now() };
        receiver.received.push(received);
        receiver.behaviour(received, response);
      });
    });
    const receiver = new Receiver(server, behaviour);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** `webhook-id` of everything that came, in order. */
  get ids(): string[] {
    return this.received.map(({ headers }) => String(headers['webhook-id']));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The body, if the signature is good by the package that receivers would use. @throws WebhookVerificationError */
export function verified(secret: string, { headers, body }: Received): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
