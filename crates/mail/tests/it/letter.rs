//! What every letter promises, whatever people chose to call themselves.

use wax_kernel::{EmailAddress, EventId, Timestamp};
use wax_mail::{Office, samples::samples};
use wax_model::{Brand, Color, Link, Mail, MailClass, MailKind, Role};

const AT: Timestamp = Timestamp::from_ms(1_800_000_000_000);

fn office() -> Office {
    Office {
        address: EmailAddress::parse("no-reply@waxseal.example").unwrap(),
        name: "Waxseal".into(),
        support: "support@waxseal.example".into(),
        accent: Color([0x8f, 0x1d, 0x2c]),
    }
}

fn stop() -> Link {
    Link::parse("https://app.waxseal.example/unsubscribe/AAAA").unwrap()
}

fn letter(mail: &Mail, brand: Option<&Brand>) -> String {
    let id = EventId::from_bytes([9; 16]);
    let letter = office().write(id, mail, brand, Some(stop()), AT).unwrap();
    String::from_utf8(letter.bytes).unwrap()
}

fn header<'l>(letter: &'l str, name: &str) -> Vec<&'l str> {
    let head = letter.split_once("\r\n\r\n").unwrap().0;
    let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

/// A part's text, with its transfer encoding undone.
fn part(letter: &str, content_type: &str) -> String {
    let parts = letter.split("--=_evt_CQkJCQkJCQkJCQkJCQkJCQ");
    let part = parts.skip(1).find(|part| part.contains(content_type)).unwrap();
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    if head.contains("base64") {
        return String::from_utf8(base64(body)).unwrap();
    }
    if head.contains("quoted-printable") {
        return String::from_utf8(quoted_printable(body)).unwrap();
    }
    body.to_owned()
}

