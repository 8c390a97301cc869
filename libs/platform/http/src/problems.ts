/** How one error code is told to a client. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly titleZh: string;
  /** What the client can do about it; absent when the title says it all. */
  readonly detail?: string;
  readonly detailZh?: string;
  readonly retryAfterSeconds?: number;
  /**
   * True when the error's own `message` (and `messageZh`) is the better detail. Only for errors whose messages are
   * built from ids and states: a problem never repeats personal data.
   */
  readonly messageIsDetail?: boolean;
  /** True when the error has `problems`, sentences built from ids and states: each is told under `errors`. */
  readonly problemsAreErrors?: boolean;
}

export type ProblemTable = Readonly<Record<string, ProblemKind>>;

const CODE = /^[A-Z][A-Z0-9_]{2,79}$/;
const kinds = new Map<string, ProblemKind>();

/**
 * Adds the codes of a library to the one table. Called while modules load: a code told in two ways fails the boot.
 * @throws TypeError for a malformed code, a status that is no error, or a second, different entry
 */
export function registerProblems(table: ProblemTable): void {
  for (const [code, kind] of Object.entries(table)) {
    const known = kinds.get(code);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(kind)) {
      throw new TypeError(`the problem ${code} is registered twice with different texts`);
    }
    if (!CODE.test(code) || !(kind.status >= 400 && kind.status <= 599)) {
      throw new TypeError(`the problem ${code} needs an upper-case code and a status from 400 to 599`);
    }
    kinds.set(code, kind);
  }
}

export function problemKind(code: string): ProblemKind | undefined {
  return kinds.get(code);
}

/** Every registered code, for documentation and tests. */
export function problemCatalogue(): ReadonlyMap<string, ProblemKind> {
  return kinds;
}

/** Requests that are malformed before any rule of the domain is asked. */
const MALFORMED: ProblemTable = {
  BAD_REQUEST: { status: 400, title: 'Bad request', titleZh: '请求有误' },
  VALIDATION_FAILED: {
    status: 400,
    title: 'The request is not valid',
    titleZh: '请求内容未通过校验',
    detail: 'See errors for each field.',
    detailZh: '各字段的问题见 errors。',
  },
  MALFORMED_JSON: {
    status: 400,
    title: 'The body is not JSON',
    titleZh: '请求体不是合法的 JSON',
    detail: 'Send one JSON document in UTF-8.',
    detailZh: '请以 UTF-8 编码发送一个 JSON 文档。',
  },
  BODY_NOT_AN_OBJECT: {
    status: 400,
    title: 'The body must be a JSON object',
    titleZh: '请求体必须是 JSON 对象',
  },
  FORBIDDEN_KEY: { status: 400, title: 'The request uses a forbidden key', titleZh: '请求含有禁用的键名' },
  DUPLICATE_KEY: { status: 400, title: 'The request has one key twice', titleZh: '请求含有重复的键名' },
  BODY_TOO_DEEP: {
    status: 400,
    title: 'The body is nested too deeply or has too many values',
    titleZh: '请求体嵌套过深或条目过多',
  },
  INVALID_CHARACTERS: {
    status: 400,
    title: 'The request contains characters that are not text',
    titleZh: '请求含有非文本字符',
    detail: 'NUL characters, unpaired surrogates and numbers beyond double precision cannot be recorded.',
    detailZh: '空字符、不成对的代理码元以及超出双精度范围的数无法记录。',
  },
  INVALID_IDEMPOTENCY_KEY: {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    titleZh: 'Idempotency-Key 无效',
    detail: 'It has 1 to 255 characters.',
    detailZh: '长度须为 1 至 255 个字符。',
  },
  INVALID_IF_MATCH: {
    status: 400,
    title: 'If-Match is not valid',
    titleZh: 'If-Match 无效',
    detail: 'Send one strong entity tag as the ETag of an answer gave it, e.g. "12", or *.',
    detailZh: '请原样发送应答中的一个强实体标签，例如 "12"，或 *。',
  },
  INVALID_POSITION: { status: 400, title: 'The position is not valid', titleZh: '日志位置无效' },
  INVALID_CURSOR: {
    status: 400,
    title: 'The cursor is not valid',
    titleZh: '分页游标无效',
    detail: 'Use nextCursor of the previous page unchanged.',
    detailZh: '请原样使用上一页的 nextCursor。',
  },
  INVALID_INSTANT: {
    status: 400,
    title: 'The instant is not valid',
    titleZh: '时间无效',
    detail: 'Use ISO 8601 with an offset, years 1970 to 2200, e.g. 2026-02-13T16:00:00+08:00.',
    detailZh: '请使用带时区偏移的 ISO 8601 格式（1970 至 2200 年），例如 2026-02-13T16:00:00+08:00。',
  },
  TOO_MANY_PARAMETERS: {
    status: 400,
    title: 'The query has too many parameters',
    titleZh: '查询参数过多',
  },
  MALFORMED_URL: { status: 400, title: 'The address is malformed', titleZh: '请求地址格式有误' },
  MALFORMED_REQUEST: { status: 400, title: 'The HTTP request is malformed', titleZh: 'HTTP 请求格式有误' },
};

