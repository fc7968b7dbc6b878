/**
 * Loads a part of the console. `import()` alone asks for no integrity, so the part's files come by `<link>`s first, which
 * the shell keeps for each part in a template (`build/shell.mjs`); what is then imported is what they brought. Rejects
 * if a file does not arrive, or is not what was released. Source: HTML, "Link type modulepreload".
 */
export async function bring<Module>(part: string, load: () => Promise<Module>): Promise<Module> {
  const template = document.querySelector<HTMLTemplateElement>(`template[data-part="${part}"]`);
  const links = template ? [...document.importNode(template.content, true).querySelectorAll('link')] : [];
  // Browsers of before 2023 know no such links, and never say that one has come.
  if (links[0]?.relList.supports('modulepreload')) await Promise.all(links.map(arrived));
  return load();
}

const arrived = (link: HTMLLinkElement): Promise<unknown> =>
  new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => reject(new Error(`${link.href} did not arrive, or is not what was released`));
    document.head.append(link);
  });
