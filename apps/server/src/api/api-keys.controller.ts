import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { CommandEndpoint, decodeCursor, encodeCursor, PageQuery } from '@shaoying/http';
import {
  apiKeyPage,
  ApiKeys,
  apiKeyStateOf,
  lastDaysOfUse,
  type ApiKey,
  type ApiKeyCommand,
  type ApiKeyOutcome,
  type ApiKeyRole,
} from '@shaoying/identity';
import type { OrgUnitKind } from '@shaoying/jurisdiction-contracts';
import type { FastifyRequest } from 'fastify';
import { Platform } from '../platform.js';
import { actorOf } from './actors.js';
import { Tells } from './answers.dto.js';
import {
  ApiKeyAnswer,
  ApiKeysAnswer,
  ApiKeySecretAnswer,
  daysDefault,
  IssueApiKeyDto,
  overlapHoursDefault,
  RotateApiKeyDto,
} from './api-keys.dto.js';
import { Caller, type CommandCaller } from './caller.js';
import { reached } from './read-your-writes.js';
import { Refused } from './refused.js';

/** The kinds of unit that somebody in this role acts for. */
const unitsOf: Readonly<Record<ApiKeyRole, readonly OrgUnitKind[]>> = {
  department: ['DEPARTMENT'],
  'street-office': ['SUBDISTRICT'],
  community: ['COMMUNITY'],
  'grid-worker': ['COMMUNITY'],
  'supervision-centre': ['DISTRICT', 'CITY'],
  callback: ['DISTRICT', 'CITY', 'DEPARTMENT'],
  oversight: ['DISTRICT', 'CITY'],
};

interface KeyPlace {
  readonly position: string;
}

const isKeyPlace = (value: unknown): value is KeyPlace =>
  typeof value === 'object' &&
  value !== null &&
  'position' in value &&
  typeof value.position === 'string' &&
  /^\d{1,18}$/.test(value.position);

/** API keys of department systems: issued, listed, rotated and revoked by administrators; oversight reads. */
@ApiTags('api-keys')
@ApiBearerAuth()
@Controller('v1/api-keys')
export class ApiKeysController {
  private readonly endpoint = new CommandEndpoint();

  constructor(
    private readonly platform: Platform,
    private readonly keys: ApiKeys,
  ) {}

  @Tells('Issue an API key for a system; the key itself is shown once', ApiKeySecretAnswer, 201, ['Location'])
  @Post()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async issue(@Caller() caller: CommandCaller, @Body() body: IssueApiKeyDto): Promise<ApiKeySecretAnswer> {
    this.assertUnit(body);
    const { label, role, orgUnitId, readOnly = false, expiresInDays } = body;
    const days = expiresInDays ?? Math.min(daysDefault, this.platform.config.apiKeyDaysMax);
    const outcome = await this.run(caller, (command) => {
      return this.keys.issue({ label, role, orgUnitId, readOnly, days }, command);
    });
    void caller.reply.header('Location', `/v1/api-keys/${outcome.key.keyId}`);
    return this.withSecret(outcome);
  }

  @Tells('API keys in the order they were issued in, without their secrets', ApiKeysAnswer)
  @Get()
  async list(@Req() request: FastifyRequest, @Query() { limit, cursor }: PageQuery): Promise<ApiKeysAnswer> {
    await reached(this.platform, 'api-keys', request);
    const after = decodeCursor(cursor, isKeyPlace)?.position ?? '0';
    const found = await apiKeyPage(this.platform.stores.readModels, after, limit + 1);
    const page = found.slice(0, limit);
    const next = found.length > limit ? page.at(-1) : undefined;
    const keys = await Promise.all(page.map(({ keyId }) => this.keys.find(keyId)));
    return {
      items: await this.answersOf(keys),
      nextCursor: next ? encodeCursor({ position: next.position }) : null,
    };
  }

  @Tells('An API key and what was done to it, without its secret', ApiKeyAnswer)
  @Get(':id')
  async one(@Param('id') id: string): Promise<ApiKeyAnswer> {
    return this.answerOf(await this.keys.find(id));
  }

  @Tells('A new secret for an API key; the former one goes on to count for a while', ApiKeySecretAnswer)
  @Post(':id/rotate')
  @HttpCode(200)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async rotate(
    @Caller() caller: CommandCaller,
    @Param('id') id: string,
    @Body() { overlapHours = overlapHoursDefault, expiresInDays }: RotateApiKeyDto,
  ): Promise<ApiKeySecretAnswer> {
    const request = { overlapMs: overlapHours * 3_600_000, days: expiresInDays ?? null };
    return this.withSecret(await this.run(caller, (command) => this.keys.rotate(id, request, command)));
  }

  /** Once this is answered, no process takes the key any more. */
  @Tells('End an API key at once; again is the same', ApiKeyAnswer, 200, [
    ...(['ETag', 'Shaoying-Position', 'Idempotency-Replayed'] as const),
  ])
  @Delete(':id')
  async revoke(@Caller() caller: CommandCaller, @Param('id') id: string): Promise<ApiKeyAnswer> {
    return this.thenAnswerOf((await this.run(caller, (command) => this.keys.revoke(id, command))).key);
  }

  private run(
    { request, reply, principal, permitted }: CommandCaller,
    act: (command: ApiKeyCommand) => Promise<ApiKeyOutcome>,
  ): Promise<ApiKeyOutcome> {
    const actor = actorOf(principal, permitted);
    return this.endpoint.run(request, reply, principal, (context) => act({ ...context, actor }));
  }

  private async withSecret({ key, secret }: ApiKeyOutcome): Promise<ApiKeySecretAnswer> {
    return { ...(await this.thenAnswerOf(key)), key: secret };
  }

  /** Of what a command did: as it was then, to its repetition too. Only its last use is as far as it is known now. */
  private async thenAnswerOf(key: ApiKey): Promise<ApiKeyAnswer> {
    const then = new Date(key.steps.at(-1)?.at ?? this.platform.clock.now());
    const [answer] = await this.answersOf([key], then);
    return key.steps.length === 1
      ? { ...(answer as ApiKeyAnswer), lastUsedOn: null }
      : (answer as ApiKeyAnswer);
  }

  private async answerOf(key: ApiKey): Promise<ApiKeyAnswer> {
    return (await this.answersOf([key]))[0] as ApiKeyAnswer;
  }

  private async answersOf(keys: readonly ApiKey[], now = this.platform.clock.now()): Promise<ApiKeyAnswer[]> {
    const ids = keys.map(({ keyId }) => keyId);
    const used = await lastDaysOfUse(this.platform.stores.readModels, ids);
    return keys.map((key) => ({
      ...{
        id: key.keyId,
        label: key.label,
        role: key.role,
        orgUnitId: key.orgUnitId,
        readOnly: key.readOnly,
      },
      ...{ state: apiKeyStateOf(key, now), expiresAt: key.secret.endsAt },
      formerSecretEndsAt: key.former?.endsAt ?? null,
      lastUsedOn: used.get(key.keyId) ?? null,
      history: [...key.steps],
    }));
  }

  /** @throws Refused */
  private assertUnit({ role, orgUnitId }: IssueApiKeyDto): void {
    const unit = this.platform.directory.orgUnit(orgUnitId);
    if (unit === undefined) throw new Refused('ORG_UNIT_NOT_FOUND');
    if (!unitsOf[role].includes(unit.kind)) throw new Refused('API_KEY_UNIT');
  }
}
