import { createHmac, hash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A double of S3 over HTTP: keeps objects of one bucket in memory, refuses requests whose Signature V4 is not right, and
 * knows conditional writes and pages of a listing. What a real S3 does under load, or on another day, it does not show.
 */
export class S3TestServer {
  readonly accessKeyId = 'AKIATESTDOUBLE';
  readonly secretAccessKey = 'secret-of-the-double';
  readonly region = 'cn-north-1';
  readonly bucket = 'evidence';
  readonly objects = new Map<string, { readonly body: Buffer; readonly at: Date }>();
  /** While set, every request is answered with this status. */
  failing: number | null = null;
  readonly pageMax = 3;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<S3TestServer> {
    const server = createServer();
    const double = new S3TestServer(server);
    server.on('request', (request, response) => void double.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `s3://${this.bucket}/photos?endpoint=http://127.0.0.1:${port}&region=${this.region}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://double');
    if (this.failing !== null) return refuse(response, this.failing, 'InternalError');
    if (!this.isSigned(request, body)) return refuse(response, 403, 'SignatureDoesNotMatch');
    const [, bucket, ...path] = pathname.split('/').map(decodeURIComponent);
    if (bucket !== this.bucket) return refuse(response, 404, 'NoSuchBucket');
    const key = path.join('/');
    if (key === '') return this.list(searchParams, response);
    this.answerObject(request, key, body, response);
  }

  private answerObject(request: IncomingMessage, key: string, body: Buffer, response: ServerResponse): void {
    const found = this.objects.get(key);
    switch (request.method) {
      case 'PUT':
        if (request.headers['if-none-match'] === '*' && found) {
          return refuse(response, 412, 'PreconditionFailed');
        }
        this.objects.set(key, { body, at: new Date() });
        response.writeHead(200, { ETag: `"${hash('md5', body, 'hex')}"` }).end();
        return;
      case 'DELETE':
        this.objects.delete(key);
        response.writeHead(204).end();
        return;
      default:
        if (!found) return refuse(response, 404, 'NoSuchKey');
        response.writeHead(200, { 'Content-Length': found.body.length });
        response.end(request.method === 'HEAD' ? undefined : found.body);
    }
  }

  private list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const page = keys.slice(0, this.pageMax);
    const more = keys.length > page.length;
    const contents = page.map((key) => {
      const at = this.objects.get(key)?.at.toISOString() ?? '';
      return `<Contents><Key>${key}</Key><LastModified>${at}</LastModified></Contents>`;
    });
    const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    response.writeHead(200, { 'Content-Type': 'application/xml' });
    response.end(
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents.join('')}${next}</ListBucketResult>`,
    );
  }

  /** AWS Signature Version 4 over the header, with the hash of the body in it. */
  private isSigned({ method, url = '/', headers }: IncomingMessage, body: Buffer): boolean {
    const pattern =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
    const [, keyId, day = '', region = '', names = '', signature] =
      pattern.exec(headers.authorization ?? '') ?? [];
    const bodyHash = String(headers['x-amz-content-sha256']);
    if (keyId !== this.accessKeyId || region !== this.region) return false;
    if (bodyHash !== hash('sha256', body, 'hex')) return false;
    const { pathname, searchParams } = new URL(url, 'http://double');
    const query = [...searchParams]
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .toSorted();
    const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
    const canonical = [method, pathname, query.join('&'), signed.join(''), names, bodyHash].join('\n');
    const scope = `${day}/${region}/s3/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash('sha256', canonical, 'hex')].join(
      '\n',
    );
    const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${this.secretAccessKey}`,
    );
    return createHmac('sha256', key).update(text).digest('hex') === signature;
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
