"""An independent check of the seal: a third implementation, written from docs/protocol.md alone.

The Rust and the TypeScript implementations open each other's test vectors, but the same people wrote both. This file
shares no code with either. It opens every vector in tests/vectors/, makes the same bytes again from the randomness a
vector gives, and refuses what a vector says must be refused, at the check the vector names. If it cannot, then one of
the implementations or the document is wrong.

    pip install --require-hashes -r tests/interop/interop.txt
    python tests/interop/open_vectors.py [directory of vectors]

One line per check, a count as the last line; the exit code is 0 only if there were vectors and every check passed.
Section numbers (§) are those of docs/protocol.md.
"""

import base64
import hashlib
import json
import re
import sys
import unicodedata
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

RECORD, TAG, MAX_TEXT, MANIFEST_INDEX = 65_536, 16, 1_048_571, 0xFFFFFFFF
KINDS = {"one_time": 1, "device_bound": 2}


class Refused(Exception):
    """What must not open; `check` is the name tests/vectors/README.md gives to the check that failed."""

    def __init__(self, check: str, why: str):
        super().__init__(f"{check}: {why}")
        self.check = check


# --- §1 Conventions
def u32be(number: int) -> bytes:
    return number.to_bytes(4, "big")


def lp(data: bytes) -> bytes:
    return u32be(len(data)) + data


