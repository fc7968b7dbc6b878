/**
 * Scheme, host and port of a domain's links. Names below localhost are served by this very server in development, on the
 * port and by the scheme of this page; everything else by https.
 */
export function originOf(host: string, { protocol, port }: Pick<Location, 'protocol' | 'port'>): string {
  if (!/(^|\.)localhost$/.test(host)) return `https://${host}`;
  return `${protocol}//${host}${port ? `:${port}` : ''}`;
}
