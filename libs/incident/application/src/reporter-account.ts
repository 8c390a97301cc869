import type { CommandContext } from './incident.command-service.js';
import { receiptHashOf } from './receipt-codes.js';

/**
 * Whoever shows a receipt code sees the one incident that it belongs to, and does so without a name. A code that does not
 * fit is told the same of every incident, and of none.
 */
export function byReceipt(context: CommandContext, receiptCode: string | null): CommandContext {
  if (receiptCode === null) return context;
  const receiptHash = receiptHashOf(receiptCode);
  return withoutName(
    {
      ...context,
      sight: {
        sees: (state) => state.receiptHash === receiptHash,
        refusal: { code: 'RECEIPT_CODE_WRONG' },
      },
    },
    true,
  );
}

/**
 * An account's id may be a telephone number, or lead to a person elsewhere: of a resident only an alias reaches the log.
 * Who works here answers under their own.
 */
export function underAlias(context: CommandContext, aliasOf: (accountId: string) => string): CommandContext {
  const { actor } = context;
  return actor.role === 'resident' ? { ...context, actor: { ...actor, id: aliasOf(actor.id) } } : context;
}

/**
 * A resident who wants no name, or who shows a receipt code for one, leaves none in the log either, not even that of the
 * account: the code says whose report it is, and a case that began without a name must not get one later.
 */
export function withoutName(context: CommandContext, nameless: boolean): CommandContext {
  return nameless && context.actor.role === 'resident'
    ? { ...context, actor: { ...context.actor, id: 'anonymous' } }
    : context;
}
