//! Who acts: the key in the environment, a profile, or nobody.

use wax_client_sdk::{ChosenOrganization, Credential, Profile, ProfileName, ProfilesFile};
use wax_crypto::{ApiKeyText, ApiKeyTextError, Origin};
use wax_kernel::Hostname;

use crate::{
    failure::{Exit, Failure},
    settings::Settings,
    words::Words,
};

/// Somebody who acts, and where.
pub(crate) struct Identity {
    /// `None`: `WAXSEAL_KEY`.
    pub(crate) profile: Option<ProfileName>,
    /// Where members and keys are. A key in the environment may be used without.
    pub(crate) platform: Option<Origin>,
    pub(crate) credential: Credential,
    pub(crate) organization: Option<ChosenOrganization>,
    /// Where it shares unless told otherwise.
    pub(crate) domain: Option<Hostname>,
}

impl Settings {
    /// Who acts in this run. `WAXSEAL_KEY` wins; set to something that is no key it is a mistake, and never nobody:
    /// whoever sets it relies on being known.
    pub(crate) fn identity(&self, words: Words) -> Result<Option<Identity>, Failure> {
        if let Some(text) = &self.key {
            let key = read_key(words, text.expose().trim())
                .map_err(|failure| failure.advise(words.plain("key.variable.advice")))?;
            return self.by_key(words, key).map(Some);
        }
        let file = self.read_profiles(words)?;
        let found = self.chosen(&file, words)?;
        Ok(found.map(|(name, profile)| of_profile(name, profile)))
    }

    /// A profile that is named says where the key is to be used, too.
    fn by_key(&self, words: Words, key: ApiKeyText) -> Result<Identity, Failure> {
        let named = match &self.profile {
            Some(_) => self.chosen(&self.read_profiles(words)?, words)?,
            None => None,
        };
        let (platform, domain) = match named {
            Some((_, profile)) => (Some(profile.platform), profile.domain),
            None => (self.platform_host(None)?, None),
        };
        let credential = Credential::Key(key);
        Ok(Identity { profile: None, platform, credential, organization: None, domain })
    }

    /// Everything that is known of who is signed in here.
    pub(crate) fn read_profiles(&self, words: Words) -> Result<ProfilesFile, Failure> {
        self.profiles()?.read().map_err(|error| Failure::from_profiles(words, &error))
    }

    /// The profile that was named, or the default. One that was named has to be there.
    fn chosen(
        &self,
        file: &ProfilesFile,
        words: Words,
    ) -> Result<Option<(ProfileName, Profile)>, Failure> {
        let name = match &self.profile {
            Some(typed) => {
                let name = profile_name(words, typed)?;
                if !file.profiles.contains_key(&name) {
                    return Err(no_such_profile(words, &name));
                }
                Some(name)
            }
            None => file.default.clone(),
        };
        let profile = name.and_then(|name| {
            let profile = file.profiles.get(&name).cloned()?;
            Some((name, profile))
        });
        if profile.is_none() && !file.profiles.is_empty() {
            return Err(Failure::usage(words.plain("profiles.which"))
                .advise(words.plain("profiles.which.advice")));
        }
        Ok(profile)
    }

    /// Under which name somebody signs in.
    pub(crate) fn profile_to_write(
        &self,
        file: &ProfilesFile,
        words: Words,
    ) -> Result<ProfileName, Failure> {
        match &self.profile {
            Some(typed) => profile_name(words, typed),
            None => Ok(file.default.clone().unwrap_or_default()),
        }
    }
}

fn of_profile(name: ProfileName, profile: Profile) -> Identity {
    let Profile { platform, credential, organization, domain, .. } = profile;
    Identity { profile: Some(name), platform: Some(platform), credential, organization, domain }
}

/// Reads the name of a profile.
pub(crate) fn profile_name(words: Words, text: &str) -> Result<ProfileName, Failure> {
    ProfileName::parse(text).ok_or_else(|| {
        Failure::usage(words.say("profiles.name", &[("name", &text)]))
            .advise(words.plain("profiles.name.advice"))
    })
}

pub(crate) fn no_such_profile(words: Words, name: &ProfileName) -> Failure {
    Failure::new(Exit::Access, words.say("profiles.none", &[("name", &name.as_str())]))
        .advise(words.say("profiles.none.advice", &[("name", &name.as_str())]))
}

/// Reads a key. Of what is none, nothing is repeated.
pub(crate) fn read_key(words: Words, text: &str) -> Result<ApiKeyText, Failure> {
    ApiKeyText::parse(text).map_err(|error| {
        let key = match error {
            ApiKeyTextError::Form if text.is_empty() => "key.empty",
            ApiKeyTextError::Form => "key.form",
            ApiKeyTextError::Checksum => "key.mistyped",
        };
        Failure::usage(words.plain(key))
    })
}