fn base64(body: &str) -> Vec<u8> {
    let text: String = body.split_whitespace().collect();
    let url = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    wax_kernel::base64url_decode(&url).unwrap()
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let (mut out, mut rest) = (Vec::new(), joined.as_bytes());
    while let [first, after @ ..] = rest {
        if let (b'=', [a, b, after @ ..]) = (first, after) {
            let digits = [*a, *b];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            rest = after;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

#[test]
fn every_mail_says_everything_in_both_languages_and_both_forms() {
    for language in ["en", "ja"] {
        let mails = samples(language);
        assert_eq!(mails.iter().map(|mail| mail.kind.name()).collect::<Vec<_>>(), MailKind::NAMES);
        for mail in mails {
            let letter = letter(&mail, None);
            let name = mail.kind.name();
            let (plain, html) = (part(&letter, "text/plain"), part(&letter, "text/html"));
            for said in [&plain, &html] {
                for area in [name, "fact", "footer", "link", "role"] {
                    let key = format!("mail.{area}.");
                    assert!(!said.contains(&key), "{name} in {language}: {key} is missing");
                }
                let text = said.split("<style>").next().unwrap();
                assert!(!text.contains('{'), "{name} in {language}: a place was left open");
                assert!(said.contains("app.waxseal.example"), "{name} says where to go");
            }
            let body = html.split_once("</style>").unwrap().1;
            assert!(!body.contains('{') && !body.contains("<p class=\"ink\"></p>"), "{name}");
            assert!(html.contains(&format!("lang=\"{language}\"")));
        }
    }
}

#[test]
fn the_headers_are_those_of_an_automatic_mail() {
    let mail = &samples("en")[1];
    let letter = letter(mail, None);
    assert_eq!(header(&letter, "From"), ["Waxseal <no-reply@waxseal.example>"]);
    assert_eq!(header(&letter, "To"), ["hanako.yamada@example.com"]);
    assert_eq!(header(&letter, "Reply-To"), ["support@waxseal.example"]);
    assert_eq!(header(&letter, "Subject"), ["Your sign-in link"]);
    assert_eq!(header(&letter, "Date"), ["Fri, 15 Jan 2027 08:00:00 +0000"]);
    assert_eq!(header(&letter, "Auto-Submitted"), ["auto-generated"]);
    assert_eq!(header(&letter, "Message-ID"), ["<evt_CQkJCQkJCQkJCQkJCQkJCQ@waxseal.example>"]);
    assert!(letter.is_ascii() && letter.lines().all(|line| line.len() <= 998));
}

#[test]
fn a_notice_can_be_stopped_in_one_click_and_a_security_mail_cannot() {
    for mail in samples("en") {
        let letter = letter(&mail, None);
        let stops = header(&letter, "List-Unsubscribe");
        if mail.kind.class() == MailClass::Notice {
            assert_eq!(stops, ["<https://app.waxseal.example/unsubscribe/AAAA>"]);
            assert_eq!(header(&letter, "List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
        } else {
            assert!(stops.is_empty() && !letter.contains("nsubscribe"), "{}", mail.kind.name());
        }
    }
}

#[test]
fn a_tenants_mail_has_the_tenants_name_colour_and_contact() {
    let brand = Brand {
        accent: Color([0x1f, 0x4b, 0x6e]),
        support: "security@acme.example".into(),
        ..Brand::plain("Acme, Inc.")
    };
    let letter = letter(&samples("en")[0], Some(&brand));
    assert_eq!(
        header(&letter, "From"),
        ["=?utf-8?b?QWNtZSwgSW5jLg==?= <no-reply@waxseal.example>"]
    );
    assert_eq!(header(&letter, "Reply-To"), ["security@acme.example"]);
    let html = part(&letter, "text/html");
    assert!(html.contains("#1f4b6e") && !html.contains("#8f1d2c") && html.contains("Acme, Inc."));
}

#[test]
fn nothing_is_fetched_when_a_mail_is_opened() {
    for mail in samples("en") {
        let html = part(&letter(&mail, None), "text/html");
        for fetches in ["<img", "src=", "url(", "@import", "<link", "<script", "background=\""] {
            assert!(!html.contains(fetches), "{} has {fetches}", mail.kind.name());
        }
        // Every link leads where the mail says.
        for link in html.split("href=\"").skip(1) {
            assert!(link.starts_with("https://app.waxseal.example/"), "{link:.60}");
        }
    }
}

fn invitation(name: &str) -> Mail {
    let mail = samples("en").remove(0);
    Mail {
        kind: MailKind::Invitation {
            link: Link::parse("https://app.waxseal.example/invitation#abc").unwrap(),
            organization: name.to_owned(),
            inviter: name.to_owned(),
            role: Role::Owner,
            expires: AT,
        },
        ..mail
    }
}

#[test]
fn no_name_adds_a_header_a_line_or_a_part() {
    let plain = letter(&invitation("Acme"), None);
    let count = |letter: &str| letter.split_once("\r\n\r\n").unwrap().0.matches("\r\n").count();
    for name in [
        "Acme\r\nBcc: eve@example.com",
        "Acme\nX: y",
        "Acme\r\n\r\n<h1>hello</h1>",
        "Acme\r\n--=_evt_CQkJCQkJCQkJCQkJCQkJCQ\r\nContent-Type: text/html\r\n\r\nhi",
        "Acme\u{0}\u{85}\u{2028}Bcc: eve",
        "=?utf-8?B?QmNjOiBldmU=?=",
        "Acme\" <eve@example.com>, \"",
    ] {
        let brand = Brand::plain(name);
        let letter = letter(&invitation(name), Some(&brand));
        assert!(header(&letter, "Bcc").is_empty() && header(&letter, "X").is_empty(), "{name:?}");
        assert_eq!(header(&letter, "To"), ["hanako.yamada@example.com"], "{name:?}");
        assert_eq!(header(&letter, "From").len(), 1, "{name:?}");
        assert_eq!(letter.matches("\r\n--=_evt_").count(), plain.matches("\r\n--=_evt_").count());
        // Long names fold; what is added by folding begins with a space.
        let head = letter.split_once("\r\n\r\n").unwrap().0;
        let folded = head.matches("\r\n ").count();
        assert_eq!(
            count(&letter) - folded,
            count(&plain) - plain.split_once("\r\n\r\n").unwrap().0.matches("\r\n ").count()
        );
    }
}

#[test]
fn no_name_becomes_html_a_link_or_turns_the_text_round() {
    let name = "<b onclick='x'>Pay</b> \u{202e}https://evil.example\u{202c} \"&";
    let letter = letter(&invitation(name), Some(&Brand::plain(name)));
    let (plain, html) = (part(&letter, "text/plain"), part(&letter, "text/html"));
    assert!(!html.contains("<b ") && html.contains("&lt;b onclick=&#39;x&#39;&gt;"));
    for said in [&plain, &html] {
        assert!(!said.contains('\u{202e}') && !said.contains("https://evil"), "{said}");
        assert!(!said.contains("evil.example"));
    }
}

#[test]
fn a_name_of_any_length_leaves_room_for_the_rest() {
    let name = "W".repeat(100_000);
    let letter = letter(&invitation(&name), Some(&Brand::plain(&name)));
    assert!(letter.len() < 40_000, "{}", letter.len());
    assert!(part(&letter, "text/plain").contains("https://app.waxseal.example/invitation#abc"));
}

#[test]
fn a_letter_prints_nothing_of_what_it_says() {
    let mail = &samples("en")[1];
    let letter = office().write(EventId::from_bytes([9; 16]), mail, None, None, AT).unwrap();
    let printed = format!("{letter:?} {mail:?}");
    assert!(!printed.contains("hanako") && !printed.contains("https"), "{printed}");
}
