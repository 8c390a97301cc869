// Draws the state machines of the incident domain from what its deciders do, into docs/state-machines.md:
//   node tools/state-machines.mjs            writes the page
//   node tools/state-machines.mjs --check    writes nothing; exit code 1 when the page is not what it would write
// Nothing is drawn that was not seen: seeded random lives are lived through the deciders, and in every situation that
// turns up, a few times each, every command is tried, and what comes of it is looked into as well. What is drawn is so;
// what is rarer than all that may be missing.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { format, resolveConfig } from 'prettier';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'docs/state-machines.md');

// The deciders are run as they are built: the sources must not lie newer beside them.
execFileSync(process.execPath, [join(root, 'tools/build.mjs'), '--quiet'], { stdio: 'inherit' });
const { decide, evolve, LIFECYCLES, NO_INCIDENT, TASK_STATES, WHISTLE_STATES } =
  await import('@shaoying/incident-domain');
const sample = await import('@shaoying/incident-domain/testing');
const { at, commandKinds, commandOf, live, triesOnAnIncident } = sample;

const SEED = 20260302;
const LIVES = 4_000;
/** How often a situation is looked into: the same situation differs in what its numbers point to. */
const VISITS_MAX = 4;
const SITUATIONS_MAX = 24_000;
/** Past every deadline of the sample case. */
const LATER_MINUTES = 40 * 24 * 60;

// ---- the machines ----------------------------------------------------------------------------------------------

const handlingIn = ({ lifecycle, mode }) => (lifecycle === 'HANDLING' ? `HANDLING_${mode}` : lifecycle);
const statesById = (items, id) => new Map(items.map((item) => [item[id], item.state]));
const names = ({ data }, id) =>
  data[id] === undefined ? (id === 'taskId' ? (data.taskIds ?? []) : []) : [data[id]];

const machines = [
  {
    title: '事件 · incident',
    about:
      '处置中 is drawn twice, by who handles it: the estate or community itself, or departments by whistle.',
    statesOf: (state) => new Map(state.lifecycle === 'NONE' ? [] : [['incident', handlingIn(state)]]),
    concerns: () => ['incident'],
    states: {
      REPORTED: '已上报',
      VERIFYING: '核实中',
      FILED: '已立案',
      HANDLING_SELF: '处置中·自处置',
      HANDLING_WHISTLE: '处置中·吹哨',
      CHECKING: '核查中',
      FEEDBACK: '待评价',
      CLOSED: '结案',
      SUSPENDED: '挂账',
      REJECTED: '不予受理',
      MERGED: '并案',
      WITHDRAWN: '撤回',
      VOIDED: '作废',
    },
    declared: LIFECYCLES.flatMap((state) =>
      state === 'HANDLING' ? ['HANDLING_SELF', 'HANDLING_WHISTLE'] : [state],
    ),
  },
  {
    title: '哨 · whistle',
    about:
      'One forward whistle at a time in a cycle; reverse ones 反向吹哨 beside it. Several may end in one event.',
    statesOf: ({ whistles }) => statesById(whistles, 'whistleId'),
    concerns: (event) => names(event, 'whistleId'),
    states: {
      PROPOSED: '待审批',
      BLOWN: '已吹哨',
      COMPLETED: '已办结',
      EVALUATED: '已评哨',
      REFUSED: '未批准',
      CANCELLED: '已撤销',
    },
    declared: WHISTLE_STATES,
  },
  {
    title: '任务 · task of one department',
    about: 'One for each summoned department. Late 逾期 is a fact on an event, not a state.',
    statesOf: ({ tasks }) => statesById(tasks, 'taskId'),
    concerns: (event) => names(event, 'taskId'),
    states: {
      NOTIFIED: '待签收',
      ACKNOWLEDGED: '已签收',
      CHECKED_IN: '已报到',
      WORKING: '办理中',
      DONE: '已办结',
      RETURN_REQUESTED: '申请退回',
      RETURNED: '已退回',
      IN_ARBITRATION: '裁定中',
      RELEASED: '已解除',
    },
    declared: TASK_STATES,
  },
];

for (const { title, states, declared } of machines) {
  const unnamed = declared.filter((state) => !(state in states));
  if (unnamed.length > 0) throw new Error(`${title}: no Chinese name for ${unnamed.join(', ')}`);
}

// ---- seeing ----------------------------------------------------------------------------------------------------

/** Every transition seen: machine → "from to event" → the commands it came of. */
const seen = new Map(machines.map((machine) => [machine, new Map()]));