def label(name: str) -> bytes:
    return b"waxseal/v1/" + name.encode("ascii")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hkdf(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(ikm)


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text: str, check: str = "base64url") -> bytes:
    """Strict: no padding, no white space, no trailing bits. What slips through shows when it is written again."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Refused(check, str(error)) from error
    if b64u(data) != text:
        raise Refused(check, "not canonical base64url")
    return data


# --- §2 The link, §7 the receipt
LINK = re.compile(r"(https?)://([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?/s/([\w-]{22})#1([\w-]{43})", re.ASCII)


def id_of(name: str, proof_sha256: bytes) -> bytes:
    """`id` from H(peek), `rid` from H(R)."""
    return sha256(lp(label(name)) + proof_sha256)[:16]


def read_link(link: str) -> tuple[bytes, bytes]:
    """The token and the id of a link."""
    match = LINK.fullmatch(link)
    if not match:
        raise Refused("link-malformed", "not of the form https://<host>/s/<id>#1<T>")
    scheme, host, port, id_text, token_text = match.groups()
    if scheme == "http" and host.split(".")[-1] != "localhost":
        raise Refused("link-malformed", "http outside localhost")
    if port and (int(port) > 65_535 or int(port) == {"http": 80, "https": 443}[scheme]):
        raise Refused("link-malformed", "a port that is out of range or the default")
    secret_id, token = unb64u(id_text, "link-malformed"), unb64u(token_text, "link-malformed")
    if id_of("id", sha256(hkdf(token, b"", label("peek")))) != secret_id:
        raise Refused("link-damaged", "the id does not follow from the token")
    return token, secret_id


# --- §3 Keys
def normalised(passphrase: str) -> bytes:
    data = unicodedata.normalize("NFKC", passphrase).encode()
    if not 1 <= len(data) <= 1_024:
        raise Refused("passphrase", f"{len(data)} bytes after NFKC")
    return data


def input_key(token: bytes, secret_id: bytes, nfkc: bytes | None, params: dict | None) -> tuple:
    """`salt`, `pw` and `IKM`; the first two are None without a passphrase."""
    if nfkc is None:
        return None, None, b"\x00" + token
    salt = hkdf(token, secret_id, label("pw-salt"))
    m_kib, t, p = params["m_kib"], params["t"], params["p"]
    pw = hash_secret_raw(nfkc, salt, t, m_kib, p, hash_len=32, type=Type.ID, version=0x13)
    return salt, pw, b"\x01" + u32be(m_kib) + u32be(t) + bytes([p]) + token + pw


def part_key(cek: bytes, salt: bytes, index: int) -> bytes:
    return hkdf(cek, salt, lp(label("part")) + u32be(index))


# --- §4 Content
def record_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def seal_stream(key: bytes, plaintext: bytes) -> bytes:
    starts = range(0, max(1, len(plaintext)), RECORD)
    return b"".join(AESGCM(key).encrypt(record_nonce(n, start == starts[-1]), plaintext[start:start + RECORD], b"")
                    for n, start in enumerate(starts))


def open_stream(key: bytes, sealed: bytes) -> bytes:
    starts = range(0, max(1, len(sealed)), RECORD + TAG)
    plaintext = b""
    for n, start in enumerate(starts):
        record, last = sealed[start:start + RECORD + TAG], start == starts[-1]
        if len(record) < TAG or (len(record) == TAG and n > 0):
            raise Refused("content", f"record {n} is cut short")
        try:
            plaintext += AESGCM(key).decrypt(record_nonce(n, last), record, b"")
        except InvalidTag as error:
            raise Refused("content", f"record {n} does not open") from error
    return plaintext


def padded_size(body_bytes: int) -> int:
    length = 4 + body_bytes
    e = length.bit_length() - 1
    mask = (1 << (e - e.bit_length())) - 1  # e.bit_length() is floor(log2 e) + 1
    return max(1_024, (length + mask) & ~mask)


def read_manifest(plaintext: bytes) -> str:
    size = int.from_bytes(plaintext[:4], "big")
    body, padding = plaintext[4:4 + size], plaintext[4 + size:]
    if len(plaintext) < 4 or len(body) != size:
        raise Refused("manifest", "the body goes beyond the end")
    if len(plaintext) != padded_size(size) or any(padding):
        raise Refused("manifest", "the padding is not what it has to be")
    if body[:1] != b"\x01" or not 1 <= size - 1 <= MAX_TEXT:
        raise Refused("manifest", "not a text of 1 to 1,048,571 bytes")
    try:
        return body[1:].decode()
    except UnicodeDecodeError as error:
        raise Refused("manifest", "the text is not UTF-8") from error


def wrap_aad(header: bytes, secret_id: bytes, policy: bytes) -> bytes:
    return header[:2] + secret_id + header[2:7] + sha256(policy)


def open_text(given: dict) -> tuple[str, bytes]:
    """The text and `ack`, from what a recipient was given; the checks are in the order of tests/vectors/README.md."""
    token, secret_id = read_link(given["link"])
    nfkc = None
    if given["passphrase"] is not None:
        nfkc = normalised(given["passphrase"])
        least, params = 19_456 if given["sealed"] == "server" else 65_536, given["params"]
        if not (least <= params["m_kib"] <= 262_144 and 2 <= params["t"] <= 10 and params["p"] == 1):
            raise Refused("params", f"{params}, sealed by the {given['sealed']}")
    header = unb64u(given["header"], "header")
    if len(header) != 55 or header[:2] != b"\x01\x01" or header[2] not in KINDS.values():
        raise Refused("header", "unknown version, suite or kind, or a wrong length")
    ikm = input_key(token, secret_id, nfkc, given["params"])[-1]
    aad = wrap_aad(header, secret_id, unb64u(given["policy"], "unwrap"))
    wrapped = unb64u(given["wrapped_key"], "unwrap")
    if len(wrapped) != 60:
        raise Refused("unwrap", f"a wrapped key of {len(wrapped)} bytes")
    try:
        cek = AESGCM(hkdf(ikm, secret_id, label("wrap"))).decrypt(wrapped[:12], wrapped[12:], aad)
    except InvalidTag as error:
        raise Refused("unwrap", "the content key does not unwrap") from error
    if hkdf(cek, secret_id, label("commit")) != header[23:]:
        raise Refused("commit", "the header commits to another content key")
    plaintext = open_stream(part_key(cek, header[7:23], MANIFEST_INDEX), unb64u(given["content"], "content"))
    return read_manifest(plaintext), hkdf(cek, secret_id, label("ack"))


def seal_text(given: dict, text: str) -> dict:
    """Every value in the `output` of a vector in seal.json, as bytes, str or None."""
    names = ("token", "receipt", "cek", "manifest_salt", "wrap_nonce", "policy")
    token, receipt, cek, manifest_salt, nonce, policy = (unb64u(given[name]) for name in names)
    out = {"peek": hkdf(token, b"", label("peek")), "receipt_sha256": sha256(receipt)}
    out["peek_sha256"] = sha256(out["peek"])
    out["id"], out["rid"] = id_of("id", out["peek_sha256"]), id_of("rid", out["receipt_sha256"])
    out["link"] = f"https://{given['host']}/s/{b64u(out['id'])}#1{b64u(token)}"
    out["receipt_link"] = f"https://{given['host']}/r/{b64u(out['rid'])}#{b64u(receipt)}"
    out["passphrase_nfkc"] = None if given["passphrase"] is None else normalised(given["passphrase"])
    out["pw_salt"], out["pw"], out["ikm"] = input_key(token, out["id"], out["passphrase_nfkc"], given["params"])
    out["wrap"], out["claim"] = (hkdf(out["ikm"], out["id"], label(name)) for name in ("wrap", "claim"))
    out["commit"], out["ack"] = (hkdf(cek, out["id"], label(name)) for name in ("commit", "ack"))
    out["ack_sha256"] = sha256(out["ack"])
    out["header"] = bytes([1, 1, KINDS[given["kind"]]]) + u32be(0) + manifest_salt + out["commit"]
    out["wrapped_key"] = nonce + AESGCM(out["wrap"]).encrypt(nonce, cek, wrap_aad(out["header"], out["id"], policy))
    body = b"\x01" + text.encode()
    manifest = lp(body).ljust(padded_size(len(body)), b"\x00")
    out["content"] = seal_stream(part_key(cek, manifest_salt, MANIFEST_INDEX), manifest)
    return out


# --- §5 The device and its signature
def thumbprint(public: bytes) -> bytes:
    x, y = b64u(public[1:33]), b64u(public[33:])
    return sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode())


def signed_request(uri: str, body: bytes, challenge: bytes) -> tuple[str, str, str]:
    """The content digest, the signature input, and the signature base, built from what the verifier knows itself."""
    assert len(challenge) == 40
    digest = f"sha-256=:{base64.b64encode(sha256(body)).decode()}:"
    created = int.from_bytes(challenge[:8], "big") // 1_000
    params = f'("@method" "@target-uri" "content-digest");created={created};nonce="{b64u(challenge)}";keyid="device"'
    base = f'"@method": POST\n"@target-uri": {uri}\n"content-digest": {digest}\n"@signature-params": {params}'
    return digest, "sig=" + params, base


def verifies(public: bytes, expected: tuple[str, str, str], digest: str, signature_input: str, signature: str) -> bool:
    """The headers have one accepted form, so the first two are compared with what they must be."""
    match = re.fullmatch(r"sig=:([A-Za-z0-9+/]{85}[AQgw]==):", signature)  # 64 bytes; A, Q, g, w: no trailing bits
    if (digest, signature_input) != expected[:2] or not match or len(public) != 65 or public[0] != 4:
        return False
    raw = base64.b64decode(match[1])
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    try:
        key.verify(der, expected[2].encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


# --- The checks: each generator gives (name, whether it holds, why not) per vector
def same(name: str, ours, theirs):
    return name, ours == theirs, "not the vector's value"


def check_seal(case: dict):
    given, output = case["input"], case["output"]
    text = given["text"] * (given["text_repeat"] or 1)
    ours = {name: b64u(value) if isinstance(value, bytes) else value for name, value in seal_text(given, text).items()}
    other = sorted(name for name in ours.keys() | output.keys() if ours.get(name, "") != output.get(name, ""))
    yield "makes the same bytes", not other, f"these differ: {', '.join(other)}"
    asked = {name: given[name] for name in ("passphrase", "params", "policy")}
    opened, ack = open_text(output | asked | {"sealed": json.loads(unb64u(given["policy"]))["sealed"]})
    yield same("opens", opened, text)
    yield same("acknowledges", b64u(sha256(ack)), output["ack_sha256"])


def check_stream(case: dict):
    plaintext = bytes(i % 251 for i in range(case["plaintext_bytes"]))
    key, sealed = part_key(unb64u(case["cek"]), unb64u(case["salt"]), case["index"]), unb64u(case["sealed"])
    yield same("part key", b64u(key), case["part_key"])
    yield same("makes the same bytes", seal_stream(key, plaintext), sealed)
    yield same("opens", open_stream(key, sealed), plaintext)


def check_refuse(case: dict):
    try:
        open_text(case)
        yield f"refused at {case['expect']}", False, "it opened"
    except Refused as refused:
        yield f"refused at {case['expect']}", refused.check == case["expect"], f"refused at {refused}"


def check_padme(case: dict):
    yield same("padded size", padded_size(case["body_bytes"]), case["plaintext_bytes"])


def check_device(case: dict):
    public, headers = unb64u(case["public_key"]), (case["content_digest"], case["signature_input"])
    private = ec.derive_private_key(int.from_bytes(unb64u(case["private_key"]), "big"), ec.SECP256R1())
    point = private.public_key().public_numbers()
    yield same("public key", b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"), public)
    yield same("thumbprint", b64u(thumbprint(public)), case["thumbprint"])
    ours = signed_request(case["origin"] + case["path"], case["body"].encode(), unb64u(case["challenge"]))
    yield same("signature base", ours[2], case["base"])
    if case["valid"]:
        yield same("makes the same headers", ours[:2], headers)
        r, s = decode_dss_signature(private.sign(ours[2].encode(), ec.ECDSA(hashes.SHA256())))
        signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
        yield "verifies its own signature", verifies(public, ours, *headers, f"sig=:{signature}:"), "it does not"
    verdict = verifies(public, ours, *headers, case["signature"])
    yield "verifies" if case["valid"] else "refused", verdict is case["valid"], f"verified: {verdict}"


CHECKS = dict(seal=check_seal, stream=check_stream, refuse=check_refuse, padme=check_padme, device=check_device)


def check_file(path: Path):
    """(name, whether it holds, why not) for everything in one file."""
    cases = json.loads(path.read_text(encoding="utf-8"))
    names = [case["name"] for case in cases]
    yield "has cases, each with its own name", 0 < len(names) == len(set(names)), "empty, or a name twice"
    for case in cases:
        try:
            for name, holds, why in CHECKS[path.stem](case):
                yield f"{case['name']}: {name}", holds, why
        except Exception as error:  # whatever stops one vector must not hide the others
            yield case["name"], False, f"{type(error).__name__}: {error}"
    if path.stem == "stream":
        equal = [case for case in cases if case["name"].startswith("equal")]
        for member in ("part_key", "sealed"):
            yield f"equal plaintext: {member} never repeats", len({c[member] for c in equal}) == len(equal), "it does"


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "vectors"
    count = {True: 0, False: 0}
    for path in sorted(folder / f"{stem}.json" for folder in root.glob("*/") for stem in CHECKS):
        try:
            for name, holds, why in check_file(path):
                count[holds] += 1
                name = f"{path.parent.name}/{path.stem}: {name}"
                print(f"ok {name}" if holds else f"FAILED {name}: {why}")
        except (OSError, ValueError, LookupError, TypeError) as error:
            count[False] += 1
            print(f"FAILED {path.parent.name}/{path.stem}: {type(error).__name__}: {error}")
    print(f"{count[True]} passed, {count[False]} failed")
    return 0 if count[True] and not count[False] else 1


if __name__ == "__main__":
    sys.exit(main())
