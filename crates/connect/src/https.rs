//! The way to providers: names that strangers have written into their zones.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use reqwest::{
    Certificate, Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use wax_kernel::Hostname;

use crate::{Fault, Heard, Wire};

/// More is no answer of a provider.
const LONGEST_BODY: usize = 64 * 1_024;
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(4);

/// Which addresses a name has, of those that may be asked.
#[async_trait]
pub trait Addresses: Send + Sync + fmt::Debug {
    /// With port 0 for the usual one. None: the name is not asked at all.
    async fn of(&self, name: &Hostname) -> io::Result<Vec<SocketAddr>>;
}

/// Requests over TLS.
#[derive(Debug, Clone)]
pub struct Https(Client);

/// The roots cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the trusted authorities cannot be read")]
pub struct BadRoots(#[source] reqwest::Error);

struct Resolver(Arc<dyn Addresses>);

impl Https {
    /// `roots`: PEM, the only authorities that are trusted; none: the machine's.
    pub fn new(addresses: Arc<dyn Addresses>, roots: Option<&str>) -> Result<Self, BadRoots> {
        Self::patient(addresses, roots, ANSWER)
    }

    fn patient(
        addresses: Arc<dyn Addresses>,
        roots: Option<&str>,
        answer: Duration,
    ) -> Result<Self, BadRoots> {
        let builder = Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            // A proxy would resolve the name by itself.
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .timeout(answer)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("waxseal/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Resolver(addresses)));
        let builder = match roots {
            None => builder,
            Some(pem) => {
                let roots = Certificate::from_pem_bundle(pem.as_bytes()).map_err(BadRoots)?;
                builder.tls_certs_only(roots)
            }
        };
        builder.build().map(Self).map_err(BadRoots)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = Arc::clone(&self.0);
        Box::pin(async move {
            let name = Hostname::parse(name.as_str())?;
            let found = addresses.of(&name).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[async_trait]
impl Wire for Https {
    async fn get(&self, url: &Url) -> Result<Heard, Fault> {
        // The resolver is not asked about what is an address already.
        if url.domain().is_none() {
            return Err(Fault::Unreachable);
        }
        let mut response = self.0.get(url.clone()).send().await.map_err(|error| unheard(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unheard(&error))? {
            if body.len() + chunk.len() > LONGEST_BODY {
                return Err(Fault::Broken);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Heard { status, body })
    }
}

fn unheard(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::Slow } else { Fault::Unreachable }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        task::JoinHandle,
    };
    use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

    use super::*;

    /// One name at one address.
    #[derive(Debug)]
    struct Only(SocketAddr);

    #[async_trait]
    impl Addresses for Only {
        async fn of(&self, name: &Hostname) -> io::Result<Vec<SocketAddr>> {
            let known = name.as_str() == "dc.virtucon.example";
            Ok(if known { vec![self.0] } else { Vec::new() })
        }
    }

    struct Place {
        at: SocketAddr,
        root: String,
        wire: Https,
        serving: JoinHandle<()>,
    }

    impl Drop for Place {
        fn drop(&mut self) {
            self.serving.abort();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own server, ended with it")]
    /// Answers every request for `name` with these bytes, then says nothing more.
    async fn place(name: &str, answer: Vec<u8>) -> Place {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &root).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let (acceptor, listener) =
            (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let at = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(&answer).await;
                let _ = stream.flush().await;
                open.push(stream);
            }
        });
        let wire = Https::new(Arc::new(Only(at)), Some(&root.pem())).unwrap();
        Place { at, root: root.pem(), wire, serving }
    }

    async fn get(place: &Place, url: &str) -> Result<Heard, Fault> {
        place.wire.get(&url.parse().unwrap()).await
    }

    const HOST: &str = "dc.virtucon.example";

    #[tokio::test]
    async fn a_name_is_asked_over_tls_at_the_addresses_that_are_allowed_and_no_other() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec();
        let place = place(HOST, answer).await;
        let heard = get(&place, "https://dc.virtucon.example/v2/x/settings").await.unwrap();
        assert_eq!((heard.status, &*heard.body), (200, &b"{}"[..]));
        for url in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://other.example/",
            "http://dc.virtucon.example/",
        ] {
            assert_eq!(get(&place, url).await.err(), Some(Fault::Unreachable), "{url}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let answer =
            b"HTTP/1.1 302 Found\r\nlocation: https://dc.virtucon.example/x\r\ncontent-length: 0\r\n\r\n";
        let place = place(HOST, answer.to_vec()).await;
        assert_eq!(get(&place, "https://dc.virtucon.example/").await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn a_certificate_for_another_name_is_no_answer() {
        let place =
            place("other.example", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
        let told = get(&place, "https://dc.virtucon.example/").await;
        assert_eq!(told.err(), Some(Fault::Unreachable));
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_cut_off() {
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n".to_vec();
        answer.resize(LONGEST_BODY + 4_096, b' ');
        let place = place(HOST, answer).await;
        assert_eq!(get(&place, "https://dc.virtucon.example/").await.err(), Some(Fault::Broken));
    }

    #[tokio::test]
    async fn silence_has_an_end() {
        let place = place(HOST, Vec::new()).await;
        let wire =
            Https::patient(Arc::new(Only(place.at)), Some(&place.root), ANSWER / 100).unwrap();
        let told = wire.get(&"https://dc.virtucon.example/".parse().unwrap()).await;
        assert_eq!(told.err(), Some(Fault::Slow));
    }
}
