import { byId } from '@waxseal/ui';
import common from '#messages/common.json';
import { fetchBrand, PLAIN, type Brand } from './brand.ts';
import { lang } from './words.ts';
import { translator } from '@waxseal/i18n';

const t = translator(lang, common);
const title = document.title;

/** How long a page waits for its brand before it goes on without. */
const PATIENCE_MS = 2_000;

/** Makes the language switch work and, once it is there, puts the brand on the shell. It may come late, or never. */
export async function startShell(): Promise<Brand> {
  byId('languages').addEventListener('click', chooseLanguage);
  const brand = await fetchBrand();
  showBrand(brand);
  return brand;
}

/** The brand if it comes in time; else the plain one, so that nothing waits for a name and a logo. */
export async function inTime(brand: Promise<Brand>): Promise<Brand> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Brand>((resolve) => {
    timer = setTimeout(() => {
      showBrand(PLAIN);
      resolve(PLAIN);
    }, PATIENCE_MS);
  });
  const first = await Promise.race([brand, late]);
  clearTimeout(timer);
  return first;
}

function showBrand({ organization, logo, support }: Brand): void {
  byId('organization').textContent = organization;
  document.title = `${title} · ${organization}`;
  showLogo(logo);
  const address = byId('support');
  address.textContent = support && t('support', { address: support });
  address.hidden = !support;
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
