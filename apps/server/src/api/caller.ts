import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import {
  hasAnyRole,
  operationOf,
  permittedRolesOf,
  principalOf,
  type Principal,
  type Role,
} from '@shaoying/identity';
import { asReporter, withoutReceipt } from '@shaoying/incident-application';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from './refused.js';

/** Who sends a command, and the two ends of the call. */
export interface CommandCaller {
  readonly request: FastifyRequest;
  /** For headers; what the method returns is still the answer. */
  readonly reply: FastifyReply;
  readonly principal: Principal;
  /** Roles that may do this, as the policy has them, in the order in which they are tried. */
  readonly permitted: readonly Role[];
}

export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): CommandCaller => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest & Parameters<typeof principalOf>[0]>();
  return {
    ...{ request, reply: http.getResponse<FastifyReply>() },
    ...{ principal: principalOf(request), permitted: permittedRolesOf(request) },
  };
});

/** The route of a request as the policy spells it. */
export const operationAt = ({ method, routeOptions }: FastifyRequest): string =>
  operationOf(method, routeOptions.url ?? '');

/**
 * Whoever shows a receipt code acts as the reporter; whoever shows none, in their own right, where the policy gives them
 * any.
 * @throws Refused RECEIPT_CODE_REQUIRED
 */
export function byReceiptOrRight(
  caller: CommandCaller,
  receiptCode: string | null | undefined,
): CommandCaller {
  const { request, principal, permitted } = caller;
  if (receiptCode !== null && receiptCode !== undefined)
    return { ...caller, permitted: asReporter(permitted) };
  const own = withoutReceipt(operationAt(request));
  if (!hasAnyRole(principal, own)) throw new Refused('RECEIPT_CODE_REQUIRED');
  return { ...caller, permitted: own };
}
