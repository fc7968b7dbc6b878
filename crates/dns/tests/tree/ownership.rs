//! What proves a name, and what does not.

use wax_dns::{Code, Lock, Method, Proof, Verdict, hold_record, seen};
use wax_dns_tree::{Fault, Signing};
use wax_kernel::TenantId;
use wax_model::domain::{Pointing, ownership::Seen};

use crate::world::{EDGE_V4, EDGE_V6, TARGET, World, codes, edit, edits, finding};

const HOST: &str = "secrets.example.com";

#[tokio::test(start_paused = true)]
async fn a_cname_to_the_claims_target_proves_and_routes() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    let report = world.report().await;
    assert_eq!(report.proof, Proof::Proven { by: Method::Cname });
    assert_eq!((report.pointing, report.verdict), (Pointing::Pointing, Verdict::Ready));
    assert_eq!(report.evidence.servers.len(), 3);
    assert_eq!(report.clears_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_txt_record_proves_before_anything_points_here() {
    let world = World::new(HOST);
    world.tree.add(&format!("_waxseal-challenge.{HOST} TXT {}", world.token()));
    let report = world.report().await;
    assert_eq!(report.proof, Proof::Proven { by: Method::Txt });
    assert_eq!((report.pointing, report.verdict), (Pointing::Nxdomain, Verdict::Act));
    assert_eq!(edits(finding(&report, Code::NoRecord)), [format!("add CNAME secrets {TARGET}")]);
}

#[tokio::test(start_paused = true)]
async fn without_a_record_the_report_gives_both_ways_to_prove() {
    let world = World::new(HOST);
    let report = world.report().await;
    assert_eq!((&report.proof, &report.lock), (&Proof::Missing, &Lock::Open));
    let txt = format!("add TXT _waxseal-challenge.secrets {}", world.token());
    assert_eq!(edits(finding(&report, Code::ProofMissing)), [txt]);
    assert_eq!(edits(finding(&report, Code::NoRecord)), [format!("add CNAME secrets {TARGET}")]);
}

#[tokio::test(start_paused = true)]
async fn addresses_prove_nothing() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} A {EDGE_V4}"));
    world.tree.add(&format!("{HOST} AAAA {EDGE_V6}"));
    let report = world.report().await;
    assert_eq!((report.proof, report.pointing), (Proof::Missing, Pointing::Pointing));
}

#[tokio::test(start_paused = true)]
async fn another_tenants_target_proves_and_routes_nothing() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME zzz.edge.example.net"));
    let report = world.report().await;
    assert_eq!((report.proof, report.pointing), (Proof::Missing, Pointing::Elsewhere));
    let edits = edits(finding(&report, Code::OtherTarget));
    assert_eq!(edits, [format!("change CNAME secrets {TARGET}")]);
}

#[tokio::test(start_paused = true)]
async fn only_the_hosts_own_first_hop_proves() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME via.example.net"));
    world.tree.add(&format!("via.example.net CNAME {TARGET}"));
    let report = world.report().await;
    assert_eq!((report.proof, report.pointing), (Proof::Missing, Pointing::Pointing));
    assert!(codes(&report).contains(&Code::PointsHereByChain));
}

