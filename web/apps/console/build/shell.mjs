// The one page of the console. It is the same for everybody and every address: who one is comes from the API.

export function shell({ first, script, style, parts, icon, integrity }) {
  const sri = (url) => `integrity="${integrity(url)}" crossorigin="anonymous"`;
  // Kept, not loaded: `src/shell/bring.ts` takes them out when a part is needed.
  const kept = Object.entries(parts).map(([part, files]) => `<template data-part="${part}">${files.map((file) => `<link rel="modulepreload" href="${file}" ${sri(file)}>`).join('')}</template>`);
  // `first` is no module: the page waits for it, so that it is painted once, in the right theme and language.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Waxseal</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex, nofollow, noarchive">
<meta name="format-detection" content="telephone=no, email=no, address=no">
<link rel="icon" href="${icon}" type="image/svg+xml">
<script src="${first}" ${sri(first)}></script>
<link rel="stylesheet" href="${style}" ${sri(style)}>
<script type="module" src="${script}" ${sri(script)}></script>
${kept.join('\n')}
</head>
<body>
<noscript><p lang="en">The console needs JavaScript.</p><p lang="ja">コンソールの利用にはJavaScriptが必要です。</p></noscript>
</body>
</html>
`;
}
