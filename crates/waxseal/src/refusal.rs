//! What the platform refuses, and what to do about it.

use wax_client_sdk::{Code, Error, Problem, ProfilesError};

use crate::{
    failure::{Exit, Failure},
    terminal::one_line,
    when,
    words::Words,
};

impl Failure {
    /// What the client library reports of a request to the platform.
    pub(crate) fn from_platform(words: Words, error: &Error) -> Self {
        match error {
            Error::Problem(problem) => from_problem(words, problem),
            other => Self::from_sdk(words, other),
        }
    }

    /// Profiles that cannot be used.
    pub(crate) fn from_profiles(words: Words, error: &ProfilesError) -> Self {
        let say = |key: &str, path: &std::path::Path| {
            words.say(key, &[("file", &path.display().to_string())])
        };
        match error {
            ProfilesError::Exposed(path) => Self::local(say("profiles.exposed", path))
                .advise(say("profiles.exposed.advice", path)),
            ProfilesError::Damaged(path) => Self::local(say("profiles.damaged", path))
                .advise(words.plain("profiles.damaged.advice")),
            ProfilesError::Folder(error) => Self::file(words, &error.folder, &error.source),
        }
    }
}

/// The server wrote title and detail in the caller's language; the advice is ours.
fn from_problem(words: Words, problem: &Problem) -> Failure {
    let (exit, advice) = match problem.code {
        Code::SignedOut => (Exit::Access, "access.signed-out.advice"),
        Code::SignIn | Code::SecondFactor => {
            return Failure::new(Exit::Access, words.plain("access.proof"))
                .advise(words.plain("access.proof.advice"));
        }
        Code::StepUp => return step_up_needed(words),
        Code::Forbidden => return forbidden(words, problem),
        Code::NotAvailable => {
            return Failure::new(Exit::Gone, words.plain("access.nothing"))
                .advise(words.plain("access.nothing.advice"));
        }
        Code::HeldBack | Code::RateLimited => return too_often(words, problem),
        Code::Conflict | Code::Invalid | Code::TooLarge => (Exit::Refused, "access.refused.advice"),
        // Its own words say what to do.
        Code::LastOwner => return Failure::new(Exit::Refused, told(problem)),
        _ => return Failure::from_sdk(words, &Error::Problem(Box::new(problem.clone()))),
    };
    Failure::new(exit, told(problem)).advise(words.plain(advice))
}

fn told(problem: &Problem) -> String {
    format!("{}: {}", one_line(&problem.title), one_line(&problem.detail))
}

/// The person has to be proven again, and nobody can be asked here.
pub(crate) fn step_up_needed(words: Words) -> Failure {
    Failure::new(Exit::Access, words.plain("step-up.needed"))
        .advise(words.plain("step-up.needed.advice"))
}

fn forbidden(words: Words, problem: &Problem) -> Failure {
    let failure = Failure::new(Exit::Access, words.plain("access.forbidden"));
    match &problem.permission {
        Some(permission) => {
            let permission = one_line(permission);
            let values: [(&str, &dyn wax_i18n::Value); 1] = [("permission", &permission.as_ref())];
            failure.advise(words.say("access.forbidden.advice", &values))
        }
        // Persons alone may: a key has no account.
        None => failure.advise(words.plain("access.person.advice")),
    }
}

fn too_often(words: Words, problem: &Problem) -> Failure {
    let message = problem.retry_after.map_or_else(
        || words.plain("access.often"),
        |wait| words.say("access.often.for", &[("span", &when::span(words, wait))]),
    );
    Failure::new(Exit::Refused, message).advise(words.plain("access.refused.advice"))
}
