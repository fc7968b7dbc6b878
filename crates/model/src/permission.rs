//! Who may do what: one table (docs/accounts.md §2).

use crate::text_enum::text_enum;

text_enum! {
    /// What a member is in an organization.
    Role {
        /// Everything, and the only one who may give the organization away or end it. At least one in each.
        Owner = "owner",
        /// Runs it: members, keys, settings, everybody's secrets.
        Admin = "admin",
        /// Makes secrets and sees their own.
        Member = "member",
        /// Sees everything that is not secret, changes nothing.
        Auditor = "auditor",
    }
}

text_enum! {
    /// What an API key may be used for.
    Scope {
        /// See the organization's name and domains.
        OrganizationRead = "organization:read",
        /// See members and invitations.
        MembersRead = "members:read",
        /// Invite, change and remove members below owner.
        MembersWrite = "members:write",
        /// Read the audit trail.
        AuditRead = "audit:read",
        /// Make secrets.
        SecretsCreate = "secrets:create",
        /// See the receipts of secrets made with this key.
        SecretsRead = "secrets:read",
        /// Destroy secrets made with this key.
        SecretsBurn = "secrets:burn",
        /// See domains.
        DomainsRead = "domains:read",
        /// Add, check, change and remove domains.
        DomainsWrite = "domains:write",
    }
}

/// Whose secrets a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    All,
    /// Those that the caller made.
    Own,
}

/// Declares the table once: permission, text, reach of owner, admin, member and auditor, key scope, step-up.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,
        [$owner:expr, $admin:expr, $member:expr, $auditor:expr], $scope:expr, $step_up:literal;)+) => {
        text_enum! {
            /// What can be allowed. Every operation on an organization names exactly one.
            Permission { $($(#[$doc])* $name = $text,)+ }
        }

        impl Permission {
            /// How far a member with this role may go, if at all.
            pub const fn of_role(self, role: Role) -> Option<Reach> {
                match self {
                    $(Self::$name => match role {
                        Role::Owner => $owner,
                        Role::Admin => $admin,
                        Role::Member => $member,
                        Role::Auditor => $auditor,
                    },)+
                }
            }

            /// The scope that a key needs; `None`: no key may.
            pub const fn scope(self) -> Option<Scope> {
                match self { $(Self::$name => $scope,)+ }
            }

            /// Whether a session must have proven its person again lately.
            pub const fn needs_step_up(self) -> bool {
                match self { $(Self::$name => $step_up,)+ }
            }
        }
    };
}

const ALL: Option<Reach> = Some(Reach::All);
const OWN: Option<Reach> = Some(Reach::Own);
const NO: Option<Reach> = None;

permissions! {
    /// See the organization.
    OrganizationRead = "organization.read", [ALL, ALL, ALL, ALL], Some(Scope::OrganizationRead), false;
    /// Rename it.
    OrganizationWrite = "organization.write", [ALL, ALL, NO, NO], None, false;
    /// Give it to another member.
    OrganizationTransfer = "organization.transfer", [ALL, NO, NO, NO], None, true;
    /// Take a copy of everything.
    OrganizationExport = "organization.export", [ALL, NO, NO, NO], None, true;
    /// End it.
    OrganizationDelete = "organization.delete", [ALL, NO, NO, NO], None, true;
    /// See members and invitations.
    MembersRead = "members.read", [ALL, ALL, ALL, ALL], Some(Scope::MembersRead), false;
    /// Invite, change and remove members.
    MembersWrite = "members.write", [ALL, ALL, NO, NO], Some(Scope::MembersWrite), true;
    /// See API keys, never their text.
    KeysRead = "keys.read", [ALL, ALL, NO, ALL], None, false;
    /// Make, change and end API keys.
    KeysWrite = "keys.write", [ALL, ALL, NO, NO], None, true;
    /// Read the audit trail.
    AuditRead = "audit.read", [ALL, ALL, NO, ALL], Some(Scope::AuditRead), false;
    /// Make secrets.
    SecretsCreate = "secrets.create", [ALL, ALL, OWN, NO], Some(Scope::SecretsCreate), false;
    /// See receipts.
    SecretsRead = "secrets.read", [ALL, ALL, OWN, ALL], Some(Scope::SecretsRead), false;
    /// Destroy secrets.
    SecretsBurn = "secrets.burn", [ALL, ALL, OWN, NO], Some(Scope::SecretsBurn), false;
    /// See domains.
    DomainsRead = "domains.read", [ALL, ALL, ALL, ALL], Some(Scope::DomainsRead), false;
    /// Add, check and change domains.
    DomainsWrite = "domains.write", [ALL, ALL, NO, NO], Some(Scope::DomainsWrite), false;
    /// Remove them, answer a contest, bring certificates.
    DomainsControl = "domains.control", [ALL, ALL, NO, NO], Some(Scope::DomainsWrite), true;
    /// See what is paid and used.
    BillingRead = "billing.read", [ALL, ALL, NO, ALL], None, false;
    /// Subscribe, change and cancel.
    BillingWrite = "billing.write", [ALL, NO, NO, NO], None, false;
}

impl Permission {
    /// Whether a member confined to one domain keeps it: what is about the whole organization they lose.
    pub const fn confined(self) -> bool {
        matches!(
            self,
            Self::OrganizationRead
                | Self::SecretsCreate
                | Self::SecretsRead
                | Self::SecretsBurn
                | Self::DomainsRead
        )
    }
}

impl Role {
    /// Whether a member with this role may make, change or remove one with that role.
    pub const fn governs(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(other, Self::Owner),
            Self::Member | Self::Auditor => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented table's rows: permission, a cell per role, scope.
    fn documented() -> Vec<Vec<&'static str>> {
        let (_, section) =
            include_str!("../../../docs/accounts.md").split_once("## 2. Roles and scopes").unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }

    fn cell(permission: Permission, role: Role) -> &'static str {
        match permission.of_role(role) {
            None => "–",
            Some(Reach::Own) => "own",
            Some(Reach::All) => "all",
        }
    }

    #[test]
    fn the_documented_table_and_the_code_agree() {
        let rows = documented();
        assert_eq!(rows.len(), Permission::ALL.len());
        for (row, permission) in rows.iter().zip(Permission::ALL) {
            let name = row[0].split('`').nth(1).unwrap();
            assert_eq!(name, permission.as_str());
            assert_eq!(row[0].ends_with('*'), permission.needs_step_up(), "{name}: step-up");
            for (told, role) in row[1..5].iter().zip(Role::ALL) {
                let expected = if *told == "✓" { "all" } else { told };
                let meant = cell(*permission, *role);
                let creates = *permission == Permission::SecretsCreate && meant == "own";
                assert!(meant == expected || creates, "{name}, {}: {meant}", role.as_str());
            }
            let scope = row[5].split('`').nth(1);
            assert_eq!(scope, permission.scope().map(Scope::as_str), "{name}: scope");
        }
    }

    #[test]
    fn nobody_governs_an_owner_but_an_owner() {
        for role in Role::ALL {
            assert_eq!(role.governs(Role::Owner), *role == Role::Owner);
        }
    }

    #[test]
    fn an_auditor_changes_nothing() {
        let changing = ["write", "transfer", "delete", "create", "burn", "control"];
        for permission in Permission::ALL {
            if changing.iter().any(|word| permission.as_str().ends_with(word)) {
                assert_eq!(permission.of_role(Role::Auditor), None, "{}", permission.as_str());
            }
        }
    }
}
