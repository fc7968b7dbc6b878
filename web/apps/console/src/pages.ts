import type { Component } from 'svelte';
import type { OpenPage } from './shell/routes.ts';
import CheckMail from './features/signed-out/CheckMail.svelte';
import Forgotten from './features/signed-out/Forgotten.svelte';
import Invitation from './features/signed-out/Invitation.svelte';
import Reset from './features/signed-out/Reset.svelte';
import SignIn from './features/signed-out/SignIn.svelte';
import SignInLink from './features/signed-out/SignInLink.svelte';
import SignUp from './features/signed-out/SignUp.svelte';
import Verify from './features/signed-out/Verify.svelte';

/** The pages that come with the console itself: what somebody may see who is not signed in. All others are in `parts`. */
export const OPEN: Readonly<Record<OpenPage, Component>> = {
  'sign-in': SignIn,
  'sign-in-link': SignInLink,
  'sign-up': SignUp,
  'check-mail': CheckMail,
  verify: Verify,
  forgotten: Forgotten,
  reset: Reset,
  invitation: Invitation,
};
