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
import json
import sys
from pathlib import Path

import channel
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from seal import (
    Refused, b64u, open_stream, open_text, padded_size, part_key, same, seal_stream, seal_text, sha256, signed_request,
    thumbprint, unb64u, verifies,
)


# --- The checks: each generator gives (name, whether it holds, why not) per vector
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


CHECKS = channel.CHECKS | dict(
    seal=check_seal, stream=check_stream, refuse=check_refuse, padme=check_padme, device=check_device,
)


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
    paths = sorted(root.glob("*/*.json"))
    missing = CHECKS.keys() - {path.stem for path in paths}
    if missing:
        print(f"FAILED nobody wrote vectors of: {', '.join(sorted(missing))}")
        count[False] += 1
    for path in paths:
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
