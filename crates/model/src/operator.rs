//! What whoever runs the server decides while it runs, and the trail of it.

use wax_kernel::{EventId, Timestamp};

use crate::text_enum::text_enum;

text_enum! {
    /// Who may sign up.
    SignUpPolicy {
        /// Everybody with an address.
        Open = "open",
        /// Who was invited into an organization.
        Invited = "invited",
        /// Nobody: not even invited people, only whom the operator lets in.
        Closed = "closed",
    }
}

text_enum! {
    /// What the operator did.
    OperatorAction {
        /// Switched who may sign up; the subject is the policy.
        SignUpSwitched = "sign-up.switched",
        /// Had mail sent again to an address; the subject is the reason and the code of the address.
        MailLifted = "mail.lifted",
        /// Made a link that lets somebody in; the subject is what for, and the account if there is one.
        LinkMade = "link.made",
    }
}

/// One line of the operator's trail. It belongs to no organization, and is kept: there are few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorEvent {
    /// Random.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: OperatorAction,
    /// To what. Names nobody.
    pub subject: String,
}
