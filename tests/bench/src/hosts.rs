//! `bench hosts`: finding whose a host is among a thousand domains and among a million, and what a domain occupies.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::Args;
use rustls::sign::CertifiedKey;
use wax_edge::{At, LocalCa, Route, RouteOwner, Routes, Snapshot, TenantHost, Transport};
use wax_kernel::{DomainId, Hostname, SystemClock, TenantId};
use wax_model::{Brand, DomainSettings, Entitlements, domain::Service};
use wax_pages::Look;

use crate::load::count;
use crate::machine::Machine;
use crate::report::{Budget, Output, Report};
use crate::samples::Samples;
use crate::{cpu, memory};

/// The smallest table: 10 to this power.
const FIRST_DECADE: u32 = 3;
const FLAT: Budget = Budget::AtMost(1.5);
/// Names asked for in one go. They are made just before, so that a name itself is at hand, as in a request.
const BATCH: usize = 512;
/// Of each kind in a round.
const BATCHES: usize = 100;
/// Domains that have a certificate and a brand of their own each.
const CERTIFIED: usize = 20_000;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    output: Output,
    /// Rounds; tables take turns in each.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The most domains in a table: 10 to this power.
    #[arg(long, default_value_t = 6)]
    decades: u32,
}

/// What one asks for.
#[derive(Debug, Clone, Copy)]
enum Question {
    Known,
    Unknown,
}

const QUESTIONS: [(Question, &str); 2] =
    [(Question::Known, "a host of theirs"), (Question::Unknown, "a strange host")];

/// A table with this many domains.
struct Table {
    domains: usize,
    routes: Routes,
    /// How many names were asked for: no two batches are the same.
    asked: usize,
    /// Nanoseconds of CPU.
    times: [Samples; QUESTIONS.len()],
}

pub(crate) fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("hosts", &arguments.output, Machine::look(folder.path())?);
    let authority = LocalCa::in_memory(Arc::new(SystemClock))?;
    let (certificate, brand) = (certificate(&authority, 0)?, Arc::new(brand(0)));
    let mut tables = Vec::new();
    for domains in (FIRST_DECADE..=arguments.decades).map(|n| 10_usize.pow(n)) {
        report.measuring(&format!("a table of {domains} domains"));
        let route = |n| Ok(route(n, Arc::clone(&certificate), Arc::clone(&brand)));
        let (table, bytes) = Table::build(domains, route)?;
        if domains == 10_usize.pow(arguments.decades) {
            let what = format!("memory per domain, among {domains}, one certificate for all");
            report.row(what, "B", Budget::None, Samples(vec![bytes]));
        }
        tables.push(table);
    }
    report.measuring("looking hosts up");
    // The first round only fills caches.
    for round in 0..=arguments.rounds {
        for (kind, (question, _)) in QUESTIONS.into_iter().enumerate() {
            for table in &mut tables {
                let time = table.ask(question)?;
                if round > 0 {
                    table.times[kind].0.push(time);
                }
            }
        }
    }
    compare(&tables, &mut report);
    report.measuring(&format!("{CERTIFIED} domains with a certificate and a brand each"));
    let own = |n| Ok(route(n, self::certificate(&authority, n)?, Arc::new(self::brand(n))));
    let (_, bytes) = Table::build(CERTIFIED, own)?;
    let what = format!("memory per domain, among {CERTIFIED}, each with its own");
    report.row(what, "B", Budget::None, Samples(vec![bytes]));
    report.publish(&arguments.output)?;
    Ok(report)
}

fn compare(tables: &[Table], report: &mut Report) {
    let [first, .., last] = tables else { return };
    for (kind, (_, name)) in QUESTIONS.into_iter().enumerate() {
        let ratio = last.times[kind].over(&first.times[kind]);
        let what = format!("{} ÷ {} domains: {name}", last.domains, first.domains);
        report.row(what, "×", FLAT, ratio);
        for table in tables {
            let what = format!("  among {}", table.domains);
            report.row(what, "ns", Budget::None, table.times[kind].clone());
        }
    }
}

impl Table {
    /// Puts as many domains in force; tells how many bytes of memory each of them took.
    fn build(domains: usize, route: impl Fn(usize) -> Result<Route>) -> Result<(Self, f64)> {
        let before = memory::resident(std::process::id(), "VmRSS")?;
        let all = (0..domains).map(|n| Ok((At::Host(Hostname::parse(&known(n))?), route(n)?)));
        let (snapshot, left_out) = Snapshot::build(all.collect::<Result<Vec<_>>>()?);
        ensure!(left_out.is_empty() && snapshot.len() == domains, "{left_out:?}");
        let routes = Routes::default();
        routes.publish(snapshot);
        let grown = memory::resident(std::process::id(), "VmRSS")? - before;
        Ok((Self { domains, routes, asked: 0, times: Default::default() }, grown / count(domains)))
    }

    /// Nanoseconds of one answer, the name being what a client sends: read, then looked up, as for every request.
    fn ask(&mut self, question: Question) -> Result<f64> {
        let mut times = Samples::default();
        for _ in 0..BATCHES {
            let names: Vec<String> = (0..BATCH).map(|_| self.name(question)).collect();
            let (mut found, before) = (0, cpu::of_this_thread());
            for name in &names {
                let route = self.routes.find(&Hostname::parse(name)?, false);
                found += usize::from(black_box(route).is_some());
            }
            times.0.push((cpu::of_this_thread() - before) * 1e3 / count(BATCH));
            let expected = if matches!(question, Question::Known) { BATCH } else { 0 };
            ensure!(found == expected, "{found} of {expected} hosts were found");
        }
        Ok(times.median())
    }

    /// The next name, far from the last one.
    fn name(&mut self, question: Question) -> String {
        /// Odd and not a multiple of 5: in a power of ten it leads through every number.
        const STEP: usize = 618_033_989;
        self.asked += 1;
        let n = self.asked.wrapping_mul(STEP) % self.domains;
        match question {
            Question::Known => known(n),
            Question::Unknown => format!("secrets.stranger-{n}.example"),
        }
    }
}

fn known(n: usize) -> String {
    format!("secrets.customer-{n}.example")
}

fn route(n: usize, certificate: Arc<CertifiedKey>, brand: Arc<Look>) -> Route {
    let id = (n as u128).to_be_bytes();
    let owner = RouteOwner::Tenant(TenantHost {
        tenant: TenantId::from_bytes(id),
        domain: DomainId::from_bytes(id),
        brand,
        service: Service::Full,
    });
    Route { owner, transport: Transport::Tls, certificate: Some(certificate.into()) }
}

fn certificate(authority: &LocalCa, n: usize) -> Result<Arc<CertifiedKey>> {
    Ok(authority.issue(&Hostname::parse(&format!("secrets.customer-{n}.localhost"))?)?)
}

fn brand(n: usize) -> Look {
    let brand = Brand::plain(format!("Customer {n}"));
    Look::new(brand, Entitlements::SELF_HOSTED, DomainSettings::default())
}
