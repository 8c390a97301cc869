import { createLogger, type Logger } from './logger.js';
import { createMetrics, exposition, measurementsOf } from './metrics.js';
import { NestLogger } from './nest-logger.js';

function recorded(write: (logger: Logger) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(
    createLogger({ level: 'trace', role: 'api', destination: { write: (line) => void lines.push(line) } }),
  );
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLogger', () => {
  it('writes one JSON object per line', () => {
    const [line] = recorded((logger) => logger.info({ incidentId: 'i-1' }, 'reported'));
    expect(line).toMatchObject({ level: 'info', role: 'api', incidentId: 'i-1', message: 'reported' });
    expect(line?.['time']).toMatch(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
  });

  it('masks personal values at any depth, in lists and in children', () => {
    const secret = '王小明 13800138000';
    const lines = recorded((logger) => {
      logger.info({ reporter: { name: secret, phone: secret } }, 'one');
      logger.info({ body: { list: [{ Description: secret }], deep: { access_token: secret } } }, 'two');
      logger.child({ requestId: 'r', phone: secret }).warn({ headers: { Authorization: secret } }, 'three');
    });
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines[1]).toMatchObject({ body: { list: [{ Description: '[redacted]' }] } });
  });

  it('keeps of an error its type, code, message, stack and cause, and nothing else', () => {
    const error = Object.assign(new TypeError('broken', { cause: new Error('below') }), {
      code: '23505',
      detail: 'Key (phone)=(13800138000) already exists.',
    });
    const [line] = recorded((logger) => logger.error({ err: error }, 'failed'));
    expect(line?.['err']).toMatchObject({
      type: 'TypeError',
      code: '23505',
      message: 'broken',
      cause: { message: 'below' },
    });
    expect(JSON.stringify(line)).not.toContain('13800138000');
  });

  it('survives cycles, huge values and what JSON cannot say', () => {
    const cycle: Record<string, unknown> = { big: 1n, long: 'x'.repeat(100_000), bytes: new Uint8Array(9) };
    cycle['self'] = cycle;
    const [line] = recorded((logger) => logger.info({ cycle }, 'odd'));
    expect(JSON.stringify(line).length).toBeLessThan(60_000);
    expect(line).toMatchObject({ cycle: { big: '1', bytes: '[9 bytes]' } });
  });
});

describe('NestLogger', () => {
  it('keeps the class that speaks as context and an error as err', () => {
    const lines = recorded((logger) => {
      const nest = new NestLogger(logger);
      nest.log('Mapped {/v1/incidents, POST} route', 'RouterExplorer');
      nest.error(new Error('boom'), 'ExceptionsHandler');
      nest.verbose('detail');
    });
    expect(lines[0]).toMatchObject({
      level: 'debug',
      context: 'RouterExplorer',
      message: 'Mapped {/v1/incidents, POST} route',
    });
    expect(lines[1]).toMatchObject({
      level: 'error',
      context: 'ExceptionsHandler',
      err: { message: 'boom' },
    });
    expect(lines[2]).toMatchObject({ level: 'trace', message: 'detail' });
  });
});

describe('createMetrics', () => {
  it('tells requests by method, route template and status', async () => {
    const { registry, http } = createMetrics({ role: 'api', processMetrics: false });
    http.started();
    http.started();
    http.finished('POST', '/v1/incidents', 201, 0.004);
    http.problem('VALIDATION_FAILED');
    const text = await registry.metrics();
    expect(text).toContain('http_requests_in_flight{role="api"} 1');
    expect(text).toContain(
      'http_request_duration_seconds_count{role="api",method="POST",route="/v1/incidents",status="201"} 1',
    );
    expect(text).toContain('http_problems_total{code="VALIDATION_FAILED",role="api"} 1');
  });

  it('gives each application a registry of its own', async () => {
    createMetrics({ role: 'api' });
    const { registry } = createMetrics({ role: 'api' });
    expect(await registry.metrics()).toContain('process_cpu_seconds_total');
    registry.clear();
  });

  it('of two processes are one exposition: nothing twice, nothing added up, nothing lost', async () => {
    const api = createMetrics({ role: 'api' });
    const timers = createMetrics({ role: 'timers' });
    for (const { http } of [api, timers]) {
      http.started();
      http.finished('GET', '/metrics', 200, 0.004);
    }
    const sent = await measurementsOf(timers);
    const lines = exposition([await measurementsOf(api), sent]).split('\n');
    const described = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
    expect(new Set(described).size).toBe(described.length);
    const alone = (await api.registry.metrics()).split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(described).toHaveLength(alone.length);
    const series = lines.filter((line) => line !== '' && !line.startsWith('#'));
    const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(names).size).toBe(names.length);
    for (const role of ['api', 'timers']) {
      const labels = `role="${role}"`;
      expect(series).toContain(
        `http_request_duration_seconds_count{${labels},method="GET",route="/metrics",status="200"} 1`,
      );
      expect(lines.join('\n')).toMatch(new RegExp(`^process_start_time_seconds{${labels}} \\d`, 'm'));
    }
  });

  it('of one process, and of one beside a process that is away, are what its library writes', async () => {
    const metrics = createMetrics({ role: 'api', processMetrics: false });
    metrics.http.started();
    metrics.http.finished('GET', 'a"b\\c\nd\n\n# HELP e', 200, 0.004);
    const alone = await metrics.registry.metrics();
    expect(alone).toContain('# HELP e');
    expect(exposition([await measurementsOf(metrics)])).toBe(alone);
    expect(exposition([await measurementsOf(metrics), ''])).toBe(alone);
  });
});
