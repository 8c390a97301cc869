import { uuidV7 } from '@shaoying/config';
import {
  API_KEY_ROLES,
  apiKeyPage,
  ApiKeys,
  apiKeyStateOf,
  ApiKeyUses,
  lastDaysOfUse,
  type ApiKey,
  type ApiKeyCommand,
  type ApiKeyOutcome,
} from '@shaoying/identity';
import { CommandFailed, UsageError } from '../cli.errors.js';
import { secondsOf } from '../durations.js';
import { show, table, type Terminal } from '../terminal.js';
import { withDirectory, type Workplace } from '../workplace.js';

const pageKeysMax = 200;

/** `api-keys list`: in the order they were issued in. */
export async function listApiKeys(json: boolean, terminal: Terminal, workplace: Workplace): Promise<void> {
  const { readModels } = workplace.stores;
  const keys: ApiKey[] = [];
  for (let after = '0'; ;) {
    const page = await apiKeyPage(readModels, after, pageKeysMax).catch(noTables);
    keys.push(...(await Promise.all(page.map(({ keyId }) => apiKeys(workplace).find(keyId)))));
    if (page.length < pageKeysMax) break;
    after = page.at(-1)?.position ?? after;
  }
  const ids = keys.map(({ keyId }) => keyId);
  await ApiKeyUses.open(workplace.stores.pool, workplace.clock, () => undefined);
  const used = await lastDaysOfUse(readModels, ids);
  const told = keys.map((key) => ({
    ...toldOf(key, workplace),
    lastUsedOn: used.get(key.keyId) ?? null,
  }));
  show(terminal, json, told, () =>
    table([
      ['ID', 'STATE', 'ROLE', 'UNIT', 'EXPIRES', 'LAST USED', 'SYSTEM'],
      ...told.map((key) => [
        ...[key.id, key.state, key.readOnly ? `${key.role} (reads)` : key.role, key.orgUnitId],
        ...[key.expiresAt.slice(0, 10), key.lastUsedOn ?? '—', key.label],
      ]),
    ]),
  );
}

export interface IssueOptions {
  readonly label: string;
  readonly role: string;
  readonly org: string;
  readonly readOnly: boolean;
  readonly days: string;
  readonly json: boolean;
}

/** `api-keys issue`: the key stands on standard output, once. */
export async function issueApiKey(
  { label, role, org, readOnly, days, json }: IssueOptions,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const known = API_KEY_ROLES.find((one) => one === role);
  if (known === undefined) throw new UsageError(`--role must be one of ${API_KEY_ROLES.join(', ')}`);
  if (label.trim() === '' || label.length > 100)
    throw new UsageError('--label must have 1 to 100 characters');
  await withDirectory(workplace, async (directory) => {
    if (directory.orgUnit(org) === undefined) throw new UsageError(`--org: there is no unit ${org}`);
    const wanted = { label, role: known, orgUnitId: org, readOnly, days: daysOf(days) };
    tell(await apiKeys(workplace).issue(wanted, command(workplace)), json, terminal, workplace);
  });
}

/** `api-keys rotate`. */
export async function rotateApiKey(
  keyId: string,
  { overlap, days, json }: { readonly overlap: string; readonly days?: string; readonly json: boolean },
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const wanted = {
    overlapMs: secondsOf(overlap, '--overlap') * 1_000,
    days: days === undefined ? null : daysOf(days),
  };
  tell(await apiKeys(workplace).rotate(keyId, wanted, command(workplace)), json, terminal, workplace);
}

/** `api-keys revoke`: once it returns, no process takes the key any more. */
export async function revokeApiKey(
  keyId: string,
  json: boolean,
  terminal: Terminal,
  workplace: Workplace,
): Promise<void> {
  const { key } = await apiKeys(workplace).revoke(keyId, command(workplace));
  show(terminal, json, toldOf(key, workplace), () => [`${keyId} opens nothing any more`]);
}

function tell({ key, secret }: ApiKeyOutcome, json: boolean, terminal: Terminal, workplace: Workplace): void {
  show(terminal, json, { ...toldOf(key, workplace), key: secret }, () => [secret ?? '']);
  if (!json) terminal.note(`id ${key.keyId}, until ${key.secret.endsAt}; this key is not shown again`);
}

function toldOf(key: ApiKey, { clock }: Workplace) {
  const { keyId: id, label, role, orgUnitId, readOnly, secret, former, steps } = key;
  return {
    ...{ id, label, role, orgUnitId, readOnly, state: apiKeyStateOf(key, clock.now()) },
    ...{ expiresAt: secret.endsAt, formerSecretEndsAt: former?.endsAt ?? null, history: steps },
  };
}

const apiKeys = ({ stores, clock, config }: Workplace): ApiKeys =>
  new ApiKeys({ store: stores.log, clock, daysMax: config.apiKeyDaysMax });

/** Whoever may run this has the database; the log says that it was done here. */
function command({ clock }: Workplace): ApiKeyCommand {
  const commandId = uuidV7(clock);
  const actor = { id: 'system:cli', role: 'system', orgUnitId: null };
  return { commandId, correlationId: commandId, causationId: commandId, actor };
}

function daysOf(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new UsageError('--days must be a whole number of days');
  return Number(text);
}

/** Their tables are a server's to make. */
function noTables(cause: unknown): never {
  throw new CommandFailed('the list of keys is not there yet: it is filled by a running server', { cause });
}
