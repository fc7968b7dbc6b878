//! Device-bound secrets: one machine may return, killed or not, and no other.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::Child,
};

use crate::{run::Run, server::Server};

const BOUND: &[&str] = &["--device-bound"];

/// The program on another machine: only the home folder differs.
fn elsewhere(server: &Server, home: &Path, arguments: &[&str]) -> Run {
    Run::of(server.waxseal(arguments).env("HOME", home).output().unwrap())
}

/// More than a pipe holds: a program that prints it stands still in the middle.
fn long_text() -> String {
    "0123456789abcdef".repeat(50_000)
}

/// Kills the program with the text half written.
#[cfg(unix)]
fn kill_while_printing(server: &Server, arguments: &[&str]) {
    let mut victim = server.waxseal(arguments).spawn().unwrap();
    victim.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
}

#[test]
fn the_first_machine_returns_as_often_as_it_likes_and_the_sender_sees_it() {
    let server = Server::start();
    let (link, receipt) = server.share("秘密 🔑", BOUND);
    let first = server.run(&["open", &link]).with_code(0);
    assert_eq!(first.text(), "秘密 🔑");
    assert!(first.stderr.contains("Bound to this machine"), "{}", first.stderr);
    assert!(server.keys().is_empty(), "what opens the link is deleted");
    for _ in 0..2 {
        let again = server.run(&["open", &link]).with_code(0);
        assert_eq!(again.text(), "秘密 🔑");
        assert!(again.stderr.contains("Opened again"), "{}", again.stderr);
    }
    let view = server.receipt(&receipt);
    assert_eq!((&view["state"], &view["openings"][0]["opens"]), (&"bound".into(), &2.into()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = server.kept("bound")[0].metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn another_machine_is_told_when_and_by_what_it_was_opened() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", BOUND);
    server.run(&["open", &link]).with_code(0);
    let other = tempfile::tempdir().unwrap();
    let refused = elsewhere(&server, other.path(), &["open", &link]).with_code(3);
    assert!(refused.stdout.is_empty());
    for says in ["bound to another device", "Opened: ", "the command line", "open --ask"] {
        assert!(refused.stderr.contains(says), "{says}: {}", refused.stderr);
    }
    assert_eq!(server.receipt(&receipt)["openings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_passphrase_is_asked_for_once_only() {
    let server = Server::start();
    let file = server.path("passphrase");
    std::fs::write(&file, "correct horse").unwrap();
    let file = file.to_str().unwrap();
    let (link, _) = server.share("secret", &["--device-bound", "--passphrase-file", file]);
    server.run(&["open", &link, "--passphrase-file", file]).with_code(0);
    assert_eq!(server.run(&["open", &link]).with_code(0).text(), "secret");
}

#[cfg(unix)]
#[test]
fn killed_before_the_confirmation_the_next_run_binds_it() {
    let server = Server::start();
    let text = long_text();
    let (link, receipt) = server.share(&text, BOUND);
    kill_while_printing(&server, &["open", &link]);
    assert_eq!((server.keys().len(), server.kept("bound").len()), (1, 1), "stored before the ack");
    assert_eq!(server.receipt(&receipt)["openings"][0]["state"], "open");

    assert!(server.run(&["open", &link]).with_code(0).text() == text);
    assert_eq!(server.receipt(&receipt)["state"], "bound");
    assert!(server.keys().is_empty());
    assert!(server.run(&["open", &link]).with_code(0).text() == text);
}

#[cfg(unix)]
#[test]
fn killed_while_it_returns_it_returns_again() {
    let server = Server::start();
    let text = long_text();
    let (link, receipt) = server.share(&text, BOUND);
    server.run(&["open", &link]).with_code(0);
    kill_while_printing(&server, &["open", &link]);
    assert!(server.run(&["open", &link]).with_code(0).text() == text);
    assert_eq!(server.receipt(&receipt)["openings"].as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn killed_after_the_confirmation_what_is_left_over_does_no_harm() {
    let server = Server::start();
    let text = long_text();
    let (link, _) = server.share(&text, BOUND);
    kill_while_printing(&server, &["open", &link]);
    let left_over = server.keys().remove(0);
    let bytes = std::fs::read(&left_over).unwrap();
    server.run(&["open", &link]).with_code(0);
    std::fs::write(&left_over, bytes).unwrap();
    assert!(server.run(&["open", &link]).with_code(0).text() == text);
    assert!(server.keys().is_empty());
}

#[test]
fn what_is_forgotten_is_lost_here_and_everywhere() {
    let server = Server::start();
    let (link, _) = server.share("secret", BOUND);
    server.run(&["open", &link]).with_code(0);
    let forgotten = server.run(&["forget", &link]).with_code(0);
    assert_eq!(forgotten.text(), "Deleted. This machine cannot open it any more.\n");
    assert!(server.kept("bound").is_empty());
    server.run(&["open", &link]).with_code(3);
    assert_eq!(
        server.run(&["forget", &link]).with_code(0).text(),
        "Nothing of it is left on this machine.\n"
    );
}

#[test]
fn what_the_sender_burns_is_gone_here_too() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", BOUND);
    server.run(&["open", &link]).with_code(0);
    server.run(&["burn", &receipt]).with_code(0);
    server.run(&["open", &link]).with_code(3);
    assert!(server.kept("bound").is_empty());
}

/// Starts asking for it on another machine, and gives the digits that it shows.
fn ask(server: &Server, home: &Path, link: &str) -> (Child, String) {
    let mut asker = server.waxseal(&["open", "--ask", link]).env("HOME", home).spawn().unwrap();
    let lines = BufReader::new(asker.stderr.take().unwrap()).lines().map(Result::unwrap);
    let code = lines.filter_map(|line| Some(line.split_once("these digits: ")?.1.to_owned()));
    let code = code.take(1).next().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    (asker, code)
}

#[test]
fn it_is_handed_over_by_six_digits_and_leaves_the_machine_that_gave() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", BOUND);
    server.run(&["open", &link]).with_code(0);
    let nobody = server.run(&["give", &link, "--code", "000000"]).with_code(3);
    assert!(nobody.stderr.contains("No device asks for it"), "{}", nobody.stderr);

    let other = tempfile::tempdir().unwrap();
    let (asker, code) = ask(&server, other.path(), &link);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    server.run(&["give", &link]).with_code(2);
    server.run(&["give", &link, "--code", wrong]).with_code(2);
    server.run(&["give", &link, "--code", &code]).with_code(0);
    assert_eq!(Run::of(asker.wait_with_output().unwrap()).with_code(0).text(), "secret");

    assert!(server.kept("bound").is_empty());
    server.run(&["open", &link]).with_code(3);
    assert_eq!(elsewhere(&server, other.path(), &["open", &link]).with_code(0).text(), "secret");
    let view = server.receipt(&receipt);
    assert_eq!(
        (&view["state"], &view["openings"][0]["state"]),
        (&"bound".into(), &"handed".into())
    );
}

#[cfg(unix)]
#[test]
fn killed_while_it_waits_it_still_gets_what_was_given() {
    let server = Server::start();
    let text = long_text();
    let (link, _) = server.share(&text, BOUND);
    server.run(&["open", &link]).with_code(0);
    let other = tempfile::tempdir().unwrap();
    let (mut asker, code) = ask(&server, other.path(), &link);
    asker.kill().unwrap();
    asker.wait().unwrap();
    server.run(&["give", &link, "--code", &code]).with_code(0);

    // And once more with the text half written: stored here, and the server not yet told.
    let mut victim = server.waxseal(&["open", &link]).env("HOME", other.path()).spawn().unwrap();
    victim.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
    for _ in 0..2 {
        assert!(elsewhere(&server, other.path(), &["open", &link]).with_code(0).text() == text);
    }
}
