//! Ids. A type each, so that one is never taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Rng, base64url_decode, base64url_encode};

/// The text is not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// What the text of every such id starts with.
            pub const PREFIX: &str = $prefix;

            /// The id that is these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// A new random id: 128 bits, so that nobody guesses one and nothing collides.
            pub fn random(rng: &dyn Rng) -> Self {
                Self(rng.bytes())
            }

            /// The raw bytes, as the protocol's hashes and key derivations take them.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the prefix and 22 characters of strict base64url.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let body = text.strip_prefix($prefix).ok_or(IdError)?;
                let bytes = base64url_decode(body).map_err(|_| IdError)?;
                bytes.try_into().map(Self).map_err(|_| IdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, base64url_encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id!(
    /// Names a secret. Derived from the link (protocol.md §2), never drawn: nobody can choose one.
    SecretId, ""
);
id!(
    /// Names a receipt. Derived from the receipt's key (protocol.md §7).
    ReceiptId, ""
);
id!(
    /// Names an account: a person who signs in.
    AccountId, "acc_"
);
id!(
    /// Names an API key of an organization. Opens nothing.
    ApiKeyId, "key_"
);
id!(
    /// Names a certificate of a domain, from the moment its key is made.
    CertificateId, "crt_"
);
id!(
    /// Names a claim of a secret by one device.
    ClaimId, "clm_"
);
id!(
    /// Names the key with which one edge signs what it has verified.
    ContextKeyId, "ctk_"
);
id!(
    /// Names a custom host name of a tenant.
    DomainId, "dom_"
);
id!(
    /// Names an audit event or an outbox message.
    EventId, "evt_"
);
id!(
    /// Names an invitation to an organization. Opens nothing.
    InvitationId, "inv_"
);
id!(
    /// Names a passkey of an account.
    PasskeyId, "pky_"
);
id!(
    /// Names one request, in logs and in problem documents.
    RequestId, "req_"
);
id!(
    /// Names a session of an account. Opens nothing.
    SessionId, "ses_"
);
id!(
    /// Names a tenant (people read: organization).
    TenantId, "ten_"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRng;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = ClaimId::random(&SeededRng::new(7));
        assert_eq!(ClaimId::parse(&id.to_string()), Ok(id));
        assert_eq!(id.to_string().len(), 4 + 22);
    }

    #[test]
    fn another_kind_a_wrong_length_and_spare_bits_are_refused() {
        let tenant = TenantId::random(&SeededRng::new(7)).to_string();
        assert_eq!(ClaimId::parse(&tenant), Err(IdError));
        assert_eq!(SecretId::parse("AAAA"), Err(IdError));
        assert_eq!(SecretId::parse("AAAAAAAAAAAAAAAAAAAAAB"), Err(IdError));
        assert!(SecretId::parse("AAAAAAAAAAAAAAAAAAAAAA").is_ok());
    }
}
