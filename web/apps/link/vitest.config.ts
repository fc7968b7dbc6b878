import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const locales = fileURLToPath(new URL('../../packages/i18n/locales', import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^#messages\/(.*)$/, replacement: `${locales}/en/$1` }] },
});
