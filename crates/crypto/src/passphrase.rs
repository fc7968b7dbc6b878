//! The passphrase that a sender may add, and what stretching it costs (protocol.md §3).

use argon2::{Algorithm, Argon2, Block, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Longest passphrase, in bytes of UTF-8 after NFKC.
pub const MAX_PASSPHRASE_BYTES: usize = 1_024;

/// A passphrase in NFKC, 1 to 1,024 bytes, not trimmed: however it is typed, it gives the same bytes.
pub struct Passphrase(Zeroizing<String>);

/// The cost of Argon2id. The number of lanes is always 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseParams {
    m_kib: u32,
    t: u32,
}

/// Where a plaintext was turned into ciphertext; it decides which parameters a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedBy {
    /// In the sender's browser or command line: the server never saw it.
    Client,
    /// In the server's memory, for senders that cannot encrypt.
    Server,
}

/// Why a passphrase cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing was typed.
    #[error("the passphrase is empty")]
    Empty,
    /// More than [`MAX_PASSPHRASE_BYTES`].
    #[error("the passphrase is longer than {MAX_PASSPHRASE_BYTES} bytes")]
    TooLong,
    /// The parameters are outside what a client accepts.
    #[error("the passphrase parameters are not acceptable")]
    Params,
    /// The machine has less free memory than the parameters ask for.
    #[error("not enough memory to use the passphrase")]
    Memory,
}

impl Passphrase {
    /// Normalises what somebody typed.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`], [`PassphraseError::TooLong`].
    pub fn new(typed: &str) -> Result<Self, PassphraseError> {
        // Room for the longest one and a last character, so that no reallocation leaves a copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(MAX_PASSPHRASE_BYTES + 4));
        for character in typed.nfkc() {
            normal.push(character);
            if normal.len() > MAX_PASSPHRASE_BYTES {
                return Err(PassphraseError::TooLong);
            }
        }
        if normal.is_empty() { Err(PassphraseError::Empty) } else { Ok(Self(normal)) }
    }

    /// The normalised UTF-8 bytes.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Argon2id, version 0x13, 32 bytes (RFC 9106). Takes `m_kib` of memory and wipes it.
    ///
    /// # Errors
    /// [`PassphraseError::Memory`].
    pub(crate) fn stretch(
        &self,
        salt: &[u8],
        params: PassphraseParams,
        out: &mut [u8; 32],
    ) -> Result<(), PassphraseError> {
        let params =
            Params::new(params.m_kib, params.t, PassphraseParams::LANES.into(), Some(out.len()))
                .expect("accepted parameters are inside Argon2's own ranges");
        // Our own memory, because Argon2 does not wipe the memory that it takes itself.
        let mut memory = Zeroizing::new(Vec::new());
        memory.try_reserve_exact(params.block_count()).map_err(|_| PassphraseError::Memory)?;
        memory.resize(params.block_count(), Block::new());
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(self.expose(), salt, out, memory.as_mut_slice())
            .expect("passphrase, salt and output lengths are inside Argon2's ranges");
        Ok(())
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase([redacted])")
    }
}

impl PassphraseParams {
    /// What a client seals with: 64 MiB, 3 passes.
    pub const CLIENT: Self = Self { m_kib: 65_536, t: 3 };
    /// What the server seals with: 19 MiB, 2 passes, because strangers decide how often it does.
    pub const SERVER: Self = Self { m_kib: 19_456, t: 2 };
    /// Argon2's degree of parallelism `p`.
    pub const LANES: u8 = 1;

    /// Takes the parameters of a secret if a client may use them: 19,456 to 262,144 KiB (at least 65,536 unless the
    /// server sealed), 2 to 10 passes, 1 lane. A server that could ask for less would weaken the passphrase, one that
    /// could ask for more would stop the client.
    ///
    /// # Errors
    /// [`PassphraseError::Params`].
    pub fn accept(m_kib: u32, t: u32, p: u32, sealed: SealedBy) -> Result<Self, PassphraseError> {
        let least = match sealed {
            SealedBy::Client => Self::CLIENT.m_kib,
            SealedBy::Server => Self::SERVER.m_kib,
        };
        let acceptable = (least..=262_144).contains(&m_kib)
            && (2..=10).contains(&t)
            && p == u32::from(Self::LANES);
        if acceptable { Ok(Self { m_kib, t }) } else { Err(PassphraseError::Params) }
    }

    /// Memory in KiB.
    pub const fn m_kib(self) -> u32 {
        self.m_kib
    }

    /// Number of passes.
    pub const fn t(self) -> u32 {
        self.t
    }

    /// `u32be(m_kib) ‖ u32be(t) ‖ u8(p)`.
    pub(crate) fn to_bytes(self) -> [u8; 9] {
        let mut bytes = [Self::LANES; 9];
        bytes[..4].copy_from_slice(&self.m_kib.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.t.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_passphrase_has_one_form_however_it_is_typed() {
        let same = |a, b| {
            assert_eq!(Passphrase::new(a).unwrap().expose(), Passphrase::new(b).unwrap().expose());
        };
        same("ｐａｓｓ１２３", "pass123");
        same("ﾊﾟｽﾜｰﾄﾞ", "パスワード");
        same("cafe\u{301}", "café");
        assert_eq!(Passphrase::new(" 🔑 ").unwrap().expose(), " 🔑 ".as_bytes(), "not trimmed");
    }

    #[test]
    fn the_length_counts_after_normalisation() {
        assert_eq!(Passphrase::new("").unwrap_err(), PassphraseError::Empty);
        assert!(Passphrase::new(&"a".repeat(1_024)).is_ok());
        assert_eq!(Passphrase::new(&"a".repeat(1_025)).unwrap_err(), PassphraseError::TooLong);
        assert!(Passphrase::new(&"ａ".repeat(1_024)).is_ok(), "3 bytes each before, 1 after");
        assert_eq!(
            Passphrase::new(&"\u{fdfa}".repeat(40)).unwrap_err(),
            PassphraseError::TooLong,
            "33 bytes each"
        );
    }

    /// From the reference implementation's tests (test.c, Argon2id version 0x13); RFC 9106 §5.3 has a secret and
    /// associated data, which this protocol does not use.
    #[test]
    fn stretching_gives_the_reference_values() {
        let params = PassphraseParams::accept(65_536, 2, 1, SealedBy::Client).unwrap();
        let mut out = [0; 32];
        Passphrase::new("password").unwrap().stretch(b"somesalt", params, &mut out).unwrap();
        assert_eq!(
            wax_kernel::base64url_encode(out),
            "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        );
    }

    #[test]
    fn clients_accept_only_the_published_ranges() {
        use SealedBy::{Client, Server};
        for (m_kib, t, p, sealed) in [
            (65_536, 2, 1, Client),
            (262_144, 10, 1, Client),
            (19_456, 2, 1, Server),
            (65_536, 3, 1, Server),
        ] {
            assert!(PassphraseParams::accept(m_kib, t, p, sealed).is_ok());
        }
        for (m_kib, t, p, sealed) in [
            (65_535, 3, 1, Client),
            (262_145, 3, 1, Client),
            (65_536, 1, 1, Client),
            (65_536, 11, 1, Client),
            (65_536, 3, 0, Client),
            (65_536, 3, 2, Client),
            (19_455, 2, 1, Server),
        ] {
            let refused = PassphraseParams::accept(m_kib, t, p, sealed);
            assert_eq!(refused, Err(PassphraseError::Params), "{m_kib} {t} {p} {sealed:?}");
        }
    }
}
