import { FORGOTTEN, type PersonalDataVault, type SealedData } from '@shaoying/personal-data';
import { randomBytes } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';

/** As Standard Webhooks has it, with 256 bits: `whsec_` and base64. */
const SECRET_BYTES = 32;

/** Finds secrets in any text, such as a log line. */
export const WEBHOOK_SECRETS_IN_TEXT = /whsec_[A-Za-z0-9+/]{20,}={0,2}/g;

export const mintSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** Opens what the vault has sealed; none where the endpoint has been deleted in the meantime. @throws what the vault throws */
export async function openSecrets(
  vault: Pick<PersonalDataVault, 'unseal'>,
  sealed: readonly SealedData[],
): Promise<readonly string[]> {
  const opened = await Promise.all(sealed.map((secret) => vault.unseal(secret)));
  return opened.flatMap((secret) => (secret === FORGOTTEN ? [] : [(secret as { secret: string }).secret]));
}

/** `webhook-signature` by each of the secrets, space separated: whoever knows one of them can check it. */
export function signatureOf(
  secrets: readonly string[],
  { id, at, body }: { readonly id: string; readonly at: Date; readonly body: string },
): string {
  return secrets.map((secret) => new StandardWebhook(secret).sign(id, at, body)).join(' ');
}
