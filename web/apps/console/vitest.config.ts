import { svelte } from '@sveltejs/vite-plugin-svelte';
import components from '@waxseal/ui/svelte.config';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte({ configFile: false, compilerOptions: components.compilerOptions })],
  resolve: { conditions: ['browser'] },
  test: { testTimeout: 120_000, hookTimeout: 120_000, maxConcurrency: 3 },
});
