import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const nest = ['@nestjs/*'];
const only = (sourceTag, allowed, banned) => ({
  sourceTag,
  onlyDependOnLibsWithTags: allowed,
  ...(banned ? { bannedExternalImports: banned } : {}),
});

/** The direction of dependencies: docs/architecture in one table. Proved by tools/test/boundaries.int.spec.ts. */
export const depConstraints = [
  // Pure: no library of ours, no package at all. Contracts know the log only by its envelope (the port's types).
  only('layer:domain', [], ['*']),
  only('layer:contracts', ['layer:domain', 'layer:contracts', 'layer:port'], nest),
  only('layer:port', [], nest),
  only('layer:engine', ['layer:port'], nest),
  only('layer:platform', ['layer:port', 'layer:platform']),
  only('layer:runtime', ['layer:port', 'layer:engine', 'layer:platform'], nest),
  only('layer:application', [
    'layer:domain',
    'layer:contracts',
    'layer:port',
    'layer:platform',
    'layer:application',
  ]),
  only('layer:read-models', ['layer:domain', 'layer:contracts', 'layer:port', 'layer:platform'], nest),
  only(
    'layer:audit',
    ['layer:domain', 'layer:contracts', 'layer:port', 'layer:platform', 'layer:read-models'],
    nest,
  ),
  only('layer:testing', ['layer:domain', 'layer:contracts', 'layer:port', 'layer:engine', 'layer:platform']),
  only('layer:app', [
    'layer:domain',
    'layer:contracts',
    'layer:port',
    'layer:engine',
    'layer:platform',
    'layer:application',
    'layer:read-models',
    'layer:audit',
    'layer:runtime',
  ]),
  only('scope:incident', ['scope:incident', 'scope:jurisdiction-published', 'scope:platform']),
  only('scope:jurisdiction', ['scope:jurisdiction', 'scope:platform']),
  only('scope:audit', ['scope:audit', 'scope:incident', 'scope:jurisdiction', 'scope:platform']),
  only('scope:platform', ['scope:platform']),
  only('layer:tools', ['*']),
];

const soleImporter = (name, ...owners) => ({
  owners,
  pattern: { group: [name, `${name}/*`], message: `Only ${owners.join(' and ')} imports ${name}.` },
});
/** Packages that an engine hides: whoever needs another one changes one project. */
const soleImporters = [
  soleImporter('bullmq', 'libs/platform/timers'),
  soleImporter('ioredis', 'libs/platform/timers', 'libs/platform/limits'),
  soleImporter('rate-limiter-flexible', 'libs/platform/limits'),
  soleImporter('@eventstore/db-client', 'libs/platform/event-store-eventstoredb'),
  soleImporter('@aws-sdk/client-s3', 'libs/platform/files'),
  soleImporter('sharp', 'libs/platform/files'),
];
const restrictedFor = (project) => {
  const patterns = soleImporters
    .filter(({ owners }) => !owners.includes(project))
    .map(({ pattern }) => pattern);
  return { 'no-restricted-imports': ['error', { patterns }] };
};
const importerProjects = [...new Set(soleImporters.flatMap(({ owners }) => owners))];

export default tseslint.config(
  { ignores: ['**/dist/**', 'bundle/**', '**/node_modules/**', '.nx/**', '.data*/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      ...restrictedFor(undefined),
    },
  },
  ...importerProjects.map((project) => ({ files: [`${project}/**/*.ts`], rules: restrictedFor(project) })),
  { files: ['tools/**/*'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    // Tests may reach for the testing library and for any engine: they prove the rooms, they are not rooms.
    files: ['**/*.ts'],
    ignores: ['**/*.spec.ts', '**/src/testing/**'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { allow: [], depConstraints, banTransitiveDependencies: false, enforceBuildableLibDependency: false },
      ],
    },
  },
  prettier,
);
