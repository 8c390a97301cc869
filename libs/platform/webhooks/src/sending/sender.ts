import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ClientRequest, RequestOptions } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { literalOf, mayBeCalled, type AddressPolicy } from './address-policy.js';
import type { ResolveName } from './name-resolver.js';

/** Why a delivery failed, without a word of what anybody answered. */
export const SEND_ERRORS = [
  'STATUS',
  'REDIRECT',
  'ADDRESS_REFUSED',
  'NAME_NOT_RESOLVED',
  'CONNECT_TIMEOUT',
  'TIMEOUT',
  'TLS',
  'CONNECTION',
  'CUT_OFF',
] as const;
export type SendError = (typeof SEND_ERRORS)[number];

export interface Sent {
  /** Null where there was no answer. */
  readonly status: number | null;
  /** Null for a 2xx that came whole, or as far as it is read. */
  readonly error: SendError | null;
  /** Of a 429 or 503 that says so; not bounded yet. */
  readonly retryAfterMs: number | null;
}

export interface SenderOptions {
  readonly addresses: AddressPolicy;
  readonly resolve: ResolveName;
  /** Name, connection and TLS. Default 5 s. */
  readonly connectMsMax?: number;
  /** Until the answer is there. Default 15 s. */
  readonly totalMsMax?: number;
  /** What is read of an answer, which nobody looks at. Default 16 kB. */
  readonly answerBytesMax?: number;
}

/** Thrown when a delivery was ended from here: nothing is known of it. */
export class SendingStopped extends Error {
  readonly code = 'SENDING_STOPPED';
}

class Failure extends Error {
  constructor(readonly kind: SendError) {
    super(kind);
  }
}

/** Headers that a request has beside its own. */
const fixed = {
  'content-type': 'application/cloudevents+json; charset=utf-8',
  'user-agent': 'shaoying-webhooks/1',
};

/** A way to one endpoint for one run: what its name means and connections are kept for it, and gone with it. */
export interface SendingRun {
  /** Resolves whatever happened out there. @throws SendingStopped when `signal` says so */
  send(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<Sent>;
  close(): void;
}

interface Way {
  readonly agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent };
  readonly lookup: (url: URL) => Promise<LookupFunction>;
}

/**
 * Calls endpoints that strangers named. The address is checked as it stands in the URL, as it was resolved (all of its addresses),
 * and on the connection, which is made to one that was checked: a name that means another address a moment later changes nothing.
 * Redirects are not followed.
 */
export class Sender {
  constructor(private readonly options: SenderOptions) {}

  /** @param connections at once */
  open(connections: number): SendingRun {
    const keep = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
    const agents = { 'http:': new HttpAgent(keep), 'https:': new HttpsAgent(keep) };
    let kept: Promise<LookupFunction> | undefined;
    const lookup = (url: URL): Promise<LookupFunction> => {
      // Two questions to a name server for each delivery would be the most of what a busy endpoint costs.
      kept ??= this.checkedLookup(url).catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
      return kept;
    };
    return {
      send: async (url, headers, body, signal) => {
        const way = { agents, lookup };
        const attempt = () => this.attempt(url, way, { ...headers, ...fixed }, body, signal);
        const sent = await attempt();
        // A kept connection that was closed just then has told nothing about the endpoint.
        return sent === 'STALE_CONNECTION' ? asSent(await attempt()) : sent;
      },
      close: () => Object.values(agents).forEach((agent) => agent.destroy()),
    };
  }

