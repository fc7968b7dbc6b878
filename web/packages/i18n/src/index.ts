export { LANGUAGES, langOf, type Lang } from './languages.ts';
export { format, translator, type Message, type Messages, type Params, type Translate } from './message.ts';
export { values } from './values.ts';
