//! Where an endpoint is, and how to get there.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::TlsConnector;

/// Where services listen.
#[derive(Debug, Clone)]
pub enum Place {
    /// On this machine: plain HTTP/2. Its address is looked up anew for each connection, and must be a loopback one.
    Plain {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// Elsewhere: TLS with certificates on both sides.
    Tls {
        /// The name or address that the certificate is for.
        host: String,
        /// The port.
        port: u16,
        /// With our own certificate, and the authority to trust; offers `h2`.
        config: Arc<ClientConfig>,
    },
}

/// A connection of either kind.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Place {
    pub(super) async fn connect(&self) -> io::Result<Box<dyn Io>> {
        match self {
            Self::Plain { host, port } => {
                let at = addresses(host, *port).await?.into_iter();
                tcp(at.filter(|address| address.ip().is_loopback())).await.map(boxed)
            }
            Self::Tls { host, port, config } => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = tcp(addresses(host, *port).await?.into_iter()).await?;
                let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
                if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                    return Err(io::Error::other("it does not speak HTTP/2"));
                }
                Ok(boxed(stream))
            }
        }
    }
}

fn boxed(io: impl Io + 'static) -> Box<dyn Io> {
    Box::new(io)
}

async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok(lookup_host((host, port)).await?.collect())
}

/// The first address that answers.
async fn tcp(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address may be used");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain { host, port } => write!(f, "http://{host}:{port}"),
            Self::Tls { host, port, .. } => write!(f, "https://{host}:{port}"),
        }
    }
}
