//! `waxseal verify-page` against a host that serves the real pages, honestly or not.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod host;

use host::{Asked, Host, manifest, release_file, release_files};
use http::{HeaderValue, StatusCode, header};

/// Appends to whatever is sent.
fn append(text: &'static str) -> impl Fn(&mut Vec<u8>) {
    move |bytes| bytes.extend_from_slice(text.as_bytes())
}

#[test]
fn a_host_that_serves_the_release_is_equal() {
    let host = Host::honest();
    let verdict = host.verify("", &[]).with_code(0);
    let verdict = verdict.says("The host says: release 0.1.0 (a claim only)");
    let verdict = verdict.says("for every visitor").says("page to open (ja)");
    for asset in release_files().iter().filter(|path| path.starts_with("/assets/")) {
        assert!(verdict.stdout.contains(asset), "{asset}: {}", verdict.stdout);
    }
    host.verify("", &["--lang", "ja"]).with_code(0).says("1バイトも違いません");

    let verdict = host.verify("/s/AAAAAAAAAAAAAAAAAAAAAA#1key", &["--json"]).with_code(0);
    let report: serde_json::Value = serde_json::from_str(&verdict.stdout).unwrap();
    assert_eq!((&report["equal"], &report["claim"]), (&true.into(), &"same".into()));
    assert!(!verdict.stdout.contains("1key") && !verdict.stderr.contains("1key"));
}

#[test]
fn a_changed_byte_in_any_kind_of_file_is_named_with_what_was_expected_and_found() {
    for kind in ["/assets/open.en.", "/assets/link.", "/assets/argon2.", "/assets/icon."] {
        let path = release_file(kind);
        let chosen = path.clone();
        let change = |bytes: &mut Vec<u8>| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        };
        let host = Host::rewriting(move |asked| asked.path == chosen, change);
        let verdict = host.verify("", &[]).with_code(1);
        let verdict = verdict.says("1 file is not as in release 0.1.0.");
        let lines: Vec<_> =
            verdict.stdout.lines().skip_while(|line| !line.contains(&path)).take(3).collect();
        assert!(lines[0].contains('✗'), "{lines:?}");
        assert!(lines[1].contains("expected: ") && lines[1].contains("SHA-256 "), "{lines:?}");
        assert!(lines[2].contains("found: ") && lines[2].contains("SHA-256 "), "{lines:?}");
        assert_ne!(lines[1].rsplit(' ').next(), lines[2].rsplit(' ').next());
    }
}

#[test]
fn a_changed_byte_in_a_page_is_named_with_its_language() {
    let japanese = |asked: &Asked<'_>| {
        asked.path.starts_with("/s/") && asked.header("accept-language") == "ja"
    };
    let host = Host::rewriting(japanese, append(" "));
    let verdict = host.verify("", &[]).with_code(1).says("✗ page to open (ja)");
    assert!(verdict.stdout.contains("✓ page to open (en)"), "{}", verdict.stdout);
}

#[test]
fn what_could_run_in_a_page_is_told() {
    for (added, says) in [
        ("<script>fetch('/x')</script>", "inside the page: <script>"),
        ("<img src=x onerror=alert(1)>", "inside the page: <img"),
        ("<script src=https://evil.example/x.js></script>", "another host: https://evil.example"),
        ("<script type=module src=/assets/extra.js></script>", "/assets/extra.js"),
    ] {
        let host = Host::rewriting(|asked| asked.path.starts_with("/s/"), append(added));
        host.verify("", &[]).with_code(1).says(says);
    }
}

#[test]
fn an_integrity_that_was_taken_out_is_told() {
    let host = Host::rewriting(
        |asked| asked.path == "/",
        |bytes| {
            let html = String::from_utf8(std::mem::take(bytes)).unwrap();
            *bytes = html.replace(" integrity=", " data-integrity=").into();
        },
    );
    host.verify("", &[])
        .with_code(1)
        .says("without the release’s integrity attribute: /assets/home.");
}

#[test]
fn a_worker_that_only_a_changed_script_names_is_looked_at() {
    let path = release_file("/assets/open.en.");
    let host = Host::rewriting(move |asked| asked.path == path, append(";W='/assets/w.js'"));
    let verdict = host.verify("", &[]).with_code(1).says("✗ /assets/w.js");
    verdict.says("a file that the release does not have");
}

#[test]
fn a_policy_that_is_missing_or_weaker_is_told() {
    for (path, policy, says) in [
        ("/s/", None, "no Content-Security-Policy"),
        ("/assets/argon2", None, "no Content-Security-Policy"),
        ("/s/", Some("script-src *"), "another Content-Security-Policy: script-src *"),
    ] {
        let host = Host::lying(move |asked, answer| {
            if asked.path.starts_with(path) {
                answer.headers_mut().remove(header::CONTENT_SECURITY_POLICY);
                let policy = policy.map(HeaderValue::from_static);
                answer
                    .headers_mut()
                    .extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
            }
        });
        host.verify("", &[]).with_code(1).says(says);
    }
}

