//! A road between readers and a server on which connections break: before a request has arrived, or after it has and
//! before its answer has come back.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::plan::Dice;

const CHUNK: usize = 16 * 1024;

/// One in this many pieces of a request breaks the connection, half of them before and half after it was passed on.
const BREAKS_ONE_IN: u32 = 120;

/// A TCP proxy for one server.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    road: Arc<Road>,
}

#[derive(Debug)]
struct Road {
    to: u16,
    dice: Dice,
    breaks: AtomicBool,
    broken: AtomicU64,
}

/// What becomes of a piece of a request.
enum Fate {
    Passes,
    BreaksBefore,
    BreaksAfter,
}

impl Proxy {
    /// Listens, and passes on to the server at port `to`, which need not be up. The seed decides what breaks.
    pub async fn start(to: u16, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (dice, breaks, broken) = (Dice::new(seed), AtomicBool::new(true), AtomicU64::new(0));
        let road = Arc::new(Road { to, dice, breaks, broken });
        crate::spawn(accept(listener, Arc::clone(&road)));
        Ok(Self { port, road })
    }

    /// Where readers connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing breaks.
    pub fn calm(&self) {
        self.road.breaks.store(false, Ordering::SeqCst);
    }

    /// How many connections it broke.
    pub fn broken(&self) -> u64 {
        self.road.broken.load(Ordering::SeqCst)
    }
}

impl Road {
    fn fate(&self) -> Fate {
        if !self.breaks.load(Ordering::SeqCst) || !self.dice.once_in(BREAKS_ONE_IN) {
            return Fate::Passes;
        }
        self.broken.fetch_add(1, Ordering::SeqCst);
        if self.dice.once_in(2) { Fate::BreaksBefore } else { Fate::BreaksAfter }
    }
}

async fn accept(listener: TcpListener, road: Arc<Road>) {
    while let Ok((client, _)) = listener.accept().await {
        crate::spawn(pass(client, Arc::clone(&road)));
    }
}

/// Passes on until one side ends or the connection breaks. Both sides then see it end.
async fn pass(mut client: TcpStream, road: Arc<Road>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", road.to)).await else { return };
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let (mut asked, mut answered) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut breaks_at_answer = false;
    loop {
        let ended = tokio::select! {
            read = client.read(&mut asked) => match (read, road.fate()) {
                (Err(_) | Ok(0), _) | (_, Fate::BreaksBefore) => true,
                (Ok(length), fate) => {
                    breaks_at_answer |= matches!(fate, Fate::BreaksAfter);
                    server.write_all(&asked[..length]).await.is_err()
                }
            },
            read = server.read(&mut answered) => match read {
                Err(_) | Ok(0) => true,
                Ok(_) if breaks_at_answer => true,
                Ok(length) => client.write_all(&answered[..length]).await.is_err(),
            },
        };
        if ended {
            return;
        }
    }
}