#[tokio::test(start_paused = true)]
async fn a_wildcard_text_is_no_proof() {
    let world = World::new(HOST);
    world.tree.add(&format!("*.example.com TXT {}", world.token()));
    let report = world.report().await;
    assert_eq!(report.proof, Proof::Wildcard);
    assert_eq!(finding(&report, Code::ProofWildcard).changes.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_text_behind_an_alias_is_no_proof() {
    let world = World::new(HOST);
    world.tree.add(&format!("_waxseal-challenge.{HOST} CNAME texts.example.net"));
    world.tree.add(&format!("texts.example.net TXT {}", world.token()));
    let report = world.report().await;
    assert_eq!(report.proof, Proof::PointsAway);
    assert_eq!(finding(&report, Code::ProofPointsAway).changes.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_points_to_the_claims_target_proves_and_is_never_fresh() {
    let world = World::new(HOST);
    world.tree.add(&format!("_waxseal-challenge.{HOST} CNAME {TARGET}"));
    let report = world.report().await;
    assert_eq!(report.proof, Proof::Proven { by: Method::Delegation });
    assert_eq!(report.pointing, Pointing::Nxdomain);
    assert!(codes(&report).contains(&Code::ProvenCname));
    assert_eq!(seen(&report.proof, report.pointing, true), Seen::Proof { fresh: false });
    let wildcard = World::new("*.example.com");
    wildcard.tree.add(&format!("_waxseal-challenge.example.com CNAME {TARGET}"));
    assert_eq!(wildcard.report().await.proof, Proof::Proven { by: Method::Delegation });
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_points_elsewhere_in_our_zone_or_by_a_wildcard_is_no_proof() {
    let world = World::new(HOST);
    world.tree.add(&format!("_waxseal-challenge.{HOST} CNAME zzz.edge.example.net"));
    assert_eq!(world.report().await.proof, Proof::PointsAway);
    let world = World::new(HOST);
    world.tree.add(&format!("*.{HOST} CNAME {TARGET}"));
    assert_eq!(world.report().await.proof, Proof::Missing);
}

#[tokio::test(start_paused = true)]
async fn another_token_is_replaced_not_added_to() {
    let world = World::new(HOST);
    world.tree.add(&format!("_waxseal-challenge.{HOST} TXT waxseal-domain=somebodyelses"));
    let report = world.report().await;
    assert_eq!(report.proof, Proof::OtherToken);
    let edits = edits(finding(&report, Code::ProofOtherToken));
    assert_eq!(edits, [format!("change TXT _waxseal-challenge.secrets {}", world.token())]);
}

#[tokio::test(start_paused = true)]
async fn every_server_that_answers_has_to_show_the_proof() {
    let world = World::new(HOST);
    world.tree.add_at("ns1.example.com", &format!("{HOST} CNAME {TARGET}"));
    let report = world.report().await;
    let partial = Proof::Partial { by: Method::Cname, showing: 1, heard: 3 };
    assert_eq!((report.proof, report.pointing), (partial, Pointing::Partial));
    assert_eq!(report.verdict, Verdict::Wait);
    assert!(codes(&report).contains(&Code::ServersDiffer));
}

#[tokio::test(start_paused = true)]
async fn half_by_txt_and_half_by_cname_is_no_proof() {
    let world = World::new(HOST);
    world.tree.add_at("ns1.example.com", &format!("{HOST} CNAME {TARGET}"));
    for server in ["ns2.example.com", "ns1.example.net"] {
        let line = format!("_waxseal-challenge.{HOST} TXT {}", world.token());
        world.tree.add_at(server, &line);
    }
    assert!(matches!(world.report().await.proof, Proof::Partial { .. }));
}

#[tokio::test(start_paused = true)]
async fn more_than_half_of_the_servers_have_to_answer() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    world.tree.fault("ns1.example.com", Fault::Silent);
    let report = world.report().await;
    assert_eq!(report.proof, Proof::Proven { by: Method::Cname });
    assert!(codes(&report).contains(&Code::ServerFails));
    world.tree.fault("ns2.example.com", Fault::ServFail);
    let report = world.report().await;
    assert_eq!((report.proof, report.pointing), (Proof::Unknown, Pointing::Unreachable));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrongly_signed_proves_nothing() {
    let world = World::new(HOST);
    for zone in ["com", "example.com"] {
        world.tree.sign(zone, Signing::Good);
    }
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    assert_eq!(world.report().await.proof, Proof::Proven { by: Method::Cname });
    world.tree.sign("example.com", Signing::Wrong);
    let report = world.report().await;
    assert_eq!((report.proof, report.pointing), (Proof::Unknown, Pointing::Bogus));
}

#[tokio::test(start_paused = true)]
async fn the_owner_lock_admits_those_it_names() {
    let world = World::new(HOST);
    let (ours, other) = (world.expected.claim.tenant, TenantId::from_bytes([8; 16]));
    let lock = hold_record(&[other]);
    world.tree.add(&format!("_waxseal-hold.example.com TXT {lock}"));
    let report = world.report().await;
    assert_eq!(report.lock, Lock::To { tenants: vec![other] });
    assert!(report.lock.admits(other) && !report.lock.admits(ours));
    let found = finding(&report, Code::LockRefuses);
    assert_eq!(edits(found), [format!("change TXT _waxseal-hold {}", hold_record(&[other, ours]))]);
    assert_eq!(found.changes[0].from, Some(lock));
    world.tree.remove("_waxseal-hold.example.com", "TXT");
    let line = format!("_waxseal-hold.example.com TXT {}", hold_record(&[other, ours]));
    world.tree.add(&line);
    let report = world.report().await;
    assert!(report.lock.admits(ours) && codes(&report).contains(&Code::LockAdmits));
}

#[tokio::test(start_paused = true)]
async fn one_server_with_the_owner_lock_is_enough_and_no_answer_is_no_permission() {
    let world = World::new(HOST);
    let others = hold_record(&[TenantId::from_bytes([8; 16])]);
    world.tree.add_at("ns2.example.com", &format!("_waxseal-hold.example.com TXT {others}"));
    let ours = world.expected.claim.tenant;
    assert!(!world.report().await.lock.admits(ours));
    for server in ["ns1.example.com", "ns2.example.com", "ns1.example.net"] {
        world.tree.fault_at(server, "_waxseal-hold.example.com", "TXT", Fault::ServFail);
    }
    let lock = world.report().await.lock;
    assert_eq!((&lock, lock.admits(ours)), (&Lock::Unknown, false));
}

#[tokio::test(start_paused = true)]
async fn the_owner_lock_of_a_delegated_zone_is_its_parents() {
    let world = World::new("vault.secrets.example.com");
    world.tree.zone("secrets.example.com", &["ns1.example.net", "ns2.example.net"]);
    let others = hold_record(&[TenantId::from_bytes([8; 16])]);
    world.tree.add(&format!("_waxseal-hold.example.com TXT {others}"));
    let report = world.report().await;
    assert_eq!(report.evidence.zone.as_ref().unwrap().apex.to_string(), "secrets.example.com");
    assert!(codes(&report).contains(&Code::LockRefuses));
}

#[tokio::test(start_paused = true)]
async fn a_wildcard_host_is_proven_by_a_text_at_its_base_alone() {
    let world = World::new("*.example.com");
    let report = world.report().await;
    let wanted: Vec<String> = report.records.iter().map(edit).collect();
    let txt = format!("add TXT _waxseal-challenge {}", world.token());
    assert_eq!(wanted, [txt, format!("add CNAME * {TARGET}")]);
    world.tree.add(&format!("*.example.com CNAME {TARGET}"));
    let report = world.report().await;
    assert_eq!((report.proof, report.pointing), (Proof::Missing, Pointing::Pointing));
    world.tree.add(&format!("_waxseal-challenge.example.com TXT {}", world.token()));
    assert_eq!(world.report().await.proof, Proof::Proven { by: Method::Txt });
}

#[tokio::test(start_paused = true)]
async fn a_check_says_to_the_rules_of_ownership_what_the_servers_said() {
    let world = World::new(HOST);
    let says = async |fresh| {
        let report = world.report().await;
        seen(&report.proof, report.pointing, fresh)
    };
    assert_eq!(says(false).await, Seen::Elsewhere);
    world.tree.fault("ns1.example.com", Fault::Silent);
    assert_eq!(says(false).await, Seen::Unclear);
    world.tree.mend("ns1.example.com");
    world.tree.add(&format!("{HOST} A {EDGE_V4}"));
    assert_eq!(says(true).await, Seen::Here);
    world.tree.add(&format!("_waxseal-challenge.{HOST} TXT {}", world.token()));
    assert_eq!(says(true).await, Seen::Proof { fresh: true });
    assert_eq!(says(false).await, Seen::Proof { fresh: false });
}