#[test]
fn one_visitor_who_is_given_something_else_is_named() {
    let path = release_file("/assets/open.en.");
    let phone = move |asked: &Asked<'_>| {
        asked.path == path && asked.header("user-agent").contains("iPhone")
    };
    let verdict = Host::rewriting(phone, append(";")).verify("", &[]).with_code(1);
    let verdict =
        verdict.says("by Safari on an iPhone\n").says("Not every visitor is given the same");
    assert!(!verdict.stdout.contains("by this program"), "{}", verdict.stdout);
}

#[test]
fn what_browsers_get_compressed_is_compared_unpacked() {
    let (open, home) = (release_file("/assets/open.en."), release_file("/assets/home.en."));
    let pages = wax_pages::Pages::load().unwrap();
    let host = Host::lying(move |asked, answer| {
        if asked.path == open && asked.header("accept-encoding").contains("br") {
            assert_eq!(answer.headers()[header::CONTENT_ENCODING], "br");
            *answer.body_mut() = pages.asset(&home).unwrap().respond(asked.headers).into_body();
        }
    });
    host.verify("", &[]).with_code(1).says("by Chrome on Windows, Safari on an iPhone\n");
}

#[test]
fn one_link_whose_page_is_another_is_told() {
    let victim = "/s/AAAAAAAAAAAAAAAAAAAAAA";
    let host = Host::rewriting(move |asked| asked.path == victim, append(" "));
    host.verify("", &[]).with_code(0);
    host.verify(victim, &[]).with_code(1).says(&format!("at {victim}, by this program"));
}

#[test]
fn a_redirect_that_takes_the_key_along_is_told() {
    let host = Host::lying(|asked, answer| {
        if asked.path.starts_with("/s/") {
            *answer.status_mut() = StatusCode::FOUND;
            let away = HeaderValue::from_static("https://evil.example/");
            answer.headers_mut().insert(header::LOCATION, away);
        }
    });
    host.verify("", &[]).with_code(1).says("leads to https://evil.example/ and takes the key");
}

#[test]
fn a_brand_that_does_more_than_colour_is_told() {
    for (path, added) in [("/brand.css", "body{display:none}"), ("/brand.json", "<script>")] {
        let host = Host::rewriting(move |asked| asked.path == path, append(added));
        host.verify("", &[]).with_code(1).says(&format!("✗ {path}"));
    }
}

#[test]
fn another_manifest_under_the_same_version_is_told() {
    let host = Host::rewriting(|asked| asked.path.starts_with("/.well-known/"), append("\n"));
    host.verify("", &[]).with_code(1).says("with a manifest that is not that release’s");
}

#[test]
fn another_release_is_compared_only_with_its_own_manifest() {
    let later = String::from_utf8(manifest()).unwrap().replace("\"0.1.0\"", "\"9.9.9\"");
    let served = later.clone();
    let host = Host::rewriting(
        |asked| asked.path.starts_with("/.well-known/"),
        move |bytes| *bytes = served.clone().into(),
    );
    let verdict = host.verify("", &[]).with_code(2).says("release 9.9.9").says("--manifest");
    assert!(!verdict.stdout.contains('✓'), "nothing was compared: {}", verdict.stdout);

    let file = host.path("release.json");
    std::fs::write(&file, later).unwrap();
    let file = file.to_str().unwrap();
    host.verify("", &["--manifest", file])
        .with_code(0)
        .says(&format!("release 9.9.9, from {file}"));
}

#[test]
fn a_host_that_says_nothing_about_its_release_is_compared_all_the_same() {
    let host = Host::lying(|asked, answer| {
        if asked.path.starts_with("/.well-known/") {
            *answer.status_mut() = StatusCode::NOT_FOUND;
        }
    });
    host.verify("", &[]).with_code(0).says("nothing about its release");
}

#[test]
fn what_cannot_be_compared_is_neither_equal_nor_different() {
    let host = Host::honest();
    let file = host.path("release.json");
    for text in ["{}", r#"{"format":2}"#, r#"{"format":1,"release":"0.1.0","files":[]}"#] {
        std::fs::write(&file, text).unwrap();
        host.verify("", &["--manifest", file.to_str().unwrap()]).with_code(2).says("release.json");
    }
    host.verify("", &["--manifest", "/no/such/file"]).with_code(2).says("/no/such/file");
    for (url, says) in [
        ("http://nobody.localhost:1", "Cannot connect"),
        ("http://secrets.example.com", "is not a host"),
    ] {
        host.verify_at(url, &[]).with_code(2).says(says);
    }
}

#[test]
fn a_host_that_is_held_is_told_as_that_and_its_page_compared() {
    let verdict = Host::held().verify("/s/AAAAAAAAAAAAAAAAAAAAAA", &[]).with_code(2);
    let verdict = verdict.says("This host is held").says("✓ page of a paused address (en)");
    assert!(!verdict.stdout.contains("page to share"), "{}", verdict.stdout);
    assert!(!verdict.stdout.contains('✗'), "{}", verdict.stdout);
    let json = Host::held().verify("", &["--json"]).with_code(2).stdout;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["held"], &report["equal"]), (&true.into(), &true.into()));
}

#[test]
fn a_page_that_only_resembles_that_of_a_held_host_is_not_believed() {
    let host = Host::lying(|asked, sent| {
        if asked.path == "/" {
            *sent.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        }
    });
    let verdict = host.verify("", &[]).with_code(2);
    assert!(!verdict.stderr.contains("held"), "{}", verdict.stderr);
}
