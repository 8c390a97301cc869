// The load generator: a process of its own, so that neither the server nor the one that measures shares its event loop.
// Takes messages `{ id, do, ... }` and answers each with `{ id, result }` or `{ id, error }`.
import { ClosedLoop } from './closed-loop.mjs';

/** Requests of all rounds together; beyond it something runs away. */
const tasksMax = 2_000_000;

let loop = null;
let incidents = null;

function requestText({ host }, { token, path, key, body }) {
  return (
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
    `Idempotency-Key: ${key}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

/** The kinds of request of `bench:commands`, each time with a key that was never used before. */
class IncidentRequests {
  #sequence = 0;
  #tasks = [];
  #place;
  #scenario;

  constructor(place, scenario) {
    this.#place = place;
    this.#scenario = scenario;
  }

  #text(token, path, body) {
    const key = `bench-${process.pid}-${this.#sequence++}`;
    return requestText(this.#place, { token, path, key, body });
  }

  #reportText(path, bodies) {
    return this.#text(this.#scenario.reporter, path, bodies[this.#sequence % bodies.length]);
  }

  validate = () => this.#reportText('/v1/incidents/validate', this.#scenario.reports);
  report = () => this.#reportText('/v1/incidents', this.#scenario.reports);
  /** To the API that asks nobody who they are: it is sent a token all the same, so that both read as much. */
  reportOpen = this.report;
  reportPersonal = () => this.#reportText('/v1/incidents', this.#scenario.personalReports);
  reportEncrypted = this.reportPersonal;
  reportUnencrypted = this.reportPersonal;

  get checkIn() {
    const { checkIn } = this.#scenario;
    const next = () => {
      const task = this.#tasks.pop();
      return task === undefined ? null : this.#text(task.token, task.path, checkIn);
    };
    return Object.assign(next, { isOver: () => this.#tasks.length === 0 });
  }

  /** Files incidents and blows the whistle on each, until `wanted` tasks wait for their check-in. */
  async prepare(wanted) {
    const missing = Math.min(wanted, tasksMax) - this.#tasks.length;
    const { street, departments, filed, whistle } = this.#scenario;
    await loop.each(Math.max(0, missing), async (send, index) => {
      const department = departments[index % departments.length];
      const { id } = await expectCreated(send(this.#text(street, '/v1/incidents', filed)));
      const body = JSON.stringify({ ...whistle, lead: department.id });
      const { tasks } = await expectCreated(send(this.#text(street, `/v1/incidents/${id}/whistles`, body)));
      const path = `/v1/incidents/${id}/tasks/${tasks[0].taskId}/check-in`;
      this.#tasks.push({ path, token: department.token });
    });
    return { prepared: this.#tasks.length };
  }
}

async function expectCreated(sending) {
  const { status, body } = await sending;
  if (status !== 201) throw new Error(`preparing failed with ${status}: ${body.toString().slice(0, 500)}`);
  return JSON.parse(body.toString());
}

const deeds = {
  async open({ url, connections, scenario }) {
    const { hostname, port, host } = new URL(url);
    loop = new ClosedLoop({ host: hostname, port: Number(port) });
    incidents = new IncidentRequests({ host }, scenario);
    await loop.open(connections);
  },
  prepare: ({ tasks }) => incidents.prepare(tasks),
  run: ({ request, seconds }) => loop.run(incidents[request], seconds),
};

process.on('message', (message) => {
  void Promise.resolve()
    .then(() => deeds[message.do](message))
    .then(
      (result) => process.send({ id: message.id, result: result ?? null }),
      (error) => process.send({ id: message.id, error: error.message }),
    );
});
// The one that measures is gone: nobody is left to generate load for.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole terminal; the one that measures tells us when to end.
process.on('SIGINT', () => undefined);