function note(machine, from, to, event, command) {
  const edges = seen.get(machine);
  const key = `${from} ${to} ${event}`;
  edges.set(key, (edges.get(key) ?? new Set()).add(command));
}

function watch(before, command, events) {
  let state = before;
  for (const event of events) {
    const next = evolve(state, event);
    for (const machine of machines) {
      const [old, now] = [machine.statesOf(state), machine.statesOf(next)];
      const concerned = new Set(machine.concerns(event));
      for (const [id, to] of now) {
        const from = old.get(id) ?? '[*]';
        if (from !== to || concerned.has(id)) note(machine, from, to, event.type, command.kind);
      }
    }
    state = next;
  }
}

/** What decides which commands are accepted, roughly: where everything stands, and what waits for an answer. */
function situationOf(state) {
  const distinct = (items) => [...new Set(items)].toSorted();
  return JSON.stringify([
    ...[state.lifecycle, state.before, state.mode, state.imported, state.duplicates.length > 0, state.rated],
    distinct(state.whistles.map(({ state: known, reverse }) => `${known} ${reverse}`)),
    distinct(state.tasks.map(({ state: known }) => known)),
    state.extensions.some(({ outcome }) => outcome === 'OPEN'),
    state.supervisions.some(({ lifted }) => !lifted),
  ]);
}

const minuteOf = (instant) => (Date.parse(instant) - Date.parse(at(0))) / 60_000;
const visits = new Map();
const toVisit = [];

/** Every command, well meant and otherwise, soon and much later. What that leads to is looked into where it is new. */
function tryEverything({ state, minute }) {
  const situation = situationOf(state);
  const visit = visits.get(situation) ?? 0;
  if (visit >= VISITS_MAX) return;
  visits.set(situation, visit + 1);
  for (const [nth, kind] of commandKinds.entries()) {
    for (const good of [true, false]) {
      const pick = nth + visit * 13 + (good ? 0 : 5);
      const attempt = { forward: false, kind, actor: null, claimMinutes: null, reporter: visit % 2 === 0 };
      const rest = { good, pick, evidence: visit % 3 !== 0, filed: good };
      const when = minute + (kind === 'MarkOverdue' ? LATER_MINUTES : 1);
      const command = commandOf(state, { ...attempt, ...rest }, when);
      const events = decide(state, command).events ?? [];
      watch(state, command, events);
      const next = events.reduce(evolve, state);
      if (events.length > 0 && !visits.has(situationOf(next))) toVisit.push({ state: next, minute: when });
    }
  }
}

for (const attempts of fc.sample(triesOnAnIncident, { seed: SEED, numRuns: LIVES })) {
  for (const { before, command, events } of live(attempts)) {
    watch(before, command, events ?? []);
    toVisit.push({ state: before, minute: minuteOf(command.origin.now) });
  }
}
/**
 * What chance seldom comes to: handling that ends with a return decided, or with a reverse whistle taken back; what was rated by
 * the street sent back by the resident; stages, more time and a joined successor while the work is going on.
 */
const { ASSIST, LEAD, STREET, assignment, byDepartment, taskIdOf } = sample;
const {
  decideReporterFlag,
  flagReporter,
  issueSupervision,
  respondToSupervision,
  startSelfHandling,
  voidIncident,
} = sample;
const { check, decideExtension, evaluateTask, feedback, progress, requestExtension, transferTask } = sample;
const { blow, cancelWhistle, checkIn, complete, decideReturn, file, report, requestReturn } = sample;
const reverse = { whistleId: 'whistle-2', tasks: [assignment(70, STREET, 'LEAD')] };
const stage = (name, minute) => ({ ...sample.deadline(name, 'HANDLING', minute), stage: name });
const staged = [{ ...assignment(10, LEAD, 'LEAD'), deadlines: [stage('SURVEY', 10), stage('REPAIR', 20)] }];
const order = issueSupervision(10, { taskId: null, notify: ['street'] });
const answer = respondToSupervision(20, 'order-10', { origin: sample.byStreet(20) });
const working = [report(0), file(5), blow(10), checkIn(20), checkIn(30, ASSIST), progress(35)];
const seldom = [
  [
    ...[...working, complete(40), complete(50, ASSIST), evaluateTask(55), check(60)],
    ...[evaluateTask(65, { taskId: taskIdOf(ASSIST) }), feedback(70, { solved: 'UNSOLVED' })],
  ],
  [
    report(0),
    file(5),
    blow(10, { tasks: staged }),
    checkIn(20),
    progress(30),
    progress(40, LEAD, { stage: 'SURVEY' }),
  ],
  [...working, requestExtension(40), decideExtension(50)],
  [...working, transferTask(60, { toDepartmentId: ASSIST })],
  [report(0), file(5), order, answer],
  [
    ...[report(0), file(5), blow(10, { whistle: 'EMERGENCY' }), ...sample.whistleLife.slice(3)],
    sample.alarm(42 * 60, sample.deadlineIdOf('whistle-1', 'RATIFICATION')),
  ],
  [report(0), file(5), startSelfHandling(7), order, answer],
  [report(0), voidIncident(5), flagReporter(10), decideReporterFlag(20, 'flag-10', { approve: false })],
  [
    ...[report(0), file(5), blow(10), requestReturn(20, ASSIST), checkIn(30), complete(40)],
    decideReturn(60, { taskId: taskIdOf(ASSIST), newTask: null }),
  ],
  [
    ...[report(0), file(5), blow(10), checkIn(20), checkIn(30, ASSIST)],
    ...[blow(70, { ...reverse, origin: byDepartment(70, LEAD) }), complete(80), complete(90, ASSIST)],
    cancelWhistle(100, { whistleId: 'whistle-2', origin: byDepartment(100, LEAD) }),
  ],
];
for (const commands of seldom) {
  let state = NO_INCIDENT;
  for (const command of commands) {
    const { events = [], refusal } = decide(state, command);
    if (refusal) throw new Error(`${command.kind}: ${refusal.code}`);
    watch(state, command, events);
    state = events.reduce(evolve, state);
  }
}
for (let nth = 0; nth < Math.min(toVisit.length, SITUATIONS_MAX); nth += 1) tryEverything(toVisit[nth]);

