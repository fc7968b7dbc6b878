//! Members, keys and secrets behind one listener, and the program beside it.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use serde_json::Value;
use wax_client_sdk::{
    ChosenOrganization, Credential, Profile, ProfileName, Profiles, SessionToken,
};
use wax_crypto::Origin;
use wax_kernel::Redacted;
use wax_testkit::{Front, House, Person, PlatformApp};

use crate::run::Run;
#[cfg(target_os = "linux")]
use crate::terminal::Terminal;

/// The house's own host.
pub(crate) const HOST: &str = "secrets.acme.localhost";

/// A platform with ann, who owns acme, and a home folder for the program under test.
pub(crate) struct Platform {
    pub(crate) app: Arc<PlatformApp>,
    pub(crate) front: Front,
    pub(crate) ann: Person,
    pub(crate) acme: House,
    /// The origin of acme's domain.
    pub(crate) host: String,
    home: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Platform {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        let (app, front, ann, acme) = runtime.block_on(async {
            let app = Arc::new(PlatformApp::new().await);
            let front = Front::start(Arc::clone(&app)).await;
            let ann = app.person("ann").await;
            let acme = app.house_on(&ann, "acme", HOST).await;
            (app, front, ann, acme)
        });
        let host = front.open(HOST, &acme);
        Self { app, front, ann, acme, host, home: tempfile::tempdir().unwrap(), runtime }
    }

    /// Runs what the test does in the other session.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A path in the home folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The file of profiles.
    pub(crate) fn profiles_file(&self) -> PathBuf {
        self.path(".config/waxseal/profiles.json")
    }

    pub(crate) fn profiles(&self) -> Profiles {
        Profiles::new(self.path(".config/waxseal"))
    }

    /// Signs a person in on this machine, for acme, without a browser.
    pub(crate) fn sign_in(&self, person: &Person) {
        self.sign_in_as("default", &person.token);
    }

    pub(crate) fn sign_in_as(&self, name: &str, token: &str) {
        let profile = Profile {
            platform: Origin::parse(&self.front.platform()).unwrap(),
            credential: Credential::Session(SessionToken::parse(token).unwrap()),
            who: Redacted::new("somebody".into()),
            organization: Some(ChosenOrganization { id: self.acme.id, name: "acme".into() }),
            domain: None,
        };
        let name = ProfileName::parse(name).unwrap();
        self.profiles().update(|file| file.put(name, profile)).unwrap();
    }

    /// A key of acme: its id and its text.
    pub(crate) fn key(&self, scopes: &[&str]) -> (String, String) {
        let body = serde_json::json!({"name": "ci", "scopes": scopes});
        let path = self.acme.path("/keys");
        let made = self.wait(self.app.post(&path, &self.ann.token, &body));
        let text = |name: &str| made.json[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    /// Acme's receipts.
    pub(crate) fn receipts(&self) -> Vec<Value> {
        self.items("/secrets")
    }

    /// A list of acme's.
    pub(crate) fn items(&self, list: &str) -> Vec<Value> {
        let answer = self.wait(self.app.get(&self.acme.path(list), &self.ann.token));
        answer.json["items"].as_array().unwrap().clone()
    }

    /// The program with nothing of the tester's surroundings, and no terminal.
    pub(crate) fn waxseal(&self, arguments: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_waxseal"), arguments)
    }

    /// The program on a terminal of its own.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_terminal(&self, arguments: &[&str]) -> Terminal {
        let waxseal = ["--ctty", "--wait", env!("CARGO_BIN_EXE_waxseal")];
        Terminal::start(self.program("setsid", &[&waxseal[..], arguments].concat()))
    }

    fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.waxseal(arguments).output().unwrap())
    }

    /// Runs it with a text as standard input and with variables.
    pub(crate) fn run_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        input: &str,
    ) -> Run {
        let file = self.path("input");
        std::fs::write(&file, input).unwrap();
        let mut command = self.waxseal(arguments);
        command.envs(variables.iter().copied()).stdin(std::fs::File::open(&file).unwrap());
        Run::of(command.output().unwrap())
    }

    /// Shares as a program in CI does.
    pub(crate) fn share_with_key(&self, key: &str) -> Run {
        let arguments = ["share", "--to", &self.host, "--json"];
        self.run_with(&arguments, &[("WAXSEAL_KEY", key)], "secret")
    }

    /// Begins to sign in: the program, and the code that it shows.
    pub(crate) fn begin_login(&self, arguments: &[&str]) -> (Child, String) {
        let platform = self.front.platform();
        let arguments = [&["login", &platform, "--json"], arguments].concat();
        let mut child = self.waxseal(&arguments).spawn().unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        let asked: Value = serde_json::from_str(&line).unwrap();
        child.stdout = Some(reader.into_inner());
        (child, asked["user_code"].as_str().unwrap().to_owned())
    }

    /// What a person does in the browser.
    pub(crate) fn decide(&self, person: &Person, user_code: &str, approve: bool) {
        let body = serde_json::json!({"user_code": user_code, "approve": approve});
        let decided = self.wait(self.app.post("/v1/device/approve", &person.token, &body));
        assert_eq!(decided.status, 200, "{:?}", decided.json);
    }
}

/// What `--json` printed, a value for each line.
pub(crate) fn lines(run: &Run) -> Vec<Value> {
    run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
