"""Holds the chart against Helm's own engine and the API of the Kubernetes versions in use.

Prints one line of JSON for each check: {"suite": "helm", "name": …, "ok": …}. What is wrong goes to standard error.
"""

import json
import sys
from pathlib import Path

import helm_python as helm
import kubernetes_validate
import yaml

CHART = Path(__file__).parent.parent / "waxseal"
# The versions that the Kubernetes project still mends, and the next.
KUBERNETES = ["1.34", "1.35", "1.36", "1.37"]
# Values as somebody might set them: nothing at all, and everything at once.
VALUES = {
    "nothing set": {},
    "everything set": {
        "image": {"repository": "registry.example.com/waxseald", "tag": "1.2.3", "pullSecrets": ["registry"]},
        "config": {"server": {"drain_s": 60}, "limits": {"connections": 20000}, "log": {"filter": "debug"}},
        "service": {"type": "LoadBalancer", "port": 8443, "annotations": {"example.com/size": "small"}},
        "storage": {"size": "20Gi", "className": "fast"},
        "networkPolicy": {
            "from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
            "managementFrom": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}],
            "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}],
        },
        "podAnnotations": {"example.com/owner": "security"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
    },
}
# Values that must not get as far as a cluster.
REFUSED = {
    "a misspelt key": {"servcie": {"port": 443}},
    "a second replica": {"replicas": 2},
    "a moving tag": {"image": {"repository": "waxseald", "tag": "latest"}},
    "a size without a unit": {"storage": {"size": "5"}},
    "listeners, which the chart sets": {"config": {"listeners": {"tls": ""}}},
    "a number that is not whole": {"config": {"limits": {"connections": 0.5}}},
    "a store that does not outlive its pod": {"config": {"server": {"ephemeral": True}}},
}


def render(values, name="demo"):
    """The manifests as a mapping from kind and name to object, and the notes."""
    with helm.Chart.load(CHART) as chart:
        chart.validate_schema(values)
        files = chart.render(values, name=name, namespace="default")
    texts = [text for path, text in files.items() if path.endswith(".yaml")]
    objects = [entry for text in texts for entry in yaml.safe_load_all(text) if entry]
    notes = next(text for path, text in files.items() if path.endswith("NOTES.txt"))
    return {(entry["kind"], entry["metadata"]["name"]): entry for entry in objects}, notes


def pod(manifests):
    stateful_set = next(entry for (kind, _), entry in manifests.items() if kind == "StatefulSet")
    return stateful_set["spec"]["template"]["spec"]


def lints_clean():
    for values in VALUES.values():
        report = helm.lint(CHART, values, strict=True)
        # 1 is advice, such as to add an icon.
        findings = [message for message in report["messages"] if message["severity"] > 1]
        assert not findings and not report["errors"], findings or report["errors"]


def validates_for(version):
    for values in VALUES.values():
        for manifest in render(values)[0].values():
            kubernetes_validate.validate(manifest, version, strict=True)


def refuses(values):
    try:
        render(values)
    except helm.HelmValuesError:
        return
    raise AssertionError("it was accepted")


def keeps_the_restricted_pod_security_standard():
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, beyond it a read-only root."""
    for values in VALUES.values():
        spec = pod(render(values)[0])
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] != 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert spec["automountServiceAccountToken"] is False
        assert all({"name", "emptyDir"} >= volume.keys() for volume in spec["volumes"])
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}


def probes_the_management_port():
    container = pod(render({})[0])["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    paths = {"livenessProbe": "/healthz", "readinessProbe": "/readyz", "startupProbe": "/healthz"}
    assert ports["management"] == 9090
    for probe, path in paths.items():
        assert container[probe]["httpGet"] == {"path": path, "port": "management"}


def waits_until_the_server_has_drained():
    spec = pod(render({"config": {"server": {"drain_s": 60}}})[0])
    before = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] > 60 + before


def admits_nobody_else_to_the_management_port():
    policies = [entry for (kind, _), entry in render({})[0].items() if kind == "NetworkPolicy"]
    (policy,) = policies
    ports = [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]
    assert ports == ["https"]
    assert policy["spec"]["egress"] == []
    assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}


def settings_reach_the_server_as_it_reads_them():
    values = {"config": {"secrets": {"max_lifetime_s": 31536000}, "server": {"drain_s": 60}, "log": {"filter": "debug"}}}
    container = pod(render(values)[0])["containers"][0]
    settings = {variable["name"]: variable["value"] for variable in container["env"]}
    assert settings["WAXSEAL_SECRETS__MAX_LIFETIME_S"] == "31536000"
    assert settings["WAXSEAL_SERVER__DRAIN_S"] == "60"
    assert settings["WAXSEAL_LOG__FILTER"] == "debug"
    assert len(settings) == len(container["env"])


def names_fit_dns():
    name = "r" * 53  # the longest that Helm takes
    for (_, rendered), _ in render({}, name=name)[0].items():
        assert len(rendered) <= 63, rendered


def notes_name_the_objects_they_speak_of():
    manifests, notes = render({}, name="prod")
    assert ("StatefulSet", "prod-waxseal") in manifests
    assert "statefulset/prod-waxseal" in notes and "data-prod-waxseal-0" in notes


CHECKS = {
    "the chart lints clean": lints_clean,
    **{f"the chart renders and validates for Kubernetes {v}": lambda v=v: validates_for(v) for v in KUBERNETES},
    **{f"the schema refuses {what}": lambda values=values: refuses(values) for what, values in REFUSED.items()},
    "the pod keeps the restricted pod security standard": keeps_the_restricted_pod_security_standard,
    "the probes ask the management port": probes_the_management_port,
    "the pod may stay until the server has drained": waits_until_the_server_has_drained,
    "the network policy admits nobody else to the management port": admits_nobody_else_to_the_management_port,
    "settings reach the server as it reads them": settings_reach_the_server_as_it_reads_them,
    "names fit DNS whatever the release is called": names_fit_dns,
    "the notes name the objects they speak of": notes_name_the_objects_they_speak_of,
}


def main():
    for name, check in CHECKS.items():
        try:
            check()
            ok = True
        except Exception as error:  # whatever it is, it belongs to this check
            print(f"helm: {name}: {type(error).__name__}: {error}", file=sys.stderr)
            ok = False
        print(json.dumps({"suite": "helm", "name": name, "ok": ok}))


if __name__ == "__main__":
    main()
