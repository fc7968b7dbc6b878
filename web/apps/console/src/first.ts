/**
 * Runs before anything is painted: a page that turns dark a moment later is a flash in the eyes. It is a script of its
 * own, small enough to wait for.
 */
(() => {
  const root = document.documentElement;
  const chosen = /(?:^|;\s*)lang=(en|ja)\b/.exec(document.cookie)?.[1];
  root.lang = chosen ?? (navigator.languages.find((tag) => /^(en|ja)\b/i.test(tag))?.slice(0, 2).toLowerCase() || 'en');
  try {
    const theme = localStorage.getItem('waxseal-theme');
    if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme;
  } catch {
    // A browser that keeps nothing has the system's theme.
  }
})();
