import { Client } from 'pg';
import { City, type Answer, type Problem } from './kit/city.js';
import { inOneProcess, useServerHomes, type ServerHome, type Started } from './kit/server-home.js';
import { waitFor } from './kit/wait-for.js';

/** Long enough for a burst of a busy machine to lie in one window; waited for twice. */
const windowSeconds = 6;
const limits = {
  ...{ RATE_LIMIT_WINDOW_SECONDS: String(windowSeconds), RATE_LIMIT_TOKEN: '40', RATE_LIMIT_ADDRESS: '60' },
  ...{ RATE_LIMIT_ANONYMOUS: '12', RATE_LIMIT_ANONYMOUS_TOTAL: '30', RATE_LIMIT_RECEIPT_MISSES: '5' },
  TRUSTED_PROXIES: '127.0.0.1',
};

describe('limits of a running server', () => {
  const newHome = useServerHomes({ ...inOneProcess, ...limits });
  let home: ServerHome;
  let first: Started;
  let city: City;
  let addresses = 0;

  beforeAll(async () => {
    home = await newHome();
    first = await home.start();
    city = await City.of(home, first);
  });

  /** An address nobody has used yet, told by the proxy that the settings trust. */
  const newAddress = (): Record<string, string> => ({ 'X-Forwarded-For': `198.51.100.${(addresses += 1)}` });

  const report = (
    from: Record<string, string>,
    of = city,
  ): Promise<Answer<Problem & { receiptCode: string }>> =>
    of.anonymous.post(
      '/v1/incidents',
      {
        ...{ category: 'rubbish-heap', severity: 'MINOR', description: '楼道堆物', channel: 'APP' },
        ...{ location: { address: '柳荫花园' }, estateId: 'es-liuyin-garden' },
      },
      { headers: from },
    );

  async function all<Body>(count: number, ask: (index: number) => Promise<Answer<Body>>): Promise<number[]> {
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
    return answers.map(({ status }) => status);
  }

  const numberOf = (statuses: readonly number[], status: number): number =>
    statuses.filter((each) => each === status).length;

  it('counts an account, says what is left and when to come back, and lets everybody else pass', async () => {
    const busy = await city.withRole('oversight', null);
    const before = await busy.get<unknown>('/v1/categories');
    expect(before.status).toBe(200);
    expect(before.headers.get('ratelimit-policy')).toBe(`"token";q=40;w=${windowSeconds}`);
    expect(before.headers.get('ratelimit')).toMatch(/^"token";r=39;t=[1-6]$/);
    await all(60, () => busy.get('/v1/categories'));
    const refused = await busy.get<Problem>('/v1/categories', { 'Accept-Language': 'zh-CN' });
    expect(refused).toMatchObject({
      status: 429,
      body: { code: 'TOO_MANY_REQUESTS', title: '请求过于频繁' },
    });
    expect(refused.headers.get('ratelimit')).toMatch(/^"token";r=0;t=[1-6]$/);
    const waitSeconds = Number(refused.headers.get('retry-after'));
    expect(waitSeconds).toBeGreaterThanOrEqual(1);
    expect(waitSeconds).toBeLessThanOrEqual(windowSeconds);
    expect((await city.as('street').get('/v1/categories')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1_000));
    expect((await busy.get('/v1/categories')).status).toBe(200);
  });

  it('counts who has no token, or a bad one, by the address; a valid token from there passes', async () => {
    const from = newAddress();
    const rubbish = city.withToken('rubbish');
    const statuses = await all(80, () => rubbish.get('/v1/incidents', from));
    expect(numberOf(statuses, 401)).toBe(60);
    expect(numberOf(statuses, 429)).toBe(20);
    expect((await city.anonymous.get('/v1/nothing', from)).status).toBe(429);
    expect((await city.as('street').get('/v1/incidents', from)).status).toBe(200);
    const elsewhere = newAddress();
    expect((await rubbish.get('/v1/incidents', elsewhere)).status).toBe(401);
    // Beyond what is taken of anonymous commands, which these are not.
    const commands = await all(20, () => rubbish.post('/v1/incidents', {}, { headers: elsewhere }));
    expect(numberOf(commands, 401)).toBe(20);
  });

  it('keeps monitoring out of it', async () => {
    const from = newAddress();
    expect(numberOf(await all(100, () => city.anonymous.get('/health/live', from)), 200)).toBe(100);
  });

  it('stops who guesses receipt codes, and neither the neighbours nor who has a code', async () => {
    const { receiptCode } = (await report(newAddress())).body;
    const from = newAddress();
    const guess = (index: number): Promise<Answer<Problem>> =>
      city.anonymous.get<Problem>(`/v1/receipts/0000-0000-0000-${String(index).padStart(4, '0')}`, from);
    const right = (where: Record<string, string>): Promise<Answer<Problem>> =>
      city.anonymous.get<Problem>(`/v1/receipts/${receiptCode}`, where);
    for (let index = 0; index < 10; index += 1) expect((await right(from)).status).toBe(200);
    const statuses = await all(20, guess);
    expect(numberOf(statuses, 404)).toBe(5);
    expect(numberOf(statuses, 429)).toBe(15);
    // Right by chance, and not told.
    expect((await right(from)).status).toBe(429);
    expect((await right(newAddress())).status).toBe(200);
  });

  it('counts a wrong code that is shown with a command, of a resident too', async () => {
    const { id } = (await report(newAddress())).body as unknown as { id: string };
    const resident = await city.withRole('resident', null);
    const statuses = await all(8, () =>
      resident.post(`/v1/incidents/${id}/withdraw`, { receiptCode: '0000-0000-0000-0000' }),
    );
    expect(numberOf(statuses, 403)).toBe(5);
    expect(numberOf(statuses, 429)).toBe(3);
  });

  it('takes so many anonymous reports of an address, and so many of all addresses', async () => {
    await nobodyHasReported();
    const one = newAddress();
    const statuses = await all(20, () => report(one));
    expect(numberOf(statuses, 201)).toBe(12);
    expect(numberOf(statuses, 429)).toBe(8);
    const everybody = await all(30, () => report(newAddress()));
    expect(numberOf(everybody, 201)).toBe(30 - 12);
    expect((await city.as('resident').get('/v1/categories')).status).toBe(200);
  });

  it('counts photos of reporters as no commands: they take nobody’s report', async () => {
    await nobodyHasReported();
    const from = newAddress();
    const { receiptCode } = (await report(from)).body;
    const statusesOfPhotos: number[] = [];
    for (let sent = 0; sent < 20; sent += 1) {
      const answer = await city.anonymous.post(`/v1/receipts/${receiptCode}/files`, undefined, {
        ...{ rawBody: '', headers: { ...from, 'Content-Type': 'image/jpeg' } },
      });
      statusesOfPhotos.push(answer.status);
    }
    // Each of them an empty one.
    expect(numberOf(statusesOfPhotos, 422)).toBe(20);
    const statuses = await all(12, () => report(from));
    expect([numberOf(statuses, 201), numberOf(statuses, 429)]).toEqual([11, 1]);
  });

  it('counts two processes together', async () => {
    const second = await home.start({ ROLES: 'api' });
    const other = await City.of(home, second);
    const busy = await city.withRole('admin', 'ct-lindong');
    const there = other.withToken(busy.token ?? '');
    const statuses = await all(80, (index) => (index % 2 === 0 ? busy : there).get('/v1/categories'));
    // Each for itself, as long as the store does not answer in time: told, and no fault of the counting.
    const warnings = [first, second].flatMap(({ process }) =>
      process.log().filter(({ level }) => level === 'warn'),
    );
    expect(warnings).toEqual([]);
    expect(numberOf(statuses, 200)).toBe(40);
    expect(numberOf(statuses, 429)).toBe(40);
    await second.process.stop();
  });

  /** Until the window is over in which the tests before have reported something. */
  async function nobodyHasReported(): Promise<void> {
    const client = new Client({ connectionString: await home.postgresUrl() });
    await client.connect();
    await waitFor('no window of all anonymous reports is open', async () => {
      const { rows } = await client.query(
        `select from limits.points where key like 'anonymous-total:%' and expire > $1`,
        [Date.now()],
      );
      return rows.length === 0;
    }).finally(() => client.end());
  }
});
