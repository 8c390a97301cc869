/** A setting that says where a store is. */
export interface StoreSetting {
  readonly name: string;
  readonly url: string;
}

/** Out of documentation, compose files and images, ours and others': the first ones that anybody tries. */
const KNOWN_PASSWORDS: ReadonlySet<string> = new Set([
  ...[
    'shaoying',
    'change-me',
    'changeme',
    'change_me',
    'changeit',
    'password',
    'passw0rd',
    'secret',
    'default',
  ],
  ...['postgres', 'postgresql', 'redis', 'admin', 'root', 'test', 'example', 'guest', '123456', '12345678'],
]);

/** Short ones are found by trying. */
const passwordCharsMin = 12;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|(?:%2f|\/).*|)$/i;

interface Parts {
  readonly scheme: string;
  readonly user: string;
  readonly password: string | null;
  readonly hosts: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * What is unsafe about the addresses of stores, a sentence each; never quotes any part of them, for the passwords.
 * @param plaintextHosts setting `PLAINTEXT_HOSTS`
 */
export function unsafeUrls(stores: readonly StoreSetting[], plaintextHosts: readonly string[]): string[] {
  return stores.flatMap(({ name, url }) => {
    const parts = partsOf(url);
    if (parts === null) return [];
    const problems = [passwordProblem(parts), transportProblem(parts, plaintextHosts)];
    return problems.flatMap((problem) => (problem === null ? [] : [`${name} ${problem}`]));
  });
}

function passwordProblem({ user, password }: Parts): string | null {
  if (password === null) return null;
  const plain = password.toLowerCase();
  if (KNOWN_PASSWORDS.has(plain) || plain === user.toLowerCase()) {
    return 'carries a password that stands in documentation or is its user: whoever tries that one first is in. Set a random one.';
  }
  if (password.length >= passwordCharsMin) return null;
  return `carries a password of fewer than ${passwordCharsMin} characters, which can be found by trying. Set a random one.`;
}

function transportProblem({ scheme, hosts, query }: Parts, plaintextHosts: readonly string[]): string | null {
  const isPrivate = (host: string): boolean => LOOPBACK.test(host) || plaintextHosts.includes(host);
  if (hosts.every(isPrivate)) return null;
  const { encrypted, verified, how } = transportOf(scheme, query);
  const exception = 'or name its host in PLAINTEXT_HOSTS if the network between is private';
  if (!encrypted) {
    return `crosses the network without TLS: passwords and what people reported can be read on the way. ${how}, ${exception}.`;
  }
  if (verified) return null;
  return `does not check who answers: whoever sits on the way can be the database. ${how}, ${exception}.`;
}

function transportOf(
  scheme: string,
  query: URLSearchParams,
): { readonly encrypted: boolean; readonly verified: boolean; readonly how: string } {
  if (scheme.startsWith('redis')) {
    return { encrypted: scheme === 'rediss', verified: true, how: 'Use rediss://' };
  }
  if (scheme.startsWith('postgres')) {
    const mode = query.get('sslmode');
    const plain = mode === null ? !['true', '1'].includes(query.get('ssl') ?? '') : mode === 'disable';
    const loose = mode === 'no-verify' || mode === 'prefer' || query.get('uselibpqcompat') === 'true';
    const verified = mode === 'verify-full' || !loose;
    return { encrypted: !plain, verified, how: 'Add sslmode=verify-full' };
  }
  const isOff = (option: string): boolean => query.get(option)?.toLowerCase() === 'false';
  const verified = !isOff('tlsverifycert');
  return { encrypted: !isOff('tls'), verified, how: 'Use tls=true with a certificate that can be checked' };
}

/** Taken apart by hand: addresses of a cluster name several hosts, which `URL` does not know. */
function partsOf(url: string): Parts | null {
  const [, scheme = '', userInfo, authority = '', search = ''] =
    /^([a-z0-9+]+):\/\/(?:([^/?#]*)@)?([^/?#]*)[^?#]*\??([^#]*)/i.exec(url) ?? [];
  if (scheme === '') return null;
  // Options of EventStoreDB are written in any case.
  const query = new URLSearchParams(
    [...new URLSearchParams(search)].map(([key, value]): [string, string] => [key.toLowerCase(), value]),
  );
  const colon = userInfo?.indexOf(':') ?? -1;
  const inUserInfo = userInfo === undefined || colon === -1 ? null : userInfo.slice(colon + 1);
  const user = userInfo === undefined || colon === -1 ? (userInfo ?? '') : userInfo.slice(0, colon);
  return {
    ...{ scheme: scheme.toLowerCase(), user: decoded(user) },
    password: query.get('password') ?? (inUserInfo === null ? null : decoded(inUserInfo)),
    hosts: (query.get('host') ?? authority).split(',').map(hostOf),
    query,
  };
}

const hostOf = (place: string): string => place.replace(/:\d+$/, '').toLowerCase();

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
