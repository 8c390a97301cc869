import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Cut {
  /** What the client still gets of the answer, before its connection ends. Default: nothing. */
  readonly leaving?: (answer: Buffer) => Buffer;
  /** Refuses new connections from then on, until `accept`. Default false. */
  readonly thenRefuse?: boolean;
}

/** Stands between an engine and its server, and cuts connections at the moment a test wants. */
export interface Proxy {
  /** The server's URL, through this proxy. */
  readonly url: string;
  /** Cuts every connection when the server next answers on any. @returns when that has happened */
  cutAtNextAnswer(cut?: Cut): Promise<void>;
  /** Leads new connections to another server, as an address does after a fail-over. Open ones stay where they are. */
  leadTo(targetUrl: string): void;
  /** Cuts now, and refuses new connections until `accept`. */
  refuse(): void;
  accept(): void;
  /** Cuts now, and takes new connections without ever answering, as a half-dead network does. */
  fallSilent(): void;
  close(): Promise<void>;
}

export async function openProxy(targetUrl: string): Promise<Proxy> {
  let target = new URL(targetUrl);
  const pairs = new Set<readonly [Socket, Socket]>();
  let refusing = false;
  let silent = false;
  let cutting: { readonly cut: Cut; readonly done: () => void } | undefined;
  const ignored = new Set<Socket>();
  const cutAll = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    for (const socket of ignored) socket.destroy();
    pairs.clear();
    ignored.clear();
  };
  const server = createServer((client) => {
    if (refusing) return void client.destroy();
    if (silent) {
      ignored.add(client);
      return void client.on('error', () => client.destroy());
    }
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      if (!cutting) return void client.write(chunk);
      const { cut, done } = cutting;
      cutting = undefined;
      refusing ||= cut.thenRefuse === true;
      const left = cut.leaving?.(chunk);
      if (left) {
        // Not destroyed with the others: what is left of the answer has to arrive before the end.
        pairs.delete(pair);
        upstream.off('close', end).destroy();
        client.end(left);
      }
      cutAll();
      done();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAtNextAnswer: (cut = {}) =>
      new Promise((resolve) => {
        cutting = { cut, done: resolve };
      }),
    leadTo: (otherUrl) => {
      target = new URL(otherUrl);
    },
    refuse: () => {
      refusing = true;
      cutAll();
    },
    accept: () => {
      refusing = false;
    },
    fallSilent: () => {
      silent = true;
      cutAll();
    },
    close: () => {
      cutAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
