import type { Lang } from './languages.ts';

/** One sentence, or one sentence per plural category of `{count}`; `other` is always there. */
export type Message = string | { readonly other: string; readonly one?: string };

/** One area's messages: dotted keys to messages. */
export type Messages = Readonly<Record<string, Message>>;

export type Params = Readonly<Record<string, string | number>>;

/**
 * Puts `params` into a message. `{name}` is the only syntax; a name without a value stays as it is, so that a slip
 * shows on the page and not as an empty place. Numbers are written the way the language writes them.
 */
export function format(lang: Lang, message: Message, params: Params = {}): string {
  const sentence = typeof message === 'string' ? message : pick(lang, message, params['count']);
  return sentence.replace(/\{([a-z_]+)\}/g, (place, name: string) => {
    const value = params[name];
    if (value === undefined) return place;
    return typeof value === 'number' ? new Intl.NumberFormat(lang).format(value) : value;
  });
}

function pick(lang: Lang, forms: Exclude<Message, string>, count: string | number | undefined): string {
  const category = new Intl.PluralRules(lang).select(Number(count ?? 0));
  return (category === 'one' ? forms.one : undefined) ?? forms.other;
}

/** Binds a language and an area's messages to a function of key and params. Unknown keys do not compile. */
export function translator<M extends Messages>(lang: Lang, messages: M) {
  return (key: keyof M & string, params?: Params): string => format(lang, messages[key] as Message, params);
}

/** What `translator` returns, for functions that are handed one. */
export type Translate<M extends Messages> = ReturnType<typeof translator<M>>;
