import { ReportersSentTooManyFiles, TooManyFiles } from '@shaoying/files';
import { networkOf } from '@shaoying/http';
import type { SharedLimit } from '@shaoying/limits';
import type { FastifyRequest } from 'fastify';

/**
 * How many new files are taken by receipt codes in a day: of one account or address, and of all together, so that neither a
 * flood of reports nor one of photos fills the disk. Counted where the rate limits are, which keep neither accounts nor
 * addresses.
 */
export class ReporterUploadLimits {
  constructor(
    private readonly ofOne: SharedLimit,
    private readonly ofAll: SharedLimit,
    private readonly accountOf: (request: FastifyRequest) => Promise<string | null>,
  ) {}

  /** Whose files a request counts for: the account of an accepted token, or else the address. */
  async callerOf(request: FastifyRequest): Promise<string> {
    const account = await this.accountOf(request);
    return account === null ? `address ${networkOf(request.ip)}` : `account ${account}`;
  }

  /** Counts one new file. @throws TooManyFiles, ReportersSentTooManyFiles */
  async use(caller: string): Promise<void> {
    const own = await this.ofOne.take(caller);
    if (!own.admitted) throw new TooManyFiles(secondsOf(own.resetMs));
    const all = await this.ofAll.take('everybody');
    if (all.admitted) return;
    this.ofOne.giveBack(caller, own);
    throw new ReportersSentTooManyFiles(secondsOf(all.resetMs));
  }
}

/** A whole day is told as a second less: what is longer is taken for no number of seconds to wait. */
const secondsOf = (ms: number): number => Math.min(Math.ceil(ms / 1_000), 86_399);
