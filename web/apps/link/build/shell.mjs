// The static HTML of a page in a language. It is the same on every host and for every id: whatever differs comes as
// data (/brand.json, /brand.css) or from the fragment, which the server never sees.

/** A language's name in itself. */
const nameOf = (tag) => new Intl.DisplayNames(tag, { type: 'language' }).of(tag);

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const FLAP = '<svg viewBox="0 0 100 40" preserveAspectRatio="none"><path d="M0 0 50 37 100 0"/></svg>';

/** What surrounds a page's view: a sealed letter for what one opens, a card for a receipt, nothing for the form. */
function frame(page, seal, view) {
  switch (page) {
    case 'home':
      return view;
    case 'receipt':
      return `<div class="card">${view}</div>`;
    default:
      return `<div class="letter">
<div class="flap" aria-hidden="true">${FLAP}</div>
<div class="seal-place">${seal}</div>
${view}
</div>`;
  }
}

/** Words of the release around what only the server knows: `{host}` is where the script puts the host. */
const slots = (text) => text.replace(/\{(\w+)\}/g, '<bdi data-of="$1"></bdi>');

/**
 * Who sent it. It stands outside of the view, so that no text of a brand is ever within; a line is shown if what it is for
 * holds. `open/sender.ts` fills it.
 */
function sender(t) {
  const line = (key) => `<p data-if="${key}" hidden>${slots(t(`sender.${key}`))}</p>`;
  return `<section id="sender" class="sender" aria-label="${t('sender.label')}" hidden>
<p class="sender-host">${slots(t('sender.host'))}</p>
${['proven', 'given', 'guest', 'member', 'named', 'key'].map(line).join('\n')}
<p class="sender-source">${t('sender.source')}</p>
</section>
`;
}

/** What is the same whenever it is shown costs no script. */
const help = (t) =>
  `<template id="help"><details class="help"><summary>${t('help')}</summary><p class="small">${t('help.body')}</p></details></template>`;

/** Pages that speak to the server at once: its key comes together with the scripts. */
const SPEAKING = ['open', 'receipt'];

export function shell({ page, lang, scripts, still, link, icon, assets, languages, pages, seal }) {
  const t = (key) => escape(pages[key]);
  const sri = (url) => `integrity="${assets[url].integrity}" crossorigin="anonymous"`;
  const choice = (tag) =>
    `<button type="button" lang="${tag}" data-lang="${tag}"${tag === lang ? ' aria-current="true"' : ''}>${nameOf(tag)}</button>`;
  const words = (title, body, level = 'h1') => `<${level}>${t(title)}</${level}><p class="lead">${t(body)}</p>`;
  const noscript = `<noscript>${words('noscript.title', 'noscript.body', 'h2')}</noscript>`;
  // Until the script has something to show, the page has a headline for those who do not see it.
  const waiting = `<h1 class="visually-hidden" tabindex="-1">${t(`${page}.title`)}</h1>${noscript}`;
  const first = still ? words(`${page}.title`, `${page}.body`) : waiting;
  const preload = (url) => `<link rel="preload" href="${url}" as="fetch" crossorigin="anonymous">`;
  // What a script imports stands before it, so that it is here with its integrity when it is asked for.
  const module = (src) => `<script type="module" src="${src}" ${sri(src)}></script>`;
  return `<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<title>${t(`${page}.title`)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex, nofollow, noarchive">
<meta name="format-detection" content="telephone=no, email=no, address=no">
<link rel="icon" href="${icon}" type="image/svg+xml">
<link rel="stylesheet" href="${link}" ${sri(link)}>
<link rel="stylesheet" href="/brand.css">
${['/brand.json', ...(SPEAKING.includes(page) ? ['/v1/channel'] : [])].map(preload).join('\n')}
${scripts.map(module).join('\n')}
</head>
<body data-page="${page}">
<header class="top">
<div class="brand"><img id="logo" class="brand-logo" alt="" hidden><span id="organization" class="brand-name"></span></div>
<div id="languages" class="languages" role="group" aria-label="${t('language')}">${languages.map(choice).join('')}</div>
</header>
<main id="main" data-state="loading">
${frame(page, seal, `${page === 'open' ? sender(t) : ''}<div id="view" class="view">${first}</div>`)}
</main>${page === 'open' ? help(t) : ''}
<footer class="bottom">
<p>${t('sealed')}</p>
<p id="support" hidden></p>
</footer>
</body>
</html>
`;
}
