import { thumbprint } from '../src/device.ts';
import { fromB64u, toB64u } from '../src/encoding.ts';
import { baseKey } from '../src/keys.ts';
import { openCopy, passkeySalt, sealCopy, type Copied } from '../src/passkey.ts';
import { bytes, flip } from './cases.ts';
import { importScalar, publicKeyOf } from './produce.ts';
import type { PasskeyVector, SealVector } from './vector-types.ts';

/** `salt` and `copy` of a case from its inputs. */
export async function produceCopy(given: PasskeyVector): Promise<Pick<PasskeyVector, 'salt' | 'copy'>> {
  const [id, scalar] = [fromB64u(given.id, 16), fromB64u(given.private_key, 32)];
  const device = { privateKey: await importScalar(scalar), publicKey: publicKeyOf(scalar) };
  const prf = await baseKey(fromB64u(given.prf, 32));
  const input = { prf, id, copyable: { device, scalar }, cek: fromB64u(given.cek, 32), header: fromB64u(given.header) };
  return {
    salt: toB64u(await passkeySalt(await baseKey(fromB64u(given.token, 32)), id)),
    copy: toB64u(await sealCopy(input, fromB64u(given.nonce, 12))),
  };
}

export async function openCase({ copy, prf, id, thumbprint }: PasskeyVector): Promise<Copied> {
  return openCopy(fromB64u(copy), await baseKey(fromB64u(prf, 32)), fromB64u(id, 16), fromB64u(thumbprint, 32));
}

/** The cases of `passkey.json`, for the secret of `bound.json`. */
export async function copies({ input, output }: SealVector): Promise<PasskeyVector[]> {
  const private_key = bytes(32, 5);
  const point = publicKeyOf(fromB64u(private_key));
  const given: PasskeyVector = {
    name: 'a copy of the bound device',
    expect: null,
    token: input.token,
    id: output.id,
    private_key,
    public_key: toB64u(point),
    thumbprint: toB64u(await thumbprint(point)),
    cek: input.cek,
    header: output.header,
    prf: bytes(32, 131),
    nonce: bytes(12, 132),
    salt: '',
    copy: '',
  };
  const good = { ...given, ...(await produceCopy(given)) };
  const spoil = (name: string, member: 'copy' | 'prf' | 'id' | 'thumbprint', at: number): PasskeyVector => ({
    ...good,
    name,
    expect: 'passkey',
    [member]: toB64u(flip(at)(fromB64u(good[member]))),
  });
  return [
    good,
    spoil('another passkey', 'prf', 31),
    spoil('a copy of another secret', 'id', 15),
    spoil('the passkey of another device', 'thumbprint', 31),
    spoil('a copy with a bit flipped', 'copy', 60),
    { ...good, name: 'a copy that was cut', expect: 'passkey', copy: toB64u(fromB64u(good.copy).slice(0, 211)) },
  ];
}
