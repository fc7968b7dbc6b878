import type { Ceremony } from '../api/types.ts';

/**
 * Passkeys between the server's JSON and the browser's bytes. Browsers that do this themselves
 * (`parseRequestOptionsFromJSON`) are too young. Source: WebAuthn Level 3 §5.1.8 to §5.1.10.
 */

const toBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

const toText = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

interface CredentialId {
  id: string;
  type: 'public-key';
  transports?: AuthenticatorTransport[];
}

const named = ({ id, type, transports }: CredentialId): PublicKeyCredentialDescriptor => ({
  id: toBytes(id),
  type,
  ...(transports && { transports }),
});

interface RequestJson extends Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'> {
  challenge: string;
  allowCredentials?: CredentialId[];
}

export function requestOptions(ceremony: Ceremony): PublicKeyCredentialRequestOptions {
  const { challenge, allowCredentials, ...rest } = ceremony.options as unknown as RequestJson;
  return { ...rest, challenge: toBytes(challenge), ...(allowCredentials && { allowCredentials: allowCredentials.map(named) }) };
}

interface CreationJson extends Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'> {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: CredentialId[];
}

export function creationOptions(ceremony: Ceremony): PublicKeyCredentialCreationOptions {
  const { challenge, user, excludeCredentials, ...rest } = ceremony.options as unknown as CreationJson;
  return {
    ...rest,
    challenge: toBytes(challenge),
    user: { ...user, id: toBytes(user.id) },
    ...(excludeCredentials && { excludeCredentials: excludeCredentials.map(named) }),
  };
}

/** What the server reads: `RegistrationResponseJSON` or `AuthenticationResponseJSON`. */
export function credentialJson(credential: PublicKeyCredential): object {
  const { id, type, authenticatorAttachment, response } = credential;
  return {
    id,
    rawId: id,
    type,
    authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: 'attestationObject' in response ? made(response as AuthenticatorAttestationResponse) : used(response as AuthenticatorAssertionResponse),
  };
}

const made = (response: AuthenticatorAttestationResponse): object => ({
  clientDataJSON: toText(response.clientDataJSON),
  attestationObject: toText(response.attestationObject),
  transports: response.getTransports(),
});

const used = ({ clientDataJSON, authenticatorData, signature, userHandle }: AuthenticatorAssertionResponse): object => ({
  clientDataJSON: toText(clientDataJSON),
  authenticatorData: toText(authenticatorData),
  signature: toText(signature),
  ...(userHandle && { userHandle: toText(userHandle) }),
});

/** Why there is no passkey: the person turned away, the device has it already, or it cannot. */
export type Declined = 'dismissed' | 'exists' | 'unsupported';

export const declined = (error: unknown): Declined | null => {
  if (!(error instanceof DOMException)) return null;
  if (error.name === 'NotAllowedError' || error.name === 'AbortError') return 'dismissed';
  return error.name === 'InvalidStateError' ? 'exists' : 'unsupported';
};

export const canUsePasskeys = (): boolean => typeof PublicKeyCredential === 'function';

/** Whether this very device can keep a passkey behind a finger, a face or its PIN. */
export const canKeep = async (): Promise<boolean> =>
  canUsePasskeys() && Boolean(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.());

/** Whether the browser offers passkeys where an address is typed. */
export const canOffer = async (): Promise<boolean> =>
  canUsePasskeys() && Boolean(await PublicKeyCredential.isConditionalMediationAvailable?.());

/** Asks the person for a passkey. */
export async function usePasskey(ceremony: Ceremony, offered?: AbortSignal): Promise<object> {
  const publicKey = requestOptions(ceremony);
  const asked = offered ? { publicKey, mediation: 'conditional' as const, signal: offered } : { publicKey };
  return credentialJson((await navigator.credentials.get(asked)) as PublicKeyCredential);
}

/** Asks the person to make one. */
export async function makePasskey(ceremony: Ceremony): Promise<object> {
  return credentialJson((await navigator.credentials.create({ publicKey: creationOptions(ceremony) })) as PublicKeyCredential);
}
