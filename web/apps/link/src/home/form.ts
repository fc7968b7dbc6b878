import { MAX_TEXT_BYTES, type Kind } from '@waxseal/crypto';
import { h, type Child } from '@waxseal/ui';
import { say } from '../shell/words.ts';
import { generator } from './generate.ts';
import { check, kindsOf, lifetimes, localMinute, MIN_LIFETIME_S, outlivesStorage, strength, utf8Length } from './model.ts';
import type { Draft, Faults, Field, Limits, Order } from './model.ts';
import { t } from './words.ts';

/** How close to its limit a text's size is worth showing. */
const NEAR_BYTES = MAX_TEXT_BYTES / 2;

function field(id: Field, label: string, control: Child, ...rest: Child[]): HTMLElement {
  return h(
    'div',
    { class: `field field-${id}` },
    h('label', { for: id }, label),
    control,
    ...rest,
    h('p', { class: 'error', id: `${id}-error`, role: 'alert' }),
  );
}

function textField(): { node: HTMLElement; input: HTMLTextAreaElement } {
  const size = h('p', { class: 'hint', id: 'text-size' });
  const input = h('textarea', {
    class: 'input',
    id: 'text',
    rows: 6,
    placeholder: t('text.placeholder'),
    spellcheck: 'false',
    autocomplete: 'off',
    'aria-describedby': 'text-error text-size',
  });
  input.addEventListener('input', () => {
    const bytes = utf8Length(input.value);
    const words = { size: say.size(bytes), limit: say.size(MAX_TEXT_BYTES) };
    size.textContent = bytes > NEAR_BYTES ? t('text.left', words) : '';
  });
  return { node: field('text', t('text.label'), input, size), input };
}

/** How the recipient may open it: a choice that people make by what it means, so each says it. */
function kindField(limits: Limits) {
  const { offered, chosen } = kindsOf(limits);
  const choice = (kind: Kind) => {
    const input = h('input', { type: 'radio', name: 'kind', id: `kind-${kind}`, value: kind, checked: kind === chosen });
    const words = h('span', {}, h('strong', {}, t(`kind.${kind}`)), h('span', { class: 'hint' }, t(`kind.${kind}.hint`)));
    return { kind, input, node: h('label', { class: 'choice' }, input, words) };
  };
  const choices = offered.map(choice);
  const node = h('fieldset', { class: 'choices' }, h('legend', {}, t('kind.label')), ...choices.map(({ node }) => node));
  return { node, value: (): Kind => choices.find(({ input }) => input.checked)?.kind ?? chosen };
}

function lifetimeFields(limits: Limits) {
  const { presets, chosen } = lifetimes(limits);
  const option = (seconds: number) =>
    h('option', { value: seconds, selected: seconds === chosen }, say.duration(seconds * 1_000));
  const select = h(
    'select',
    { class: 'input', id: 'lifetime' },
    ...(presets.length ? presets : [chosen]).map(option),
    h('option', { value: 'exact' }, t('lifetime.exact')),
  );
  const now = Date.now();
  const at = h('input', {
    class: 'input',
    id: 'at',
    type: 'datetime-local',
    min: localMinute(now + MIN_LIFETIME_S * 1_000),
    max: localMinute(now + limits.max_lifetime_s * 1_000),
    value: localMinute(now + chosen * 1_000),
    'aria-describedby': 'at-error',
  });
  const exact = field('at', t('lifetime.at'), at);
  exact.hidden = true;
  select.addEventListener('change', () => {
    exact.hidden = select.value !== 'exact';
  });
  return { nodes: [field('lifetime', t('lifetime.label'), select), exact], select, at };
}

function viewsField({ max_views, views }: Limits): { node: HTMLElement; input: HTMLInputElement } {
  const first = views ?? 1;
  const unit = h('span', { class: 'unit', id: 'views-unit' }, t('views.unit', { count: first }));
  const input = h('input', {
    class: 'input',
    id: 'views',
    type: 'number',
    inputmode: 'numeric',
    min: 1,
    max: max_views,
    value: first,
    'aria-describedby': 'views-unit views-error',
  });
  input.addEventListener('input', () => {
    unit.textContent = t('views.unit', { count: Number(input.value) });
  });
  return { node: field('views', t('views.label'), h('div', { class: 'with-unit' }, input, unit)), input };
}

