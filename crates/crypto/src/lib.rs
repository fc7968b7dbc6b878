#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod aead;
mod api_key_text;
pub mod at_rest;
mod challenge;
pub mod channel;
mod context;
mod derive;
mod device;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod handover;
mod header;
mod kem;
mod keys;
mod link;
mod manifest;
mod origin;
mod passkey;
mod passphrase;
mod seal;
mod secret;
mod signature;
mod stream;

pub use api_key_text::{ApiKeyText, ApiKeyTextError};
pub use challenge::{CHALLENGE_LIFETIME, Challenge, ChallengeError, ChallengeKey, ChallengeKeys};
pub use context::{
    CONTEXT_LIFETIME, CONTEXT_TOLERANCE, ContextClaims, ContextError, ContextHost, ContextKey,
    ContextPublicKey, ContextTarget, context_key_id,
};
pub use device::{
    DeviceKey, DeviceKeyError, DevicePublicKey, SIGNATURE_BYTES, Thumbprint, VerifyError,
};
pub use handover::{HANDOVER_BYTES, Handover, HandoverCode, HandoverError};
pub use header::{HEADER_BYTES, Header, HeaderError, Kind, UnwrapError, WRAPPED_KEY_BYTES};
pub use kem::{HpkeKey, HpkeKeyError, HpkePublicKey};
pub use keys::{
    AckHash, AckPreimage, ClaimKey, ContentKey, Ikm, PartKey, PartSalt, PeekHash, PeekKey,
    ReceiptHash, ReceiptKey, Token, WrapKey,
};
pub use link::{Link, LinkError, ReceiptLink};
pub use manifest::{MAX_TEXT_BYTES, ManifestError, TextLengthError, padded_bytes};
pub use origin::{Origin, OriginError};
pub use passkey::{PASSKEY_COPY_BYTES, PasskeyCopy, PasskeyError, Prf, prf_salt};
pub use passphrase::{
    MAX_PASSPHRASE_BYTES, Passphrase, PassphraseError, PassphraseParams, SealedBy,
};
pub use seal::{
    Delivered, Draft, MANIFEST_INDEX, OpenError, Opened, SealError, Sealed, open_text, seal_text,
    unwrap_content_key,
};
pub use secret::BytesError;
pub use signature::{SignatureError, SignatureHeaders, SignedRequest};
pub use stream::{StreamError, sealed_bytes};
