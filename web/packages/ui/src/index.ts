export { copyButton, copyText, type CopyWords } from './copy.ts';
export { byId, h, type Attributes, type Child } from './dom.ts';
