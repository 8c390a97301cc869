import { Resolver } from 'node:dns/promises';

/** All addresses of a name. @throws what the name server says, or that it says nothing */
export type ResolveName = (name: string) => Promise<readonly string[]>;

const askMsMax = 2_000;
const tries = 2;

/** What the server says where a name has no address of that family. */
const absent = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * Asks the name servers and nothing else. Not `dns.lookup`: it reads the hosts file, where the machine's own names stand, and
 * waits on one of the four threads that files and ciphers need too.
 */
export function openNameResolver(): ResolveName {
  return async (name) => {
    // Of its own: `cancel`, and a server that is slow, concern this name only.
    const resolver = new Resolver({ timeout: askMsMax, tries });
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failure = answers.find(
      (answer): answer is PromiseRejectedResult =>
        answer.status === 'rejected' && !absent.has((answer.reason as { code?: string }).code ?? ''),
    );
    if (addresses.length === 0) throw failure?.reason ?? new Error('the name has no address');
    return addresses;
  };
}
