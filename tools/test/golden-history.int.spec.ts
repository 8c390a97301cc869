import { brokenPromises } from '@shaoying/incident-contracts/testing';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/*
 * A seal beside a file says nothing when both are written anew. What was committed once cannot be: so golden files are compared
 * with every commit there is behind this one.
 */

const root = realpathSync(join(__dirname, '../..'));
const goldenFiles = ':(glob)**/golden/*.json';
const dispatches = 'libs/incident/contracts/dispatches';
/** One line per definition and version; all others are one event, schema or lifted form. */
const linesFiles: readonly string[] = ['metric-definitions.json', 'workload-figures.json'];

/**
 * What was replaced all the same: by file the content as git names it, by definition the hash, and why. Nothing is to be added for what
 * a log or a published number may rest on: that is another version. Otherwise amend the commit that brought it, as long as
 * nobody else has it, or say here why it could be.
 */
const beforeAnyRelease = 'in the making, before any release had written it';
const replaced: Replaced = {
  files: {
    '966b36ba3f0b36d16648b86e9a1099a829a87083': `ExtensionGranted.v1.schema.json, ${beforeAnyRelease}`,
    '32b9bb8ea6786a2ba630676972da1ed22fc3799c': `IncidentResumed.v1.schema.json, ${beforeAnyRelease}`,
    '33b968dc5eb090785105ded3d8cc6becc37c308b': `IncidentUnmerged.v1.schema.json, ${beforeAnyRelease}`,
    ee37ddd0eb438bc7ff792562b887b1e93a98bd8f: `ResponsibilityDecided.v1.json, ${beforeAnyRelease}`,
  },
  lines: {
    'acknowledge-on-time@4 98e613f8':
      'two branches made it, and merged it said something else than on either',
    'check-in-on-time@4 b4f73a88': 'the same',
    'handling-on-time@4 ca1b0923': 'the same',
    'response-rate@2 0811eb8f': 'the same',
    'late-suspension-rate@1 f53ea1e0':
      'its term was given the name of the published one on the branch that made it',
  },
};

interface Replaced {
  readonly files: Readonly<Record<string, string>>;
  /** By `<definition>@<version> <first eight digits of its hash>`. */
  readonly lines: Readonly<Record<string, string>>;
}

/** Tells the one repository that is meant, whatever a hook has set. */
function gitSays(cwd: string, command: readonly string[], input = ''): string {
  const env = { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  const stdio = ['pipe', 'pipe', 'ignore'] as ['pipe', 'pipe', 'ignore'];
  return execFileSync('git', command, { cwd, encoding: 'utf8', input, stdio, env, maxBuffer: 2 ** 28 });
}

const git = (cwd: string, ...command: string[]): string => gitSays(cwd, command);

function hasGit(): boolean {
  try {
    return git(tmpdir(), '--version') !== '';
  } catch {
    return false;
  }
}

/** Why there is nothing to compare with; an empty text where there is. */
function historyLacks(cwd: string): string {
  try {
    if (realpathSync(git(cwd, 'rev-parse', '--show-toplevel').trim()) !== cwd)
      return 'no git repository of its own';
    return git(cwd, 'rev-parse', '--is-shallow-repository').trim() === 'true' ? 'a shallow clone' : '';
  } catch {
    return 'no git, or no git repository';
  }
}

/** Every content that a file of these had in any commit behind HEAD, what a merge made of it too: path → git's names of them. */
function contentsOf(cwd: string, paths: string): Map<string, Set<string>> {
  const log = ['log', '--full-history', '-m', '--raw', '--no-renames', '--no-abbrev', '--format='];
  const contents = new Map<string, Set<string>>();
  for (const line of git(cwd, ...log, '--', paths).split('\n')) {
    // `:<mode> <mode> <content before> <content after> <status>\t<path>`
    const [, before, after, path] = /^:\d+ \d+ (\w+) (\w+) \w\t(.*)$/.exec(line) ?? [];
    if (before === undefined || after === undefined || path === undefined) continue;
    const known = contents.get(path) ?? new Set();
    for (const content of [before, after]) if (!/^0+$/.test(content)) known.add(content);
    contents.set(path, known);
  }
  return contents;
}

const linesOf = (json: string) => Object.entries(JSON.parse(json) as Record<string, string>);
const show = (cwd: string, content: string): string => git(cwd, 'cat-file', 'blob', content);

/** What is now otherwise than a commit once had it. A folder may move; what is in it goes by the names of its files. */
function changesIn(cwd: string, { files, lines }: Replaced): string[] {
  const there = git(cwd, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', goldenFiles)
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(cwd, path)));
  const contents = gitSays(cwd, ['hash-object', '--stdin-paths'], there.join('\n')).split('\n');
  const names = new Set(there.map((path) => basename(path)));
  const kept = new Set(there.map((path, index) => `${basename(path)} ${contents[index]}`));
  const linesNow = new Set(
    there
      .filter((path) => linesFiles.includes(basename(path)))
      .flatMap((path) =>
        linesOf(readFileSync(join(cwd, path), 'utf8')).map((line) => `${basename(path)} ${String(line)}`),
      ),
  );
  const changed = [...contentsOf(cwd, goldenFiles)].flatMap(([path, once]) =>
    [...once].flatMap((content) => {
      if (kept.has(`${basename(path)} ${content}`) || content in files) return [];
      if (!names.has(basename(path))) return [`${path} is gone`];
      if (!linesFiles.includes(basename(path))) return [`${path} was ${content}`];
      return linesOf(show(cwd, content)).flatMap(([definition, hash]) =>
        linesNow.has(`${basename(path)} ${definition},${hash}`) ||
        `${definition} ${hash.slice(0, 8)}` in lines
          ? []
          : [`${definition} was ${hash}`],
      );
    }),
  );
  return [...new Set(changed)];
}

