import { uuidV5 } from '@shaoying/config';
import type { Position } from '@shaoying/event-store';
import type { Principal } from '@shaoying/identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hash, randomUUID } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { isOpaqueId } from './fields.js';
import { CommandInProgress } from './http.errors.js';
import { parseIdempotencyKey, parseIfMatch, requestTraceparent } from './request-headers.js';

/** Namespace of command ids; a constant of the log: changing it would let old retries happen twice. */
const COMMANDS = '6f1d3c52-8a0e-5d7b-9c41-2f60b8a7e913';

/** What every command of one request carries, from the request alone, so that a retry carries the same. */
export interface CommandContext {
  /** Same caller, method, path and Idempotency-Key: same id. */
  readonly commandId: string;
  /** SHA-256 (hex) of the command id and the body: tells a retry from a reused key. */
  readonly requestHash: string;
  /** Revision the caller decided on. */
  readonly ifMatch?: number;
  readonly correlationId: string;
  readonly causationId: string;
  /** W3C Trace Context of the request; not what makes a retry the same. */
  readonly traceparent?: string;
}

/** What a command handler tells about the stream it wrote to; more fields are its own. */
export interface CommandOutcome {
  readonly revision: number;
  readonly position: Position;
  /** True when the command had been recorded before: the first answer is given again. */
  readonly replayed: boolean;
}

/** Without an id where no request came in from outside. */
type CommandRequest = Pick<FastifyRequest, 'method' | 'url' | 'headers' | 'body'> &
  Partial<Pick<FastifyRequest, 'id'>>;

/**
 * Ids of a request's command. `X-Correlation-Id` (an opaque id) ties it to the caller's own trail; it defaults to the
 * command id.
 * @throws RequestRefused INVALID_IDEMPOTENCY_KEY, INVALID_IF_MATCH
 */
export function commandContext(request: CommandRequest, principal: Principal): CommandContext {
  const key = parseIdempotencyKey(request.headers['idempotency-key']);
  const ifMatch = parseIfMatch(request.headers['if-match']);
  const { commandId, requestHash } = commandIds(request, principal, key ?? randomUUID());
  const correlation = request.headers['x-correlation-id'];
  const { id, headers } = request;
  return {
    ...{ commandId, requestHash },
    ...(ifMatch === undefined ? {} : { ifMatch }),
    correlationId: isOpaqueId(correlation) ? correlation : commandId,
    causationId: commandId,
    ...(id === undefined ? {} : { traceparent: requestTraceparent({ id, headers }) }),
  };
}

function commandIds(
  { method, url, body }: Pick<CommandRequest, 'method' | 'url' | 'body'>,
  principal: Principal,
  key: string,
): Pick<CommandContext, 'commandId' | 'requestHash'> {
  const commandId = uuidV5(COMMANDS, [principal.id, method, pathOf(url), key].join('\n'));
  return { commandId, requestHash: hash('sha256', `${commandId}\n${canonicalJson(body)}`, 'hex') };
}

/**
 * What makes a request with a key the same one again, where what it does is not in the log; undefined without a key: then each
 * request is one of its own. @throws RequestRefused INVALID_IDEMPOTENCY_KEY
 */
export function keyedCommand(
  request: Pick<CommandRequest, 'method' | 'url' | 'headers' | 'body'>,
  principal: Principal,
): Pick<CommandContext, 'commandId' | 'requestHash'> | undefined {
  const key = parseIdempotencyKey(request.headers['idempotency-key']);
  return key === undefined ? undefined : commandIds(request, principal, key);
}

/** The path of a request without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Commands running in this process, so that an impatient client's second attempt does not race its first. */
export class CommandsInProgress {
  private readonly running = new Set<string>();

  /** @throws CommandInProgress when the same command is running, and whatever `execute` throws */
  async run<Outcome>(commandId: string, execute: () => Promise<Outcome>): Promise<Outcome> {
    if (this.running.has(commandId)) throw new CommandInProgress();
    this.running.add(commandId);
    try {
      return await execute();
    } finally {
      this.running.delete(commandId);
    }
  }
}

/** The way of every command through a controller: ids from the request, one at a time, headers of the answer. */
export class CommandEndpoint {
  private readonly commands = new CommandsInProgress();

  /** @throws RequestRefused, CommandInProgress, and whatever `execute` throws */
  async run<Outcome extends CommandOutcome>(
    request: CommandRequest,
    reply: Pick<FastifyReply, 'header'>,
    principal: Principal,
    execute: (context: CommandContext) => Promise<Outcome>,
  ): Promise<Outcome> {
    const context = commandContext(request, principal);
    const outcome = await this.commands.run(context.commandId, () => execute(context));
    answerHeaders(reply, outcome);
    return outcome;
  }
}

/** `ETag`, `Shaoying-Position` and, for a replay, `Idempotency-Replayed`. */
export function answerHeaders(reply: Pick<FastifyReply, 'header'>, outcome: CommandOutcome): void {
  reply.header('ETag', `"${outcome.revision}"`);
  reply.header('Shaoying-Position', outcome.position);
  if (outcome.replayed) reply.header('Idempotency-Replayed', 'true');
}
