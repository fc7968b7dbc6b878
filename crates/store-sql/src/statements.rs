//! The register of statements. Every SQL text of this crate stands in a `statements!` block, so that tests can prepare
//! all of them on both engines: a statement that only one of them understands is found without running it.

/// One statement, in the dialects of both engines. Only this module and `dialect` make them; everything else can but
/// run them, so no text from outside ever becomes SQL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) postgres: &'static str,
    pub(crate) sqlite: &'static str,
}

/// A statement whose text both engines understand: the normal case.
pub(crate) const fn both(text: &'static str) -> Statement {
    Statement { postgres: text, sqlite: text }
}

/// Declares statements and registers them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $statement:expr;)+) => {
        $($(#[$doc])* const $name: $crate::statements::Statement = $statement;)+

        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, $crate::statements::Statement)] =
            &[$((stringify!($name), $name)),+];
    };
}

pub(crate) use statements;

/// Every registered statement with its name.
#[cfg(test)]
pub(crate) const ALL: &[&[(&str, Statement)]] = &[
    crate::account_events::STATEMENTS,
    crate::accounts::STATEMENTS,
    crate::api_keys::STATEMENTS,
    crate::audit::STATEMENTS,
    crate::billing::STATEMENTS,
    crate::billing_drift::STATEMENTS,
    crate::brands::STATEMENTS,
    crate::burials::STATEMENTS,
    crate::certificates::STATEMENTS,
    crate::change_log::STATEMENTS,
    crate::claims::STATEMENTS,
    crate::context_keys::STATEMENTS,
    crate::copies::STATEMENTS,
    crate::devices::STATEMENTS,
    crate::domain_checks::STATEMENTS,
    crate::domain_history::STATEMENTS,
    crate::domains::STATEMENTS,
    crate::durability::STATEMENTS,
    crate::erasure::STATEMENTS,
    crate::feed::STATEMENTS,
    crate::forgetting::STATEMENTS,
    crate::handovers::STATEMENTS,
    crate::invitations::STATEMENTS,
    crate::labels::STATEMENTS,
    crate::members::STATEMENTS,
    crate::operator::STATEMENTS,
    crate::orders::STATEMENTS,
    crate::outbox::STATEMENTS,
    crate::passkeys::STATEMENTS,
    crate::reaper::STATEMENTS,
    crate::recovery_codes::STATEMENTS,
    crate::routes::STATEMENTS,
    crate::scoped::STATEMENTS,
    crate::secrets::STATEMENTS,
    crate::sessions::STATEMENTS,
    crate::suppressions::STATEMENTS,
    crate::tenants::STATEMENTS,
    crate::ticket_keys::STATEMENTS,
    crate::tokens::STATEMENTS,
    crate::tries::STATEMENTS,
    crate::usage::STATEMENTS,
    crate::usage_places::STATEMENTS,
];
