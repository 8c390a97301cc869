import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';
import { WebhookUrlRefused } from '../endpoints/webhook.errors.js';

/** Which addresses may be called beyond those of the public internet. */
export interface AddressPolicy {
  /** Addresses and networks of a trial or a test, such as `127.0.0.1` or `10.0.0.0/8`; none in production. */
  readonly localAddresses: readonly string[];
  /** Whether `http:` is refused; in production always. */
  readonly httpsOnly: boolean;
}

const urlCharsMax = 500;

/** Public by their range, and yet the door of a cloud to its machines: Azure's host, which also hands out certificates. */
const metadataAddresses = new Set(['168.63.129.16']);

/** What is assigned to the public internet (RFC 4291, 2.4); outside of it an IPv6 address embeds another one or leads nowhere. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address may be called: global unicast and nothing else. Not private, loopback, link-local (where clouds keep their
 * metadata), multicast, shared, reserved or documentation; and none that carries an IPv4 address inside (mapped, compatible, NAT64,
 * 6to4, Teredo), since what is behind the gateway would be called.
 */
export function mayBeCalled(address: string, { localAddresses }: AddressPolicy): boolean {
  // A zone names an interface of this machine.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (localAddresses.some((network) => isWithin(parsed, network))) return true;
  if (metadataAddresses.has(address) || parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(globalUnicast);
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, network: string): boolean {
  const [start = '', bits] = network.split('/');
  const base = ipaddr.parse(start);
  if (base.kind() !== address.kind()) return false;
  const length = bits === undefined ? (base.kind() === 'ipv4' ? 32 : 128) : Number(bits);
  return address.match(base, length);
}

/**
 * An endpoint's address as it would be called: `https:`, without credentials. A host that is an address in any spelling (decimal,
 * octal, hexadecimal, full-width) is one here too, since the URL standard makes them the same.
 * @throws WebhookUrlRefused
 */
export function assertMayBeCalled(text: string, policy: AddressPolicy): URL {
  if (!URL.canParse(text)) throw new WebhookUrlRefused('It is no URL.', '不是有效的网址。');
  const url = new URL(text);
  if (url.href.length > urlCharsMax)
    throw new WebhookUrlRefused(`It is longer than ${urlCharsMax} characters.`, '网址过长。');
  if (url.protocol !== 'https:' && (url.protocol !== 'http:' || policy.httpsOnly))
    throw new WebhookUrlRefused('Only https:// is called.', '仅支持 https:// 网址。');
  if (url.username !== '' || url.password !== '')
    throw new WebhookUrlRefused('It must not hold credentials.', '网址中不得包含账号或密码。');
  const literal = literalOf(url);
  if (literal !== null && !mayBeCalled(literal, policy))
    throw new WebhookUrlRefused('Addresses inside of networks are not called.', '不允许调用内部网络地址。');
  // A fragment is never sent; kept, it would only look as if it were.
  url.hash = '';
  return url;
}

/** The address that a URL's host is, without brackets; `localhost` is one (RFC 6761). Null for a name. */
export function literalOf({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (isIP(bare) !== 0) return bare;
  return bare === 'localhost' || bare.endsWith('.localhost') ? '127.0.0.1' : null;
}
