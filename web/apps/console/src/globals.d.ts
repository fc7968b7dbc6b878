/** Where the passphrase's worker is; the build writes it here (build/build.mjs). */
declare const ARGON2_WORKER: string;

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

declare module '*.css';
