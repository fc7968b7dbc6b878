import type { Component } from 'svelte';
import type { Membership } from './api/types.ts';
import type { OrganizationPage, OwnPage } from './shell/routes.ts';
import Account from './features/account/Account.svelte';
import Address from './features/account/Address.svelte';
import Device from './features/account/Device.svelte';
import Organizations from './features/account/Organizations.svelte';
import Security from './features/account/Security.svelte';
import Audit from './features/organization/Audit.svelte';
import Home from './features/organization/Home.svelte';
import Keys from './features/organization/Keys.svelte';
import Members from './features/organization/Members.svelte';
import Settings from './features/organization/Settings.svelte';
import Receipts from './features/secrets/Receipts.svelte';
import Share from './features/secrets/Share.svelte';
import CheckMail from './features/signed-out/CheckMail.svelte';
import Forgotten from './features/signed-out/Forgotten.svelte';
import Invitation from './features/signed-out/Invitation.svelte';
import Reset from './features/signed-out/Reset.svelte';
import SignIn from './features/signed-out/SignIn.svelte';
import SignInLink from './features/signed-out/SignInLink.svelte';
import SignUp from './features/signed-out/SignUp.svelte';
import Verify from './features/signed-out/Verify.svelte';

export const OWN_PAGES: Readonly<Record<Exclude<OwnPage, 'start'>, Component>> = {
  'sign-in': SignIn,
  'sign-in-link': SignInLink,
  'sign-up': SignUp,
  'check-mail': CheckMail,
  verify: Verify,
  forgotten: Forgotten,
  reset: Reset,
  invitation: Invitation,
  device: Device,
  address: Address,
  organizations: Organizations,
  account: Account,
  security: Security,
};

export const ORGANIZATION_PAGES: Readonly<Record<OrganizationPage, Component<{ membership: Membership }>>> = {
  home: Home,
  share: Share,
  receipts: Receipts,
  members: Members,
  keys: Keys,
  audit: Audit,
  settings: Settings,
};
