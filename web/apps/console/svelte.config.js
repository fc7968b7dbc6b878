export { default } from '@waxseal/ui/svelte.config';
