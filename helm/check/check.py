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
    "edges and secrets apart": {
        "apart": {
            "enabled": True,
            "databaseSecret": "database",
            "certificateSecret": "between",
            "edge": {"replicas": 3},
            "secrets": {"replicas": 2},
        },
        "networkPolicy": {"egress": [{"ports": [{"port": 5432}]}]},
        "nodeSelector": {"kubernetes.io/os": "linux"},
    },
}
APART = VALUES["edges and secrets apart"]
# Values that must not get as far as a cluster.
REFUSED = {
    "a misspelt key": {"servcie": {"port": 443}},
    "a second replica": {"replicas": 2},
    "a moving tag": {"image": {"repository": "waxseald", "tag": "latest"}},
    "a size without a unit": {"storage": {"size": "5"}},
    "listeners, which the chart sets": {"config": {"listeners": {"tls": ""}}},
    "a number that is not whole": {"config": {"limits": {"connections": 0.5}}},
    "a store that does not outlive its pod": {"config": {"server": {"ephemeral": True}}},
    "parts, which the chart sets": {"config": {"server": {"only": "edge"}}},
    "pods apart without a database": {"apart": {"enabled": True, "certificateSecret": "between"}},
    "pods apart without certificates": {"apart": {"enabled": True, "databaseSecret": "database"}},
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


def pods(manifests):
    """The pods of every workload, by its name."""
    workloads = {name: entry for (kind, name), entry in manifests.items() if kind in ("StatefulSet", "Deployment")}
    return {name: entry["spec"]["template"]["spec"] for name, entry in workloads.items()}


def pod(manifests):
    (only,) = pods(manifests).values()
    return only


def settings(pod):
    (container,) = pod["containers"]
    values = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert len(values) == len(container["env"]), "a variable is set twice"
    return values


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
    for spec in (spec for values in VALUES.values() for spec in pods(render(values)[0]).values()):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] != 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert spec["automountServiceAccountToken"] is False
        kinds = {"name", "emptyDir", "secret", "persistentVolumeClaim"}
        assert all(kinds >= volume.keys() for volume in spec["volumes"])
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}


def probes_the_management_port():
    for spec in (spec for values in VALUES.values() for spec in pods(render(values)[0]).values()):
        probes_its_management_port(spec["containers"][0])


def probes_its_management_port(container):
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
    found = settings(pod(render(values)[0]))
    assert found["WAXSEAL_SECRETS__MAX_LIFETIME_S"] == "31536000"
    assert found["WAXSEAL_SERVER__DRAIN_S"] == "60"
    assert found["WAXSEAL_LOG__FILTER"] == "debug"


def edges_ask_every_secrets_pod_by_its_name():
    manifests, _ = render(APART)
    edge, secrets = (settings(pods(manifests)[f"demo-waxseal-{part}"]) for part in ("edge", "secrets"))
    assert (edge["WAXSEAL_SERVER__ONLY"], secrets["WAXSEAL_SERVER__ONLY"]) == ("edge", "secrets,accounts,worker")
    name = "demo-waxseal-secrets"
    endpoints = [f"https://{name}-{number}.{name}.default.svc:8090" for number in range(2)]
    for upstream in ("SECRETS", "ACCOUNTS"):
        assert edge[f"WAXSEAL_UPSTREAM__{upstream}"].split(",") == endpoints
    assert manifests["StatefulSet", name]["spec"]["serviceName"] == name
    assert manifests["Service", name]["spec"]["clusterIP"] == "None"


def edges_have_the_keys_of_edges_alone():
    manifests, _ = render(APART)
    claims = {
        name: [volume["persistentVolumeClaim"]["claimName"] for volume in spec["volumes"] if "persistentVolumeClaim" in volume]
        for name, spec in pods(manifests).items()
    }
    edges, every = "demo-waxseal-edge-keys", "demo-waxseal-keys"
    assert claims == {"demo-waxseal-edge": [edges], "demo-waxseal-secrets": [every, edges]}
    for claim in (edges, every):
        assert manifests["PersistentVolumeClaim", claim]["spec"]["accessModes"] == ["ReadWriteMany"]
    for spec in pods(manifests).values():
        (mount,) = (mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == "edges")
        assert mount["mountPath"] == "/var/lib/waxseal/edges"


def admits_edges_alone_to_secrets_pods():
    policy = render(APART)[0]["NetworkPolicy", "demo-waxseal-secrets"]["spec"]
    (rule,) = policy["ingress"]
    assert [port["port"] for port in rule["ports"]] == ["services"]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "edge"


def one_selector_never_takes_the_pods_of_another():
    manifests, _ = render(APART)
    for (kind, name), entry in manifests.items():
        selector = entry["spec"].get("selector") if kind == "Service" else None
        if selector and not name.endswith("-headless"):
            assert "app.kubernetes.io/component" in selector, name


def names_fit_dns():
    name = "r" * 53  # the longest that Helm takes
    for values in VALUES.values():
        for (_, rendered), _ in render(values, name=name)[0].items():
            assert len(rendered) <= 63, rendered


def notes_name_the_objects_they_speak_of():
    manifests, notes = render({}, name="prod")
    assert ("StatefulSet", "prod-waxseal") in manifests
    assert "statefulset/prod-waxseal" in notes and "data-prod-waxseal-0" in notes
    manifests, notes = render(APART, name="prod")
    for kind, name in [("Deployment", "prod-waxseal-edge"), ("StatefulSet", "prod-waxseal-secrets")]:
        assert (kind, name) in manifests and f"{kind.lower()}/{name}" in notes
    assert ("PersistentVolumeClaim", "prod-waxseal-keys") in manifests and "prod-waxseal-keys" in notes


CHECKS = {
    "the chart lints clean": lints_clean,
    **{f"the chart renders and validates for Kubernetes {v}": lambda v=v: validates_for(v) for v in KUBERNETES},
    **{f"the schema refuses {what}": lambda values=values: refuses(values) for what, values in REFUSED.items()},
    "the pod keeps the restricted pod security standard": keeps_the_restricted_pod_security_standard,
    "the probes ask the management port": probes_the_management_port,
    "the pod may stay until the server has drained": waits_until_the_server_has_drained,
    "the network policy admits nobody else to the management port": admits_nobody_else_to_the_management_port,
    "settings reach the server as it reads them": settings_reach_the_server_as_it_reads_them,
    "edges ask every secrets pod by its name": edges_ask_every_secrets_pod_by_its_name,
    "edges have the keys of edges alone, and secrets pods share all": edges_have_the_keys_of_edges_alone,
    "the network policy admits edges alone to secrets pods": admits_edges_alone_to_secrets_pods,
    "a service never takes the pods of another part": one_selector_never_takes_the_pods_of_another,
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
