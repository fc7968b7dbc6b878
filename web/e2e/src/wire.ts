import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** User agents of devices that are no browser of this suite. */
export const DEVICES = {
  computer: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
} as const;

export type DeviceName = keyof typeof DEVICES;

/**
 * `fetch` to a `*.localhost` host from Node: browsers resolve those names by themselves (RFC 6761 §6.3), Node asks the
 * system, which often does not know them.
 */
export function fetchAs(device: DeviceName): typeof fetch {
  return async (target, { method = 'GET', body, headers } = {}) => {
    const { hostname, port, pathname, host } = new URL(String(target));
    if (!hostname.endsWith('.localhost')) throw new Error(`${hostname} is not on this machine`);
    const named = { ...Object.fromEntries(new Headers(headers)), host, 'user-agent': DEVICES[device] };
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path: pathname, headers: named }, (answer) => {
        const { statusCode: status = 0, headers: fields } = answer;
        const known = Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]);
        const response = (content: Buffer) => new Response(content.length ? Uint8Array.from(content) : null, { status, headers: known });
        buffer(answer).then((content) => resolve(response(content)), reject);
      });
      sent.once('error', reject);
      sent.end(body as string | Uint8Array | undefined);
    });
  };
}
