//! What a sender may do afterwards: look, destroy, unlock, follow.

use std::fmt;

use reqwest::Response;
use wax_crypto::{ReceiptLink, channel::AnswerStream};
use zeroize::Zeroizing;

use crate::{
    Client, Error, NetworkError, Receipt,
    channel::{Shown, refuse_unsealed},
    client::{Answer, to_json},
    wire::ReceiptBody,
};

/// Longest line of a status stream: a receipt with 1,000 openings is a tenth of it.
const MAX_LINE_BYTES: usize = 1 << 20;

impl Client {
    /// Looks at a receipt.
    pub async fn receipt(&self, link: &ReceiptLink) -> Result<Receipt, Error> {
        self.ask_receipt("receipt", link).await
    }

    /// Destroys the secret for good. What was already read is not recalled.
    pub async fn burn(&self, link: &ReceiptLink) -> Result<Receipt, Error> {
        self.ask_receipt("burn", link).await
    }

    /// Allows tries again after too many wrong passphrases.
    pub async fn unlock(&self, link: &ReceiptLink) -> Result<Receipt, Error> {
        self.ask_receipt("unlock", link).await
    }

    /// Follows a receipt.
    pub async fn status(&self, link: &ReceiptLink) -> Result<StatusStream, Error> {
        let body = receipt_body(link);
        let Answer { response, opener } = self
            .retry()
            .run(async || self.post("status", &body, Shown::Nothing, None).await)
            .await?;
        refuse_unsealed(&response)?;
        Ok(StatusStream { response, records: opener.stream(), lines: Lines::default() })
    }

    /// All of them may be sent again after a lost answer: a second time changes nothing more.
    async fn ask_receipt(&self, name: &str, link: &ReceiptLink) -> Result<Receipt, Error> {
        let body = receipt_body(link);
        self.retry().run(async || self.ask(name, &body, Shown::Nothing).await).await
    }
}

fn receipt_body(link: &ReceiptLink) -> Zeroizing<Vec<u8>> {
    to_json(&ReceiptBody { rid: link.rid(), receipt: link.key() })
}

/// A receipt's changes as they happen. The server ends it after 5 minutes, or when nothing can change any more.
pub struct StatusStream {
    response: Response,
    records: AnswerStream,
    lines: Lines,
}

/// Says nothing about what goes through it.
impl fmt::Debug for StatusStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatusStream(…)")
    }
}

impl StatusStream {
    /// The next change; `None` when the server ended the stream.
    pub async fn next(&mut self) -> Result<Option<Receipt>, Error> {
        loop {
            while let Some(line) = self.lines.next()? {
                // An empty line only says that the connection lives.
                if !line.is_empty() {
                    let receipt = serde_json::from_slice(&line);
                    return receipt
                        .map(Some)
                        .map_err(|_| Error::Answer("a status line cannot be read"));
                }
            }
            match self.response.chunk().await.map_err(NetworkError::from)? {
                Some(chunk) => self.open(&chunk)?,
                None => return Ok(None),
            }
        }
    }

    /// Records in, pieces of lines out.
    fn open(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.records.push(chunk);
        let next = |records: &mut AnswerStream| {
            records.next_record().map_err(|_| Error::Answer("a status record does not open"))
        };
        while let Some(piece) = next(&mut self.records)? {
            self.lines.push(&piece);
        }
        Ok(())
    }
}

/// Chunks in, lines out.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn push(&mut self, chunk: &[u8]) {
        self.0.extend_from_slice(chunk);
    }

    /// The next whole line, without its LF.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(end) = self.0.iter().position(|byte| *byte == b'\n') else {
            let too_long = self.0.len() > MAX_LINE_BYTES;
            return if too_long {
                Err(Error::Answer("a status line is too long"))
            } else {
                Ok(None)
            };
        };
        let rest = self.0.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.0, rest);
        line.pop();
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_the_chunks_are_cut() {
        let text = b"\n{\"a\":1}\n\n{\"b\":2}\nrest";
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for chunk in [&text[..cut], &text[cut..]] {
                lines.push(chunk);
                while let Some(line) = lines.next().unwrap() {
                    found.push(line);
                }
            }
            assert_eq!(found, [&b""[..], b"{\"a\":1}", b"", b"{\"b\":2}"], "{cut}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = Lines::default();
        lines.push(&vec![b' '; MAX_LINE_BYTES + 1]);
        assert!(lines.next().is_err());
    }
}
