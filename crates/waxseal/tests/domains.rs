//! `waxseal domains`, against a platform that answers as a script says.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod run;
mod scripted;

use serde_json::{Value, json};
use wax_kernel::DomainId;

use run::Run;
use scripted::{Scripted, problem};

const HOST: &str = "secrets.example.com";

fn id() -> String {
    DomainId::from_bytes([1; 16]).to_string()
}

/// A domain at its beginning, with what is different.
fn domain(different: &Value) -> Value {
    let mut domain = json!({
        "id": id(), "host": HOST, "unicode": HOST, "created_at_ms": 1, "transport": "acme", "ownership": "pending",
        "ownership_since_ms": 1, "pointing": "unknown", "certificate": "none", "gate": "open", "younger": {"than": "this"},
        "records": [
            {"purpose": "point", "type": "CNAME", "name": HOST, "relative": "secrets", "value": "k3q.edge.example"},
            {"purpose": "prove", "type": "TXT", "name": format!("_waxseal-challenge.{HOST}"), "relative": "_waxseal-challenge.secrets",
             "value": "waxseal-domain=abc"}
        ],
        "edges": {"applied": 3, "alive": 3}, "live_secrets": 2,
        "settings": {"home": "create", "creators": "everyone", "defaults": {"views": 2}, "limits": {"max_views": 5, "passphrase_required": false}}
    });
    for (key, value) in different.as_object().unwrap() {
        domain[key] = value.clone();
    }
    domain
}

fn ready() -> Value {
    domain(
        &json!({"ownership": "verified", "pointing": "pointing", "certificate": "active", "service": "full"}),
    )
}

fn elsewhere() -> Value {
    let change = json!({"do": "change", "type": "CNAME", "name": HOST, "relative": "secrets", "from": "old.example.net", "to": "k3q.edge.example"});
    domain(&json!({"pointing": "elsewhere", "report": {
        "verdict": "act", "actor": "tenant", "code": "points-elsewhere", "records": [change], "checked_at_ms": 1,
        "caches_clear_at_ms": 1_795_000_000_000_i64,
        "servers": [{"name": "ns1.example.net", "address": "192.0.2.1", "answer": "cname", "value": "old.example.net", "ttl_s": 300},
                    {"name": "ns2.example.net", "address": null, "answer": "failed", "value": "timeout", "ttl_s": null}],
        "findings": [{"code": "points-elsewhere", "check": "pointing", "severity": "wrong", "actor": "tenant", "params": {"found": "old.example.net"}},
                     {"code": "younger", "check": "zone", "severity": "note", "actor": "us"}]
    }}))
}

/// A platform that has one domain.
fn with(domain: &Value) -> Scripted {
    let platform = Scripted::start();
    platform.answer("GET /domains", [(200, json!({"items": [domain], "next": null}))]);
    platform.answer(&format!("GET /domains/{}", id()), [(200, domain.clone())]);
    platform
}

