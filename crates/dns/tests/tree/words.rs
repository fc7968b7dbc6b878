//! Every code has its words in every language.

use wax_dns::{Actor, Code, Fault, HostFault, Severity};
use wax_i18n::is_known;

#[test]
fn every_code_fault_and_word_is_known_in_every_language() {
    for code in Code::ALL {
        assert!(is_known(&format!("dns.found.{}", code.as_str())), "{code:?}");
        let advised = is_known(&format!("dns.advice.{}", code.as_str()));
        assert_eq!(advised, code.severity() != Severity::Good, "{code:?}");
    }
    for fault in Fault::ALL {
        assert!(is_known(&format!("dns.fault.{}", fault.code())), "{fault:?}");
        assert_eq!(serde_json::to_value(fault).unwrap(), fault.code());
    }
    for fault in HostFault::ALL {
        assert!(is_known(&format!("dns.host.{}", fault.code())), "{fault:?}");
    }
    for code in Code::ALL {
        for (area, word) in [
            ("check", serde_json::to_value(code.check()).unwrap()),
            ("severity", serde_json::to_value(code.severity()).unwrap()),
            ("actor", serde_json::to_value(code.actor()).unwrap()),
        ] {
            let key = format!("dns.{area}.{}", word.as_str().unwrap());
            assert!(is_known(&key), "{key}");
        }
    }
    for word in ["verdict.ready", "verdict.wait", "verdict.act", "until"] {
        assert!(is_known(&format!("dns.{word}")), "{word}");
    }
    for action in ["add", "change", "delete"] {
        assert!(is_known(&format!("dns.change.{action}")), "{action}");
    }
}

#[test]
fn whatever_is_wrong_names_somebody_who_can_act() {
    for code in Code::ALL {
        let nobody = code.actor() == Actor::Nobody;
        let needs = [Severity::Wrong, Severity::Warning].contains(&code.severity());
        assert!(!(needs && nobody), "{code:?}");
        assert!(nobody || code.severity() != Severity::Good, "{code:?}");
    }
}