function passphraseField({ passphrase }: Limits) {
  const meter = h('p', { class: 'hint strength', id: 'passphrase-strength', role: 'status' });
  const input = h('input', {
    class: 'input',
    id: 'passphrase',
    type: 'password',
    autocomplete: 'new-password',
    autocapitalize: 'none',
    spellcheck: 'false',
    'aria-describedby': 'passphrase-error passphrase-strength passphrase-hint',
  });
  const toggle = h('button', { type: 'button', class: 'button', 'aria-pressed': 'false' }, t('show'));
  const reveal = (shown: boolean) => {
    input.type = shown ? 'text' : 'password';
    toggle.textContent = t(shown ? 'hide' : 'show');
    toggle.setAttribute('aria-pressed', String(shown));
  };
  toggle.addEventListener('click', () => reveal(input.type === 'password'));
  const judge = () => {
    const level = strength(input.value);
    meter.textContent = input.value && t(`strength.${level}`);
    meter.dataset['strength'] = input.value ? String(level) : '';
  };
  input.addEventListener('input', judge);
  const node = field('passphrase', t('passphrase.label'), h('div', { class: 'with-button' }, input, toggle), meter);
  if (passphrase !== 'required') node.querySelector('label')?.append(h('span', { class: 'optional' }, t('passphrase.optional')));
  node.append(h('p', { class: 'hint', id: 'passphrase-hint' }, t('passphrase.hint')));
  const set = (text: string) => {
    input.value = text;
    reveal(true);
    judge();
  };
  return { node, input, set };
}

export interface CreateForm {
  node: HTMLFormElement;
  /** Whether leaving would lose what was typed. */
  dirty(): boolean;
}

/** The form. `submit` gets only what passed every check; faults are shown at their fields. */
export function createForm(limits: Limits, submit: (order: Order) => void): CreateForm {
  const text = textField();
  const kind = kindField(limits);
  const lifetime = lifetimeFields(limits);
  const views = viewsField(limits);
  const passphrase = passphraseField(limits);
  const setText = (secret: string) => {
    text.input.value = secret;
    text.input.dispatchEvent(new Event('input'));
  };
  const draft = (): Draft => ({
    text: text.input.value,
    kind: kind.value(),
    lifetime: lifetime.select.value,
    at: lifetime.at.value,
    views: views.input.value,
    passphrase: passphrase.input.value,
  });
  const weekly = h('p', { class: 'notice warn', role: 'status', id: 'weekly', hidden: true }, t('kind.weekly'));
  const node = h(
    'form',
    { class: 'card stack', novalidate: true, id: 'create' },
    text.node,
    generator({ secret: setText, passphrase: passphrase.set }),
    kind.node,
    h('div', { class: 'columns' }, ...lifetime.nodes, views.node),
    weekly,
    passphrase.node,
    h('button', { class: 'button primary wide', id: 'submit' }, t('submit')),
  );
  const adapt = () => {
    views.node.hidden = kind.value() === 'device_bound';
    weekly.hidden = !outlivesStorage(draft(), limits, Date.now());
  };
  node.addEventListener('change', adapt);
  adapt();
  node.addEventListener('submit', (event) => {
    event.preventDefault();
    const checked = check(draft(), limits, Date.now());
    showFaults(node, 'faults' in checked ? checked.faults : {}, limits);
    if ('order' in checked) submit(checked.order);
  });
  return { node, dirty: () => text.input.value !== '' };
}

function showFaults(form: HTMLElement, faults: Faults, limits: Limits): void {
  const range = { min: say.duration(MIN_LIFETIME_S * 1_000), max: say.duration(limits.max_lifetime_s * 1_000) };
  const words: Record<Field, string> = {
    text: faults.text === 'empty' ? t('text.empty') : t('text.too-large', sizes(form)),
    at: t('lifetime.invalid', range),
    lifetime: '',
    views: t('views.invalid', { max: limits.max_views }),
    passphrase: t(faults.passphrase === 'empty' ? 'passphrase.required' : 'passphrase.too-long'),
  };
  for (const id of Object.keys(words) as Field[]) {
    const wrong = faults[id] !== undefined;
    form.querySelector(`#${id}`)?.setAttribute('aria-invalid', String(wrong));
    form.querySelector(`#${id}-error`)?.replaceChildren(wrong ? words[id] : '');
  }
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

function sizes(form: HTMLElement): { size: string; limit: string } {
  const bytes = utf8Length(form.querySelector<HTMLTextAreaElement>('#text')?.value ?? '');
  return { size: say.size(bytes), limit: say.size(MAX_TEXT_BYTES) };
}
