//! `--ephemeral`: nothing is written to disk.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use wax_client_sdk::{Draft, Session};
use wax_crypto::{DeviceKey, Ikm};
use wax_kernel::SystemRng;
use wax_model::Expires;

use crate::server::Server;

/// `nobody`.
const UNPRIVILEGED: u32 = 65_534;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ephemeral_server_writes_no_file() {
    assert!(
        rustix::process::geteuid().is_root(),
        "run as root: the server must be started as another user"
    );
    let folder = tempfile::tempdir().unwrap();
    let (home, cwd, tmp) =
        (folder.path().join("home"), folder.path().join("cwd"), folder.path().join("tmp"));
    for own in [&home, &cwd, &tmp] {
        fs::create_dir(own).unwrap();
        std::os::unix::fs::chown(own, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    }
    open_for_others(folder.path());
    let mut server = Server::copied(folder.path());
    let watched = [
        home.clone(),
        cwd.clone(),
        tmp.clone(),
        "/var/lib".into(),
        "/var/cache".into(),
        "/var/tmp".into(),
    ];
    let before = snapshot(&watched);

    let mut command = server.command();
    command
        .arg("--ephemeral")
        .env("HOME", &home)
        .env("TMPDIR", &tmp)
        .env_remove("WAXSEAL_STORE__DATA_DIR");
    command.current_dir(&cwd).uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    server.start_as(command).await;
    let client = server.client();
    let draft =
        Draft { text: "nowhere", views: 2, expires: Expires::AfterS(3_600), passphrase: None };
    let link = client.share(&draft, &SystemRng).await.unwrap().link;
    let (key, device) =
        (Ikm::without_passphrase(link.token()).claim_key(&link.id()), DeviceKey::generate());
    Session::start(&client, &link, &device).await.unwrap().0.claim(&key).await.unwrap();

    assert_eq!(
        writable_files(server.pid(), &folder.path().join("server.log")),
        Vec::<PathBuf>::new()
    );
    server.stop();
    assert_eq!(snapshot(&watched), before, "something changed on disk");
    assert!(!folder.path().join("data").exists());
}

/// What this folder holds, the binary among it, must be reachable for the other user.
fn open_for_others(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Every file below the folders with its size and the time it was last changed.
fn snapshot(folders: &[PathBuf]) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut files = BTreeMap::new();
    let mut left = folders.to_vec();
    while let Some(folder) = left.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(about) = entry.metadata() else { continue };
            if about.is_dir() {
                left.push(entry.path());
            } else if is_ours(&about) {
                files.insert(entry.path(), (about.len(), about.modified().unwrap()));
            }
        }
    }
    files
}

/// Other programs of the machine may write meanwhile; the server can only leave files of its own user.
fn is_ours(about: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(about) == UNPRIVILEGED
}

/// Regular files the process holds open for writing, but for its log, which is this test's standard error.
fn writable_files(pid: u32, log: &Path) -> Vec<PathBuf> {
    let mut writable = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten() {
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        if !target.is_file() || target == log {
            continue;
        }
        let info = fs::read_to_string(format!(
            "/proc/{pid}/fdinfo/{}",
            entry.file_name().to_string_lossy()
        ))
        .unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        if u32::from_str_radix(flags, 8).unwrap() & 0o3 != 0 {
            writable.push(target);
        }
    }
    writable
}
