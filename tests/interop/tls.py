"""TLS as the whole world sees it: a running server, scanned by sslyze and held against Mozilla's recommendation.

Prints one result a line, as crates/xtask/src/results.rs describes. WAXSEALD and SSLYZE name the programs to run; the
latter's licence is the AGPL, so nothing here is made of it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HOST = "local.localhost"  # the first tenant of an empty store


def told(name, fault=None):
    print(json.dumps({"suite": "tls", "name": name, "ok": fault is None}))
    if fault is not None:
        print(f"{name}: {fault}", file=sys.stderr)


def serve(folder):
    """Starts a server, and returns it with the port that it serves HTTPS on."""
    settings = {
        "WAXSEAL_LISTENERS__PLAIN": "",
        "WAXSEAL_LISTENERS__TLS": "127.0.0.1:0",
        "WAXSEAL_LISTENERS__MANAGEMENT": "",
        "WAXSEAL_STORE__DATA_DIR": folder,
        "WAXSEAL_LOG__FORMAT": "json",
        # A scan is a thousand connections from one address.
        "WAXSEAL_LIMITS__CONNECTIONS_PER_NETWORK": "10000",
    }
    command = [os.environ["WAXSEALD"], "serve"]
    server = subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in server.stdout:
        at = re.search(r'"at":"127\.0\.0\.1:(\d+)"', line)
        if at and "HTTPS" in line:
            return server, int(at.group(1))
    raise SystemExit(f"the server ended with {server.wait()}")


def scan(port, authority, folder):
    """Scans the server. Returns what does not follow the recommendation, if anything, and all that was found."""
    found = Path(folder, "found.json")
    command = [os.environ["SSLYZE"], "--mozilla_config", "intermediate", "--early_data", "--resum"]
    command += ["--certinfo_ca_file", authority, "--json_out", found, f"{HOST}:{port}{{127.0.0.1}}"]
    ended = subprocess.run(command, capture_output=True, text=True)
    fault = None if ended.returncode == 0 else ended.stdout + ended.stderr
    return fault, json.loads(found.read_text())["server_scan_results"][0]["scan_result"]


def check(fault, found):
    told("sslyze finds nothing against Mozilla's intermediate profile", fault)
    early = found["tls_1_3_early_data"]["result"]["supports_early_data"]
    told("early data is not taken", "it is" if early else None)
    resumption = found["session_resumption"]["result"]
    ways = ["session_id_resumption_result", "tls_ticket_resumption_result"]
    resumed = [way for way in ways if resumption[way] != "NOT_SUPPORTED"]
    told("no session of TLS 1.2 is resumed", resumed or None)


with tempfile.TemporaryDirectory() as folder:
    server, port = serve(folder)
    try:
        check(*scan(port, Path(folder, "local-ca", "ca.pem"), folder))
    finally:
        server.terminate()
        server.wait()
