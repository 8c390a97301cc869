import { loadConfig, type Config } from '@shaoying/config';
import { isRole, LocalIssuer, ROLES } from '@shaoying/identity';
import { UsageError } from '../cli.errors.js';
import { show, type Terminal } from '../terminal.js';

export interface TokenOptions {
  readonly role: string;
  readonly org: string | null;
  readonly sub: string | null;
  readonly ttl: string;
  readonly json: boolean;
}

/** `token`: an access token of the local issuer. */
export async function printToken(options: TokenOptions, terminal: Terminal): Promise<void> {
  const { role, org, json } = options;
  if (!isRole(role)) throw new UsageError(`--role must be one of ${ROLES.join(', ')}`);
  const ttlSeconds = secondsOf(options.ttl);
  const config = loadConfig(process.env);
  refuseWithoutLocalIssuer(config);
  const issuer = await LocalIssuer.open(config.dataDir, { production: config.production });
  const sub = options.sub ?? `cli-${role}`;
  const token = await issuer.issue({ sub, roles: [role], org, ttlSeconds });
  show(terminal, json, { token, sub, role, org, ttlSeconds }, () => [token]);
}

/** Such a token would be refused by the server: better said here. */
function refuseWithoutLocalIssuer({ oidc, production }: Config): void {
  if (production)
    throw new UsageError('no tokens of the local issuer in production: ask your identity provider');
  if (oidc !== null) throw new UsageError(`tokens come from ${oidc.issuer} here (OIDC_ISSUER is set)`);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const ttlSecondsMax = 30 * 86_400;

/** `90s`, `15m`, `12h`, `7d`; 1 s to 30 d. @throws UsageError */
export function secondsOf(ttl: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,7})([smhd])$/.exec(ttl) ?? [];
  const seconds = Number(amount || NaN) * (unitSeconds[unit] ?? NaN);
  if (seconds >= 1 && seconds <= ttlSecondsMax) return seconds;
  throw new UsageError('--ttl must be a time such as 90s, 15m, 12h or 7d, 30d at the most');
}
