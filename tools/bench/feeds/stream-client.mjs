// One SSE connection that costs next to nothing: it counts items and, of each, how long it was under way.
import { connect } from 'node:net';

const mark = Buffer.from('"time":"');
const timeChars = 24;
const openMsMax = 60_000;

export class StreamClient {
  items = 0;
  isOver = false;
  /** Told of each item: milliseconds from `time`, when it was written, to now. */
  onItem = () => undefined;
  onProgress = () => undefined;
  #socket;
  #rest = Buffer.alloc(0);

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isOver = true;
      this.onProgress();
    });
  }

  /** @returns once the server has said that it is connected @throws Error with what it said instead */
  static open({ hostname, port }, { path, token, after }) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const socket = connect({ host: hostname, port: Number(port) });
    const late = setTimeout(
      () => socket.destroy(new Error(`no answer in ${openMsMax / 1_000} s`)),
      openMsMax,
    );
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before it was connected')));
    socket.once('data', (head) => {
      clearTimeout(late);
      const text = head.toString('latin1');
      if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text.slice(0, 500)));
      const client = new StreamClient(socket);
      // The first items may have come with it.
      client.#take(head);
      resolve(client);
    });
    const last = after === undefined ? '' : `Last-Event-ID: ${after}\r\n`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n${last}\r\n`);
    return promise;
  }

  close() {
    this.#socket.destroy();
  }

  #take(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const now = Date.now();
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(mark, from);
      if (at === -1 || at + mark.length + timeChars > bytes.length) {
        const rest = at === -1 ? Math.max(from, bytes.length - mark.length) : at;
        this.#rest = Buffer.from(bytes.subarray(rest));
        break;
      }
      from = at + mark.length + timeChars;
      this.items += 1;
      this.onItem(now - Date.parse(bytes.latin1Slice(at + mark.length, from)));
    }
    this.onProgress();
  }
}
