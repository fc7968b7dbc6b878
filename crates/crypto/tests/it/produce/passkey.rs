//! What a bound device leaves for a passkey.

use wax_crypto::{ContentKey, PasskeyCopy, Prf, Token, prf_salt};
use wax_kernel::{SecretId, SeededRng};
use zeroize::Zeroizing;

use super::{
    Scripted,
    device::device_key,
    draw,
    seal::{bound_input, seal},
};
use crate::schema::{Bytes, PasskeyCase};

fn id_of(case: &PasskeyCase) -> SecretId {
    SecretId::from_bytes(case.id.0[..].try_into().unwrap())
}

/// `salt` and `copy` of the inputs.
pub(crate) fn sealed(case: &PasskeyCase) -> (Bytes, Bytes) {
    let id = id_of(case);
    let copy = PasskeyCopy {
        private_key: Zeroizing::new(case.private_key.0[..].try_into().unwrap()),
        public_key: *device_key(&case.private_key.0).public(),
        content_key: ContentKey::from_slice(&case.cek.0).unwrap(),
        header: case.header.0[..].try_into().unwrap(),
    };
    let prf = Prf::from_slice(&case.prf.0).unwrap();
    let salt = prf_salt(&Token::from_slice(&case.token.0).unwrap(), &id);
    let copy = copy.seal(&prf, &id, &Scripted::new(&[&case.nonce]));
    (Bytes(salt.to_vec()), Bytes(copy.to_vec()))
}

fn copied() -> PasskeyCase {
    let rng = SeededRng::new(110);
    let (input, output) = (bound_input(), seal(&bound_input()));
    let private_key = draw(&rng, 32);
    let device = *device_key(&private_key.0).public();
    let mut case = PasskeyCase {
        name: "a device and its content key".to_owned(),
        expect: None,
        token: input.token,
        id: output.id,
        private_key,
        public_key: device.as_bytes().into(),
        thumbprint: device.thumbprint().as_bytes()[..].into(),
        cek: input.cek,
        header: output.header,
        prf: draw(&rng, 32),
        nonce: draw(&rng, 12),
        salt: Bytes(Vec::new()),
        copy: Bytes(Vec::new()),
    };
    (case.salt, case.copy) = sealed(&case);
    case
}

pub(super) fn cases() -> Vec<PasskeyCase> {
    let broken = |name: &str, change: &dyn Fn(&mut PasskeyCase)| {
        let mut case = copied();
        (case.name, case.expect) = (name.to_owned(), Some("passkey".to_owned()));
        change(&mut case);
        case
    };
    vec![
        copied(),
        broken("another passkey", &|case| case.prf.0[0] ^= 1),
        broken("another secret's id", &|case| case.id.0[0] ^= 1),
        broken("another user handle", &|case| case.thumbprint.0[0] ^= 1),
        broken("another nonce", &|case| case.copy.0[0] ^= 1),
        broken("a changed bit", &|case| case.copy.0[100] ^= 1),
        broken("another tag", &|case| case.copy.0[211] ^= 1),
        broken("a byte less", &|case| case.copy.0.truncate(211)),
    ]
}
