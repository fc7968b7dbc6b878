/** The scripts that a page loads when it needs them: constants of this release, written here by the build. */
const SCRIPTS = { argon2: ARGON2_WORKER, opening: OPENING_LATER };

/** The one Trusted Types policy of these pages. It knows the scripts above and makes no other address. */
const policy = window.trustedTypes?.createPolicy('waxseal', {
  createScriptURL: (name) => SCRIPTS[name as keyof typeof SCRIPTS].src,
});

/** The address of a script, as the places take it that load one. */
export function scriptUrl(name: keyof typeof SCRIPTS): string {
  return (policy?.createScriptURL(name) ?? SCRIPTS[name].src) as string;
}

/**
 * Loads a module of this release. By a `<script>` first, because `import()` alone asks for no integrity; what is then
 * imported is the module that the script brought. Rejects if it does not arrive, or is not what was released.
 */
export async function load<Module>(name: 'opening'): Promise<Module> {
  const script = document.createElement('script');
  const { src, integrity } = SCRIPTS[name];
  const arrived = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = reject;
  });
  Object.assign(script, { type: 'module', crossOrigin: 'anonymous', integrity, src: scriptUrl(name) });
  document.head.append(script);
  await arrived;
  return import(src) as Promise<Module>;
}
