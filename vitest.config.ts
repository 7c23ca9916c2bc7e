import { defineConfig } from 'vitest/config';

const conditions = ['@assay/source'];
const projects = ['core', 'server', 'client', 'relying-party', 'cli'].map((name) => ({
  extends: true as const,
  root: `packages/${name}`,
  test: { name, include: ['src/**/*.test.ts'] },
}));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    isolate: false,
    // One for each processor: left to itself it keeps one free, which on two of them is half.
    maxWorkers: '100%',
    testTimeout: 60_000,
    reporters: ['default', './test/setup/skipped.ts'],
    projects: [
      ...projects,
      {
        extends: true,
        test: {
          name: 'test',
          include: ['test/**/*.test.ts'],
          exclude: ['test/dist/**', 'test/nodes/**', 'test/bench/**'],
        },
      },
    ],
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], exclude: ['**/*.test.ts'] },
  },
});