const ACCESS: ProblemTable = {
  TOKEN_MISSING: { status: 401, title: 'An access token is required', titleZh: '需要访问令牌' },
  TOKEN_INVALID: { status: 401, title: 'The access token is not valid', titleZh: '访问令牌无效' },
  TOKEN_EXPIRED: { status: 401, title: 'The access token has expired', titleZh: '访问令牌已过期' },
  API_KEY_INVALID: { status: 401, title: 'The API key is not valid', titleZh: 'API 密钥无效' },
  API_KEY_EXPIRED: { status: 401, title: 'The API key has expired', titleZh: 'API 密钥已过期' },
  API_KEY_REVOKED: { status: 401, title: 'The API key has been revoked', titleZh: 'API 密钥已被吊销' },
  API_KEY_READ_ONLY: {
    status: 403,
    title: 'The API key is for reading only',
    titleZh: '该 API 密钥仅可读取',
  },
  UNAUTHORIZED: { status: 401, title: 'Authentication is required', titleZh: '需要身份认证' },
  ROLE_NOT_PERMITTED: { status: 403, title: 'Your role may not do this', titleZh: '当前角色无权进行此操作' },
  FORBIDDEN: { status: 403, title: 'This is not permitted', titleZh: '无权进行此操作' },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The identity provider cannot be reached',
    titleZh: '身份提供方暂不可用',
    retryAfterSeconds: 5,
  },
};

/** What HTTP itself refuses. */
const TRANSPORT: ProblemTable = {
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing at this address', titleZh: '该地址不存在' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This address does not support the method',
    titleZh: '该地址不支持此方法',
    detail: 'See the Allow header.',
    detailZh: '可用方法见 Allow 头。',
  },
  NOT_ACCEPTABLE: { status: 406, title: 'No acceptable representation', titleZh: '没有可接受的表示形式' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive', titleZh: '请求接收超时' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large', titleZh: '请求体过大' },
  URL_TOO_LONG: { status: 414, title: 'The address is too long', titleZh: '请求地址过长' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'The media type is not supported',
    titleZh: '不支持该媒体类型',
    detail: 'Send the body as application/json in UTF-8.',
    detailZh: '请以 application/json（UTF-8）发送请求体。',
  },
  ENCODING_NOT_SUPPORTED: {
    status: 415,
    title: 'The content encoding is not supported',
    titleZh: '不支持该内容编码',
    detail: 'Send the body uncompressed, without Content-Encoding.',
    detailZh: '请发送未压缩的请求体，不带 Content-Encoding。',
  },
  EXPECTATION_FAILED: {
    status: 417,
    title: 'The expectation cannot be met',
    titleZh: '无法满足 Expect 头的要求',
  },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large', titleZh: '请求头过大' },
  TOO_MANY_REQUESTS: {
    status: 429,
    title: 'Too many requests',
    titleZh: '请求过于频繁',
    detail: 'Nothing was done. Wait as long as Retry-After says; RateLimit tells which limit is used up.',
    detailZh: '未作任何处理。请等候 Retry-After 所示秒数后重试；RateLimit 头说明已用尽的限额。',
    retryAfterSeconds: 1,
  },
  INTERNAL_ERROR: {
    status: 500,
    title: 'Something went wrong on our side',
    titleZh: '服务器内部错误',
    detail: 'The request id names the entry in our log.',
    detailZh: '可凭请求编号查询日志。',
  },
};

