// One keep-alive HTTP/1.1 connection that sends one request after the other. Not a general client: it knows what our
// server sends (Content-Length, no chunks, no interim answers) and refuses anything else.
//
// Why not autocannon 9: it can vary path, key and body (`setupRequest`), but measured against the no-op
// route over 64 connections it used 47 to 71 µs of processor time per request, this file 26 to 35 µs; and that time is
// taken from the server, which shares the processors.
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const headBytesMax = 16 * 1024;
const bodyBytesMax = 4 * 1024 * 1024;
const connectMsMax = 10_000;

/** Thrown when a connection ends in the middle, or says what this client does not read. */
export class ConnectionBroken extends Error {
  code = 'CONNECTION_BROKEN';
}

export class Connection {
  #socket;
  #received = null;
  #waiting = null;

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new ConnectionBroken('the server closed the connection')));
  }

  /** @param address `{ host, port }` */
  static open({ host, port }) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const late = setTimeout(
        () => socket.destroy(new ConnectionBroken('connecting took too long')),
        connectMsMax,
      );
      socket.once('error', reject);
      socket.once('connect', () => {
        clearTimeout(late);
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  get isOpen() {
    return !this.#socket.destroyed;
  }

  /** Sends one request, complete with head, and resolves with `{ status, body }`; `body` is a Buffer. */
  send(request) {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new ConnectionBroken('the connection is closed'));
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close() {
    this.#socket.destroy();
  }

  #take(chunk) {
    // Nearly every answer comes in one piece.
    this.#received = this.#received === null ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) {
      if (this.#received.length > headBytesMax) this.#fail(new ConnectionBroken('an endless head'));
      return;
    }
    const head = this.#received.latin1Slice(0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (!(length <= bodyBytesMax))
      return this.#fail(new ConnectionBroken(`an answer without usable length:\n${head}`));
    const end = headEnd + HEAD_END.length + length;
    if (this.#received.length < end) return;
    const answer = {
      status: Number(head.slice(9, 12)),
      body: this.#received.subarray(headEnd + HEAD_END.length, end),
    };
    this.#received = this.#received.length > end ? this.#received.subarray(end) : null;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
    if (/\r\nconnection: *close/i.test(head)) this.close();
  }

  #fail(error) {
    this.#socket.destroy();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}
