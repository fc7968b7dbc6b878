//! Who is signed in on this machine, and as what: one file that its owner alone can read.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use wax_crypto::{ApiKeyText, Origin};
use wax_kernel::{Hostname, Redacted, TenantId};
use zeroize::Zeroizing;

use crate::{
    Credential, FolderError, SessionToken,
    folder::{Folder, Private},
};

const FILE: &str = "profiles.json";
const LOCK: &str = "profiles.lock";
const VERSION: u8 = 1;

/// A folder with the file of profiles. It is made when it is first needed.
#[derive(Debug, Clone)]
pub struct Profiles {
    folder: Folder,
}

/// What people call a profile: 1 to 40 letters, digits, `.`, `_` or `-` of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileName(String);

/// One way of being signed in.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Where members are.
    pub platform: Origin,
    /// What is shown there.
    pub credential: Credential,
    /// An address, or the name of a key: for people.
    pub who: Redacted<String>,
    /// For which organization it acts, if it is in several.
    pub organization: Option<ChosenOrganization>,
    /// On which of the organization's domains it shares.
    pub domain: Option<Hostname>,
}

/// An organization, and what it was called when it was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenOrganization {
    /// Names it.
    pub id: TenantId,
    /// For people.
    pub name: String,
}

/// Everything in the file.
#[derive(Debug, Clone, Default)]
pub struct ProfilesFile {
    /// Which one is used unless another is named.
    pub default: Option<ProfileName>,
    /// By their names.
    pub profiles: BTreeMap<ProfileName, Profile>,
}

/// Why profiles cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfilesError {
    /// Others can read the file.
    #[error("others can read {}", .0.display())]
    Exposed(PathBuf),
    /// It is not a file of profiles, or one of a newer version.
    #[error("{} cannot be read back", .0.display())]
    Damaged(PathBuf),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl ProfileName {
    /// Reads one. `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((1..=40).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ProfileName {
    /// For whoever needs only one.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ProfilesFile {
    /// Puts a profile there; the first is the default from then on.
    pub fn put(&mut self, name: ProfileName, profile: Profile) {
        self.default.get_or_insert_with(|| name.clone());
        self.profiles.insert(name, profile);
    }

    /// Takes a profile away. If one other is left, that is the default from then on.
    pub fn remove(&mut self, name: &ProfileName) -> Option<Profile> {
        let removed = self.profiles.remove(name)?;
        if self.default.as_ref() == Some(name) {
            let mut left = self.profiles.keys();
            self.default = left.next().filter(|_| left.len() == 0).cloned();
        }
        Some(removed)
    }
}

impl Profiles {
    /// The profiles in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Folder::new(folder) }
    }

    /// Everything there is; nothing, if there is no file.
    pub fn read(&self) -> Result<ProfilesFile, ProfilesError> {
        match self.folder.read_private(FILE)? {
            None => Ok(ProfilesFile::default()),
            Some(Private::Exposed) => Err(ProfilesError::Exposed(self.file())),
            Some(Private::Bytes(bytes)) => {
                parse(&bytes).ok_or_else(|| ProfilesError::Damaged(self.file()))
            }
        }
    }

    /// Changes what there is. Of two processes that do so at once, one waits for the other.
    pub fn update<T>(
        &self,
        change: impl FnOnce(&mut ProfilesFile) -> T,
    ) -> Result<T, ProfilesError> {
        let _held = self.folder.lock(LOCK)?;
        let mut file = self.read()?;
        let answer = change(&mut file);
        self.folder.replace(FILE, &write(&file))?;
        Ok(answer)
    }

    fn file(&self) -> PathBuf {
        self.folder.path(FILE)
    }
}

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct FileRecord {
    version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    profiles: BTreeMap<String, ProfileRecord>,
}

#[derive(Serialize, Deserialize)]
struct ProfileRecord {
    platform: String,
    /// `wxs_…` or `wxk_…`.
    credential: Redacted<String>,
    who: Redacted<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<ChosenOrganization>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Hostname>,
}

fn parse(bytes: &[u8]) -> Option<ProfilesFile> {
    let record: FileRecord = serde_json::from_slice(bytes).ok()?;
    if record.version != VERSION {
        return None;
    }
    let profiles = record.profiles.into_iter();
    let profiles =
        profiles.map(|(name, profile)| Some((ProfileName::parse(&name)?, profile.read()?)));
    let default = match record.default {
        Some(name) => Some(ProfileName::parse(&name)?),
        None => None,
    };
    Some(ProfilesFile { default, profiles: profiles.collect::<Option<_>>()? })
}

fn write(file: &ProfilesFile) -> Zeroizing<Vec<u8>> {
    let profiles = file.profiles.iter();
    let record = FileRecord {
        version: VERSION,
        default: file.default.as_ref().map(ToString::to_string),
        profiles: profiles.map(|(name, own)| (name.to_string(), ProfileRecord::of(own))).collect(),
    };
    let bytes = serde_json::to_vec_pretty(&record);
    Zeroizing::new(bytes.expect("a record has text keys and cannot fail"))
}

