//! A feed that another server has.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, StatusCode, header, redirect::Policy};

use super::{Chunk, Feed, FeedFault};

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);

/// A document that grows, asked for part by part (RFC 9110 §14.2).
#[derive(Debug)]
pub struct UrlFeed {
    url: String,
    client: Client,
}

impl UrlFeed {
    /// At an https URL.
    pub fn new(url: &str) -> Result<Self, reqwest::Error> {
        Self::at(url, Client::builder().https_only(true))
    }

    fn at(url: &str, client: reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        let client = client
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent(concat!("waxseal/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { url: url.to_owned(), client })
    }
}

/// Where a part begins: `bytes 500-999/*`.
fn start(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

#[async_trait]
impl Feed for UrlFeed {
    fn name(&self) -> &str {
        &self.url
    }

    async fn read(&self, from: u64, most: usize) -> Result<Chunk, FeedFault> {
        let unreachable = |_| FeedFault::Unreachable;
        let range = format!("bytes={from}-{}", from.saturating_add(most as u64) - 1);
        let asked = self.client.get(&self.url).header(header::RANGE, range);
        let mut response = asked.send().await.map_err(unreachable)?;
        let said = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        match response.status() {
            StatusCode::PARTIAL_CONTENT
                if said(header::CONTENT_RANGE).and_then(start) == Some(from) => {}
            // The whole, from its start: for whoever has heard nothing yet that is the same.
            StatusCode::OK if from == 0 => {}
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let length = said(header::CONTENT_RANGE).and_then(|range| range.rsplit('/').next());
                let length = length.and_then(|length| length.parse::<u64>().ok());
                let is_shorter = length.is_some_and(|length| length < from);
                let from = if is_shorter { 0 } else { from };
                return Ok(Chunk { from, bytes: Vec::new() });
            }
            _ => return Err(FeedFault::NoRanges),
        }
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            bytes.extend_from_slice(&part);
            if bytes.len() >= most {
                bytes.truncate(most);
                break;
            }
        }
        Ok(Chunk { from, bytes })
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, extract::Request, routing::get};
    use tokio::net::TcpListener;

    use super::*;

    /// Has ten bytes, and knows parts, or is the whole thing without an end.
    async fn answer(request: Request) -> axum::response::Response {
        use axum::{body::Body, response::IntoResponse as _};
        let feed = b"0123456789";
        let range = request.headers().get(header::RANGE).unwrap().to_str().unwrap().to_owned();
        let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        match request.uri().path() {
            "/whole" => feed.as_slice().into_response(),
            "/endless" => {
                let parts = std::iter::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1_024)));
                Body::from_stream(futures_util::stream::iter(parts)).into_response()
            }
            "/lying" => {
                (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, "bytes 7-9/10")], "789")
                    .into_response()
            }
            "/moved" => (StatusCode::FOUND, [(header::LOCATION, "/feed")]).into_response(),
            _ if from >= feed.len() => {
                (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, "bytes */10")])
                    .into_response()
            }
            _ => {
                let to = to.min(feed.len() - 1);
                let range = format!("bytes {from}-{to}/10");
                (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], &feed[from..=to])
                    .into_response()
            }
        }
    }

    #[tokio::test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of a test ends with the test's runtime"
    )]
    async fn a_url_is_asked_for_the_part_that_is_new_and_what_is_no_part_is_not_believed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().fallback(get(answer));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let feed =
            |path: &str| UrlFeed::at(&format!("http://{at}{path}"), Client::builder()).unwrap();
        let chunk = |from, bytes: &str| Ok(Chunk { from, bytes: bytes.into() });
        assert_eq!(feed("/feed").read(0, 4).await, chunk(0, "0123"));
        assert_eq!(feed("/feed").read(4, 100).await, chunk(4, "456789"));
        assert_eq!(feed("/feed").read(10, 100).await, chunk(10, ""));
        assert_eq!(feed("/feed").read(11, 100).await, chunk(0, ""), "it began anew");
        assert_eq!(feed("/whole").read(0, 100).await, chunk(0, "0123456789"));
        assert_eq!(feed("/whole").read(4, 100).await, Err(FeedFault::NoRanges));
        assert_eq!(feed("/lying").read(4, 100).await, Err(FeedFault::NoRanges));
        assert_eq!(feed("/moved").read(0, 100).await, Err(FeedFault::NoRanges));
        assert_eq!(feed("/endless").read(0, 5_000).await.unwrap().bytes.len(), 5_000);
        assert!(UrlFeed::new("https://x.example").is_ok());
        let plain = UrlFeed::new(&format!("http://{at}/feed")).unwrap();
        assert_eq!(plain.read(0, 4).await, Err(FeedFault::Unreachable), "https alone");
        serving.abort();
    }
}