  private async attempt(
    url: URL,
    { agents, lookup: lookUp }: Way,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<Sent | 'STALE_CONNECTION'> {
    const { totalMsMax = 15_000, connectMsMax = 5_000 } = this.options;
    const began = performance.now();
    let sent: ClientRequest | undefined;
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    try {
      const lookup = await within(connectMsMax, lookUp(url));
      const options: RequestOptions = {
        ...{ method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, lookup },
      };
      sent =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, agent: agents['https:'] })
          : httpRequest(url, { ...options, agent: agents['http:'] });
      const request = sent;
      const left = (msMax: number): number => Math.max(1, msMax - (performance.now() - began));
      timer = setTimeout(() => {
        isLate = true;
        request.destroy(new Failure('TIMEOUT'));
      }, left(totalMsMax));
      const result = await this.read(await this.answerTo(request, body, left(connectMsMax), signal));
      // In the middle of an answer all ends look alike.
      if (signal.aborted && result.error === 'CUT_OFF') throw new SendingStopped();
      return isLate && result.error === 'CUT_OFF' ? { ...result, error: 'TIMEOUT' } : result;
    } catch (error) {
      if (signal.aborted) throw new SendingStopped();
      if (sent?.reusedSocket === true && isReset(error)) return 'STALE_CONNECTION';
      return { status: null, error: kindOf(error), retryAfterMs: null };
    } finally {
      clearTimeout(timer);
      sent?.destroy();
    }
  }

  /** @throws Failure ADDRESS_REFUSED, NAME_NOT_RESOLVED */
  private async checkedLookup(url: URL): Promise<LookupFunction> {
    const { addresses: policy, resolve } = this.options;
    const literal = literalOf(url);
    const addresses =
      literal !== null
        ? [literal]
        : await resolve(url.hostname).catch(() => {
            throw new Failure('NAME_NOT_RESOLVED');
          });
    if (!addresses.every((address) => mayBeCalled(address, policy))) throw new Failure('ADDRESS_REFUSED');
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    return (_name, { all }, callback) => {
      const [first] = found;
      if (all === true) callback(null, found);
      else callback(null, first?.address ?? '', first?.family);
    };
  }

  private answerTo(
    request: ClientRequest,
    body: string,
    connectMs: number,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const stop = (): void => void request.destroy(new SendingStopped());
      const connecting = setTimeout(() => request.destroy(new Failure('CONNECT_TIMEOUT')), connectMs);
      request.once('socket', (socket) => this.watch(socket, () => clearTimeout(connecting)));
      request.once('response', resolve);
      // Also later ones, which nobody waits for any more.
      request.on('error', reject);
      request.once('close', () => {
        clearTimeout(connecting);
        signal.removeEventListener('abort', stop);
        reject(new Failure('CUT_OFF'));
      });
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop);
      request.end(body);
    });
  }

  /** Before anything is written, since it is asked first; a kept connection has been asked when it was made. */
  private watch(socket: Socket, onConnected: () => void): void {
    if (!socket.connecting) return onConnected();
    socket.prependOnceListener('connect', () => {
      if (!mayBeCalled(socket.remoteAddress ?? '', this.options.addresses))
        socket.destroy(new Failure('ADDRESS_REFUSED'));
    });
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnected);
  }

  private async read(answer: IncomingMessage): Promise<Sent> {
    const { answerBytesMax = 16 * 1_024 } = this.options;
    const status = answer.statusCode ?? 0;
    const retryAfterMs = status === 429 || status === 503 ? retryAfterOf(answer) : null;
    const is = (error: SendError | null): Sent => ({ status, error, retryAfterMs });
    if (status >= 300 && status < 400) return is('REDIRECT');
    if (status < 200 || status >= 300) return is('STATUS');
    let bytes = 0;
    try {
      for await (const part of answer as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > answerBytesMax) break;
      }
    } catch {
      return is('CUT_OFF');
    }
    return is(null);
  }
}

const asSent = (sent: Sent | 'STALE_CONNECTION'): Sent =>
  sent === 'STALE_CONNECTION' ? { status: null, error: 'CONNECTION', retryAfterMs: null } : sent;

function isReset(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const text = headers['retry-after'] ?? '';
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return ms > 0 ? ms : null;
}

function kindOf(error: unknown): SendError {
  if (error instanceof Failure) return error.kind;
  const code = (error as { code?: string }).code ?? '';
  if (/^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code)) return 'TLS';
  return 'CONNECTION';
}

async function within<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure('CONNECT_TIMEOUT')), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