impl ProfileRecord {
    fn of(profile: &Profile) -> Self {
        Self {
            platform: profile.platform.to_string(),
            credential: Redacted::new(profile.credential.expose().to_owned()),
            who: profile.who.clone(),
            organization: profile.organization.clone(),
            domain: profile.domain.clone(),
        }
    }

    fn read(self) -> Option<Profile> {
        let text = self.credential.expose();
        let session = SessionToken::parse(text).map(Credential::Session);
        let credential = session.or_else(|| ApiKeyText::parse(text).ok().map(Credential::Key))?;
        Some(Profile {
            platform: Origin::parse(&self.platform).ok()?,
            credential,
            who: self.who,
            organization: self.organization,
            domain: self.domain,
        })
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SystemRng;

    use super::*;

    fn profile(credential: Credential) -> Profile {
        Profile {
            platform: Origin::https("app.example.com").unwrap(),
            credential,
            who: Redacted::new("ann@acme.example".to_owned()),
            organization: Some(ChosenOrganization {
                id: TenantId::from_bytes([1; 16]),
                name: "Acme".to_owned(),
            }),
            domain: Some(Hostname::parse("secrets.acme.example").unwrap()),
        }
    }

    fn session() -> Credential {
        Credential::Session(SessionToken::parse(&format!("wxs_{}", "A".repeat(43))).unwrap())
    }

    fn name(text: &str) -> ProfileName {
        ProfileName::parse(text).unwrap()
    }

    fn store() -> (tempfile::TempDir, Profiles) {
        let place = tempfile::tempdir().unwrap();
        let profiles = Profiles::new(place.path().join("a/b"));
        (place, profiles)
    }

    #[test]
    fn a_profile_reads_back_as_it_was_put() {
        let (_place, store) = store();
        assert!(store.read().unwrap().profiles.is_empty());
        let key = Credential::Key(ApiKeyText::random(&SystemRng));
        store.update(|file| file.put(name("work"), profile(session()))).unwrap();
        store.update(|file| file.put(name("ci"), profile(key.clone()))).unwrap();
        let file = store.read().unwrap();
        assert_eq!(file.default, Some(name("work")), "the first one");
        let ci = &file.profiles[&name("ci")];
        assert_eq!(ci.credential.expose(), key.expose());
        let expected = profile(key);
        assert!(ci.platform == expected.platform && ci.who == expected.who);
        assert!(ci.organization == expected.organization && ci.domain == expected.domain);
    }

    #[test]
    fn the_default_is_never_one_that_is_gone() {
        let mut file = ProfilesFile::default();
        for text in ["a", "b", "c"] {
            file.put(name(text), profile(session()));
        }
        assert!(file.remove(&name("a")).is_some() && file.remove(&name("a")).is_none());
        assert_eq!(file.default, None, "nobody knows which of two");
        file.default = Some(name("b"));
        file.remove(&name("b"));
        assert_eq!(file.default, Some(name("c")), "the one that is left");
    }

    #[test]
    fn a_file_that_cannot_be_read_back_is_neither_used_nor_replaced() {
        let (place, store) = store();
        store.update(|file| file.put(name("work"), profile(session()))).unwrap();
        let path = place.path().join("a/b").join(FILE);
        let newer =
            std::fs::read_to_string(&path).unwrap().replace("\"version\": 1", "\"version\": 2");
        for text in ["", "{}", &newer] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(store.read(), Err(ProfilesError::Damaged(_))), "{text}");
            assert!(store.update(|file| file.default = None).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let (place, store) = store();
        store.update(|file| file.put(name("work"), profile(session()))).unwrap();
        let path = place.path().join("a/b").join(FILE);
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        for others in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(others)).unwrap();
            assert!(matches!(store.read(), Err(ProfilesError::Exposed(_))), "{others:o}");
            assert!(store.update(|file| file.default = None).is_err(), "{others:o}");
        }
    }

    #[test]
    fn two_that_change_it_at_once_lose_nothing() {
        let (_place, store) = store();
        std::thread::scope(|scope| {
            for at in 0..8 {
                let store = &store;
                let put = move |file: &mut ProfilesFile| {
                    file.put(name(&format!("p{at}")), profile(session()));
                };
                scope.spawn(move || store.update(put).unwrap());
            }
        });
        assert_eq!(store.read().unwrap().profiles.len(), 8);
    }

    #[test]
    fn nothing_that_opens_is_printed() {
        let printed = format!("{:?}", profile(session()));
        assert!(!printed.contains("AAAA") && !printed.contains("ann@"), "{printed}");
    }

    #[test]
    fn a_name_is_plain() {
        let long = "x".repeat(41);
        for text in ["", "a b", "a/b", "ü", &long] {
            assert!(ProfileName::parse(text).is_none(), "{text}");
        }
    }
}
