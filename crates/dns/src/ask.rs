//! One server, one question, within the budget of one check.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RecordType},
};
use tokio::time::{Instant, timeout_at};
use wax_kernel::{Clock, Rng};

use crate::{
    Fault, Wire,
    address::{ROOTS, is_public},
    dnssec::Anchors,
    question::{Echo, Question},
};

/// What one check may cost, so that no zone can make us spend more.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From beginning to end.
    pub whole: Duration,
    /// Datagrams sent and connections made.
    pub queries: u32,
    /// How long one datagram waits for its answer, the first time; twice as long the second time.
    pub first_try: Duration,
    /// How many servers of one zone are asked. Zones have two to eight; the root has 13.
    pub servers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            whole: Duration::from_secs(4),
            queries: 64,
            first_try: Duration::from_millis(700),
            servers: 8,
        }
    }
}

/// Which addresses may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those on the public Internet. A zone that names a server at `169.254.169.254` gets nothing out of us.
    Public,
    /// All: for trees of servers on this machine.
    Everywhere,
}

/// Where the tree of names begins.
#[derive(Debug, Clone)]
pub struct Roots {
    pub(crate) servers: Vec<IpAddr>,
    pub(crate) port: u16,
    pub(crate) reach: Reach,
    pub(crate) anchors: Anchors,
}

impl Roots {
    /// The Internet's, on port 53, with IANA's keys.
    pub fn internet() -> Self {
        Self { servers: ROOTS.into(), port: 53, reach: Reach::Public, anchors: Anchors::iana() }
    }

    /// Another tree: its servers, the port that all of its servers listen at, and its keys.
    pub const fn of(servers: Vec<IpAddr>, port: u16, reach: Reach, anchors: Anchors) -> Self {
        Self { servers, port, reach, anchors }
    }
}

/// Asks the DNS. Cheap to clone; keeps nothing from one check to the next.
#[derive(Debug, Clone)]
pub struct Dns {
    /// The network.
    pub wire: Arc<dyn Wire>,
    /// Where ids, capitals and labels that nobody has come from.
    pub rng: Arc<dyn Rng>,
    /// When it is, for signatures.
    pub clock: Arc<dyn Clock>,
    /// Where to begin.
    pub roots: Roots,
    /// What a check may cost.
    pub limits: Limits,
}

/// The budget of one check, and everything it asks goes through here.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) dns: &'a Dns,
    deadline: Instant,
    spent: AtomicU32,
    /// Servers that know nothing beyond RFC 1035.
    old: Mutex<BTreeSet<IpAddr>>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(dns: &'a Dns) -> Self {
        let deadline = Instant::now() + dns.limits.whole;
        Self { dns, deadline, spent: AtomicU32::new(0), old: Mutex::default() }
    }

    pub(crate) fn spent(&self) -> u32 {
        self.spent.load(Ordering::Relaxed).min(self.dns.limits.queries)
    }

    /// The server's reply, whatever it says. What does not come is asked for once more, if `patient`.
    pub(crate) async fn ask(
        &self,
        server: IpAddr,
        name: &Name,
        kind: RecordType,
        patient: bool,
    ) -> Result<Message, Fault> {
        if self.dns.roots.reach == Reach::Public && !is_public(server) {
            return Err(Fault::ForbiddenAddress);
        }
        let rng = &*self.dns.rng;
        if !self.old().contains(&server) {
            let answer = self.put(server, &Question::new(name, kind, rng)?, patient).await?;
            if !is_of_old_server(&answer) {
                return Ok(answer);
            }
            self.old().insert(server);
        }
        self.put(server, &Question::plain(name, kind, rng)?, patient).await
    }

    fn old(&self) -> MutexGuard<'_, BTreeSet<IpAddr>> {
        self.old.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn put(
        &self,
        server: IpAddr,
        question: &Question,
        patient: bool,
    ) -> Result<Message, Fault> {
        let server = SocketAddr::new(server, self.dns.roots.port);
        let first = self.dns.limits.first_try;
        match self.datagram(server, question, first).await {
            Err(Fault::Timeout) if patient => self.datagram(server, question, first * 2).await,
            other => other,
        }
    }

    async fn datagram(
        &self,
        server: SocketAddr,
        question: &Question,
        patience: Duration,
    ) -> Result<Message, Fault> {
        let strays = AtomicUsize::new(0);
        let is_ours = |bytes: &[u8]| {
            let foreign = question.echo(bytes) == Echo::Foreign;
            strays.fetch_add(usize::from(foreign), Ordering::Relaxed);
            !foreign
        };
        let asking = self.dns.wire.datagram(server, question.bytes(), &is_ours);
        let answer = match self.within(patience, asking).await {
            Err(Fault::Timeout) if strays.load(Ordering::Relaxed) > 0 => {
                return Err(Fault::Mismatch);
            }
            answer => answer?,
        };
        let is_cut = answer.get(2).is_some_and(|flags| flags & 0x02 != 0);
        if is_cut || question.echo(&answer) == Echo::OtherCapitals {
            return self.stream(server, question).await;
        }
        Message::from_vec(&answer).map_err(|_| Fault::Garbage)
    }

    /// Over TCP nobody can guess, so capitals do not matter.
    async fn stream(&self, server: SocketAddr, question: &Question) -> Result<Message, Fault> {
        let asking = self.dns.wire.stream(server, question.bytes());
        let answer =
            self.within(self.dns.limits.first_try * 2, asking).await.map_err(
                |fault| match fault {
                    Fault::Timeout | Fault::Unreachable => Fault::NoTcp,
                    other => other,
                },
            )?;
        match question.echo(&answer) {
            Echo::Foreign => Err(Fault::Mismatch),
            Echo::Exact | Echo::OtherCapitals => {
                Message::from_vec(&answer).map_err(|_| Fault::Garbage)
            }
        }
    }

    /// Spends one question, and no more time than is left.
    async fn within(
        &self,
        patience: Duration,
        asking: impl Future<Output = io::Result<Vec<u8>>>,
    ) -> Result<Vec<u8>, Fault> {
        let spent = self.spent.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        if spent >= self.dns.limits.queries || now >= self.deadline {
            return Err(Fault::Budget);
        }
        match timeout_at(self.deadline.min(now + patience), asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Err(Fault::Mismatch),
            Ok(Err(_)) => Err(Fault::Unreachable),
            Err(_) if Instant::now() >= self.deadline => Err(Fault::Budget),
            Err(_) => Err(Fault::Timeout),
        }
    }
}

/// A reply to a question with options that its server does not understand: to be asked again without (RFC 6891 §7).
fn is_of_old_server(answer: &Message) -> bool {
    let code = answer.metadata.response_code;
    answer.edns.is_none() && matches!(code, ResponseCode::FormErr | ResponseCode::NotImp)
}

/// A reply that says what its server knows as a server of the zone.
pub(crate) fn authoritative(message: Message) -> Result<Message, Fault> {
    match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain if message.metadata.authoritative => {
            Ok(message)
        }
        ResponseCode::NoError | ResponseCode::NXDomain => Err(Fault::Lame),
        ResponseCode::ServFail => Err(Fault::ServerFailed),
        _ => Err(Fault::Refused),
    }
}