// ---- drawing ---------------------------------------------------------------------------------------------------

/** Edges in the order in which the states are listed, then by event. */
function edgesOf(machine) {
  const order = ['[*]', ...Object.keys(machine.states)];
  return [...seen.get(machine)]
    .map(([key, commands]) => {
      const [from, to, event] = key.split(' ');
      return { from, to, event, commands: [...commands].toSorted() };
    })
    .toSorted(
      (a, b) =>
        order.indexOf(a.from) - order.indexOf(b.from) ||
        order.indexOf(a.to) - order.indexOf(b.to) ||
        (a.event < b.event ? -1 : 1),
    );
}

const grouped = (items, keyOf) => Map.groupBy(items, keyOf);
const code = (word) => `\`${word}\``;

function drawn(machine) {
  const { title, about, states } = machine;
  const edges = edgesOf(machine);
  const moves = edges.filter(({ from, to }) => from !== to);
  const stays = edges.filter(({ from, to }) => from === to);
  const label = (state) => (state === '[*]' ? '—' : `${states[state]} ${code(state)}`);
  return [
    `## ${title}`,
    about,
    [
      '```mermaid',
      'stateDiagram-v2',
      ...Object.entries(states).map(([state, name]) => `  ${state} : ${name} ${state}`),
      ...[...grouped(moves, ({ from, to }) => `${from} --> ${to}`)].map(
        ([arrow, group]) => `  ${arrow} : ${group.map(({ event }) => event).join(', ')}`,
      ),
      '```',
    ].join('\n'),
    [
      '| from | to | event | command |',
      '| --- | --- | --- | --- |',
      ...moves.map(
        ({ from, to, event, commands }) =>
          `| ${label(from)} | ${label(to)} | ${code(event)} | ${commands.map(code).join(', ')} |`,
      ),
    ].join('\n'),
    'What happens without a change of state:',
    [
      '| state | events |',
      '| --- | --- |',
      ...[...grouped(stays, ({ from }) => from)].map(
        ([state, group]) => `| ${label(state)} | ${group.map(({ event }) => code(event)).join(', ')} |`,
      ),
    ].join('\n'),
  ].join('\n\n');
}

const text = [
  '# 状态机 · State machines',
  `Drawn by \`npm run docs:state-machines\` from what the deciders of \`libs/incident/domain\` do, and compared with them by
\`tools/test/state-machines.int.spec.ts\`: do not edit it. An arrow is an event, and the table under a diagram says which
commands it comes of. What the states mean, and who may do what, says [domain.md](domain.md).`,
  ...machines.map(drawn),
].join('\n\n');
const formatted = await format(text, { ...(await resolveConfig(page)), parser: 'markdown' });

if (!process.argv.includes('--check')) {
  writeFileSync(page, formatted);
} else {
  let kept = '';
  try {
    kept = readFileSync(page, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (kept !== formatted) {
    console.error('docs/state-machines.md is not what the deciders do: npm run docs:state-machines');
    process.exitCode = 1;
  }
}
