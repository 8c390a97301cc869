import { loadConfig, type Config } from '@shaoying/config';
import { isRole, LocalIssuer, ROLES } from '@shaoying/identity';
import { UsageError } from '../cli.errors.js';
import { secondsOf } from '../durations.js';
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
  const ttlSeconds = secondsOf(options.ttl, '--ttl');
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
