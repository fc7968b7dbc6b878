//! Where a name leads, and what to change.

use wax_dns::{Code, Report, Verdict};
use wax_dns_tree::{Fault, Tree};
use wax_i18n::Lang;
use wax_kernel::Timestamp;
use wax_model::domain::Pointing;

use crate::world::{EDGE_V4, EDGE_V6, NOW_MS, TARGET, World, codes, edits, finding};

const HOST: &str = "secrets.example.com";

/// A world in which these records were added, and what the report says about where the host leads.
async fn check(host: &str, records: &[&str]) -> (Pointing, Code, Vec<String>) {
    let world = World::new(host);
    for line in records {
        world.tree.add(line);
    }
    let report = world.report().await;
    let about = report.findings.iter().find(|one| one.check == wax_dns::Check::Pointing).unwrap();
    (report.pointing, about.code, edits(about))
}

#[tokio::test(start_paused = true)]
async fn what_leads_elsewhere_is_exchanged_record_by_record() {
    let add = format!("add CNAME secrets {TARGET}");
    let replace = format!("change CNAME secrets {TARGET}");
    for (records, pointing, code, edits) in [
        (&[][..], Pointing::Nxdomain, Code::NoRecord, vec![add.clone()]),
        (
            &["secrets.example.com A 8.8.8.8", "secrets.example.com AAAA 2a00::8"],
            Pointing::Elsewhere,
            Code::PointsElsewhere,
            vec![
                "delete A secrets 8.8.8.8".into(),
                "delete AAAA secrets 2a00::8".into(),
                add.clone(),
            ],
        ),
        (
            &["secrets.example.com A 10.0.0.8"],
            Pointing::Elsewhere,
            Code::PrivateAddress,
            vec!["delete A secrets 10.0.0.8".into(), add.clone()],
        ),
        (
            &["secrets.example.com A 104.16.3.4", "secrets.example.com AAAA 2606:4700::1"],
            Pointing::Proxied,
            Code::Proxied,
            vec![
                "delete A secrets 104.16.3.4".into(),
                "delete AAAA secrets 2606:4700::1".into(),
                add.clone(),
            ],
        ),
        (
            &["secrets.example.com CNAME other.example.net", "other.example.net A 8.8.8.8"],
            Pointing::Elsewhere,
            Code::PointsElsewhere,
            vec![replace.clone()],
        ),
        (
            &["secrets.example.com CNAME gone.example.net"],
            Pointing::Nxdomain,
            Code::ChainDangling,
            vec![replace.clone()],
        ),
        (
            &[
                "secrets.example.com CNAME loop.example.net",
                "loop.example.net CNAME secrets.example.com",
            ],
            Pointing::Nxdomain,
            Code::ChainEndless,
            vec![replace.clone()],
        ),
        (
            &["secrets.example.com TXT something else"],
            Pointing::Nxdomain,
            Code::NoRecord,
            vec![add],
        ),
    ] {
        assert_eq!(check(HOST, records).await, (pointing, code, edits), "{records:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_beside_our_addresses_is_deleted() {
    let ours = format!("example.com A {EDGE_V4}");
    for (stray, code, edit) in [
        ("example.com AAAA 2a00::8", Code::StrayV6, "delete AAAA @ 2a00::8"),
        ("example.com A 8.8.8.8", Code::ExtraAddresses, "delete A @ 8.8.8.8"),
    ] {
        let found = check("example.com", &[&ours, stray]).await;
        assert_eq!(found, (Pointing::Partial, code, vec![edit.to_owned()]), "{stray}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_top_of_a_zone_gets_addresses_instead_of_a_cname() {
    let v4 = format!("add A @ {EDGE_V4}");
    let v6 = format!("add AAAA @ {EDGE_V6}");
    let found = check("example.com", &[]).await;
    assert_eq!(found, (Pointing::Nxdomain, Code::NoRecord, vec![v4.clone(), v6.clone()]));
    let found = check("example.com", &[&format!("example.com CNAME {TARGET}")]).await;
    let delete = format!("delete CNAME @ {TARGET}");
    assert_eq!((found.1, found.2), (Code::CnameAtApex, vec![delete, v4.clone(), v6.clone()]));
    let found = check("example.com", &["example.com A 8.8.8.8"]).await;
    assert_eq!(found.2, ["delete A @ 8.8.8.8".to_owned(), v4, v6]);
}

#[tokio::test(start_paused = true)]
async fn a_platform_without_fixed_addresses_asks_for_an_alias_at_the_top() {
    let mut world = World::new("example.com");
    world.expected.edge.addresses.clear();
    let report = world.report().await;
    assert_eq!(edits(finding(&report, Code::NoRecord)), [format!("add ALIAS @ {TARGET}")]);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_registered_says_so() {
    let world = World::new("secrets.nobody.com");
    let report = world.report().await;
    assert_eq!(codes(&report), [Code::NotRegistered]);
    assert_eq!((report.pointing, report.verdict), (Pointing::Nxdomain, Verdict::Act));
    let params = &report.findings[0].params;
    assert_eq!((&*params["name"], &*params["zone"]), ("nobody.com", "com"));
}

#[tokio::test(start_paused = true)]
async fn one_server_of_the_registry_cannot_end_a_registration() {
    let registered = World::new(HOST);
    registered.tree.add(&format!("{HOST} CNAME {TARGET}"));
    registered.tree.fault("a.nic.com", Fault::NxDomain);
    for _ in 0..8 {
        let pointing = registered.report().await.pointing;
        assert!([Pointing::Pointing, Pointing::Unreachable].contains(&pointing), "{pointing:?}");
    }
    let unregistered = World::new("secrets.nobody.com");
    unregistered.tree.fault("b.nic.com", Fault::Silent);
    for _ in 0..8 {
        assert_eq!(unregistered.report().await.pointing, Pointing::Unreachable);
    }
}

#[tokio::test(start_paused = true)]
async fn zones_on_their_parents_servers_are_told_apart() {
    let world = World::new("secrets.dept.example.com");
    let servers = ["ns1.example.com", "ns2.example.com", "ns1.example.net"];
    world.tree.zone("dept.example.com", &servers);
    world.tree.add(&format!("secrets.dept.example.com CNAME {TARGET}"));
    let report = world.report().await;
    assert_eq!(report.evidence.zone.as_ref().unwrap().apex.to_string(), "dept.example.com");
    assert_eq!(report.pointing, Pointing::Pointing);
}

#[tokio::test(start_paused = true)]
async fn the_report_says_until_when_caches_keep_the_wrong_answer() {
    let world = World::new(HOST);
    let before = world.report().await;
    // The tree's negative answers hold for 600 s.
    let clears = Timestamp::from_ms(NOW_MS + 600_000);
    assert_eq!(before.clears_at, Some(clears));
    assert_eq!(finding(&before, Code::NoRecord).until, Some(clears));
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    let after = world.report_after(before.clears_at).await;
    assert_eq!(after.verdict, Verdict::Wait);
    assert_eq!(finding(&after, Code::OldAnswersKept).until, Some(clears));
    let later = world.report_after(Some(Timestamp::from_ms(NOW_MS))).await;
    assert_eq!(later.verdict, Verdict::Ready);
}

#[tokio::test(start_paused = true)]
async fn servers_that_only_one_of_zone_and_parent_lists_are_named_and_asked() {
    let world = World::new(HOST);
    world.tree.zone("hidden.net", &["ns9.hidden.net"]);
    for server in ["ns1.example.com", "ns2.example.com", "ns1.example.net"] {
        world.tree.add_at(server, "example.com NS ns9.hidden.net");
    }
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    let report = world.report().await;
    assert_eq!(finding(&report, Code::DelegationDiffers).params["servers"], "ns9.hidden.net");
    let failing = finding(&report, Code::ServerFails);
    assert_eq!(
        (&*failing.params["server"], &*failing.params["fault"]),
        ("ns9.hidden.net", "refused")
    );
}

#[tokio::test(start_paused = true)]
async fn hints_fit_the_provider_and_the_record() {
    let tree = Tree::new();
    tree.zone("com", &["a.nic.com"]);
    tree.zone("example.com", &["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]);
    let words = async |host: &str| {
        let report = World::of(tree.clone(), host).report().await;
        assert_eq!(report.provider.unwrap().id, "cloudflare");
        report.hints.iter().map(|hint| hint.text(Lang::En)).collect::<Vec<_>>()
    };
    let at_top = words("example.com").await;
    assert_eq!(at_top.len(), 3, "{at_top:?}");
    assert!(
        at_top[0].contains('@') && at_top[1].contains(TARGET) && at_top[2].contains("Cloudflare")
    );
    let below = words(HOST).await;
    assert_eq!(below.len(), 2, "{below:?}");
    assert!(below[0].contains("only secrets as"), "{below:?}");
}

#[tokio::test(start_paused = true)]
async fn evidence_can_be_kept_and_judged_again() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} A 8.8.8.8"));
    let report = world.report().await;
    let kept = serde_json::to_string(&report.evidence).unwrap();
    let again = Report::new(serde_json::from_str(&kept).unwrap(), &world.expected, None);
    assert_eq!(again, report);
}

#[tokio::test(start_paused = true)]
async fn a_report_is_the_json_of_the_contract() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME old.example.net"));
    world.tree.add("old.example.net A 8.8.8.8");
    let json = serde_json::to_value(world.report().await).unwrap();
    let part = |keys: &[&str]| {
        keys.iter()
            .map(|key| ((*key).to_owned(), json[*key].clone()))
            .collect::<serde_json::Map<_, _>>()
    };
    let wanted = serde_json::json!({
        "verdict": "act",
        "actor": "tenant",
        "code": "points-elsewhere",
        "records": [{
            "do": "change",
            "type": "CNAME",
            "name": "secrets.example.com",
            "relative": "secrets",
            "from": "old.example.net",
            "to": TARGET,
        }],
        "caches_clear_at_ms": NOW_MS + 600_000,
        "checked_at_ms": NOW_MS,
        "pointing": "elsewhere",
    });
    let keys =
        ["verdict", "actor", "code", "records", "caches_clear_at_ms", "checked_at_ms", "pointing"];
    assert_eq!(serde_json::Value::from(part(&keys)), wanted);
    let server = &json["servers"][0];
    assert_eq!(
        (&server["name"], &server["answer"], &server["value"], &server["ttl_s"]),
        (&"ns1.example.com".into(), &"cname".into(), &"old.example.net".into(), &300.into())
    );
}
