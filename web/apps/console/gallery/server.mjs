// Serves a built folder as the edge does: the policy on every answer, the shell for every address that is no file.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { readFileSync } from 'node:fs';

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy = readFileSync(new URL('../policy.txt', import.meta.url), 'utf8').trim();

/** On a free port of this machine only; gives the origin and how to stop. */
export async function serve(folder, port = 0) {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const file = pathname.startsWith('/assets/') ? await readFile(join(folder, pathname)).catch(() => null) : null;
    const type = file ? TYPES[extname(pathname)] : 'text/html; charset=utf-8';
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' });
    response.end(file ?? (await readFile(join(folder, 'index.html'))));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { origin: `http://localhost:${server.address().port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}
