import { langOf, type Lang } from '@waxseal/i18n';
import { THEMES, type Theme } from '@waxseal/ui/components';

const YEAR_S = 31_536_000;
const THEME = 'waxseal-theme';

/** The language that was chosen here, else the browser's. The cookie is the one that a tenant's pages use. */
export function readLanguage(cookies = document.cookie, asked: readonly string[] = navigator.languages): Lang {
  const chosen = /(?:^|;\s*)lang=([\w-]+)/.exec(cookies)?.[1];
  if (chosen) return langOf(chosen);
  // `langOf` knows no "unknown": the first language asked for that is one of ours.
  return asked.map((tag) => [tag, langOf(tag)] as const).find(([tag, lang]) => tag.toLowerCase().startsWith(lang))?.[1] ?? 'en';
}

export function keepLanguage(lang: Lang): void {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `lang=${lang}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
}

/** A browser that keeps nothing has the system's theme. */
export function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(THEME);
    return THEMES.find((theme) => theme === kept) ?? 'system';
  } catch {
    return 'system';
  }
}

export function keepTheme(theme: Theme): void {
  showTheme(theme);
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // A private window: the choice lasts as long as the page.
  }
}

export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
