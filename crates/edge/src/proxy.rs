//! The PROXY protocol, versions 1 and 2: a load balancer's word on whose connection it passes on.
//!
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>. Whoever may say it decides what limits, rates and the
//! record of events hold against whom. So it is asked of addresses in [`Proxies`], always, and of nobody else: for
//! everybody else such a header is what it looks like, a broken request.

use std::net::IpAddr;

use ipnet::IpNet;
use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Both versions are longer than this (§2.1, §2.2).
const START: usize = v2::PROTOCOL_PREFIX.len();
/// Of version 1, with its line end (§2.1).
const LONGEST_V1: usize = 107;
/// Of version 2, behind its 16 fixed bytes: two addresses of any kind (216 bytes), and what load balancers add about the
/// connection. The format would allow 64 KiB.
const LONGEST_V2: usize = 1_024;

/// The networks of the load balancers in front of a listener. Each connection from there must begin with a header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// These networks.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// The connection does not begin with a header that can be believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoHeader;

/// Reads the header of a proxy at `from`, not one byte more, and tells the client's address. For what the proxy sends on
/// its own behalf, such as a check of health (`LOCAL`, `UNKNOWN`), that is the proxy's.
pub(crate) async fn client(
    io: &mut (impl AsyncRead + Unpin),
    from: IpAddr,
) -> Result<IpAddr, NoHeader> {
    let client = read(io).await?.unwrap_or(from).to_canonical();
    // This machine is trusted with more than others are. No other machine can say who is here.
    if client.is_loopback() && !from.to_canonical().is_loopback() {
        return Err(NoHeader);
    }
    Ok(client)
}

/// The source's address; `None` if the header names none.
async fn read(io: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, NoHeader> {
    let mut header = vec![0; START];
    io.read_exact(&mut header).await.map_err(|_| NoHeader)?;
    if header == v2::PROTOCOL_PREFIX {
        read_v2(io, header).await
    } else {
        read_v1(io, header).await
    }
}

/// Byte by byte, for nothing tells where the line ends. Who minds the system calls has version 2.
async fn read_v1(
    io: &mut (impl AsyncRead + Unpin),
    mut line: Vec<u8>,
) -> Result<Option<IpAddr>, NoHeader> {
    while line.starts_with(b"PROXY ") && !line.ends_with(b"\r\n") && line.len() < LONGEST_V1 {
        line.push(io.read_u8().await.map_err(|_| NoHeader)?);
    }
    match v1::Header::try_from(&*line).map_err(|_| NoHeader)?.addresses {
        v1::Addresses::Unknown => Ok(None),
        v1::Addresses::Tcp4(ip) => Ok(Some(ip.source_address.into())),
        v1::Addresses::Tcp6(ip) => Ok(Some(ip.source_address.into())),
    }
}

async fn read_v2(
    io: &mut (impl AsyncRead + Unpin),
    mut header: Vec<u8>,
) -> Result<Option<IpAddr>, NoHeader> {
    let mut fixed = [0; 4];
    io.read_exact(&mut fixed).await.map_err(|_| NoHeader)?;
    let length = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
    if length > LONGEST_V2 {
        return Err(NoHeader);
    }
    header.extend(fixed);
    header.resize(header.len() + length, 0);
    let rest = header.len() - length;
    io.read_exact(&mut header[rest..]).await.map_err(|_| NoHeader)?;
    let header = v2::Header::try_from(&*header).map_err(|_| NoHeader)?;
    match (header.command, header.protocol, header.addresses) {
        (v2::Command::Local, ..) => Ok(None),
        (_, v2::Protocol::Stream, v2::Addresses::IPv4(ip)) => Ok(Some(ip.source_address.into())),
        (_, v2::Protocol::Stream, v2::Addresses::IPv6(ip)) => Ok(Some(ip.source_address.into())),
        // A client without an address cannot be counted.
        _ => Err(NoHeader),
    }
}

#[cfg(test)]
mod tests;
