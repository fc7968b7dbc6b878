//! Anything may come over the wire, and any server may fail in any way: nothing panics, and nothing is made up.

use std::{io, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use proptest::{prelude::*, test_runner::TestRunner};
use wax_dns::{IsOurs, Lock, Proof, Wire};
use wax_dns_tree::Fault;
use wax_kernel::{Rng, SeededRng};
use wax_model::domain::Pointing;

use crate::world::{TARGET, World};

const HOST: &str = "secrets.example.com";
const SERVERS: [&str; 3] = ["ns1.example.com", "ns2.example.com", "ns1.example.net"];

/// Bends bytes of every answer behind its header and question, so that they come by as answers.
#[derive(Debug)]
struct Noisy {
    wire: Arc<dyn Wire>,
    rng: SeededRng,
    /// Of 256 answers, so many are bent.
    share: u8,
}

impl Noisy {
    fn bend(&self, mut message: Vec<u8>, query: &[u8]) -> Vec<u8> {
        let rng: &dyn Rng = &self.rng;
        let [share, many, ..] = rng.bytes::<4>();
        // The query ends in the 11 bytes of its options.
        let from = query.len() - 11;
        if share >= self.share || message.len() <= from {
            return message;
        }
        for _ in 0..=many % 8 {
            let [high, low, value] = rng.bytes::<3>();
            let at = from + usize::from(u16::from_be_bytes([high, low])) % (message.len() - from);
            message[at] = value;
        }
        // Now and then the counts of records, too, and the end.
        if many & 0x80 != 0 {
            message[6 + usize::from(many % 6)] = rng.bytes::<1>()[0];
        }
        if many & 0x40 != 0 {
            message.truncate(from + usize::from(many));
        }
        message
    }
}

#[async_trait]
impl Wire for Noisy {
    async fn datagram(
        &self,
        server: SocketAddr,
        query: &[u8],
        is_ours: &IsOurs<'_>,
    ) -> io::Result<Vec<u8>> {
        let message = self.wire.datagram(server, query, is_ours).await?;
        Ok(self.bend(message, query))
    }

    async fn stream(&self, server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
        let message = self.wire.stream(server, query).await?;
        Ok(self.bend(message, query))
    }
}

#[tokio::test(start_paused = true)]
async fn bent_answers_end_in_a_report_and_never_in_a_proof() {
    for seed in 0..400 {
        let mut world = World::new(HOST);
        for zone in [".", "com", "example.com"] {
            world.tree.sign(zone, wax_dns_tree::Signing::Good);
        }
        world.tree.add(&format!("{HOST} CNAME elsewhere.example.net"));
        world.tree.add(&format!("_waxseal-challenge.{HOST} TXT waxseal-domain=other"));
        world.tree.add("example.com CAA 0 issue \"letsencrypt.org\"");
        let share = if seed % 2 == 0 { 40 } else { 255 };
        world.dns.wire = Arc::new(Noisy { wire: world.dns.wire, rng: SeededRng::new(seed), share });
        let report = world.report().await;
        assert!(!matches!(report.proof, Proof::Proven { .. }), "seed {seed}");
        assert_ne!(report.pointing, Pointing::Pointing, "seed {seed}");
    }
}

fn any_fault() -> impl Strategy<Value = Option<Fault>> {
    prop::option::of(prop::sample::select(vec![
        Fault::ServFail,
        Fault::Refused,
        Fault::Silent,
        Fault::Garbage,
        Fault::Cut,
        Fault::CutNoTcp,
        Fault::WrongId,
        Fault::LowerCase,
        Fault::Flood,
        Fault::NotAuthoritative,
        Fault::ReferUp,
    ]))
}

/// What a server has: the proof, something else, or nothing.
fn any_record() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(vec![
        format!("{HOST} CNAME {TARGET}"),
        format!("{HOST} A 8.8.8.8"),
    ]))
}

#[test]
fn whatever_fails_a_verdict_says_no_more_than_the_servers_did() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let mut runner = TestRunner::new(ProptestConfig { cases: 150, ..ProptestConfig::default() });
    let servers = prop::array::uniform3((any_fault(), any_record()));
    let checked = runner.run(&servers, |servers| {
        let world = World::new(HOST);
        for (name, (fault, record)) in SERVERS.iter().zip(&servers) {
            if let Some(record) = record {
                world.tree.add_at(name, record);
            }
            if let Some(fault) = fault {
                for kind in ["CNAME", "A", "AAAA", "TXT"] {
                    world.tree.fault_at(name, HOST, kind, *fault);
                }
            }
        }
        let report = runtime().block_on(world.report());
        let heals = [None, Some(Fault::Cut), Some(Fault::LowerCase)];
        let (well, ill): (Vec<_>, Vec<_>) =
            servers.iter().partition(|(fault, _)| heals.contains(fault));
        let shows = |(_, record): &(Option<Fault>, Option<String>)| {
            record.as_ref().is_some_and(|record| record.contains(TARGET))
        };
        if let Proof::Proven { .. } = report.proof {
            prop_assert!(well.len() >= 2 && well.iter().all(|server| shows(server)));
        }
        if matches!(report.pointing, Pointing::Elsewhere | Pointing::Nxdomain) {
            prop_assert!(ill.is_empty() && !well.iter().any(|server| shows(server)));
        }
        prop_assert_eq!(report.lock, Lock::Open);
        Ok(())
    });
    checked.unwrap();
}
