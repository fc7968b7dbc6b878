import { defineConfig } from 'vitest/config';

/** Every request of these tests is sealed and opened for real, which a busy machine needs its time for. */
export default defineConfig({ test: { testTimeout: 30_000 } });
