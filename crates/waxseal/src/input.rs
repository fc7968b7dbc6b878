//! What people give: files, pipes, and things typed without echo. Never a secret on the command line.

use std::{
    fs::File,
    io::{self, BufRead as _, IsTerminal as _, Read},
    path::Path,
};

use wax_crypto::{Link, MAX_PASSPHRASE_BYTES, MAX_TEXT_BYTES, Passphrase, ReceiptLink};
use zeroize::Zeroizing;

use crate::{failure::Failure, outcome, output::Output, words::Words};

/// A passphrase of the longest length may be written in characters that NFKC makes shorter.
const MAX_PASSPHRASE_FILE_BYTES: usize = 16 * MAX_PASSPHRASE_BYTES;
/// Links are about 120 bytes; what is longer is something else.
const MAX_LINK_BYTES: usize = 4_096;

/// Asks people, or the pipe in their place.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) words: Words,
    pub(crate) output: &'a Output,
}

impl Input<'_> {
    /// Whether somebody can be asked: both sides of the conversation are a terminal.
    pub(crate) fn is_conversation(self) -> bool {
        io::stdin().is_terminal() && self.output.stderr_is_terminal()
    }

    /// The text to share: exactly the bytes of the file or of standard input; on a terminal one line without echo.
    pub(crate) fn text(self, file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
        let stdin = "-".as_ref();
        let bytes = match file {
            Some(path) if path != stdin => {
                let file =
                    File::open(path).map_err(|error| Failure::file(self.words, path, &error))?;
                read_at_most(file, MAX_TEXT_BYTES)
                    .map_err(|error| Failure::file(self.words, path, &error))?
            }
            None if io::stdin().is_terminal() => {
                self.output.hint(&self.words.plain("share.prompt.hint"));
                Zeroizing::new(std::mem::take(&mut *self.hidden("share.prompt")?).into_bytes())
            }
            _ => read_at_most(io::stdin().lock(), MAX_TEXT_BYTES)
                .map_err(|error| Failure::file(self.words, stdin, &error))?,
        };
        self.as_text(bytes)
    }

    fn as_text(self, mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Failure> {
        if bytes.is_empty() {
            return Err(Failure::usage(self.words.plain("text.empty")));
        }
        if bytes.len() > MAX_TEXT_BYTES {
            return Err(outcome::too_long(self.words));
        }
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(Failure::usage(self.words.plain("text.binary"))
                    .advise(self.words.plain("text.binary.advice")))
            }
        }
    }

    /// A passphrase from a file: its first line end, if it is at the end, does not belong to it.
    pub(crate) fn passphrase_file(self, path: &Path) -> Result<Passphrase, Failure> {
        let failed = |error: io::Error| Failure::file(self.words, path, &error);
        let bytes = File::open(path)
            .and_then(|file| read_at_most(file, MAX_PASSPHRASE_FILE_BYTES))
            .map_err(failed)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Failure::usage(self.words.plain("passphrase.binary")))?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        self.passphrase(line.strip_suffix('\r').unwrap_or(line))
    }

    /// A passphrase typed once.
    pub(crate) fn ask_passphrase(self) -> Result<Passphrase, Failure> {
        let typed = self.hidden("passphrase.prompt")?;
        self.passphrase(&typed)
    }

    /// A new passphrase, typed twice because nobody sees it.
    pub(crate) fn ask_new_passphrase(self) -> Result<Passphrase, Failure> {
        let first = self.hidden("passphrase.new.prompt")?;
        let second = self.hidden("passphrase.again.prompt")?;
        if *first != *second {
            return Err(Failure::usage(self.words.plain("passphrase.differ")));
        }
        self.passphrase(&first)
    }

    pub(crate) fn passphrase(self, typed: &str) -> Result<Passphrase, Failure> {
        Passphrase::new(typed)
            .map_err(|error| Failure::usage(outcome::passphrase_error(self.words, error)))
    }

    /// A link as it was typed, or for `-` from standard input, without echo on a terminal.
    pub(crate) fn link(self, typed: &str) -> Result<Link, Failure> {
        let text = self.pasted(typed, "open.prompt")?;
        Link::parse(text.trim()).map_err(|error| {
            let receipt = ReceiptLink::parse(text.trim()).is_ok();
            Failure::link(
                self.words,
                error,
                if receipt { "link.is-receipt" } else { "link.malformed.advice" },
            )
        })
    }

    /// A receipt link, likewise.
    pub(crate) fn receipt(self, typed: &str) -> Result<ReceiptLink, Failure> {
        let text = self.pasted(typed, "receipt.prompt")?;
        ReceiptLink::parse(text.trim()).map_err(|error| {
            let link = Link::parse(text.trim()).is_ok();
            Failure::link(
                self.words,
                error,
                if link { "receipt.is-link" } else { "receipt.malformed.advice" },
            )
        })
    }

    /// What was typed, or for `-` a line of standard input, without echo on a terminal.
    pub(crate) fn pasted(self, typed: &str, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        if typed != "-" {
            return Ok(Zeroizing::new(typed.to_owned()));
        }
        if io::stdin().is_terminal() {
            return self.hidden(prompt);
        }
        let mut line = Zeroizing::new(String::with_capacity(MAX_LINK_BYTES));
        let mut stdin = io::stdin().lock().take(MAX_LINK_BYTES as u64);
        stdin
            .read_line(&mut line)
            .map_err(|error| Failure::file(self.words, "-".as_ref(), &error))?;
        Ok(line)
    }

    /// A line that anybody may see.
    pub(crate) fn line(self, question: &str) -> Result<String, Failure> {
        self.answer(&self.words.plain(question))
    }

    fn answer(self, question: &str) -> Result<String, Failure> {
        self.output.ask(question);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(|error| Failure::local(error.to_string()))?;
        if !answer.ends_with('\n') {
            self.output.tell("");
        }
        Ok(answer.trim().to_owned())
    }

    /// A question whose safe answer is no.
    pub(crate) fn confirm(self, question: &str) -> Result<bool, Failure> {
        self.sure(&self.words.plain(question))
    }

    /// The same, with the question's own words.
    pub(crate) fn sure(self, question: &str) -> Result<bool, Failure> {
        let answer = self.answer(question)?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes" | "はい"))
    }

    /// What proves a person: always from the terminal.
    pub(crate) fn secret(self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        self.hidden(prompt)
    }

    /// One line from the terminal without echo, even when standard input is a pipe.
    fn hidden(self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        rpassword::prompt_password(self.words.plain(prompt)).map(Zeroizing::new).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                Failure::local(self.words.plain("cancelled"))
            } else {
                Failure::usage(self.words.plain("prompt.impossible"))
                    .advise(self.words.plain("prompt.advice"))
            }
        })
    }
}

/// At most one byte more than `limit`, so that the caller can tell. The buffer never grows: no copies stay behind.
fn read_at_most(source: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_needed_to_know_that_it_is_too_much() {
        assert_eq!(read_at_most(&b"abcdef"[..], 3).unwrap().len(), 4);
        assert_eq!(read_at_most(&b"abc"[..], 3).unwrap().len(), 3);
    }
}
