"""The channel, bound devices, hand-overs and passkey copies (docs/protocol.md §6, §11, §12), HPKE included, as RFC 9180 writes it down."""

import hashlib
import hmac
import re

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from seal import (
    KINDS, MANIFEST_INDEX, Refused, b64u, hkdf, label, lp, open_stream, part_key, read_manifest, same, sha256, thumbprint,
    u32be, unb64u,
)

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
MAX_REQUEST = 2 * 1_024 * 1_024 + 2 * 1_024


# --- HKDF in two steps (RFC 5869)
def extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), ikm, hashlib.sha256)


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    out, block = b"", b""
    for n in range(1, -(-length // 32) + 1):
        block = hmac.digest(prk, block + info + bytes([n]), hashlib.sha256)
        out += block
    return out[:length]


# --- HPKE (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode
KEM, SUITE = b"KEM" + (16).to_bytes(2, "big"), b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (16, 1, 1))


def labeled_extract(suite: bytes, salt: bytes, name: bytes, ikm: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + name + ikm)


def labeled_expand(suite: bytes, prk: bytes, name: bytes, info: bytes, length: int) -> bytes:
    return expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + name + info, length)


def private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def derive_key_pair(ikm: bytes) -> ec.EllipticCurvePrivateKey:
    prk = labeled_extract(KEM, b"", b"dkp_prk", ikm)
    for counter in range(256):
        candidate = labeled_expand(KEM, prk, b"candidate", bytes([counter]), 32)
        if 0 < int.from_bytes(candidate, "big") < P256_ORDER:
            return private_key(candidate)
    raise ValueError("no key pair from this ikm")


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_point(point: bytes, check: str = "point") -> ec.EllipticCurvePublicKey:
    if len(point) != 65 or point[0] != 4:
        raise Refused(check, "not an uncompressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise Refused(check, "not on the curve") from error


class Context:
    """One exchange: its key, its nonce and what it exports."""

    def __init__(self, shared: bytes, enc: bytes, receiver: bytes, info: bytes):
        eae = labeled_extract(KEM, b"", b"eae_prk", shared)
        secret = labeled_expand(KEM, eae, b"shared_secret", enc + receiver, 32)
        hashes = [labeled_extract(SUITE, b"", name, data) for name, data in ((b"psk_id_hash", b""), (b"info_hash", info))]
        context = b"\x00" + b"".join(hashes)
        prk = labeled_extract(SUITE, secret, b"secret", b"")
        self.key = labeled_expand(SUITE, prk, b"key", context, 16)
        self.nonce = labeled_expand(SUITE, prk, b"base_nonce", context, 12)
        self.exporter = labeled_expand(SUITE, prk, b"exp", context, 32)

    def export(self, name: bytes, length: int) -> bytes:
        return labeled_expand(SUITE, self.exporter, b"sec", name, length)


def sender(receiver: bytes, info: bytes, ikm: bytes) -> tuple[bytes, Context]:
    ephemeral = derive_key_pair(ikm)
    enc = point_of(ephemeral)
    return enc, Context(ephemeral.exchange(ec.ECDH(), read_point(receiver)), enc, receiver, info)


def receiver(private: bytes, enc: bytes, info: bytes, check: str) -> Context:
    own = private_key(private)
    return Context(own.exchange(ec.ECDH(), read_point(enc, check)), enc, point_of(own), info)


def gcm_open(key: bytes, nonce: bytes, sealed: bytes, aad: bytes, check: str) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag as error:
        raise Refused(check, "it does not open") from error


# --- §11 The channel
def pad(body: bytes) -> bytes:
    return lp(body).ljust(-(-(4 + len(body)) // 1_024) * 1_024, b"\x00")


def unpad(plaintext: bytes, check: str) -> bytes:
    body = plaintext[4:4 + int.from_bytes(plaintext[:4], "big")]
    if plaintext != pad(body):
        raise Refused(check, "the padding is not what it has to be")
    return body


def info_and_aad(case: dict, key_id: bytes) -> tuple[bytes, bytes]:
    info = lp(label("channel")) + key_id + lp(case["host"].encode())
    return info, lp(b"POST") + lp(case["path"].encode())


def seal_request(case: dict) -> tuple[bytes, bytes, Context]:
    key_id = sha256(unb64u(case["public_key"]))[:8]
    info, aad = info_and_aad(case, key_id)
    enc, context = sender(unb64u(case["public_key"]), info, unb64u(case["ikm"]))
    sealed = AESGCM(context.key).encrypt(context.nonce, pad(case["body"].encode()), aad)
    return key_id + enc + sealed, enc, context


def open_request(case: dict) -> tuple[bytes, bytes, Context]:
    request, own = unb64u(case["request"]), unb64u(case["private_key"])
    key_id, enc, sealed = request[:8], request[8:73], request[73:]
    if len(request) > MAX_REQUEST or key_id != sha256(point_of(private_key(own)))[:8]:
        raise Refused("request", "too long, or sealed to another key")
    info, aad = info_and_aad(case, key_id)
    context = receiver(own, enc, info, "request")
    if len(sealed) < 16:
        raise Refused("request", "cut short")
    return unpad(gcm_open(context.key, context.nonce, sealed, aad, "request"), "request"), enc, context


def answer_key(context: Context, enc: bytes, salt: bytes) -> tuple[bytes, bytes]:
    prk = extract(enc + salt, context.export(label("channel-answer"), 16))
    return expand(prk, label("channel-key"), 16), expand(prk, label("channel-nonce"), 12)


def record_nonce(nonce: bytes, number: int) -> bytes:
    return (int.from_bytes(nonce, "big") ^ number).to_bytes(12, "big")


def seal_answer(records: list[str], salt: bytes, enc: bytes, context: Context) -> bytes:
    key, nonce = answer_key(context, enc, salt)
    sealed = (AESGCM(key).encrypt(record_nonce(nonce, n), pad(text.encode()), b"") for n, text in enumerate(records))
    return salt + b"".join(map(lp, sealed))


def open_answer(answer: bytes, enc: bytes, context: Context) -> list[str]:
    salt, rest, records = answer[:16], answer[16:], []
    key, nonce = answer_key(context, enc, salt)
    while rest:
        size = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + size or size % 1_024 != 16 or size < 1_040:
            raise Refused("answer", "a record of an impossible length, or cut short")
        plaintext = gcm_open(key, record_nonce(nonce, len(records)), rest[4:4 + size], b"", "answer")
        records.append(unpad(plaintext, "answer").decode())
        rest = rest[4 + size:]
    return records


def check_channel(case: dict):
    made, enc, context = seal_request(case)
    if case["expect"] is None:
        body, their_enc, theirs = open_request(case)
        answer = seal_answer(case["records"], unb64u(case["salt"]), their_enc, theirs)
        yield same("key id", b64u(made[:8]), case["key_id"])
        yield same("makes the same request", b64u(made), case["request"])
        yield same("makes the same answer", b64u(answer), case["answer"])
        yield same("opens the request", body.decode(), case["body"])
        yield same("opens the answer", open_answer(unb64u(case["answer"]), enc, context), case["records"])
        return
    opened = {"request": lambda: open_request(case), "answer": lambda: open_answer(unb64u(case["answer"]), enc, context)}
    yield refused_at(case["expect"], opened[case["expect"]])


def refused_at(expect: str, do):
    name = f"refused at {expect}"
    try:
        do()
    except Refused as refused:
        return name, refused.check == expect, f"refused at {refused}"
    return name, False, "it was accepted"


def host_key(case: dict) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hkdf(unb64u(case["seed"]), case["host"].encode(), label("host-key")))


def config_bytes(case: dict) -> bytes:
    public = unb64u(case["public_key"])
    times = b"".join(case[name].to_bytes(8, "big") for name in ("from_ms", "until_ms"))
    return lp(label("channel-config")) + lp(case["host"].encode()) + sha256(public)[:8] + public + times


def read_config(case: dict) -> bytes:
    """The public key of a config that is believed."""
    config = unb64u(case["config"])
    try:
        Ed25519PublicKey.from_public_bytes(unb64u(case["host_key"])).verify(unb64u(case["signature"]), config)
    except InvalidSignature as error:
        raise Refused("signature", "not the host key's") from error
    prefix = re.escape(lp(label("channel-config")))
    match = re.fullmatch(prefix + rb"(.{4})(.*)(.{8})(\x04.{64})(.{8})(.{8})", config, re.DOTALL)
    if not match or int.from_bytes(match[1], "big") != len(match[2]) or match[3] != sha256(match[4])[:8]:
        raise Refused("malformed", "not a config")
    read_point(match[4], "malformed")
    if not match[5] < match[6]:
        raise Refused("malformed", "its time ends before it begins")
    if match[2] != case["host"].encode():
        raise Refused("host", "another host's")
    return match[4]


def check_config(case: dict):
    if case["expect"] is not None:
        yield refused_at(case["expect"], lambda: read_config(case))
        return
    key = host_key(case)
    yield same("host key", b64u(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), case["host_key"])
    yield same("makes the same config", b64u(config_bytes(case)), case["config"])
    yield same("makes the same signature", b64u(key.sign(config_bytes(case))), case["signature"])
    yield same("believes it", b64u(read_config(case)), case["public_key"])


# --- §6 open, ask and give
def open_bound(case: dict) -> tuple[bytes, str]:
    """The manifest's part key and the text, from what the bound device stored."""
    header, cek = unb64u(case["header"]), unb64u(case["cek"])
    if len(header) != 55 or header[:2] != b"\x01\x01" or header[2] not in KINDS.values():
        raise Refused("header", "unknown version, suite or kind, or a wrong length")
    if hkdf(cek, unb64u(case["id"]), label("commit")) != header[23:]:
        raise Refused("commit", "the header commits to another content key")
    key = part_key(cek, header[7:23], MANIFEST_INDEX)
    return key, read_manifest(open_stream(key, unb64u(case["content"])))


def check_bound(case: dict):
    if case["expect"] is not None:
        yield refused_at(case["expect"], lambda: open_bound(case))
        return
    key, text = open_bound(case)
    yield same("part key", b64u(key), case["part_key"])
    yield same("opens", text, case["text"])


def handover_info(case: dict) -> bytes:
    return lp(label("handover")) + b"".join(unb64u(case[name]) for name in ("id", "from", "to"))


def open_handover(case: dict) -> bytes:
    keys = unb64u(case["keys"])
    if len(keys) != 113:
        raise Refused("keys", f"{len(keys)} bytes")
    context = receiver(unb64u(case["receive_private"]), keys[:65], handover_info(case), "keys")
    return gcm_open(context.key, context.nonce, keys[65:], b"", "keys")


def check_handover(case: dict):
    if case["expect"] is not None:
        yield refused_at(case["expect"], lambda: open_handover(case))
        return
    enc, context = sender(unb64u(case["receive"]), handover_info(case), unb64u(case["ikm"]))
    keys = enc + AESGCM(context.key).encrypt(context.nonce, unb64u(case["part_key"]), b"")
    yield same("makes the same keys", b64u(keys), case["keys"])
    yield same("opens", b64u(open_handover(case)), case["part_key"])
    hashed = lp(label("handover-code")) + b"".join(unb64u(case[name]) for name in ("nonce", "id", "to", "receive"))
    yield same("code", f"{int.from_bytes(sha256(hashed)[:4], 'big') % 1_000_000:06}", case["code"])


# --- §12 The passkey copy
def passkey_lock(case: dict) -> tuple[bytes, bytes]:
    """The key that the passkey gives, and what the copy is bound to."""
    key = hkdf(unb64u(case["prf"]), unb64u(case["id"]), label("passkey"))
    return key, lp(label("passkey")) + unb64u(case["id"]) + unb64u(case["thumbprint"])


def open_copy(case: dict) -> bytes:
    copy, (key, aad) = unb64u(case["copy"]), passkey_lock(case)
    if len(copy) != 212:
        raise Refused("passkey", f"{len(copy)} bytes")
    copied = gcm_open(key, copy[:12], copy[12:], aad, "passkey")
    if b64u(thumbprint(copied[32:97])) != case["thumbprint"]:
        raise Refused("passkey", "the device of another passkey")
    return copied


def check_passkey(case: dict):
    if case["expect"] is not None:
        yield refused_at(case["expect"], lambda: open_copy(case))
        return
    copied = b"".join(unb64u(case[name]) for name in ("private_key", "public_key", "cek", "header"))
    (key, aad), nonce = passkey_lock(case), unb64u(case["nonce"])
    salt = hkdf(unb64u(case["token"]), unb64u(case["id"]), label("passkey-salt"))
    yield same("salt", b64u(salt), case["salt"])
    yield same("the pair is one", point_of(private_key(copied[:32])), copied[32:97])
    yield same("makes the same copy", b64u(nonce + AESGCM(key).encrypt(nonce, copied, aad)), case["copy"])
    yield same("opens", open_copy(case), copied)


def check_point(case: dict):
    try:
        read_point(unb64u(case["point"]))
        verdict = True
    except Refused:
        verdict = False
    yield "is a key" if case["valid"] else "refused", verdict is case["valid"], f"taken: {verdict}"


CHECKS = dict(
    channel=check_channel, config=check_config, bound=check_bound, handover=check_handover, passkey=check_passkey,
    point=check_point,
)
