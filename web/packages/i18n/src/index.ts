export { LANGUAGES, langOf, type Lang } from './languages.ts';
export { format, translator, type Message, type Messages, type Params, type Translate } from './message.ts';
export { timeWithZone, values } from './values.ts';
