//! `waxseal logout`: ends the session on the server and removes it here.

use wax_client_sdk::{Code, Credential, ProfilesFile};

use super::Context;
use crate::{failure::Failure, identity::no_such_profile, output::Stream};

pub(crate) async fn run(context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let file = context.settings.read_profiles(words)?;
    let name = context.settings.profile_to_write(&file, words)?;
    let Some(profile) = file.profiles.get(&name) else {
        return Err(no_such_profile(words, &name));
    };
    let done = match &profile.credential {
        Credential::Key(_) => "logout.key",
        credential @ Credential::Session(_) => {
            let platform = context.settings.platform(&profile.platform)?.with(credential);
            match platform.sign_out().await {
                Err(error) if error.code() != Some(Code::SignedOut) => {
                    return Err(context.refused(&error).advise(words.plain("logout.kept")));
                }
                _ => "logout.done",
            }
        }
    };
    context.change_profiles(|file: &mut ProfilesFile| file.remove(&name))?;
    context.output.tell(&context.output.styled(
        Stream::Err,
        crate::output::Style::Good,
        &words.plain(done),
    ));
    Ok(())
}
