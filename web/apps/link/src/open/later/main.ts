import { onceWording, readyView, type Asking } from '../ready.ts';
import { shownView } from '../shown.ts';
import { page, retryButton, type Draw } from '../view.ts';
import { askingView, boundView, boundWording, elsewhereView, staying } from './bound.ts';
import { goneView, lead, plainView } from './ended.ts';
import { beside } from './beside.ts';
import { t } from './words.ts';

export { again } from './gestures.ts';

const wording = (state: Asking) => (state.look.kind === 'device_bound' ? boundWording : onceWording)(state);

/** Every view that is not on the shortest way from a link to its text. */
export const draw: Draw = (state, around) => {
  switch (state.name) {
    case 'ready':
    case 'passphrase':
    case 'wrong-passphrase':
    case 'held-back':
      return readyView(state, around, wording(state), beside(state, around));
    case 'shown':
    case 'recovered':
    case 'returned':
      return shownView(state, around, staying(state, around));
    case 'bound':
      return boundView(state, around);
    case 'elsewhere':
      return elsewhereView(state, around);
    case 'asking':
      return askingView(state, around);
    case 'gone':
      return goneView(state);
    case 'forgotten':
      return around.copied ? page(t('forgotten.title'), lead('forgotten.copied')) : plainView(state.name);
    case 'gave':
    case 'locked':
    case 'expired':
    case 'not-available':
    case 'damaged-link':
    case 'no-key':
    case 'broken':
    case 'unsupported':
      return plainView(state.name);
    case 'no-channel':
      return plainView(state.name, retryButton(around));
    default:
      throw new Error(`${state.name} is drawn without what is loaded later`);
  }
};
