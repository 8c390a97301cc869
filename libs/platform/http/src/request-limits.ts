import type { SharedLimit, Verdict } from '@shaoying/limits';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isIPv4, isIPv6 } from 'node:net';
import { TooManyRequests } from './http.errors.js';

/** Which requests are counted, and of whom. A limit that is null is switched off. */
export interface RequestLimits {
  /** Of one account. */
  readonly token: SharedLimit | null;
  /** Of one address, where no account is known. */
  readonly address: SharedLimit | null;
  /** Requests without a token that would write, of one address. */
  readonly anonymous: SharedLimit | null;
  /** The same of everybody. */
  readonly anonymousTotal: SharedLimit | null;
  /** Requests that show a receipt code which is nobody's, of one account or address. */
  readonly receiptMisses: SharedLimit | null;
  /** The account whose token the request carries; null without a token, and for one that is not accepted. */
  accountOf(request: FastifyRequest): Promise<string | null>;
  /** Whether the request carries no token at all, not even one that will be refused. */
  isAnonymous(request: FastifyRequest): boolean;
  /** Whether the request shows a receipt code. Asked when its body has been read. */
  showsReceiptCode(request: FastifyRequest): boolean;
  /**
   * Routes, by their patterns, that write only for who shows a receipt code, and have limits of their own: without a token they
   * are counted by the address and not as commands, so that photos of one report take nobody's report.
   */
  readonly byReceipt: readonly string[];
  /** Routes that are not counted, by their patterns. */
  readonly exempt: readonly string[];
}

interface Caller {
  readonly account: string | null;
  readonly key: string;
}

type Charge = readonly [limit: SharedLimit | null, key: string];

const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
const EVERYBODY = 'everybody';
/** How a code that was wrong is answered: there is none such, or it is not this incident's. */
const MISSES: readonly number[] = [403, 404];

/**
 * Counts requests before their bodies are read, so that a refusal costs next to nothing, and tells every caller what is
 * left (`RateLimit` and `RateLimit-Policy` of the IETF's draft-ietf-httpapi-ratelimit-headers).
 *
 * Whoever has a valid token is counted by the account and never by the address: a whole street office may share one, and
 * a neighbour's failures must not lock it out.
 */
export function limitRequests(fastify: FastifyInstance, limits: RequestLimits): void {
  const exempt = new Set(limits.exempt);
  fastify.addHook('onRequest', async (request, reply) => {
    if (exempt.has(request.routeOptions.url ?? '')) return;
    const caller = await callerOf(request, limits);
    await charge(reply, chargesOf(request, caller, limits));
  });
  if (limits.receiptMisses !== null) limitReceiptMisses(fastify, limits, limits.receiptMisses);
}

async function callerOf(request: FastifyRequest, limits: RequestLimits): Promise<Caller> {
  const account = await limits.accountOf(request);
  return { account, key: account === null ? `address ${networkOf(request.ip)}` : `account ${account}` };
}

function chargesOf(request: FastifyRequest, { account, key }: Caller, limits: RequestLimits): Charge[] {
  if (account !== null) return [[limits.token, key]];
  const asAddress: Charge = [limits.address, key];
  // A token that has expired at an office's system must not close the anonymous channel for residents.
  if (READING.includes(request.method) || !limits.isAnonymous(request)) return [asAddress];
  if (limits.byReceipt.includes(request.routeOptions.url ?? '')) return [asAddress];
  return [asAddress, [limits.anonymous, key], [limits.anonymousTotal, EVERYBODY]];
}

/** @throws TooManyRequests by the first limit that is used up */
async function charge(reply: FastifyReply, charges: readonly Charge[]): Promise<void> {
  const verdicts: Verdict[] = [];
  for (const [limit, key] of charges) {
    if (limit === null) continue;
    const taken = limit.take(key);
    // Most are at hand: waiting for them all the same would cost each request a turn.
    const verdict = taken instanceof Promise ? await taken : taken;
    // How busy everybody is together is told only to who is refused for it.
    if (key !== EVERYBODY || !verdict.admitted) verdicts.push(verdict);
    if (!verdict.admitted) break;
  }
  tell(reply, verdicts);
  const last = verdicts.at(-1);
  if (last?.admitted === false) throw new TooManyRequests(last.resetMs / 1_000);
}

function tell(reply: FastifyReply, verdicts: readonly Verdict[]): void {
  let policies = '';
  let standings = '';
  for (const { limit, remaining, resetMs } of verdicts) {
    const comma = policies === '' ? '' : ', ';
    policies += `${comma}"${limit.name}";q=${limit.points};w=${limit.windowSeconds}`;
    standings += `${comma}"${limit.name}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`;
  }
  // At once onto the answer, where helmet's are too: Fastify's own way costs as much as all the rest of this.
  if (policies !== '') reply.raw.setHeader('RateLimit-Policy', policies).setHeader('RateLimit', standings);
}

/**
 * A point is taken before a code is looked at and given back if it was right, so that many guesses at once are no more
 * than the limit either. A request that dies in between keeps its point.
 */
function limitReceiptMisses(fastify: FastifyInstance, limits: RequestLimits, misses: SharedLimit): void {
  const guesses = new WeakMap<FastifyRequest, { readonly key: string; readonly verdict: Verdict }>();
  const guess = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { key } = await callerOf(request, limits);
    const verdict = await misses.take(key);
    if (!verdict.admitted) {
      tell(reply, [verdict]);
      throw new TooManyRequests(verdict.resetMs / 1_000);
    }
    guesses.set(request, { key, verdict });
  };
  fastify.addHook('preHandler', (request, reply, done) => {
    if (!limits.showsReceiptCode(request)) return done();
    guess(request, reply).then(() => done(), done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const made = guesses.get(request);
    if (made !== undefined && !MISSES.includes(reply.statusCode)) misses.giveBack(made.key, made.verdict);
    done();
  });
}

const MAPPED = '::ffff:';
const NETWORK_GROUPS = 4;

/** Whom an address stands for: itself, or in IPv6 its /64, of which one household or server has all the addresses. */
export function networkOf(address: string): string {
  const plain = address.toLowerCase().startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  if (isIPv4(plain) || !isIPv6(plain)) return plain;
  const [zoneless = ''] = plain.split('%');
  const [before = '', after] = zoneless.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  const groups = after === undefined ? head : [...head, ...zeros, ...tail];
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
