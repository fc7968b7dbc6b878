"""The seal (docs/protocol.md §1 to §5, §7), as open_vectors.py checks it. Section numbers (§) are the document's."""

import base64
import hashlib
import re
import unicodedata

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
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


# --- What a check says: its name, whether it holds, why not
def same(name: str, ours, theirs):
    return name, ours == theirs, "not the vector's value"
