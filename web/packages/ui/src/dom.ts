/** A child that is not there (`null`, `false`) leaves no trace, so that views can say `condition && element`. */
export type Child = Node | string | null | undefined | false;

type Listener = (event: Event) => void;

/** Functions are listeners for the event their name says; `true` is an empty attribute; absent values set nothing. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined | Listener>>;

/**
 * Makes an element. The only way these pages put anything on the screen: text is always a text node, and no markup is
 * ever parsed, which is what Trusted Types asks of them.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** The element with this id, which the shell is known to have. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the shell has no #${id}`);
  return element as T;
}
