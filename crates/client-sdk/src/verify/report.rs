//! What was found, for people and for programs.

use serde::Serialize;

use super::{Fingerprint, ReleaseFile, Visitor};

/// What a host says about itself. It proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "claim", rename_all = "snake_case")]
pub enum Claim {
    /// The release that it is compared with.
    Same,
    /// It says nothing.
    Silent,
    /// Another release: to be compared with that release's manifest.
    Other {
        /// The version it names.
        claimed_release: String,
    },
    /// The same version, with another manifest than the one that it is compared with.
    Altered,
}

/// Everything that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Scheme and host.
    pub host: String,
    /// The version that it was compared with.
    pub release: String,
    /// What the host says.
    #[serde(flatten)]
    pub claim: Claim,
    /// Whether the host says, with the release's own page, that it is held: nothing is shared or opened there for now.
    pub held: bool,
    /// As whom it was looked at.
    pub visitors: Vec<Visitor>,
    /// Every file, pages and assets of the release first.
    pub files: Vec<Checked>,
}

impl Report {
    /// Whether every file is the release's, for every visitor. `None` if nothing was compared, because the host names
    /// another release.
    pub fn is_equal(&self) -> Option<bool> {
        match self.claim {
            Claim::Other { .. } => None,
            Claim::Altered => Some(false),
            Claim::Same | Claim::Silent => Some(self.files.iter().all(Checked::is_equal)),
        }
    }

    /// Whether some visitor was given something else than another.
    pub fn tells_visitors_apart(&self) -> bool {
        self.files.iter().any(|file| {
            let seen_by = |visitor| file.faults.iter().any(|fault| fault.visitor == visitor);
            !file.is_equal() && !self.visitors.iter().all(|visitor| seen_by(*visitor))
        })
    }
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// Its path on the host, or `/shells/<page>.<lang>.html` for a page.
    pub file: String,
    /// What the release has; `None` if the release does not have it.
    pub expected: Option<Fingerprint>,
    /// What is not as it should be.
    pub faults: Vec<Fault>,
}

impl Checked {
    pub(super) fn new(file: &ReleaseFile) -> Self {
        let expected = Some(file.fingerprint.clone());
        Self { file: file.path.clone(), expected, faults: Vec::new() }
    }

    pub(super) fn unknown(path: &str) -> Self {
        Self { file: path.to_owned(), expected: None, faults: Vec::new() }
    }

    pub(super) fn add(&mut self, visitor: Visitor, path: &str, found: Vec<Difference>) {
        self.faults.extend(found.into_iter().map(|difference| Fault {
            visitor,
            path: path.to_owned(),
            difference,
        }));
    }

    /// Nothing is wrong with it.
    pub fn is_equal(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What one visitor was given that the release does not have so.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// Who.
    pub visitor: Visitor,
    /// Where: the path that was asked for.
    pub path: String,
    /// What.
    #[serde(flatten)]
    pub difference: Difference,
}

/// How an answer differs. Texts in it were written by the host: not to be trusted on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// Other bytes.
    Content {
        /// What was sent instead.
        found: Fingerprint,
    },
    /// Another status. A redirect takes what stands behind the `#` of a link along.
    Status {
        /// As in the release.
        expected: u16,
        /// As sent.
        found: u16,
        /// Where it leads.
        location: Option<String>,
    },
    /// No, or another `Content-Security-Policy`: scripts may come from elsewhere, or markup may become script.
    Policy {
        /// As sent.
        found: Option<String>,
    },
    /// Another `Content-Type`: a script could be shown, or a text run.
    Type {
        /// As sent.
        found: Option<String>,
    },
    /// A header that leads elsewhere.
    Refresh {
        /// As sent.
        found: String,
    },
    /// A file that the release does not have.
    Unlisted {
        /// What it is.
        found: Fingerprint,
    },
    /// Script or style inside the page, or an element that no page of ours has.
    Inline {
        /// The tag.
        tag: String,
    },
    /// Something that is fetched from another host.
    Foreign {
        /// From where.
        url: String,
    },
    /// A script or style without the integrity that the release has for it: a browser would take any bytes.
    Integrity {
        /// The script or style.
        url: String,
        /// Its attribute.
        found: Option<String>,
    },
    /// The organization's colours or words have a form that could do more than colour and speak.
    Brand,
}
