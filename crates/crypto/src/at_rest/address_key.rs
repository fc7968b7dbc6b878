//! How the server remembers something of a mail address without the address.

use crate::{
    channel::HostSeed,
    derive::{hkdf, hmac, label},
    secret::{public_bytes, secret_bytes},
};

secret_bytes!(
    /// Keys the codes of mail addresses. Follows from the key store's seed, so that it outlives every rotation: who does
    /// not want a mail any more is remembered for ever.
    AddressKey, 32
);

public_bytes!(
    /// Stands for a mail address: tells nothing of it without the key.
    AddressMac, 32
);

impl AddressKey {
    /// `HKDF(seed, '', label("address-key"))`.
    pub fn derive(seed: &HostSeed) -> Self {
        Self::written_by(|out| hkdf(seed.expose(), b"", &[label!("address-key")], out))
    }

    /// `HMAC(key, purpose ‖ 0x00 ‖ address)`, of the address as it is compared.
    pub fn mac(&self, purpose: &str, address: &str) -> AddressMac {
        AddressMac(hmac(self.expose(), &[purpose.as_bytes(), &[0], address.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_depends_on_key_purpose_and_address() {
        let mac = |seed: u8, purpose, address| {
            let seed = HostSeed::from_slice(&[seed; 32]).unwrap();
            AddressKey::derive(&seed).mac(purpose, address)
        };
        let one = mac(1, "a", "bob@example.com");
        assert_eq!(one, mac(1, "a", "bob@example.com"));
        for other in [
            mac(2, "a", "bob@example.com"),
            mac(1, "b", "bob@example.com"),
            mac(1, "a", "eve@example.com"),
        ] {
            assert_ne!(one, other);
        }
    }
}
