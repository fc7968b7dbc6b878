//! An Internet of its own for tests in other languages: `internet com=a.nic.com example.com=ns1.example.com,ns2.example.com`.
//!
//! Its first line says where it is, as JSON. Then it does what each line of standard input says, answers each with one
//! line, and ends when there are no more:
//!
//! - `add secrets.example.com CNAME abc.edge.example.net`, `remove secrets.example.com CNAME`
//! - `add-at ns1.example.com …`: at one server only
//! - `silence ns1.example.com`, `mend ns1.example.com`
//! - `certificate secrets.example.com`: one that nobody trusts, with its key, as JSON

use std::{
    error::Error,
    io::{BufRead as _, Write as _, stdin, stdout},
};

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use wax_dns_tree::{Fault, Tree};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tree = Tree::new();
    for argument in std::env::args().skip(1) {
        let (apex, servers) = argument.split_once('=').ok_or("a zone is apex=server,server")?;
        tree.zone(apex, &servers.split(',').collect::<Vec<_>>());
    }
    let listening = tree.listen().await?;
    let (algorithm, key) = tree.anchor();
    say(
        &json!({"roots": tree.roots(), "port": listening.port(), "algorithm": algorithm, "key": key}),
    )?;
    // Servers answer on other threads while this one waits for a line.
    for line in stdin().lock().lines() {
        say(&act(&tree, &line?)?)?;
    }
    Ok(())
}

fn act(tree: &Tree, line: &str) -> Result<Value, Box<dyn Error>> {
    let (verb, rest) = line.split_once(' ').ok_or("a verb, and what it is about")?;
    match (verb, rest.split_once(' ')) {
        ("add", Some(_)) => tree.add(rest),
        ("add-at", Some((server, record))) => tree.add_at(server, record),
        ("remove", Some((owner, kind))) => tree.remove(owner, kind),
        ("silence", None) => tree.fault(rest, Fault::Silent),
        ("mend", None) => tree.mend(rest),
        ("certificate", None) => return certificate(rest),
        _ => return Err(format!("nothing is done about {line:?}").into()),
    }
    Ok(Value::Null)
}

fn certificate(host: &str) -> Result<Value, Box<dyn Error>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([host.to_owned()])?;
    (params.not_before, params.not_after) =
        (rcgen::date_time_ymd(2025, 1, 1), rcgen::date_time_ymd(2125, 1, 1));
    let certificate = params.self_signed(&key)?;
    Ok(json!({"chain": certificate.pem(), "key": key.serialize_pem()}))
}

fn say(answer: &Value) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}
