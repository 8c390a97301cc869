import { LocalIssuer, type Role } from '@shaoying/identity';
import type { HeardAnswer } from './declared-answers.js';
import type { ServerHome, Started } from './server-home.js';

interface Person {
  readonly role: Role;
  readonly org: string | null;
}

/** People of the sample jurisdiction, who act in the specs. */
export const people = {
  resident: { role: 'resident', org: null },
  gridWorker: { role: 'grid-worker', org: 'co-liuyin' },
  otherGridWorker: { role: 'grid-worker', org: 'co-zhonglou' },
  community: { role: 'community', org: 'co-liuyin' },
  street: { role: 'street-office', org: 'st-hepan' },
  /** Another account of the same street. */
  streetLeader: { role: 'street-office', org: 'st-hepan' },
  otherStreet: { role: 'street-office', org: 'st-gulou' },
  urbanManagement: { role: 'department', org: 'dp-urban-management' },
  water: { role: 'department', org: 'dp-water' },
  housing: { role: 'department', org: 'dp-housing' },
  fire: { role: 'department', org: 'dp-fire' },
  gas: { role: 'department', org: 'dp-gas' },
  supervision: { role: 'supervision-centre', org: 'di-qinghe' },
  callback: { role: 'callback', org: 'di-qinghe' },
  /** A handling department that calls back by itself. */
  partialCallback: { role: 'callback', org: 'dp-urban-management' },
  arbitrator: { role: 'arbitrator', org: 'di-qinghe' },
  oversight: { role: 'oversight', org: 'ct-lindong' },
  admin: { role: 'admin', org: 'ct-lindong' },
} as const satisfies Record<string, Person>;
export type PersonName = keyof typeof people;

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
  readonly instance: string;
  readonly errors?: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface CallOptions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, instead of a JSON body. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
}

/** One caller of the API; null without a token. */
export class Caller {
  constructor(
    private readonly city: City,
    readonly token: string | null,
  ) {}

  /** A GET waits for what this city's callers have written before, unless told otherwise. */
  get<Body>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Body>> {
    return this.call<Body>('GET', path, undefined, {
      headers: { 'Shaoying-Min-Position': this.city.position, ...headers },
    });
  }

  post<Body>(path: string, body: unknown = {}, options: CallOptions = {}): Promise<Answer<Body>> {
    return this.call<Body>('POST', path, body, options);
  }

  /** The beginning of an answer that does not end by itself; of a refusal all of it. */
  async peek<Body>(path: string): Promise<Answer<Body>> {
    const ending = new AbortController();
    const headers = this.token === null ? {} : { Authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.city.url}${path}`, { headers, signal: ending.signal });
    const { status } = response;
    const text = status === 200 ? '' : await response.text();
    ending.abort();
    return { status, headers: response.headers, text, body: (text === '' ? {} : JSON.parse(text)) as Body };
  }

  delete<Body>(path: string, options: CallOptions = {}): Promise<Answer<Body>> {
    return this.call<Body>('DELETE', path, undefined, options);
  }

  private async call<Body>(
    method: string,
    path: string,
    body: unknown,
    { key, headers, rawBody }: CallOptions,
  ): Promise<Answer<Body>> {
    const response = await fetch(`${this.city.url}${path}`, {
      method,
      headers: {
        ...(this.token === null ? {} : { Authorization: `Bearer ${this.token}` }),
        ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
        ...headers,
      },
      ...(method === 'POST' ? { body: rawBody ?? JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    const [answered = path] = path.split('?');
    this.city.onAnswer?.({
      method,
      path: answered,
      status: response.status,
      headers: response.headers,
      text,
    });
    this.city.sawWrite(response.headers.get('shaoying-position'));
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    const parsed = (isJson ? JSON.parse(text) : undefined) as Body;
    return { status: response.status, headers: response.headers, text, body: parsed };
  }
}

/** The API of one running server, with tokens for everybody in it. */
export class City {
  /** Told every answer, as it came. */
  onAnswer?: (answer: HeardAnswer) => void;
  /** The last position that one of its callers has written. */
  position = '0';
  readonly anonymous = new Caller(this, null);

  private constructor(
    readonly url: string,
    private readonly issuer: LocalIssuer,
    private readonly callers: Readonly<Record<PersonName, Caller>>,
  ) {}

  static async of(home: ServerHome, { url }: Pick<Started, 'url'>): Promise<City> {
    const issuer = await LocalIssuer.open(home.dataDir);
    const callers: Partial<Record<PersonName, Caller>> = {};
    const city = new City(url, issuer, callers as Record<PersonName, Caller>);
    for (const [name, { role, org }] of Object.entries(people)) {
      const token = await issuer.issue({ sub: `e2e-${name}`, roles: [role], org });
      callers[name as PersonName] = new Caller(city, token);
    }
    return city;
  }

  as(name: PersonName): Caller {
    return this.callers[name];
  }

  /** A caller with another token. */
  withToken(token: string): Caller {
    return new Caller(this, token);
  }

  withRole(role: Role, org: string | null, ttlSeconds = 3_600): Promise<Caller> {
    return this.withRoles([role], org, ttlSeconds);
  }

  async withRoles(roles: readonly Role[], org: string | null, ttlSeconds = 3_600): Promise<Caller> {
    const sub = `e2e-${roles.join('-')}-of-all`;
    return new Caller(this, await this.issuer.issue({ sub, roles, org, ttlSeconds }));
  }

  sawWrite(position: string | null): void {
    if (position !== null && BigInt(position) > BigInt(this.position)) this.position = position;
  }
}