fn json_of(run: &Run) -> Vec<Value> {
    run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_host_that_is_added_comes_with_its_records_as_a_zone_file_has_them() {
    let platform = Scripted::start();
    platform.answer("POST /domains", [problem(503, "unavailable"), (201, domain(&json!({})))]);
    let run = platform.run(&["domains", "add", "Secrets.Example.com"]).with_code(0);
    let records: Vec<_> = run.text().lines().filter(|line| line.contains(" IN ")).collect();
    assert_eq!(
        records,
        [
            "secrets.example.com. 300 IN CNAME k3q.edge.example.",
            "_waxseal-challenge.secrets.example.com. 300 IN TXT \"waxseal-domain=abc\"",
        ]
    );
    let asked = platform.asked("POST /domains");
    assert_eq!(asked.last().unwrap().1, json!({"host": "Secrets.Example.com"}));
}

#[test]
fn what_cannot_be_added_is_refused_in_the_servers_words() {
    let platform = Scripted::start();
    platform.answer("POST /domains", [problem(422, "invalid")]);
    let run = platform.run(&["domains", "add", "co.jp"]).with_code(7);
    assert!(run.stderr.contains("T: D") && run.stdout.is_empty(), "{}", run.stderr);
}

#[test]
fn records_are_lines_of_a_zone_file_and_nothing_else() {
    let platform = with(&domain(&json!({})));
    let run = platform.run(&["domains", "records", HOST]).with_code(0);
    let is_zone = |line: &str| line.starts_with("; ") || line.contains(". 300 IN ");
    assert_eq!(run.text().lines().count(), 4);
    assert!(run.text().lines().all(is_zone), "{}", run.text());
    let printed = json_of(&platform.run(&["domains", "records", HOST, "--json"]).with_code(0));
    assert_eq!(json!(printed), domain(&json!({}))["records"]);
}

#[test]
fn status_ends_with_0_only_when_links_work_and_nothing_is_in_the_way() {
    for (domain, code) in [
        (domain(&json!({})), 1),
        (elsewhere(), 1),
        (domain(&json!({"service": "held", "ownership": "held"})), 1),
        (ready(), 0),
    ] {
        with(&domain).run(&["domains", "status", HOST]).with_code(code);
    }
}

#[test]
fn status_says_what_was_found_what_to_do_and_what_each_server_said() {
    let platform = with(&elsewhere());
    let run = platform.run(&["domains", "status", HOST]).with_code(1);
    for said in [
        "leads elsewhere: old.example.net",
        "which now says old.example.net",
        "secrets.example.com. 300 IN CNAME k3q.edge.example.",
        "ns1.example.net  old.example.net",
        "ns2.example.net  no answer in time",
        "younger",
        "whoever manages",
    ] {
        assert!(run.text().contains(said), "{said}: {}", run.text());
    }
    let run = platform.run(&["--lang", "ja", "domains", "status", HOST]).with_code(1);
    assert!(run.text().contains("対応が必要な方"), "{}", run.text());
    assert!(!run.text().contains("dns.") && !run.text().contains("domains."), "{}", run.text());
}

#[test]
fn json_is_the_apis_own_answer_whatever_this_version_knows_of_it() {
    let platform = with(&elsewhere());
    let listed = json_of(&platform.run(&["domains", "list", "--json"]).with_code(0));
    assert_eq!(listed, [elsewhere()]);
    let shown = json_of(&platform.run(&["domains", "status", &id(), "--json"]).with_code(1));
    assert_eq!(shown, [elsewhere()]);
}

#[test]
fn check_looks_now_and_a_look_of_a_moment_ago_is_as_good() {
    let platform = with(&ready());
    let check = format!("POST /domains/{}/check", id());
    platform.answer(&check, [(200, elsewhere())]);
    platform.run(&["domains", "check", HOST]).with_code(1);
    platform.answer(&check, [problem(429, "held-back")]);
    platform.run(&["domains", "check", HOST]).with_code(0);
    platform.answer(&check, [problem(403, "forbidden")]);
    platform.run(&["domains", "check", HOST]).with_code(9);
}

#[test]
fn check_that_waits_asks_until_the_domain_is_ready_or_time_is_over() {
    let platform = with(&domain(&json!({})));
    let check = format!("POST /domains/{}/check", id());
    platform.answer(&check, [problem(429, "held-back"), problem(429, "held-back"), (200, ready())]);
    let run = platform.run(&["domains", "check", HOST, "--wait", "--json"]).with_code(0);
    assert_eq!(json_of(&run), [ready()]);
    assert_eq!(platform.asked("/check").len(), 3);

    platform.answer(&check, [(200, domain(&json!({})))]);
    let run = platform.run(&["domains", "check", HOST, "--wait=0s"]).with_code(1);
    assert!(run.stderr.contains("not ready yet"), "{}", run.stderr);
    platform.run(&["domains", "check", HOST, "--wait=soon"]).with_code(2);
}

#[test]
fn set_changes_what_was_typed_and_leaves_the_rest_as_it_was() {
    let platform = with(&ready());
    let request = format!("PATCH /domains/{}/settings", id());
    platform.answer(&request, [(200, ready())]);
    for (typed, body) in [
        (&["--home", "closed"][..], json!({"home": "closed"})),
        (
            &["--max-lifetime", "30d", "--passphrase", "required"][..],
            json!({"limits": {"max_views": 5, "max_lifetime_s": 2_592_000, "passphrase_required": true}}),
        ),
        (
            &["--max-views", "none", "--views", "1", "--kinds", "one_time"][..],
            json!({"limits": {"kinds": ["one_time"], "passphrase_required": false}, "defaults": {"views": 1}}),
        ),
    ] {
        platform.run(&[&["domains", "set", HOST][..], typed].concat()).with_code(0);
        assert_eq!(platform.asked("/settings").last().unwrap().1, body, "{typed:?}");
    }
    platform.run(&["domains", "set", HOST, "--max-views", "many"]).with_code(2);
    assert_eq!(platform.asked("/settings").len(), 3);
}

#[test]
fn the_history_is_told_to_its_end() {
    let platform = with(&ready());
    let event = json!({"id": "evt_1", "at_ms": 1, "axis": "ownership", "from": "pending", "to": "verified", "code": "proven-cname", "evidence": {"queries": 9}});
    let pages = [json!({"items": [event], "next": "c"}), json!({"items": [event], "next": null})];
    platform.answer(&format!("GET /domains/{}/history", id()), pages.map(|page| (200, page)));
    let told = json_of(&platform.run(&["domains", "history", HOST, "--json"]).with_code(0));
    assert_eq!(told, [event.clone(), event]);
    let run = platform.run(&["domains", "history", HOST]).with_code(0);
    assert!(run.text().contains("Not proved yet → Proved  (proven-cname)"), "{}", run.text());
}

#[test]
fn a_domain_is_removed_by_its_name_once_more_and_a_lost_answer_is_no_failure() {
    let platform = with(&ready());
    let gone = [problem(503, "unavailable"), problem(404, "not-available")];
    platform.answer(&format!("DELETE /domains/{}", id()), gone);
    platform.run(&["domains", "remove", HOST, "--yes"]).with_code(0);
    assert_eq!(platform.asked("DELETE").last().unwrap().1, json!({"host": HOST}));
    platform.run(&["domains", "remove", "other.example.com", "--yes"]).with_code(3);
    platform.answer(&format!("DELETE /domains/{}", id()), [problem(403, "step-up")]);
    platform.run(&["domains", "remove", HOST, "--yes"]).with_code(9);
}
