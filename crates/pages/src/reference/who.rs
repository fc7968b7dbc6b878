//! Who may do it.

use wax_model::{Permission, Reach, Role};

use super::document::Route;

/// How a caller is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// By what the link or the receipt gave them, on an organization's host.
    Stranger,
    /// By nothing, from our own page.
    Nobody,
    /// By nothing, from a command line.
    CommandLine,
    /// By a session.
    Person { stepped_up: bool },
    /// By a key, whatever its scopes.
    Key,
    /// By a session or a key, with this permission.
    Member(Permission),
}

impl Caller {
    pub(super) fn of(route: &Route<'_>) -> Self {
        match route.operation.permission.as_deref() {
            None => Self::Stranger,
            Some("nobody") if route.path.starts_with("/v1/device/") => Self::CommandLine,
            Some("nobody") => Self::Nobody,
            Some("key") => Self::Key,
            Some("step-up") => Self::Person { stepped_up: true },
            Some(permission) => Permission::parse(permission)
                .map_or(Self::Person { stepped_up: false }, Self::Member),
        }
    }

    /// As the page says it, in HTML.
    pub(super) fn said(self) -> String {
        match self {
            Self::Stranger => {
                "whoever has the link or the receipt, on the organization’s own host".to_owned()
            }
            Self::Nobody => "anybody, from our own pages".to_owned(),
            Self::CommandLine => "anybody, from a command line".to_owned(),
            Self::Key => "a program with a key, whatever its scopes".to_owned(),
            Self::Person { stepped_up: false } => "anybody who is signed in".to_owned(),
            Self::Person { stepped_up: true } => {
                "anybody who is signed in and has proven themselves in the last 10 minutes"
                    .to_owned()
            }
            Self::Member(permission) => member(permission),
        }
    }

    /// Codes of problems that the caller can bring about by being who they are.
    pub(super) fn problems(self) -> Vec<&'static str> {
        match self {
            Self::Stranger | Self::CommandLine => vec![],
            Self::Nobody => vec!["csrf"],
            Self::Key | Self::Person { stepped_up: false } => vec!["signed-out", "forbidden"],
            Self::Person { stepped_up: true } => vec!["signed-out", "forbidden", "step-up"],
            Self::Member(permission) => {
                let proof = permission.needs_step_up().then_some("step-up");
                ["signed-out", "forbidden"].into_iter().chain(proof).collect()
            }
        }
    }
}

fn member(permission: Permission) -> String {
    let role = |role: &Role| {
        let own = match permission.of_role(*role)? {
            Reach::Own => " (their own)",
            Reach::All => "",
        };
        Some(format!("{}{own}", role.as_str()))
    };
    let roles = Role::ALL.iter().filter_map(role).collect::<Vec<_>>().join(", ");
    let key = match permission.scope() {
        Some(scope) => format!("a key with the scope <code>{}</code>", scope.as_str()),
        None => "no key".to_owned(),
    };
    let proof = if permission.needs_step_up() {
        "; a session must have been proven in the last 10 minutes"
    } else {
        ""
    };
    format!("<code>{}</code>: {roles}; {key}{proof}", permission.as_str())
}
