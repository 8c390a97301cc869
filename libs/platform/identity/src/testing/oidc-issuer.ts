import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

export type Header = { alg: string } & Readonly<Record<string, unknown>>;

const discoveryPath = '/.well-known/openid-configuration';

/** An OIDC issuer over HTTP, as far as a verifier of access tokens sees one. */
export class OidcIssuer {
  /** Paths that were asked for. */
  readonly fetches: string[] = [];
  /** What the discovery document says beside or instead of the truth. */
  discovery: Readonly<Record<string, unknown>> = {};
  /** Answers in place of the documents: an issuer that fails, redirects or floods. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  private published: JWK[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async listen(): Promise<OidcIssuer> {
    const server = createServer((request, response) => issuer.serve(request, response));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const issuer = new OidcIssuer(server, `http://127.0.0.1:${port}/realms/street`);
    return issuer;
  }

  static keyPair(alg: string): Promise<KeyPair> {
    return generateKeyPair(alg, { extractable: true });
  }

  /** From now on these are its keys, by their ids. */
  async publish(keys: Readonly<Record<string, KeyPair>>): Promise<void> {
    this.published = await Promise.all(
      Object.entries(keys).map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid })),
    );
  }

  publishAsItIs(...jwks: JWK[]): void {
    this.published = jwks;
  }

  /** A token of this issuer for the audience `shaoying`, a minute long, changed by `claims`. */
  sign(key: CryptoKey | Uint8Array, header: Header, claims: JWTPayload, nowSeconds: number): Promise<string> {
    const usual = { sub: 'chen', roles: ['oversight'], iss: this.url, aud: 'shaoying', exp: nowSeconds + 60 };
    return new SignJWT({ ...usual, ...claims }).setProtectedHeader(header).sign(key);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((closed) => this.server.close(() => closed()));
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.fetches.push(request.url ?? '');
    if (this.answer !== undefined) return this.answer(request, response);
    const document = request.url?.endsWith(discoveryPath)
      ? { issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.discovery }
      : { keys: this.published };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  }
}
