import type { Message } from '@waxseal/i18n';
import certificateEn from '@waxseal/i18n/locales/en/certificate.json';
import dnsEn from '@waxseal/i18n/locales/en/dns.json';
import domainsEn from '@waxseal/i18n/locales/en/domains.json';
import certificateJa from '@waxseal/i18n/locales/ja/certificate.json';
import dnsJa from '@waxseal/i18n/locales/ja/dns.json';
import domainsJa from '@waxseal/i18n/locales/ja/domains.json';
import { addWords } from '../shell/words.svelte.ts';

type Area = Readonly<Record<string, Message>>;

/** The server's own areas keep their names, so that a code that it sends is a key here. */
const areas = (domains: Area, dns: Area, certificate: Area): Area => {
  const under = (area: string, messages: Area) => Object.entries(messages).map(([key, message]) => [`${area}.${key}`, message]);
  return { ...domains, ...Object.fromEntries([...under('dns', dns), ...under('certificate', certificate)]) };
};

addWords({ en: areas(domainsEn, dnsEn, certificateEn), ja: areas(domainsJa, dnsJa, certificateJa) });

/** Pages of an organization's domains, and what they say. */
export { default as domains } from '../features/domains/Domains.svelte';
export { default as domain } from '../features/domains/Domain.svelte';
export { default as addDomain } from '../features/domains/AddDomain.svelte';
