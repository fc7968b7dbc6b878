//! Who sent a secret, as a person reads it. The server's own rows say so; names in them were chosen by people.

use wax_client_sdk::{Sender, SentBy};

use crate::{terminal::one_line, when, words::Words};

/// The domain, what proves it, and as what somebody sent it.
pub(crate) fn lines(sender: &Sender, words: Words) -> Vec<String> {
    let (host, organization) = (one_line(&sender.host), one_line(&sender.organization));
    let member = sender.member.as_deref().map(one_line);
    let say = |key: &str, rest: (&str, &dyn wax_i18n::Value)| {
        words.say(key, &[("organization", &organization.as_ref()), rest])
    };
    let proof = sender.proven_since.map_or_else(
        || say("sender.given", ("host", &host.as_ref())),
        |since| say("sender.proven", ("since", &when::moment(words, since))),
    );
    let by = match (sender.by, &member) {
        (SentBy::Member, Some(member)) => say("sender.named", ("member", &member.as_ref())),
        (SentBy::Member, None) => say("sender.member", ("host", &host.as_ref())),
        (SentBy::Key, _) => say("sender.key", ("host", &host.as_ref())),
        (SentBy::Guest, _) => say("sender.guest", ("host", &host.as_ref())),
        _ => String::new(),
    };
    let from = say("sender.from", ("host", &host.as_ref()));
    [from, proof, by].into_iter().filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wax_i18n::Lang;
    use wax_kernel::Timestamp;

    #[test]
    fn names_that_people_chose_stay_on_their_lines_and_in_their_places() {
        let sender = Sender {
            by: SentBy::Member,
            member: Some("Mira\nProved since 1990".into()),
            organization: "Acme\u{1b}[31m".into(),
            host: "secrets.acme.example".into(),
            proven_since: Some(Timestamp::from_ms(1_790_000_000_000)),
        };
        for lang in Lang::ALL {
            let lines = lines(&sender, Words::new(lang));
            assert_eq!(lines.len(), 3);
            assert!(lines[0].contains("secrets.acme.example"), "{lines:?}");
            let plain = |line: &String| !line.contains(['\n', '\u{1b}']);
            assert!(lines.iter().all(plain), "{lines:?}");
            let guest = Sender { by: SentBy::Guest, member: None, ..sender.clone() };
            assert_ne!(super::lines(&guest, Words::new(lang))[2], lines[2]);
        }
    }
}
