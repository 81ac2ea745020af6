/** Words that pages load beside themselves. */
import type { Files } from './i18n.svelte.ts';

export const PARTS = {
  system: {
    en: () => import('../locales/system/en.json'),
    zh: () => import('../locales/system/zh.json'),
    de: () => import('../locales/system/de.json'),
    nl: () => import('../locales/system/nl.json'),
    it: () => import('../locales/system/it.json'),
  },
  people: {
    en: () => import('../locales/people/en.json'),
    zh: () => import('../locales/people/zh.json'),
    de: () => import('../locales/people/de.json'),
    nl: () => import('../locales/people/nl.json'),
    it: () => import('../locales/people/it.json'),
  },
  plant: {
    en: () => import('../locales/plant/en.json'),
    zh: () => import('../locales/plant/zh.json'),
    de: () => import('../locales/plant/de.json'),
    nl: () => import('../locales/plant/nl.json'),
    it: () => import('../locales/plant/it.json'),
  },
  onboarding: {
    en: () => import('../locales/onboarding/en.json'),
    zh: () => import('../locales/onboarding/zh.json'),
    de: () => import('../locales/onboarding/de.json'),
    nl: () => import('../locales/onboarding/nl.json'),
    it: () => import('../locales/onboarding/it.json'),
  },
  alarmbar: {
    en: () => import('../locales/alarmbar/en.json'),
    zh: () => import('../locales/alarmbar/zh.json'),
    de: () => import('../locales/alarmbar/de.json'),
    nl: () => import('../locales/alarmbar/nl.json'),
    it: () => import('../locales/alarmbar/it.json'),
  },
  alarms: {
    en: () => import('../locales/alarms/en.json'),
    zh: () => import('../locales/alarms/zh.json'),
    de: () => import('../locales/alarms/de.json'),
    nl: () => import('../locales/alarms/nl.json'),
    it: () => import('../locales/alarms/it.json'),
  },
  logic: {
    en: () => import('../locales/logic/en.json'),
    zh: () => import('../locales/logic/zh.json'),
    de: () => import('../locales/logic/de.json'),
    nl: () => import('../locales/logic/nl.json'),
    it: () => import('../locales/logic/it.json'),
  },
  notification: {
    en: () => import('../locales/notification/en.json'),
    zh: () => import('../locales/notification/zh.json'),
    de: () => import('../locales/notification/de.json'),
    nl: () => import('../locales/notification/nl.json'),
    it: () => import('../locales/notification/it.json'),
  },
  routes: {
    en: () => import('../locales/routes/en.json'),
    zh: () => import('../locales/routes/zh.json'),
    de: () => import('../locales/routes/de.json'),
    nl: () => import('../locales/routes/nl.json'),
    it: () => import('../locales/routes/it.json'),
  },
} satisfies Record<string, Files>;
export type Part = keyof typeof PARTS;