const lacking = historyLacks(root);

(lacking ? describe.skip : describe)(`history${lacking ? ` (skipped: ${lacking})` : ''}`, () => {
  test('has every golden file and every recorded definition as it is now, or as it was replaced for a reason that is told', () => {
    // What is compared is there at all.
    expect(contentsOf(root, goldenFiles).size).toBeGreaterThan(250);
    expect(changesIn(root, replaced)).toEqual([]);
  });

  test('has no promise to departments that the recorded schemas of dispatches break', () => {
    const once = [...contentsOf(root, dispatches)];
    expect(once.length).toBeGreaterThan(20);
    const broken = once.flatMap(([path, contents]) => {
      if (!existsSync(join(root, path))) return [`${path} is gone`];
      const present = readFileSync(join(root, path), 'utf8');
      return [...contents].flatMap((content) =>
        brokenPromises(JSON.parse(show(root, content)), JSON.parse(present)).map(
          (place) => `${path}: ${place}`,
        ),
      );
    });
    expect(broken).toEqual([]);
  });
});

const gitThere = hasGit();
const ofItsOwn = `a history of its own with %s${gitThere ? '' : ' (skipped: no git)'}`;
(gitThere ? describe : describe.skip).each(linesFiles)(ofItsOwn, (linesFile) => {
  const nothing: Replaced = { files: {}, lines: {} };
  let dir: string;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const commit = (): void => {
    git(dir, 'add', '-A');
    git(dir, '-c', 'user.name=n', '-c', 'user.email=e', '-c', 'commit.gpgsign=false', 'commit', '-qm', 'm');
  };

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'history-')));
    git(dir, 'init', '-q', '-b', 'main');
    write('a/golden/Took.v1.json', '{}\n');
    write(`b/golden/${linesFile}`, '{ "rate@1": "aaaaaaaaaa" }\n');
    commit();
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('that adds files and lines, and moves a folder, changes nothing', () => {
    write('a/golden/Took.v2.json', '{}\n');
    write(
      `b/golden/${linesFile}`,
      '{ "other@1": "cccccccccc", "rate@1": "aaaaaaaaaa", "rate@2": "bbbbbbbbbb" }\n',
    );
    commit();
    mkdirSync(join(dir, 'c'));
    renameSync(join(dir, 'a/golden'), join(dir, 'c/golden'));
    expect(changesIn(dir, nothing)).toEqual([]);
    commit();
    expect(changesIn(dir, nothing)).toEqual([]);
  });

  test.each([
    ['is not committed yet', () => undefined],
    ['is committed', () => commit()],
    ['lies under later commits', () => (commit(), write('x', 'y'), commit())],
    [
      'was made by a merge alone',
      () => {
        git(dir, 'stash', '-q');
        git(dir, 'checkout', '-qb', 'side');
        write('x', 'y');
        commit();
        git(dir, 'checkout', '-q', 'main');
        git(dir, 'merge', '-q', '--no-ff', '--no-commit', 'side');
        git(dir, 'stash', 'pop', '-q');
        commit();
      },
    ],
  ])('tells a file and a line that were changed, where that %s', (_where, then) => {
    const was = git(dir, 'rev-parse', 'HEAD:a/golden/Took.v1.json').trim();
    write('a/golden/Took.v1.json', '{ "more": 1 }\n');
    write(`b/golden/${linesFile}`, '{ "rate@1": "bbbbbbbbbb" }\n');
    then();
    expect(changesIn(dir, nothing)).toEqual([`a/golden/Took.v1.json was ${was}`, 'rate@1 was aaaaaaaaaa']);
    const told = { files: { [was]: 'a reason' }, lines: { 'rate@1 aaaaaaaa': 'a reason' } };
    expect(changesIn(dir, told)).toEqual([]);
  });

  test('tells a file and a line that were removed', () => {
    rmSync(join(dir, 'a'), { recursive: true });
    write(`b/golden/${linesFile}`, '{}\n');
    commit();
    expect(changesIn(dir, nothing)).toEqual(['a/golden/Took.v1.json is gone', 'rate@1 was aaaaaaaaaa']);
  });

  test('is not to be had of a shallow clone, nor of a folder without git', () => {
    write('x', 'y');
    commit();
    git(dir, 'clone', '-q', '--depth', '1', `file://${dir}`, 'clone');
    expect(historyLacks(join(dir, 'clone'))).toBe('a shallow clone');
    expect(historyLacks(join(dir, 'a'))).toBe('no git repository of its own');
    expect(historyLacks(dir)).toBe('');
    rmSync(join(dir, '.git'), { recursive: true });
    expect(historyLacks(dir)).toBe('no git, or no git repository');
  });
});
