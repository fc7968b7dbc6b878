import { byId } from '@waxseal/ui';
import common from '#messages/common.json';
import { fetchBrand, type Brand } from './brand.ts';
import { lang } from './words.ts';
import { translator } from '@waxseal/i18n';

const t = translator(lang, common);

/** Puts the organization's name, logo and address on the shell, and makes the language switch work. */
export async function startShell(): Promise<Brand> {
  byId('languages').addEventListener('click', chooseLanguage);
  const brand = await fetchBrand();
  byId('organization').textContent = brand.organization;
  document.title = `${document.title} · ${brand.organization}`;
  showLogo(brand.logo);
  if (brand.support) {
    const support = byId('support');
    support.textContent = t('support', { address: brand.support });
    support.hidden = false;
  }
  return brand;
}

function showLogo(src: string | null): void {
  if (!src) return;
  const logo = byId<HTMLImageElement>('logo');
  logo.src = src;
  logo.hidden = false;
}

/**
 * The language is in the shell, so choosing one loads the page again. The cookie says nothing but the language and is
 * set only by choosing. Pages that would lose something hide the switch, or ask before they are left.
 */
function chooseLanguage({ target }: Event): void {
  const choice = target instanceof HTMLElement ? target.dataset['lang'] : undefined;
  if (!choice || choice === lang) return;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `lang=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  location.reload();
}
