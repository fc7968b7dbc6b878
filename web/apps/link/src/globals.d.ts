/** Where a script of this release is, and what it must be; the build writes both here (build/build.mjs). */
interface ReleasedScript {
  readonly src: string;
  readonly integrity: string;
}

/** The passphrase's worker. */
declare const ARGON2_WORKER: ReleasedScript;

/** What the opening page loads on demand. */
declare const OPENING_LATER: ReleasedScript;

interface TrustedScriptURL {
  readonly __brand: 'TrustedScriptURL';
}

interface Window {
  trustedTypes?: {
    createPolicy(name: string, rules: { createScriptURL(url: string): string }): {
      createScriptURL(url: string): TrustedScriptURL;
    };
  };
}