/** The log and the commands on it. */
const LOG: ProblemTable = {
  STREAM_NOT_FOUND: { status: 404, title: 'There is no such record', titleZh: '记录不存在' },
  REVISION_CONFLICT: {
    status: 409,
    title: 'Someone else changed this meanwhile',
    titleZh: '该记录已被他人更新',
    detail: 'Read it again and decide on what it says now.',
    detailZh: '请重新读取后再作处理。',
  },
  NOTHING_TO_MATCH: {
    status: 412,
    title: 'There is nothing yet that could be at this revision',
    titleZh: '尚不存在可供比对版本的对象',
    detail: 'What is made by this request has no revision yet. Send it without If-Match.',
    detailZh: '该请求将新建对象，尚无版本可比对；请去掉 If-Match 后重新提交。',
  },
  COMMAND_IN_PROGRESS: {
    status: 409,
    title: 'The same command is still running',
    titleZh: '相同的命令正在执行',
    detail: 'Repeat the request with the same Idempotency-Key to get its answer.',
    detailZh: '请稍后以相同的 Idempotency-Key 重试以获取结果。',
    retryAfterSeconds: 1,
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    titleZh: '该 Idempotency-Key 已用于其他请求',
  },
  PERSONAL_DATA_TOO_LARGE: {
    status: 413,
    title: 'The personal data is too large',
    titleZh: '个人信息内容过大',
  },
  SUBJECT_FORGOTTEN: {
    status: 409,
    title: 'The personal data of this person has been erased',
    titleZh: '该人员的个人信息已被删除',
  },
  EVENT_TOO_LARGE: {
    status: 413,
    title: 'The content is too large to be recorded',
    titleZh: '内容过大，无法记录',
  },
  TOO_MANY_EVENTS: {
    status: 413,
    title: 'One command would record too much',
    titleZh: '单个命令的记录内容过多',
  },
  APPEND_TOO_LARGE: {
    status: 413,
    title: 'One command would record too much',
    titleZh: '单个命令的记录内容过多',
  },
  STREAM_TOO_LONG: {
    status: 409,
    title: 'Too much has happened to this case to handle it further',
    titleZh: '该案件的记录过多，无法继续处理',
    detail: 'Report a new incident that refers to this one, and tell the operator.',
    detailZh: '请新建事件并引用本案件，同时告知系统管理员。',
  },
  UNREADABLE_EVENT: {
    status: 503,
    title: 'The log holds a damaged event',
    titleZh: '日志中有损坏的记录',
    messageIsDetail: true,
  },
  OVERLOADED: {
    status: 503,
    title: 'The server is busy',
    titleZh: '服务器繁忙',
    retryAfterSeconds: 1,
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The log cannot be reached',
    titleZh: '事件日志暂不可用',
    detail: 'Nothing was recorded. Repeat the request with the same Idempotency-Key.',
    detailZh: '未作任何记录。请以相同的 Idempotency-Key 重试。',
    retryAfterSeconds: 2,
  },
  UNKNOWN_OUTCOME: {
    status: 503,
    title: 'It is not known whether this was recorded',
    titleZh: '尚不能确定是否已记录',
    detail: 'Repeat the request with the same Idempotency-Key: it is recorded once at the most.',
    detailZh: '请以相同的 Idempotency-Key 重试：至多记录一次。',
    retryAfterSeconds: 1,
  },
  READ_MODEL_BEHIND: {
    status: 503,
    title: 'The read model has not reached the position yet',
    titleZh: '读模型尚未同步到指定位置',
    retryAfterSeconds: 1,
  },
  READ_MODELS_BEING_REBUILT: {
    status: 503,
    title: 'The read models needed are being rebuilt',
    titleZh: '所需的读模型正在重建',
    detail:
      'Come back later: the answer is there once they are. Nothing is lost, and what does not need them goes on.',
    detailZh: '所需的读模型正在重建，完成后即可查询，请稍后再试。数据没有丢失，其他功能不受影响。',
    retryAfterSeconds: 10,
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    title: 'Temporarily unavailable',
    titleZh: '服务暂不可用',
    retryAfterSeconds: 2,
  },
};

for (const table of [MALFORMED, ACCESS, TRANSPORT, LOG]) registerProblems(table);
