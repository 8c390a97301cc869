import { readOrCreateSecretFile } from '@shaoying/config';
import { createHmac, createSecretKey, hash, randomBytes, type KeyObject } from 'node:crypto';
import { join } from 'node:path';

/** No I, L, O, U: read out over the telephone and typed by hand. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 16 characters of 5 bits: 80 bits, so that guessing is hopeless even without a rate limit. */
const codeChars = 16;
const groupChars = 4;

const keyBytes = 32;

/** 128 bits. */
const aliasChars = 32;

/**
 * Receipt codes: the secret by which a reporter, also an anonymous one, follows a case. Derived from the incident's id
 * under a key outside the log, so that a repeated request gets the same code while the log holds only its hash.
 */
export class ReceiptCodes {
  // Made once: createHmac turns a Buffer into a key each time, which costs five times the HMAC itself.
  private readonly key: KeyObject;

  constructor(secret: Buffer) {
    this.key = createSecretKey(secret);
  }

  /** With the key of a data folder, made once; every process on that folder gives the same codes. */
  static async open(dataDir: string): Promise<ReceiptCodes> {
    const path = join(dataDir, 'keys', 'receipts.key');
    return new ReceiptCodes(await readOrCreateSecretFile(path, () => randomBytes(keyBytes)));
  }

  /** `K7QD-2M4X-90TB-ZC1F` */
  codeFor(incidentId: string): string {
    // One character per byte: a text is cheaper to get out of the cipher library than a Buffer.
    const digest = createHmac('sha256', this.key).update(incidentId).digest('binary');
    let code = '';
    for (let index = 0; index < codeChars; index += 1) {
      if (index > 0 && index % groupChars === 0) code += '-';
      code += alphabet.charAt(digest.charCodeAt(index) & 31);
    }
    return code;
  }

  /**
   * What a resident's account is called in the log of one incident: enough to see that nobody checks their own report,
   * and nothing to tell by who it is, or that two reports come of one hand.
   */
  aliasOf(accountId: string, incidentId: string): string {
    const digest = createHmac('sha256', this.key)
      .update(`account\n${incidentId}\n${accountId}`)
      .digest('hex');
    return `resident-${digest.slice(0, aliasChars)}`;
  }

  /**
   * The fingerprint of a request as the log may hold it where the request names a person: from the plain one whoever has
   * the log could find a telephone number by trying all there are.
   */
  blinded<Context extends { readonly requestHash?: string }>(context: Context): Context {
    const { requestHash } = context;
    if (requestHash === undefined) return context;
    const blind = createHmac('sha256', this.key).update(`request\n${requestHash}`).digest('hex');
    return { ...context, requestHash: blind };
  }
}

/** What the log holds of a code. Forgiving about case, blanks and dashes, as people are. */
export function receiptHashOf(code: string): string {
  return hash('sha256', code.toUpperCase().replace(/[^0-9A-Z]/g, ''), 'hex');
}
