// Builds the gallery into gallery/dist/. It is looked at and tested, and never shipped. An argument names another folder.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, root } from './bundle.mjs';
import { shell } from './shell.mjs';

const dist = resolve(process.argv[2] ?? join(root, 'gallery/dist'));
rmSync(dist, { recursive: true, force: true });
const define = { ARGON2_WORKER: JSON.stringify('/assets/none.js') };
const first = await bundle({ name: 'first', entry: join(root, 'src/first.ts'), outDir: dist, format: 'iife' });
const gallery = await bundle({ name: 'gallery', entry: join(root, 'gallery/main.ts'), outDir: dist, split: true, define });
const icon = '/assets/icon.svg';
writeFileSync(join(dist, icon), readFileSync(join(root, '../../packages/ui/art/icon.svg')));
const integrity = (path) => `sha384-${createHash('sha384').update(readFileSync(join(dist, path))).digest('base64')}`;
writeFileSync(join(dist, 'index.html'), shell({ ...gallery, first: first.script, icon, integrity }));
